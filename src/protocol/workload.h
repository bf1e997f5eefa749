// Between agent and workload manager: joining, reporting, and orders as data. The agent dials; the manager
// answers polls with orders. No message here carries a secret of a VM, XML, a path or a program's name.
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "json/value.h"
#include "protocol/reason.h"
#include "protocol/release.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace vouchsafe::protocol {

inline constexpr std::size_t max_join_bytes = std::size_t{64} << 10U;
inline constexpr std::size_t max_poll_bytes = std::size_t{1} << 20U;
inline constexpr std::string_view join_path = "/v1/host/join";
inline constexpr std::string_view poll_path = "/v1/host/poll";
inline constexpr std::size_t max_vms = 1024;
inline constexpr std::size_t max_orders = 64;

struct JoinRequest {
    std::string token; ///< one-time
    std::string name;
    std::string agent_version;

    json::Value to_json() const;
    static Result<JoinRequest> from_json(const json::Value& value);

    friend bool operator==(const JoinRequest&, const JoinRequest&) = default;
};

struct JoinAnswer {
    std::string host; ///< the manager's id for it
    std::string cluster;

    json::Value to_json() const;
    static Result<JoinAnswer> from_json(const json::Value& value);

    friend bool operator==(const JoinAnswer&, const JoinAnswer&) = default;
};

// Orders. Each is named on the wire by the word in its comment.

/// "configure": authority services to use; the host believes them by its anchor alone.
struct ConfigureOrder {
    json::Value services;     ///< services document, or null: none
    std::int64_t version = 0; ///< of the desired configuration, to be reported when applied

    friend bool operator==(const ConfigureOrder&, const ConfigureOrder&) = default;
};

/// "attest": now.
struct AttestOrder {
    friend bool operator==(const AttestOrder&, const AttestOrder&) = default;
};

/// "vm.create": an encrypted VM under a new key of the provider.
struct VmCreateOrder {
    VmId vm;
    std::string name; ///< 1 to 64 of A-Z a-z 0-9 . _ -, not beginning with . or -
    KeyProviderId provider;
    std::int64_t memory_mib = 0;      ///< 64 .. 1 TiB
    std::int64_t vcpus = 0;           ///< 1 .. 512
    std::int64_t disk_mib = 0;        ///< 1 .. 64 TiB
    std::optional<std::string> image; ///< a name like `name`, of an image on the host; absent: an empty disk

    friend bool operator==(const VmCreateOrder&, const VmCreateOrder&) = default;
};

/// "vm.start"
struct VmStartOrder {
    VmId vm;

    friend bool operator==(const VmStartOrder&, const VmStartOrder&) = default;
};

/// "vm.stop"
struct VmStopOrder {
    VmId vm;

    friend bool operator==(const VmStopOrder&, const VmStopOrder&) = default;
};

/// "vm.delete"
struct VmDeleteOrder {
    VmId vm;

    friend bool operator==(const VmDeleteOrder&, const VmDeleteOrder&) = default;
};

/// "vm.rewrap": its key wrapped anew under the provider's newest generation; running or not.
struct VmRewrapOrder {
    VmId vm;

    friend bool operator==(const VmRewrapOrder&, const VmRewrapOrder&) = default;
};

using OrderData = std::variant<ConfigureOrder,
                               AttestOrder,
                               VmCreateOrder,
                               VmStartOrder,
                               VmStopOrder,
                               VmDeleteOrder,
                               VmRewrapOrder>;

/// "configure", "attest", "vm.create", "vm.start", "vm.stop", "vm.delete", "vm.rewrap"
std::string_view order_kind(const OrderData& data);
json::Value order_data_to_json(const OrderData& data); ///< without the kind
Result<OrderData> order_data_from_json(std::string_view kind, const json::Value& value);

struct HostOrder {
    std::string id;
    OrderData data;

    json::Value to_json() const; ///< {"data":{..},"id":..,"kind":..}
    static Result<HostOrder> from_json(const json::Value& value, std::string_view where = "order");

    friend bool operator==(const HostOrder&, const HostOrder&) = default;
};

/// What vm.create and vm.rewrap leave: to be kept with the VM, no secrets.
struct CreatedKey {
    Buffer blob;
    Context context;

    friend bool operator==(const CreatedKey&, const CreatedKey&) = default;
};

struct OrderProblem {
    std::string code;            ///< stable, dotted
    std::string message;         ///< for people
    std::vector<Reason> reasons; ///< when the host is not trusted

    friend bool operator==(const OrderProblem&, const OrderProblem&) = default;
};

struct OrderResult {
    std::string order;
    std::optional<OrderProblem> problem; ///< absent: it was carried out
    std::optional<CreatedKey> created;

    json::Value to_json() const;
    static Result<OrderResult> from_json(const json::Value& value, std::string_view where = "result");

    friend bool operator==(const OrderResult&, const OrderResult&) = default;
};

struct VmReport {
    VmId vm;
    std::string state; ///< "stopped", "running", "failed"
    std::optional<std::string> problem;

    friend bool operator==(const VmReport&, const VmReport&) = default;
};

struct PollRequest {
    std::string label;
    std::string agent_version;
    std::string state; ///< "trusted", "pending", "refused", "unknown"; the reporting token is what counts
    std::optional<std::string> reporting_token;
    std::vector<Reason> reasons; ///< of the last attestation
    std::vector<VmReport> vms;
    std::int64_t applied_version = 0;  ///< of the configuration
    std::int64_t services_version = 0; ///< of the services information in use; 0: none
    std::vector<OrderResult> results;
    std::int64_t wait = 0; ///< seconds that the manager may hold the answer back, 0 to 60

    json::Value to_json() const;
    static Result<PollRequest> from_json(const json::Value& value);

    friend bool operator==(const PollRequest&, const PollRequest&) = default;
};

struct PollAnswer {
    std::vector<HostOrder> orders;

    json::Value to_json() const;
    static Result<PollAnswer> from_json(const json::Value& value);

    friend bool operator==(const PollAnswer&, const PollAnswer&) = default;
};

} // namespace vouchsafe::protocol

// What the workload management server knows: trusted clusters, hosts, VMs, orders and the services of the
// authority clusters it imported.
#pragma once

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "inventory/provider.h"
#include "json/value.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::inventory {

struct TrustedCluster {
    std::string id;
    std::string name;
    bool enabled = false;              ///< a trusted infrastructure, that is
    std::vector<std::string> services; ///< desired: ids of registered attestation services
    std::int64_t desired_version = 0;  ///< raised with every change of what is desired
    SysTime created;

    json::Value to_json() const;
    static Result<TrustedCluster> from_json(const json::Value& value, std::string_view where = "cluster");

    friend bool operator==(const TrustedCluster&, const TrustedCluster&) = default;
};

struct ManagedHost {
    std::string id;   ///< of the manager: "host-" and a number
    std::string name; ///< as it joined
    std::string cluster;
    std::string client_key;            ///< RFC 7638 thumbprint, or digest, of its TLS client key
    std::optional<HostId> attested_id; ///< as its last reporting token says
    std::optional<std::string> reporting_token;
    json::Array reasons; ///< of its last attestation
    std::string state;   ///< "trusted", "pending", "refused", "unknown"
    std::optional<std::string> base_image;
    std::optional<std::string> agent_version;
    std::int64_t applied_services_version = 0;
    std::optional<SysTime> last_seen;
    SysTime joined;

    json::Value to_json() const;
    static Result<ManagedHost> from_json(const json::Value& value, std::string_view where = "host");

    friend bool operator==(const ManagedHost&, const ManagedHost&) = default;
};

enum class VmState : std::uint8_t { creating, stopped, running, failed, deleting };

std::string_view to_string(VmState state);
Result<VmState> vm_state_from_text(std::string_view text);

struct Vm {
    VmId id;
    std::string name;
    std::string host; ///< ManagedHost id
    std::string provider;
    std::int64_t memory_mib = 0;
    std::int64_t vcpus = 0;
    std::int64_t disk_mib = 0;
    std::optional<std::string> image; ///< name on the host; absent: an empty disk
    VmState state = VmState::creating;
    std::optional<std::string> problem; ///< why the last order failed
    std::optional<std::string> blob;    ///< base64: the key's identity, no secret
    std::optional<json::Value> context; ///< as protocol::Context writes it
    SysTime created;
    SysTime changed;

    json::Value to_json() const;
    static Result<Vm> from_json(const json::Value& value, std::string_view where = "vm");

    friend bool operator==(const Vm&, const Vm&) = default;
};

enum class OrderState : std::uint8_t { queued, sent, succeeded, failed };

std::string_view to_string(OrderState state);

/// An order to a host; `data` and `result` as protocol writes them.
struct Order {
    std::string id;
    std::string kind; ///< "configure", "attest", "vm.create", "vm.start", "vm.stop", "vm.delete", "vm.rewrap"
    std::string host; ///< ManagedHost id
    json::Value data;
    OrderState state = OrderState::queued;
    std::optional<json::Value> result;
    std::optional<std::string> task; ///< of the API, that waits for it
    SysTime created;
    SysTime changed;

    json::Value to_json() const;
    static Result<Order> from_json(const json::Value& value, std::string_view where = "order");

    friend bool operator==(const Order&, const Order&) = default;
};

/// An attestation or key provider service that was registered with the manager.
struct ServiceEntry {
    std::string id;
    std::string kind; ///< "attestation" or "kms"
    NetworkAddress address;
    std::string group;
    std::string trust_authority_cluster;
    std::vector<std::string> trusted_ca; ///< PEM chain of the service's TLS certificate
    json::Value services_information;    ///< the signed document; carried, not believed

    json::Value to_json() const;
    static Result<ServiceEntry> from_json(const json::Value& value, std::string_view where = "service");

    friend bool operator==(const ServiceEntry&, const ServiceEntry&) = default;
};

using AttestationServiceEntry = ServiceEntry;

} // namespace vouchsafe::inventory

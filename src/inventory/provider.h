// Trusted key providers as configuration: which primary keys on which key servers, and who may be served.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "json/value.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::inventory {

struct NetworkAddress {
    std::string hostname;
    std::uint16_t port = 443;

    json::Value to_json() const;
    static Result<NetworkAddress> from_json(const json::Value& value, std::string_view where = "address");

    friend bool operator==(const NetworkAddress&, const NetworkAddress&) = default;
};

/// One KMIP endpoint of a provider's key server.
struct KmipServer {
    std::string name;
    NetworkAddress address;

    friend bool operator==(const KmipServer&, const KmipServer&) = default;
};

/// A primary key; new keys are wrapped under the newest, old ones open under the one they name.
struct Generation {
    std::uint32_t number = 1;
    std::string primary_key; ///< its KMIP Unique Identifier: the API's master_key_id
    /// keyprovider::check_value of the key, once it was seen: another key under its identifier is never used.
    std::optional<std::string> check_value = std::nullopt;
    bool retired = false; ///< nothing opens under it any more; never the newest

    friend bool operator==(const Generation&, const Generation&) = default;
};

enum class Freshness : std::uint8_t { result, strict };
enum class Wrapping : std::uint8_t { fetch, remote };

std::string_view to_string(Freshness freshness);
std::string_view to_string(Wrapping wrapping);

inline constexpr std::int64_t max_quota = 1'000'000;

/// A token bucket: that many releases at once, and then as many in a minute.
struct Quota {
    std::int64_t burst = 1;      ///< 1 to max_quota
    std::int64_t per_minute = 1; ///< 1 to max_quota

    friend bool operator==(const Quota&, const Quota&) = default;
};

struct ProviderPolicy {
    Freshness freshness = Freshness::result;
    Wrapping wrapping = Wrapping::fetch;
    std::vector<std::string> host_groups; ///< none: every approved host
    std::vector<std::string> base_images; ///< versions of those that may be served; none: all
    bool unsafe_boot_only = false;        ///< releases to hosts whose userspace nothing covers
    bool unsafe_compromised_key = false;  ///< opens under primary keys that the key server calls compromised
    Quota host_quota{.burst = 2048, .per_minute = 120};  ///< of each host: twice the VMs that one can have
    Quota quota{.burst = 100'000, .per_minute = 12'000}; ///< of all hosts together

    friend bool operator==(const ProviderPolicy&, const ProviderPolicy&) = default;
};

/// What a provider's client says of itself as a machine: KMIP's Device credential. At least one member; empty
/// ones are not sent. Its password is sealed, apart.
struct KmipDevice {
    std::string serial_number{};
    std::string device_identifier{};
    std::string network_identifier{};
    std::string machine_identifier{};
    std::string media_identifier{};

    json::Value to_json() const;
    static Result<KmipDevice> from_json(const json::Value& value, std::string_view where = "device");

    friend bool operator==(const KmipDevice&, const KmipDevice&) = default;
};

struct Provider {
    std::string name;
    std::string uid;                     ///< 32 hex digits: 128 random bits, for ever
    std::string description;             ///< of the key server, free text
    std::vector<Generation> generations; ///< numbers ascending; the last is the newest
    std::vector<KmipServer> servers;
    std::optional<NetworkAddress> proxy_server;     ///< an HTTP proxy on the way to all of them
    std::optional<std::int64_t> connection_timeout; ///< seconds
    std::optional<std::string> username;
    std::optional<Buffer> sealed_password;
    std::optional<KmipDevice> device;
    std::optional<Buffer> sealed_device_password;
    std::optional<Buffer> sealed_client_key;            ///< sealed by the authority host
    std::optional<std::string> client_certificate;      ///< PEM
    std::vector<std::string> trusted_peer_certificates; ///< PEM, one each
    ProviderPolicy policy;

    json::Value to_json() const;
    static Result<Provider> from_json(const json::Value& value, std::string_view where = "provider");

    friend bool operator==(const Provider&, const Provider&) = default;
};

} // namespace vouchsafe::inventory

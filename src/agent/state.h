// The agent's state directory: what survives a restart. Mode 0700, files 0600, each replaced whole.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "crypto/ec_key.h"
#include "json/value.h"
#include "net/tls_identity.h"
#include "tpmdev/tpm_device.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace vouchsafe::agent {

/// Which workload manager this host joined.
struct Joined {
    std::string manager; ///< URL
    std::string pin;
    std::string host; ///< the manager's id for this host
    std::string cluster;

    friend bool operator==(const Joined&, const Joined&) = default;
};

/// Which authority this host uses, and how far it has come.
struct StoredServices {
    std::int64_t least_version = 0;   ///< of services information: one that is older is refused
    std::int64_t applied_version = 0; ///< of the manager's desired configuration
    json::Value document;             ///< null: none

    friend bool operator==(const StoredServices&, const StoredServices&) = default;
};

class AgentState {
public:
    static Result<AgentState> open(std::filesystem::path directory);

    /// The secret behind the AK, made at first use.
    Result<tpmdev::AttestationKeySeed> attestation_key_seed(Random& random) const;

    /// The TLS client key and its certificate, made at first use.
    Result<net::TlsIdentity> client_identity(std::string_view label, SysTime now) const;

    Result<std::optional<Joined>> joined() const;
    Result<void> save_joined(const Joined& joined) const;

    Result<std::optional<std::string>> anchor() const;
    Result<void> save_anchor(std::string_view anchor) const;

    Result<StoredServices> services() const; ///< zeros and null before the first
    Result<void> save_services(const StoredServices& services) const;

private:
    explicit AgentState(std::filesystem::path directory) : directory_(std::move(directory)) {}

    std::string path(std::string_view name) const { return directory_ / name; }

    std::filesystem::path directory_;
};

} // namespace vouchsafe::agent

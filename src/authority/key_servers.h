// The way to key servers: pinned certificates, the provider's own client certificate, bounded waits.
#pragma once

#include "base/result.h"
#include "inventory/provider.h"
#include "inventory/state.h"
#include "keyprovider/kmip_key_server.h"
#include "net/endpoint.h"
#include "net/kmip_transport.h"
#include "store/sealed_files.h"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace vouchsafe::authority {

/// Under this name a provider's client key is sealed inside change records.
std::string client_key_name(const std::string& provider_uid);
/// And under this one the password that goes with its user name.
std::string password_name(const std::string& provider_uid);
/// And the one of its Device credential.
std::string device_password_name(const std::string& provider_uid);

/// Keeps one transport for each key server and configuration, so that a connection is used again.
class KeyServers final : public keyprovider::KmipConnector {
public:
    KeyServers(const store::SealedFiles& secrets, net::ResolveMap resolve)
        : secrets_(secrets), resolve_(std::move(resolve)) {}

    Result<std::unique_ptr<kmip::Transport>> connect(const inventory::Provider& provider,
                                                     const inventory::KmipServer& server) override;
    Result<std::optional<kmip::Credential>> credential(const inventory::Provider& provider) override;
    /// Three times the connection timeout: the most that servers which do not answer can take of an
    /// operation.
    kmip::Deadline deadline(const inventory::Provider& provider) override;
    /// The connection timeout.
    Result<kmip::Deadline> answer_deadline(const inventory::Provider& provider,
                                           kmip::Deadline operation) override;

    /// Forgets the ways, and with them the client keys, of providers that the state does not have.
    void retain(const inventory::AuthorityState& state);
    std::size_t size() const;

    const net::ResolveMap& resolve() const { return resolve_; }

private:
    Result<Secret> open(const std::string& name, const std::optional<Buffer>& sealed) const;

    struct Pooled {
        std::string configuration; ///< digest of all that the transport was made from
        std::shared_ptr<net::KmipTransport> transport;
    };

    const store::SealedFiles& secrets_;
    net::ResolveMap resolve_;
    mutable std::mutex mutex_;
    std::map<std::pair<std::string, std::string>, Pooled> pool_; ///< by provider uid and server name
};

} // namespace vouchsafe::authority

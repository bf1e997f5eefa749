// The way from an authority manager to the authority host that it administers.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "crypto/ec_key.h"
#include "inventory/ports.h"
#include "json/value.h"
#include "manager/server.h"
#include "net/endpoint.h"
#include "net/https_client.h"

#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace vouchsafe::manager {

/// How a management server names and proves itself: its security token service.
struct TokenService {
    std::string issuer; ///< "https://<name>/openidconnect/vouchsafe"
    std::string domain; ///< of its users
    crypto::EcPrivateKey key;
    std::string certificate_pem; ///< self-signed, what the other side imports
};

struct AuthorityLinkParts {
    inventory::Documents& documents;
    const TokenService& tokens;
    const Clock& clock;
    Random& random;
    net::ResolveMap resolve{};
};

/// Safe for several threads.
class AuthorityLink {
public:
    explicit AuthorityLink(AuthorityLinkParts parts) : parts_(std::move(parts)) {}

    /// Introduces this manager to a new authority host with the pin and one-time token that its console
    /// printed.
    Result<json::Value> claim(const std::string& url, const std::string& pin, const std::string& token);

    /// The authority hosts, without secrets.
    Result<json::Value> list();

    /// Sends the call on, signed for this one request; the result as the authority host gave it.
    Result<json::Value> invoke(const Call& call);

private:
    struct Host {
        std::string url;
        std::string pin;
        std::string group;
        std::string anchor;
        std::string cluster;
        std::string authority_host;
    };

    Result<Host> host();
    Result<json::Value>
    post(const Host& host, std::string_view path, const std::string& body, const std::string& bearer);

    AuthorityLinkParts parts_;
    std::mutex mutex_;
    std::string connected_; ///< url and pin of client_
    std::shared_ptr<net::HttpsClient> client_;
};

/// Every operation of the authority side, sent on.
void add_authority_operations(Operations& operations, AuthorityLink& link);

} // namespace vouchsafe::manager

#include "agent/https_peer.h"

#include "net/https_client.h"
#include "protocol/workload.h"

#include <utility>

namespace vouchsafe::agent {

namespace {

class HttpsPeer final : public Peer {
public:
    explicit HttpsPeer(net::HttpsClient client) : client_(std::move(client)) {}

    Result<PeerAnswer> post(PeerRequest request) override {
        net::ClientRequest message;
        message.method = net::Method::post;
        message.target = std::string(request.target);
        message.content_type = std::string(request.content_type);
        message.body = std::move(request.body);
        VS_TRY(auto response, client_.send(message, request.limit));
        return PeerAnswer{.status = response.status, .body = std::move(response.body)};
    }

private:
    net::HttpsClient client_;
};

Result<std::unique_ptr<Peer>> make_peer(net::ClientConfig config) {
    config.response_bytes = protocol::max_poll_bytes; // the largest answer that an agent is ever given
    VS_TRY(auto client, net::HttpsClient::create(std::move(config)));
    return std::make_unique<HttpsPeer>(std::move(client));
}

class HttpsAuthorityDialer final : public AuthorityDialer {
public:
    explicit HttpsAuthorityDialer(Dialling dialling) : dialling_(std::move(dialling)) {}

    Result<std::unique_ptr<Peer>> dial(const token::ServiceHost& host,
                                       const crypto::Certificate& root) override {
        return make_peer({.server = {.host = host.hostname, .port = host.port},
                          .trust = net::TrustedCa{.certificates_pem = root.pem()},
                          .resolve = dialling_.resolve,
                          .cancellation = dialling_.cancellation});
    }

private:
    Dialling dialling_;
};

} // namespace

Result<std::unique_ptr<Peer>>
make_manager_peer(const ManagerAddress& manager, net::TlsIdentity identity, const Dialling& dialling) {
    return make_peer({.server = manager.url.endpoint,
                      .trust = net::PinnedKey{.spki_sha256 = manager.pin},
                      .identity = std::move(identity),
                      .resolve = dialling.resolve,
                      .cancellation = dialling.cancellation});
}

std::unique_ptr<AuthorityDialer> make_authority_dialer(Dialling dialling) {
    return std::make_unique<HttpsAuthorityDialer>(std::move(dialling));
}

} // namespace vouchsafe::agent

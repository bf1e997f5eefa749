#include "authority/key_servers.h"
#include "net/https_server.h"
#include "tests/support/authority_house.h"
#include "tests/support/connect_proxy.h"

#include <gtest/gtest.h>

namespace vouchsafe::authority {
namespace {

// A TLS server with this certificate that speaks no KMIP: whoever reaches it fails at the framing, whoever
// does not believe it before.
class KeyServersTest : public ::testing::Test {
protected:
    KeyServersTest() {
        provider_.name = "gold";
        provider_.uid = std::string(32, 'a');
        provider_.servers = {{.name = "one", .address = {.hostname = "localhost", .port = server_->port()}}};
        provider_.trusted_peer_certificates = {peer_.certificate};
        provider_.client_certificate = client_.certificate;
        provider_.sealed_client_key =
            house_.secrets.seal(client_key_name(provider_.uid), client_.key.to_secret_der());
    }

    // Where an exchange fails: "kmip.frame" by the server that was reached.
    std::string outcome() { return outcome(provider_.servers.front()); }

    std::string outcome(const inventory::KmipServer& server) {
        const auto way = key_servers_.connect(provider_, server);
        if (!way)
            return way.error().where;
        const auto answer = (*way)->exchange(Buffer{0x42, 0x00, 0x78, 0x01, 0, 0, 0, 0},
                                             std::chrono::steady_clock::now() + std::chrono::seconds(20));
        return answer ? "answered" : answer.error().where;
    }

    test::AuthorityHouse house_;
    test::Sts peer_;
    test::Sts client_;
    std::unique_ptr<net::HttpsServer> server_ =
        net::HttpsServer::listen(
            {.identity = {.certificate_pem = peer_.certificate, .private_key = peer_.key.to_secret_der()}},
            [](const net::Request&, net::Reply reply) { reply.send({.status = 200, .body = "{}"}); })
            .value();
    KeyServers key_servers_{house_.secrets, {}};
    inventory::Provider provider_;
};

TEST_F(KeyServersTest, ReachTheServerThatIsPinned) {
    EXPECT_EQ(outcome(), "kmip.frame");
    EXPECT_EQ(outcome(), "kmip.frame");
    EXPECT_EQ(key_servers_.size(), 1U);
}

TEST_F(KeyServersTest, FollowThePins) {
    EXPECT_EQ(outcome(), "kmip.frame");
    provider_.trusted_peer_certificates = {client_.certificate};
    EXPECT_EQ(outcome(), "net.tls_identity");
    provider_.trusted_peer_certificates = {client_.certificate, peer_.certificate};
    EXPECT_EQ(outcome(), "kmip.frame");
    provider_.trusted_peer_certificates.clear();
    EXPECT_EQ(outcome(), "provider.peer_certificates");
    EXPECT_EQ(key_servers_.size(), 1U);
}

TEST_F(KeyServersTest, FollowTheAddress) {
    EXPECT_EQ(outcome(), "kmip.frame");
    provider_.servers.front().address.port = 1; // nobody listens there
    EXPECT_EQ(outcome(), "net.connect");
}

TEST_F(KeyServersTest, GoThroughTheProxy) {
    test::ConnectProxy proxy;
    EXPECT_EQ(outcome(), "kmip.frame");
    provider_.proxy_server = inventory::NetworkAddress{.hostname = "localhost", .port = proxy.port()};
    EXPECT_EQ(outcome(), "kmip.frame");
    EXPECT_EQ(proxy.asked().size(), 1U);
    proxy.answer_with("HTTP/1.1 403 Forbidden\r\n\r\n");
    EXPECT_EQ(outcome(), "net.proxy");
    provider_.proxy_server.reset();
    EXPECT_EQ(outcome(), "kmip.frame");
}

TEST_F(KeyServersTest, NeedAClientCertificateOfTheirOwn) {
    inventory::Provider good = provider_;
    provider_.client_certificate.reset();
    EXPECT_EQ(outcome(), "provider.client_certificate");
    provider_ = good;
    provider_.sealed_client_key.reset();
    EXPECT_EQ(outcome(), "provider.client_certificate");
    provider_ = good;
    provider_.sealed_client_key = house_.secrets.seal("another name", client_.key.to_secret_der());
    EXPECT_EQ(outcome(), "sealed.open");
    EXPECT_EQ(key_servers_.size(), 0U); // what cannot be made leaves nothing behind
    provider_ = good;
    EXPECT_EQ(outcome(), "kmip.frame");
}

TEST_F(KeyServersTest, ForgetProvidersAndServersThatAreGone) {
    provider_.servers.push_back(provider_.servers.front());
    provider_.servers.back().name = "two";
    inventory::AuthorityState state;
    state.providers["gold"] = provider_;
    (void)outcome(provider_.servers.front());
    (void)outcome(provider_.servers.back());
    key_servers_.retain(state);
    EXPECT_EQ(key_servers_.size(), 2U);
    state.providers["gold"].servers.pop_back();
    key_servers_.retain(state);
    EXPECT_EQ(key_servers_.size(), 1U);
    state.providers.clear();
    key_servers_.retain(state);
    EXPECT_EQ(key_servers_.size(), 0U);
}

TEST_F(KeyServersTest, OpenTheCredentialOfTheProvider) {
    EXPECT_FALSE(key_servers_.credential(provider_)->has_value());
    provider_.username = "fred";
    EXPECT_TRUE((*key_servers_.credential(provider_))->password.empty());
    provider_.sealed_password =
        house_.secrets.seal(password_name(provider_.uid), Secret(as_bytes("p4ssw0rd")));
    const auto credential = key_servers_.credential(provider_);
    ASSERT_TRUE(credential && *credential);
    EXPECT_EQ((*credential)->username, "fred");
    (*credential)->password.expose([](Bytes bytes) { EXPECT_EQ(as_text(bytes), "p4ssw0rd"); });
    provider_.uid = std::string(32, 'b'); // sealed for another provider
    EXPECT_EQ(key_servers_.credential(provider_).error().where, "sealed.open");
}

TEST_F(KeyServersTest, BoundTheWait) {
    using std::chrono::seconds;
    const auto now = [] { return std::chrono::steady_clock::now(); };
    const auto is_within = [&](std::optional<std::int64_t> wanted, int limit) {
        provider_.connection_timeout = wanted;
        const auto before = now();
        const auto operation = key_servers_.deadline(provider_);
        const auto answer = key_servers_.answer_deadline(provider_, operation);
        const auto after = now();
        return operation >= before + seconds(3 * limit) && operation <= after + seconds(3 * limit) &&
               answer && *answer >= before + seconds(limit) && *answer <= after + seconds(limit);
    };
    EXPECT_TRUE(is_within({}, 2));
    EXPECT_TRUE(is_within(7, 7));
    EXPECT_TRUE(is_within(0, 1));
    EXPECT_TRUE(is_within(3600, 30));
    provider_.connection_timeout = 7;
    const auto soon = now() + seconds(3); // an operation that is nearly over gives nobody its whole time
    EXPECT_EQ(*key_servers_.answer_deadline(provider_, soon), soon);
    EXPECT_EQ(key_servers_.answer_deadline(provider_, now() - seconds(1)).error().where,
              "key_server.deadline");
}

} // namespace
} // namespace vouchsafe::authority

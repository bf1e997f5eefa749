#include "net/https_client.h"
#include "net/test_support.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace vouchsafe::net {
namespace {

using namespace std::chrono_literals;
using test::client_config;
using test::make_certificate;
using test::ScriptedServer;
using test::TestCertificate;
using Peer = ScriptedServer::Peer;

constexpr std::string_view hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

const TestCertificate& certificate() {
    static const TestCertificate made = make_certificate();
    return made;
}

const TestCertificate& authority() {
    static const TestCertificate made = make_certificate({.name = "Test root", .ca = true});
    return made;
}

void answer_hello(Peer& peer, int) {
    while (!peer.read_until("\r\n\r\n").empty())
        peer.write(hello);
}

Result<ClientResponse>
ask(ClientConfig config, ClientRequest request = {}, std::chrono::milliseconds limit = 20s) {
    auto client = HttpsClient::create(std::move(config));
    if (!client)
        return std::unexpected(client.error());
    return client->send(request, limit);
}

Result<ClientResponse> ask_under_authority(const TestCertificate& shown, const std::string& name) {
    const ScriptedServer server(shown, {}, answer_hello);
    return ask({.server = {.host = name, .port = server.port()}, .trust = TrustedCa{authority().pem()}});
}

void expect_untrusted(const Result<ClientResponse>& answer) {
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::untrusted);
    EXPECT_EQ(answer.error().where, "net.tls_identity");
}

TEST(HttpsClient, BelievesThePinnedKey) {
    const ScriptedServer server(certificate(), {}, answer_hello);
    const auto answer = ask(client_config(server.port(), certificate()));
    EXPECT_EQ(answer.value().status, 200);
    EXPECT_EQ(as_text(answer->body), "hello");
}

TEST(HttpsClient, RefusesAnotherKeyThanThePinned) {
    const ScriptedServer server(certificate(), {}, answer_hello);
    expect_untrusted(ask(client_config(server.port(), make_certificate())));
    EXPECT_EQ(server.connections(), 0); // refused within the handshake: the server has seen no request
}

TEST(HttpsClient, RefusesAPinThatIsNone) {
    for (const std::size_t size : {0U, 3U, 63U, 65U}) {
        const std::string pin(size, 'a');
        const auto client = HttpsClient::create({.server = {.host = "localhost"}, .trust = PinnedKey{pin}});
        ASSERT_FALSE(client);
        EXPECT_EQ(client.error().where, "tls.pin");
    }
}

TEST(HttpsClient, BelievesACertificateUnderTheAuthorityForTheName) {
    const auto shown = make_certificate({.name = "authority-1.localhost", .issuer = &authority()});
    EXPECT_EQ(ask_under_authority(shown, "authority-1.localhost").value().status, 200);
}

TEST(HttpsClient, RefusesAnotherName) {
    const auto shown = make_certificate({.name = "authority-1.localhost", .issuer = &authority()});
    expect_untrusted(ask_under_authority(shown, "authority-2.localhost"));
    expect_untrusted(ask_under_authority(shown, "127.0.0.1"));
}

TEST(HttpsClient, RefusesAnotherAuthority) {
    const auto other = make_certificate({.name = "Test root", .ca = true});
    const auto shown = make_certificate({.name = "localhost", .issuer = &other});
    expect_untrusted(ask_under_authority(shown, "localhost"));
    expect_untrusted(ask_under_authority(certificate(), "localhost"));
}

TEST(HttpsClient, RefusesExpiredAndFutureCertificates) {
    const auto expired =
        make_certificate({.name = "localhost", .issuer = &authority(), .from_days = -3, .until_days = -1});
    expect_untrusted(ask_under_authority(expired, "localhost"));
    const auto future =
        make_certificate({.name = "localhost", .issuer = &authority(), .from_days = 1, .until_days = 3});
    expect_untrusted(ask_under_authority(future, "localhost"));
}

TEST(HttpsClient, RefusesServersBelowTls13) {
    const ScriptedServer server(
        certificate(), {.least = TLS1_2_VERSION, .most = TLS1_2_VERSION}, answer_hello);
    const auto answer = ask(client_config(server.port(), certificate()));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().where, "net.connection");
}

TEST(HttpsClient, UsesAConnectionAgain) {
    const ScriptedServer server(certificate(), {}, answer_hello);
    auto client = HttpsClient::create(client_config(server.port(), certificate())).value();
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(client.send({}, 20s).value().status, 200);
    EXPECT_EQ(server.connections(), 1);
}

TEST(HttpsClient, DialsAnewAfterDisconnect) {
    std::atomic<int> connections = 0;
    ScriptedServer server(certificate(), {}, [&](ScriptedServer::Peer& peer, int) {
        ++connections;
        while (!peer.read_until("\r\n\r\n").empty())
            peer.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    auto client = HttpsClient::create(client_config(server.port(), certificate())).value();
    EXPECT_EQ(client.send({}, 20s).value().status, 200);
    client.disconnect();
    EXPECT_EQ(client.send({}, 20s).value().status, 200);
    EXPECT_EQ(connections, 2);
}

TEST(HttpsClient, OpensAnotherWhereTheServerHasClosed) {
    const ScriptedServer server(certificate(), {}, [](Peer& peer, int) {
        (void)peer.read_until("\r\n\r\n");
        peer.write(hello);
        peer.shutdown(); // though the answer did not say so
    });
    auto client = HttpsClient::create(client_config(server.port(), certificate())).value();
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(client.send({.method = i == 1 ? Method::post : Method::get}, 20s).value().status, 200);
    EXPECT_EQ(server.connections(), 3);
}

// The server reads a second request and then closes, which no look at the idle connection could foresee.
void close_on_second_request(Peer& peer, int connection) {
    (void)peer.read_until("\r\n\r\n");
    peer.write(hello);
    if (connection == 1)
        (void)peer.read_until("\r\n\r\n");
    else
        answer_hello(peer, connection);
}

TEST(HttpsClient, RepeatsAnIdempotentRequestOnceOnAStaleConnection) {
    const ScriptedServer server(certificate(), {}, close_on_second_request);
    auto client = HttpsClient::create(client_config(server.port(), certificate())).value();
    EXPECT_EQ(client.send({}, 20s).value().status, 200);
    EXPECT_EQ(client.send({}, 20s).value().status, 200);
    EXPECT_EQ(server.connections(), 2);
}

TEST(HttpsClient, NeverRepeatsAPost) {
    const ScriptedServer server(certificate(), {}, close_on_second_request);
    auto client = HttpsClient::create(client_config(server.port(), certificate())).value();
    EXPECT_EQ(client.send({}, 20s).value().status, 200);
    const auto second = client.send({.method = Method::post}, 20s);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().where, "net.connection");
    EXPECT_EQ(server.connections(), 1);
}

TEST(HttpsClient, RefusesAnswersOverTheLimit) {
    const ScriptedServer server(certificate(), {}, answer_hello);
    ClientConfig config = client_config(server.port(), certificate());
    config.response_bytes = 4;
    const auto answer = ask(std::move(config));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::too_large);
}

TEST(HttpsClient, RefusesAnswersThatAreNoHttp) {
    const ScriptedServer server(certificate(), {}, [](Peer& peer, int) {
        (void)peer.read_until("\r\n\r\n");
        peer.write("220 mail.example ready\r\n\r\n");
    });
    const auto answer = ask(client_config(server.port(), certificate()));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().where, "net.response");
}

TEST(HttpsClient, RefusesAnswersInChunks) {
    const ScriptedServer server(certificate(), {}, [](Peer& peer, int) {
        (void)peer.read_until("\r\n\r\n");
        peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding:,chunked\r\n\r\n0\r\n\r");
        peer.wait_for_client_to_go();
    });
    const auto answer = ask(client_config(server.port(), certificate()));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::unsupported);
    EXPECT_EQ(answer.error().where, "net.response");
}

TEST(HttpsClient, RefusesAnAnswerCutShort) {
    const ScriptedServer server(certificate(), {}, [](Peer& peer, int) {
        (void)peer.read_until("\r\n\r\n");
        peer.write(hello.substr(0, hello.size() - 1));
        peer.shutdown();
    });
    const auto answer = ask(client_config(server.port(), certificate()));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().where, "net.connection");
}

TEST(HttpsClient, GivesUpAtItsDeadlineWhileTheServerThinks) {
    const ScriptedServer server(certificate(), {}, [](Peer& peer, int) { peer.wait_for_client_to_go(); });
    const auto answer = ask(client_config(server.port(), certificate()), {}, 100ms);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::timed_out);
    EXPECT_EQ(answer.error().where, "net.deadline");
}

TEST(HttpsClient, GivesUpAtTheConnectLimit) {
    const test::SilentServer server;
    ClientConfig config = client_config(server.port(), certificate());
    config.connect_limit = 50ms;
    const auto answer = ask(std::move(config));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::timed_out);
}

TEST(HttpsClient, SaysThatNobodyListens) {
    std::uint16_t port = 0;
    {
        const test::SilentServer gone;
        port = gone.port();
    }
    const auto answer = ask(client_config(port, certificate()));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::unavailable);
    EXPECT_EQ(answer.error().where, "net.connect");
}

TEST(HttpsClient, StopsWaitingWhenCancelled) {
    Cancellation cancellation;
    const ScriptedServer server(certificate(), {}, [&](Peer& peer, int) {
        (void)peer.read_until("\r\n\r\n"); // the request has come: the client waits for an answer
        cancellation.cancel();
        peer.wait_for_client_to_go();
    });
    ClientConfig config = client_config(server.port(), certificate());
    config.cancellation = &cancellation;
    auto client = HttpsClient::create(std::move(config)).value();
    for (int i = 0; i < 2; ++i) { // and so do all later requests
        const auto answer = client.send({}, 20s);
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().where, "net.cancelled");
    }
}

TEST(HttpsClient, SendsNoHeaderWithALineEnd) {
    const ScriptedServer server(certificate(), {}, answer_hello);
    const auto answer = ask(client_config(server.port(), certificate()), {.headers = {{"a", "b\r\nc: d"}}});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().where, "net.request");
    const auto target = ask(client_config(server.port(), certificate()), {.target = "/a b"});
    ASSERT_FALSE(target);
    EXPECT_EQ(target.error().where, "net.request");
}

} // namespace
} // namespace vouchsafe::net

#include "net/kmip_transport.h"
#include "net/test_support.h"
#include "tests/support/connect_proxy.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace vouchsafe::net {
namespace {

using namespace std::chrono_literals;
using test::make_certificate;
using test::ScriptedServer;
using test::soon;
using test::TestCertificate;
using vouchsafe::test::ConnectProxy;
using Peer = ScriptedServer::Peer;

const TestCertificate& certificate() {
    // expired: a pinned certificate is what the administrator said it is, whatever its dates
    static const TestCertificate made =
        make_certificate({.name = "key-server.localhost", .from_days = -2, .until_days = -1});
    return made;
}

const TestCertificate& own() {
    static const TestCertificate made = make_certificate({.name = "authority"});
    return made;
}

// A response message with a body of `n` bytes.
std::string response(std::size_t n) {
    std::string out{'\x42', '\0', '\x7B', '\x01'};
    for (const unsigned shift : {24U, 16U, 8U, 0U})
        out.push_back(static_cast<char>(n >> shift));
    return out + std::string(n, 'x');
}

const Buffer& request() {
    static const Buffer bytes = {0x42, 0x00, 0x78, 0x01, 0, 0, 0, 0};
    return bytes;
}

KmipTransportConfig config_for(std::uint16_t port) {
    return {.server = {.host = "key-server.localhost", .port = port},
            .trust = PinnedCertificates{{make_certificate().pem(), certificate().pem()}},
            .identity = own().identity()};
}

std::unique_ptr<KmipTransport> transport_to(std::uint16_t port,
                                            void (*change)(KmipTransportConfig&) = nullptr) {
    KmipTransportConfig config = config_for(port);
    if (change != nullptr)
        change(config);
    return KmipTransport::create(std::move(config)).value();
}

// Reads one request (which has no body), answers it, and so on.
void answer_each(Peer& peer, int) {
    while (peer.read_some().size() == request().size())
        peer.write(response(16));
}

TEST(KmipTransport, ExchangesMessagesOnOneConnection) {
    const ScriptedServer server(certificate(), {.ask_client = true}, answer_each);
    const auto transport = transport_to(server.port());
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(as_text(transport->exchange(request(), soon()).value()), response(16));
    EXPECT_EQ(server.connections(), 1);
}

TEST(KmipTransport, SpeaksTls12) {
    const ScriptedServer server(
        certificate(), {.least = TLS1_2_VERSION, .most = TLS1_2_VERSION, .ask_client = true}, answer_each);
    EXPECT_TRUE(transport_to(server.port())->exchange(request(), soon()));
}

TEST(KmipTransport, RefusesTls11) {
    const ScriptedServer server(
        certificate(), {.least = TLS1_1_VERSION, .most = TLS1_1_VERSION, .ask_client = true}, answer_each);
    const auto answer = transport_to(server.port())->exchange(request(), soon());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().where, "net.connection");
}

TEST(KmipTransport, SendsNothingToAServerThatIsNotPinned) {
    const ScriptedServer server(certificate(), {}, answer_each);
    const auto transport = transport_to(server.port(), [](KmipTransportConfig& config) {
        config.trust = PinnedCertificates{{make_certificate().pem()}};
    });
    const auto answer = transport->exchange(request(), soon());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().where, "net.tls_identity");
    EXPECT_EQ(server.connections(), 0);
}

TEST(KmipTransport, PinsTheCertificateAndNotOnlyItsKey) {
    // The same key in another certificate.
    const ScriptedServer server(certificate(), {}, answer_each);
    const auto transport = transport_to(server.port(), [](KmipTransportConfig& config) {
        config.trust = PinnedCertificates{
            {make_certificate({.name = "key-server.localhost", .same_key = &certificate()}).pem()}};
    });
    const auto answer = transport->exchange(request(), soon());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().where, "net.tls_identity");
}

TEST(KmipTransport, IsNotMadeWithoutAPinnedCertificate) {
    KmipTransportConfig config = config_for(1);
    config.trust = PinnedCertificates{};
    const auto transport = KmipTransport::create(std::move(config));
    ASSERT_FALSE(transport);
    EXPECT_EQ(transport.error().where, "tls.pin");
}

TEST(KmipTransport, TakesAnswersInPieces) {
    const ScriptedServer server(certificate(), {}, [](Peer& peer, int) {
        (void)peer.read_some();
        for (const char c : response(8))
            peer.write(std::string_view(&c, 1));
        peer.wait_for_client_to_go();
    });
    EXPECT_EQ(as_text(transport_to(server.port())->exchange(request(), soon()).value()), response(8));
}

struct BadAnswer {
    const char* name;
    std::string bytes;
    Errc code;
    const char* where;
};

TEST(KmipTransport, RefusesAnswersThatAreNoResponseMessage) {
    std::string other_tag = response(8);
    other_tag[2] = '\x78';
    std::string other_type = response(8);
    other_type[3] = '\x02';
    const std::string huge = response(0).substr(0, 4) + std::string("\x7F\xFF\xFF\xF8", 4);
    for (const BadAnswer& bad :
         {BadAnswer{"tag", other_tag, Errc::malformed, "kmip.frame"},
          BadAnswer{"type", other_type, Errc::malformed, "kmip.frame"},
          BadAnswer{"padding", response(7), Errc::malformed, "kmip.frame"},
          BadAnswer{"http", "HTTP/1.1 400 Bad\r\n", Errc::malformed, "kmip.frame"},
          BadAnswer{"huge", huge, Errc::too_large, "kmip.frame"},
          BadAnswer{"short", response(8).substr(0, 12), Errc::unavailable, "net.connection"},
          BadAnswer{"header cut", "\x42", Errc::unavailable, "net.connection"}}) {
        const ScriptedServer server(certificate(), {}, [&](Peer& peer, int) {
            (void)peer.read_some();
            peer.write(bad.bytes);
            peer.shutdown();
        });
        const auto answer = transport_to(server.port())->exchange(request(), soon());
        ASSERT_FALSE(answer) << bad.name;
        EXPECT_EQ(answer.error().code, bad.code) << bad.name;
        EXPECT_EQ(answer.error().where, bad.where) << bad.name;
    }
}

TEST(KmipTransport, OpensAFreshConnectionAfterAnyDoubt) {
    const ScriptedServer server(certificate(), {}, [](Peer& peer, int connection) {
        (void)peer.read_some();
        peer.write(response(8));
        if (connection == 1)
            peer.write("x"); // nobody asked for it
        else
            peer.shutdown();
    });
    const auto transport = transport_to(server.port());
    for (int i = 0; i < 3; ++i)
        EXPECT_TRUE(transport->exchange(request(), soon()));
    EXPECT_EQ(server.connections(), 3);
}

TEST(KmipTransport, OpensAFreshConnectionAfterTheIdleLimit) {
    const ScriptedServer server(certificate(), {}, answer_each);
    const auto transport =
        transport_to(server.port(), [](KmipTransportConfig& config) { config.idle_limit = 0ms; });
    EXPECT_TRUE(transport->exchange(request(), soon()));
    EXPECT_TRUE(transport->exchange(request(), soon()));
    EXPECT_EQ(server.connections(), 2);
}

TEST(KmipTransport, GivesUpOnAFrozenServerAndRecovers) {
    const ScriptedServer server(certificate(), {}, [](Peer& peer, int connection) {
        if (connection == 1)
            peer.wait_for_client_to_go(); // takes requests, answers none
        else
            answer_each(peer, connection);
    });
    const auto transport = transport_to(server.port());
    const auto frozen = transport->exchange(request(), soon(100ms));
    ASSERT_FALSE(frozen);
    EXPECT_EQ(frozen.error().code, Errc::timed_out);
    EXPECT_TRUE(transport->exchange(request(), soon()));
}

TEST(KmipTransport, LetsCallersWaitForEachOther) {
    const ScriptedServer server(certificate(), {}, answer_each);
    const auto transport =
        transport_to(server.port(), [](KmipTransportConfig& config) { config.connections = 1; });
    std::atomic<int> good = 0;
    {
        std::vector<std::jthread> callers;
        for (int i = 0; i < 4; ++i)
            callers.emplace_back([&] {
                for (int n = 0; n < 10; ++n)
                    good += transport->exchange(request(), soon()).has_value() ? 1 : 0;
            });
    }
    EXPECT_EQ(good, 40);
    EXPECT_EQ(server.connections(), 1);
}

// Each waits for the others to have asked: only connections of their own let all of them through.
TEST(KmipTransport, GivesCallersConnectionsOfTheirOwn) {
    std::atomic<int> asking = 0;
    const ScriptedServer server(certificate(), {}, [&](Peer& peer, int) {
        while (peer.read_some().size() == request().size()) {
            ++asking;
            test::wait_until([&] { return asking >= 3; });
            peer.write(response(8));
        }
    });
    const auto transport = transport_to(server.port());
    std::vector<std::jthread> callers;
    for (int i = 0; i < 3; ++i)
        callers.emplace_back([&] { EXPECT_TRUE(transport->exchange(request(), soon())); });
    callers.clear();
    EXPECT_EQ(server.connections(), 3);
    EXPECT_TRUE(transport->exchange(request(), soon())); // on one of those
    EXPECT_EQ(server.connections(), 3);
}

TEST(KmipTransport, OpensAFreshConnectionAfterTheAgeLimit) {
    const ScriptedServer server(certificate(), {}, answer_each);
    const auto transport =
        transport_to(server.port(), [](KmipTransportConfig& config) { config.age_limit = 0ms; });
    EXPECT_TRUE(transport->exchange(request(), soon()));
    EXPECT_TRUE(transport->exchange(request(), soon()));
    EXPECT_EQ(server.connections(), 2);
}

// The server goes away only when it sees the second request: before that the connection looks good.
TEST(KmipTransport, SaysWhenAKeptConnectionWasDead) {
    const ScriptedServer server(certificate(), {}, [](Peer& peer, int connection) {
        (void)peer.read_some();
        peer.write(response(8));
        (void)peer.read_some();
        if (connection > 1)
            peer.write(response(8));
        peer.shutdown();
    });
    const auto transport = transport_to(server.port());
    EXPECT_TRUE(transport->exchange(request(), soon()));
    const auto stale = transport->exchange(request(), soon());
    ASSERT_FALSE(stale);
    EXPECT_EQ(stale.error().where, "net.stale");
    EXPECT_TRUE(transport->exchange(request(), soon()));
    EXPECT_EQ(server.connections(), 2);
}

TEST(KmipTransport, GivesUpWaitingForItsTurnAtTheDeadline) {
    Cancellation second_has_given_up;
    const ScriptedServer server(certificate(), {}, [&](Peer& peer, int) {
        (void)peer.read_some();
        test::wait_for(second_has_given_up);
        peer.write(response(8));
        peer.wait_for_client_to_go();
    });
    const auto transport =
        transport_to(server.port(), [](KmipTransportConfig& config) { config.connections = 1; });
    std::jthread first([&] { EXPECT_TRUE(transport->exchange(request(), soon())); });
    test::wait_until([&] { return server.connections() == 1; });
    const auto second = transport->exchange(request(), soon(20ms));
    second_has_given_up.cancel();
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::timed_out);
}

TEST(KmipTransport, GivesUpAtTheConnectLimit) {
    const test::SilentServer server;
    const auto answer = transport_to(server.port(), [](KmipTransportConfig& config) {
                            config.connect_limit = 50ms;
                        })->exchange(request(), soon());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::timed_out);
}

TEST(FetchPeerCertificate, ShowsWhatTheServerShows) {
    const ScriptedServer server(certificate(), {}, answer_each);
    const auto shown = fetch_peer_certificate(
        {.server = {.host = "key-server.localhost", .port = server.port()}}, {}, soon());
    EXPECT_EQ(shown.value(), certificate().pem());
}

TEST(FetchPeerCertificate, FailsWhereNobodyAnswers) {
    const test::SilentServer server;
    const auto shown =
        fetch_peer_certificate({.server = {.host = "localhost", .port = server.port()}}, {}, soon(50ms));
    ASSERT_FALSE(shown);
    EXPECT_EQ(shown.error().code, Errc::timed_out);
}

// --- through a proxy

KmipTransportConfig config_through(std::uint16_t port, const ConnectProxy& proxy) {
    KmipTransportConfig config = config_for(port);
    config.proxy = Endpoint{.host = "localhost", .port = proxy.port()};
    return config;
}

Error refused_by(KmipTransportConfig config) {
    const auto answer = KmipTransport::create(std::move(config)).value()->exchange(request(), soon());
    return answer ? Error{} : answer.error();
}

TEST(KmipTransportProxy, LeadsToTheServer) {
    const ScriptedServer server(certificate(), {.ask_client = true}, answer_each);
    const ConnectProxy proxy;
    const auto transport = KmipTransport::create(config_through(server.port(), proxy)).value();
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(as_text(transport->exchange(request(), soon()).value()), response(16));
    const std::string asked = "key-server.localhost:" + std::to_string(server.port());
    EXPECT_EQ(proxy.asked(), std::vector<std::string>{asked}); // once: the connection is kept
    EXPECT_EQ(fetch_peer_certificate({.server = config_for(server.port()).server,
                                      .proxy = Endpoint{.host = "localhost", .port = proxy.port()}},
                                     {},
                                     soon())
                  .value(),
              certificate().pem());
    EXPECT_EQ(proxy.asked().size(), 2U);
}

TEST(KmipTransportProxy, IsToldTheAddressThatTheMapHas) {
    const ScriptedServer server(certificate(), {.ask_client = true}, answer_each);
    const ConnectProxy proxy;
    KmipTransportConfig config = config_through(server.port(), proxy);
    config.server.host = "kms.example";
    config.resolve["kms.example"] = "127.0.0.1";
    EXPECT_TRUE(KmipTransport::create(std::move(config)).value()->exchange(request(), soon()));
    EXPECT_EQ(proxy.asked(), std::vector<std::string>{"127.0.0.1:" + std::to_string(server.port())});
}

// The proxy leads to another server, with a certificate of its own: nothing of ours is sent there.
TEST(KmipTransportProxy, IsNotBelievedWhoTheServerIs) {
    const ScriptedServer server(certificate(), {.ask_client = true}, answer_each);
    const ScriptedServer other(make_certificate({.name = "key-server.localhost"}), {}, answer_each);
    ConnectProxy proxy;
    proxy.leads_to = other.port();
    EXPECT_EQ(refused_by(config_through(server.port(), proxy)).where, "net.tls_identity");
    EXPECT_EQ(other.connections(), 0);
}

struct ProxyAnswer {
    const char* what;
    std::string answer;
    Errc code;
    const char* says;
};

TEST(KmipTransportProxy, IsNamedWithWhatItSays) {
    const ScriptedServer server(certificate(), {.ask_client = true}, answer_each);
    ConnectProxy proxy;
    const std::string endless = "HTTP/1.1 200 OK\r\nX: " + std::string(10'000, 'x');
    for (const ProxyAnswer& row :
         {ProxyAnswer{"login", "HTTP/1.1 407 Log in\r\n\r\n", Errc::unavailable, "status 407"},
          ProxyAnswer{
              "forbidden", "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno", Errc::unavailable, "status 403"},
          ProxyAnswer{"interim", "HTTP/1.1 100 Go on\r\n\r\n", Errc::unavailable, "status 100"},
          ProxyAnswer{"other protocol", "SSH-2.0-x\r\n", Errc::malformed, "not HTTP"},
          ProxyAnswer{"no status", "HTTP/1.1 OK\r\n\r\n", Errc::malformed, "not HTTP"},
          ProxyAnswer{"surplus", "HTTP/1.1 200 OK\r\n\r\nhello", Errc::malformed, "more than its answer"},
          ProxyAnswer{"endless", endless, Errc::too_large, "too large"}}) {
        SCOPED_TRACE(row.what);
        proxy.answer_with(row.answer);
        const Error error = refused_by(config_through(server.port(), proxy));
        EXPECT_EQ(error.where, "net.proxy");
        EXPECT_EQ(error.code, row.code);
        EXPECT_TRUE(error.detail.contains("localhost:" + std::to_string(proxy.port()))) << error.detail;
        EXPECT_TRUE(error.detail.contains(row.says)) << error.detail;
    }
    proxy.answer_with(std::nullopt);
    EXPECT_EQ(refused_by(config_through(1, proxy)).where, "net.proxy"); // 502: nobody is there
    EXPECT_EQ(server.connections(), 0);
}

TEST(KmipTransportProxy, IsWaitedForNoLongerThanAServer) {
    ConnectProxy silent;
    silent.answer_with("");
    KmipTransportConfig config = config_through(1, silent);
    config.connect_limit = 50ms;
    const Error error = refused_by(std::move(config));
    EXPECT_EQ(error.code, Errc::timed_out);
    EXPECT_EQ(error.where, "net.proxy");
    config = config_for(1);
    config.proxy = Endpoint{.host = "localhost", .port = 1}; // nobody listens there
    EXPECT_EQ(refused_by(std::move(config)).where, "net.proxy");
}

TEST(KmipTransportProxy, IsAskedForNoNameThatWouldEndTheLine) {
    const ConnectProxy proxy;
    KmipTransportConfig config = config_through(1, proxy);
    config.server.host = "kms\r\nX: y";
    EXPECT_EQ(refused_by(std::move(config)).code, Errc::malformed);
    EXPECT_TRUE(proxy.asked().empty());
}

} // namespace
} // namespace vouchsafe::net

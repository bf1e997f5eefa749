// A key server that is down, frozen or slow, seen by a host: a bounded wait, an error that names the key
// server, other providers at work, and recovery without a restart of the authority host.
#include "tests/support/authority_process.h"
#include "tests/support/key_server_process.h"
#include "tests/support/played_host.h"
#include "tests/support/slow_proxy.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <thread>

namespace vouchsafe::test {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr std::int64_t timeout_seconds = 2; // of each provider
constexpr auto bound = 10s;                 // with all that a busy machine adds
constexpr int sessions_beside = 3;          // a host may have four
constexpr auto longest_recovery = 20s;

class KeyServerFaults : public testing::Test {
protected:
    KeyServerFaults() : proxy_(gold_server_.address().port) {
        authority_.claim();
        enrol(authority_, host_, "faults-1");
        add("gold", gold_server_, {.name = "gold-server", .address = gold_server_.address()});
        add("silver", silver_server_, {.name = "silver-server", .address = silver_server_.address()});
        add("bronze",
            gold_server_,
            {.name = "bronze-server",
             .address = {.host = gold_server_.address().host, .port = proxy_.port()}});
        attest();
    }

    ~KeyServerFaults() override {
        EXPECT_EQ(authority_.daemon().stop(), 0);
        EXPECT_EQ(sanitizer_report(authority_.daemon().log()), "");
    }

    void add(const std::string& name, KeyServerProcess& server, const ProviderServer& named) {
        add_provider(authority_, server, name, named, timeout_seconds);
    }

    void attest() {
        host_.connect(authority_);
        const auto attested = host_.attest();
        ASSERT_TRUE(attested && attested->outcome == protocol::Outcome::trusted);
        ASSERT_TRUE(host_.open_session());
    }

    /// With no primary key in memory any more.
    void start_again() {
        ASSERT_EQ(authority_.daemon().stop(), 0);
        authority_.start();
        attest();
    }

    Result<protocol::ReleasedKey> ask(const std::string& provider) {
        return host_.release(protocol::GenerateKey{.provider = {provider}, .context = fresh_context()});
    }

    void expect_trouble(const std::string& provider) {
        SCOPED_TRACE(provider);
        const auto begin = Steady::now();
        const auto refused = ask(provider);
        EXPECT_LT(Steady::now() - begin, bound);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Errc::unavailable) << refused.error().where;
        EXPECT_NE(refused.error().detail.find(provider + "-server"), std::string::npos)
            << refused.error().detail;
        // The administrator is shown the same.
        const json::Value shown = authority_.must(
            service::providers, "get", {{"cluster", authority_.cluster()}, {"provider", provider}});
        EXPECT_EQ(shown.find("status")->find("health")->as_string(), "ERROR");
    }

    void expect_recovery(const std::string& provider) {
        SCOPED_TRACE(provider);
        const auto until = Steady::now() + longest_recovery;
        auto got = ask(provider);
        while (!got && Steady::now() < until) {
            std::this_thread::yield();
            got = ask(provider);
        }
        EXPECT_TRUE(got) << got.error().where << " " << got.error().detail;
    }

    AuthorityProcess authority_;
    KeyServerProcess gold_server_;
    KeyServerProcess silver_server_;
    SlowProxy proxy_;
    PlayedHost host_;
};

TEST_F(KeyServerFaults, DownWhileItsKeyIsInMemory) {
    ASSERT_TRUE(ask("gold"));
    gold_server_.kill();
    EXPECT_TRUE(ask("gold")); // under its lease
    gold_server_.start();
    EXPECT_TRUE(ask("gold"));
}

// Who distrusts whom decides what an administrator does next.
TEST_F(KeyServerFaults, DoesNotKnowTheClientCertificate) {
    const json::Object gold{{"cluster", authority_.cluster()}, {"provider", "gold"}};
    const auto server = [&] {
        return authority_.must(service::providers, "get", gold)
            .find("status")
            ->find("servers")
            ->as_array()
            .front();
    };
    EXPECT_EQ(*server().find("server_trust_client"), json::Value(true));
    authority_.must(service::client_certificate, "create", gold); // the key server is not told
    const json::Value refused = server();
    EXPECT_EQ(*refused.find("client_trust_server"), json::Value(true));
    EXPECT_EQ(*refused.find("server_trust_client"), json::Value(false));
    EXPECT_EQ(*refused.find("details")->as_array().back().find("id"), json::Value("provider.client_refused"));
    gold_server_.kill();
    const json::Value down = server();
    EXPECT_EQ(*down.find("client_trust_server"), json::Value(false));
    EXPECT_EQ(*down.find("details")->as_array().back().find("id"), json::Value("kmip.transport"));
}

TEST_F(KeyServerFaults, Down) {
    gold_server_.kill();
    start_again();
    expect_trouble("gold");
    EXPECT_TRUE(ask("silver"));
    gold_server_.start();
    expect_recovery("gold");
}

TEST_F(KeyServerFaults, Frozen) {
    gold_server_.freeze();
    start_again();
    expect_trouble("gold");
    EXPECT_TRUE(ask("silver"));

    // Several wait for the frozen one at once; who asks another provider is served meanwhile.
    std::vector<protocol::HostSession> sessions;
    for (int i = 0; i < sessions_beside; ++i) {
        auto session = host_.new_session();
        ASSERT_TRUE(session);
        sessions.push_back(*std::move(session));
    }
    std::vector<std::jthread> waiting;
    for (protocol::HostSession& session : sessions)
        waiting.emplace_back([this, &session] {
            const auto begin = Steady::now();
            EXPECT_FALSE(host_.release(
                session, protocol::GenerateKey{.provider = {"gold"}, .context = fresh_context()}));
            EXPECT_LT(Steady::now() - begin, bound);
        });
    const auto begin = Steady::now();
    EXPECT_TRUE(ask("silver"));
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - begin);
    EXPECT_LT(took, bound);
    waiting.clear();
    std::printf("silver beside %d that wait for gold: %lld ms\n",
                sessions_beside,
                static_cast<long long>(took.count()));

    gold_server_.thaw();
    expect_recovery("gold");
}

TEST_F(KeyServerFaults, Slow) {
    ASSERT_TRUE(ask("bronze")); // the proxy is a way to it
    proxy_.pace(100ms);
    start_again();
    expect_trouble("bronze");
    EXPECT_TRUE(ask("silver"));
    EXPECT_TRUE(ask("gold")); // the same key server, on another way
    proxy_.pace(0ms);
    expect_recovery("bronze");

    proxy_.pace(100ms);
    start_again();
    std::jthread cutter([this](const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            proxy_.cut();
            std::this_thread::sleep_for(50ms);
        }
    });
    expect_trouble("bronze");
    cutter.request_stop();
    cutter.join();
    proxy_.pace(0ms);
    expect_recovery("bronze");
}

} // namespace
} // namespace vouchsafe::test

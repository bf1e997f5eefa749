// Key providers over their lives, with PyKMIP: rotation by generations, the end of an old one, recovery of
// all blobs by a new cluster, and a burst of releases.
#include "tests/support/authority_process.h"
#include "tests/support/connect_proxy.h"
#include "tests/support/key_server_process.h"
#include "tests/support/played_host.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

namespace vouchsafe::test {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::string_view generations = "vouchsafe.provider_generations";

/// One cluster with the key server, and a host that it trusts.
struct Cluster {
    explicit Cluster(const std::string& image) {
        authority.claim();
        enrol(authority, host, image);
    }

    ~Cluster() {
        EXPECT_EQ(authority.daemon().stop(), 0);
        EXPECT_EQ(sanitizer_report(authority.daemon().log()), "");
    }

    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;

    void attest(PlayedHost& any) {
        const auto attested = any.attest();
        ASSERT_TRUE(attested && attested->outcome == protocol::Outcome::trusted);
        ASSERT_TRUE(any.open_session());
    }

    json::Value gold(std::string_view operation, json::Object input = {}) {
        input.emplace("provider", "gold");
        return authority.must(generations, operation, std::move(input));
    }

    AuthorityProcess authority;
    PlayedHost host;
};

protocol::DecryptKey decrypt(const Buffer& blob, const protocol::Context& context) {
    return {.provider = {"gold"}, .ciphertext = blob, .context = context};
}

protocol::RewrapKey rewrap(const Buffer& blob, const protocol::Context& context) {
    return {.provider = {"gold"}, .ciphertext = blob, .context = context};
}

TEST(Providers, RotateRewrapAndRetire) {
    KeyServerProcess key_server;
    Cluster cluster("rotation-1");
    add_provider(cluster.authority, key_server, "gold", {.name = "kms", .address = key_server.address()});
    cluster.attest(cluster.host);
    const protocol::Context context = fresh_context();
    const auto made = cluster.host.release(protocol::GenerateKey{{"gold"}, context});
    ASSERT_TRUE(made) << made.error().detail;
    const Buffer old_blob = *made->ciphertext;

    const json::Value rotated = cluster.gold("rotate"); // a new key, made on the key server
    EXPECT_EQ(*rotated.find("generation"), json::Value(2));
    const auto blob = cluster.host.rewrap(rewrap(old_blob, context));
    ASSERT_TRUE(blob) << blob.error().where << " " << blob.error().detail;
    EXPECT_NE(*blob, old_blob);
    for (const Buffer& any : {old_blob, *blob}) {
        const auto opened = cluster.host.release(decrypt(any, context));
        ASSERT_TRUE(opened) << opened.error().detail;
        EXPECT_TRUE(crypto::equal(opened->key, made->key));
    }

    const auto refused =
        cluster.authority.invoke(generations, "retire", {{"provider", "gold"}, {"generation", "1"}});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().where, "generation.in_use");
    cluster.gold("retire", {{"generation", "1"}, {"spec", json::object({{"unsafe_in_use", true}})}});
    cluster.attest(cluster.host); // the epoch moved
    EXPECT_EQ(cluster.host.release(decrypt(old_blob, context)).error().where, "gate.retired");
    const auto opened = cluster.host.release(decrypt(*blob, context));
    ASSERT_TRUE(opened) << opened.error().detail;
    EXPECT_TRUE(crypto::equal(opened->key, made->key));

    // The counts outlive the process.
    const json::Value before = cluster.gold("list");
    EXPECT_EQ(*before.as_array().back().find("releases"), json::Value(2));
    ASSERT_EQ(cluster.authority.daemon().stop(), 0);
    cluster.authority.start();
    EXPECT_EQ(cluster.gold("list"), before);
}

TEST(Providers, AreRecoveredByANewCluster) {
    KeyServerProcess key_server;
    const protocol::Context context = fresh_context();
    std::vector<Buffer> blobs;
    std::vector<Secret> keys;
    std::string uid;
    std::vector<std::string> primary_keys;
    {
        Cluster lost("lost-1");
        add_provider(lost.authority, key_server, "gold", {.name = "kms", .address = key_server.address()});
        lost.attest(lost.host);
        for (const bool rotated : {false, true}) {
            if (rotated)
                lost.gold("rotate");
            auto made = lost.host.release(protocol::GenerateKey{{"gold"}, context});
            ASSERT_TRUE(made) << made.error().detail;
            blobs.push_back(*made->ciphertext);
            keys.push_back(std::move(made->key));
        }
        const json::Value listed = lost.gold("list");
        for (const json::Value& generation : listed.as_array())
            primary_keys.push_back(generation.find("master_key_id")->as_string());
    } // and with it all that it knew
    uid = to_hex(Bytes(blobs.front()).subspan(6, 16)); // as any blob tells

    Cluster heir("heir-1");
    json::Array all;
    for (std::size_t i = 0; i < primary_keys.size(); ++i)
        all.push_back(json::object(
            {{"generation", static_cast<std::int64_t>(i + 1)}, {"master_key_id", primary_keys[i]}}));
    const net::Endpoint at = key_server.address();
    heir.authority.must(
        "vouchsafe.providers",
        "recover",
        {{"spec",
          json::object(
              {{"provider", "gold"},
               {"uid", uid},
               {"generations", std::move(all)},
               {"servers", json::array({json::object({{"hostname", at.host}, {"port", at.port}})})}})}});
    trust_each_other(heir.authority, key_server, "gold");
    heir.attest(heir.host);
    for (std::size_t i = 0; i < blobs.size(); ++i) {
        const auto opened = heir.host.release(decrypt(blobs[i], context));
        ASSERT_TRUE(opened) << opened.error().where << " " << opened.error().detail;
        EXPECT_TRUE(crypto::equal(opened->key, keys[i]));
    }
}

TEST(Providers, WrapOnTheKeyServerWithTheSameBlobs) {
    KeyServerProcess key_server;
    Cluster cluster("remote-1");
    add_provider(cluster.authority, key_server, "gold", {.name = "kms", .address = key_server.address()});
    const auto wrap = [&](const std::string& wrapping) {
        cluster.authority.must("vouchsafe.provider_policy",
                               "set",
                               {{"provider", "gold"}, {"spec", json::object({{"wrapping", wrapping}})}});
    };
    cluster.attest(cluster.host);
    const protocol::Context context = fresh_context();
    const auto in_memory = cluster.host.release(protocol::GenerateKey{{"gold"}, context});
    ASSERT_TRUE(in_memory) << in_memory.error().detail;
    wrap("remote");
    const auto there = cluster.host.release(protocol::GenerateKey{{"gold"}, context});
    ASSERT_TRUE(there) << there.error().where << " " << there.error().detail;
    for (const char* const wrapping : {"remote", "fetch"}) {
        wrap(wrapping);
        for (const protocol::ReleasedKey* const made : {&*in_memory, &*there}) {
            const auto opened = cluster.host.release(decrypt(*made->ciphertext, context));
            ASSERT_TRUE(opened) << wrapping << " " << opened.error().where << " " << opened.error().detail;
            EXPECT_TRUE(crypto::equal(opened->key, made->key));
        }
        Buffer changed = *there->ciphertext;
        changed.back() ^= 1U;
        EXPECT_EQ(cluster.host.release(decrypt(changed, context)).error().where, "blob.open") << wrapping;
        EXPECT_EQ(cluster.host.release(decrypt(*there->ciphertext, fresh_context())).error().where,
                  "blob.open")
            << wrapping;
    }
    wrap("remote");
    key_server.kill();
    EXPECT_EQ(cluster.host.release(decrypt(*there->ciphertext, context)).error().code, Errc::unavailable);
}

// A proxy that wants no log-in, and one that wants one, which an authority host does not have.
TEST(Providers, ReachTheirKeyServerThroughAProxy) {
    KeyServerProcess key_server;
    ConnectProxy proxy;
    Cluster cluster("proxy-1");
    add_provider(cluster.authority, key_server, "gold", {.name = "kms", .address = key_server.address()});
    cluster.authority.must(
        "vouchsafe.provider_policy",
        "set",
        {{"provider", "gold"}, {"spec", json::object({{"wrapping", "remote"}})}}); // each release goes there
    cluster.authority.must("vouchsafe.provider_connection",
                           "set",
                           {{"provider", "gold"},
                            {"spec",
                             json::object({{"proxy_server",
                                            json::object({{"hostname", "localhost"},
                                                          {"port", std::int64_t{proxy.port()}}})}})}});
    cluster.attest(cluster.host);
    const protocol::Context context = fresh_context();
    const auto made = cluster.host.release(protocol::GenerateKey{{"gold"}, context});
    ASSERT_TRUE(made) << made.error().where << " " << made.error().detail;
    const net::Endpoint at = key_server.address();
    const auto asked = proxy.asked();
    ASSERT_FALSE(asked.empty());
    for (const std::string& tunnel : asked)
        EXPECT_EQ(tunnel, at.host + ":" + std::to_string(at.port));

    proxy.answer_with("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n");
    proxy.cut();
    EXPECT_EQ(cluster.host.release(decrypt(*made->ciphertext, context)).error().code, Errc::unavailable);

    // As soon as it makes tunnels again, and the server has rested, keys come.
    proxy.answer_with(std::nullopt);
    Result<protocol::ReleasedKey> opened = fail(Errc::unavailable, "not.asked");
    const auto until = Steady::now() + std::chrono::seconds(60);
    while (!opened && Steady::now() < until)
        opened = cluster.host.release(decrypt(*made->ciphertext, context));
    ASSERT_TRUE(opened) << opened.error().where << " " << opened.error().detail;
    EXPECT_TRUE(crypto::equal(opened->key, made->key));
}

/// What came of many operations.
struct Tally {
    std::atomic<int> keys = 0;
    std::atomic<int> waiting = 0; ///< told to come back
    std::atomic<int> other = 0;
};

/// So many operations, `at_once` in a message.
struct Much {
    int operations;
    int at_once;
};

void ask_many(PlayedHost& host, protocol::HostSession& session, const Much& much, Tally& tally) {
    crypto::SystemRandom random;
    const auto [operations, at_once] = much;
    for (int asked = 0; asked < operations; asked += at_once) {
        protocol::ReleaseRequest request;
        for (int i = 0; i < at_once; ++i)
            request.operations.emplace_back(protocol::GenerateKey{{"gold"}, fresh_context()});
        const auto sealed = session.seal(random, request.encode());
        const auto response = host.send(protocol::release_path, sealed->text, "application/jose");
        if (!response || response->status != 200) {
            tally.other += at_once;
            return; // the session is out of step now
        }
        const auto plain = session.open_answer(*sealed, as_text(response->body));
        const auto answer = protocol::ReleaseAnswer::parse(*plain);
        for (const auto& result : answer->results) {
            const auto* const refused = std::get_if<protocol::ReleaseRefusal>(&result);
            if (refused == nullptr)
                ++tally.keys;
            else if (refused->code == "release.quota_host" && refused->retry_after)
                ++tally.waiting;
            else
                ++tally.other;
        }
    }
}

constexpr int storm = 10'000;
constexpr int beside = 25;

/// A provider on a key server, a host that asks for 10,000 keys at once, and another one that wants a few.
class Storms : public testing::Test {
protected:
    Storms() {
        enrol(cluster.authority, quiet, "storm-2");
        add_provider(cluster.authority, key_server, "gold", {.name = "kms", .address = key_server.address()});
        cluster.host.connect(cluster.authority);
        cluster.attest(cluster.host);
        quiet.connect(cluster.authority);
        cluster.attest(quiet);
    }

    void break_loose(int at_once) {
        constexpr int sessions = 4;
        const auto begin = Steady::now();
        std::vector<protocol::HostSession> open;
        for (int i = 0; i < sessions; ++i)
            open.push_back(std::move(*cluster.host.new_session()));
        std::vector<std::jthread> threads;
        for (protocol::HostSession& session : open)
            threads.emplace_back([&] {
                ask_many(cluster.host, session, {.operations = storm / sessions, .at_once = at_once}, tally);
            });
        for (int i = 0; i < beside; ++i) {
            const auto asked = Steady::now();
            const auto got = quiet.release(protocol::GenerateKey{{"gold"}, fresh_context()});
            EXPECT_TRUE(got) << got.error().where << " " << got.error().detail;
            took.push_back(Steady::now() - asked);
        }
        answered_meanwhile = tally.keys + tally.waiting;
        threads.clear();
        seconds = std::chrono::duration<double>(Steady::now() - begin).count();
        EXPECT_EQ(tally.other, 0);
        EXPECT_EQ(tally.keys + tally.waiting, storm);
        EXPECT_EQ(records(audit::kind::release), tally.keys + beside);
    }

    int records(std::string_view kind) const {
        int out = 0;
        for (const audit::AuditRecord& record : cluster.authority.audit_records())
            out += record.kind == kind ? 1 : 0;
        return out;
    }

    void print(const char* what) {
        std::ranges::sort(took);
        const auto milliseconds = [](Steady::duration span) {
            return std::chrono::duration<double, std::milli>(span).count();
        };
        std::printf("%s: %d operations of one host in %.1f s, %d keys, %d told to wait, %d alarms\n"
                    "another host beside it: p50 %.1f ms, longest %.1f ms of %d\n",
                    what,
                    storm,
                    seconds,
                    tally.keys.load(),
                    tally.waiting.load(),
                    records(audit::kind::alarm),
                    milliseconds(took[took.size() / 2]),
                    milliseconds(took.back()),
                    beside);
    }

    KeyServerProcess key_server;
    Cluster cluster{"storm-1"};
    PlayedHost quiet{"b"};
    Tally tally;
    std::vector<Steady::duration> took; ///< by the quiet host's requests
    int answered_meanwhile = 0;         ///< of the storm, when the quiet host had all of its keys
    double seconds = 0;
};

// What one host asks for too much of, it waits for; another one is served meanwhile.
TEST_F(Storms, OfOneHostLeaveTheOthersAlone) {
    constexpr int burst = 2048; // as it is at first
    constexpr int per_minute = 120;
    set_quota(cluster.authority, "gold", burst, per_minute);
    break_loose(20);
    EXPECT_GE(tally.keys, burst);
    EXPECT_GT(tally.waiting, 0);
    EXPECT_GE(records(audit::kind::alarm), 1);
    EXPECT_LE(records(audit::kind::alarm), 2 + static_cast<int>(seconds) / 60);
    const json::Value shown = cluster.authority.must(
        service::providers, "get", {{"cluster", cluster.authority.cluster()}, {"provider", "gold"}});
    EXPECT_EQ(*shown.find("status")->find("health"), json::Value("WARNING"));
    print("storm");
}

// Where no quota ends it, all of it is served, and whoever wants little does not wait for its end.
class LongStorms : public Storms {
protected:
    void serve_all_of_it(const char* what) {
        break_loose(1);
        EXPECT_EQ(tally.keys, storm);
        EXPECT_LT(answered_meanwhile, storm / 2);
        print(what);
    }
};

TEST_F(LongStorms, OfSingleMessagesAreServed) {
    serve_all_of_it("storm of single messages");
}

TEST_F(LongStorms, OnTheKeyServerAreServed) {
    cluster.authority.must("vouchsafe.provider_policy",
                           "set",
                           {{"provider", "gold"}, {"spec", json::object({{"wrapping", "remote"}})}});
    serve_all_of_it("storm on the key server");
}

} // namespace
} // namespace vouchsafe::test

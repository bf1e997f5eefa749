// authorityd killed at random moments under load, and started again each time: what was acknowledged is
// there, and no key has left without its audit record.
#include "json/write.h"
#include "tests/support/authority_process.h"
#include "tests/support/key_server_process.h"
#include "tests/support/played_host.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

namespace vouchsafe::test {
namespace {

using namespace std::chrono_literals;

constexpr int kills = 50;
constexpr std::uint32_t longest_life_ms = 600;

/// One run of the daemon, which every worker takes part in until it finds it gone.
struct Load {
    std::atomic<bool> over = false;
    std::atomic<int> releases = 0;
    std::atomic<int> changes = 0;
    std::mutex mutex{};
    std::set<std::string> keys;          ///< key ids that a key came for, of all runs
    std::map<std::string, bool> cas;     ///< by name: whether it must be there
    std::vector<std::string> unexpected; ///< errors that are not the daemon's going
};

bool is_gone(const Error& error) {
    return error.code == Errc::unavailable || error.code == Errc::timed_out ||
           error.where.starts_with("net.");
}

// Attests and takes keys until the daemon is gone.
void take_keys(PlayedHost& host, Load& load) {
    while (!load.over) {
        Result<void> opened{};
        if (!host.has_session()) {
            const auto attested = host.attest();
            if (!attested)
                opened = std::unexpected(attested.error());
            else if (attested->outcome != protocol::Outcome::trusted)
                opened =
                    fail(Errc::denied, attested->reasons.front().code, attested->reasons.front().message);
            else
                opened = host.open_session();
        }
        const protocol::Context context = fresh_context();
        Result<void> done = opened;
        if (opened) {
            const auto key = host.release(protocol::GenerateKey{.provider = {"gold"}, .context = context});
            if (key) {
                ++load.releases;
                const std::scoped_lock lock(load.mutex);
                load.keys.insert(context.key_id);
            } else {
                done = std::unexpected(key.error());
            }
        }
        if (done)
            continue;
        host.forget_session(); // the epoch moved, or the daemon is gone
        const std::scoped_lock lock(load.mutex);
        if (is_gone(done.error()))
            return;
        static const std::set<std::string> expected{
            "release.session", "gate.epoch", "gate.session", "refused", "gate.moved"};
        if (!expected.contains(done.error().where))
            load.unexpected.push_back(done.error().where + " " + done.error().detail);
    }
}

constexpr int cas_of_each = 8;

// Imports a few TPM CAs and removes them again, which moves the epoch, over and over.
void change_trust(AuthorityProcess& authority, const std::string& cluster, int worker, Load& load) {
    const std::string pem(as_text(read_vector("attestation/other-ca.pem")));
    for (int i = 0; !load.over; ++i) {
        const std::string name = "ca-" + std::to_string(worker) + "-" + std::to_string(i % cas_of_each);
        bool there = false;
        {
            const std::scoped_lock lock(load.mutex);
            there = load.cas[name];
            load.cas.erase(name); // until the change is acknowledged, it may be there or not
        }
        const json::Value chain = json::object({{"cert_chain", json::array({json::Value(pem)})}});
        const auto done =
            there ? authority.invoke(service::cas, "delete", {{"cluster", cluster}, {"name", name}})
                  : authority.invoke(service::cas,
                                     "create",
                                     {{"cluster", cluster},
                                      {"spec", json::object({{"name", name}, {"cert_chain", chain}})}});
        const std::scoped_lock lock(load.mutex);
        if (!done) {
            if (!is_gone(done.error()))
                load.unexpected.push_back(done.error().where + " " + done.error().detail);
            return;
        }
        ++load.changes;
        load.cas[name] = !there;
    }
}

std::uint32_t seed() {
    const char* const given = std::getenv("VS_SEED");
    return given != nullptr ? static_cast<std::uint32_t>(std::stoul(given)) : std::random_device{}();
}

std::map<std::string, bool> imported(AuthorityProcess& authority, const std::string& cluster) {
    std::map<std::string, bool> out;
    const json::Value list = authority.must(service::cas, "list", {{"cluster", cluster}});
    for (const json::Value& ca : list.as_array())
        out[ca.find("name")->as_string()] = true;
    return out;
}

TEST(AuthorityCrash, LosesNothingThatItAcknowledged) {
    AuthorityProcess authority(release_program_path("vouchsafe-authorityd"));
    KeyServerProcess key_server;
    authority.claim();
    const std::string cluster = authority.cluster();
    PlayedHost first("a");
    PlayedHost second("b");
    enrol(authority, first, "crash-1");
    enrol(authority, second, "crash-2");
    add_provider(authority, key_server, "gold", {.name = "main", .address = key_server.address()});

    const std::uint32_t chosen = seed();
    std::printf("VS_SEED=%u\n", chosen);
    std::mt19937 dice(chosen);
    Load load;
    std::int64_t revision = authority.revision();
    for (int run = 0; run < kills; ++run) {
        SCOPED_TRACE("VS_SEED=" + std::to_string(chosen) + " run " + std::to_string(run));
        first.connect(authority);
        second.connect(authority);
        load.over = false;
        std::vector<std::jthread> workers;
        workers.emplace_back([&] { take_keys(first, load); });
        workers.emplace_back([&] { take_keys(second, load); });
        for (int worker = 0; worker < 2; ++worker)
            workers.emplace_back([&, worker] { change_trust(authority, cluster, worker, load); });
        std::this_thread::sleep_for(std::chrono::milliseconds(dice() % longest_life_ms));
        authority.daemon().kill();
        load.over = true;
        workers.clear();

        authority.start();
        const auto now = imported(authority, cluster);
        for (const auto& [name, there] : load.cas)
            EXPECT_EQ(now.contains(name), there) << name;
        for (const auto& [name, there] : now)
            load.cas[name] = there; // also what nobody heard of
        const std::int64_t after = authority.revision();
        EXPECT_GE(after, revision);
        revision = after;
        ASSERT_FALSE(testing::Test::HasFailure());
    }

    // The chain verifies (audit_records checks it), and every key has its record, every change too.
    std::set<std::string> released;
    std::set<std::int64_t> changed;
    for (const audit::AuditRecord& record : authority.audit_records()) {
        if (record.kind == audit::kind::release)
            released.insert(record.fields.at("key_id").as_string());
        if (record.kind == audit::kind::change)
            changed.insert(record.fields.at("revision").as_integer());
    }
    for (const std::string& key : load.keys)
        EXPECT_TRUE(released.contains(key)) << "a key left without its record: " << key;
    for (std::int64_t one = 1; one <= revision; ++one)
        EXPECT_TRUE(changed.contains(one)) << "a change in force without its record: " << one;
    EXPECT_EQ(load.unexpected, std::vector<std::string>{});
    EXPECT_GT(load.releases, 0); // there was a load
    EXPECT_GT(load.changes, kills);
    std::printf("%d keys and %d changes in %d runs\n", load.releases.load(), load.changes.load(), kills);

    first.connect(authority);
    const auto attested = first.attest();
    ASSERT_TRUE(attested && first.open_session());
    EXPECT_TRUE(first.release(protocol::GenerateKey{.provider = {"gold"}, .context = fresh_context()}));
    EXPECT_EQ(authority.daemon().stop(), 0);
}

} // namespace
} // namespace vouchsafe::test

// Key servers that die, freeze, come back and change their certificates while hosts keep asking for keys: no
// wrong key, no release without its record, errors that end, and nobody restarts the authority host.
//
// usage: e2e_load_faults [ROUNDS]    one round is a fault of each kind, at either key server
#include "tests/support/authority_process.h"
#include "tests/support/key_server_process.h"
#include "tests/support/played_host.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <thread>

namespace vouchsafe::test {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr int releasers = 3;                // a host may have four sessions
constexpr std::int64_t timeout_seconds = 1; // of each key server
constexpr auto longest_call = 15s;          // three times that, and all that a busy machine adds
constexpr auto longest_trouble = 60s;
constexpr int enough = 6; // releases that show that it works

int rounds = 1;

/// One thread's work, told from the others' only by its session.
struct Releaser {
    protocol::HostSession session;
    std::atomic<std::int64_t> released = 0;
    std::atomic<std::int64_t> failed = 0;
    std::int64_t wrong = 0;
    std::chrono::milliseconds longest{}; ///< call
    std::map<std::string, int> errors{}; ///< by where
};

class LoadFaults : public testing::Test {
protected:
    LoadFaults() : second_(KeyServerProcess::replica(first_)) {
        authority_.claim();
        enrol(authority_, host_, "load-1");
        add_provider(
            authority_, first_, "gold", {.name = "first", .address = first_.address()}, timeout_seconds);
        add_second();
        wrap_remotely();
        host_.connect(authority_);
        const auto attested = host_.attest();
        VS_CHECK(attested && attested->outcome == protocol::Outcome::trusted);
    }

    ~LoadFaults() override {
        stop_load();
        EXPECT_EQ(authority_.daemon().stop(), 0);
        EXPECT_EQ(sanitizer_report(authority_.daemon().log()), "");
    }

    static json::Value server_json(const std::string& name, const net::Endpoint& at) {
        return json::object(
            {{"name", name}, {"address", json::object({{"hostname", at.host}, {"port", at.port}})}});
    }

    json::Object gold() { return {{"cluster", authority_.cluster()}, {"provider", "gold"}}; }

    void add_second() {
        json::Object input = gold();
        input.emplace(
            "spec",
            json::object(
                {{"key_server",
                  json::object(
                      {{"type", "KMIP"},
                       {"kmip_server",
                        json::object({{"servers",
                                       json::array({server_json("first", first_.address()),
                                                    server_json("second", second_->address())})}})}})}}));
        authority_.must(service::providers, "update", std::move(input));
        pin();
        second_->trust(client_certificate());
    }

    std::string client_certificate() {
        return authority_.must(service::client_certificate, "get", gold()).find("certificate")->as_string();
    }

    /// What both show now, beside all that was pinned before: nothing is narrowed.
    void pin() {
        for (const std::string& shown : {first_.certificate_pem(), second_->certificate_pem()})
            if (std::ranges::find(pinned_, shown) == pinned_.end())
                pinned_.push_back(shown);
        json::Object input = gold();
        input.emplace("spec", json::object({{"certificates", json::array_of(pinned_)}}));
        authority_.must(service::trusted_certificates, "update", std::move(input));
    }

    void wrap_remotely() {
        authority_.must("vouchsafe.provider_policy",
                        "set",
                        {{"provider", "gold"}, {"spec", json::object({{"wrapping", "remote"}})}});
    }

    void start_load() {
        for (int i = 0; i < releasers; ++i) {
            auto session = host_.new_session();
            ASSERT_TRUE(session);
            work_.push_back(std::unique_ptr<Releaser>(new Releaser{.session = *std::move(session)}));
        }
        for (const auto& releaser : work_)
            threads_.emplace_back(
                [this, &one = *releaser](const std::stop_token& stop) { release_on_and_on(one, stop); });
    }

    void stop_load() {
        for (std::jthread& thread : threads_)
            thread.request_stop();
        threads_.clear();
    }

    /// A key of its own every tenth time, and the last one again and again.
    void release_on_and_on(Releaser& one, const std::stop_token& stop) {
        std::optional<protocol::ReleasedKey> known;
        protocol::Context context;
        for (int turn = 0; !stop.stop_requested(); ++turn) {
            const bool anew = !known || turn % 10 == 0;
            const protocol::Context asked = anew ? fresh_context() : context;
            const auto begin = Steady::now();
            auto got = anew ? host_.release(one.session,
                                            protocol::GenerateKey{.provider = {"gold"}, .context = asked})
                            : host_.release(one.session,
                                            protocol::DecryptKey{.provider = {"gold"},
                                                                 .ciphertext = *known->ciphertext,
                                                                 .context = asked});
            const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - begin);
            one.longest = std::max(one.longest, took);
            if (!got) {
                ++one.failed;
                ++one.errors[got.error().where];
                continue;
            }
            ++one.released;
            if (anew) {
                known = *std::move(got);
                context = asked;
            } else if (!crypto::equal(got->key, known->key)) {
                ++one.wrong;
            }
        }
    }

    std::int64_t released() const {
        std::int64_t out = 0;
        for (const auto& one : work_)
            out += one->released;
        return out;
    }

    /// Until every thread got some keys more; how long the slowest had none.
    void expect_releases(const char* when) {
        SCOPED_TRACE(when);
        const auto begin = Steady::now();
        std::vector<std::int64_t> wanted;
        for (const auto& one : work_)
            wanted.push_back(one->released + enough);
        const auto reached = [&] {
            for (std::size_t i = 0; i < work_.size(); ++i)
                if (work_[i]->released < wanted[i])
                    return false;
            return true;
        };
        while (!reached() && Steady::now() - begin < longest_trouble)
            std::this_thread::yield();
        EXPECT_TRUE(reached());
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - begin);
        longest_recovery_ = std::max(longest_recovery_, took);
        std::printf("%-40s %6lld ms until %d more releases each\n",
                    when,
                    static_cast<long long>(took.count()),
                    enough);
    }

    void freeze_and_thaw(KeyServerProcess& server, const char* when) {
        server.freeze();
        expect_releases(when);
        server.thaw();
    }

    void kill_and_restart(KeyServerProcess& server, const char* when) {
        server.kill();
        expect_releases(when);
        server.start();
    }

    void change_certificate(KeyServerProcess& server, const char* when) {
        server.renew_certificate(); // which nobody has pinned yet: it gets no request
        expect_releases(when);
        pin();
    }

    /// A pinned certificate is what the administrator said it is, whatever its dates; one that has run out
    /// and is not pinned is as unknown as any other.
    void expire_certificate(KeyServerProcess& server, KeyServerProcess& other, const std::string& name) {
        server.expire_certificate();
        expect_releases((name + " has a certificate that ran out").c_str());
        EXPECT_FALSE(is_trusted(name));
        pin();
        EXPECT_TRUE(is_trusted(name));
        other.kill();
        expect_releases((name + " is left, with that one pinned").c_str());
        other.start();
        change_certificate(server, (name + " has another, good certificate").c_str());
        EXPECT_TRUE(is_trusted(name));
    }

    /// What the administrator is told of the certificate that the key server shows.
    bool is_trusted(const std::string& name) {
        json::Object input = gold();
        input.emplace("server_names", json::array({json::Value(name)}));
        const json::Value shown = authority_.must(service::current_certificates, "list", std::move(input));
        VS_CHECK(shown.as_array().size() == 1);
        return shown.as_array().front().find("trusted")->as_bool();
    }

    /// The key servers learn of the new one only afterwards.
    void rotate_client_certificate() {
        authority_.must(service::client_certificate, "create", gold());
        const std::string certificate = client_certificate();
        first_.trust(certificate);
        expect_releases("client certificate: one knows it");
        second_->trust(certificate);
        expect_releases("client certificate: both know it");
    }

    /// By kind.
    std::map<std::string, std::int64_t> records() const {
        std::map<std::string, std::int64_t> out;
        for (const audit::AuditRecord& record : authority_.audit_records())
            ++out[record.kind];
        return out;
    }

    AuthorityProcess authority_;
    KeyServerProcess first_;
    std::unique_ptr<KeyServerProcess> second_;
    PlayedHost host_;
    std::vector<std::string> pinned_;
    std::vector<std::unique_ptr<Releaser>> work_;
    std::vector<std::jthread> threads_;
    std::chrono::milliseconds longest_recovery_{};
};

TEST_F(LoadFaults, LoseNoKeyAndNoRecord) {
    const auto before = records();
    start_load();
    expect_releases("at first");
    for (int round = 0; round < rounds; ++round) {
        freeze_and_thaw(first_, "first is frozen");
        kill_and_restart(*second_, "second is killed");
        expire_certificate(first_, *second_, "first");
        rotate_client_certificate();
        if (rounds > 1) { // all of it, at either
            freeze_and_thaw(*second_, "second is frozen");
            kill_and_restart(first_, "first is killed");
            expire_certificate(*second_, first_, "second");
            first_.kill();
            second_->kill();
            first_.start();
            second_->start();
            expect_releases("both were gone");
        }
    }
    expect_releases("at last");
    stop_load();

    std::int64_t failed = 0;
    for (const auto& one : work_) {
        EXPECT_EQ(one->wrong, 0);
        EXPECT_LT(one->longest, longest_call);
        failed += one->failed;
        for (const auto& [where, times] : one->errors)
            std::printf("  %-28s %d\n", where.c_str(), times);
        std::printf("  longest call %lld ms\n", static_cast<long long>(one->longest.count()));
    }
    auto after = records();
    const std::int64_t recorded = after["release"] - (before.contains("release") ? before.at("release") : 0);
    std::printf("%lld released, %lld failed, %lld records of releases, %lld withheld, "
                "longest recovery %lld ms\n",
                static_cast<long long>(released()),
                static_cast<long long>(failed),
                static_cast<long long>(recorded),
                static_cast<long long>(after["withheld"]),
                static_cast<long long>(longest_recovery_.count()));
    EXPECT_EQ(recorded - after["withheld"], released());
    // The administrator is shown two key servers that work.
    const json::Value shown = authority_.must(service::providers, "get", gold());
    EXPECT_EQ(shown.find("status")->find("health")->as_string(), "OK");
}

} // namespace
} // namespace vouchsafe::test

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    if (argc > 1)
        vouchsafe::test::rounds = std::atoi(argv[1]);
    if (!vouchsafe::test::has_key_server()) {
        std::puts("skipped: python3-pykmip is not installed");
        return 77;
    }
    return RUN_ALL_TESTS();
}

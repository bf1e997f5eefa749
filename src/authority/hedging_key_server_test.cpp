#include "authority/hedging_key_server.h"
#include "tests/support/release_house.h"

#include <gtest/gtest.h>

#include <future>
#include <set>

namespace vouchsafe::authority {
namespace {

using namespace std::chrono_literals;

/// Two key servers; one that is frozen takes requests and answers when it thaws.
class FreezingConnector final : public keyprovider::KmipConnector {
public:
    Result<std::unique_ptr<kmip::Transport>> connect(const inventory::Provider& provider,
                                                     const inventory::KmipServer& server) override {
        VS_TRY(auto to, memory.connect(provider, server));
        return std::make_unique<Way>(*this, server.address.hostname, std::move(to));
    }

    Result<std::optional<kmip::Credential>> credential(const inventory::Provider&) override {
        return std::nullopt;
    }

    kmip::Deadline deadline(const inventory::Provider&) override { return kmip::Deadline::max(); }

    Result<kmip::Deadline> answer_deadline(const inventory::Provider&, kmip::Deadline operation) override {
        return operation;
    }

    void freeze(const std::string& host) {
        const std::scoped_lock lock(mutex_);
        frozen_.insert(host);
    }

    void thaw() {
        {
            const std::scoped_lock lock(mutex_);
            frozen_.clear();
        }
        thawed_.notify_all();
    }

    /// Until a request waits there.
    void wait_for_request(const std::string& host) {
        std::unique_lock lock(mutex_);
        thawed_.wait(lock, [&] { return waiting_.contains(host); });
    }

    test::MemoryConnector memory;

private:
    class Way final : public kmip::Transport {
    public:
        Way(FreezingConnector& of, std::string host, std::unique_ptr<kmip::Transport> to)
            : of_(of), host_(std::move(host)), to_(std::move(to)) {}

        Result<Buffer> exchange(Bytes request, kmip::Deadline deadline) override {
            {
                std::unique_lock lock(of_.mutex_);
                of_.waiting_.insert(host_);
                of_.thawed_.notify_all();
                of_.thawed_.wait(lock, [this] { return !of_.frozen_.contains(host_); });
                of_.waiting_.erase(host_);
            }
            return to_->exchange(request, deadline);
        }

    private:
        FreezingConnector& of_;
        std::string host_;
        std::unique_ptr<kmip::Transport> to_;
    };

    std::mutex mutex_;
    std::condition_variable thawed_;
    std::set<std::string> frozen_;
    std::set<std::string> waiting_;
};

class HedgingKeyServerTest : public testing::Test {
protected:
    HedgingKeyServerTest() {
        provider_.servers.push_back({.name = "second", .address = {.hostname = "kms-2", .port = 5696}});
        generation_ = {.number = 2,
                       .primary_key = "pk-2",
                       .check_value = keyprovider::check_value(Secret(Buffer(32, 0x22)))};
        for (const char* const name : {"kms-1", "kms-2"})
            server(name).keys["pk-2"] = {.material = Buffer(32, 0x22)};
    }

    ~HedgingKeyServerTest() override { connector_.thaw(); }

    test::KmipServer& server(const std::string& name) { return connector_.memory.servers[name]; }

    std::size_t gets(const std::string& name) { return server(name).count(kmip::Operation::get); }

    std::string fetched() {
        const auto got = hedging_.fetch(provider_, generation_);
        return got ? got->key.material.expose([](Bytes bytes) { return std::to_string(bytes[0]); })
                   : got.error().where;
    }

    keyprovider::ServerRecord record(std::size_t at) {
        return kmip_.record(provider_, provider_.servers.at(at));
    }

    test::SteppedClock clock_;
    test::CountingRandom random_;
    FreezingConnector connector_;
    keyprovider::KmipKeyServer kmip_{connector_, clock_, random_};
    inventory::Provider provider_ = test::make_state().providers.at("gold");
    inventory::Generation generation_;
    HedgingKeyServer hedging_{kmip_, clock_, {.least = 5ms, .requests_for_one = 100}};
};

TEST_F(HedgingKeyServerTest, AsksOneServerAsLongAsItAnswers) {
    HedgingKeyServer patient(kmip_, clock_, {.least = 1h});
    for (int i = 0; i < 10; ++i)
        EXPECT_TRUE(patient.fetch(provider_, generation_));
    EXPECT_EQ(patient.hedged(), 0U);
    EXPECT_EQ(gets("kms-2"), 0U);
}

TEST_F(HedgingKeyServerTest, AsksTheSecondWhereTheFirstFreezes) {
    ASSERT_EQ(fetched(), "34");
    connector_.freeze("kms-1");
    EXPECT_EQ(fetched(), "34"); // while the first still waits: it has not failed
    EXPECT_EQ(hedging_.hedged(), 1U);
    EXPECT_EQ(gets("kms-2"), 1U);
    EXPECT_FALSE(record(0).failure);
}

TEST_F(HedgingKeyServerTest, ConfirmsByTheSecondToo) {
    ASSERT_EQ(fetched(), "34");
    connector_.freeze("kms-1");
    EXPECT_EQ(hedging_.attributes(provider_, generation_)->state, kmip::State::active);
    EXPECT_EQ(hedging_.hedged(), 1U);
}

TEST_F(HedgingKeyServerTest, KeepsToItsBudget) {
    ASSERT_EQ(fetched(), "34");
    connector_.freeze("kms-1");
    ASSERT_EQ(fetched(), "34"); // the one that it has at first
    auto next = std::async(std::launch::async, [this] { return fetched(); });
    while (hedging_.over_budget() == 0)
        std::this_thread::yield();
    connector_.thaw();
    EXPECT_EQ(next.get(), "34");
    EXPECT_EQ(hedging_.hedged(), 1U);
    EXPECT_EQ(gets("kms-2"), 1U);
}

// The first good answer counts, not the first.
TEST_F(HedgingKeyServerTest, TakesNoOtherKeyForTheFirstAnswer) {
    ASSERT_EQ(fetched(), "34");
    server("kms-2").fault = test::KmipFault::other_value;
    connector_.freeze("kms-1");
    auto answer = std::async(std::launch::async, [this] { return fetched(); });
    while (!record(1).excluded)
        std::this_thread::yield();
    connector_.thaw();
    EXPECT_EQ(answer.get(), "34");
}

TEST_F(HedgingKeyServerTest, LeavesAloneWhatFailoverLeavesAlone) {
    ASSERT_EQ(fetched(), "34");
    server("kms-2").fault = test::KmipFault::timeout;
    for (int i = 0; i < 3; ++i)
        kmip_.compare(provider_, generation_);
    const auto asked = server("kms-2").requests.size();
    connector_.freeze("kms-1");
    auto answer = std::async(std::launch::async, [this] { return fetched(); });
    connector_.wait_for_request("kms-1");
    connector_.thaw();
    EXPECT_EQ(answer.get(), "34");
    EXPECT_EQ(hedging_.hedged(), 0U);
    EXPECT_EQ(server("kms-2").requests.size(), asked);
}

TEST_F(HedgingKeyServerTest, HasNobodyElseToAskWhereThereIsOneServer) {
    provider_.servers.pop_back();
    ASSERT_EQ(fetched(), "34");
    EXPECT_EQ(fetched(), "34");
    EXPECT_EQ(hedging_.hedged(), 0U);
}

} // namespace
} // namespace vouchsafe::authority

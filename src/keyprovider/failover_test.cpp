#include "keyprovider/failover.h"
#include "kmip/failure.h"
#include "tests/support/release_house.h"

#include <gtest/gtest.h>

namespace vouchsafe::keyprovider {
namespace {

using namespace std::chrono_literals;

using Positions = std::vector<std::size_t>;

constexpr BootTime start{100s};

Error error_of(kmip::FailureClass failure_class) {
    return kmip::failure(failure_class, "x");
}

const Error unreachable = error_of(kmip::FailureClass::transport);

ServerRecord failed(unsigned times, BootTime now) {
    ServerRecord record;
    for (unsigned i = 0; i < times; ++i)
        record = after_failure(record, unreachable, now, 0);
    return record;
}

TEST(AfterFailure, OpensAtTheThirdInARow) {
    EXPECT_FALSE(is_open(failed(2, start)));
    EXPECT_TRUE(is_open(failed(3, start)));
    EXPECT_FALSE(is_open(after_failure(after_success(failed(2, start)), unreachable, start, 0)));
}

TEST(AfterFailure, PausesLongerEachTimeAndThenForProbes) {
    EXPECT_EQ(failed(1, start).not_before, start + 100ms);
    EXPECT_EQ(failed(2, start).not_before, start + 200ms);
    EXPECT_EQ(failed(3, start).not_before, start + 5s);
    EXPECT_EQ(failed(9, start).not_before, start + 5s);
}

TEST(AfterFailure, MovesThePauseByHalfOfItAtMost) {
    for (const std::uint32_t jitter : {0U, 1U, 49U, 50U, 51U, 0xFFFFFFU}) {
        const auto until = after_failure({}, unreachable, start, jitter).not_before;
        EXPECT_GE(until, start + 100ms);
        EXPECT_LE(until, start + 150ms);
    }
    EXPECT_NE(after_failure({}, unreachable, start, 7).not_before,
              after_failure({}, unreachable, start, 8).not_before);
}

struct Judged {
    kmip::FailureClass failure_class;
    Verdict verdict;
    bool another;
};

TEST(VerdictOf, KnowsWhatAnAnswerIs) {
    for (const Judged& row : {Judged{kmip::FailureClass::transport, Verdict::unfit, true},
                              Judged{kmip::FailureClass::server_fault, Verdict::unfit, true},
                              Judged{kmip::FailureClass::protocol, Verdict::unfit, true},
                              Judged{kmip::FailureClass::misconfigured, Verdict::refuses_us, true},
                              Judged{kmip::FailureClass::replica_lag, Verdict::works, true},
                              Judged{kmip::FailureClass::final, Verdict::works, false}}) {
        EXPECT_EQ(verdict_of(error_of(row.failure_class)), row.verdict);
        EXPECT_EQ(worth_another_server(error_of(row.failure_class)), row.another);
    }
}

TEST(AfterFailure, CountsARefusalForTheServer) {
    EXPECT_EQ(after_failure(failed(2, start), error_of(kmip::FailureClass::final), start, 0).failures, 0U);
}

TEST(AfterFailure, AsksLastWhoRefusesUs) {
    const ServerRecord refuses = after_failure({}, error_of(kmip::FailureClass::misconfigured), start, 0);
    EXPECT_FALSE(is_open(refuses));
    EXPECT_EQ(order({refuses, {}}, start), (Positions{1, 0}));
    EXPECT_EQ(order({refuses, {}}, start + 5s), (Positions{0, 1}));
}

TEST(Order, PutsWhatWorksFirst) {
    const ServerRecord good = after_success({});
    ServerRecord other_value = good;
    other_value.excluded = Error{Errc::conflict, "primary_key.check_value", ""};
    EXPECT_EQ(order({good, good}, start), (Positions{0, 1}));
    EXPECT_EQ(order({failed(1, start), good}, start), (Positions{1, 0}));
    EXPECT_EQ(order({failed(1, start), good}, start + 1s), (Positions{0, 1})); // its pause is over
    EXPECT_EQ(order({failed(3, start), good}, start), (Positions{1}));
    EXPECT_EQ(order({failed(3, start), good}, start + 4999ms), (Positions{1}));
    EXPECT_EQ(order({failed(3, start), good}, start + 5s), (Positions{1, 0})); // the probe comes last
    EXPECT_EQ(order({other_value, good}, start + 1h), (Positions{1}));
}

class FailoverTest : public testing::Test {
protected:
    FailoverTest() {
        provider_.uid = "p";
        provider_.servers = {{.name = "one", .address = {.hostname = "kms-1", .port = 5696}},
                             {.name = "two", .address = {.hostname = "kms-2", .port = 5696}}};
    }

    std::vector<std::string> names() {
        std::vector<std::string> out;
        if (const auto servers = failover_.servers_for(provider_))
            for (const inventory::KmipServer& server : *servers)
                out.push_back(server.name);
        return out;
    }

    void fail(const inventory::KmipServer& server, int times) {
        for (int i = 0; i < times; ++i)
            failover_.failed(provider_, server, unreachable);
    }

    using Names = std::vector<std::string>;

    test::SteppedClock clock_;
    test::CountingRandom random_;
    Failover failover_{clock_, random_};
    inventory::Provider provider_;
};

TEST_F(FailoverTest, LeavesAnOpenServerAloneButForProbes) {
    EXPECT_EQ(names(), (Names{"one", "two"}));
    fail(provider_.servers[0], 3);
    EXPECT_EQ(names(), (Names{"two"}));
    EXPECT_FALSE(failover_.claim(provider_, provider_.servers[0]));
    clock_.pass(8s);
    EXPECT_EQ(names(), (Names{"two", "one"}));
    EXPECT_TRUE(failover_.claim(provider_, provider_.servers[0]));
    EXPECT_FALSE(failover_.claim(provider_, provider_.servers[0])); // one call probes, the others wait
    failover_.succeeded(provider_, provider_.servers[0]);
    EXPECT_EQ(names(), (Names{"one", "two"}));
    EXPECT_TRUE(failover_.claim(provider_, provider_.servers[0]));
    EXPECT_TRUE(failover_.claim(provider_, provider_.servers[0]));
}

TEST_F(FailoverTest, FailsFastWhenAllAreLeftAlone) {
    fail(provider_.servers[0], 3);
    fail(provider_.servers[1], 3);
    EXPECT_EQ(failover_.servers_for(provider_).error().where, "kmip.transport");
    provider_.servers.clear();
    EXPECT_EQ(failover_.servers_for(provider_).error().where, "key_server.none");
}

TEST_F(FailoverTest, NeverAsksAnExcludedServer) {
    const Error why{.code = Errc::conflict, .where = "primary_key.check_value", .detail = "x"};
    failover_.exclude(provider_, provider_.servers[0], why);
    failover_.succeeded(provider_, provider_.servers[0]); // an answer does not bring it back
    EXPECT_EQ(names(), (Names{"two"}));
    EXPECT_FALSE(failover_.claim(provider_, provider_.servers[0]));
    EXPECT_EQ(failover_.record(provider_, provider_.servers[0]).excluded, why);
    failover_.exclude(provider_, provider_.servers[1], why);
    EXPECT_EQ(failover_.servers_for(provider_).error().where, "primary_key.check_value");
    failover_.admit(provider_, provider_.servers[0]);
    EXPECT_EQ(names(), (Names{"one"}));
}

TEST_F(FailoverTest, TakesAnotherAddressForAnotherServer) {
    fail(provider_.servers[0], 3);
    provider_.servers[0].address.port = 5697;
    EXPECT_EQ(names(), (Names{"one", "two"}));
}

TEST_F(FailoverTest, ForgetsServersThatAreGone) {
    fail(provider_.servers[0], 3);
    failover_.agreed(provider_, provider_.servers[1], kmip::ProtocolVersion{1, 4});
    EXPECT_EQ(failover_.record(provider_, provider_.servers[1]).version, (kmip::ProtocolVersion{1, 4}));
    inventory::AuthorityState state;
    state.providers["gold"] = provider_;
    failover_.retain(state);
    EXPECT_EQ(failover_.size(), 2U);
    state.providers["gold"].servers[0].address.port = 5697;
    failover_.retain(state);
    EXPECT_EQ(failover_.size(), 1U);
    state.providers.clear();
    failover_.retain(state);
    EXPECT_EQ(failover_.size(), 0U);
}

} // namespace
} // namespace vouchsafe::keyprovider

#include "tests/support/authority_house.h"

#include <gtest/gtest.h>

namespace vouchsafe::authority {
namespace {

using test::AuthorityHouse;

struct AuditOperations : testing::Test {
    AuthorityHouse house;

    Result<json::Value> list(json::Object query) {
        return house.call("vouchsafe.audit", "list", json::Value(std::move(query)));
    }

    json::Array good(json::Object query) { return AuthorityHouse::good(list(std::move(query))).as_array(); }

    void release(const std::string& host) {
        house.clock.pass(std::chrono::seconds(1));
        ASSERT_TRUE(house.audit->append(
            audit::kind::release, {{"host", host}, {"vm", "v-1"}, {"key_id", "k-1"}, {"provider", "gold"}}));
    }
};

TEST_F(AuditOperations, ShowWholeRecordsThatMakeTheChainAgain) {
    release("h-1");
    audit::ChainHead head;
    for (const json::Value& value : good({})) {
        const auto record = audit::from_json(value);
        ASSERT_TRUE(record) << record.error().where;
        EXPECT_EQ(record->sequence, head.next);
        EXPECT_EQ(record->previous, head.previous);
        std::string line = *audit::encode_line(*record);
        line.pop_back();
        head = {.next = head.next + 1, .previous = audit::line_digest(line)};
    }
    EXPECT_EQ(head, house.audit->head());
}

TEST_F(AuditOperations, GiveTheNewestOrWhatComesAfter) {
    const json::Array all = good({});
    ASSERT_GE(all.size(), 3U);
    EXPECT_EQ(good({{"limit", 1}}), json::Array{all.back()});
    EXPECT_EQ(good({{"limit", 1}, {"before", 3}}), json::Array{all.at(1)});
    EXPECT_EQ(good({{"limit", 1}, {"after", 0}}), json::Array{all.front()});
    EXPECT_EQ(good({{"limit", 1}, {"after", 1}}), json::Array{all.at(1)});
    EXPECT_TRUE(good({{"after", all.size()}}).empty());
}

TEST_F(AuditOperations, TakeEveryFilter) {
    release("h-1");
    const std::string between = to_text(house.clock.time + std::chrono::milliseconds(1));
    release("h-2");
    const auto count = [&](json::Object query) {
        query.emplace("kind", json::array({"release", "withheld"}));
        return good(std::move(query)).size();
    };
    EXPECT_EQ(count({}), 2U);
    EXPECT_EQ(count({{"host", "h-1"}}), 1U);
    EXPECT_EQ(count({{"key", "k-1"}}), 2U);
    EXPECT_EQ(count({{"key", "k-2"}}), 0U);
    EXPECT_EQ(count({{"vm", "v-2"}}), 0U);
    EXPECT_EQ(count({{"provider", "lead"}}), 0U);
    EXPECT_EQ(count({{"since", between}}), 1U);
    EXPECT_EQ(count({{"until", between}}), 1U);
    EXPECT_TRUE(good({{"kind", json::array({"stop"})}}).empty());
}

TEST_F(AuditOperations, RefuseWhatIsNoQuery) {
    EXPECT_EQ(list({{"limit", 0}}).error().where, "query.limit");
    EXPECT_EQ(list({{"limit", 10'001}}).error().where, "query.limit");
    EXPECT_EQ(list({{"since", "March"}}).error().where, "query.time");
    EXPECT_EQ(list({{"until", "2027-03"}}).error().where, "query.time");
}

TEST_F(AuditOperations, AreForAuditors) {
    EXPECT_TRUE(house.call_as({.groups = {"Auditors"}}, "vouchsafe.audit", "list"));
    EXPECT_EQ(house.call_as({.groups = {"VMAdministrators"}}, "vouchsafe.audit", "list").error().where,
              "admin.privilege");
    EXPECT_EQ(house.call_as({.issuer = test::consumer_issuer}, "vouchsafe.audit", "list").error().where,
              "admin.consumer");
}

} // namespace
} // namespace vouchsafe::authority

#include "appraisal/userspace_log.h"
#include "tests/support/userspace_log.h"

#include <gtest/gtest.h>

#include <string>

namespace vouchsafe::appraisal {
namespace {

using test::userspace_record;

const std::vector<Algorithm> two_banks{Algorithm::sha1, Algorithm::sha256};

Result<UserspaceLog> parsed(const std::string& text, const UserspaceLimits& limits = {}) {
    return parse_userspace_log(as_bytes(text), limits);
}

json::Value digest(const std::string& algorithm, std::size_t size) {
    return json::object({{"hashAlg", algorithm}, {"digest", std::string(size * 2, 'a')}});
}

/// Where the parser refuses a log of a good record and this one.
std::string refused(const json::Value& record) {
    const auto log = parsed(userspace_record({.text = "ready"}, two_banks) + userspace_record(record));
    if (log)
        return "accepted";
    EXPECT_TRUE(log.error().detail.starts_with("record 1 at offset ")) << log.error().detail;
    return log.error().where;
}

TEST(UserspaceLog, ReadsRecordsAsSystemdWritesThem) {
    const auto log = parsed(
        userspace_record({.text = "enter-initrd"}, two_banks) +
        userspace_record({.pcr = 15, .text = "machine-id:0", .kind = "machine-id"}, {Algorithm::sha256}));
    ASSERT_TRUE(log) << log.error().detail;
    ASSERT_EQ(log->size(), 2U);
    EXPECT_EQ(log->at(0).pcr, 11U);
    EXPECT_EQ(log->at(0).kind, "phase");
    EXPECT_EQ(log->at(0).text, "enter-initrd");
    EXPECT_EQ(log->at(0).digests.at(Algorithm::sha1), hash(Algorithm::sha1, as_bytes("enter-initrd")));
    EXPECT_EQ(log->at(1).index, 1U);
    EXPECT_EQ(log->at(1).digests.size(), 1U);
    EXPECT_TRUE(parsed("")->empty());
}

TEST(UserspaceLog, PassesOverWhatItDoesNotKnow) {
    const auto sha256 = json::array({digest("sha256", 32)});
    // NV indices in place of a PCR, another writer's content, members to come
    const auto log = parsed(userspace_record(json::object({{"nv_index", 0x1d10200}, {"digests", sha256}})) +
                            userspace_record(json::object({{"pcr", 1},
                                                           {"digests", sha256},
                                                           {"content_type", "other"},
                                                           {"content", json::object({{"string", 7}})}})) +
                            userspace_record(json::object(
                                {{"pcr", 1}, {"digests", sha256}, {"content_type", "systemd"}, {"new", 1}})));
    ASSERT_TRUE(log) << log.error().detail;
    EXPECT_FALSE(log->at(0).pcr);
    EXPECT_EQ(log->at(1).text, "");
    EXPECT_EQ(log->at(2).kind, "");
}

TEST(UserspaceLog, RefusesRecordsOutOfForm) {
    const auto good = json::array({digest("sha256", 32)});
    const auto with = [](json::Value digests) {
        return json::object({{"pcr", 11}, {"digests", std::move(digests)}});
    };
    EXPECT_EQ(refused(with(good)), "accepted"); // the twin
    EXPECT_EQ(refused(json::object({{"digests", good}})), "userspace.pcr");
    EXPECT_EQ(refused(json::object({{"pcr", 24}, {"digests", good}})), "userspace.pcr");
    EXPECT_EQ(refused(json::object({{"pcr", -1}, {"digests", good}})), "userspace.pcr");
    EXPECT_EQ(refused(json::object({{"pcr", 11}})), "userspace.digests");
    EXPECT_EQ(refused(with(json::array({}))), "userspace.digests");
    EXPECT_EQ(refused(with(json::array({digest("sha256", 31)}))), "userspace.digests");
    EXPECT_EQ(refused(with(json::array({digest("md5", 16)}))), "userspace.digests");
    EXPECT_EQ(refused(with(json::array({digest("sha256", 32), digest("sha256", 32)}))), "userspace.digests");
    EXPECT_EQ(refused(with(json::Array(9, digest("sha256", 32)))), "userspace.digests");
    EXPECT_EQ(refused(json::array({})), "userspace");
}

TEST(UserspaceLog, RefusesBytesBetweenRecordsAndHalfOnes) {
    const std::string one = userspace_record({.text = "ready"}, two_banks);
    const auto where = [](const std::string& text) {
        const auto log = parsed(text);
        return log ? "accepted" : log.error().where;
    };
    EXPECT_EQ(where(one + one), "accepted");
    EXPECT_EQ(where(one.substr(1)), "userspace.record");
    EXPECT_EQ(where(one + "\n" + one), "userspace.record");
    EXPECT_EQ(where(one.substr(0, one.size() - 1)), "userspace.record");
    EXPECT_EQ(where("\x1e"), "userspace.record");
    EXPECT_EQ(where("\x1e{}x\n"), "userspace.json");
    EXPECT_EQ(where(one + std::string(1, '\0')), "userspace.record");
}

TEST(UserspaceLog, HasLimits) {
    const std::string one = userspace_record({.text = "ready"}, two_banks);
    const auto code = [](const Result<UserspaceLog>& log) { return log.error().code; };
    EXPECT_TRUE(parsed(one + one, {.log_bytes = 2 * one.size(), .records = 2}));
    EXPECT_EQ(code(parsed(one, {.log_bytes = one.size() - 1})), Errc::too_large);
    EXPECT_EQ(code(parsed(one + one, {.records = 1})), Errc::too_large);
    const std::size_t text = one.size() - 2; // without separator and line feed
    EXPECT_TRUE(parsed(one, {.record_bytes = text}));
    EXPECT_EQ(parsed(one, {.record_bytes = text - 1}).error().where, "userspace.record");
    std::string deep = "\x1e";
    deep += std::string(9, '[') + std::string(9, ']') + "\n";
    EXPECT_EQ(code(parsed(deep)), Errc::too_large);
}

} // namespace
} // namespace vouchsafe::appraisal

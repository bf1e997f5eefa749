#include "authority/audit_start.h"
#include "tests/support/audit_log.h"

#include <gtest/gtest.h>

namespace vouchsafe::authority {
namespace {

struct AuditStartTest : testing::Test {
    AuditStartTest() {
        log.add(audit::kind::start, {{"revision", 5}});
        log.add(audit::kind::change, {{"revision", 6}});
        before = log.head;
    }

    static AuditStart shown(const test::AuditLog& of, std::optional<audit::ChainHead> expected) {
        AuditStart start(expected);
        audit::ChainVerifier chain;
        VS_CHECK(chain.feed(of.text(), [&start](const auto& record) { start.take(record); }).has_value());
        return start;
    }

    std::string verdict(std::optional<audit::ChainHead> expected) const {
        const auto checked = shown(log, expected).check();
        return checked ? "" : checked.error().where;
    }

    test::AuditLog log;
    audit::ChainHead before;
};

TEST_F(AuditStartTest, TakesALogThatWentOnOrStoodStill) {
    EXPECT_EQ(verdict(std::nullopt), "");
    EXPECT_EQ(verdict(audit::ChainHead{}), "");
    EXPECT_EQ(verdict(before), "");
    log.add(audit::kind::stop);
    EXPECT_EQ(verdict(before), "");
    log.add(audit::kind::start);
    EXPECT_EQ(verdict(before), "");
}

TEST_F(AuditStartTest, RefusesALogThatWasCutBack) {
    const test::AuditLog short_log = log;
    log.add(audit::kind::release);
    const audit::ChainHead further = log.head;
    log = short_log;
    EXPECT_EQ(verdict(further), "audit.cut_back");
    log = {};
    EXPECT_EQ(verdict(further), "audit.cut_back");
}

TEST_F(AuditStartTest, RefusesAnotherHistoryOfTheSameLength) {
    test::AuditLog other;
    other.add(audit::kind::start, {{"revision", 5}});
    other.add(audit::kind::change, {{"revision", 7}});
    log = other;
    EXPECT_EQ(verdict(before), "audit.cut_back");
    log.add(audit::kind::stop);
    EXPECT_EQ(verdict(before), "audit.cut_back");
}

TEST_F(AuditStartTest, KnowsTheHighestRevision) {
    log.add(audit::kind::stop, {{"revision", 2}});
    EXPECT_EQ(shown(log, std::nullopt).audited_revision(), 6);
}

} // namespace
} // namespace vouchsafe::authority

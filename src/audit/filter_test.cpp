#include "audit/filter.h"

#include <gtest/gtest.h>

namespace vouchsafe::audit {
namespace {

AuditRecord record() {
    return {.sequence = 7,
            .previous = {},
            .time = from_seconds(1'800'000'000),
            .host = AuthorityHostId{"authority-1"},
            .kind = std::string(kind::release),
            .fields = {{"host", "h-1"}, {"key_id", "k"}, {"vm", "v"}, {"provider", "gold"}}};
}

TEST(AuditFilter, TakesAllWhenItIsEmpty) {
    EXPECT_TRUE(Filter{}.matches(record()));
}

TEST(AuditFilter, WantsEachOfItsMembers) {
    const SysTime at = record().time;
    EXPECT_TRUE((Filter{.kinds = {"stop", "release"}}.matches(record())));
    EXPECT_FALSE((Filter{.kinds = {"stop"}}.matches(record())));
    EXPECT_TRUE(Filter{.host = "h-1"}.matches(record()));
    EXPECT_FALSE(Filter{.host = "authority-1"}.matches(record()));
    EXPECT_TRUE(Filter{.key = "k"}.matches(record()));
    EXPECT_FALSE(Filter{.key = "l"}.matches(record()));
    EXPECT_TRUE(Filter{.vm = "v"}.matches(record()));
    EXPECT_FALSE(Filter{.vm = "w"}.matches(record()));
    EXPECT_TRUE(Filter{.provider = "gold"}.matches(record()));
    EXPECT_FALSE(Filter{.provider = "lead"}.matches(record()));
    EXPECT_TRUE(Filter{.since = at}.matches(record()));
    EXPECT_FALSE(Filter{.since = at + std::chrono::milliseconds(1)}.matches(record()));
    EXPECT_TRUE(Filter{.until = at + std::chrono::milliseconds(1)}.matches(record()));
    EXPECT_FALSE(Filter{.until = at}.matches(record()));
    EXPECT_TRUE(Filter{.after = 6}.matches(record()));
    EXPECT_FALSE(Filter{.after = 7}.matches(record()));
    EXPECT_TRUE(Filter{.before = 8}.matches(record()));
    EXPECT_FALSE(Filter{.before = 7}.matches(record()));
}

TEST(AuditFilter, AFieldThatIsNoTextIsNoName) {
    AuditRecord odd = record();
    odd.fields["vm"] = 1;
    EXPECT_FALSE(Filter{.vm = "1"}.matches(odd));
}

struct SpanRow {
    const char* text;
    const char* first;
    const char* end;
};

TEST(AuditSpan, IsAMonthADayOrAnInstant) {
    const SpanRow rows[] = {
        {"2027-03", "2027-03-01T00:00:00.000Z", "2027-04-01T00:00:00.000Z"},
        {"2027-12", "2027-12-01T00:00:00.000Z", "2028-01-01T00:00:00.000Z"},
        {"2028-02-29", "2028-02-29T00:00:00.000Z", "2028-03-01T00:00:00.000Z"},
        {"2027-03-14T15:09:26Z", "2027-03-14T15:09:26.000Z", "2027-03-14T15:09:26.001Z"},
    };
    for (const SpanRow& row : rows) {
        const auto span = span_from_text(row.text);
        ASSERT_TRUE(span) << row.text;
        EXPECT_EQ(to_text(span->first), row.first);
        EXPECT_EQ(to_text(span->end), row.end);
    }
    for (const char* const text :
         {"", "2027", "2027-13", "2027-3", "2027-02-30", "yesterday", "2027-03-14T15"})
        EXPECT_EQ(span_from_text(text).error().where, "audit.span") << text;
}

} // namespace
} // namespace vouchsafe::audit

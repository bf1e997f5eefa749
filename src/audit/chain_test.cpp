#include "audit/chain.h"
#include "base/bytes.h"
#include "json/parse.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vouchsafe::audit {
namespace {

SysTime at(int seconds) {
    return from_seconds(1'800'000'000 + seconds);
}

Entry entry(int n) {
    json::Object fields;
    fields.emplace("number", n);
    return Entry{.time = at(n),
                 .host = AuthorityHostId{"authority-1"},
                 .kind = kind::attestation,
                 .fields = std::move(fields)};
}

struct File {
    std::vector<std::string> lines;
    ChainHead head;
};

File file_of(int records) {
    File out;
    for (int i = 0; i < records; ++i) {
        auto link = append(out.head, entry(i));
        EXPECT_TRUE(link);
        out.lines.push_back(link->line);
        out.head = link->head;
    }
    return out;
}

std::string joined(const std::vector<std::string>& lines) {
    std::string out;
    for (const std::string& line : lines)
        out += line;
    return out;
}

std::expected<void, Break> verify(std::string_view bytes) {
    ChainVerifier verifier;
    if (auto fed = verifier.feed(bytes); !fed)
        return fed;
    return verifier.finish();
}

/// Where it must break, and why.
void expect_break(std::string_view bytes, std::int64_t sequence, std::string_view where) {
    const auto result = verify(bytes);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().sequence, sequence);
    EXPECT_EQ(result.error().cause.where, where);
}

TEST(AuditRecord, HasOneEncoding) {
    const AuditRecord record{.sequence = 1,
                             .previous = {},
                             .time = at(0),
                             .host = AuthorityHostId{"authority-1"},
                             .kind = std::string(kind::start),
                             .fields = {{"revision", json::Value(3)}}};
    const auto line = encode_line(record);
    ASSERT_TRUE(line);
    EXPECT_EQ(*line,
              R"({"fields":{"revision":3},"host":"authority-1","kind":"start",)"
              R"("prev":"0000000000000000000000000000000000000000000000000000000000000000",)"
              R"("seq":1,"time":"2027-01-15T08:00:00.000Z","version":1})"
              "\n");
    const auto back = parse_line(std::string_view(*line).substr(0, line->size() - 1));
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, record);
}

TEST(AuditRecord, DigestIsOverPrefixAndLine) {
    // printf 'vouchsafe/audit/1{}' | sha256sum
    EXPECT_EQ(to_hex(line_digest("{}")), "9ceff4b67bcfdd8d902d1fd1c3a8a3ce3a5f659a4f0708f905b4603a47e1de16");
}

TEST(AuditRecord, RefusesFieldsThatDoNotFit) {
    Entry big = entry(0);
    big.fields.emplace("long", std::string(max_line_bytes, 'x'));
    const auto link = append(ChainHead{}, std::move(big));
    ASSERT_FALSE(link);
    EXPECT_EQ(link.error().where, "audit.size");
}

struct BadLine {
    std::string_view name;
    std::string_view from;
    std::string_view to;
    std::string_view where;
};

class BadLines : public testing::TestWithParam<BadLine> {};

TEST_P(BadLines, AreRefused) {
    std::string line = file_of(1).lines.front();
    line.pop_back();
    ASSERT_TRUE(parse_line(line));
    const std::size_t place = line.find(GetParam().from);
    ASSERT_NE(place, line.npos);
    line.replace(place, GetParam().from.size(), GetParam().to);
    const auto record = parse_line(line);
    ASSERT_FALSE(record);
    EXPECT_EQ(record.error().where, GetParam().where);
}

INSTANTIATE_TEST_SUITE_P(
    AuditRecord,
    BadLines,
    testing::Values(BadLine{"UnknownMember", R"("host")", R"("hint":1,"host")", "audit"},
                    BadLine{"OtherVersion", R"("version":1)", R"("version":2)", "audit.version"},
                    BadLine{"SequenceZero", R"("seq":1)", R"("seq":0)", "audit.seq"},
                    BadLine{"SequenceBeyond", R"("seq":1)", R"("seq":9007199254740993)", "audit.seq"},
                    BadLine{"ShortDigest", R"("prev":"00)", R"("prev":")", "audit.prev"},
                    BadLine{"TimeInWholeSeconds", ".000Z", "Z", "audit.time"},
                    BadLine{"KindInCapitals", "attestation", "Attestation", "audit.kind"},
                    BadLine{"KindEmpty", "attestation", "", "audit.kind"},
                    BadLine{"HostEmpty", "authority-1", "", "audit.host"},
                    BadLine{"FieldsNoObject", R"({"number":0})", "[]", "audit.fields"},
                    BadLine{"NotCanonical", R"("seq":1)", R"("seq": 1)", "json.canonical"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(AuditChain, VerifiesWhatWasAppended) {
    const File file = file_of(20);
    const std::string bytes = joined(file.lines);
    ChainVerifier verifier;
    int seen = 0;
    ASSERT_TRUE(verifier.feed(bytes, [&](const AuditRecord& record) { EXPECT_EQ(record.sequence, ++seen); }));
    EXPECT_TRUE(verifier.finish());
    EXPECT_EQ(seen, 20);
    EXPECT_EQ(verifier.head(), file.head);
    EXPECT_EQ(verifier.good_bytes(), bytes.size());
}

TEST(AuditChain, VerifiesPiecesOfAnySize) {
    const std::string bytes = joined(file_of(5).lines);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{200}}) {
        ChainVerifier verifier;
        for (std::size_t i = 0; i < bytes.size(); i += piece)
            ASSERT_TRUE(verifier.feed(std::string_view(bytes).substr(i, piece)));
        EXPECT_TRUE(verifier.finish());
        EXPECT_EQ(verifier.head().next, 6);
    }
}

TEST(AuditChain, GoesOnFromAKnownHead) {
    const File file = file_of(3);
    const auto link = append(file.head, entry(3));
    ASSERT_TRUE(link);
    ChainVerifier verifier(file.head);
    EXPECT_TRUE(verifier.feed(link->line));
    ChainVerifier stranger(ChainHead{.next = 4, .previous = {}});
    const auto broken = stranger.feed(link->line);
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().cause.where, "chain.previous");
}

TEST(AuditChain, NoticesAnAlteredRecord) {
    File file = file_of(4);
    std::string& line = file.lines.at(1);
    line.replace(line.find(R"("number":1)"), 10, R"("number":7)");
    expect_break(joined(file.lines), 3, "chain.previous"); // the record after it no longer attaches
}

TEST(AuditChain, NoticesADroppedRecord) {
    File file = file_of(4);
    file.lines.erase(file.lines.begin() + 1);
    expect_break(joined(file.lines), 2, "chain.sequence");
}

TEST(AuditChain, NoticesSwappedRecords) {
    File file = file_of(4);
    std::swap(file.lines.at(1), file.lines.at(2));
    expect_break(joined(file.lines), 2, "chain.sequence");
}

TEST(AuditChain, NoticesARecordOfAnotherChain) {
    File file = file_of(3);
    json::Object fields;
    fields.emplace("number", 99);
    const auto other = append(
        ChainHead{},
        Entry{.time = at(9), .host = AuthorityHostId{"x"}, .kind = kind::start, .fields = std::move(fields)});
    ASSERT_TRUE(other);
    const auto forged = append(other->head, entry(1));
    ASSERT_TRUE(forged);
    file.lines.at(1) = forged->line;
    expect_break(joined(file.lines), 2, "chain.previous");
}

TEST(AuditChain, NamesOffsetOfTheBreak) {
    File file = file_of(3);
    const std::uint64_t offset = file.lines.at(0).size() + file.lines.at(1).size();
    file.lines.at(2) = "garbage\n";
    const auto result = verify(joined(file.lines));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().offset, offset);
    EXPECT_EQ(result.error().sequence, 3);
}

TEST(AuditChain, SaysWhereATornTailBegins) {
    const File file = file_of(3);
    const std::string bytes = joined(file.lines);
    ChainVerifier verifier;
    ASSERT_TRUE(verifier.feed(std::string_view(bytes).substr(0, bytes.size() - 5)));
    const auto end = verifier.finish();
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().cause.where, "chain.torn");
    EXPECT_EQ(verifier.good_bytes(), bytes.size() - file.lines.back().size());
}

TEST(AuditChain, BoundsALineThatNeverEnds) {
    ChainVerifier verifier;
    const std::string piece(max_line_bytes / 2, 'x');
    ASSERT_TRUE(verifier.feed(piece));
    const auto broken = verifier.feed(piece);
    ASSERT_FALSE(broken);
    EXPECT_EQ(broken.error().cause.where, "audit.size");
}

TEST(AuditChain, RefusesAnEmptyLine) {
    expect_break("\n", 1, "json.syntax");
}

} // namespace
} // namespace vouchsafe::audit

#include "base/reader.h"
#include "eventlog/ima.h"
#include "tests/support/recorded_boot.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::eventlog {
namespace {

using namespace std::string_literals;

Buffer field(std::string_view text) {
    return Writer().little(static_cast<std::uint32_t>(text.size())).text(text).done();
}

Buffer file_fields(std::string_view name) {
    return Writer().bytes(field("sha256:\0"s + std::string(32, 'd'))).bytes(field(name)).done();
}

struct Parts {
    std::uint32_t pcr = 10;
    std::size_t digest_bytes = 20;
    std::string name = "ima-ng";
    Buffer data = file_fields("/usr/bin/a b\0"s);
};

Buffer entry(const Parts& parts) {
    Writer out;
    out.little(parts.pcr).bytes(Buffer(parts.digest_bytes, 0x77)).bytes(field(parts.name));
    if (parts.name != "ima")
        out.little(static_cast<std::uint32_t>(parts.data.size()));
    return out.bytes(parts.data).done();
}

Buffer oldest_data(std::string_view name) {
    return Writer().bytes(Buffer(20, 0x33)).bytes(field(name)).done();
}

TEST(ImaList, ParsesARecordedList) {
    const Buffer bytes = test::load_boot("uki").ima_log;
    const auto list = parse_ima_list(bytes);
    ASSERT_TRUE(list) << list.error().detail;
    EXPECT_EQ(list->digest_bytes, 20U);
    ASSERT_EQ(list->entries.size(), 1U);
    EXPECT_EQ(list->entries[0].pcr, 10U);
    EXPECT_EQ(list->entries[0].template_name, "ima-sig");
    const auto file = decode_ima_file(list->entries[0]);
    ASSERT_TRUE(file);
    EXPECT_EQ(file->name, "boot_aggregate");
    EXPECT_EQ(file->algorithm, "sha256");
    EXPECT_EQ(to_hex(file->digest), "dc515f27307ebd9a7256928d40eff437c3e43a7d6a40beb59eed1cc6178fb38f");
    EXPECT_TRUE(file->signature.empty());
}

TEST(ImaList, TakesMixedTemplatesAndPcrs) {
    const Buffer bytes = Writer()
                             .bytes(entry({}))
                             .bytes(entry({.name = "ima", .data = oldest_data("/init")}))
                             .bytes(entry({.pcr = 11, .name = "ima-buf", .data = field("x")}))
                             .done();
    const auto list = parse_ima_list(bytes);
    ASSERT_TRUE(list) << list.error().detail;
    ASSERT_EQ(list->entries.size(), 3U);
    EXPECT_EQ(decode_ima_file(list->entries[0])->name, "/usr/bin/a b");
    EXPECT_EQ(decode_ima_file(list->entries[1])->name, "/init");
    EXPECT_EQ(decode_ima_file(list->entries[2]).error().code, Errc::malformed)
        << "a digest without algorithm";
    EXPECT_EQ(list->entries[2].pcr, 11U);
}

TEST(ImaList, OldestTemplateHashesAPaddedName) {
    const Buffer bytes = entry({.name = "ima", .data = oldest_data("/init")});
    const auto list = parse_ima_list(bytes);
    const auto input = ima_hash_input(list->entries.at(0));
    ASSERT_TRUE(input);
    EXPECT_EQ(input->size(), 20U + 256U);
    EXPECT_EQ(to_hex(Bytes(*input).subspan(18, 8)), "33332f696e697400");
}

TEST(ImaList, FindsTheLengthOfTemplateDigests) {
    for (const std::size_t size : {20U, 32U, 48U, 64U}) {
        const Buffer bytes =
            Writer().bytes(entry({.digest_bytes = size})).bytes(entry({.digest_bytes = size})).done();
        const auto list = parse_ima_list(bytes);
        ASSERT_TRUE(list) << size;
        EXPECT_EQ(list->digest_bytes, size);
        EXPECT_EQ(list->entries.size(), 2U);
        EXPECT_TRUE(parse_ima_list(bytes, size));
    }
    EXPECT_EQ(parse_ima_list(entry({}), 32).error().code, Errc::malformed);
    EXPECT_EQ(parse_ima_list(entry({}), 21).error().where, "ima.digest_bytes");
}

TEST(ImaList, MarksViolations) {
    Buffer bytes = entry({});
    std::fill(bytes.begin() + 4, bytes.begin() + 24, std::uint8_t{0});
    EXPECT_TRUE(parse_ima_list(bytes)->entries.at(0).violation());
    bytes[23] = 1;
    EXPECT_FALSE(parse_ima_list(bytes)->entries.at(0).violation());
}

TEST(ImaList, CountsTrailingBytesThatAreNoEntry) {
    const Buffer one = Writer().bytes(entry({})).text("\n").done();
    EXPECT_EQ(parse_ima_list(one)->trailing, 1U);
    const Buffer most = Writer().bytes(entry({})).bytes(Buffer(27, 0xAA)).done();
    EXPECT_EQ(parse_ima_list(most, 20)->trailing, 27U);
    const Buffer more = Writer().bytes(entry({})).bytes(Buffer(28, 0xAA)).done();
    EXPECT_FALSE(parse_ima_list(more, 20));
}

TEST(ImaList, RefusesBadEntriesByTheirDefect) {
    const Buffer good = entry({});

    struct {
        Buffer bytes;
        const char* where;
    } const rows[] = {
        {entry({.pcr = 24}), "ima.pcr"},
        {Buffer(good.begin(), good.end() - 1), "ima.template_data"},
        {Buffer(good.begin(), good.begin() + 30), "ima.template_name"},
        {entry({.name = ""}), "ima.template_name"},
        {entry({.name = std::string(256, 'x')}), "ima.template_name"},
        {entry({.name = "im a"}), "ima.template_name"},
        {entry({.name = "ima", .data = oldest_data(std::string(256, 'n'))}), "ima.template_data"},
    };

    for (const auto& row : rows) {
        const auto list = parse_ima_list(row.bytes, 20);
        ASSERT_FALSE(list) << row.where;
        EXPECT_EQ(list.error().where, row.where);
        EXPECT_TRUE(list.error().detail.starts_with("entry 0 at offset 0: "));
    }
}

TEST(ImaList, HoldsItsLimits) {
    const Buffer bytes = Writer().bytes(entry({})).bytes(entry({})).done();
    EXPECT_EQ(parse_ima_list(bytes, 20, {.list_bytes = bytes.size() - 1}).error().where, "ima.list_bytes");
    EXPECT_EQ(parse_ima_list(bytes, 20, {.entries = 1}).error().where, "ima.entries");
    EXPECT_EQ(parse_ima_list(bytes, 20, {.template_bytes = 10}).error().code, Errc::too_large);
    EXPECT_TRUE(parse_ima_list(bytes, 20, {.list_bytes = bytes.size(), .entries = 2}));
}

TEST(ImaFile, RefusesFieldsThatDoNotFit) {
    const auto with_data = [](Buffer data) { return entry({.data = std::move(data)}); };
    const auto fails = [](const Buffer& bytes) {
        const auto list = parse_ima_list(bytes, 20);
        return list && !decode_ima_file(list->entries.at(0));
    };
    EXPECT_TRUE(fails(with_data(Writer().bytes(file_fields("/a")).text("x").done()))); // trailing
    EXPECT_TRUE(fails(with_data(field("no colon"))));
    EXPECT_TRUE(fails(with_data(Writer().little(0xFFFFFFFFU).text("sha1:").done())));
}

/// Template data of fields, each behind its size.
Buffer fields(const std::vector<std::string>& all) {
    Writer out;
    for (const std::string& one : all)
        out.bytes(field(one));
    return out.done();
}

Result<ImaFile> decoded(std::string_view name, const Buffer& data) {
    return decode_ima_file({.pcr = 10, .template_digest = {}, .template_name = name, .template_data = data});
}

TEST(ImaFile, IsReadFromEveryTemplateOfTheKernel) {
    const std::string digest = "sha256:\0D"s;
    const std::string path = "/bin/x\0"s;

    struct Row {
        std::string_view name;
        std::vector<std::string> all;
        std::string_view signature;
        std::string_view buffer;
    };

    const Row rows[] = {
        {"ima-ng", {digest, path}, "", ""},
        {"ima-ngv2", {"ima:" + digest, path}, "", ""},
        {"ima-sig", {digest, path, "S"}, "S", ""},
        {"ima-sigv2", {"ima:" + digest, path, "S"}, "S", ""},
        {"ima-buf", {digest, path, "B"}, "", "B"},
        {"ima-modsig", {digest, path, "S", "sha256:\0M"s, "y"}, "S", ""},
        {"ima-modsig", {digest, path, "S", "", ""}, "S", ""},
        {"evm-sig", {digest, path, "e", "n", "l", "v", "u", "g", "m"}, "", ""},
        {"d-ng|n-ng|sig|buf", {digest, path, "S", "B"}, "S", "B"},
    };
    for (const Row& row : rows) {
        const Buffer data = fields(row.all);
        const auto file = decoded(row.name, data);
        ASSERT_TRUE(file) << row.name;
        EXPECT_EQ(file->algorithm, "sha256") << row.name;
        EXPECT_EQ(as_text(file->digest), "D") << row.name;
        EXPECT_EQ(file->name, "/bin/x") << row.name;
        EXPECT_EQ(as_text(file->signature), row.signature) << row.name;
        EXPECT_EQ(as_text(file->buffer), row.buffer) << row.name;
        EXPECT_FALSE(file->verity) << row.name;
        std::vector<std::string> other = row.all;
        other.emplace_back("more");
        EXPECT_FALSE(decoded(row.name, fields(other))) << row.name;
        other.resize(row.all.size() - 1);
        EXPECT_FALSE(decoded(row.name, fields(other))) << row.name;
    }
}

TEST(ImaFile, TellsVeritysDigestsApart) {
    EXPECT_TRUE(decoded("ima-ngv2", fields({"verity:sha256:\0D"s, "x"}))->verity);
    EXPECT_FALSE(decoded("ima-ngv2", fields({"other:sha256:\0D"s, "x"})));
}

TEST(ImaFile, HasTheSignatureThatIsAppended) {
    const Buffer data = fields({"sha256:\0D"s, "x.ko", "", "sha512:\0M"s, "P"});
    const auto file = decoded("ima-modsig", data);
    ASSERT_TRUE(file);
    EXPECT_EQ(file->algorithm, "sha256");
    EXPECT_EQ(file->unsigned_algorithm, "sha512");
    EXPECT_EQ(as_text(file->unsigned_digest), "M");
    EXPECT_EQ(as_text(file->appended_signature), "P");
    EXPECT_FALSE(decoded("ima-modsig", fields({"sha256:\0D"s, "x.ko", "", "M", "P"})));
}

TEST(ImaFile, RefusesTemplatesOfNoKnownForm) {
    const Buffer data = fields({"sha256:\0D"s, "x"});
    for (const auto* const name : {"other", "n-ng|d-ng", "d-ng|what", "d-modsig|n-ng"})
        EXPECT_EQ(decoded(name, data).error().code, Errc::unsupported) << name;
}

TEST(ImaListFrom, LeavesOutTheFirstEntries) {
    const Buffer one = entry({});
    const Buffer two = entry({.name = "ima", .data = oldest_data("/init")});
    const Buffer three = entry({.name = "ima-buf", .data = field("x")});
    const Buffer list = Writer().bytes(one).bytes(two).bytes(three).done();
    EXPECT_EQ(*ima_list_from(list, 0), list);
    EXPECT_EQ(*ima_list_from(list, 1), Writer().bytes(two).bytes(three).done());
    EXPECT_EQ(*ima_list_from(list, 2), three);
    EXPECT_EQ(*ima_list_from(list, 3), Buffer{});
    EXPECT_EQ(ima_list_from(list, 4).error().where, "ima.position");
    EXPECT_EQ(*ima_list_from({}, 0), Buffer{});
}

} // namespace
} // namespace vouchsafe::eventlog

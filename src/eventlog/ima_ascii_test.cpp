#include "base/reader.h"
#include "eventlog/ima_ascii.h"

#include <gtest/gtest.h>

#include <string>

namespace vouchsafe::eventlog {
namespace {

using namespace std::string_literals;

const std::string digest(40, '7');

Buffer field(std::string_view text) {
    return Writer().little(static_cast<std::uint32_t>(text.size())).text(text).done();
}

std::string line(const std::string& fields) {
    return "10 " + digest + " " + fields;
}

/// The template data of the one entry that this line is.
Result<Buffer> data_of(const std::string& one) {
    VS_TRY(const ImaBytes bytes, ima_list_from_text(one));
    VS_TRY(const ImaList list, parse_ima_list(bytes.list, bytes.digest_bytes));
    VS_CHECK(list.entries.size() == 1 && list.trailing == 0);
    return to_buffer(list.entries.front().template_data);
}

const Buffer file_digest = field("sha256:\0\x11\x22"s);

TEST(ImaText, GivesEachTemplateItsFields) {
    const Buffer name = field("/a b\0"s);
    const std::pair<std::string, Buffer> cases[] = {
        {"ima " + digest + " /init", Writer().bytes(Buffer(20, 0x77)).bytes(field("/init")).done()},
        {"ima-ng sha256:1122 /a b", Writer().bytes(file_digest).bytes(name).done()},
        {"ima-ngv2 ima:sha256:1122 /a b", Writer().bytes(field("ima:sha256:\0\x11\x22"s)).bytes(name).done()},
        {"ima-sig sha256:1122 /a b 0302",
         Writer().bytes(file_digest).bytes(name).bytes(field("\3\2")).done()},
        {"ima-sig sha256:1122 /a b ", Writer().bytes(file_digest).bytes(name).bytes(field("")).done()},
        {"ima-sig sha256:1122 /ab",
         Writer().bytes(file_digest).bytes(field("/ab\0"s)).bytes(field("")).done()},
        {"ima-sigv2 verity:sha256:1122 /a b 03",
         Writer().bytes(field("verity:sha256:\0\x11\x22"s)).bytes(name).bytes(field("\3")).done()},
        {"ima-buf sha256:1122 .ima 3082",
         Writer().bytes(file_digest).bytes(field(".ima\0"s)).bytes(field("0\x82")).done()},
        {"ima-modsig sha256:1122 /a b 03 sha1:33 30",
         Writer()
             .bytes(file_digest)
             .bytes(name)
             .bytes(field("\3"))
             .bytes(field("sha1:\0\x33"s))
             .bytes(field("0"))
             .done()},
        {"ima-modsig sha256:1122 /a b   ",
         Writer().bytes(file_digest).bytes(name).bytes(field("")).bytes(field("")).bytes(field("")).done()},
    };
    for (const auto& [fields, data] : cases) {
        const auto found = data_of(line(fields));
        ASSERT_TRUE(found) << fields << ": " << found.error().detail;
        EXPECT_EQ(to_hex(*found), to_hex(data)) << fields;
    }
}

TEST(ImaText, TakesEveryLineAndPcr) {
    const std::string text = line("ima-ng sha1:11 /a\n") + " 3 " + digest + " ima-ng sha1:22 /b\n";
    const auto bytes = ima_list_from_text(text);
    ASSERT_TRUE(bytes) << bytes.error().detail;
    EXPECT_EQ(bytes->digest_bytes, 20U);
    const auto list = parse_ima_list(bytes->list, bytes->digest_bytes);
    ASSERT_TRUE(list);
    ASSERT_EQ(list->entries.size(), 2U);
    EXPECT_EQ(list->entries[1].pcr, 3U);
    EXPECT_EQ(decode_ima_file(list->entries[1])->name, "/b");
}

TEST(ImaText, TakesEmptyLinesOnlyAtTheEnd) {
    const std::string one = line("ima-ng sha256:1122 /a");
    const auto plain = data_of(one + "\n");
    const auto padded = data_of(one + "\n\n\n");
    ASSERT_TRUE(plain);
    ASSERT_TRUE(padded);
    EXPECT_EQ(*padded, *plain);
    EXPECT_FALSE(ima_list_from_text(one + "\n\n" + one + "\n"));
}

TEST(ImaText, TakesTheLineEndsOfItsFirstLine) {
    const std::string a = line("ima-ng sha256:1122 /a");
    const std::string b = line("ima-ng sha256:1122 /b");
    EXPECT_EQ(ima_list_from_text(a + "\r\n" + b + "\r\n\r\n")->list,
              ima_list_from_text(a + "\n" + b + "\n")->list);
    const auto merged = ima_list_from_text(a + "\r\n" + a + "\n" + b + "\r\n");
    EXPECT_EQ(parse_ima_list(merged->list, merged->digest_bytes)->entries.size(), 3U);
    const auto mixed = ima_list_from_text(a + "\n" + b + "\r\n"); // then it is of the name
    const auto list = parse_ima_list(mixed->list, mixed->digest_bytes);
    EXPECT_EQ(decode_ima_file(list->entries.at(1))->name, "/b\r");
}

TEST(ImaText, SaysWhichLineIsMalformed) {
    const std::string good = line("ima-ng sha1:11 /a\n");
    const std::pair<std::string, std::string> cases[] = {
        {"ten " + digest + " ima-ng sha1:11 /a", "ima.pcr"},
        {"\n" + good, "ima.pcr"},
        {"10 77 ima-ng sha1:11 /a", "ima.template_digest"},
        {"10 xyz ima-ng sha1:11 /a", "ima.template_digest"},
        {"10", "ima.template_digest"},
        {line("evm-sig sha1:11 /a 03"), "ima.template_name"},
        {line("ima-ng 11 /a"), "ima.template_data"},
        {line("ima-ng sha1:1 /a"), "ima.template_data"},
        {line("ima " + digest + "77 /a"), "ima.template_data"},
        {line("ima-modsig sha1:11 /a 03 33 30"), "ima.template_data"},
    };
    for (const auto& [bad, where] : cases) {
        const auto refused = ima_list_from_text(good + bad);
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().where, where) << bad;
        EXPECT_TRUE(refused.error().detail.starts_with("line 2: ")) << refused.error().detail;
    }
}

TEST(ImaText, HasTheLimitsOfTheBinaryForm) {
    const std::string text = line("ima-ng sha1:11 /a\n") + line("ima-ng sha1:11 /a\n");
    EXPECT_TRUE(ima_list_from_text(text, {.entries = 2}));
    EXPECT_EQ(ima_list_from_text(text, {.entries = 1}).error().where, "ima.entries");
    EXPECT_EQ(ima_list_from_text(text, {.template_bytes = 8}).error().code, Errc::too_large);
}

TEST(ImaText, IsToldFromTheBinaryForm) {
    EXPECT_TRUE(is_ima_text(as_bytes("10 77")));
    EXPECT_TRUE(is_ima_text(as_bytes(" 3 77")));
    EXPECT_FALSE(is_ima_text(Buffer{10, 0, 0, 0}));
    EXPECT_FALSE(is_ima_text({}));
}

} // namespace
} // namespace vouchsafe::eventlog

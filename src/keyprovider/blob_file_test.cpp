#include "json/parse.h"
#include "keyprovider/blob_file.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>

#include <string>

namespace vouchsafe::keyprovider {
namespace {

const std::string& member_of_vector(std::string_view name) {
    static const json::Value vector =
        json::parse(as_text(test::read_vector("keyprovider/good-blob.json"))).value();
    return vector.find(name)->as_string();
}

Buffer good() {
    return from_hex(member_of_vector("blob")).value();
}

const std::string context =
    R"({"key_id":"cccccccccccccccccccccccccccccccc","version":1,"vm":"01234567-89ab-4cde-8f01-23456789abcd"})";

std::string record(const std::string& members) {
    return R"({"blob":")" + to_base64(good()) + R"(")" + members + "}";
}

std::string error_of(std::string_view file) {
    const auto read = read_blob_file(as_bytes(file));
    return read ? "" : read.error().where;
}

TEST(BlobFile, IsReadInEachForm) {
    const Blob blob = parse_blob(good()).value();
    const auto expect = [&](std::string_view file, BlobForm form) {
        const auto read = read_blob_file(as_bytes(file));
        ASSERT_TRUE(read) << to_string(form) << ": " << read.error().where;
        EXPECT_EQ(read->form, form);
        EXPECT_EQ(read->blob, blob);
        EXPECT_EQ(read->bytes, good());
        EXPECT_FALSE(read->context);
        EXPECT_FALSE(read->provider);
    };
    expect(as_text(good()), BlobForm::binary);
    expect(member_of_vector("blob"), BlobForm::hex);
    expect("\n " + member_of_vector("blob") + "\r\n", BlobForm::hex);
    expect(to_base64(good()) + "\n", BlobForm::base64);
    expect(record(""), BlobForm::json);
    expect(record(R"(,"context":null,"provider":null,"disk_mib":64)") + "\n", BlobForm::json);
}

TEST(BlobFile, HasWhatIsKeptBesideTheBlob) {
    const auto read =
        read_blob_file(as_bytes(record(R"(,"context":)" + context + R"(,"provider":"gold","version":1)")));
    ASSERT_TRUE(read) << read.error().where;
    EXPECT_EQ(read->provider, "gold");
    ASSERT_TRUE(read->context);
    EXPECT_EQ(read->context->key_id, std::string(32, 'c'));
    EXPECT_EQ(read->context->vm.text, "01234567-89ab-4cde-8f01-23456789abcd");
}

TEST(BlobFile, IsRefusedWhereItIsNone) {
    EXPECT_EQ(error_of(""), "blob_file.form");
    EXPECT_EQ(error_of(" \n"), "blob_file.form");
    EXPECT_EQ(error_of("no blob at all"), "blob_file.form");
    EXPECT_EQ(error_of("{}"), "blob_file.form");
    EXPECT_EQ(error_of(R"({"blob":7})"), "blob_file.form");
    EXPECT_EQ(error_of(record(R"(,"provider":7)")), "blob_file.form");
    EXPECT_EQ(error_of(record(R"(,"context":{})")), "blob_file.context.version");
    EXPECT_EQ(error_of(record(",")), "json.syntax");
    EXPECT_EQ(error_of(std::string(max_blob_file_bytes, ' ')), "blob_file.form");
    EXPECT_EQ(error_of(std::string(max_blob_file_bytes + 1, ' ')), "blob_file.size");
}

TEST(BlobFile, SaysWhatIsWrongWithTheBlob) {
    EXPECT_EQ(error_of(to_base64(as_bytes("short"))), "blob.size");
    EXPECT_EQ(error_of("00"), "blob.size");
    EXPECT_EQ(error_of("VSKB, and no more"), "blob.size");
    EXPECT_EQ(error_of(std::string(blob_size, 'x')), "blob.magic");
    Buffer spoilt = good();
    spoilt[4] = 2;
    EXPECT_EQ(error_of(as_text(spoilt)), "blob.version");
    EXPECT_EQ(error_of(to_hex(spoilt)), "blob.version");
}

} // namespace
} // namespace vouchsafe::keyprovider

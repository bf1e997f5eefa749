#include "base/reader.h"
#include "eventlog/signature_list.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace vouchsafe::eventlog {
namespace {

/// GUID of EFI_CERT_SHA256, as it is stored.
const Buffer sha256_type = from_hex("2616c4c14c509240aca941f936934328").value();

struct Sizes {
    std::uint32_t list, header, signature;
};

Buffer list_of(Sizes sizes, std::size_t body) {
    return Writer()
        .bytes(sha256_type)
        .little(sizes.list)
        .little(sizes.header)
        .little(sizes.signature)
        .bytes(Buffer(body, 0x22))
        .done();
}

TEST(SignatureList, ReadsListsOneAfterTheOther) {
    const Buffer one = list_of({.list = 28 + 96, .header = 0, .signature = 48}, 96);
    const auto lists = decode_signature_lists(Writer().bytes(one).bytes(one).done());
    ASSERT_TRUE(lists);
    ASSERT_EQ(lists->size(), 2U);
    EXPECT_EQ(lists->front().type, "sha256");
    ASSERT_EQ(lists->front().signatures.size(), 2U);
    EXPECT_EQ(lists->front().signatures[0].owner, "22222222-2222-2222-2222-222222222222");
    EXPECT_EQ(lists->front().signatures[0].data.size(), 32U);
    EXPECT_TRUE(decode_signature_lists(Bytes{})->empty());
}

TEST(SignatureList, OfACertificateIsWrittenAsItIsRead) {
    const Buffer der(5, 0x30);
    const Buffer list =
        encode_certificate_list({.owner = "605dab50-e046-4300-abb6-3dd810dd8b23", .data = der});
    const auto lists = decode_signature_lists(list);
    ASSERT_TRUE(lists);
    ASSERT_EQ(lists->size(), 1U);
    EXPECT_EQ(lists->front().type, "x509");
    ASSERT_EQ(lists->front().signatures.size(), 1U);
    const Signature& only = lists->front().signatures.front();
    EXPECT_EQ(only.owner, "605dab50-e046-4300-abb6-3dd810dd8b23");
    EXPECT_TRUE(same_bytes(only.data, der));
    EXPECT_TRUE(same_bytes(encode_signature(only), Bytes(list).subspan(28)));
}

TEST(SignatureList, SkipsTheHeaderOfItsType) {
    const auto lists =
        decode_signature_lists(list_of({.list = 28 + 10 + 48, .header = 10, .signature = 48}, 58));
    ASSERT_TRUE(lists);
    EXPECT_EQ(lists->front().signatures.size(), 1U);
}

TEST(SignatureList, RefusesSizesThatDoNotFit) {
    EXPECT_FALSE(decode_signature_lists(list_of({.list = 27, .header = 0, .signature = 48}, 48)));
    EXPECT_FALSE(decode_signature_lists(list_of({.list = 28 + 49, .header = 0, .signature = 48}, 49)));
    EXPECT_FALSE(decode_signature_lists(list_of({.list = 28 + 48, .header = 0, .signature = 16}, 48)));
    EXPECT_FALSE(decode_signature_lists(list_of({.list = 28 + 48, .header = 0, .signature = 0}, 48)));
    EXPECT_FALSE(decode_signature_lists(list_of({.list = 28 + 48, .header = 49, .signature = 48}, 48)));
    EXPECT_FALSE(decode_signature_lists(list_of({.list = 0xFFFFFFFF, .header = 0, .signature = 48}, 48)));
    EXPECT_FALSE(
        decode_signature_lists(list_of({.list = 28 + 48, .header = 0, .signature = 0xFFFFFFFF}, 48)));
    EXPECT_FALSE(decode_signature_lists(sha256_type));
}

TEST(SignatureList, HasABound) {
    constexpr std::uint32_t size = 17;
    const auto of = [](std::uint32_t count) {
        return decode_signature_lists(list_of({.list = 28 + (count * size), .header = 0, .signature = size},
                                              std::size_t{count} * size));
    };
    EXPECT_TRUE(of(most_signatures - 1));
    const auto more = of(most_signatures + 1);
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().code, Errc::too_large);
}

TEST(Signature, HasAnOwnerAndSomething) {
    EXPECT_TRUE(decode_signature(Buffer(17)));
    EXPECT_FALSE(decode_signature(Buffer(16)));
    EXPECT_FALSE(decode_signature(Buffer(3)));
}

} // namespace
} // namespace vouchsafe::eventlog

#include "kmip/client.h"
#include "tests/support/kmip_server.h"

#include <gtest/gtest.h>

namespace vouchsafe::kmip {
namespace {

using test::KmipFault;
using test::KmipServer;
using ttlv::Tag;

constexpr Deadline no_hurry = Deadline::max();

const Buffer nonce(aead_nonce_size, 0x11);
const Buffer other_nonce(aead_nonce_size, 0x12);

struct Aead : testing::TestWithParam<ProtocolVersion> {
    KmipServer server;
    Secret plain{Bytes(Buffer(32, 0x42))};
    AeadContext context{.key = {"pk"}, .nonce = nonce, .additional_data = as_bytes("context")};

    Aead() {
        server.keys["pk"] = {.material = Buffer(32, 0x5A)};
        server.keys["other"] = {.material = Buffer(32, 0x5B)};
        server.versions = {GetParam()};
    }

    Result<Sealed> seal() {
        Client client(server);
        return client.encrypt(context, plain, no_hurry);
    }

    Result<Secret> open(const AeadContext& as, const Sealed& sealed) {
        Client client(server);
        return client.decrypt(as, sealed.ciphertext, sealed.tag, no_hurry);
    }
};

TEST_P(Aead, OpensWhatItSealed) {
    const auto sealed = seal();
    ASSERT_TRUE(sealed) << sealed.error().detail;
    EXPECT_EQ(sealed->nonce, nonce);
    EXPECT_EQ(sealed->ciphertext.size(), plain.size());
    EXPECT_EQ(sealed->tag.size(), aead_tag_size);
    const auto opened = open(context, *sealed);
    ASSERT_TRUE(opened) << opened.error().detail;
    opened->expose([](Bytes bytes) { EXPECT_TRUE(same_bytes(bytes, Buffer(32, 0x42))); });
}

TEST_P(Aead, OpensNothingElse) {
    const Sealed sealed = seal().value();
    Sealed changed_tag = sealed;
    changed_tag.tag.back() ^= 1U;
    Sealed changed_data = sealed;
    changed_data.ciphertext.front() ^= 1U;
    AeadContext other_data = context;
    other_data.additional_data = as_bytes("another");
    AeadContext no_data = context;
    no_data.additional_data = {};
    AeadContext with_other_nonce = context;
    with_other_nonce.nonce = other_nonce;
    AeadContext other_key = context;
    other_key.key = {"other"};
    EXPECT_EQ(open(context, changed_tag).error().where, "kmip.final");
    EXPECT_EQ(open(context, changed_data).error().where, "kmip.final");
    EXPECT_EQ(open(other_data, sealed).error().where, "kmip.final");
    EXPECT_EQ(open(no_data, sealed).error().where, "kmip.final");
    EXPECT_EQ(open(with_other_nonce, sealed).error().where, "kmip.final");
    EXPECT_EQ(open(other_key, sealed).error().where, "kmip.final");
}

TEST_P(Aead, TakesTheNonceThatTheServerUsed) {
    server.fault = KmipFault::own_nonce;
    const Sealed sealed = seal().value();
    EXPECT_EQ(sealed.nonce, Buffer(aead_nonce_size, 0x77));
    AeadContext theirs = context;
    theirs.nonce = sealed.nonce;
    EXPECT_TRUE(open(theirs, sealed));
    EXPECT_FALSE(open(context, sealed));
}

TEST_P(Aead, RefusesAnAnswerWithoutTag) {
    server.fault = KmipFault::no_tag;
    EXPECT_EQ(seal().error().where, "kmip.protocol");
}

TEST_P(Aead, RefusesDataOfAnotherSize) {
    const Sealed sealed = seal().value();
    server.fault = KmipFault::short_data;
    EXPECT_EQ(seal().error().where, "kmip.protocol");
    EXPECT_EQ(open(context, sealed).error().where, "kmip.protocol");
}

TEST_P(Aead, RefusesAnAnswerAboutAnotherKey) {
    const Sealed sealed = seal().value();
    server.fault = KmipFault::other_object;
    EXPECT_EQ(seal().error().where, "kmip.protocol");
    EXPECT_EQ(open(context, sealed).error().where, "kmip.protocol");
}

INSTANTIATE_TEST_SUITE_P(Versions,
                         Aead,
                         testing::Values(ProtocolVersion{1, 4}, ProtocolVersion{2, 0}, ProtocolVersion{2, 1}),
                         [](const auto& row) {
                             return "V" + std::to_string(row.param.major) + std::to_string(row.param.minor);
                         });

// The server would drop the tag, and what it encrypted would be lost.
TEST(AeadVersions, IsNotAskedForBelowOneFour) {
    for (const ProtocolVersion version : {ProtocolVersion{1, 3}, ProtocolVersion{1, 2}}) {
        KmipServer server;
        server.keys["pk"] = {.material = Buffer(32, 0x5A)};
        server.versions = {version};
        Client client(server);
        const AeadContext context{.key = {"pk"}, .nonce = nonce, .additional_data = {}};
        EXPECT_EQ(client.encrypt(context, Secret(Bytes(nonce)), no_hurry).error().where, "kmip.protocol");
        EXPECT_EQ(client.decrypt(context, nonce, Buffer(16), no_hurry).error().where, "kmip.protocol");
        EXPECT_EQ(server.count(Operation::encrypt) + server.count(Operation::decrypt), 0U);
    }
}

// [KMIP 1.4, Encrypt, Decrypt]: the order of the fields is the specification's.
TEST(Encrypt, HasItsFieldsInOrder) {
    const AeadContext context{.key = {"pk"}, .nonce = nonce, .additional_data = as_bytes("a")};
    const auto tags = [](const RequestItem& item) {
        std::vector<Tag> out;
        for (const ttlv::Item& field : item.payload)
            out.push_back(field.tag);
        return out;
    };
    const std::vector<Tag> common{Tag::unique_identifier,
                                  Tag::cryptographic_parameters,
                                  Tag::data,
                                  Tag::iv_counter_nonce,
                                  Tag::authenticated_encryption_additional_data};
    EXPECT_EQ(tags(encrypt(context, Secret(Bytes(nonce)))), common);
    std::vector<Tag> with_tag = common;
    with_tag.push_back(Tag::authenticated_encryption_tag);
    EXPECT_EQ(tags(decrypt(context, nonce, Buffer(16))), with_tag);
    EXPECT_EQ(ttlv::describe(encrypt(context, Secret(Bytes(nonce))).payload.at(1)),
              "Cryptographic Parameters (Structure)\n"
              "  Block Cipher Mode (Enumeration) = GCM\n"
              "  Cryptographic Algorithm (Enumeration) = AES\n"
              "  Tag Length (Integer) = 16\n");
}

TEST(Encrypt, SendsNoEmptyAdditionalData) {
    const AeadContext context{.key = {"pk"}, .nonce = nonce, .additional_data = {}};
    EXPECT_EQ(encrypt(context, Secret(Bytes(nonce))).payload.back().tag, Tag::iv_counter_nonce);
}

} // namespace
} // namespace vouchsafe::kmip

#include "ttlv/item.h"
#include "ttlv/values.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace vouchsafe::ttlv {
namespace {

constexpr bool has(const TagFacts& row, Type type) {
    return ((row.types >> static_cast<unsigned>(type)) & 1U) != 0;
}

std::vector<Values> all_sets() {
    std::vector<Values> out(values_count);
    for (std::size_t i = 0; i < values_count; ++i)
        out[i] = static_cast<Values>(i);
    return out;
}

struct Spelling {
    std::string_view words, camel;
};

// The examples of the rules [KMIP Profiles 1.4, Normalizing Names], and names that strain them.
constexpr Spelling spellings[] = {
    {"Activation Date", "ActivationDate"},
    {"IV/Counter/Nonce", "IVCounterNonce"},
    {"Private Key Template-Attribute", "PrivateKeyTemplateAttribute"},
    {"MAC/Signature Key Information", "MACSignatureKeyInformation"},
    {"X.509 Certificate Issuer", "X_509CertificateIssuer"},
    {"PKCS#12 Friendly Name", "PKCS_12FriendlyName"},
    {"3DES", "DES3"},
    {"SHA-512/224", "SHA_512_224"},
    {"HMAC-SHA3-224", "HMAC_SHA3_224"},
    {"Re-key Key Pair", "ReKeyKeyPair"},
    {"Pre-Active", "PreActive"},
    {"GP x-Change Notice", "GPXChangeNotice"},
    {"Polynomial Sharing GF (2^16)", "PolynomialSharingGF2_16"},
    {"MD5 with RSA Encryption (PKCS#1 v1.5)", "MD5WithRSAEncryptionPKCS_1V1_5"},
    {"ECDSA with SHA-1", "ECDSAWithSHA_1"},
    {"Encrypt then MAC/sign", "EncryptThenMACSign"},
    {"ANSI X9.23", "ANSIX9_23"},
    {"PKCS1 v1.5", "PKCS1V1_5"},
    {"Dual-EC", "Dual_EC"},
    {"NIST800-108-C", "NIST800_108_C"},
    {"GOST R 34.10-2012", "GOSTR34_10_2012"},
    {"Suite B minLOS_128 Client KMIP v1.4", "SuiteBMinLOS_128ClientKMIPV1_4"},
    {"C_GetInfo", "C_GetInfo"},
    {"FIPS 186-2", "FIPS186_2"},
    {"", ""},
    {"42", "42"},
};

TEST(Camel, FollowsTheRules) {
    for (const auto& [words, expected] : spellings)
        EXPECT_EQ(camel(words), expected) << words;
}

TEST(TagTable, HasTheTagsOfEachVersion) {
    const std::map<Version, int> expected{{Version::v1_0, 161},
                                          {Version::v1_1, 22},
                                          {Version::v1_2, 28},
                                          {Version::v1_3, 36},
                                          {Version::v1_4, 45},
                                          {Version::v2_0, 63},
                                          {Version::v2_1, 17}};
    std::map<Version, int> found;
    for (const TagFacts& row : all_tags())
        ++found[row.since];
    EXPECT_EQ(found, expected);
    EXPECT_EQ(std::ranges::count(all_tags(), Version::v1_4, &TagFacts::until), 17);
}

// The codes are given out without gaps, but for two that 2.0 reserved.
TEST(TagTable, HasNoGaps) {
    std::uint32_t next = 0x420001;
    for (const TagFacts& row : all_tags()) {
        if (next == 0x42013E)
            next = 0x420140;
        EXPECT_EQ(static_cast<std::uint32_t>(row.tag), next++) << row.name;
    }
    EXPECT_EQ(next, 0x420177U);
}

TEST(TagTable, NamesATagOnce) {
    std::set<std::string> names;
    for (const TagFacts& row : all_tags()) {
        EXPECT_TRUE(names.insert(camel(row.name)).second) << row.name;
        EXPECT_EQ(tag_from_camel(camel(row.name)), row.tag) << row.name;
        EXPECT_EQ(tag_from_name(row.name), row.tag) << row.name;
        EXPECT_LE(row.since, row.until) << row.name;
    }
    EXPECT_FALSE(tag_from_camel("requestMessage"));
    EXPECT_FALSE(tag_from_name("x-ID"));
}

TEST(TagTable, SaysWhatAnEnumerationTakes) {
    for (const TagFacts& row : all_tags()) {
        const bool needs_values = has(row, Type::enumeration) && row.tag != Tag::attribute_value &&
                                  row.tag != Tag::custom_attribute && row.tag != Tag::reserved;
        if (is_mask(row.values))
            EXPECT_TRUE(has(row, Type::integer)) << row.name;
        else
            EXPECT_EQ(row.values != Values::none, needs_values) << row.name;
        EXPECT_NE(row.types, 0) << row.name;
    }
}

struct TagFact {
    std::string_view camel;
    std::uint32_t code;
    Type type;
    Values values;
    Version since;
};

// A sample of each version, from the specifications' own tables.
constexpr TagFact tag_facts[] = {
    {"Attribute", 0x420008, Type::structure, Values::none, Version::v1_0},
    {"CryptographicUsageMask", 0x42002C, Type::integer, Values::cryptographic_usage_mask, Version::v1_0},
    {"LeaseTime", 0x420049, Type::interval, Values::none, Version::v1_0},
    {"Modulus", 0x420052, Type::big_integer, Values::none, Version::v1_0},
    {"UniqueIdentifier", 0x420094, Type::text, Values::unique_identifier, Version::v1_0},
    {"UsageLimitsCount", 0x420096, Type::long_integer, Values::none, Version::v1_0},
    {"Fresh", 0x4200A8, Type::boolean, Values::none, Version::v1_1},
    {"Data", 0x4200C2, Type::bytes, Values::data, Version::v1_2},
    {"ProfileName", 0x4200EC, Type::enumeration, Values::profile_name, Version::v1_3},
    {"AuthenticatedEncryptionTag", 0x4200FF, Type::bytes, Values::none, Version::v1_4},
    {"MaskGeneratorHashingAlgorithm", 0x420102, Type::enumeration, Values::hashing_algorithm, Version::v1_4},
    {"AttributeReference", 0x42013B, Type::enumeration, Values::tag, Version::v2_0},
    {"PKCS_11ReturnCode", 0x42015D, Type::enumeration, Values::pkcs11_return_code, Version::v2_0},
    {"SubmissionDate", 0x420174, Type::date_time, Values::none, Version::v2_1},
};

TEST(TagTable, AgreesWithTheSpecifications) {
    for (const TagFact& fact : tag_facts) {
        const TagFacts* const row = facts(Tag{fact.code});
        ASSERT_NE(row, nullptr) << fact.camel;
        EXPECT_EQ(camel(row->name), fact.camel);
        EXPECT_TRUE(has(*row, fact.type)) << fact.camel;
        EXPECT_EQ(row->values, fact.values) << fact.camel;
        EXPECT_EQ(row->since, fact.since) << fact.camel;
    }
    EXPECT_EQ(facts(Tag{0x420000}), nullptr);
    EXPECT_EQ(facts(Tag{0x42013E}), nullptr);
    EXPECT_EQ(facts(Tag{0x540001}), nullptr);
    EXPECT_EQ(facts(Tag::template_attribute)->until, Version::v1_4);
}

TEST(ValueTables, AreThereForEverySet) {
    for (const Values set : all_sets()) {
        // Opaque Data Type has vendors' values alone; the tags are a table of their own.
        const bool empty = set == Values::none || set == Values::tag || set == Values::opaque_data_type;
        EXPECT_EQ(named_values(set).empty(), empty) << static_cast<int>(set);
    }
}

TEST(ValueTables, ReadWhatTheyWrite) {
    for (const Values set : all_sets())
        for (const NamedValue& row : named_values(set)) {
            EXPECT_LE(row.since, row.until) << row.name;
            EXPECT_EQ(value_from_camel(set, value_to_camel(set, row.value)), row.value) << row.name;
            EXPECT_EQ(value_from_camel(set, camel(row.name)), row.value) << row.name;
            EXPECT_EQ(value_from_camel(set, row.name), row.value) << row.name;
            EXPECT_FALSE(is_mask(set) && (row.value & (row.value - 1)) != 0) << row.name;
        }
}

TEST(ValueTables, GiveAValueTwoNamesOnlyWhereTheSpecificationsDo) {
    int second_names = 0;
    for (const Values set : all_sets()) {
        std::set<std::uint32_t> values;
        for (const NamedValue& row : named_values(set))
            second_names += values.insert(row.value).second ? 0 : 1;
    }
    EXPECT_EQ(second_names, 4 + 8 + 2 + 1); // SHA-3, signatures with their PKCS#1, split keys, MFG1
}

struct ValueFact {
    Values set;
    std::uint32_t value;
    std::string_view camel;
};

constexpr ValueFact value_facts[] = {
    {Values::operation, 0x1D, "ReKeyKeyPair"},
    {Values::operation, 0x3B, "Ping"},
    {Values::result_reason, 0x4C, "DuplicateProcessRequest"},
    {Values::result_reason, 0x100, "GeneralFailure"},
    {Values::result_reason, 0x3F, "UnsupportedProtocolVersion"},
    {Values::result_status, 0, "Success"},
    {Values::cryptographic_algorithm, 2, "DES3"},
    {Values::cryptographic_algorithm, 0x38, "Ed448"},
    {Values::hashing_algorithm, 0x0F, "SHA3_256"},
    {Values::mask_generator, 1, "MGF1"},
    {Values::link_type, 0x10E, "WrappingKeyLink"},
    {Values::recommended_curve, 0x46, "CURVE448"},
    {Values::key_format_type, 0x17, "PKCS_10"},
    {Values::profile_name, 0x12C, "CompleteServer"},
    {Values::profile_name, 0x9C, "XMLServerKMIPV1_4"},
    {Values::pkcs11_function, 0x5C, "C_MessageVerifyFinal"},
    {Values::pkcs11_return_code, 0x150, "BUFFER_TOO_SMALL"},
    {Values::nist_key_type, 0x13, "PublicAuthorizationKey"},
    {Values::tag, 0x42008D, "State"},
};

TEST(ValueTables, AgreeWithTheSpecifications) {
    for (const ValueFact& fact : value_facts) {
        EXPECT_EQ(value_to_camel(fact.set, fact.value), fact.camel);
        EXPECT_EQ(value_from_camel(fact.set, fact.camel), fact.value) << fact.camel;
    }
}

TEST(ValueTables, WriteWhatIsNotListedAsHex) {
    EXPECT_EQ(value_to_camel(Values::opaque_data_type, 0x80000001), "0x80000001");
    EXPECT_EQ(value_to_camel(Values::operation, 0x3C), "0x0000003c");
    EXPECT_EQ(value_to_camel(Values::tag, 0x540001), "0x00540001");
    EXPECT_EQ(value_to_camel(Values::none, 1), "0x00000001");
    EXPECT_FALSE(value_from_camel(Values::operation, "Obliterate"));
    EXPECT_FALSE(value_from_camel(Values::none, "Create"));
}

TEST(ValueTables, ForgiveCarelessSpelling) {
    EXPECT_EQ(value_from_camel(Values::cryptographic_algorithm, "aes"), 3U);
    EXPECT_EQ(value_from_camel(Values::object_type, "Symmetric Key"), 2U);
    EXPECT_EQ(value_from_camel(Values::hashing_algorithm, "SHA_3_256"), 0x0FU);
    EXPECT_EQ(value_from_camel(Values::mask_generator, "MFG1"), 1U);
}

TEST(Mask, IsItsComponents) {
    EXPECT_EQ(mask_to_text(Values::cryptographic_usage_mask, 0x0C, ' '), "Encrypt Decrypt");
    EXPECT_EQ(mask_to_text(Values::cryptographic_usage_mask, 0x8000'0001, '|'), "Sign|0x80000000");
    EXPECT_EQ(mask_to_text(Values::storage_status_mask, 7, ' '),
              "OnLineStorage ArchivalStorage DestroyedStorage");
    EXPECT_EQ(mask_to_text(Values::protection_storage_mask, 0, ' '), "0");
}

TEST(VersionOf, KnowsTheVersionsOfTheTables) {
    EXPECT_EQ(version_of(1, 0), Version::v1_0);
    EXPECT_EQ(version_of(1, 4), Version::v1_4);
    EXPECT_EQ(version_of(2, 1), Version::v2_1);
    for (const auto& [major, minor] : {std::pair{1, 5}, {1, -1}, {2, 2}, {3, 0}, {0, 9}})
        EXPECT_FALSE(version_of(major, minor)) << major << '.' << minor;
}

TEST(ValuesOf, FollowTheAttributeName) {
    const Structure named{text(Tag::attribute_name, "Cryptographic Usage Mask")};
    EXPECT_EQ(values_of(Tag::attribute_value, named), Values::cryptographic_usage_mask);
    EXPECT_EQ(values_of(Tag::operation, named), Values::operation);
    EXPECT_EQ(values_of(Tag::attribute_value, {}), Values::none);
    const Structure custom{text(Tag::attribute_name, "x-Mask")};
    EXPECT_EQ(values_of(Tag::attribute_value, custom), Values::none);
    const Structure vendors{text(Tag::vendor_identification, "acme"), text(Tag::attribute_name, "State")};
    EXPECT_EQ(values_of(Tag::attribute_value, vendors), Values::none);
}

} // namespace
} // namespace vouchsafe::ttlv

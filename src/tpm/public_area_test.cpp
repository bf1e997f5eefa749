#include "crypto/x509.h"
#include "tests/support/vector_file.h"
#include "tpm/keys.h"
#include "tpm/public_area.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace vouchsafe::tpm {
namespace {

PublicArea area_of(const std::string& name) {
    auto area = parse_public_area(test::read_vector("tpm/" + name + ".pub"));
    VS_CHECK(area.has_value());
    return *std::move(area);
}

class GoodPublicArea : public testing::TestWithParam<std::string> {};

TEST_P(GoodPublicArea, EncodesToTheBytesItWasParsedFrom) {
    EXPECT_EQ(encode(area_of(GetParam())), test::read_vector("tpm/" + GetParam() + ".pub"));
}

TEST_P(GoodPublicArea, HasTheNamesThatTheTpmSays) {
    const auto names = test::read_vector_lines("tpm/" + GetParam() + ".names");
    ASSERT_EQ(names.size(), 2U);
    EXPECT_EQ(to_hex(name_of(area_of(GetParam()))), names[0]);
    EXPECT_EQ(to_hex(qualified_name_under_endorsement(area_of(GetParam()))), names[1]);
}

TEST_P(GoodPublicArea, RefusesEveryShorterText) {
    const Buffer bytes = test::read_vector("tpm/" + GetParam() + ".pub");
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(parse_public_area(Bytes(bytes).first(size))) << size;
}

TEST_P(GoodPublicArea, RefusesTrailingBytes) {
    Buffer bytes = test::read_vector("tpm/" + GetParam() + ".pub");
    bytes.push_back(0);
    const auto area = parse_public_area(bytes);
    ASSERT_FALSE(area);
    EXPECT_EQ(area.error().where, "public");
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
    std::string name = info.param;
    std::erase(name, '-');
    return name;
}

INSTANTIATE_TEST_SUITE_P(Recorded,
                         GoodPublicArea,
                         testing::Values("good-ak-ecc",
                                         "good-ak-rsassa",
                                         "good-ak-rsapss",
                                         "good-ak-ecc-sha384",
                                         "good-ak-rsapss-sha384",
                                         "good-ek-l1",
                                         "good-ek-l2",
                                         "good-ek-h3"),
                         test_name);

TEST(ParsePublicArea, RefusesMoreThanAKilobyte) {
    const auto area = parse_public_area(Buffer(1025));
    ASSERT_FALSE(area);
    EXPECT_EQ(area.error().code, Errc::too_large);
}

TEST(EndorsementKeyFrom, KnowsTheTemplates) {
    EXPECT_EQ(EndorsementKey::from(area_of("good-ek-l1"))->template_name(), "L-1");
    EXPECT_EQ(EndorsementKey::from(area_of("good-ek-l2"))->template_name(), "L-2");
    EXPECT_EQ(EndorsementKey::from(area_of("good-ek-h3"))->template_name(), "H-3");
}

TEST(EndorsementKeyFrom, IsTheKeyOfItsCertificate) {
    for (const std::string name : {"good-ek-l1", "good-ek-l2"}) {
        const auto certificate = crypto::Certificate::from_der(test::read_vector("tpm/" + name + ".der"),
                                                               crypto::Padding::tolerated);
        ASSERT_TRUE(certificate);
        const auto key = certificate->public_key();
        ASSERT_TRUE(key);
        EXPECT_EQ(crypto::spki_der(*key), crypto::spki_der(EndorsementKey::from(area_of(name))->key()));
    }
}

// One change to a good key, and the check that must see it.
struct Defect {
    std::string name;
    std::string key;
    std::function<void(PublicArea&)> change;
    std::string where;
};

template <class Key> void expect_refused(const Defect& defect) {
    PublicArea area = area_of(defect.key);
    ASSERT_TRUE(Key::from(area));
    defect.change(area);
    const auto key = Key::from(area);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().where, defect.where);
    EXPECT_EQ(key.error().code, Errc::untrusted);
}

std::string defect_name(const testing::TestParamInfo<Defect>& info) {
    return info.param.name;
}

auto flip(std::uint32_t bit) {
    return [bit](PublicArea& area) { area.attributes ^= bit; };
}

class BadEndorsementKey : public testing::TestWithParam<Defect> {};

TEST_P(BadEndorsementKey, IsRefused) {
    expect_refused<EndorsementKey>(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Defects,
    BadEndorsementKey,
    testing::Values(
        Defect{"NotRestricted", "good-ek-l1", flip(attribute::restricted), "ek.attributes"},
        Defect{"NotFixedTpm", "good-ek-l1", flip(attribute::fixed_tpm), "ek.attributes"},
        Defect{"NotFixedParent", "good-ek-l2", flip(attribute::fixed_parent), "ek.attributes"},
        Defect{"NotMadeInside", "good-ek-l2", flip(attribute::sensitive_data_origin), "ek.attributes"},
        Defect{"NoDecrypt", "good-ek-l2", flip(attribute::decrypt), "ek.attributes"},
        Defect{"Signs", "good-ek-l2", flip(attribute::sign), "ek.attributes"},
        Defect{"OtherPolicy", "good-ek-l2", [](PublicArea& a) { a.auth_policy[31] ^= 1U; }, "ek.auth_policy"},
        Defect{"NoPolicy", "good-ek-h3", [](PublicArea& a) { a.auth_policy.clear(); }, "ek.auth_policy"},
        Defect{"OtherNameAlg",
               "good-ek-l2",
               [](PublicArea& a) { a.name_alg = crypto::HashAlg::sha1; },
               "ek.name_alg"},
        Defect{"OtherSymmetric",
               "good-ek-l2",
               [](PublicArea& a) { std::get<EccArea>(a.key).symmetric.key_bits = 256; },
               "ek.symmetric"},
        Defect{"Scheme",
               "good-ek-l2",
               [](PublicArea& a) { std::get<EccArea>(a.key).scheme = {AlgId::ecdh, AlgId::sha256}; },
               "ek.scheme"},
        Defect{"SmallRsa",
               "good-ek-l1",
               [](PublicArea& a) { std::get<RsaArea>(a.key).key_bits = 1024; },
               "ek.key_kind"},
        Defect{"OffTheCurve",
               "good-ek-l2",
               [](PublicArea& a) { std::get<EccArea>(a.key).x[5] ^= 1U; },
               "public.point"},
        Defect{"ShortModulus",
               "good-ek-l1",
               [](PublicArea& a) { std::get<RsaArea>(a.key).modulus.resize(128); },
               "public.modulus"},
        Defect{"LongModulus",
               "good-ek-l1",
               [](PublicArea& a) { std::get<RsaArea>(a.key).modulus.resize(384, 1); },
               "public.modulus"},
        Defect{"EmptyModulus",
               "good-ek-l1",
               [](PublicArea& a) { std::get<RsaArea>(a.key).modulus.clear(); },
               "public.modulus"},
        Defect{"ExponentOfOne",
               "good-ek-l1",
               [](PublicArea& a) { std::get<RsaArea>(a.key).exponent = 1; },
               "public.exponent"}),
    defect_name);

TEST(EndorsementKeyFrom, RefusesAStorageKey) {
    const auto key = EndorsementKey::from(area_of("bad-ek-storage-key"));
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().where, "ek.attributes");
}

TEST(AttestationKeyFrom, TakesEccAndRsa) {
    EXPECT_EQ(AttestationKey::from(area_of("good-ak-ecc"))->scheme(), (Scheme{AlgId::ecdsa, AlgId::sha256}));
    EXPECT_EQ(AttestationKey::from(area_of("good-ak-rsassa"))->scheme(),
              (Scheme{AlgId::rsassa, AlgId::sha256}));
    EXPECT_EQ(AttestationKey::from(area_of("good-ak-rsapss"))->scheme(),
              (Scheme{AlgId::rsapss, AlgId::sha256}));
}

TEST(AttestationKeyFrom, TakesSha384AndItsCurve) {
    PublicArea rsa = area_of("good-ak-rsassa");
    std::get<RsaArea>(rsa.key).scheme.hash = AlgId::sha384;
    EXPECT_TRUE(AttestationKey::from(rsa));

    const PublicArea ek = area_of("good-ek-h3"); // a point of P-384
    PublicArea ecc = area_of("good-ak-ecc");
    auto& key = std::get<EccArea>(ecc.key);
    key.curve = EccCurve::nist_p384;
    key.x = std::get<EccArea>(ek.key).x;
    key.y = std::get<EccArea>(ek.key).y;
    EXPECT_EQ(AttestationKey::from(ecc).error().where, "ak.curve"); // by SHA-256
    key.scheme.hash = AlgId::sha384;
    EXPECT_TRUE(AttestationKey::from(ecc));
}

TEST(AttestationKeyFrom, TakesNoDa) {
    PublicArea area = area_of("good-ak-ecc");
    area.attributes |= attribute::no_da;
    EXPECT_TRUE(AttestationKey::from(area));
}

class BadAttestationKey : public testing::TestWithParam<Defect> {};

TEST_P(BadAttestationKey, IsRefused) {
    expect_refused<AttestationKey>(GetParam());
}

INSTANTIATE_TEST_SUITE_P(
    Defects,
    BadAttestationKey,
    testing::Values(
        Defect{"NotRestricted", "good-ak-ecc", flip(attribute::restricted), "ak.attributes"},
        Defect{"NoSign", "good-ak-ecc", flip(attribute::sign), "ak.attributes"},
        Defect{"NotFixedTpm", "good-ak-ecc", flip(attribute::fixed_tpm), "ak.attributes"},
        Defect{"NotFixedParent", "good-ak-ecc", flip(attribute::fixed_parent), "ak.attributes"},
        Defect{"NotMadeInside", "good-ak-ecc", flip(attribute::sensitive_data_origin), "ak.attributes"},
        Defect{"NoUserAuth", "good-ak-ecc", flip(attribute::user_with_auth), "ak.attributes"},
        Defect{"Decrypts", "good-ak-ecc", flip(attribute::decrypt), "ak.decrypt"},
        Defect{"AdminWithPolicy", "good-ak-ecc", flip(attribute::admin_with_policy), "ak.attributes"},
        Defect{"StClear", "good-ak-ecc", flip(attribute::st_clear), "ak.attributes"},
        Defect{"ReservedBit", "good-ak-ecc", flip(1U << 31U), "ak.attributes"},
        Defect{"Policy", "good-ak-ecc", [](PublicArea& a) { a.auth_policy.resize(32); }, "ak.auth_policy"},
        Defect{"Sha1Name",
               "good-ak-ecc",
               [](PublicArea& a) { a.name_alg = crypto::HashAlg::sha1; },
               "ak.name_alg"},
        Defect{"Sha1Signature",
               "good-ak-ecc",
               [](PublicArea& a) { std::get<EccArea>(a.key).scheme.hash = AlgId::sha1; },
               "ak.scheme"},
        Defect{"Sha512Signature",
               "good-ak-rsassa",
               [](PublicArea& a) { std::get<RsaArea>(a.key).scheme.hash = AlgId::sha512; },
               "ak.scheme"},
        Defect{"Sha384OnP256",
               "good-ak-ecc",
               [](PublicArea& a) { std::get<EccArea>(a.key).scheme.hash = AlgId::sha384; },
               "ak.curve"},
        Defect{"AnyScheme",
               "good-ak-rsassa",
               [](PublicArea& a) { std::get<RsaArea>(a.key).scheme = {}; },
               "ak.scheme"},
        Defect{"SchemeOfEcdh",
               "good-ak-ecc",
               [](PublicArea& a) { std::get<EccArea>(a.key).scheme.algorithm = AlgId::ecdh; },
               "ak.scheme"},
        Defect{"SchemeOfEncryption",
               "good-ak-rsassa",
               [](PublicArea& a) { std::get<RsaArea>(a.key).scheme.algorithm = AlgId::oaep; },
               "ak.scheme"},
        Defect{"OtherCurve",
               "good-ak-ecc",
               [](PublicArea& a) { std::get<EccArea>(a.key).curve = EccCurve::nist_p384; },
               "ak.curve"},
        Defect{"Symmetric",
               "good-ak-ecc",
               [](PublicArea& a) { std::get<EccArea>(a.key).symmetric = {AlgId::aes, 128, AlgId::cfb}; },
               "ak.symmetric"},
        Defect{"RsaOf1024",
               "good-ak-rsassa",
               [](PublicArea& a) {
                   std::get<RsaArea>(a.key).key_bits = 1024;
                   std::get<RsaArea>(a.key).modulus.resize(128);
               },
               "public.modulus"}),
    defect_name);

TEST(AttestationKeyFrom, SaysThatAModulusIsTooShort) {
    PublicArea area = area_of("good-ak-rsassa");
    auto& rsa = std::get<RsaArea>(area.key);
    rsa.key_bits = 1024;
    rsa.modulus.resize(128);
    EXPECT_TRUE(AttestationKey::from(area).error().detail.contains("size stated, 2048 bits or more"));
}

TEST(AttestationKeyFrom, RefusesRecordedKeysOfTheWrongKind) {
    EXPECT_EQ(AttestationKey::from(area_of("bad-ak-unrestricted")).error().where, "ak.attributes");
    EXPECT_EQ(AttestationKey::from(area_of("bad-ak-decrypt")).error().where, "ak.attributes");
    EXPECT_EQ(AttestationKey::from(area_of("good-ek-l2")).error().where, "ak.attributes");
}

} // namespace
} // namespace vouchsafe::tpm

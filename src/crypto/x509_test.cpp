// Parsing certificates, their facts, and making our own. Chains: x509_chain_test.cpp.
#include "crypto/x509.h"
#include "crypto/x509_test_builder.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>

namespace vouchsafe::crypto {
namespace {

using test_build::day;
using test_build::Draft;
using test_build::make;
using test_build::new_rsa_key;

Certificate parsed(std::string_view path, Padding padding = Padding::refused) {
    auto certificate = Certificate::from_der(test::read_vector(path), padding);
    VS_CHECK(certificate.has_value());
    return *std::move(certificate);
}

TEST(Certificate, ReadsAnEkCertificateOfSwtpm) {
    const Certificate ek = parsed("crypto/ek/rsa-2048.der");
    EXPECT_EQ(ek.subject(), "CN=vm-fixture");
    EXPECT_EQ(ek.common_name(), "vm-fixture");
    EXPECT_EQ(ek.issuer(), "CN=swtpm-localca");
    EXPECT_EQ(ek.serial(), "02");
    EXPECT_EQ(ek.key_algorithm(), "RSA 2048");
    EXPECT_EQ(to_text(ek.not_after()), "9999-12-31T23:59:59.000Z");
    EXPECT_FALSE(ek.is_ca());
    EXPECT_FALSE(ek.is_self_issued());
    EXPECT_TRUE(ek.dns_names().empty());
    EXPECT_EQ(parsed("crypto/ek/ecc-p384.der").key_algorithm(), "EC P-384");
}

TEST(Certificate, TakesPaddingOfTpmNvOnlyWhereTolerated) {
    const Certificate plain = parsed("crypto/ek/rsa-2048.der");
    for (const char* path : {"crypto/ek/rsa-2048-padded-ff.der", "crypto/ek/rsa-2048-stored-cert.der"}) {
        const Buffer bytes = test::read_vector(path);
        EXPECT_EQ(Certificate::from_der(bytes).error().where, "x509.der") << path;
        const auto tolerated = Certificate::from_der(bytes, Padding::tolerated);
        ASSERT_TRUE(tolerated) << path;
        EXPECT_EQ(*tolerated, plain);
        EXPECT_EQ(tolerated->fingerprint(), sha256(plain.der()));
    }
}

TEST(Certificate, RefusesOtherBytesAfterIt) {
    Buffer bytes = parsed("crypto/ek/rsa-2048.der").der();
    bytes.push_back(0x00);
    bytes.push_back(0x30);
    EXPECT_EQ(Certificate::from_der(bytes, Padding::tolerated).error().where, "x509.der");
}

TEST(Certificate, RefusesWhatIsNone) {
    const Buffer good = parsed("crypto/ek/rsa-2048.der").der();
    EXPECT_EQ(Certificate::from_der({}).error().code, Errc::malformed);
    EXPECT_EQ(Certificate::from_der(Bytes(good).first(good.size() - 1)).error().code, Errc::malformed);
    EXPECT_EQ(Certificate::from_der(Buffer(4096, 0xFF), Padding::tolerated).error().code, Errc::malformed);
    EXPECT_EQ(Certificate::from_der(Buffer((std::size_t{64} << 10U) + 1)).error().code, Errc::too_large);
}

TEST(Certificate, KnowsACa) {
    const auto root = Certificate::from_pem(as_text(test::read_vector("crypto/ek/root.pem")));
    ASSERT_TRUE(root);
    EXPECT_TRUE(root->is_ca());
    EXPECT_TRUE(root->is_self_issued());
    EXPECT_FALSE(make(Draft{.common_name = "x",
                            .extensions = {{NID_basic_constraints, "critical,CA:TRUE"},
                                           {NID_key_usage, "critical,digitalSignature"}}})
                     .certificate()
                     .is_ca());
    EXPECT_FALSE(make(Draft{.common_name = "x", .extensions = {}}).certificate().is_ca());
}

TEST(Certificate, LeavesOutDnsNamesWithOddCharacters) {
    const auto holder = make(Draft{
        .common_name = "x", .extensions = {{NID_subject_alt_name, "DNS:good.example,DNS:bad name.example"}}});
    EXPECT_EQ(holder.certificate().dns_names(), std::vector<std::string>{"good.example"});
}

TEST(Certificate, GivesAnRsaKeyOfTheNameRsaesOaep) {
    const Draft draft{.common_name = "x", .extensions = {}, .spki = test_build::SpkiName::rsaes_oaep};
    const auto ca = make(Draft{.common_name = "ca", .extensions = {}});
    const auto holder = make(draft, new_rsa_key(), &ca);
    const auto key = holder.certificate().public_key();
    ASSERT_TRUE(key);
    EXPECT_TRUE(std::holds_alternative<RsaPublicKey>(*key));
    EXPECT_NE(spki_der(*key), holder.certificate().spki_der()); // the name differs, the key does not
    EXPECT_EQ(holder.certificate().key_algorithm(), "RSA 2048");
}

TEST(Certificate, RefusesWeakKeys) {
    const auto ca = make(Draft{.common_name = "ca", .extensions = {}});
    const auto weak = make(Draft{.common_name = "x", .extensions = {}}, new_rsa_key(1024), &ca);
    EXPECT_EQ(weak.certificate().public_key().error().where, "rsa.bits");
    const auto curve =
        make(Draft{.common_name = "x", .extensions = {}}, test_build::new_ec_key("P-521"), &ca);
    EXPECT_EQ(curve.certificate().public_key().error().code, Errc::unsupported);
    EXPECT_EQ(curve.certificate().key_algorithm(), "1.2.840.10045.2.1");
}

TEST(Pem, GoesBothWays) {
    const auto root = Certificate::from_pem(as_text(test::read_vector("crypto/ek/root.pem"))).value();
    const auto issuer = Certificate::from_pem(as_text(test::read_vector("crypto/ek/issuer.pem"))).value();
    EXPECT_EQ(Certificate::from_pem(root.pem()).value(), root);
    const std::vector both = {root, issuer};
    EXPECT_EQ(certificates_from_pem("A comment, as some files have.\n" + pem_of(both)).value(), both);
    EXPECT_EQ(Certificate::from_pem(pem_of(both)).error().where, "x509.pem");
}

TEST(Pem, RefusesOtherBlocksAndTooMuch) {
    const auto root = Certificate::from_pem(as_text(test::read_vector("crypto/ek/root.pem"))).value();
    const std::string pem = root.pem();
    const std::string key_block = "-----BEGIN PUBLIC KEY-----\nMAA=\n-----END PUBLIC KEY-----\n";
    EXPECT_EQ(certificates_from_pem(pem + key_block).error().where, "x509.pem");
    EXPECT_EQ(certificates_from_pem("").error().where, "x509.pem");
    EXPECT_EQ(certificates_from_pem("no PEM at all").error().where, "x509.pem");
    EXPECT_EQ(certificates_from_pem(pem + pem.substr(0, pem.size() / 2)).error().where, "x509.pem");
    EXPECT_EQ(certificates_from_pem(pem + pem, {.bytes = 100000, .certificates = 1}).error().code,
              Errc::too_large);
    EXPECT_EQ(certificates_from_pem(pem, {.bytes = pem.size() - 1, .certificates = 1}).error().code,
              Errc::too_large);
    EXPECT_TRUE(certificates_from_pem(pem, {.bytes = pem.size(), .certificates = 1}));
}

TEST(EkFacts, NameTheTpm) {
    const auto facts = ek_facts(parsed("crypto/ek/rsa-2048.der"));
    ASSERT_TRUE(facts);
    EXPECT_EQ(
        *facts,
        (EkFacts{
            .manufacturer = "id:00001014", .model = "swtpm", .version = "id:20191023", .ek_usage = true}));
}

TEST(EkFacts, RefuseCertificatesThatNameNoTpm) {
    EXPECT_EQ(ek_facts(make(Draft{.common_name = "x", .extensions = {}}).certificate()).error().where,
              "ek.subject_alt_name");
    const auto twice =
        make(Draft{.common_name = {}, .extensions = {}}, test_build::new_ec_key(), nullptr, [](X509& x509) {
            test_build::add_tpm_name(x509, {{"2.23.133.2.1", "id:1"}, {"2.23.133.2.1", "id:2"}});
        });
    EXPECT_EQ(ek_facts(twice.certificate()).error().where, "ek.subject_alt_name");
    const auto partly =
        make(Draft{.common_name = {}, .extensions = {}}, test_build::new_ec_key(), nullptr, [](X509& x509) {
            test_build::add_tpm_name(x509, {{"2.23.133.2.2", "model"}});
        });
    EXPECT_EQ(ek_facts(partly.certificate())->model, "model");
    EXPECT_FALSE(ek_facts(partly.certificate())->ek_usage);
}

TEST(ManufacturerName, ReadsTheFourLetters) {
    EXPECT_EQ(manufacturer_name("id:53544D20"), "STM");
    EXPECT_EQ(manufacturer_name("id:49465800"), "IFX");
    EXPECT_EQ(manufacturer_name("id:00001014"), "id:00001014"); // IBM's number is no text
    EXPECT_EQ(manufacturer_name("id:xyz"), "id:xyz");
    EXPECT_EQ(manufacturer_name(""), "");
}

TEST(MakeCaCertificate, MakesARoot) {
    const EcPrivateKey key = EcPrivateKey::generate();
    const Certificate ca = make_ca_certificate(key, "Vouchsafe root", {day(0), day(3650)});
    EXPECT_TRUE(ca.is_ca());
    EXPECT_TRUE(ca.is_self_issued());
    EXPECT_EQ(ca.subject(), "CN=Vouchsafe root");
    EXPECT_EQ(ca.not_before(), day(0));
    EXPECT_EQ(ca.not_after(), day(3650));
    EXPECT_EQ(ca.spki_der(), key.public_key().spki_der());
    EXPECT_EQ(ca.serial().size(), 32U);
    EXPECT_NE(ca.serial(), make_ca_certificate(key, "Vouchsafe root", {day(0), day(1)}).serial());
}

TEST(MakeSelfSigned, NamesItsHostsAndLastsAsLongAsAsked) {
    const EcPrivateKey key = EcPrivateKey::generate();
    const SysTime end = SysTime(std::chrono::sys_days(std::chrono::year(2060) / 5 / 6));
    const Certificate made = make_self_signed(key,
                                              {.common_name = "agent",
                                               .dns_names = {"a.example", "b.example,DNS:evil.example"},
                                               .usage = Usage::client,
                                               .validity = {.not_before = day(0), .not_after = end}});
    EXPECT_EQ(made.dns_names(), (std::vector<std::string>{"a.example", "b.example,DNS:evil.example"}));
    EXPECT_EQ(made.not_after(), end); // beyond 2050: another form of time
    EXPECT_FALSE(made.is_ca());
}

TEST(IssueServerCertificate, KeepsLongNamesOutOfTheSubject) {
    const EcPrivateKey ca_key = EcPrivateKey::generate();
    const Certificate ca = make_ca_certificate(ca_key, "root", {day(0), day(10)});
    const std::string name = std::string(60, 'a') + ".example";
    const Certificate made = issue_server_certificate(
        ca_key,
        ca,
        {.key = EcPrivateKey::generate().public_key(), .dns_names = {name}, .validity = {day(0), day(1)}});
    EXPECT_EQ(made.subject(), "");
    EXPECT_EQ(made.dns_names(), std::vector{name});
    const std::vector anchors = {ca};
    EXPECT_TRUE(verify_chain({.leaf = made,
                              .intermediates = {},
                              .anchors = anchors,
                              .now = day(0),
                              .purpose = Purpose::tls_server}));
}

TEST(IssueServerCertificateDeathTest, WantsTheKeyOfItsCa) {
    const EcPrivateKey ca_key = EcPrivateKey::generate();
    const Certificate ca = make_ca_certificate(ca_key, "root", {day(0), day(10)});
    const EcPrivateKey other = EcPrivateKey::generate();
    EXPECT_DEATH(
        std::ignore = issue_server_certificate(
            other, ca, {.key = other.public_key(), .dns_names = {"a"}, .validity = {day(0), day(1)}}),
        "spki_der");
}

TEST(MakeCsr, IsSignedByItsKeyAndNamesItsHosts) {
    const EcPrivateKey key = EcPrivateKey::generate();
    const std::string pem =
        make_csr(key, {.common_name = "kmip client", .dns_names = {"a.example"}, .usage = Usage::client});
    const OwnedBio in = reading(as_bytes(pem));
    const Owned<X509_REQ, X509_REQ_free> request(PEM_read_bio_X509_REQ(in.get(), nullptr, nullptr, nullptr));
    ASSERT_NE(request, nullptr);
    EVP_PKEY* const public_key = X509_REQ_get0_pubkey(request.get());
    EXPECT_EQ(X509_REQ_verify(request.get(), public_key), 1);
    EXPECT_EQ(der_of([&](unsigned char** out) { return i2d_PUBKEY(public_key, out); }),
              key.public_key().spki_der());
    const auto attributes = name_attributes(*X509_REQ_get_subject_name(request.get()));
    ASSERT_EQ(attributes.size(), 1U);
    EXPECT_EQ(attributes.front().value, "kmip client");
}

TEST(PrivateKeyPemFor, TakesTheCertificatesKeyOnly) {
    const EcPrivateKey key = EcPrivateKey::generate();
    const Certificate own = make_self_signed(
        key, {.common_name = "c", .dns_names = {}, .usage = Usage::client, .validity = {day(0), day(1)}});
    const auto pem = private_key_pem_for(own, key.to_secret_pem());
    ASSERT_TRUE(pem);
    EXPECT_TRUE(equal(*pem, key.to_secret_pem()));
    EXPECT_EQ(private_key_pem_for(own, EcPrivateKey::generate().to_secret_pem()).error().where, "x509.key");
    EXPECT_EQ(private_key_pem_for(own, Secret(as_bytes("no key"))).error().where, "x509.private_key");
    EXPECT_EQ(private_key_pem_for(own, Secret()).error().where, "x509.private_key");
}

TEST(PrivateKeyPemFor, TakesRsaKeysAndNeverAsksForAPassphrase) {
    const auto holder = make(Draft{.common_name = "x", .extensions = {}}, new_rsa_key(), nullptr);
    const OwnedBio plain(check(BIO_new(BIO_s_mem())));
    check(PEM_write_bio_PrivateKey_traditional(
        plain.get(), &holder.key(), nullptr, nullptr, 0, nullptr, nullptr));
    EXPECT_TRUE(private_key_pem_for(holder.certificate(), Secret(contents(*plain))));
    const OwnedBio locked(check(BIO_new(BIO_s_mem())));
    std::string passphrase = "secret";
    check(PEM_write_bio_PKCS8PrivateKey(
        locked.get(), &holder.key(), EVP_aes_256_cbc(), passphrase.data(), 6, nullptr, nullptr));
    EXPECT_EQ(private_key_pem_for(holder.certificate(), Secret(contents(*locked))).error().where,
              "x509.private_key");
}

} // namespace
} // namespace vouchsafe::crypto

// Keys, signatures, key agreement. Positive vectors: RFCs, and a TPM's signatures (tests/vectors/crypto).
#include "crypto/ec_key.h"
#include "crypto/ecdh_ephemeral.h"
#include "crypto/openssl.h"
#include "crypto/rsa.h"
#include "crypto/signature.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>
#include <openssl/rsa.h>

namespace vouchsafe::crypto {
namespace {

Buffer b64url(std::string_view text) {
    return from_base64url(text).value();
}

Buffer flipped(Buffer bytes, std::size_t at) {
    bytes.at(at) ^= 1U;
    return bytes;
}

struct TpmSignature {
    std::string key;
    std::string scheme;
    HashAlg hash;
};

Result<void> verify(const TpmSignature& row, Bytes message, Bytes signature) {
    const auto key =
        public_key_from_spki_der(test::read_vector("crypto/signatures/" + row.key + ".spki.der"));
    VS_CHECK(key.has_value());
    if (const auto* const rsa = std::get_if<RsaPublicKey>(&*key)) {
        const auto scheme = row.scheme == "rsapss" ? RsaScheme::pss : RsaScheme::pkcs1;
        return verify_rsa(*rsa, scheme, row.hash, message, signature);
    }
    const auto& ec = std::get<EcPublicKey>(*key);
    const std::size_t size = coordinate_size(ec.curve());
    VS_TRY(const Buffer raw, ecdsa_from_der(signature, size));
    return verify_ecdsa(ec, row.hash, message, Bytes(raw).first(size), Bytes(raw).last(size));
}

class TpmSigned : public testing::TestWithParam<TpmSignature> {
protected:
    const Buffer message = test::read_vector("crypto/signatures/message.txt");
    const Buffer signature =
        test::read_vector("crypto/signatures/" + GetParam().key + "." + GetParam().scheme + "-" +
                          std::string(to_string(GetParam().hash)) + ".sig");
};

TEST_P(TpmSigned, Verifies) {
    EXPECT_TRUE(verify(GetParam(), message, signature));
}

TEST_P(TpmSigned, RefusesAnotherMessageSignatureOrHash) {
    EXPECT_EQ(verify(GetParam(), flipped(message, 0), signature).error().code, Errc::untrusted);
    EXPECT_FALSE(verify(GetParam(), Bytes(message).first(message.size() - 1), signature));
    EXPECT_FALSE(verify(GetParam(), {}, signature));
    EXPECT_FALSE(verify(GetParam(), message, flipped(signature, signature.size() - 1)));
    EXPECT_FALSE(verify(GetParam(), message, Bytes(signature).first(signature.size() - 1)));
    EXPECT_FALSE(verify(GetParam(), message, {}));
    TpmSignature other = GetParam();
    other.hash = other.hash == HashAlg::sha256 ? HashAlg::sha512 : HashAlg::sha256;
    EXPECT_FALSE(verify(other, message, signature));
    if (other.scheme != "ecdsa") {
        other = GetParam();
        other.scheme = other.scheme == "rsapss" ? "rsassa" : "rsapss";
        EXPECT_FALSE(verify(other, message, signature));
    }
}

INSTANTIATE_TEST_SUITE_P(Table,
                         TpmSigned,
                         testing::Values(TpmSignature{"rsa-2048", "rsassa", HashAlg::sha256},
                                         TpmSignature{"rsa-2048", "rsapss", HashAlg::sha256},
                                         TpmSignature{"rsa-2048", "rsapss", HashAlg::sha384},
                                         TpmSignature{"ec-p256", "ecdsa", HashAlg::sha256},
                                         TpmSignature{"ec-p384", "ecdsa", HashAlg::sha384}),
                         [](const auto& row) { return row.param.scheme + std::to_string(row.index); });

TEST(VerifyRsa, RefusesSha1EvenWhereTheSignatureHolds) {
    const TpmSignature row{"rsa-2048", "rsassa", HashAlg::sha1};
    const auto verified = verify(row,
                                 test::read_vector("crypto/signatures/message.txt"),
                                 test::read_vector("crypto/signatures/rsa-2048.rsassa-sha1.sig"));
    ASSERT_FALSE(verified);
    EXPECT_EQ(verified.error().code, Errc::unsupported);
}

// [RFC 7515 A.3]
const Buffer jws_x = b64url("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
const Buffer jws_y = b64url("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
constexpr std::string_view jws_input =
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const Buffer jws_signature =
    b64url("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");

TEST(Es256, VerifiesRfc7515) {
    const auto key = EcPublicKey::from_jwk(jws_x, jws_y);
    ASSERT_TRUE(key);
    EXPECT_TRUE(verify_es256(*key, as_bytes(jws_input), jws_signature));
    for (std::size_t i = 0; i < jws_signature.size(); ++i)
        EXPECT_EQ(verify_es256(*key, as_bytes(jws_input), flipped(jws_signature, i)).error().where,
                  "signature.es256");
    EXPECT_FALSE(verify_es256(*key, as_bytes(jws_input.substr(1)), jws_signature));
}

TEST(Es256, RefusesSignaturesOfAnotherSizeOrRange) {
    const auto key = EcPublicKey::from_jwk(jws_x, jws_y);
    ASSERT_TRUE(key);
    const Bytes signature = jws_signature;
    EXPECT_FALSE(verify_es256(*key, as_bytes(jws_input), signature.first(63)));
    Buffer longer = jws_signature;
    longer.push_back(0);
    EXPECT_FALSE(verify_es256(*key, as_bytes(jws_input), longer));
    EXPECT_FALSE(verify_es256(*key, as_bytes(jws_input), {}));
    EXPECT_FALSE(verify_es256(*key, as_bytes(jws_input), Buffer(64)));
    Buffer zero_s = jws_signature;
    std::fill(zero_s.begin() + 32, zero_s.end(), std::uint8_t{0});
    EXPECT_FALSE(verify_es256(*key, as_bytes(jws_input), zero_s));
    Buffer zero_r = jws_signature;
    std::fill(zero_r.begin(), zero_r.begin() + 32, std::uint8_t{0});
    EXPECT_FALSE(verify_es256(*key, as_bytes(jws_input), zero_r));
    EXPECT_FALSE(verify_es256(*key, as_bytes(jws_input), Buffer(64, 0xFF)));
}

TEST(Es256, SignsWhatItVerifies) {
    const EcPrivateKey key = EcPrivateKey::generate();
    const EcPrivateKey other = EcPrivateKey::generate();
    for (int i = 0; i < 20; ++i) { // short r and s occur
        const Es256Signature signature = sign_es256(key, as_bytes("message"));
        EXPECT_TRUE(verify_es256(key.public_key(), as_bytes("message"), signature));
        EXPECT_FALSE(verify_es256(other.public_key(), as_bytes("message"), signature));
    }
    EXPECT_TRUE(verify_es256(key.public_key(), {}, sign_es256(key, {})));
}

TEST(Es256, RefusesP384Keys) {
    const auto key = EcPublicKey::from_spki_der(test::read_vector("crypto/signatures/ec-p384.spki.der"));
    ASSERT_TRUE(key);
    EXPECT_FALSE(verify_es256(*key, as_bytes(jws_input), jws_signature));
}

TEST(VerifyEcdsa, TakesShortAndPaddedNumbersAndRefusesLongOnes) {
    const auto key = EcPublicKey::from_jwk(jws_x, jws_y);
    ASSERT_TRUE(key);
    const Bytes raw = jws_signature;
    Buffer r = {0, 0};
    r.insert(r.end(), raw.begin(), raw.begin() + 32);
    EXPECT_TRUE(verify_ecdsa(*key, HashAlg::sha256, as_bytes(jws_input), r, raw.last(32)));
    r[0] = 1;
    EXPECT_EQ(verify_ecdsa(*key, HashAlg::sha256, as_bytes(jws_input), r, raw.last(32)).error().where,
              "signature.ecdsa");
    EXPECT_EQ(verify_ecdsa(*key, HashAlg::sm3_256, as_bytes(jws_input), r, raw.last(32)).error().code,
              Errc::unsupported);
}

TEST(EcdsaDer, RefusesWhatIsNotTwoNumbersInRange) {
    const Buffer der = ecdsa_to_der(Buffer(32, 0x81), Buffer{1});
    EXPECT_EQ(to_hex(der), "3026022100" + to_hex(Buffer(32, 0x81)) + "020101");
    EXPECT_EQ(ecdsa_from_der(der, 32)->size(), 64U);
    EXPECT_FALSE(ecdsa_from_der(der, 31));
    EXPECT_FALSE(ecdsa_from_der(Bytes(der).first(der.size() - 1), 32));
    Buffer longer = der;
    longer.push_back(0);
    EXPECT_FALSE(ecdsa_from_der(longer, 32));
    EXPECT_FALSE(ecdsa_from_der({}, 32));
    for (const char* bad : {"3006020100020101", "3006020101020100", "30060201ff020101"})
        EXPECT_EQ(ecdsa_from_der(from_hex(bad).value(), 32).error().where, "ecdsa.der") << bad;
}

TEST(EcPublicKey, HasTheThumbprintOfRfc9449) {
    const auto key = EcPublicKey::from_jwk(b64url("l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs"),
                                           b64url("9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA"));
    ASSERT_TRUE(key);
    EXPECT_EQ(key->thumbprint(), "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

TEST(EcPublicKey, RefusesPointsOffTheCurveAndCoordinatesOfAnotherSize) {
    EXPECT_EQ(EcPublicKey::from_jwk(jws_x, flipped(jws_y, 31)).error().where, "ec_key.point");
    EXPECT_EQ(EcPublicKey::from_jwk(Buffer(32), Buffer(32)).error().where, "ec_key.point");
    EXPECT_EQ(EcPublicKey::from_jwk(Buffer(32, 0xFF), jws_y).error().where, "ec_key.point");
    EXPECT_EQ(EcPublicKey::from_jwk(Bytes(jws_x).first(31), jws_y).error().where, "ec_key.coordinate");
    EXPECT_EQ(EcPublicKey::from_jwk({}, {}).error().where, "ec_key.coordinate");
    EXPECT_EQ(EcPublicKey::from_coordinates(Curve::p256, Buffer(33, 1), jws_y).error().where,
              "ec_key.coordinate");
    EXPECT_EQ(EcPublicKey::from_coordinates(Curve::p384, jws_x, jws_y).error().where, "ec_key.point");
}

TEST(EcPublicKey, GoesThroughSpkiUnchanged) {
    for (const char* name : {"crypto/signatures/ec-p256.spki.der", "crypto/signatures/ec-p384.spki.der"}) {
        const Buffer der = test::read_vector(name);
        const auto key = EcPublicKey::from_spki_der(der);
        ASSERT_TRUE(key) << name;
        EXPECT_EQ(key->spki_der(), der);
        EXPECT_EQ(EcPublicKey::from_coordinates(key->curve(), key->x(), key->y()).value(), *key);
        EXPECT_FALSE(EcPublicKey::from_spki_der(Bytes(der).first(der.size() - 1)));
        EXPECT_FALSE(EcPublicKey::from_spki_der(flipped(der, 20)));
        EXPECT_FALSE(EcPublicKey::from_spki_der(flipped(der, der.size() - 1)));
    }
}

TEST(EcPrivateKey, GoesThroughPkcs8) {
    const EcPrivateKey key = EcPrivateKey::generate();
    const auto again = EcPrivateKey::from_secret_der(key.to_secret_der());
    ASSERT_TRUE(again);
    EXPECT_EQ(again->public_key(), key.public_key());
    EXPECT_EQ(key.clone().public_key(), key.public_key());
    EXPECT_TRUE(verify_es256(key.public_key(), as_bytes("m"), sign_es256(*again, as_bytes("m"))));
    EXPECT_NE(key.public_key(), EcPrivateKey::generate().public_key());
    const bool is_pem = key.to_secret_pem().expose(
        [](Bytes pem) { return as_text(pem).starts_with("-----BEGIN PRIVATE KEY-----\n"); });
    EXPECT_TRUE(is_pem);
}

TEST(EcPrivateKey, RefusesBrokenAndForeignKeys) {
    const Secret der = EcPrivateKey::generate().to_secret_der();
    const Buffer bytes = der.expose([](Bytes view) { return to_buffer(view); });
    EXPECT_FALSE(EcPrivateKey::from_secret_der(Secret(Bytes(bytes).first(bytes.size() - 1))));
    Buffer longer = bytes;
    longer.push_back(0);
    EXPECT_FALSE(EcPrivateKey::from_secret_der(Secret(longer)));
    EXPECT_FALSE(EcPrivateKey::from_secret_der(Secret()));
    // the scalar of another key beside this public point
    EXPECT_FALSE(EcPrivateKey::from_secret_der(Secret(flipped(bytes, 50))));

    const OwnedPkey p384(EVP_EC_gen("P-384"));
    Secret foreign(der_of([&](unsigned char** out) { return i2d_PrivateKey(p384.get(), out); }));
    EXPECT_EQ(EcPrivateKey::from_secret_der(foreign).error().code, Errc::unsupported);
}

TEST(Ecdh, AgreesOnBothSidesAndOnNoOther) {
    const EcPrivateKey a = EcPrivateKey::generate();
    const EcPrivateKey b = EcPrivateKey::generate();
    const EcPrivateKey c = EcPrivateKey::generate();
    const auto ab = ecdh_p256(a, b.public_key());
    ASSERT_TRUE(ab);
    EXPECT_EQ(ab->size(), 32U);
    EXPECT_TRUE(equal(*ab, ecdh_p256(b, a.public_key()).value()));
    EXPECT_FALSE(equal(*ab, ecdh_p256(c, a.public_key()).value()));
    const auto p384 = EcPublicKey::from_spki_der(test::read_vector("crypto/signatures/ec-p384.spki.der"));
    EXPECT_EQ(ecdh_p256(a, p384.value()).error().where, "ecdh.curve");
}

TEST(Ecdh, FitsRfc7518AppendixC) {
    // The scalar in SEC 1 form; the document gives Z by its derived key only, so Z is compared with the point
    // that both sides must reach.
    const auto with_scalar = [](std::string_view d, std::string_view x, std::string_view y) {
        Buffer der = from_hex("30770201010420").value();
        const auto append = [&der](const Buffer& part) { der.insert(der.end(), part.begin(), part.end()); };
        append(b64url(d));
        append(from_hex("a00a06082a8648ce3d030107a14403420004").value());
        append(b64url(x));
        append(b64url(y));
        return EcPrivateKey::from_secret_der(Secret(der));
    };
    const auto alice = with_scalar("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo",
                                   "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
                                   "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps");
    const auto bob = with_scalar("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw",
                                 "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
                                 "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck");
    ASSERT_TRUE(alice && bob);
    const Secret z = ecdh_p256(*alice, bob->public_key()).value();
    EXPECT_TRUE(equal(z, ecdh_p256(*bob, alice->public_key()).value()));
    // Concat KDF [NIST SP 800-56A §5.8.1] with the document's parameters
    const Sha256Digest derived = z.expose([](Bytes shared) {
        return sha256({from_hex("00000001").value(),
                       shared,
                       from_hex("00000007").value(),
                       as_bytes("A128GCM"),
                       from_hex("00000005").value(),
                       as_bytes("Alice"),
                       from_hex("00000003").value(),
                       as_bytes("Bob"),
                       from_hex("00000080").value()});
    });
    EXPECT_EQ(to_base64url(Bytes(derived).first(16)), "VqqN6vgjbSBcIijNcacQGg");
}

TEST(EcdhEphemeral, ReachesWhatThePeerReaches) {
    const EcPrivateKey peer = EcPrivateKey::generate();
    const auto share = ecdh_ephemeral(peer.public_key());
    ASSERT_TRUE(share);
    const auto sender = EcPublicKey::from_jwk(share->x, share->y);
    ASSERT_TRUE(sender);
    EXPECT_TRUE(equal(share->z, ecdh_p256(peer, *sender).value()));
    EXPECT_FALSE(equal(share->z, ecdh_p256(EcPrivateKey::generate(), *sender).value()));
    EXPECT_NE(share->x, ecdh_ephemeral(peer.public_key())->x); // another key each time
}

TEST(EcdhEphemeral, TakesP384) {
    const auto peer = EcPublicKey::from_spki_der(test::read_vector("crypto/signatures/ec-p384.spki.der"));
    const auto share = ecdh_ephemeral(peer.value());
    ASSERT_TRUE(share);
    EXPECT_EQ(share->z.size(), 48U);
    EXPECT_TRUE(EcPublicKey::from_coordinates(Curve::p384, share->x, share->y));
}

TEST(RsaPublicKey, RefusesWeakKeys) {
    Buffer modulus(256, 0xC5);
    EXPECT_TRUE(RsaPublicKey::from_modulus(modulus));
    EXPECT_EQ(RsaPublicKey::from_modulus(modulus)->bits(), 2048U);
    for (const std::uint32_t exponent : {0U, 1U, 3U, 17U, 65535U, 65536U, 65538U})
        EXPECT_EQ(RsaPublicKey::from_modulus(modulus, exponent).error().where, "rsa.exponent") << exponent;
    modulus.back() = 0xC4;
    EXPECT_EQ(RsaPublicKey::from_modulus(modulus).error().where, "rsa.modulus");
    modulus.back() = 0xC5;
    modulus.front() = 0x7F;
    EXPECT_EQ(RsaPublicKey::from_modulus(modulus).error().where, "rsa.bits");
    modulus.front() = 0;
    EXPECT_EQ(RsaPublicKey::from_modulus(modulus).error().where, "rsa.bits");
    EXPECT_EQ(RsaPublicKey::from_modulus({}).error().where, "rsa.bits");
    EXPECT_EQ(RsaPublicKey::from_modulus(Buffer(1025, 0xC5)).error().code, Errc::too_large);
}

TEST(RsaPublicKey, GoesThroughSpkiUnchanged) {
    const Buffer der = test::read_vector("crypto/signatures/rsa-2048.spki.der");
    const auto key = RsaPublicKey::from_spki_der(der);
    ASSERT_TRUE(key);
    EXPECT_EQ(key->spki_der(), der);
    EXPECT_EQ(key->exponent(), 65537U);
    EXPECT_EQ(RsaPublicKey::from_modulus(key->modulus()).value(), *key);
    Buffer longer = der;
    longer.push_back(0);
    EXPECT_FALSE(RsaPublicKey::from_spki_der(longer));
    EXPECT_FALSE(RsaPublicKey::from_spki_der(Bytes(der).first(der.size() - 1)));
    EXPECT_FALSE(RsaPublicKey::from_spki_der({}));
}

/// SubjectPublicKeyInfo of an RSA key with another algorithm's name on it.
Buffer with_algorithm(Bytes der, int kind) {
    const unsigned char* cursor = der.data();
    const OwnedX509Pubkey info(check(d2i_X509_PUBKEY(nullptr, &cursor, static_cast<long>(der.size()))));
    const unsigned char* key = nullptr;
    int size = 0;
    check(X509_PUBKEY_get0_param(nullptr, &key, &size, nullptr, info.get()));
    unsigned char* const copy =
        static_cast<unsigned char*>(OPENSSL_memdup(key, static_cast<std::size_t>(size)));
    check(X509_PUBKEY_set0_param(info.get(), OBJ_nid2obj(kind), V_ASN1_NULL, nullptr, copy, size));
    return der_of([&](unsigned char** out) { return i2d_X509_PUBKEY(info.get(), out); });
}

TEST(PublicKey, TakesRsaesOaepAndNoOtherName) {
    const Buffer der = test::read_vector("crypto/signatures/rsa-2048.spki.der");
    const auto oaep = public_key_from_spki_der(with_algorithm(der, NID_rsaesOaep));
    ASSERT_TRUE(oaep);
    EXPECT_EQ(spki_der(*oaep), der); // one key, one encoding
    EXPECT_EQ(public_key_from_spki_der(with_algorithm(der, NID_dsa)).error().where, "key.algorithm");
    EXPECT_EQ(public_key_from_spki_der(with_algorithm(der, NID_rsassaPss)).error().code, Errc::unsupported);
}

TEST(PublicKey, RefusesOtherCurvesAndKinds) {
    for (const char* group : {"P-521", "secp256k1", "brainpoolP256r1"}) {
        const OwnedPkey key(EVP_EC_gen(group));
        ASSERT_NE(key, nullptr);
        const Buffer der = der_of([&](unsigned char** out) { return i2d_PUBKEY(key.get(), out); });
        EXPECT_EQ(public_key_from_spki_der(der).error().code, Errc::unsupported) << group;
    }
    const OwnedPkey ed25519(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    const Buffer der = der_of([&](unsigned char** out) { return i2d_PUBKEY(ed25519.get(), out); });
    EXPECT_EQ(public_key_from_spki_der(der).error().code, Errc::unsupported);
    const OwnedPkey small(EVP_RSA_gen(1024U));
    const Buffer small_der = der_of([&](unsigned char** out) { return i2d_PUBKEY(small.get(), out); });
    EXPECT_EQ(public_key_from_spki_der(small_der).error().where, "rsa.bits");
    EXPECT_EQ(public_key_from_spki_der({}).error().code, Errc::malformed);
}

/// What libcrypto makes of an OAEP cipher text; empty when it refuses.
Buffer oaep_decrypt(EVP_PKEY& key, const EVP_MD& hash, Bytes label, Bytes cipher) {
    const OwnedPkeyCtx context(check(EVP_PKEY_CTX_new_from_pkey(nullptr, &key, nullptr)));
    check(EVP_PKEY_decrypt_init(context.get()));
    check(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_OAEP_PADDING));
    check(EVP_PKEY_CTX_set_rsa_oaep_md(context.get(), &hash));
    check(EVP_PKEY_CTX_set_rsa_mgf1_md(context.get(), &hash));
    if (!label.empty())
        check(EVP_PKEY_CTX_set0_rsa_oaep_label(
            context.get(), OPENSSL_memdup(label.data(), label.size()), to_int(label.size())));
    Buffer plain(cipher.size());
    std::size_t size = plain.size();
    if (!ok(EVP_PKEY_decrypt(context.get(), plain.data(), &size, cipher.data(), cipher.size())))
        return {};
    plain.resize(size);
    return plain;
}

TEST(Oaep, DecryptsUnderTheSameHashAndLabelOnly) {
    const OwnedPkey key(EVP_RSA_gen(2048U));
    const Buffer der = der_of([&](unsigned char** out) { return i2d_PUBKEY(key.get(), out); });
    const auto public_key = RsaPublicKey::from_spki_der(der);
    ASSERT_TRUE(public_key);
    const Bytes label(reinterpret_cast<const std::uint8_t*>("IDENTITY"), 9); // with its NUL
    const Buffer plain(32, 0x42);
    for (const HashAlg hash : {HashAlg::sha256, HashAlg::sha384, HashAlg::sha1}) {
        const auto cipher = oaep_encrypt(*public_key, hash, label, Secret(plain));
        ASSERT_TRUE(cipher);
        EXPECT_EQ(oaep_decrypt(*key, *method(hash), label, *cipher), plain);
        EXPECT_TRUE(oaep_decrypt(*key, *method(hash), label.first(8), *cipher).empty());
        EXPECT_TRUE(oaep_decrypt(*key, *method(HashAlg::sha512), label, *cipher).empty());
    }
    const auto unlabelled = oaep_encrypt(*public_key, HashAlg::sha256, {}, Secret(plain));
    EXPECT_EQ(oaep_decrypt(*key, *method(HashAlg::sha256), {}, unlabelled.value()), plain);
    EXPECT_TRUE(oaep_encrypt(*public_key, HashAlg::sha256, label, Secret(190)));
    EXPECT_EQ(oaep_encrypt(*public_key, HashAlg::sha256, label, Secret(191)).error().code, Errc::too_large);
}

} // namespace
} // namespace vouchsafe::crypto

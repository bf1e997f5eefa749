#include "crypto/rsa.h"

#include "crypto/keys_impl.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <array>
#include <bit>
#include <string>
#include <utility>

namespace vouchsafe::crypto {

namespace {

using OwnedParamBld = Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using OwnedParams = Owned<OSSL_PARAM, OSSL_PARAM_free>;

constexpr std::size_t least_bits = 2048;
constexpr std::size_t most_bits = 8192;
constexpr std::uint32_t least_exponent = 65537;

std::size_t bit_length(Bytes number) {
    return number.empty()
               ? 0
               : ((number.size() - 1) * 8) + static_cast<std::size_t>(std::bit_width(number.front()));
}

OwnedPkey make_key(Bytes modulus, std::uint32_t exponent) {
    const OwnedBn n = to_number(modulus);
    const OwnedParamBld builder(check(OSSL_PARAM_BLD_new()));
    check(OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()));
    check(OSSL_PARAM_BLD_push_uint32(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent));
    const OwnedParams parameters(check(OSSL_PARAM_BLD_to_param(builder.get())));
    const OwnedPkeyCtx context(check(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr)));
    check(EVP_PKEY_fromdata_init(context.get()));
    EVP_PKEY* key = nullptr;
    check(EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()));
    return OwnedPkey(check(key));
}

OwnedBn integer_of(const EVP_PKEY& key, const char* name) {
    BIGNUM* number = nullptr;
    check(EVP_PKEY_get_bn_param(&key, name, &number));
    return OwnedBn(number);
}

/// RSAPublicKey [RFC 8017 §A.1.1], and nothing after it.
Result<RsaPublicKey> from_pkcs1_der(Bytes der) {
    const unsigned char* cursor = der.data();
    const OwnedPkey key(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &cursor, static_cast<long>(der.size())));
    if (!ok(key != nullptr && cursor == der.data() + der.size() ? 1 : 0))
        return fail(Errc::malformed, "rsa.spki");
    const OwnedBn n = integer_of(*key, OSSL_PKEY_PARAM_RSA_N);
    const OwnedBn e = integer_of(*key, OSSL_PKEY_PARAM_RSA_E);
    if (BN_is_negative(n.get()) == 1 || BN_is_negative(e.get()) == 1 || BN_num_bits(e.get()) > 32)
        return fail(Errc::malformed, "rsa.spki");
    return RsaPublicKey::from_modulus(to_bytes(*n, static_cast<std::size_t>(BN_num_bytes(n.get()))),
                                      static_cast<std::uint32_t>(BN_get_word(e.get())));
}

} // namespace

Result<RsaPublicKey> RsaPublicKey::from_spki_der(Bytes der) {
    const unsigned char* cursor = der.data();
    const OwnedX509Pubkey info(d2i_X509_PUBKEY(nullptr, &cursor, static_cast<long>(der.size())));
    if (!ok(info != nullptr && cursor == der.data() + der.size() ? 1 : 0))
        return fail(Errc::malformed, "rsa.spki");
    ASN1_OBJECT* algorithm = nullptr;
    const unsigned char* key = nullptr;
    int size = 0;
    check(X509_PUBKEY_get0_param(&algorithm, &key, &size, nullptr, info.get()));
    // id-RSAES-OAEP only narrows what the key is for; the bits are the same.
    if (const int kind = OBJ_obj2nid(algorithm); kind != NID_rsaEncryption && kind != NID_rsaesOaep)
        return fail(Errc::unsupported, "rsa.algorithm", "not an RSA key");
    return from_pkcs1_der({key, static_cast<std::size_t>(size)});
}

Result<RsaPublicKey> RsaPublicKey::from_modulus(Bytes modulus, std::uint32_t exponent) {
    while (!modulus.empty() && modulus.front() == 0)
        modulus = modulus.subspan(1);
    const std::size_t bits = bit_length(modulus);
    if (bits < least_bits)
        return fail(Errc::untrusted, "rsa.bits", "an RSA key of fewer than 2048 bits");
    if (bits > most_bits)
        return fail(Errc::too_large, "rsa.bits", "an RSA key of more than 8192 bits");
    if (modulus.back() % 2 == 0)
        return fail(Errc::malformed, "rsa.modulus", "an even modulus");
    if (exponent < least_exponent || exponent % 2 == 0)
        return fail(Errc::untrusted, "rsa.exponent", "an even or too small exponent");
    return RsaPublicKey(std::make_shared<const Impl>(
        Impl{.modulus = to_buffer(modulus), .exponent = exponent, .key = make_key(modulus, exponent)}));
}

std::size_t RsaPublicKey::bits() const {
    return bit_length(impl_->modulus);
}

Buffer RsaPublicKey::modulus() const {
    return impl_->modulus;
}

std::uint32_t RsaPublicKey::exponent() const {
    return impl_->exponent;
}

Buffer RsaPublicKey::spki_der() const {
    return der_of([this](unsigned char** out) { return i2d_PUBKEY(impl_->key.get(), out); });
}

bool operator==(const RsaPublicKey& a, const RsaPublicKey& b) {
    return a.impl_->modulus == b.impl_->modulus && a.impl_->exponent == b.impl_->exponent;
}

Result<Buffer> oaep_encrypt(const RsaPublicKey& key, HashAlg hash, Bytes label, const Secret& plain) {
    if (plain.size() + (2 * digest_size(hash)) + 2 > (key.bits() + 7) / 8)
        return fail(Errc::too_large, "rsa.oaep", "too long for the key");
    const OwnedPkeyCtx context(check(EVP_PKEY_CTX_new_from_pkey(nullptr, key.impl().key.get(), nullptr)));
    std::string hash_name = EVP_MD_get0_name(method(hash));
    std::string padding = OSSL_PKEY_RSA_PAD_MODE_OAEP;
    Buffer label_copy = to_buffer(label);
    std::array parameters = {
        OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, padding.data(), 0),
        OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, hash_name.data(), 0),
        OSSL_PARAM_construct_utf8_string(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, hash_name.data(), 0),
        // the last one, so that it can be left out: libcrypto takes no empty label, and none means empty
        label.empty() ? OSSL_PARAM_construct_end()
                      : OSSL_PARAM_construct_octet_string(
                            OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, label_copy.data(), label_copy.size()),
        OSSL_PARAM_construct_end()};
    check(EVP_PKEY_encrypt_init_ex(context.get(), parameters.data()));
    Buffer cipher((key.bits() + 7) / 8);
    std::size_t size = cipher.size();
    plain.expose([&](Bytes bytes) {
        static constexpr std::uint8_t nothing = 0;
        const std::uint8_t* const start = bytes.empty() ? &nothing : bytes.data();
        check(EVP_PKEY_encrypt(context.get(), cipher.data(), &size, start, bytes.size()));
    });
    VS_CHECK(size == cipher.size());
    return cipher;
}

} // namespace vouchsafe::crypto

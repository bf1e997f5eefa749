#include "crypto/signature.h"

#include "crypto/keys_impl.h"

#include <openssl/rsa.h>

#include <utility>

namespace vouchsafe::crypto {

namespace {

/// Hashes that a signature may still use.
Result<const EVP_MD*> signing_method(HashAlg hash, std::string_view where) {
    switch (hash) {
    case HashAlg::sha256:
    case HashAlg::sha384:
    case HashAlg::sha512:
        return method(hash);
    case HashAlg::sha1:
    case HashAlg::sm3_256:
        return fail(
            Errc::unsupported, where, "signatures over " + std::string(to_string(hash)) + " are refused");
    }
    check_failed("a known HashAlg", __FILE__, __LINE__);
}

/// Without leading zeros; empty for zero.
Bytes stripped(Bytes number) {
    while (!number.empty() && number.front() == 0)
        number = number.subspan(1);
    return number;
}

bool verifies(EVP_PKEY& key, const EVP_MD& hash, Bytes message, Bytes signature, int rsa_padding) {
    const OwnedMdCtx context(check(EVP_MD_CTX_new()));
    EVP_PKEY_CTX* parameters = nullptr; // the context's own
    check(EVP_DigestVerifyInit_ex(
        context.get(), &parameters, EVP_MD_get0_name(&hash), nullptr, nullptr, &key, nullptr));
    if (rsa_padding != 0)
        check(EVP_PKEY_CTX_set_rsa_padding(parameters, rsa_padding));
    if (rsa_padding == RSA_PKCS1_PSS_PADDING)
        check(EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_AUTO));
    return ok(
        EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(), message.size()));
}

} // namespace

Result<PublicKey> public_key_from_spki_der(Bytes der) {
    if (auto key = EcPublicKey::from_spki_der(der); key || key.error().code != Errc::unsupported) {
        VS_TRY(EcPublicKey ec, std::move(key));
        return ec;
    }
    auto key = RsaPublicKey::from_spki_der(der);
    if (!key && key.error().where == "rsa.algorithm")
        return fail(Errc::unsupported, "key.algorithm", "neither RSA nor an elliptic curve P-256 or P-384");
    VS_TRY(RsaPublicKey rsa, std::move(key));
    return rsa;
}

Buffer spki_der(const PublicKey& key) {
    return std::visit([](const auto& which) { return which.spki_der(); }, key);
}

Result<void>
verify_rsa(const RsaPublicKey& key, RsaScheme scheme, HashAlg hash, Bytes message, Bytes signature) {
    VS_TRY(const EVP_MD* const digest, signing_method(hash, "signature.rsa"));
    const int padding = scheme == RsaScheme::pkcs1 ? RSA_PKCS1_PADDING : RSA_PKCS1_PSS_PADDING;
    if (!verifies(*key.impl().key, *digest, message, signature, padding))
        return fail(Errc::untrusted, "signature.rsa");
    return {};
}

Result<void> verify_ecdsa(const EcPublicKey& key, HashAlg hash, Bytes message, Bytes r, Bytes s) {
    VS_TRY(const EVP_MD* const digest, signing_method(hash, "signature.ecdsa"));
    const std::size_t size = coordinate_size(key.curve());
    for (const Bytes number : {stripped(r), stripped(s)})
        if (number.empty() || number.size() > size)
            return fail(Errc::untrusted, "signature.ecdsa", "r or s out of range");
    if (!verifies(*key.impl().key, *digest, message, ecdsa_to_der(r, s), 0))
        return fail(Errc::untrusted, "signature.ecdsa");
    return {};
}

Buffer ecdsa_to_der(Bytes r, Bytes s) {
    const OwnedEcdsaSig signature(check(ECDSA_SIG_new()));
    check(ECDSA_SIG_set0(signature.get(), to_number(r).release(), to_number(s).release()));
    return der_of([&](unsigned char** out) { return i2d_ECDSA_SIG(signature.get(), out); });
}

Result<Buffer> ecdsa_from_der(Bytes der, std::size_t size) {
    const unsigned char* cursor = der.data();
    const OwnedEcdsaSig signature(d2i_ECDSA_SIG(nullptr, &cursor, static_cast<long>(der.size())));
    if (!ok(signature != nullptr && cursor == der.data() + der.size() ? 1 : 0))
        return fail(Errc::malformed, "ecdsa.der");
    Buffer out;
    for (const BIGNUM* number : {ECDSA_SIG_get0_r(signature.get()), ECDSA_SIG_get0_s(signature.get())}) {
        if (BN_is_negative(number) == 1 || BN_is_zero(number) == 1 ||
            static_cast<std::size_t>(BN_num_bytes(number)) > size)
            return fail(Errc::malformed, "ecdsa.der", "r or s out of range");
        const Buffer bytes = to_bytes(*number, size);
        out.insert(out.end(), bytes.begin(), bytes.end());
    }
    return out;
}

} // namespace vouchsafe::crypto

#include "crypto/digest_signature.h"

#include "crypto/keys_impl.h"

#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>
#include <variant>

namespace vouchsafe::crypto {

Result<void> verify_digest(const PublicKey& key, HashAlg hash, Bytes digest, Bytes signature) {
    constexpr std::string_view where = "signature.digest";
    if (hash == HashAlg::sha1 || hash == HashAlg::sm3_256)
        return fail(
            Errc::unsupported, where, "signatures over " + std::string(to_string(hash)) + " are refused");
    EVP_PKEY* const handle = std::visit([](const auto& which) { return which.impl().key.get(); }, key);
    const OwnedPkeyCtx context(check(EVP_PKEY_CTX_new(handle, nullptr)));
    check(EVP_PKEY_verify_init(context.get()));
    if (std::holds_alternative<RsaPublicKey>(key))
        check(EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING));
    check(EVP_PKEY_CTX_set_signature_md(context.get(), method(hash)));
    if (digest.size() != digest_size(hash) ||
        !ok(EVP_PKEY_verify(context.get(), signature.data(), signature.size(), digest.data(), digest.size())))
        return fail(Errc::untrusted, where);
    return {};
}

Buffer key_identifier(Bytes spki) {
    const unsigned char* cursor = spki.data();
    const std::unique_ptr<X509_PUBKEY, decltype(&X509_PUBKEY_free)> key(
        d2i_X509_PUBKEY(nullptr, &cursor, static_cast<long>(spki.size())), &X509_PUBKEY_free);
    VS_CHECK(key != nullptr);
    const unsigned char* bits = nullptr;
    int size = 0;
    check(X509_PUBKEY_get0_param(nullptr, &bits, &size, nullptr, key.get()));
    return digest(HashAlg::sha1, Bytes(bits, static_cast<std::size_t>(size)));
}

} // namespace vouchsafe::crypto

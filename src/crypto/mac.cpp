#include "crypto/mac.h"

#include "crypto/openssl.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <array>
#include <span>
#include <string>

namespace vouchsafe::crypto {

namespace {

void hmac_into(std::span<std::uint8_t> out,
               HashAlg alg,
               const Secret& key,
               std::initializer_list<Bytes> parts) {
    static EVP_MAC* const hmac_method = check(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    static constexpr std::uint8_t nothing = 0; // a null key would mean "the key of before"

    const OwnedMacCtx context(check(EVP_MAC_CTX_new(hmac_method)));
    std::string name = EVP_MD_get0_name(method(alg));
    const std::array parameters = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), 0),
                                   OSSL_PARAM_construct_end()};
    key.expose([&](Bytes bytes) {
        const std::uint8_t* const start = bytes.empty() ? &nothing : bytes.data();
        check(EVP_MAC_init(context.get(), start, bytes.size(), parameters.data()));
    });
    for (const Bytes part : parts)
        check(EVP_MAC_update(context.get(), part.data(), part.size()));
    std::size_t written = 0;
    check(EVP_MAC_final(context.get(), out.data(), &written, out.size()));
    VS_CHECK(written == out.size());
}

} // namespace

Secret hmac(HashAlg alg, const Secret& key, std::initializer_list<Bytes> parts) {
    Secret out(digest_size(alg));
    out.fill([&](std::span<std::uint8_t> bytes) { hmac_into(bytes, alg, key, parts); });
    return out;
}

Sha256Digest hmac_sha256(const Secret& key, std::initializer_list<Bytes> parts) {
    Sha256Digest out{};
    hmac_into(out, HashAlg::sha256, key, parts);
    return out;
}

Sha256Digest hmac_sha256(const Secret& key, Bytes message) {
    return hmac_sha256(key, {message});
}

} // namespace vouchsafe::crypto

#include "crypto/aead.h"

#include "crypto/openssl.h"

#include <array>
#include <cstdint>
#include <span>

namespace vouchsafe::crypto {

namespace {

constexpr std::size_t aes_block_size = 16;

enum class Direction : std::uint8_t { decrypt, encrypt };

const EVP_CIPHER* aes256_gcm() {
    static const EVP_CIPHER* const cipher = check(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr));
    return cipher;
}

const EVP_CIPHER* aes_cfb(std::size_t key_size) {
    static const EVP_CIPHER* const aes128 = check(EVP_CIPHER_fetch(nullptr, "AES-128-CFB", nullptr));
    static const EVP_CIPHER* const aes256 = check(EVP_CIPHER_fetch(nullptr, "AES-256-CFB", nullptr));
    VS_CHECK(key_size == 16 || key_size == 32);
    return key_size == 16 ? aes128 : aes256;
}

OwnedCipherCtx start(const EVP_CIPHER* cipher, const Secret& key, Bytes iv, Direction direction) {
    OwnedCipherCtx context(check(EVP_CIPHER_CTX_new()));
    const int encrypt = direction == Direction::encrypt ? 1 : 0;
    key.expose([&](Bytes bytes) {
        check(EVP_CipherInit_ex2(context.get(), cipher, bytes.data(), iv.data(), encrypt, nullptr));
    });
    return context;
}

OwnedCipherCtx start_gcm(const Secret& key, Bytes nonce, Bytes aad, Direction direction) {
    VS_CHECK(key.size() == aes256_key_size);
    VS_CHECK(nonce.size() == gcm_nonce_size);
    OwnedCipherCtx context = start(aes256_gcm(), key, nonce, direction);
    int written = 0;
    if (!aad.empty())
        check(EVP_CipherUpdate(context.get(), nullptr, &written, aad.data(), to_int(aad.size())));
    return context;
}

/// Stream modes: as many bytes out as in.
void update(EVP_CIPHER_CTX& context, std::span<std::uint8_t> out, Bytes in) {
    VS_CHECK(out.size() == in.size());
    if (in.empty()) // without an output buffer it would count as additional data
        return;
    int written = 0;
    check(EVP_CipherUpdate(&context, out.data(), &written, in.data(), to_int(in.size())));
    VS_CHECK(written == to_int(in.size()));
}

bool finish(EVP_CIPHER_CTX& context) {
    std::array<std::uint8_t, aes_block_size> nothing{};
    int written = 0;
    const bool good = ok(EVP_CipherFinal_ex(&context, nothing.data(), &written));
    VS_CHECK(written == 0);
    return good;
}

} // namespace

Buffer aes256_gcm_seal(const Secret& key, Bytes nonce, Bytes aad, Bytes plain) {
    const OwnedCipherCtx context = start_gcm(key, nonce, aad, Direction::encrypt);
    Buffer sealed(plain.size() + gcm_tag_size);
    const std::span out(sealed);
    update(*context, out.first(plain.size()), plain);
    VS_CHECK(finish(*context));
    check(EVP_CIPHER_CTX_ctrl(
        context.get(), EVP_CTRL_AEAD_GET_TAG, to_int(gcm_tag_size), out.last(gcm_tag_size).data()));
    return sealed;
}

Buffer aes256_gcm_seal(const Secret& key, Bytes nonce, Bytes aad, const Secret& plain) {
    return plain.expose([&](Bytes bytes) { return aes256_gcm_seal(key, nonce, aad, bytes); });
}

Result<Secret> aes256_gcm_open(const Secret& key, Bytes nonce, Bytes aad, Bytes sealed) {
    if (sealed.size() < gcm_tag_size)
        return fail(Errc::untrusted, "aead.open", "too short to hold a tag");
    const OwnedCipherCtx context = start_gcm(key, nonce, aad, Direction::decrypt);
    const Bytes cipher = sealed.first(sealed.size() - gcm_tag_size);
    Buffer tag = to_buffer(sealed.last(gcm_tag_size));
    check(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, to_int(tag.size()), tag.data()));
    Secret plain(cipher.size());
    plain.fill([&](std::span<std::uint8_t> out) { update(*context, out, cipher); });
    if (!finish(*context))
        return fail(Errc::untrusted, "aead.open", "does not authenticate");
    return plain;
}

Buffer aes_cfb_encrypt(const Secret& key, Bytes iv, const Secret& plain) {
    VS_CHECK(iv.size() == aes_block_size);
    const OwnedCipherCtx context = start(aes_cfb(key.size()), key, iv, Direction::encrypt);
    Buffer cipher(plain.size());
    plain.expose([&](Bytes bytes) { update(*context, cipher, bytes); });
    VS_CHECK(finish(*context));
    return cipher;
}

Secret aes_cfb_decrypt(const Secret& key, Bytes iv, Bytes cipher) {
    VS_CHECK(iv.size() == aes_block_size);
    const OwnedCipherCtx context = start(aes_cfb(key.size()), key, iv, Direction::decrypt);
    Secret plain(cipher.size());
    plain.fill([&](std::span<std::uint8_t> out) { update(*context, out, cipher); });
    VS_CHECK(finish(*context));
    return plain;
}

} // namespace vouchsafe::crypto

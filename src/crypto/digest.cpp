#include "crypto/digest.h"

#include "crypto/openssl.h"

#include <openssl/crypto.h>

#include <span>

namespace vouchsafe::crypto {

std::string_view to_string(HashAlg alg) {
    switch (alg) {
    case HashAlg::sha1:
        return "sha1";
    case HashAlg::sha256:
        return "sha256";
    case HashAlg::sha384:
        return "sha384";
    case HashAlg::sha512:
        return "sha512";
    case HashAlg::sm3_256:
        return "sm3_256";
    }
    check_failed("a known HashAlg", __FILE__, __LINE__);
}

Result<HashAlg> hash_alg_from_text(std::string_view text) {
    for (const auto alg :
         {HashAlg::sha1, HashAlg::sha256, HashAlg::sha384, HashAlg::sha512, HashAlg::sm3_256})
        if (to_string(alg) == text)
            return alg;
    return fail(Errc::unsupported, "hash.name");
}

std::size_t digest_size(HashAlg alg) {
    switch (alg) {
    case HashAlg::sha1:
        return 20;
    case HashAlg::sha256:
    case HashAlg::sm3_256:
        return 32;
    case HashAlg::sha384:
        return 48;
    case HashAlg::sha512:
        return 64;
    }
    check_failed("a known HashAlg", __FILE__, __LINE__);
}

struct Hasher::Impl {
    explicit Impl(HashAlg which) : alg(which), context(check(EVP_MD_CTX_new())) { start(); }

    void start() const { check(EVP_DigestInit_ex2(context.get(), method(alg), nullptr)); }

    HashAlg alg;
    OwnedMdCtx context;
};

Hasher::Hasher(HashAlg alg) : impl_(std::make_unique<Impl>(alg)) {}

Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

Hasher& Hasher::update(Bytes bytes) {
    check(EVP_DigestUpdate(impl_->context.get(), bytes.data(), bytes.size()));
    return *this;
}

Buffer Hasher::finish() {
    Buffer out(digest_size(impl_->alg));
    check(EVP_DigestFinal_ex(impl_->context.get(), out.data(), nullptr));
    impl_->start();
    return out;
}

namespace {

/// In a context that each thread keeps: making one costs more than most digests.
void digest_into(std::span<std::uint8_t> out, HashAlg alg, std::span<const Bytes> parts) {
    thread_local const OwnedMdCtx context(check(EVP_MD_CTX_new()));
    check(EVP_DigestInit_ex2(context.get(), method(alg), nullptr));
    for (const Bytes part : parts)
        check(EVP_DigestUpdate(context.get(), part.data(), part.size()));
    VS_CHECK(out.size() == digest_size(alg));
    check(EVP_DigestFinal_ex(context.get(), out.data(), nullptr));
}

} // namespace

Buffer digest(HashAlg alg, Bytes bytes) {
    return digest(alg, {bytes});
}

Buffer digest(HashAlg alg, std::initializer_list<Bytes> parts) {
    Buffer out(digest_size(alg));
    digest_into(out, alg, parts);
    return out;
}

Sha256Digest sha256(Bytes bytes) {
    return sha256({bytes});
}

Sha256Digest sha256(std::initializer_list<Bytes> parts) {
    Sha256Digest out{};
    digest_into(out, HashAlg::sha256, parts);
    return out;
}

bool equal(Bytes a, Bytes b) {
    return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

bool equal(const Secret& a, const Secret& b) {
    return b.expose([&a](Bytes bytes) { return equal(a, bytes); });
}

bool equal(const Secret& a, Bytes b) {
    return a.expose([b](Bytes bytes) { return equal(bytes, b); });
}

} // namespace vouchsafe::crypto

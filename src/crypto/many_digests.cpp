#include "crypto/many_digests.h"

#include "crypto/openssl.h"

namespace vouchsafe::crypto {

struct ManyDigests::Impl {
    HashAlg alg;
    OwnedMdCtx context{check(EVP_MD_CTX_new())};
};

ManyDigests::ManyDigests(HashAlg alg) : impl_(new Impl{.alg = alg}) {}

ManyDigests::ManyDigests(ManyDigests&&) noexcept = default;
ManyDigests& ManyDigests::operator=(ManyDigests&&) noexcept = default;
ManyDigests::~ManyDigests() = default;

void ManyDigests::digest(std::initializer_list<Bytes> parts, std::span<std::uint8_t> out) {
    VS_CHECK(out.size() == digest_size(impl_->alg));
    EVP_MD_CTX* const context = impl_->context.get();
    check(EVP_DigestInit_ex2(context, method(impl_->alg), nullptr));
    for (const Bytes part : parts)
        check(EVP_DigestUpdate(context, part.data(), part.size()));
    check(EVP_DigestFinal_ex(context, out.data(), nullptr));
}

} // namespace vouchsafe::crypto

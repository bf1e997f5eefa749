#include "crypto/ca_set.h"

#include "crypto/x509_impl.h"

#include <algorithm>
#include <utility>

namespace vouchsafe::crypto {

namespace {

/// Of the name's canonical form, as X509_NAME_cmp compares it.
std::uint64_t hash_of(const X509_NAME& name) {
    int done = 0;
    const std::uint64_t hash = X509_NAME_hash_ex(&name, nullptr, nullptr, &done);
    check(done);
    return hash;
}

} // namespace

void CaSet::add(Certificate certificate, CaRole role) {
    const std::uint64_t hash = hash_of(*X509_get_subject_name(&handle(certificate)));
    by_subject_.emplace(hash, Member{.certificate = std::move(certificate), .role = role});
}

std::vector<const CaSet::Member*> CaSet::issuers_of(const Certificate& subject) const {
    const auto [first, last] = by_subject_.equal_range(hash_of(*X509_get_issuer_name(&handle(subject))));
    std::vector<const Member*> out;
    for (auto member = first; member != last; ++member)
        out.push_back(&member->second);
    return out;
}

std::vector<CaRole> roles_of(std::span<const Certificate> certificates) {
    CaSet all;
    for (const Certificate& certificate : certificates)
        all.add(certificate, CaRole::intermediate);
    std::vector<CaRole> out;
    out.reserve(certificates.size());
    for (const Certificate& certificate : certificates) {
        const auto issuers = all.issuers_of(certificate);
        const bool signed_by_another =
            std::ranges::any_of(issuers, [&certificate](const CaSet::Member* issuer) {
                return issuer->certificate != certificate && is_issued_by(certificate, issuer->certificate);
            });
        out.push_back(signed_by_another ? CaRole::intermediate : CaRole::anchor);
    }
    if (!out.empty() && std::ranges::find(out, CaRole::anchor) == out.end())
        out.front() = CaRole::anchor;
    return out;
}

} // namespace vouchsafe::crypto

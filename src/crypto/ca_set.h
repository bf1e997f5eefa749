// Endorsement key certificates under the CAs that administrators imported: these are found by their subjects,
// so that thousands cost a search no more than a few.
#pragma once

#include "crypto/x509.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace vouchsafe::crypto {

/// Where a path may end, or what only leads there.
enum class CaRole : std::uint8_t { anchor, intermediate };

/// The roles of certificates that were imported together, in their order: those that another one of them
/// signed lead to it, all others are anchors. Where none would be one, the first is.
std::vector<CaRole> roles_of(std::span<const Certificate> certificates);

class CaSet {
public:
    struct Member {
        Certificate certificate;
        CaRole role = CaRole::anchor;
    };

    void add(Certificate certificate, CaRole role);

    std::size_t size() const { return by_subject_.size(); }

    /// Those whose subject may be the issuer of `subject`: names with the same hash. Compare the names.
    std::vector<const Member*> issuers_of(const Certificate& subject) const;

private:
    std::unordered_multimap<std::uint64_t, Member> by_subject_; ///< by the subject's hash
};

/// Whether `issuer`, by its name and its key, signed `certificate`; neither is judged otherwise.
bool is_issued_by(const Certificate& certificate, const Certificate& issuer);

/// What the end of a certificate's validity means. TPMs outlive the certificates of their EKs: for a key that
/// somebody approved, the certificate only says where it was made, which stays true.
enum class Expiry : std::uint8_t { refused, tolerated };

struct EkChainRequest {
    const Certificate& leaf;
    std::span<const Certificate> intermediates; ///< given by the host; at most 16 are looked at
    const CaSet& cas;
    SysTime now;
    Expiry expiry = Expiry::refused;
};

/// verify_chain for Purpose::ek, its checks in its order; where expiry is tolerated, "x509.expired" is only
/// for what is not yet valid.
Result<std::vector<Certificate>> verify_ek_chain(const EkChainRequest& request);

} // namespace vouchsafe::crypto

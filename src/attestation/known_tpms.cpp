#include "attestation/known_tpms.h"

#include "base/reader.h"

namespace vouchsafe::attestation {

crypto::Sha256Digest presentation_of(const protocol::ChallengeRequest& request) {
    Writer out;
    const auto add = [&out](Bytes part) { out.big(std::uint64_t{part.size()}).bytes(part); };
    add(request.ek_public);
    add(request.ak_public);
    for (const Buffer& certificate : request.ek_certificates)
        add(certificate);
    return crypto::sha256(out.view());
}

KnownTpms::Known KnownTpms::find(const crypto::Sha256Digest& presentation,
                                 Bytes ak_public,
                                 const std::shared_ptr<const TrustedCas>& cas,
                                 SysTime now) const {
    const auto found = by_ak_.find(crypto::sha256(ak_public));
    if (found == by_ak_.end())
        return nullptr;
    const Known& tpm = found->second;
    if (tpm->presentation != presentation || tpm->cas != cas || !tpm->certification)
        return nullptr;
    const crypto::Validity& validity = tpm->certification->validity;
    return now < validity.not_before || now > validity.not_after ? nullptr : tpm;
}

std::shared_ptr<const tpm::AttestationKey> KnownTpms::attestation_key(Bytes ak_public) const {
    const auto found = by_ak_.find(crypto::sha256(ak_public));
    if (found == by_ak_.end())
        return nullptr;
    return {found->second, &found->second->ak};
}

void KnownTpms::add(Bytes ak_public, Known tpm) {
    const crypto::Sha256Digest key = crypto::sha256(ak_public);
    if (by_ak_.size() >= most_ && !by_ak_.contains(key))
        by_ak_.erase(by_ak_.begin());
    by_ak_[key] = std::move(tpm);
}

} // namespace vouchsafe::attestation

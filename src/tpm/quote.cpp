#include "tpm/quote.h"

#include "crypto/signature.h"

#include <tuple>
#include <utility>
#include <variant>

namespace vouchsafe::tpm {

namespace {

// Answers the hash that the AK signs with, which is also that of the PCR digest.
Result<crypto::HashAlg> verify_by_ak(const AttestationKey& ak, const Signature& signature, Bytes message) {
    if (signature.scheme != ak.scheme().algorithm || signature.hash != ak.scheme().hash)
        return fail(Errc::untrusted, "quote.scheme", "signed by another scheme than the attestation key's");
    const auto hash = to_hash(signature.hash);
    VS_CHECK(hash.has_value()); // the AK's own, judged when it was made

    VS_TRY_VOID(verify_signature(ak.key(), signature, message));
    return *hash;
}

Result<void> check_selection(const PcrSelectionList& signed_one, const QuoteRequest& request) {
    const PcrSelectionList& asked = request.selection;
    if (signed_one.size() != asked.size())
        return fail(Errc::untrusted, "quote.selection", "other banks than asked for");
    bool policy_bank_allocated = !request.policy_bank;
    for (std::size_t i = 0; i < asked.size(); ++i) {
        if (signed_one[i].bank != asked[i].bank)
            return fail(Errc::untrusted, "quote.selection", "other banks than asked for");
        if (signed_one[i].bits != asked[i].bits && signed_one[i].bits != 0)
            return fail(Errc::untrusted, "quote.selection", "other PCRs than asked for");
        if (asked[i].bank == request.policy_bank && signed_one[i].bits != 0)
            policy_bank_allocated = true;
    }
    if (!policy_bank_allocated)
        return fail(Errc::untrusted, "quote.policy_bank", "the bank that policy judges is not allocated");
    return {};
}

} // namespace

Result<void> verify_signature(const crypto::PublicKey& key, const Signature& signature, Bytes message) {
    constexpr std::string_view where = "quote.signature";
    const auto wrong = fail(Errc::untrusted, where, "the signature is not the attestation key's");
    const auto hash = to_hash(signature.hash);
    const auto* const ec = std::get_if<crypto::EcPublicKey>(&key);
    const auto* const ecdsa = std::get_if<EcdsaSignature>(&signature.value);
    if (!hash || (ec == nullptr) != (ecdsa == nullptr))
        return wrong;
    Result<void> verified;
    if (ec != nullptr) {
        verified = crypto::verify_ecdsa(*ec, *hash, message, ecdsa->r, ecdsa->s);
    } else {
        const auto& value = std::get<RsaSignature>(signature.value);
        const auto scheme =
            signature.scheme == AlgId::rsapss ? crypto::RsaScheme::pss : crypto::RsaScheme::pkcs1;
        verified =
            crypto::verify_rsa(std::get<crypto::RsaPublicKey>(key), scheme, *hash, message, value.bytes);
    }
    if (!verified && verified.error().code == Errc::unsupported)
        return fail(Errc::untrusted, where, "made with a hash that is too weak for signatures");
    return verified ? Result<void>() : wrong;
}

Result<VerifiedQuote>
verify_quote(const Quote& quote, const AttestationKey& ak, const QuoteRequest& request) {
    VS_TRY(const Signature signature, parse_signature(quote.signature));
    VS_TRY(const crypto::HashAlg hash, verify_by_ak(ak, signature, quote.attest));
    VS_TRY(QuoteAttest attest, parse_quote_attest(quote.attest));

    if (attest.qualified_signer != qualified_name_under_endorsement(ak.area()))
        return fail(Errc::untrusted,
                    "quote.qualified_signer",
                    "the signer is not this key as a primary of the endorsement hierarchy");
    if (request.qualifying_data.empty() || !crypto::equal(attest.extra_data, request.qualifying_data))
        return fail(Errc::untrusted, "quote.qualifying_data", "made for another challenge or statement");
    VS_TRY_VOID(check_selection(attest.selection, request));

    VS_TRY(const Buffer digest, pcr_digest(hash, attest.selection, quote.values));
    if (!crypto::equal(digest, attest.pcr_digest))
        return fail(Errc::untrusted, "quote.pcr_digest", "the PCR values are not the quoted ones");
    return VerifiedQuote(std::move(attest), quote.values);
}

Continuity compare_counters(const ClockInfo& last, const ClockInfo& now) {
    const auto before = std::tie(last.reset_count, last.restart_count, last.clock);
    const auto after = std::tie(now.reset_count, now.restart_count, now.clock);
    const bool clock_shown_before = now.clock < last.clock && now.safe;
    if (after < before || clock_shown_before)
        return Continuity::went_back;
    if (now.reset_count != last.reset_count)
        return Continuity::rebooted;
    return now.restart_count != last.restart_count ? Continuity::resumed : Continuity::same_boot;
}

std::string_view to_string(Continuity continuity) {
    switch (continuity) {
    case Continuity::same_boot:
        return "same_boot";
    case Continuity::resumed:
        return "resumed";
    case Continuity::rebooted:
        return "rebooted";
    case Continuity::went_back:
        return "went_back";
    }
    VS_CHECK(false);
}

} // namespace vouchsafe::tpm

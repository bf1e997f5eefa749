#include "attestation/proof.h"

#include "crypto/digest.h"
#include "protocol/statement.h"

#include <utility>

namespace vouchsafe::attestation {

Result<tpm::PcrValues> values_of(const std::vector<protocol::PcrBank>& banks) {
    tpm::PcrValues out;
    for (const protocol::PcrBank& bank : banks) {
        VS_TRY(const crypto::HashAlg alg, crypto::hash_alg_from_text(bank.bank));
        if (!out.emplace(alg, tpm::PcrBank(bank.values.begin(), bank.values.end())).second)
            return fail(Errc::malformed, "evidence.pcrs", "a bank is given twice");
    }
    return out;
}

Result<tpm::EndorsementKey> read_ek(Bytes ek_public) {
    VS_TRY(tpm::PublicArea area, tpm::parse_public_area(ek_public));
    return tpm::EndorsementKey::from(std::move(area));
}

Result<tpm::AttestationKey> read_ak(Bytes ak_public) {
    VS_TRY(tpm::PublicArea area, tpm::parse_public_area(ak_public));
    return tpm::AttestationKey::from(std::move(area));
}

Result<tpm::VerifiedQuote> verify_challenged_quote(const ChallengeState& challenge,
                                                   const tpm::AttestationKey& ak,
                                                   const protocol::Evidence& evidence) {
    VS_TRY(const tpm::PcrValues values, values_of(evidence.pcrs));
    const auto expected = protocol::qualifying_data(challenge.nonce, evidence.statement);
    return tpm::verify_quote(
        {.attest = evidence.attest, .signature = evidence.signature, .values = values},
        ak,
        {.qualifying_data = expected, .selection = challenge.selection, .policy_bank = std::nullopt});
}

Result<ProvenHost> proven_host(Proof proof) {
    VS_TRY(protocol::Statement statement, protocol::Statement::parse(proof.statement));
    return ProvenHost{.challenge = std::move(proof.challenge),
                      .statement = std::move(statement),
                      .quote = std::move(proof.quote),
                      .ak_name = to_hex(proof.ak.name()),
                      .evidence_digest = to_hex(crypto::sha256(proof.body))};
}

} // namespace vouchsafe::attestation

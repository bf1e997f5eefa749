// Verifying a quote, and judging whether a TPM's counters went on or went back.
#pragma once

#include "tpm/attest.h"
#include "tpm/keys.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace vouchsafe::tpm {

/// What the verifier asked for.
struct QuoteRequest {
    Bytes qualifying_data;                      ///< 32 bytes that nobody could have known before
    const PcrSelectionList& selection;          ///< every bank that the TPM implements
    std::optional<crypto::HashAlg> policy_bank; ///< must be allocated; none: the caller judges that
};

/// What the host sent.
struct Quote {
    Bytes attest;    ///< TPMS_ATTEST
    Bytes signature; ///< TPMT_SIGNATURE
    const PcrValues& values;
};

/// PCR values that a TPM vouched for: only verify_quote makes one.
class VerifiedQuote {
public:
    const PcrValues& pcrs() const { return pcrs_; } ///< of every allocated bank

    /// What was asked for, with no bits left in banks that are implemented but not allocated.
    const PcrSelectionList& selection() const { return attest_.selection; }

    const ClockInfo& clock() const { return attest_.clock; }

    std::uint64_t firmware_version() const { return attest_.firmware_version; }

private:
    friend Result<VerifiedQuote> verify_quote(const Quote&, const AttestationKey&, const QuoteRequest&);

    VerifiedQuote(QuoteAttest attest, PcrValues pcrs) : attest_(std::move(attest)), pcrs_(std::move(pcrs)) {}

    QuoteAttest attest_;
    PcrValues pcrs_;
};

/// verify_quote establishes, in this order:
///  1 scheme and hash of the signature are those of the AK            "quote.scheme"
///  2 the signature verifies over the very bytes parsed afterwards    "quote.signature"
///  3 magic is TPM_GENERATED_VALUE, 4 the type is a quote             "attest.magic", "attest.type"
///  5 the signer is this AK as a primary of the endorsement hierarchy "quote.qualified_signer"
///  6 extraData is the qualifying data, in constant time              "quote.qualifying_data"
///  7 the selection is the one asked for: the same banks in the same order with the same bits; a bank that
///    is implemented but not allocated may come back with no bits     "quote.selection"
///  8 the policy bank, where one is given, is allocated               "quote.policy_bank"
///  9 the values sent are exactly the selected ones                   "quote.pcr_values"
/// 10 their digest, in the TPM's order, is the one signed             "quote.pcr_digest"
/// Clock, counters and firmware version are returned, not judged. Failures of 1 to 10 are `untrusted`;
/// bytes that do not parse are `malformed`.
Result<VerifiedQuote> verify_quote(const Quote& quote, const AttestationKey& ak, const QuoteRequest& request);

/// Item 2 alone, for a key whose public area nobody has. `untrusted` at "quote.signature"; a hash that is too
/// weak for a signature (SHA-1) is refused too.
Result<void> verify_signature(const crypto::PublicKey& key, const Signature& signature, Bytes message);

/// How a TPM's counters stand to the last accepted ones.
enum class Continuity : std::uint8_t {
    same_boot, ///< same counts, the clock went on
    resumed,   ///< restartCount rose: suspend or hibernate
    rebooted,  ///< resetCount rose (restartCount then begins anew)
    went_back, ///< TPM clear, restored TPM state: not the device as it was
};

/// Compares (resetCount, restartCount, clock) in that order. restartCount falls back to 0 at a reset. A clock
/// below the last accepted one is believed after a reset only while `safe` is not set: after an unorderly
/// power loss the clock may step back, otherwise a TPM never shows a clock twice.
Continuity compare_counters(const ClockInfo& last, const ClockInfo& now);
std::string_view to_string(Continuity continuity);

} // namespace vouchsafe::tpm

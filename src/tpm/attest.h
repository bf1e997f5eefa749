// What a TPM says and signs: TPMS_ATTEST of a quote, and TPMT_SIGNATURE.
#pragma once

#include "base/bytes.h"
#include "tpm/algorithm.h"
#include "tpm/pcr.h"

#include <cstdint>
#include <variant>

namespace vouchsafe::tpm {

/// TPMS_CLOCK_INFO. True only for keys of the endorsement and platform hierarchies; obfuscated for others.
struct ClockInfo {
    std::uint64_t clock = 0; ///< milliseconds
    std::uint32_t reset_count = 0;
    std::uint32_t restart_count = 0;
    bool safe = false; ///< false: after an unorderly power loss the clock may have stepped back

    friend bool operator==(const ClockInfo&, const ClockInfo&) = default;
};

/// TPMS_ATTEST of type TPM_ST_ATTEST_QUOTE.
struct QuoteAttest {
    Buffer qualified_signer;
    Buffer extra_data;
    ClockInfo clock;
    std::uint64_t firmware_version = 0;
    PcrSelectionList selection;
    Buffer pcr_digest;

    friend bool operator==(const QuoteAttest&, const QuoteAttest&) = default;
};

/// At most 2 KiB, no trailing bytes. Another magic than TPM_GENERATED_VALUE is `untrusted` at
/// "attest.magic", another type than a quote `untrusted` at "attest.type".
Result<QuoteAttest> parse_quote_attest(Bytes bytes);
Buffer encode(const QuoteAttest& attest);

struct RsaSignature {
    Buffer bytes;
};

struct EcdsaSignature {
    Buffer r; ///< as sent: at most 66 bytes, leading zeros possible
    Buffer s;
};

/// TPMT_SIGNATURE of RSASSA, RSAPSS or ECDSA.
struct Signature {
    AlgId scheme = AlgId::null;
    AlgId hash = AlgId::null;
    std::variant<RsaSignature, EcdsaSignature> value;
};

/// At most 1 KiB, no trailing bytes.
Result<Signature> parse_signature(Bytes bytes);
Buffer encode(const Signature& signature);

} // namespace vouchsafe::tpm

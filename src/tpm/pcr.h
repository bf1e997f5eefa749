// PCR selections and values: which registers of which banks, and what they hold.
#pragma once

#include "base/bytes.h"
#include "base/reader.h"
#include "tpm/algorithm.h"

#include <cstdint>
#include <map>
#include <vector>

namespace vouchsafe::tpm {

inline constexpr unsigned pcr_count = 24;

/// TPMS_PCR_SELECTION: bit n of `bits` is PCR n, 0 to 23.
struct PcrSelection {
    crypto::HashAlg bank = crypto::HashAlg::sha256;
    std::uint32_t bits = 0;

    bool has(unsigned pcr) const { return pcr < pcr_count && (bits >> pcr & 1U) != 0; }

    friend bool operator==(const PcrSelection&, const PcrSelection&) = default;
};

/// TPML_PCR_SELECTION: its order is the order in which a quote hashes the values.
using PcrSelectionList = std::vector<PcrSelection>;

/// Values by bank and PCR.
using PcrBank = std::map<unsigned, Buffer>;
using PcrValues = std::map<crypto::HashAlg, PcrBank>;

/// Reads a TPML_PCR_SELECTION: at most 8 banks, known ones, none twice, three bytes of bits each.
Result<PcrSelectionList> read_selection(Reader& reader);
Buffer encode(const PcrSelectionList& selection);

/// H(values in the order of the selection: bank by bank, PCRs ascending). `untrusted` where the values are
/// not exactly the selected ones ("quote.pcr_values"), or one has not its bank's size.
Result<Buffer> pcr_digest(crypto::HashAlg hash, const PcrSelectionList& selection, const PcrValues& values);

} // namespace vouchsafe::tpm

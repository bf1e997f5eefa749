// Offline inspection of a quote: does this key say that, and do these values belong to it?
#pragma once

#include "appraisal/inspect.h"

#include <optional>

namespace vouchsafe::appraisal {

/// Contents of files, in the forms of quote_files.h; attest, signature and AK also as texts (see
/// quote_text.h).
struct QuoteFiles {
    Bytes attest;    ///< of keylime's form it has signature and PCR values too
    Bytes signature; ///< empty only with keylime's form
    Bytes ak;
    std::optional<Bytes> nonce; ///< the qualifying data that was asked for
    std::optional<Bytes> pcrs;  ///< they win over keylime's
};

/// `json` is {"verified":bool,"checks":[{"name","passed","detail"}],"notes":[text],"quote":{...}}.
/// The checks have the names of tpm::verify_quote; of the selection only that it has a PCR: a quote of none
/// proves nothing, whoever signed it. A check that needs what was not given is not listed, and a
/// note says so: a nonce, PCR values, or the AK in a TPM's form, which alone says that it signs nothing but
/// what its TPM made. The signer's qualified name is checked for primary keys of the endorsement hierarchy;
/// of others the parent is not known. A failed check gives `does_not_verify`, what cannot be read
/// `malformed`.
InspectReport inspect_quote(const QuoteFiles& files);

} // namespace vouchsafe::appraisal

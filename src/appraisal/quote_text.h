// A quote's parts inside the texts in which they are carried, for files that are to be inspected.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <optional>

namespace vouchsafe::appraisal {

/// Nothing but printable ASCII and blanks.
bool is_text(Bytes file);

inline constexpr std::size_t most_quote_text = std::size_t{2} << 20U;

/// The bytes behind a file that is text: hexadecimal digits, base64, or a JSON array of byte values. A file
/// that is not text is given back as it is. `unsupported` at "quote.text" for other JSON, whose parts must be
/// given as files, and for attestations by a TPM 1.2; `malformed` for other text.
Result<Buffer> quote_bytes(Bytes file);

/// Everything in one text, as keylime's agent sends it: "r", then base64 of quote, signature and PCR values
/// (in tpm2-tools' serialised form), with colons between.
struct KeylimeQuote {
    Buffer attest;
    Buffer signature;
    Buffer pcrs;
};

/// Empty when the file is of another form; `malformed` at "quote.text" when it is of this one and broken.
Result<std::optional<KeylimeQuote>> keylime_quote(Bytes file);

} // namespace vouchsafe::appraisal

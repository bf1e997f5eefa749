// Bytes: views of them, owners of them, and their two texts (hex and base64).
#pragma once

#include "base/result.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe {

using Bytes = std::span<const std::uint8_t>; ///< a view; owns nothing
using Buffer = std::vector<std::uint8_t>;    ///< owned bytes that are not secret

/// The characters of `text` as bytes; the view lives as long as the text.
Bytes as_bytes(std::string_view text);
std::string_view as_text(Bytes bytes);
Buffer to_buffer(Bytes bytes);

/// Compares without looking at more than the sizes and all the bytes; not constant in time (see
/// crypto::equal).
bool same_bytes(Bytes a, Bytes b);

/// Lower-case hex without separators.
std::string to_hex(Bytes bytes);
/// Both cases, no separators; anything else is `malformed`.
Result<Buffer> from_hex(std::string_view text);

/// Base64 with padding [RFC 4648 §4]; decoding is strict: canonical, padded, no white space.
std::string to_base64(Bytes bytes);
Result<Buffer> from_base64(std::string_view text);
/// Base64url without padding [RFC 4648 §5], as JOSE uses it; decoding is strict.
std::string to_base64url(Bytes bytes);
Result<Buffer> from_base64url(std::string_view text);

/// Whether `text` is well-formed UTF-8 without surrogates or over-long forms.
bool is_utf8(std::string_view text);

} // namespace vouchsafe

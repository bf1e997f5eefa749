// What the messages of this library have in common.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "json/members.h"
#include "json/value.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace vouchsafe::protocol {

inline constexpr std::size_t max_word_bytes = 128;
inline constexpr std::size_t max_sentence_bytes = 4096;
inline constexpr std::size_t max_token_bytes = std::size_t{256} << 10U;
inline constexpr std::size_t max_pcr = 23;

std::string at(const json::Members& m, std::string_view member);

/// 1 to `most` bytes of printable ASCII.
Result<std::string> word(json::Members& m, std::string_view member, std::size_t most = max_word_bytes);
/// 0 to `most` bytes of printable ASCII.
Result<std::string> label(json::Members& m, std::string_view member, std::size_t most);
/// At most `most` bytes; may be empty.
Result<std::string> text(json::Members& m, std::string_view member, std::size_t most = max_sentence_bytes);
Result<std::optional<std::string>>
optional_text(json::Members& m, std::string_view member, std::size_t most = max_sentence_bytes);

/// Base64 of least to most bytes.
struct Bounds {
    std::size_t least;
    std::size_t most;
};

Result<Buffer> bytes(json::Members& m, std::string_view member, Bounds bounds);
Result<std::optional<Buffer>> optional_bytes(json::Members& m, std::string_view member, Bounds bounds);
/// Lower-case hex of 32 bytes, as text.
Result<std::string> sha256_hex(json::Members& m, std::string_view member);
Result<std::optional<std::string>> optional_sha256_hex(json::Members& m, std::string_view member);
/// 32 lower-case hex digits.
Result<std::string> id128(json::Members& m, std::string_view member);
Result<std::string> uuid(json::Members& m, std::string_view member);

struct KnownPosition;

/// By log; null for none.
json::Value positions_to_json(const std::map<std::string, KnownPosition>& positions);
Result<std::map<std::string, KnownPosition>> positions_from_json(json::Members& m, std::string_view member);

json::Value base64_or_null(const std::optional<Buffer>& bytes);

/// {"name": text}
json::Value texts_to_json(const std::map<std::string, std::string>& texts);

struct TextLimits {
    std::size_t items;
    std::size_t bytes; ///< of each name and each text
};

Result<std::map<std::string, std::string>>
texts_from_json(const json::Value& value, std::string_view where, TextLimits limits);

} // namespace vouchsafe::protocol

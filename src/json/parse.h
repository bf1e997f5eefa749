// Strict JSON in [RFC 8259]: limits, no duplicate names, no floating-point numbers, no ill-formed UTF-8.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "json/value.h"

#include <cstddef>
#include <string_view>

namespace vouchsafe::json {

struct Limits {
    std::size_t bytes = std::size_t{1} << 20U;
    std::size_t depth = 32;    ///< arrays and objects within each other; the outermost counts as one
    std::size_t items = 65536; ///< values of every kind, in total
};

/// parse establishes, in this order of `where`:
///  json.limit      no limit is passed (`too_large`)
///  json.utf8       texts and names are well-formed UTF-8, escapes pair their surrogates
///  json.syntax     RFC 8259 to the letter: one document, no comments, nothing after it but white space
///  json.number     every number is an integer within int64, written without fraction, exponent or "-0"
///  json.duplicate  a name occurs once in its object
Result<Value> parse(std::string_view text, const Limits& limits = {});

/// parse, and the text is the canonical encoding of its value (`json.canonical`): for documents that are
/// signed or hashed.
Result<Value> parse_canonical(std::string_view text, const Limits& limits = {});
Result<Value> parse_canonical(Bytes text, const Limits& limits = {});

} // namespace vouchsafe::json

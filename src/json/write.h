// JSON out: one canonical encoding for what is signed, hashed and sent, and one for people.
#pragma once

#include "json/value.h"

#include <string>

namespace vouchsafe::json {

/// Members in the byte order of their names, no white space, only the escapes that must be: the form of
/// RFC 8785 for our subset. (RFC 8785 orders names by UTF-16 code units; ours differ only where a name has
/// characters beyond U+FFFF, and none of our documents has such names.)
std::string canonical(const Value& value);

/// Indented by two spaces, with a line end after the last line.
std::string pretty(const Value& value);

} // namespace vouchsafe::json

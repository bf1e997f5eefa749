// Values as the text that both forms share, and their types and tags by name.
#pragma once

#include "base/result.h"
#include "kmipforms/forms.h"
#include "ttlv/item.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace vouchsafe::kmipforms {

/// "LongInteger"
std::string_view type_name(ttlv::Type type);
std::optional<ttlv::Type> type_from_name(std::string_view name);

/// "CryptographicLength", or 0x and six digits for a tag that is not in the table.
std::string tag_text(ttlv::Tag tag);
/// Either of them.
std::optional<ttlv::Tag> tag_from_text(std::string_view text);

/// 0x and the digits of the number's whole width.
std::string hex_number(std::uint64_t value, unsigned digits);

/// The value of a type other than Structure; `values` is what its tag takes (form.value).
Result<ttlv::Value> value_from_text(ttlv::Type type, ttlv::Values values, std::string_view text);

/// The same after placeholders were filled.
Result<ttlv::Value>
value_from_template(ttlv::Type type, ttlv::Values values, std::string_view text, const Reading& reading);

/// Instants [ISO 8601, as XML Schema's dateTime]: the second's fraction, cut to microseconds, and any offset
/// are read; written is UTC, with six digits where `fraction` is asked for.
std::optional<std::int64_t> microseconds_from_text(std::string_view text);
/// Nothing for years before 0 and after 9999.
std::optional<std::string> instant_to_text(std::int64_t microseconds, bool fraction);

/// A Big Integer's hex digits: a multiple of 16.
std::string digits_of(const ttlv::BigInteger& value);

/// What a Date-Time is in both forms.
std::string date_text(ttlv::DateTime value);
std::string date_text(ttlv::DateTimeExtended value);

} // namespace vouchsafe::kmipforms

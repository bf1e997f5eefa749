// The forms of a TTLV item that people read and write: XML and JSON [KMIP Profiles 1.4 and 2.1, XML and JSON
// Encoding], and hex.
//
//     VS_TRY(const ttlv::Item message, kmipforms::from_xml(text, {}));
//     VS_TRY(const std::string again, kmipforms::to_json(message));
//
// What is written is one spelling: names where the tables have them, else 0x and hex digits; instants in UTC.
// What is read is each spelling that the profiles allow. A form shows everything, keys too, in memory that is
// not wiped: these are tools for looking at messages, no part of the key service.
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "json/value.h"
#include "ttlv/codec.h"
#include "ttlv/item.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace vouchsafe::kmipforms {

/// What stands for $NAME in a form that is a template, as published test cases are. A value that is nothing
/// but $NAME is replaced by the text given for NAME, before it is read; $NAME+60 and $NAME-60 are the instant
/// NAME moved by so many seconds. Without a text for it a Text String keeps "$NAME" as it stands, for that is
/// a text like another; a value of any other type is refused.
using Placeholders = std::map<std::string, std::string, std::less<>>;

struct Reading {
    ttlv::Limits limits; ///< of the message; its form may be eight times as long
    Placeholders placeholders;
    std::optional<SysTime> now; ///< for instants that are $NOW, when nothing else is given for NOW
};

/// One element. Fails with malformed or too_large, the line in the detail, at
///  xml.limit          the form is too long
///  xml.syntax         not well-formed, not UTF-8, or text between elements
///  xml.doctype        a document type: there are no entities here
///  form.tag           no tag of KMIP and no 0x hex number for one
///  form.type          no type of TTLV
///  form.member        an attribute (in JSON a member) that the form does not have
///  form.value         a value missing, or not one of its type
///  form.placeholder   a placeholder without a text
///  form.limit         too many items, structures nested too deep, or the message too long
Result<ttlv::Item> from_xml(std::string_view text, const Reading& reading);

/// The same of JSON, the path to the item in the detail; json's own errors where it is none.
Result<ttlv::Item> from_json(std::string_view text, const Reading& reading);

/// Bytes of hex digits of both cases, white space between them or none (`form.hex`).
Result<Buffer> from_hex_text(std::string_view text);

/// Indented by two spaces. Fails where a Text String has a character that XML cannot say (`form.text`).
Result<std::string> to_xml(const ttlv::Item& item);

/// Indented by two spaces.
std::string to_json(const ttlv::Item& item);
json::Value to_json_value(const ttlv::Item& item);

} // namespace vouchsafe::kmipforms

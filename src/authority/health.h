// Small shapes that many answers have.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "json/value.h"

#include <string>
#include <string_view>

namespace vouchsafe::authority {

/// {"health": "OK", "details": []}
json::Value healthy();
json::Value warning(std::string_view id, std::string_view text);
json::Value unhealthy(std::string_view id, std::string_view text);

/// A localizable message of the API.
json::Value message(std::string_view id, std::string_view text);

/// A base image document's JSON, within its 4 MiB.
Result<json::Value> parse_document(Bytes document);

/// "-----BEGIN PUBLIC KEY-----" to SubjectPublicKeyInfo, checked to be a key that we can use, and back.
Result<Buffer> spki_from_pem(std::string_view pem);
std::string pem_from_spki(Bytes spki);

} // namespace vouchsafe::authority

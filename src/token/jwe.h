// Sealed messages: compact JWE with direct encryption by AES-256-GCM [RFC 7516, RFC 7518 §4.5, §5.3].
//
// The protected header is given by the caller (typ, and what its protocol adds) and completed with alg and
// enc; it is canonical JSON and bound as additional data. The encrypted key is empty, the IV is 96 random
// bits. No zip, no crit, no other algorithm.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "json/value.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace vouchsafe::token {

struct JweLimits {
    std::size_t bytes = std::size_t{1} << 20U; ///< of the compact text
    std::size_t header_bytes = 4096;           ///< of the header, decoded
};

/// `header` must have a typ, and neither alg nor enc.
std::string seal_jwe(const Secret& key, Random& random, json::Object header, const Secret& plain);
std::string seal_jwe(const Secret& key, Random& random, json::Object header, Bytes plain);

/// A JWE taken apart: header read but not authenticated, good for finding the key.
struct ParsedJwe {
    json::Value header; ///< with alg and enc, which are "dir" and "A256GCM"
    std::string aad;    ///< the header's base64url text
    Buffer iv;
    Buffer sealed; ///< ciphertext, then tag
};

/// parse_jwe establishes, in this order of `where`: jwe.size, jwe.form (five parts, the second empty, strict
/// base64url, 12-byte IV, 16-byte tag), jwe.header (canonical JSON object), jwe.alg, jwe.enc.
Result<ParsedJwe> parse_jwe(std::string_view text, const JweLimits& limits = {});

/// The header alone, which is all that finding the key takes: what parse_jwe says of size, header, alg and
/// enc. The rest is five parts, looked at no further.
Result<json::Value> parse_jwe_header(std::string_view text, const JweLimits& limits = {});

/// The plain text; `untrusted` at "jwe.open" when it was not sealed so under this key. After that the header
/// is authentic.
Result<Secret> open_jwe(const Secret& key, const ParsedJwe& jwe);

} // namespace vouchsafe::token

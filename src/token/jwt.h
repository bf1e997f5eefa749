// token: JOSE with two algorithms and no choice. Signed tokens are JWTs by ES256 (this header), sealed
// messages are JWEs by dir + A256GCM (jwe.h); what the tokens say is in results.h, key_certificate.h,
// services.h, identity.h and checkpoint.h: values with issue_x and verify_x, where verify_x leaves a
// Verified type that nothing else can make.
//
// The rules of RFC 8725 hold by construction: a verifier knows the one typ, iss and aud that it takes; the
// header is exactly {alg, kid, typ} with alg ES256; the kid chooses among keys that the verifier already
// holds; jwk, jku, x5c and crit are unknown members and so refused. Header and claims are canonical JSON.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "crypto/ec_key.h"
#include "json/value.h"
#include "token/keys.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace vouchsafe::token {

inline constexpr std::chrono::seconds not_before_skew{60}; ///< tolerated at nbf; none at exp
inline constexpr std::size_t max_jwt_bytes = std::size_t{256} << 10U;

/// The times of a token. JOSE counts whole seconds: what is issued is cut down to them.
struct Times {
    SysTime issued;
    SysTime not_before;
    SysTime expires;

    friend bool operator==(const Times&, const Times&) = default;
};

/// issued = not before = now, cut to seconds.
Times times_from(SysTime now, std::chrono::seconds life);

/// The registered claims that every token of ours has [RFC 7519 §4.1]; sub only where the kind has one.
struct Registered {
    std::string issuer;
    std::string audience;
    std::string subject; ///< empty: the kind has none
    std::string id;      ///< jti
    Times times;

    friend bool operator==(const Registered&, const Registered&) = default;
};

/// header.claims.signature, where claims are the registered ones and `own`. A name in both ends the process.
std::string
issue_jwt(const crypto::EcPrivateKey& key, std::string_view typ, const Registered& claims, json::Object own);

/// Everything that a verifier must know beforehand.
struct JwtRules {
    std::string_view typ;
    std::string_view issuer;
    std::string_view audience;
    std::chrono::seconds max_life; ///< exp - iat
};

/// A token whose signature, typ, issuer, audience and times held.
class VerifiedJwt {
public:
    const Registered& registered() const { return registered_; }

    /// The claims that are not registered ones, for json::Members.
    const json::Value& own() const { return own_; }

    const std::string& kid() const { return kid_; }

private:
    friend Result<VerifiedJwt>
    verify_jwt(std::string_view text, const JwtRules& rules, const KeySet& keys, SysTime now);
    VerifiedJwt() = default;

    Registered registered_;
    json::Value own_;
    std::string kid_;
};

/// verify_jwt establishes, in this order of `where`:
///  token.size       at most max_jwt_bytes
///  token.form       three parts of strict base64url, header and claims canonical JSON
///  token.header     exactly alg, kid, typ
///  token.alg        ES256
///  token.typ        the one typ of the rules
///  token.kid        one of the keys                                              (`untrusted`)
///  token.signature  by that key                                                  (`untrusted`)
///  token.claims     aud, exp, iat, iss, jti, nbf are there and well-formed
///  token.issuer, token.audience                                                  (`untrusted`)
///  token.life       iat and nbf not after exp, exp - iat at most max_life        (`untrusted`)
///  token.early      now + 60 s >= nbf                                            (`untrusted`)
///  token.expired    now < exp                                                    (`expired`)
Result<VerifiedJwt> verify_jwt(std::string_view text, const JwtRules& rules, const KeySet& keys, SysTime now);

/// A compact JWS taken apart, nothing believed.
struct CompactJws {
    json::Value header;
    std::string_view signing_input; ///< of the text that was parsed
    Buffer payload;
    Buffer signature;
};

/// Three parts of strict base64url, the first a JSON object.
Result<CompactJws> parse_compact(std::string_view text);

/// The `iss` that a token claims, unverified: only to choose whose keys to verify with.
Result<std::string> claimed_issuer(std::string_view text);

/// "urn:vouchsafe:<group>", and "urn:vouchsafe:<use>:<group>"
std::string group_issuer(std::string_view group);
std::string group_audience(std::string_view use, std::string_view group);

/// Hex SHA-256 of the root key's SubjectPublicKeyInfo; the group is its first 16 bytes.
std::string anchor_of(const crypto::EcPublicKey& root);
std::string group_of(std::string_view anchor);

} // namespace vouchsafe::token

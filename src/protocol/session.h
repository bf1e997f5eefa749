// Opening a release session: two messages, and the transcript that both ends sign and derive from.
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/ec_key.h"
#include "json/value.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace vouchsafe::protocol {

inline constexpr std::size_t host_random_size = 32;
inline constexpr std::size_t max_session_bytes = std::size_t{64} << 10U;
inline constexpr std::string_view session_path = "/v1/release/session";

struct SessionRequest {
    std::string token;               ///< key access token
    crypto::EcPublicKey release_key; ///< the key that the token's cnf names by its thumbprint
    Buffer host_random;              ///< 32 bytes

    json::Value to_json() const;
    static Result<SessionRequest> from_json(const json::Value& value);

    friend bool operator==(const SessionRequest&, const SessionRequest&) = default;
};

struct SessionAnswer {
    AuthorityHostId authority_host;
    std::string session; ///< 32 hex digits
    crypto::EcPublicKey ephemeral_key;
    SysTime expires;
    Buffer signature; ///< ES256 over the transcript's digest, by the authority host's session key

    json::Value to_json() const;
    static Result<SessionAnswer> from_json(const json::Value& value);

    friend bool operator==(const SessionAnswer&, const SessionAnswer&) = default;
};

/// Everything that a session is bound to.
struct Transcript {
    std::string_view group;
    const AuthorityHostId& authority_host;
    std::string_view session;
    std::string_view token;
    const crypto::EcPublicKey& release_key;
    const crypto::EcPublicKey& ephemeral_key;
    Bytes host_random;
    SysTime expires;

    /// T = SHA-256("vouchsafe/session/1" ‖ lp(group) ‖ lp(authority host) ‖ lp(session) ‖ SHA-256(token) ‖
    /// lp(release key SPKI) ‖ lp(ephemeral SPKI) ‖ host random ‖ u64be expiry in ms), lp(x) = u32be size ‖ x
    crypto::Sha256Digest digest() const;
};

} // namespace vouchsafe::protocol

// Both ends of a release session. Each is a value without I/O; the caller serialises its use.
//
// One AES-256-GCM key per direction by HKDF-SHA-256(salt T, ikm ECDH(release key, ephemeral key)), and the
// nonce for a quote with the first request: no one could know it before the authority chose its ephemeral
// key. A message is a JWE whose protected header is exactly {alg, enc, n, sid, typ}, in an answer also {rd,
// re}. n begins with 1 and rises with every message of a direction; a number is accepted once.
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/ec_key.h"
#include "protocol/session.h"
#include "token/jwe.h"
#include "token/keys.h"
#include "token/results.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace vouchsafe::protocol {

inline constexpr std::string_view release_typ = "vouchsafe-release+jwe";
inline constexpr std::int64_t max_session_messages = 1 << 20; ///< far below what random nonces carry

/// The session id in a message's header, unauthenticated: to find the session with.
Result<std::string> claimed_session(std::string_view message);

/// A host's message taken apart, and not proven yet. The text outlives it.
class SealedMessage {
public:
    /// By `where`: jwe.*, session.header.
    static Result<SealedMessage> parse(std::string_view text);

    /// Whose it says to be.
    const std::string& session() const { return session_; }

private:
    friend class AuthoritySession;
    SealedMessage() = default;

    std::string_view text_;
    token::ParsedJwe jwe_;
    std::string session_;
    std::int64_t number_ = 0;
};

struct SessionKeys {
    Secret to_authority;
    Secret to_host;
    Buffer first_nonce; ///< for a quote with the first request; no secret
};

/// A request as it was sent; its answer must name it.
struct SealedRequest {
    std::string text; ///< the JWE
    std::int64_t number;
};

class HostSession {
public:
    struct Opening {
        const crypto::EcPrivateKey& release_key;
        const SessionRequest& request; ///< as it was sent
        const SessionAnswer& answer;
        std::string_view group;
        const AuthorityHostId& authority_host; ///< the one that was dialled
        const token::KeySet& session_keys;     ///< its certified keys of use "session"
        SysTime now;
    };

    /// Establishes, by `where`: session.authority_host (the one dialled answered), session.expired,
    /// session.signature (one of its session keys signed the transcript).
    static Result<HostSession> open(const Opening& opening);

    const std::string& id() const { return id_; }

    SysTime expires() const { return expires_; }

    /// For a quote with the first request (protocol::qualifying_data); later answers bring others.
    const Buffer& first_nonce() const { return keys_.first_nonce; }

    /// `expired` at "session.exhausted" after max_session_messages.
    Result<SealedRequest> seal(Random& random, std::string_view plain);

    /// The plain answer to that request. By `where`: jwe.*, session.header, session.id, session.number (not
    /// above all before), session.request (it answers another request).
    Result<Secret> open_answer(const SealedRequest& request, std::string_view message);

private:
    HostSession(std::string id, SysTime expires, SessionKeys keys)
        : id_(std::move(id)), expires_(expires), keys_(std::move(keys)) {}

    std::string id_;
    SysTime expires_;
    SessionKeys keys_;
    std::int64_t sent_ = 0;
    std::int64_t received_ = 0;
};

/// A request that was opened.
struct OpenedRequest {
    std::int64_t number;
    std::string digest; ///< hex SHA-256 of the JWE text
    Secret plain;
};

class AuthoritySession {
public:
    struct Opening {
        const token::VerifiedKeyAccess& token; ///< of request.token
        const SessionRequest& request;
        std::string_view group;
        const AuthorityHostId& authority_host;
        const crypto::EcPrivateKey& session_key;
        SysTime expires; ///< cut down to the token's
    };

    struct Opened;

    /// Makes ephemeral key, id, keys and signature. `untrusted` at "session.release_key" when the release key
    /// is not the one that the token names.
    static Result<Opened> open(const Opening& opening, Random& random);

    const std::string& id() const { return id_; }

    SysTime expires() const { return expires_; }

    const Buffer& first_nonce() const { return keys_.first_nonce; }

    const token::KeyAccess& token() const { return token_; }

    /// By `where`: jwe.open, session.id, session.number, session.expired. The number counts as used only if
    /// the message was authentic.
    Result<OpenedRequest> open_request(const SealedMessage& message, SysTime now);

    Result<std::string> seal_answer(const OpenedRequest& request, Random& random, const Secret& plain);

private:
    AuthoritySession(std::string id, SysTime expires, token::KeyAccess token, SessionKeys keys)
        : id_(std::move(id)), expires_(expires), token_(std::move(token)), keys_(std::move(keys)) {}

    std::string id_;
    SysTime expires_;
    token::KeyAccess token_;
    SessionKeys keys_;
    std::int64_t sent_ = 0;
    std::int64_t received_ = 0;
};

struct AuthoritySession::Opened {
    AuthoritySession session;
    SessionAnswer answer;
};

} // namespace vouchsafe::protocol

// The statement: every fact that a host vouches for in a quote, and the qualifying data that ties both.
#pragma once

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"
#include "crypto/digest.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vouchsafe::protocol {

inline constexpr std::size_t nonce_size = 32;
inline constexpr std::size_t max_statement_bytes = 8192;

/// What a quote is made for. "migrate", "lease" and "export-image" are reserved.
enum class QuotePurpose : std::uint8_t { attest, release };

std::string_view to_string(QuotePurpose purpose);

/// Digests of the logs sent along, hex SHA-256; absent when there is no such log.
struct LogDigests {
    std::optional<std::string> firmware;
    std::optional<std::string> ima;
    std::optional<std::string> userspace;

    friend bool operator==(const LogDigests&, const LogDigests&) = default;
};

/// Of a quote for one release request (freshness "strict").
struct ReleasePart {
    std::string request; ///< hex SHA-256 of the request
    std::string session;

    friend bool operator==(const ReleasePart&, const ReleasePart&) = default;
};

struct Statement {
    std::string agent_version;
    std::string anchor; ///< hex
    std::string boot_id;
    HostId host;
    LogDigests logs;
    std::string release_key; ///< RFC 7638 thumbprint
    QuotePurpose purpose = QuotePurpose::attest;
    std::optional<ReleasePart> release; ///< exactly when the purpose is release

    /// Canonical JSON: the bytes that are hashed and sent.
    std::string encode() const;
    /// The inverse; the bytes must be canonical.
    static Result<Statement> parse(std::string_view bytes);

    friend bool operator==(const Statement&, const Statement&) = default;
};

/// SHA-256("vouchsafe/quote/1" ‖ nonce ‖ SHA-256(statement)); the nonce has nonce_size bytes.
crypto::Sha256Digest qualifying_data(Bytes nonce, std::string_view statement);

} // namespace vouchsafe::protocol

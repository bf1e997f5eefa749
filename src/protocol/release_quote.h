// The quote inside a release request, for providers of freshness "strict" [design 3.3].
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "json/value.h"
#include "protocol/evidence.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::protocol {

/// How long the nonce of a session's last answer is good for a quote, by the authority host's clock.
inline constexpr std::chrono::seconds release_nonce_life{30};

/// What a host has listed in IMA since it attested, at most; a host with more of it attests again.
inline constexpr std::size_t max_ima_increment_bytes = std::size_t{64} << 10U;

/// A quote over the nonce of the session's last answer and a statement of purpose "release".
struct ReleaseQuote {
    Buffer attest;    ///< TPMS_ATTEST
    Buffer signature; ///< TPMT_SIGNATURE
    std::vector<PcrBank> pcrs;
    std::string statement; ///< the bytes, as they were hashed
    /// The IMA list from the position that the last accepted attestation gave; absent where it gave none.
    std::optional<Buffer> ima_log = {};

    json::Value to_json() const;
    static Result<ReleaseQuote> from_json(const json::Value& value, std::string_view where);

    friend bool operator==(const ReleaseQuote&, const ReleaseQuote&) = default;
};

} // namespace vouchsafe::protocol

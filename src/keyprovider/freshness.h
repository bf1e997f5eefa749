// Freshness "strict": a quote in each request, over a nonce that the session gave out [design 3.3].
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "inventory/state.h"
#include "protocol/release_quote.h"
#include "protocol/statement.h"
#include "token/results.h"

#include <optional>

namespace vouchsafe::keyprovider {

/// A quote, and what it must be about.
struct QuoteQuestion {
    const protocol::ReleaseQuote& quote;
    Bytes nonce;
    const protocol::ReleasePart& about; ///< session, and digest of the request
    const token::KeyAccess& token;
    const inventory::AuthorityState& state;
    SysTime now;
};

/// Port: whether the host is still what it attested. Called by several threads.
class QuoteVerifier {
public:
    QuoteVerifier() = default;
    QuoteVerifier(const QuoteVerifier&) = delete;
    QuoteVerifier& operator=(const QuoteVerifier&) = delete;
    virtual ~QuoteVerifier() = default;

    /// Errors have a `where` of "freshness.*".
    virtual Result<void> verify(const QuoteQuestion& question) = 0;
};

/// The nonce that a session gave out last: good for one quote, for protocol::release_nonce_life.
class GivenNonce {
public:
    GivenNonce(Buffer nonce, BootTime now);

    /// Absent when it was taken before, or too much time has passed; it is used up either way.
    std::optional<Buffer> take(BootTime now);

private:
    std::optional<Buffer> nonce_;
    BootTime until_;
};

} // namespace vouchsafe::keyprovider

#include "keyprovider/freshness.h"

#include <utility>

namespace vouchsafe::keyprovider {

GivenNonce::GivenNonce(Buffer nonce, BootTime now)
    : nonce_(std::move(nonce)), until_(now + protocol::release_nonce_life) {}

std::optional<Buffer> GivenNonce::take(BootTime now) {
    const auto taken = std::exchange(nonce_, std::nullopt);
    return now < until_ ? taken : std::nullopt;
}

} // namespace vouchsafe::keyprovider

#include "crypto/random.h"

#include "crypto/openssl.h"

#include <openssl/rand.h>

namespace vouchsafe::crypto {

void SystemRandom::fill(std::span<std::uint8_t> out) {
    if (!out.empty())
        check(RAND_bytes(out.data(), to_int(out.size())));
}

} // namespace vouchsafe::crypto

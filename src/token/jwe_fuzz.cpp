#include "base/bytes.h"
#include "token/jwe.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    static const Secret key(32);
    if (const auto jwe = token::parse_jwe(as_text(Bytes(data, size))); jwe)
        (void)token::open_jwe(key, *jwe);
    return 0;
}

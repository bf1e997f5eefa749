#include "base/bytes.h"
#include "token/jwe.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    static const Secret key(32);
    const std::string_view text = as_text(Bytes(data, size));
    const auto header = token::parse_jwe_header(text);
    if (const auto jwe = token::parse_jwe(text); jwe) {
        VS_CHECK(header && *header == jwe->header);
        (void)token::open_jwe(key, *jwe);
    }
    return 0;
}

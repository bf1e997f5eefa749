#include "audit/chain.h"
#include "base/bytes.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const std::string_view bytes = as_text(Bytes(data, size));
    if (const auto record = audit::parse_line(bytes); record) {
        const auto line = audit::encode_line(*record);
        VS_CHECK(line && std::string_view(*line).substr(0, line->size() - 1) == bytes);
    }
    // In one piece or two: the same verdict.
    audit::ChainVerifier whole;
    audit::ChainVerifier halves;
    const bool one = whole.feed(bytes).has_value();
    const bool two =
        halves.feed(bytes.substr(0, size / 2)).has_value() && halves.feed(bytes.substr(size / 2)).has_value();
    VS_CHECK(one == two && whole.good_bytes() == halves.good_bytes());
    return 0;
}

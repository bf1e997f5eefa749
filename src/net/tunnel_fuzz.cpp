// A proxy's answer to CONNECT, whole and in pieces: the pieces must not matter, and nothing over its limit is
// kept or taken.
#include "net/tunnel.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

namespace {

using namespace vouchsafe;

std::string outcome(Bytes bytes, std::size_t piece) {
    net::ConnectAnswer answer;
    std::size_t fed = 0;
    while (fed < bytes.size()) {
        const std::size_t size = std::min(piece, bytes.size() - fed);
        const auto whole = answer.feed(bytes.subspan(fed, size));
        fed += size;
        if (!whole)
            return std::string(to_string(whole.error().code)) + whole.error().detail;
        if (*whole) {
            VS_CHECK(fed <= net::ConnectAnswer::most_bytes + 4);
            return "tunnel";
        }
        VS_CHECK(fed <= net::ConnectAnswer::most_bytes);
    }
    return "more";
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes bytes(data, size);
    // What comes behind a good answer is seen where it came with it: with other pieces it comes later.
    const std::string whole = outcome(bytes, size);
    const std::string pieces = outcome(bytes, 1);
    VS_CHECK(whole == pieces || pieces == "tunnel");
    return 0;
}

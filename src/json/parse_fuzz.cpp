// What parse accepts has one canonical text, and that text means the same value.
#include "json/parse.h"
#include "json/write.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace json = vouchsafe::json;
    const auto value = json::parse(vouchsafe::as_text(vouchsafe::Bytes(data, size)));
    if (!value)
        return 0;
    const auto again = json::parse_canonical(json::canonical(*value));
    VS_CHECK(again && *again == *value);
    const auto pretty = json::parse(json::pretty(*value), {.bytes = std::size_t{64} << 20U});
    VS_CHECK(pretty && *pretty == *value);
    return 0;
}

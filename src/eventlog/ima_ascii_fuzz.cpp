// Any bytes as a list's text: a clear error, or a binary list that reads back with as many entries as lines.
#include "eventlog/ima_ascii.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const std::string_view text = as_text(Bytes{data, size});
    const auto converted = eventlog::ima_list_from_text(text);
    if (!converted)
        return 0;
    const std::string_view filled =
        text.substr(0, text.find_last_not_of("\r\n") + 1); // no empty lines behind
    const auto lines = std::ranges::count(filled, '\n') + (filled.empty() ? 0 : 1);
    const auto list = eventlog::parse_ima_list(converted->list, converted->digest_bytes);
    if (list) {
        VS_CHECK(list->entries.size() == static_cast<std::size_t>(lines));
        VS_CHECK(list->trailing == 0);
    }
    return 0;
}

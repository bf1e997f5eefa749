// Any bytes, for each length of template digests: a clear error, or entries whose fields lie inside them.
#include "eventlog/ima.h"

#include <cstddef>
#include <cstdint>

namespace {

void walk(const vouchsafe::eventlog::ImaList& list, std::size_t size) {
    using namespace vouchsafe;
    std::size_t bytes = list.trailing;
    for (const eventlog::ImaEntry& entry : list.entries) {
        bytes += entry.template_digest.size() + entry.template_name.size() + entry.template_data.size();
        VS_CHECK(entry.template_digest.size() == list.digest_bytes);
        if (const auto file = eventlog::decode_ima_file(entry))
            VS_CHECK(file->name.size() + file->digest.size() <= entry.template_data.size());
        if (const auto input = eventlog::ima_hash_input(entry))
            VS_CHECK(entry.violation() || !input->empty() || entry.template_data.empty());
    }
    VS_CHECK(bytes <= size);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const Bytes bytes{data, size};
    if (const auto list = eventlog::parse_ima_list(bytes))
        walk(*list, size);
    if (const auto list = eventlog::parse_ima_list(bytes, 32))
        walk(*list, size);
    return 0;
}

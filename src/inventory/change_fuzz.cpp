#include "base/bytes.h"
#include "inventory/change.h"
#include "inventory/fold.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const std::string_view text = as_text(Bytes(data, size));
    const auto record = inventory::ChangeRecord::parse(text);
    if (!record)
        return 0;
    VS_CHECK(record->encode() == text); // accepted means canonical
    (void)inventory::preview(inventory::AuthorityState{}, record->change, SysTime{});
    return 0;
}

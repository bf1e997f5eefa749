// Any text as the record beside a disk: what is accepted encodes to the same bytes.
#include "vmcrypt/record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const std::string_view text = as_text(Bytes(data, size));
    if (const auto record = vmcrypt::VmKeyRecord::parse(text))
        VS_CHECK(record->encode() == text);
    return 0;
}

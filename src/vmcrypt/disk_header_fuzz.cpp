// Any bytes as the head of a disk: the first 4096 as qcow2, and the whole as a LUKS1 header.
#include "vmcrypt/disk_header.h"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const Bytes input(data, size);
    if (const auto qcow2 = vmcrypt::parse_qcow2_header(input))
        VS_CHECK(qcow2->luks_offset != 0 && qcow2->luks_length >= vmcrypt::luks1_header_bytes);
    const Bytes luks = input.first(std::min(size, vmcrypt::luks1_header_bytes));
    if (const auto header = vmcrypt::parse_luks1_header(luks, 2ULL << 20U))
        VS_CHECK(header->key_bytes == 64 && header->active_slot < 8);
    return 0;
}

// The header of an encrypted disk: qcow2 with LUKS1 inside, judged on the bytes that QEMU will use.
//
// A disk comes from storage that others can write. Before it is opened with a VM's pass phrase, its header
// must say what we made: our cipher and size, one key slot, no other file behind it. Anything that we do not
// make ourselves is refused, also where QEMU would take it.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace vouchsafe::vmcrypt {

/// How much of the file `parse_qcow2_header` wants to see: header and extensions lie in the first cluster,
/// ours in much less.
inline constexpr std::size_t qcow2_head_bytes = 4096;
/// The fixed part of a LUKS1 header [LUKS1 On-Disk Format, phdr].
inline constexpr std::size_t luks1_header_bytes = 592;

/// Where the LUKS header lies, from a qcow2 header that passed every check.
struct Qcow2Header {
    std::uint32_t version = 0;
    std::uint64_t virtual_size = 0;
    std::uint64_t luks_offset = 0; ///< in the file, a multiple of the cluster size
    std::uint64_t luks_length = 0;
};

/// parse_qcow2_header establishes:
///  1 qcow2 of version 2 or 3, cluster size 512 to 2 MiB, a size below 64 TiB
///  2 its content is LUKS (crypt_method 2), with exactly one place for the LUKS header
///  3 no backing file, no external data file, no internal snapshot, no incompatible feature
///  4 no header extension that we do not know
/// `head` is the beginning of the file, at most qcow2_head_bytes of it.
Result<Qcow2Header> parse_qcow2_header(Bytes head);

struct Luks1Header {
    std::string cipher; ///< "aes"
    std::string mode;   ///< "xts-plain64"
    std::string hash;
    std::uint32_t key_bytes = 0; ///< 64: AES-256 in XTS has two keys
    unsigned active_slot = 0;
    std::uint32_t iterations = 0; ///< of the active slot
    std::string uuid;
};

/// parse_luks1_header establishes:
///  1 LUKS version 1, aes in xts-plain64 with 512 bits of key, sha256
///  2 each of the eight slots is marked active or inactive, and exactly one is active
///  3 that slot's iterations are bounded (its key is random, so many iterations are only a way to stall us)
///  4 its key material lies within the header's `length` bytes
/// `header` is luks1_header_bytes long.
Result<Luks1Header> parse_luks1_header(Bytes header, std::uint64_t length);

} // namespace vouchsafe::vmcrypt

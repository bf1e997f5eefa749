// VM encryption: what is encrypted under what.
//
// A VM has one key-encryption key (KEK), which the trusted key provider made and wrapped. The KEK is never a
// pass phrase itself: each use gets a key of its own, so that what one use leaks says nothing about another.
// This library is pure: it derives keys, knows what is stored with a VM, and judges the header of an
// encrypted disk. It opens no disk; it does not protect UEFI variables, qcow2 allocation, or against the
// roll-back of a disk by its storage.
#pragma once

#include "base/id.h"
#include "base/result.h"
#include "base/secret.h"

#include <cstdint>
#include <string_view>

namespace vouchsafe::vmcrypt {

inline constexpr std::size_t kek_bytes = 32;

enum class KeyUse : std::uint8_t { disk, vtpm, nvram, memory };

std::string_view to_string(KeyUse use);

/// HKDF-SHA-256(ikm KEK, no salt, info "vouchsafe/vm/1" ‖ use ‖ object uuid): 32 bytes. The info is text: the
/// use's word and the 36 lower-case characters of the uuid, so no two pairs give one text.
/// `malformed` when the KEK is not 32 bytes or the object is no UUID.
Result<Secret> derive_key(const Secret& kek, KeyUse use, std::string_view object_uuid);

/// The derived key as 64 hex digits: QEMU takes LUKS pass phrases as text only, and 256 random bits need no
/// stretching. The first disk of a VM is the object that has the VM's own uuid.
Result<Secret> luks_passphrase(const Secret& kek, KeyUse use, std::string_view object_uuid);

} // namespace vouchsafe::vmcrypt

// Typed decoders for the data of firmware events. Call them only for data whose hash is the event's
// digest, or for labels that decide nothing.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "eventlog/firmware.h"

#include <cstdint>
#include <optional>
#include <string>

namespace vouchsafe::eventlog {

/// "8be4df61-93ca-11d2-aa0d-00e098032b8c"
std::string guid_text(Bytes guid);
/// The inverse, of lower-case or upper-case hex: 16 bytes as they are stored.
std::optional<Buffer> guid_bytes(std::string_view text);

inline constexpr std::string_view efi_global_variable = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
inline constexpr std::string_view efi_image_security_database = "d719b2cb-3d3a-4596-a3bc-dad00e67656f";

/// UEFI_VARIABLE_DATA: events that measure a variable, or the signature that admitted an image.
struct EfiVariable {
    std::string guid;
    std::string name; ///< UTF-8, at most 512 characters
    Bytes data;
};

/// Old shims log more bytes than the variable has; what they measured is without them.
enum class Trailing : std::uint8_t { refused, ignored };

Result<EfiVariable> decode_efi_variable(Bytes data, Trailing trailing = Trailing::refused);
/// The inverse: what firmware measures of a variable. The GUID must be one.
Buffer encode_efi_variable(const EfiVariable& variable);

/// UEFI_IMAGE_LOAD_EVENT; the device path is left as it is, and bytes after it are nobody's.
struct ImageLoad {
    std::uint64_t location = 0;
    std::uint64_t length = 0;
    std::uint64_t link_address = 0;
    Bytes device_path;
};

Result<ImageLoad> decode_image_load(Bytes data);

/// The four bytes of EV_SEPARATOR: 0 or 0xFFFFFFFF, or 1 after an error.
Result<std::uint32_t> decode_separator(Bytes data);

/// TCG_PCClientTaggedEvent; exactly one, which fills the data.
struct TaggedEvent {
    std::uint32_t id = 0;
    Bytes data;
};

inline constexpr std::uint32_t linux_initrd_tag = 0x8F3B22EC; ///< Linux EFI stub: the initrd's bytes
inline constexpr std::uint32_t load_options_tag = 0x8F3B22ED; ///< Linux EFI stub: UTF-16 with its NUL

Result<TaggedEvent> decode_tagged_event(Bytes data);

/// The text of an action, IPL or version event: UTF-8 or UTF-16, without the NULs at its end. Empty when
/// the bytes are neither, or when characters other than line ends would not print.
std::optional<std::string> decode_text(Bytes data);

/// UTF-16LE as UTF-8; what is ill-formed becomes U+FFFD. An odd byte at the end is dropped.
std::string utf8_from_utf16le(Bytes data);
/// The inverse for well-formed UTF-8.
Buffer utf16le_from_utf8(std::string_view text);

/// One line for people about what the event's data says: a label, not a fact. At most 200 characters.
std::string describe(const Event& event);

} // namespace vouchsafe::eventlog

// Digest algorithms as the TPM numbers them [TPM2 Part 2, TPM_ALG_ID]; a bank of PCRs is named by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vouchsafe::eventlog {

/// A log may name any number; those without an enumerator are carried, sized by the log's own header,
/// and cannot be replayed.
enum class Algorithm : std::uint16_t {
    sha1 = 0x0004,
    sha256 = 0x000B,
    sha384 = 0x000C,
    sha512 = 0x000D,
    sm3_256 = 0x0012,
};

/// Any number is an algorithm; most have no name of ours.
constexpr Algorithm algorithm_from_number(std::uint16_t number) {
    // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): the type holds every 16-bit number
    return static_cast<Algorithm>(number);
}

/// "sha256"; "0x0027" for an algorithm without a name of ours.
std::string to_string(Algorithm algorithm);
/// The inverse, for named algorithms only.
std::optional<Algorithm> algorithm_from_text(std::string_view text);
/// Bytes of one digest; empty for an algorithm without a name of ours.
std::optional<std::size_t> digest_size(Algorithm algorithm);

} // namespace vouchsafe::eventlog

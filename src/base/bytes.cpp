#include "base/bytes.h"

#include <algorithm>
#include <cstring>

namespace vouchsafe {

namespace {

constexpr std::string_view alphabet_standard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view alphabet_url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::uint8_t no_digit = 0xFF;

constexpr std::array<std::uint8_t, 256> inverse(std::string_view alphabet) {
    std::array<std::uint8_t, 256> table{};
    table.fill(no_digit);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        table.at(static_cast<std::uint8_t>(alphabet[i])) = static_cast<std::uint8_t>(i);
    return table;
}

constexpr auto inverse_standard = inverse(alphabet_standard);
constexpr auto inverse_url = inverse(alphabet_url);

std::string encode64(Bytes bytes, std::string_view alphabet) {
    std::string out((bytes.size() * 4 + 2) / 3, '\0');
    std::size_t at = 0;
    for (; bytes.size() >= 3; bytes = bytes.subspan(3), at += 4) {
        const std::uint32_t bits =
            (std::uint32_t{bytes[0]} << 16U) | (std::uint32_t{bytes[1]} << 8U) | bytes[2];
        out[at] = alphabet[bits >> 18U];
        out[at + 1] = alphabet[(bits >> 12U) & 0x3FU];
        out[at + 2] = alphabet[(bits >> 6U) & 0x3FU];
        out[at + 3] = alphabet[bits & 0x3FU];
    }
    if (!bytes.empty()) {
        const std::uint32_t bits =
            (std::uint32_t{bytes[0]} << 16U) | (bytes.size() > 1 ? std::uint32_t{bytes[1]} << 8U : 0U);
        for (std::uint32_t shift = 18; at < out.size(); shift -= 6)
            out[at++] = alphabet[(bits >> shift) & 0x3FU];
    }
    return out;
}

Result<Buffer> decode64(std::string_view text, const std::array<std::uint8_t, 256>& table) {
    if (text.size() % 4 == 1)
        return fail(Errc::malformed, "base64.length");
    const auto digit = [&table](char character) {
        return std::uint32_t{table[static_cast<std::uint8_t>(character)]};
    };
    Buffer out(text.size() * 3 / 4);
    const auto* from = text.begin();
    auto to = out.begin();
    for (std::size_t groups = text.size() / 4; groups > 0; --groups) {
        const std::array digits{digit(from[0]), digit(from[1]), digit(from[2]), digit(from[3])};
        if ((digits[0] | digits[1] | digits[2] | digits[3]) == no_digit)
            return fail(Errc::malformed, "base64.digit");
        const std::uint32_t bits = (digits[0] << 18U) | (digits[1] << 12U) | (digits[2] << 6U) | digits[3];
        to[0] = static_cast<std::uint8_t>(bits >> 16U);
        to[1] = static_cast<std::uint8_t>(bits >> 8U);
        to[2] = static_cast<std::uint8_t>(bits);
        from += 4;
        to += 3;
    }
    std::uint32_t bits = 0;
    for (; from != text.end(); ++from) {
        if (digit(*from) == no_digit)
            return fail(Errc::malformed, "base64.digit");
        bits = (bits << 6U) | digit(*from);
    }
    // Left-over bits must be zero, or two texts would stand for the same bytes: 4 after two digits, 2 after
    // three.
    const std::size_t spare = text.size() * 6 % 8;
    if ((bits & ((1U << spare) - 1U)) != 0)
        return fail(Errc::malformed, "base64.canonical");
    bits >>= spare;
    for (auto end = out.end(); end != to; bits >>= 8U)
        *--end = static_cast<std::uint8_t>(bits);
    return out;
}

/// The first place from `i` on that is not ASCII, or the end: eight bytes at a time, because that is what
/// nearly all of every document is.
std::size_t after_ascii(Bytes bytes, std::size_t i) {
    constexpr std::uint64_t high_bits = 0x8080808080808080U;
    std::uint64_t eight = 0;
    for (; bytes.size() - i >= sizeof eight; i += sizeof eight) {
        std::memcpy(&eight, &bytes[i], sizeof eight);
        if ((eight & high_bits) != 0)
            break;
    }
    while (i < bytes.size() && bytes[i] < 0x80)
        ++i;
    return i;
}

constexpr std::array<std::uint8_t, 256> inverse_hex = [] {
    std::array<std::uint8_t, 256> table = inverse("0123456789abcdef");
    for (std::uint8_t digit = 10; digit < 16; ++digit)
        table.at(std::size_t{'A'} + digit - 10U) = digit;
    return table;
}();

} // namespace

Bytes as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view as_text(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Buffer to_buffer(Bytes bytes) {
    return {bytes.begin(), bytes.end()};
}

bool same_bytes(Bytes a, Bytes b) {
    return std::ranges::equal(a, b);
}

std::string to_hex(Bytes bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out(bytes.size() * 2, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        out[2 * i] = digits[bytes[i] >> 4U];
        out[(2 * i) + 1] = digits[bytes[i] & 0xFU];
    }
    return out;
}

Result<Buffer> from_hex(std::string_view text) {
    if (text.size() % 2 != 0)
        return fail(Errc::malformed, "hex.length");
    const Bytes digits = as_bytes(text);
    Buffer out(text.size() / 2);
    for (std::size_t i = 0; i < out.size(); ++i) {
        const std::uint8_t high = inverse_hex[digits[2 * i]];
        const std::uint8_t low = inverse_hex[digits[(2 * i) + 1]];
        if ((high | low) == no_digit)
            return fail(Errc::malformed, "hex.digit");
        out[i] = static_cast<std::uint8_t>((high << 4U) | low);
    }
    return out;
}

std::string to_base64(Bytes bytes) {
    std::string out = encode64(bytes, alphabet_standard);
    out.append((4 - out.size() % 4) % 4, '=');
    return out;
}

Result<Buffer> from_base64(std::string_view text) {
    if (text.size() % 4 != 0)
        return fail(Errc::malformed, "base64.length");
    for (int padding = 0; padding < 2 && text.ends_with('='); ++padding)
        text.remove_suffix(1);
    return decode64(text, inverse_standard);
}

std::string to_base64url(Bytes bytes) {
    return encode64(bytes, alphabet_url);
}

Result<Buffer> from_base64url(std::string_view text) {
    return decode64(text, inverse_url);
}

bool is_utf8(std::string_view text) {
    const Bytes bytes = as_bytes(text);
    for (std::size_t i = 0; i < bytes.size();) {
        i = after_ascii(bytes, i);
        if (i == bytes.size())
            break;
        const std::uint8_t lead = bytes[i];
        std::size_t length = 0;
        std::uint32_t point = 0;
        if ((lead & 0xE0U) == 0xC0) {
            length = 2;
            point = lead & 0x1FU;
        } else if ((lead & 0xF0U) == 0xE0) {
            length = 3;
            point = lead & 0x0FU;
        } else if ((lead & 0xF8U) == 0xF0) {
            length = 4;
            point = lead & 0x07U;
        } else {
            return false;
        }
        if (bytes.size() - i < length)
            return false;
        for (std::size_t j = 1; j < length; ++j) {
            if ((bytes[i + j] & 0xC0U) != 0x80)
                return false;
            point = (point << 6U) | (bytes[i + j] & 0x3FU);
        }
        constexpr std::array<std::uint32_t, 5> smallest = {0, 0, 0x80, 0x800, 0x10000};
        if (point < smallest.at(length) || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
            return false;
        i += length;
    }
    return true;
}

} // namespace vouchsafe

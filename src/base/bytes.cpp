#include "base/bytes.h"

#include <algorithm>

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
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const std::uint8_t byte : bytes) {
        bits = (bits << 8U) | byte;
        held += 8;
        while (held >= 6) {
            held -= 6;
            out += alphabet[(bits >> held) & 0x3FU];
        }
    }
    if (held > 0)
        out += alphabet[(bits << (6 - held)) & 0x3FU];
    return out;
}

Result<Buffer> decode64(std::string_view text, const std::array<std::uint8_t, 256>& table) {
    if (text.size() % 4 == 1)
        return fail(Errc::malformed, "base64.length");
    Buffer out;
    out.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    unsigned held = 0;
    for (const char character : text) {
        const std::uint8_t digit = table.at(static_cast<std::uint8_t>(character));
        if (digit == no_digit)
            return fail(Errc::malformed, "base64.digit");
        bits = (bits << 6U) | digit;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out.push_back(static_cast<std::uint8_t>(bits >> held));
        }
    }
    // Left-over bits must be zero, or two texts would stand for the same bytes.
    if ((bits & ((1U << held) - 1U)) != 0)
        return fail(Errc::malformed, "base64.canonical");
    return out;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

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
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        out += digits[byte >> 4U];
        out += digits[byte & 0xFU];
    }
    return out;
}

Result<Buffer> from_hex(std::string_view text) {
    if (text.size() % 2 != 0)
        return fail(Errc::malformed, "hex.length");
    Buffer out;
    out.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = hex_digit(text[i]);
        const int low = hex_digit(text[i + 1]);
        if (high < 0 || low < 0)
            return fail(Errc::malformed, "hex.digit");
        out.push_back(static_cast<std::uint8_t>((high << 4) | low));
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
        const std::uint8_t lead = bytes[i];
        if (lead < 0x80) {
            ++i;
            continue;
        }
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

#include "eventlog/event_data.h"

#include "base/reader.h"

#include <algorithm>
#include <array>

namespace vouchsafe::eventlog {

namespace {

constexpr std::size_t guid_size = 16;
/// Where each byte of the text lies: the first three fields are little-endian.
constexpr std::array<std::size_t, guid_size> guid_order{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
constexpr std::size_t name_characters = 512;
constexpr std::size_t label_characters = 200;

void append_utf8(std::string& out, std::uint32_t point) {
    const auto add = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (point < 0x80) {
        add(point);
    } else if (point < 0x800) {
        add(0xC0U | (point >> 6U));
        add(0x80U | (point & 0x3FU));
    } else if (point < 0x10000) {
        add(0xE0U | (point >> 12U));
        add(0x80U | ((point >> 6U) & 0x3FU));
        add(0x80U | (point & 0x3FU));
    } else {
        add(0xF0U | (point >> 18U));
        add(0x80U | ((point >> 12U) & 0x3FU));
        add(0x80U | ((point >> 6U) & 0x3FU));
        add(0x80U | (point & 0x3FU));
    }
}

/// One code point from the front of well-formed UTF-8.
std::uint32_t take_utf8(std::string_view& text) {
    const auto byte = [&text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t lead = byte(0);
    const std::size_t more = lead < 0x80 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    constexpr std::array<std::uint8_t, 4> masks{0x7F, 0x1F, 0x0F, 0x07};
    std::uint32_t point = lead & masks.at(more);
    for (std::size_t i = 1; i <= more; ++i)
        point = (point << 6U) | (byte(i) & 0x3FU);
    text.remove_prefix(more + 1);
    return point;
}

Bytes without_nuls_at_end(Bytes data, std::size_t unit) {
    const auto ends_in_nul = [&] {
        return data.size() >= unit && std::ranges::all_of(data.last(unit), [](auto b) { return b == 0; });
    };
    while (!data.empty() && ends_in_nul())
        data = data.first(data.size() - unit);
    return data;
}

bool printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        const auto byte = static_cast<std::uint8_t>(c);
        return (byte >= 0x20 && byte != 0x7F) || c == '\n' || c == '\r' || c == '\t';
    });
}

/// UTF-16 as firmware writes it: an even number of bytes, and mostly characters below 256.
bool looks_like_utf16(Bytes data) {
    if (data.size() < 2 || data.size() % 2 != 0)
        return false;
    std::size_t high_zeros = 0;
    for (std::size_t i = 1; i < data.size(); i += 2)
        if (data[i] == 0)
            ++high_zeros;
    return high_zeros * 4 >= data.size() / 2 * 3;
}

/// At most label_characters bytes, cut between characters, on one line.
std::string label(std::string text) {
    std::ranges::replace_if(text, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    if (text.size() <= label_characters)
        return text;
    constexpr std::string_view dots = "...";
    std::size_t cut = label_characters - dots.size();
    while (cut > 0 && (static_cast<std::uint8_t>(text[cut]) & 0xC0U) == 0x80U)
        --cut;
    text.resize(cut);
    return text.append(dots);
}

std::string describe_variable(Bytes data) {
    const auto variable = decode_efi_variable(data, Trailing::ignored);
    if (!variable)
        return "a variable that cannot be read";
    return variable->name + " (" + std::to_string(variable->data.size()) + " bytes)";
}

std::string describe_tag(Bytes data) {
    const auto tag = decode_tagged_event(data);
    if (!tag)
        return "a tagged event that cannot be read";
    if (tag->id == linux_initrd_tag)
        return "initrd";
    if (tag->id == load_options_tag)
        return "load options of the kernel";
    return decode_text(tag->data).value_or("tagged event " + std::to_string(tag->id));
}

} // namespace

std::string guid_text(Bytes guid) {
    VS_CHECK(guid.size() == guid_size);
    std::string text;
    for (std::size_t i = 0; i < guid_size; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text += '-';
        text += to_hex(guid.subspan(guid_order.at(i), 1));
    }
    return text;
}

std::optional<Buffer> guid_bytes(std::string_view text) {
    std::string digits(text);
    std::erase(digits, '-');
    const auto written = from_hex(digits);
    if (!written || written->size() != guid_size)
        return {};
    Buffer guid(guid_size);
    for (std::size_t i = 0; i < guid_size; ++i)
        guid.at(guid_order.at(i)) = written->at(i);
    std::string lower(text);
    std::ranges::transform(
        lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
    if (guid_text(guid) != lower) // dashes elsewhere
        return {};
    return guid;
}

std::string utf8_from_utf16le(Bytes data) {
    constexpr std::uint32_t replacement = 0xFFFD;
    const auto unit = [&data](std::size_t i) -> std::uint32_t { // 0 beyond the end: no surrogate
        return i + 1 < data.size() ? data[i] | static_cast<std::uint32_t>(data[i + 1]) << 8U : 0;
    };
    std::string out;
    for (std::size_t i = 0; i + 1 < data.size(); i += 2) {
        std::uint32_t point = unit(i);
        if (point >= 0xD800 && point < 0xE000) {
            const std::uint32_t low = unit(i + 2);
            const bool pair = point < 0xDC00 && low >= 0xDC00 && low < 0xE000;
            point = pair ? 0x10000 + ((point - 0xD800) << 10U) + (low - 0xDC00) : replacement;
            i += pair ? 2 : 0;
        }
        append_utf8(out, point);
    }
    return out;
}

Buffer utf16le_from_utf8(std::string_view text) {
    Writer out;
    if (!is_utf8(text))
        return {};
    while (!text.empty()) {
        const std::uint32_t point = take_utf8(text);
        if (point < 0x10000) {
            out.little(static_cast<std::uint16_t>(point));
        } else {
            out.little(static_cast<std::uint16_t>(0xD800 + ((point - 0x10000) >> 10U)));
            out.little(static_cast<std::uint16_t>(0xDC00 + ((point - 0x10000) & 0x3FFU)));
        }
    }
    return out.done();
}

Result<EfiVariable> decode_efi_variable(Bytes data, Trailing trailing) {
    constexpr std::string_view where = "event_data.efi_variable";
    Reader in(data);
    EfiVariable variable;
    VS_TRY(const Bytes guid, in.take(guid_size, where));
    variable.guid = guid_text(guid);
    VS_TRY(const auto characters, in.little<std::uint64_t>(where));
    VS_TRY(const auto size, in.little<std::uint64_t>(where));
    if (characters > name_characters)
        return fail(Errc::too_large, where, "a name of " + std::to_string(characters) + " characters");
    VS_TRY(const Bytes name, in.take(static_cast<std::size_t>(characters) * 2, where));
    if (size > in.remaining())
        return fail(Errc::malformed, where, "data ends beyond the event");
    variable.name = utf8_from_utf16le(without_nuls_at_end(name, 2));
    VS_TRY(variable.data, in.take(static_cast<std::size_t>(size), where));
    if (trailing == Trailing::refused) {
        VS_TRY_VOID(in.finish(where));
    }
    return variable;
}

Buffer encode_efi_variable(const EfiVariable& variable) {
    const auto guid = guid_bytes(variable.guid);
    VS_CHECK(guid);
    const Buffer name = utf16le_from_utf8(variable.name);
    return Writer()
        .bytes(*guid)
        .little(std::uint64_t{name.size() / 2})
        .little(std::uint64_t{variable.data.size()})
        .bytes(name)
        .bytes(variable.data)
        .done();
}

Result<ImageLoad> decode_image_load(Bytes data) {
    constexpr std::string_view where = "event_data.image_load";
    Reader in(data);
    ImageLoad image;
    VS_TRY(image.location, in.little<std::uint64_t>(where));
    VS_TRY(image.length, in.little<std::uint64_t>(where));
    VS_TRY(image.link_address, in.little<std::uint64_t>(where));
    VS_TRY(const auto size, in.little<std::uint64_t>(where));
    if (size > in.remaining())
        return fail(Errc::malformed, where, "the device path ends beyond the event");
    VS_TRY(image.device_path, in.take(static_cast<std::size_t>(size), where));
    return image; // loaders that measure without a path still send room for one
}

Result<std::uint32_t> decode_separator(Bytes data) {
    constexpr std::string_view where = "event_data.separator";
    Reader in(data);
    VS_TRY(const auto value, in.little<std::uint32_t>(where));
    VS_TRY_VOID(in.finish(where));
    return value;
}

Result<TaggedEvent> decode_tagged_event(Bytes data) {
    constexpr std::string_view where = "event_data.tagged_event";
    Reader in(data);
    TaggedEvent tag;
    VS_TRY(tag.id, in.little<std::uint32_t>(where));
    VS_TRY(const auto size, in.little<std::uint32_t>(where));
    VS_TRY(tag.data, in.take(size, where));
    VS_TRY_VOID(in.finish(where));
    return tag;
}

std::optional<std::string> decode_text(Bytes data) {
    std::string text;
    if (looks_like_utf16(data))
        text = utf8_from_utf16le(without_nuls_at_end(data, 2));
    else
        text = std::string(as_text(without_nuls_at_end(data, 1)));
    if (!is_utf8(text) || !printable(text))
        return {};
    return text;
}

std::string describe(const Event& event) {
    switch (event.type) {
    case type::efi_variable_driver_config:
    case type::efi_variable_boot:
    case type::efi_variable_authority:
        return label(describe_variable(event.data));
    case type::event_tag:
        return label(describe_tag(event.data));
    case type::efi_boot_services_application:
        return "application";
    case type::efi_boot_services_driver:
    case type::efi_runtime_services_driver:
        return "driver";
    case type::separator:
        return "separator";
    default:
        break;
    }
    if (auto text = decode_text(event.data))
        return label(*std::move(text));
    return std::to_string(event.data.size()) + " bytes";
}

} // namespace vouchsafe::eventlog

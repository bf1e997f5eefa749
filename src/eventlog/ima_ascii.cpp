#include "eventlog/ima_ascii.h"

#include "base/reader.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace vouchsafe::eventlog {

namespace {

/// A template's fields after the file digest: its name, then so many fields of bytes.
struct TextTemplate {
    std::string_view name;
    std::size_t byte_fields;
    std::size_t digest_field; ///< which of them is a digest with its algorithm; none where it is 0
};

constexpr std::array templates = {
    TextTemplate{.name = "ima-ng", .byte_fields = 0, .digest_field = 0},
    TextTemplate{.name = "ima-ngv2", .byte_fields = 0, .digest_field = 0},
    TextTemplate{.name = "ima-sig", .byte_fields = 1, .digest_field = 0},
    TextTemplate{.name = "ima-sigv2", .byte_fields = 1, .digest_field = 0},
    TextTemplate{.name = "ima-buf", .byte_fields = 1, .digest_field = 0},
    TextTemplate{.name = "ima-modsig", .byte_fields = 3, .digest_field = 2},
};

std::string_view take_word(std::string_view& rest) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return word;
}

Result<std::uint32_t> pcr_from(std::string_view word) {
    std::uint32_t pcr = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), pcr);
    if (error != std::errc{} || end != word.data() + word.size())
        return fail(Errc::malformed, "ima.pcr", "not a number");
    return pcr;
}

/// "sha256:9f86..." as the kernel keeps it: the algorithm with its colon, a NUL, the digest.
Result<Buffer> digest_with_algorithm(std::string_view word) {
    const std::size_t colon = word.rfind(':');
    if (colon == std::string_view::npos)
        return fail(Errc::malformed, "ima.template_data", "a digest without algorithm");
    const auto digest = from_hex(word.substr(colon + 1));
    if (!digest)
        return fail(Errc::malformed, "ima.template_data", "a digest that is not hexadecimal");
    return Writer().text(word.substr(0, colon + 1)).big(std::uint8_t{0}).bytes(*digest).done();
}

void write_field(Writer& out, Bytes field) {
    out.little(static_cast<std::uint32_t>(field.size())).bytes(field);
}

Buffer with_nul(std::string_view name) {
    return Writer().text(name).big(std::uint8_t{0}).done();
}

/// Takes the field that ends the line. A line whose last field is empty ends in a space, which many an editor
/// drops: what is no hexadecimal then belongs to the name.
Result<Buffer> take_last(std::string_view& rest, bool is_digest) {
    const std::size_t space = rest.rfind(' ');
    if (space == std::string_view::npos)
        return Buffer{};
    const std::string_view word = rest.substr(space + 1);
    auto field = is_digest && !word.empty() ? digest_with_algorithm(word) : from_hex(word);
    if (field)
        rest = rest.substr(0, space);
    else if (!is_digest)
        return Buffer{};
    return field;
}

Result<Buffer> template_data(const TextTemplate& one, std::string_view rest) {
    Writer out;
    VS_TRY(const Buffer digest, digest_with_algorithm(take_word(rest)));
    std::vector<Buffer> last(one.byte_fields);
    for (std::size_t index = one.byte_fields; index > 0; --index) {
        VS_TRY(last[index - 1], take_last(rest, index == one.digest_field));
    }
    write_field(out, digest);
    write_field(out, with_nul(rest));
    for (const Buffer& field : last)
        write_field(out, field);
    return out.done();
}

/// The template "ima": a digest of SHA-1 without algorithm, then the name.
Result<Buffer> oldest_template_data(std::string_view rest) {
    const auto digest = from_hex(take_word(rest));
    if (!digest || digest->size() != 20)
        return fail(Errc::malformed, "ima.template_data", "not a SHA-1 digest");
    Writer out;
    out.bytes(*digest);
    write_field(out, as_bytes(rest));
    return out.done();
}

Result<void> write_entry(Writer& out, std::string_view line, ImaBytes& list, const ImaLimits& limits) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size())); // the PCR is two wide
    VS_TRY(const std::uint32_t pcr, pcr_from(take_word(line)));
    const auto digest = from_hex(take_word(line));
    if (!digest || digest->empty())
        return fail(Errc::malformed, "ima.template_digest", "not hexadecimal");
    if (list.digest_bytes == 0)
        list.digest_bytes = digest->size();
    if (digest->size() != list.digest_bytes)
        return fail(Errc::malformed, "ima.template_digest", "of another length than those before");

    const std::string_view name = take_word(line);
    out.little(pcr).bytes(*digest);
    write_field(out, as_bytes(name));
    if (name == "ima") {
        VS_TRY(const Buffer data, oldest_template_data(line));
        out.bytes(data);
        return {};
    }
    const auto* const one = std::ranges::find(templates, name, &TextTemplate::name);
    if (one == templates.end())
        return fail(Errc::unsupported, "ima.template_name", "a template that text does not tell");
    VS_TRY(const Buffer data, template_data(*one, line));
    if (data.size() > limits.template_bytes)
        return fail(Errc::too_large, "ima.template_data", std::to_string(data.size()) + " bytes");
    write_field(out, data);
    return {};
}

} // namespace

bool is_ima_text(Bytes list) {
    return !list.empty() && (list.front() == ' ' || (list.front() >= '0' && list.front() <= '9'));
}

Result<ImaBytes> ima_list_from_text(std::string_view text, const ImaLimits& limits) {
    // What copying and pasting does to a list: other line ends, and empty lines behind it.
    const bool other_ends = text.substr(0, text.find('\n')).ends_with('\r');
    const std::string_view two_ends = other_ends ? "\r\n\r\n" : "\n\n";
    while (text.ends_with(two_ends))
        text.remove_suffix(two_ends.size() / 2);
    ImaBytes list;
    Writer out;
    for (std::size_t number = 1; !text.empty(); ++number) {
        if (number > limits.entries)
            return fail(Errc::too_large, "ima.entries", "more than " + std::to_string(limits.entries));
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        if (other_ends && line.ends_with('\r'))
            line.remove_suffix(1);
        if (auto written = write_entry(out, line, list, limits); !written) {
            Error error = std::move(written).error();
            error.detail = "line " + std::to_string(number) + ": " + error.detail;
            return std::unexpected(std::move(error));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    list.list = out.done();
    return list;
}

} // namespace vouchsafe::eventlog

#include "appraisal/quote_text.h"

#include "json/parse.h"

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace vouchsafe::appraisal {

namespace {

constexpr std::string_view where = "quote.text";

std::string without_blanks(Bytes file) {
    std::string text(as_text(file));
    std::erase_if(text, [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; });
    return text;
}

Result<Buffer> bytes_of_array(const json::Value& array) {
    Buffer bytes;
    for (const json::Value& value : array.as_array()) {
        if (!value.is_integer() || value.as_integer() < 0 ||
            value.as_integer() > std::numeric_limits<std::uint8_t>::max())
            return fail(Errc::malformed, where, "a JSON array of something else than byte values");
        bytes.push_back(static_cast<std::uint8_t>(value.as_integer()));
    }
    return bytes;
}

/// Go's attestation library numbers the versions of TPMs: 1 is TPM 1.2.
bool is_of_tpm_1_2(const json::Value& document) {
    if (!document.is_object())
        return false;
    const json::Value* const fixed = document.find("Static");
    const json::Value* const version =
        fixed != nullptr && fixed->is_object() ? fixed->find("TPMVersion") : nullptr;
    return version != nullptr && version->is_integer() && version->as_integer() == 1;
}

Result<Buffer> bytes_of_json(std::string_view text) {
    VS_TRY(const json::Value document,
           json::parse(text, {.bytes = most_quote_text, .items = std::size_t{1} << 18U}));
    if (document.is_array())
        return bytes_of_array(document);
    if (is_of_tpm_1_2(document))
        return fail(Errc::unsupported, where, "an attestation by a TPM 1.2, which proves nothing here");
    return fail(Errc::unsupported,
                where,
                "a JSON document: give the quote, the signature and the key in it as files of their own");
}

} // namespace

bool is_text(Bytes file) {
    return std::ranges::all_of(
        file, [](std::uint8_t c) { return (c >= ' ' && c < 0x7F) || c == '\n' || c == '\r' || c == '\t'; });
}

Result<Buffer> quote_bytes(Bytes file) {
    if (file.size() > most_quote_text)
        return fail(Errc::too_large, where);
    if (file.empty() || !is_text(file))
        return to_buffer(file);
    const std::string text = without_blanks(file);
    if (text.starts_with('{') || text.starts_with('['))
        return bytes_of_json(as_text(file));
    if (const auto bytes = from_hex(text); bytes && !bytes->empty())
        return *bytes;
    if (const auto bytes = from_base64(text); bytes && !bytes->empty())
        return *bytes;
    return fail(Errc::malformed, where, "text that is neither hexadecimal, base64 nor an array of bytes");
}

Result<std::optional<KeylimeQuote>> keylime_quote(Bytes file) {
    if (file.size() > most_quote_text || file.empty() || file.front() != 'r' || !is_text(file))
        return std::nullopt;
    const std::string text = without_blanks(file);
    const std::size_t first = text.find(':');
    const std::size_t second = first == std::string::npos ? first : text.find(':', first + 1);
    if (second == std::string::npos)
        return std::nullopt;
    const std::string_view all = text;
    const auto attest = from_base64(all.substr(1, first - 1));
    const auto signature = from_base64(all.substr(first + 1, second - first - 1));
    const auto pcrs = from_base64(all.substr(second + 1));
    if (!attest || !signature || !pcrs || attest->empty() || signature->empty() || pcrs->empty())
        return fail(Errc::malformed, where, "not three parts of base64 after the r");
    return KeylimeQuote{.attest = *attest, .signature = *signature, .pcrs = *pcrs};
}

} // namespace vouchsafe::appraisal

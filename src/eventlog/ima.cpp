#include "eventlog/ima.h"

#include "base/reader.h"

#include <algorithm>
#include <array>

namespace vouchsafe::eventlog {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view oldest_template = "ima";
constexpr std::size_t sha1_size = 20;
constexpr std::size_t oldest_name_size = 256; ///< IMA_EVENT_NAME_LEN_MAX + 1
constexpr std::uint32_t pcr_count = 24;

bool known_digest_size(std::size_t size) {
    return size == 20 || size == 32 || size == 48 || size == 64;
}

/// The template data of the oldest template has no length: a SHA-1 digest, then a name with its length.
Result<Bytes> take_oldest_data(Reader& in) {
    Reader ahead = in;
    VS_TRY_VOID(ahead.take(sha1_size, "ima.template_data"));
    VS_TRY(const auto name_size, ahead.little<std::uint32_t>("ima.template_data"));
    if (name_size >= oldest_name_size)
        return fail(
            Errc::too_large, "ima.template_data", "a name of " + std::to_string(name_size) + " bytes");
    return in.take(sha1_size + sizeof(std::uint32_t) + name_size, "ima.template_data");
}

Result<ImaEntry> take_entry(Reader& in, std::size_t digest_bytes, const ImaLimits& limits) {
    ImaEntry entry;
    VS_TRY(entry.pcr, in.little<std::uint32_t>("ima.pcr"));
    if (entry.pcr >= pcr_count)
        return fail(Errc::malformed, "ima.pcr", "PCR index " + std::to_string(entry.pcr));
    VS_TRY(entry.template_digest, in.take(digest_bytes, "ima.template_digest"));
    VS_TRY(const auto name_size, in.little<std::uint32_t>("ima.template_name"));
    if (name_size == 0 || name_size > limits.name_bytes)
        return fail(Errc::malformed, "ima.template_name", std::to_string(name_size) + " bytes");
    VS_TRY(const Bytes name, in.take(name_size, "ima.template_name"));
    entry.template_name = as_text(name);
    if (!std::ranges::all_of(entry.template_name, [](char c) { return c > ' ' && c < 0x7F; }))
        return fail(Errc::malformed, "ima.template_name", "not printable");
    if (entry.template_name == oldest_template) {
        VS_TRY(entry.template_data, take_oldest_data(in));
        return entry;
    }
    VS_TRY(const auto data_size, in.little<std::uint32_t>("ima.template_data"));
    if (data_size > in.remaining())
        return fail(Errc::malformed, "ima.template_data", "ends beyond the list");
    if (data_size > limits.template_bytes)
        return fail(Errc::too_large, "ima.template_data", std::to_string(data_size) + " bytes");
    VS_TRY(entry.template_data, in.take(data_size, "ima.template_data"));
    return entry;
}

Result<ImaList> parse_with(Bytes bytes, std::size_t digest_bytes, const ImaLimits& limits) {
    ImaList list{.digest_bytes = digest_bytes, .entries = {}};
    Reader in(bytes);
    const std::size_t head = sizeof(std::uint32_t) + digest_bytes + sizeof(std::uint32_t);
    while (in.remaining() >= head) {
        const std::size_t offset = bytes.size() - in.remaining();
        if (list.entries.size() >= limits.entries)
            return fail(Errc::too_large, "ima.entries", "more than " + std::to_string(limits.entries));
        auto entry = take_entry(in, digest_bytes, limits);
        if (!entry) {
            Error error = std::move(entry).error();
            error.detail = "entry " + std::to_string(list.entries.size()) + " at offset " +
                           std::to_string(offset) + ": " + error.detail;
            return std::unexpected(std::move(error));
        }
        list.entries.push_back(*entry);
    }
    list.trailing = in.remaining();
    return list;
}

Result<Bytes> take_field(Reader& in) {
    VS_TRY(const auto size, in.little<std::uint32_t>("ima.field"));
    return in.take(size, "ima.field");
}

std::string_view until_nul(Bytes bytes) {
    const std::string_view text = as_text(bytes);
    return text.substr(0, text.find('\0'));
}

} // namespace

bool ImaEntry::violation() const {
    return std::ranges::all_of(template_digest, [](std::uint8_t byte) { return byte == 0; });
}

Result<ImaList> parse_ima_list(Bytes list, std::optional<std::size_t> digest_bytes, const ImaLimits& limits) {
    if (list.size() > limits.list_bytes)
        return fail(Errc::too_large, "ima.list_bytes", std::to_string(list.size()) + " bytes");
    if (digest_bytes) {
        if (!known_digest_size(*digest_bytes))
            return fail(Errc::unsupported, "ima.digest_bytes", std::to_string(*digest_bytes) + " bytes");
        return parse_with(list, *digest_bytes, limits);
    }
    // The error to show is that of the usual length: the others are guesses.
    auto usual = parse_with(list, sha1_size, limits);
    if (usual)
        return usual;
    for (const std::size_t guess : {32U, 48U, 64U})
        if (auto parsed = parse_with(list, guess, limits); parsed && !parsed->entries.empty())
            return parsed;
    return usual;
}

Result<Buffer> ima_hash_input(const ImaEntry& entry) {
    if (entry.template_name != oldest_template)
        return to_buffer(entry.template_data);
    Reader in(entry.template_data);
    VS_TRY(const Bytes digest, in.take(sha1_size, "ima.template_data"));
    VS_TRY(const Bytes name, take_field(in));
    VS_TRY_VOID(in.finish("ima.template_data"));
    if (name.size() >= oldest_name_size)
        return fail(Errc::too_large, "ima.template_data", "an over-long name");
    Buffer out = to_buffer(digest);
    out.insert(out.end(), name.begin(), name.end());
    out.resize(sha1_size + oldest_name_size);
    return out;
}

Result<ImaFile> decode_ima_file(const ImaEntry& entry) {
    constexpr std::string_view where = "ima.template_data";
    Reader in(entry.template_data);
    ImaFile file;
    if (entry.template_name == oldest_template) {
        file.algorithm = "sha1";
        VS_TRY(file.digest, in.take(sha1_size, where));
        VS_TRY(const Bytes name, take_field(in));
        file.name = until_nul(name);
        VS_TRY_VOID(in.finish(where));
        return file;
    }
    const bool with_signature = entry.template_name == "ima-sig";
    if (!with_signature && entry.template_name != "ima-ng")
        return fail(Errc::unsupported, "ima.template_name");
    VS_TRY(const Bytes digest, take_field(in));
    const auto colon = std::ranges::search(digest, as_bytes(":\0"sv));
    if (colon.empty())
        return fail(Errc::malformed, where, "a digest without algorithm");
    const auto name_size = static_cast<std::size_t>(colon.begin() - digest.begin());
    file.algorithm = std::string(as_text(digest.first(name_size)));
    file.digest = digest.subspan(name_size + 2);
    VS_TRY(const Bytes name, take_field(in));
    file.name = until_nul(name);
    if (with_signature) {
        VS_TRY(file.signature, take_field(in));
    }
    VS_TRY_VOID(in.finish(where));
    return file;
}

} // namespace vouchsafe::eventlog

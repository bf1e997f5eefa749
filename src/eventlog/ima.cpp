#include "eventlog/ima.h"

#include "base/reader.h"

#include <algorithm>
#include <array>
#include <utility>

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
    if (is_oldest_template(entry)) {
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

bool is_oldest_template(const ImaEntry& entry) {
    return entry.template_name == oldest_template;
}

Result<Buffer> ima_list_from(Bytes list, std::size_t entries) {
    VS_TRY(const ImaList parsed, parse_ima_list(list));
    if (parsed.entries.size() < entries)
        return fail(Errc::malformed,
                    "ima.position",
                    "the list has " + std::to_string(parsed.entries.size()) + " entries, not " +
                        std::to_string(entries));
    if (entries == 0)
        return to_buffer(list);
    const Bytes last = parsed.entries[entries - 1].template_data; // a part of `list`
    return to_buffer(list.subspan(static_cast<std::size_t>(last.data() + last.size() - list.data())));
}

Result<Buffer> ima_hash_input(const ImaEntry& entry) {
    if (!is_oldest_template(entry))
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

namespace {

/// Fields of a template, in their order [Linux, IMA template management]; empty for a template of no known
/// form.
std::string_view fields_of(std::string_view name) {
    constexpr std::array templates{
        std::pair{"ima-ng"sv, "d-ng|n-ng"sv},
        std::pair{"ima-ngv2"sv, "d-ngv2|n-ng"sv},
        std::pair{"ima-sig"sv, "d-ng|n-ng|sig"sv},
        std::pair{"ima-sigv2"sv, "d-ngv2|n-ng|sig"sv},
        std::pair{"ima-buf"sv, "d-ng|n-ng|buf"sv},
        std::pair{"ima-modsig"sv, "d-ng|n-ng|sig|d-modsig|modsig"sv},
        std::pair{"evm-sig"sv, "d-ng|n-ng|evmsig|xattrnames|xattrlengths|xattrvalues|iuid|igid|imode"sv},
    };
    const auto* const found = std::ranges::find(templates, name, [](const auto& row) { return row.first; });
    if (found != templates.end())
        return found->second;
    return name.contains('|') ? name : ""sv;
}

struct NamedDigest {
    std::string algorithm;
    Bytes digest;
    bool verity = false;
};

/// "sha256:" and NUL before the digest; with a type ("ima:sha256:", "verity:sha256:") in the second version.
Result<NamedDigest> read_digest(Bytes field) {
    constexpr std::string_view where = "ima.template_data";
    const auto end = std::ranges::search(field, as_bytes(":\0"sv));
    if (end.empty())
        return fail(Errc::malformed, where, "a digest without algorithm");
    const auto size = static_cast<std::size_t>(end.begin() - field.begin());
    NamedDigest out;
    std::string_view name = as_text(field.first(size));
    if (const auto colon = name.find(':'); colon != std::string_view::npos) {
        const std::string_view kind = name.substr(0, colon);
        if (kind != "ima" && kind != "verity")
            return fail(Errc::malformed, where, "a digest of an unknown kind");
        out.verity = kind == "verity";
        name.remove_prefix(colon + 1);
    }
    out.algorithm = name;
    out.digest = field.subspan(size + 2);
    return out;
}

Result<void> read_field(std::string_view name, Bytes field, ImaFile& file) {
    constexpr std::array skipped{
        "evmsig"sv, "xattrnames"sv, "xattrlengths"sv, "xattrvalues"sv, "iuid"sv, "igid"sv, "imode"sv};
    if (name == "d-ng" || name == "d-ngv2") {
        VS_TRY(NamedDigest read, read_digest(field));
        file.algorithm = std::move(read.algorithm);
        file.digest = read.digest;
        file.verity = read.verity;
    } else if (name == "d-modsig") {
        if (field.empty()) // no signature is appended
            return {};
        VS_TRY(NamedDigest read, read_digest(field));
        file.unsigned_algorithm = std::move(read.algorithm);
        file.unsigned_digest = read.digest;
    } else if (name == "modsig") {
        file.appended_signature = field;
    } else if (name == "d") {
        file.algorithm = "sha1";
        file.digest = field;
    } else if (name == "n" || name == "n-ng") {
        file.name = until_nul(field);
    } else if (name == "sig") {
        file.signature = field;
    } else if (name == "buf") {
        file.buffer = field;
    } else if (std::ranges::find(skipped, name) == skipped.end()) {
        return fail(Errc::unsupported, "ima.template_name", "a field of no known name");
    }
    return {};
}

} // namespace

Result<ImaFile> decode_ima_file(const ImaEntry& entry) {
    constexpr std::string_view where = "ima.template_data";
    Reader in(entry.template_data);
    ImaFile file;
    if (is_oldest_template(entry)) {
        file.algorithm = "sha1";
        VS_TRY(file.digest, in.take(sha1_size, where));
        VS_TRY(const Bytes name, take_field(in));
        file.name = until_nul(name);
        VS_TRY_VOID(in.finish(where));
        return file;
    }
    std::string_view fields = fields_of(entry.template_name);
    if (!fields.starts_with('d') || fields.starts_with("d-modsig"))
        return fail(Errc::unsupported, "ima.template_name");
    while (!fields.empty()) {
        const std::string_view name = fields.substr(0, fields.find('|'));
        fields.remove_prefix(std::min(fields.size(), name.size() + 1));
        VS_TRY(const Bytes field, take_field(in));
        VS_TRY_VOID(read_field(name, field, file));
    }
    VS_TRY_VOID(in.finish(where));
    return file;
}

} // namespace vouchsafe::eventlog

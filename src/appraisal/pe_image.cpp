#include "appraisal/pe_image.h"

#include "appraisal/replay.h"
#include "base/reader.h"
#include "crypto/digest.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace vouchsafe::appraisal {

namespace {

constexpr std::size_t most_sections = 96; // as Windows' loader has it
constexpr std::uint16_t magic_pe32 = 0x10B;
constexpr std::uint16_t magic_pe32_plus = 0x20B;
constexpr std::size_t checksum_place = 64; // in the optional header, of both kinds
constexpr std::size_t certificate_directory = 4;
constexpr std::size_t directory_size = 8;
constexpr std::size_t name_size = 8;
constexpr std::size_t symbol_size = 18;
constexpr std::size_t most_name = 64;

struct Headers {
    std::size_t sections = 0;
    std::size_t strings_at = 0; ///< the string table, after the symbols; 0: none
    std::size_t optional_at = 0;
    Bytes optional;
    Reader table{{}}; ///< of sections
};

Result<Headers> read_headers(Bytes file) {
    constexpr std::size_t pe_place = 0x3C;
    constexpr std::size_t file_header_size = 24; // with the signature before it
    Reader dos(file);
    VS_TRY(const Bytes mz, dos.take(2, "pe.dos_header"));
    if (as_text(mz) != "MZ")
        return fail(Errc::malformed, "pe.dos_header", "not an EFI program: it does not begin with MZ");
    VS_TRY_VOID(dos.take(pe_place - 2, "pe.dos_header"));
    VS_TRY(const auto pe_at, dos.little<std::uint32_t>("pe.dos_header"));
    Reader reader(file);
    VS_TRY_VOID(reader.take(pe_at, "pe.header"));
    VS_TRY(const Bytes signature, reader.take(4, "pe.header"));
    if (as_text(signature) != std::string_view("PE\0\0", 4))
        return fail(Errc::malformed, "pe.header", "no PE signature");
    VS_TRY_VOID(reader.take(2, "pe.machine"));
    VS_TRY(const auto sections, reader.little<std::uint16_t>("pe.sections"));
    if (sections > most_sections)
        return fail(Errc::too_large, "pe.sections", "more than 96 sections");
    VS_TRY_VOID(reader.take(4, "pe.header"));
    VS_TRY(const auto symbols_at, reader.little<std::uint32_t>("pe.symbols"));
    VS_TRY(const auto symbols, reader.little<std::uint32_t>("pe.symbols"));
    VS_TRY(const auto optional_size, reader.little<std::uint16_t>("pe.optional_header"));
    VS_TRY_VOID(reader.take(2, "pe.header"));
    VS_TRY(const Bytes optional, reader.take(optional_size, "pe.optional_header"));
    const std::size_t strings_at = symbols_at == 0 ? 0 : symbols_at + std::size_t{symbols} * symbol_size;
    return Headers{.sections = sections,
                   .strings_at = strings_at,
                   .optional_at = pe_at + file_header_size,
                   .optional = optional,
                   .table = reader};
}

/// Where signing writes, and the certificate table itself.
Result<void> read_optional(const Headers& headers, PeImage& image) {
    Reader reader(headers.optional);
    VS_TRY(const auto magic, reader.little<std::uint16_t>("pe.magic"));
    if (magic != magic_pe32 && magic != magic_pe32_plus)
        return fail(Errc::malformed, "pe.magic", "neither PE32 nor PE32+");
    VS_TRY_VOID(reader.take(58, "pe.optional_header"));
    VS_TRY(image.headers_size, reader.little<std::uint32_t>("pe.headers_size"));
    image.checksum_at = headers.optional_at + checksum_place;
    VS_TRY_VOID(reader.take(4, "pe.checksum"));
    VS_TRY_VOID(reader.take(magic == magic_pe32 ? 24 : 40, "pe.optional_header"));
    VS_TRY(const auto directories, reader.little<std::uint32_t>("pe.directories"));
    if (directories <= certificate_directory)
        return {};
    VS_TRY_VOID(reader.take(certificate_directory * directory_size, "pe.directories"));
    image.certificate_at = headers.optional_at + headers.optional.size() - reader.remaining();
    VS_TRY(const auto offset, reader.little<std::uint32_t>("pe.certificates"));
    VS_TRY(const auto size, reader.little<std::uint32_t>("pe.certificates"));
    if (size == 0)
        return {};
    Reader table(image.file);
    VS_TRY_VOID(table.take(offset, "pe.certificates"));
    VS_TRY(image.certificates, table.take(size, "pe.certificates"));
    return table.finish("pe.certificates"); // bytes after it would be covered by nothing
}

/// "/N" is the name at offset N of the string table; any other name is as it stands.
std::string long_name(std::string name, Bytes file, std::size_t strings_at) {
    std::size_t offset = 0;
    const char* const end = name.data() + name.size();
    if (strings_at == 0 || !name.starts_with('/') ||
        std::from_chars(name.data() + 1, end, offset).ptr != end || strings_at >= file.size() ||
        offset >= file.size() - strings_at)
        return name;
    const std::string_view strings = as_text(file).substr(strings_at + offset, most_name + 1);
    const std::size_t size = strings.find('\0');
    return size == std::string_view::npos ? name : std::string(strings.substr(0, size));
}

Result<PeSection> read_section(Reader& table, Bytes file, std::size_t strings_at) {
    PeSection section;
    VS_TRY(const Bytes name, table.take(name_size, "pe.section"));
    section.name = as_text(name);
    section.name.erase(std::min(section.name.find('\0'), section.name.size()));
    section.name = long_name(std::move(section.name), file, strings_at);
    VS_TRY(section.size, table.little<std::uint32_t>("pe.section"));
    VS_TRY_VOID(table.take(4, "pe.section"));
    VS_TRY(const auto raw_size, table.little<std::uint32_t>("pe.section"));
    VS_TRY(section.offset, table.little<std::uint32_t>("pe.section"));
    VS_TRY_VOID(table.take(16, "pe.section"));
    if (raw_size == 0)
        return section;
    Reader reader(file);
    VS_TRY_VOID(reader.take(section.offset, "pe.section"));
    VS_TRY(section.raw, reader.take(raw_size, "pe.section"));
    return section;
}

} // namespace

const PeSection* PeImage::section(std::string_view name) const {
    const auto found = std::ranges::find(sections, name, &PeSection::name);
    return found == sections.end() ? nullptr : &*found;
}

Result<Bytes> content(const PeSection& section) {
    if (section.size > section.raw.size())
        return fail(Errc::unsupported, "pe.section", section.name + " is larger in memory than in the file");
    return section.raw.first(section.size);
}

Result<PeImage> parse_pe_image(Bytes file) {
    VS_TRY(Headers headers, read_headers(file));
    PeImage image{.file = file, .certificates = {}, .sections = {}};
    VS_TRY_VOID(read_optional(headers, image));
    std::size_t total = image.headers_size + image.certificates.size();
    for (std::size_t i = 0; i < headers.sections; ++i) {
        VS_TRY(PeSection section, read_section(headers.table, file, headers.strings_at));
        if (section.name.starts_with('.') && image.section(section.name) != nullptr)
            return fail(Errc::malformed, "pe.section", "there are two sections " + section.name);
        total += section.raw.size();
        image.sections.push_back(std::move(section));
    }
    const std::size_t table_end = file.size() - headers.table.remaining();
    if (image.headers_size < table_end)
        return fail(Errc::malformed, "pe.headers_size", "the headers are larger than they say");
    if (total > file.size())
        return fail(Errc::malformed, "pe.sections", "the sections have more bytes than the file");
    return image;
}

Result<std::vector<Bytes>> signatures(const PeImage& image) {
    constexpr std::string_view where = "pe.certificates";
    constexpr std::uint16_t revision_2 = 0x0200;
    constexpr std::uint16_t pkcs_signed_data = 0x0002;
    constexpr std::uint32_t header_size = 8; // WIN_CERTIFICATE's own
    constexpr std::uint32_t alignment = 8;
    std::vector<Bytes> found;
    Reader table(image.certificates);
    for (std::size_t count = 0; !table.empty(); ++count) {
        if (count == most_signatures_of_image)
            return fail(Errc::too_large, where, "too many signatures");
        VS_TRY(const auto size, table.little<std::uint32_t>(where));
        VS_TRY(const auto revision, table.little<std::uint16_t>(where));
        VS_TRY(const auto kind, table.little<std::uint16_t>(where));
        if (size < header_size)
            return fail(Errc::malformed, where, "a signature of " + std::to_string(size) + " bytes");
        VS_TRY(const Bytes certificate, table.take(size - header_size, where));
        if (revision == revision_2 && kind == pkcs_signed_data)
            found.push_back(certificate);
        const std::size_t padding = (alignment - size % alignment) % alignment;
        VS_TRY_VOID(table.take(std::min(padding, table.remaining()), where));
    }
    return found;
}

Buffer authenticode_digest(const PeImage& image, Algorithm algorithm) {
    const auto hash_from_to = [&image](crypto::Hasher& hasher, std::size_t from, std::size_t to) {
        hasher.update(image.file.subspan(from, to - from));
    };
    crypto::Hasher hasher(hash_algorithm(algorithm));
    const std::size_t after_checksum = image.checksum_at + 4;
    hash_from_to(hasher, 0, image.checksum_at);
    if (image.certificate_at == 0) {
        hash_from_to(hasher, after_checksum, image.headers_size);
    } else {
        hash_from_to(hasher, after_checksum, image.certificate_at);
        hash_from_to(hasher, image.certificate_at + directory_size, image.headers_size);
    }
    std::vector<const PeSection*> sections;
    for (const PeSection& section : image.sections)
        if (!section.raw.empty())
            sections.push_back(&section);
    std::ranges::stable_sort(sections, {}, &PeSection::offset);
    std::size_t hashed = image.headers_size;
    for (const PeSection* const section : sections) {
        hasher.update(section->raw);
        hashed += section->raw.size();
    }
    // what lies after the sections, by count and not by place: as the firmware does
    hash_from_to(hasher, hashed, image.file.size() - image.certificates.size());
    return hasher.finish();
}

} // namespace vouchsafe::appraisal

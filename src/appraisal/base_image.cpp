#include "appraisal/base_image.h"

#include "appraisal/base_image_userspace.h"
#include "appraisal/boot.h"
#include "appraisal/replay.h"
#include "crypto/digest.h"
#include "eventlog/event_data.h"
#include "json/members.h"
#include "json/parse.h"
#include "json/write.h"

#include <algorithm>
#include <set>
#include <utility>

namespace vouchsafe::appraisal {

namespace {

namespace type = eventlog::type;

constexpr std::string_view format_name = "vouchsafe-base-image";
constexpr std::int64_t format_version = 3;
constexpr std::size_t most_references = 4096;
constexpr std::size_t most_groups = 64;
constexpr std::size_t version_size = 64;
constexpr std::size_t name_size = 256;
constexpr std::size_t description_size = 4096;

// --- reading ------------------------------------------------------------------------------------

Result<std::map<Algorithm, Buffer>> read_digests(json::Members& members) {
    VS_TRY(const json::Value* const value, members.value("digests"));
    const std::string where = members.where() + ".digests";
    if (!value->is_object())
        return fail(Errc::malformed, where, "must be an object");
    json::Members banks(*value, where);
    std::map<Algorithm, Buffer> digests;
    for (const auto& [name, unused] : value->as_object()) {
        const auto algorithm = eventlog::algorithm_from_text(name);
        if (!algorithm)
            return fail(Errc::malformed, where, "an unknown bank");
        VS_TRY(digests[*algorithm], banks.hex(name));
    }
    return digests;
}

Result<Reference> read_reference(const json::Value& value, const std::string& where) {
    json::Members members(value, where);
    Reference reference;
    VS_TRY(const auto pcr, members.integer("pcr", {.least = 0, .most = eventlog::pcr_count - 1}));
    reference.pcr = static_cast<std::uint32_t>(pcr);
    VS_TRY(const auto type_text, members.string("type"));
    const auto number = eventlog::type_from_name(type_text);
    if (!number)
        return fail(Errc::malformed, where + ".type", "an unknown event type");
    reference.type = *number;
    VS_TRY(const auto role_text, members.optional_string("role"));
    if (role_text) {
        reference.role = role_from_text(*role_text);
        if (!reference.role)
            return fail(Errc::malformed, where + ".role", "an unknown role");
    }
    VS_TRY(reference.description, members.string("description"));
    VS_TRY(reference.digests, read_digests(members));
    VS_TRY(reference.data, members.optional_base64("data"));
    VS_TRY_VOID(members.finish());
    return reference;
}

Result<void> read_head(json::Members& members, BaseImage& image) {
    VS_TRY(auto head, members.object("image"));
    VS_TRY(image.version.text, head.string("version"));
    VS_TRY(image.display_name, head.string("display_name"));
    VS_TRY(image.vendor, head.string("vendor"));
    VS_TRY(image.not_before, head.optional_time("not_before"));
    VS_TRY(image.not_after, head.optional_time("not_after"));
    VS_TRY(image.host_groups, head.strings("host_groups"));
    return head.finish();
}

Result<BaseImage> read_image(const json::Value& value) {
    json::Members members(value, "base_image");
    VS_TRY(const auto format, members.string("format"));
    if (format != format_name)
        return fail(Errc::malformed, "base_image.format", "not a base image");
    VS_TRY_VOID(members.version(format_version));
    BaseImage image;
    VS_TRY_VOID(read_head(members, image));
    VS_TRY(auto secure_boot, members.object("secure_boot"));
    VS_TRY(const bool required, secure_boot.boolean("required"));
    VS_TRY_VOID(secure_boot.finish());
    image.secure_boot = required ? SecureBootRule::required : SecureBootRule::unsafe_not_required;
    VS_TRY_VOID(read_userspace(members, image));
    VS_TRY(image.unsafe_kexec, members.boolean("unsafe_kexec"));
    VS_TRY(image.references, members.list<Reference>("references", most_references, read_reference));
    VS_TRY_VOID(members.finish());
    return image;
}

// --- judging ------------------------------------------------------------------------------------

bool printable(std::string_view text, std::size_t most) {
    const auto control = [](char c) { return static_cast<std::uint8_t>(c) < 0x20 && c != '\n' && c != '\t'; };
    return text.size() <= most && is_utf8(text) && !std::ranges::any_of(text, control);
}

bool is_version(std::string_view text) {
    constexpr std::string_view marks = "._+~:-";
    const auto allowed = [marks](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               marks.contains(c);
    };
    return !text.empty() && text.size() <= version_size && std::ranges::all_of(text, allowed);
}

Result<void> check_head(const BaseImage& image) {
    if (!is_version(image.version.text))
        return fail(Errc::malformed, "base_image.version", "1 to 64 letters, digits, or ._+~:-");
    if (!printable(image.display_name, name_size) || !printable(image.vendor, name_size))
        return fail(Errc::malformed, "base_image.name", "too long, or not printable");
    const auto bad_group = [](const std::string& group) {
        return group.empty() || !printable(group, name_size);
    };
    if (image.host_groups.size() > most_groups || std::ranges::any_of(image.host_groups, bad_group))
        return fail(Errc::malformed, "base_image.host_groups", "too many, or not printable");
    if (image.not_before && image.not_after && *image.not_before >= *image.not_after)
        return fail(Errc::malformed, "base_image.dates", "not_before is not earlier than not_after");
    return {};
}

/// Whether an event of this kind can show that role.
bool can_show(Role role, std::uint32_t pcr, std::uint32_t event_type) {
    const auto is = [=](std::uint32_t a, std::uint32_t b) { return pcr == a && event_type == b; };
    switch (role) {
    case Role::kernel:
        return is(4, type::efi_boot_services_application) || is(9, type::ipl) || is(11, type::ipl);
    case Role::initrd:
        return is(9, type::ipl) || is(9, type::event_tag) || is(11, type::ipl);
    case Role::command_line:
        return is(8, type::ipl) || is(9, type::event_tag) || is(11, type::ipl) || is(12, type::ipl);
    }
    return false;
}

/// Of a variable that is measured whole, and nothing but what the digests say.
Result<void> check_data(const Reference& reference) {
    if (!reference.data)
        return {};
    const Buffer& data = *reference.data;
    const auto is_hash = [&data](const auto& digest) {
        return can_hash(digest.first) && same_bytes(hash(digest.first, data), digest.second);
    };
    if (data.empty() || data.size() > reference_data_bytes || !may_have_data(reference.pcr, reference.type) ||
        !std::ranges::all_of(reference.digests, is_hash))
        return fail(Errc::malformed, "base_image.data", "not what the digests are of");
    return {};
}

Result<void> check_reference(const Reference& reference) {
    if (std::ranges::find(image_pcrs, reference.pcr) == image_pcrs.end())
        return fail(Errc::malformed,
                    "base_image.pcr",
                    "PCR " + std::to_string(reference.pcr) + " is not for images to judge");
    if (!printable(reference.description, description_size))
        return fail(Errc::malformed, "base_image.description", "too long, or not printable");
    if (reference.role && !can_show(*reference.role, reference.pcr, reference.type))
        return fail(Errc::malformed, "base_image.role", "an event that cannot show it");
    for (const auto& [algorithm, digest] : reference.digests)
        if (digest.size() != eventlog::digest_size(algorithm))
            return fail(Errc::malformed, "base_image.digests", "a digest of a wrong size");
    return check_data(reference);
}

/// The same banks in every reference, one of them better than SHA-1.
Result<void> check_banks(const std::vector<Reference>& references) {
    const auto banks = [](const Reference& reference) {
        std::set<Algorithm> out;
        for (const auto& [algorithm, unused] : reference.digests)
            out.insert(algorithm);
        return out;
    };
    const std::set<Algorithm> first = references.empty() ? std::set<Algorithm>{} : banks(references.front());
    if (first.empty() || first == std::set{Algorithm::sha1})
        return fail(Errc::malformed, "base_image.digests", "SHA-1 alone decides nothing");
    if (!std::ranges::all_of(references, [&](const Reference& one) { return banks(one) == first; }))
        return fail(Errc::malformed, "base_image.digests", "not the same banks in every reference");
    return {};
}

Result<void> check_complete(const BaseImage& image) {
    const auto any = [&image](auto&& is) { return std::ranges::any_of(image.references, is); };
    for (const Role role : {Role::kernel, Role::initrd, Role::command_line})
        if (!any([role](const Reference& one) { return one.role == role; }))
            return fail(Errc::malformed,
                        "base_image.incomplete",
                        "no reference determines the " + std::string(to_string(role)));
    if (!any([](const Reference& one) {
            return one.pcr == 4 && one.type == type::efi_boot_services_application;
        }))
        return fail(Errc::malformed, "base_image.incomplete", "no reference for what the firmware starts");
    const Buffer on = secure_boot_on_data();
    const auto says_on = [&on](const Reference& one) {
        return one.pcr == 7 && one.type == type::efi_variable_driver_config &&
               std::ranges::all_of(one.digests, [&on](const auto& digest) {
                   return same_bytes(hash(digest.first, on), digest.second);
               });
    };
    if (image.secure_boot == SecureBootRule::required && !any(says_on))
        return fail(Errc::malformed,
                    "base_image.secure_boot",
                    "Secure Boot is required, and the references do not have it on");
    return {};
}

// --- writing ------------------------------------------------------------------------------------

json::Value to_json(const Reference& reference) {
    json::Object digests;
    for (const auto& [algorithm, digest] : reference.digests)
        digests[to_string(algorithm)] = to_hex(digest);
    json::Value role;
    if (reference.role)
        role = to_string(*reference.role);
    json::Value out = json::object({{"pcr", reference.pcr},
                                    {"type", eventlog::type_name(reference.type)},
                                    {"role", std::move(role)},
                                    {"description", reference.description},
                                    {"digests", std::move(digests)}});
    if (reference.data)
        out.as_object().emplace("data", to_base64(*reference.data));
    return out;
}

json::Value time_json(const std::optional<SysTime>& time) {
    return time ? json::Value(to_text(*time)) : json::Value();
}

} // namespace

bool may_have_data(std::uint32_t pcr, std::uint32_t event_type) {
    return pcr == 7 && event_type == type::efi_variable_driver_config;
}

std::string_view to_string(Role role) {
    switch (role) {
    case Role::kernel:
        return "kernel";
    case Role::initrd:
        return "initrd";
    case Role::command_line:
        return "command_line";
    }
    return "";
}

std::optional<Role> role_from_text(std::string_view text) {
    for (const Role role : {Role::kernel, Role::initrd, Role::command_line})
        if (to_string(role) == text)
            return role;
    return {};
}

std::string_view to_string(Userspace userspace) {
    switch (userspace) {
    case Userspace::boot_image:
        return "boot-image";
    case Userspace::dm_verity:
        return "dm-verity";
    case Userspace::ima:
        return "ima";
    case Userspace::boot_only:
        return "boot-only";
    }
    return "";
}

std::optional<Userspace> userspace_from_text(std::string_view text) {
    for (const auto one : {Userspace::boot_image, Userspace::dm_verity, Userspace::ima, Userspace::boot_only})
        if (to_string(one) == text)
            return one;
    return {};
}

Result<void> validate(const BaseImage& image) {
    VS_TRY_VOID(check_head(image));
    if (image.references.size() > most_references)
        return fail(Errc::too_large, "base_image.references", "too many");
    for (const Reference& reference : image.references)
        VS_TRY_VOID(check_reference(reference));
    VS_TRY_VOID(check_banks(image.references));
    VS_TRY_VOID(check_complete(image));
    return check_userspace(image);
}

Result<BaseImage> parse_base_image(Bytes document) {
    constexpr std::size_t most_items = 200000;
    if (document.size() > base_image_bytes)
        return fail(Errc::too_large, "base_image.bytes", "more than 4400 KiB");
    VS_TRY(const json::Value value,
           json::parse_canonical(document, {.bytes = base_image_bytes, .items = most_items}));
    VS_TRY(BaseImage image, read_image(value));
    VS_TRY_VOID(validate(image));
    // null and absent, or times without milliseconds, would give one image two digests
    if (!same_bytes(encode(image), document))
        return fail(Errc::malformed, "base_image.canonical", "not the one encoding of its content");
    return image;
}

Buffer encode(const BaseImage& image) {
    const json::Value document = json::object(
        {{"format", format_name},
         {"version", format_version},
         {"image",
          json::object({{"version", image.version.text},
                        {"display_name", image.display_name},
                        {"vendor", image.vendor},
                        {"not_before", time_json(image.not_before)},
                        {"not_after", time_json(image.not_after)},
                        {"host_groups", json::array_of(image.host_groups)}})},
         {"secure_boot", json::object({{"required", image.secure_boot == SecureBootRule::required}})},
         {"userspace", to_string(image.userspace)},
         {"dm_verity", dm_verity_json(image)},
         {"ima", ima_json(image)},
         {"unsafe_kexec", image.unsafe_kexec},
         {"references", json::array_of(image.references, to_json)}});
    return to_buffer(as_bytes(json::canonical(document)));
}

std::string image_digest(const BaseImage& image) {
    return to_hex(crypto::sha256(encode(image)));
}

} // namespace vouchsafe::appraisal

#include "appraisal/platform.h"

#include "appraisal/boot.h"
#include "appraisal/replay.h"
#include "base/reader.h"
#include "crypto/authenticode.h"
#include "eventlog/event_data.h"
#include "eventlog/signature_list.h"

#include <algorithm>
#include <map>
#include <utility>

namespace vouchsafe::appraisal {

namespace {

namespace type = eventlog::type;

constexpr std::uint32_t pcr_boot_manager = 4;
constexpr std::uint32_t pcr_secure_boot = 7;

SecureBootEvent event_of(std::uint32_t kind, Buffer data) {
    const eventlog::Event event{.pcr = pcr_secure_boot, .type = kind, .digests = {}, .data = data};
    return {.type = kind, .description = eventlog::describe(event), .data = std::move(data)};
}

SecureBootEvent variable_event(std::string_view guid, std::string_view name, Bytes content) {
    return event_of(type::efi_variable_driver_config,
                    eventlog::encode_efi_variable(
                        {.guid = std::string(guid), .name = std::string(name), .data = content}));
}

/// The last event that measured the variable; empty without one.
Buffer content_of(const std::vector<SecureBootEvent>& events, std::string_view name) {
    Buffer content;
    for (const SecureBootEvent& event : events) {
        const auto variable = eventlog::decode_efi_variable(event.data);
        if (event.type == type::efi_variable_driver_config && variable && variable->name == name &&
            variable->guid == eventlog::efi_image_security_database)
            content = to_buffer(variable->data);
    }
    return content;
}

/// The signatures that are over this program, as its digest says.
Result<std::vector<Bytes>> own_signatures(const PeImage& program) {
    VS_TRY(std::vector<Bytes> found, signatures(program));
    std::erase_if(found, [&program](Bytes signature) {
        const auto said = crypto::authenticode_digest(signature);
        if (!said)
            return true;
        const auto algorithm = eventlog::algorithm_from_text(crypto::to_string(said->hash));
        return !algorithm || !same_bytes(authenticode_digest(program, *algorithm), said->digest);
    });
    return found;
}

bool leads_to(const std::vector<Bytes>& signatures, Bytes certificate) {
    const auto anchor = crypto::Certificate::from_der(certificate);
    return anchor && std::ranges::any_of(signatures, [&anchor](Bytes signature) {
               return crypto::verify_authenticode(signature, *anchor).has_value();
           });
}

/// Whether dbx names the program's digest, or a certificate that it is signed below.
Result<void>
check_not_revoked(const PeImage& program, const std::vector<Bytes>& signatures, const Buffer& dbx) {
    VS_TRY(const auto lists, eventlog::decode_signature_lists(dbx));
    std::map<std::string, Buffer> digests; // a dbx has hundreds of lists, and a program many megabytes
    for (const eventlog::SignatureList& list : lists) {
        const auto algorithm = eventlog::algorithm_from_text(list.type);
        Buffer& digest = digests[list.type];
        if (algorithm && digest.empty())
            digest = authenticode_digest(program, *algorithm);
        for (const eventlog::Signature& entry : list.signatures)
            if ((algorithm && same_bytes(entry.data, digest)) ||
                (list.type == "x509" && leads_to(signatures, entry.data)))
                return fail(
                    Errc::untrusted, "platform.admission", "dbx revokes it: the firmware would not start it");
    }
    return {};
}

/// As firmware looks for it: by the first signature that has one, the first certificate of db.
Result<eventlog::Signature> admitting_entry(const std::vector<Bytes>& signatures, const Buffer& db) {
    VS_TRY(const auto lists, eventlog::decode_signature_lists(db));
    for (const Bytes signature : signatures)
        for (const eventlog::SignatureList& list : lists)
            for (const eventlog::Signature& entry : list.signatures)
                if (list.type == "x509" && leads_to({signature}, entry.data))
                    return entry;
    return fail(Errc::untrusted,
                "platform.admission",
                "it is not signed below any certificate of db: the firmware would not start it");
}

/// Whether the firmware had begun with boot options by then: the separator of PCR 4 comes before them.
bool ends_platform(const eventlog::Event& event) {
    return event.pcr == pcr_boot_manager && event.type == type::separator;
}

bool are_signature_lists(Bytes file) {
    const auto lists = eventlog::decode_signature_lists(file);
    return lists && !lists->empty();
}

/// EFI_VARIABLE_AUTHENTICATION_2 before the lists: a time, and a WIN_CERTIFICATE_UEFI_GUID.
std::optional<Bytes> without_authentication(Bytes file) {
    constexpr std::size_t time_size = 16;
    constexpr std::uint16_t uefi_guid = 0x0EF1;
    Reader in(file);
    if (!in.take(time_size, ""))
        return {};
    const auto size = in.little<std::uint32_t>("");
    const auto revision = in.little<std::uint16_t>("");
    const auto kind = in.little<std::uint16_t>("");
    constexpr std::size_t read = 8;
    if (!size || !revision || !kind || *kind != uefi_guid || *size < read || !in.take(*size - read, ""))
        return {};
    return in.rest();
}

} // namespace

Result<Buffer> read_key_file(Bytes file, std::string_view owner) {
    constexpr std::string_view where = "platform.keys";
    constexpr std::size_t attributes_size = 4; // before a variable in efivarfs
    if (file.size() > most_key_file)
        return fail(Errc::too_large, where);
    if (!eventlog::guid_bytes(owner))
        return fail(Errc::malformed, where, "the owner of keys must be a GUID");
    const std::string_view text = as_text(file);
    const auto certificate = text.contains("-----BEGIN ") ? crypto::Certificate::from_pem(text)
                                                          : crypto::Certificate::from_der(file);
    if (certificate)
        return eventlog::encode_certificate_list({.owner = std::string(owner), .data = certificate->der()});
    if (are_signature_lists(file))
        return to_buffer(file);
    if (const auto lists = without_authentication(file); lists && are_signature_lists(*lists))
        return to_buffer(*lists);
    if (file.size() > attributes_size && are_signature_lists(file.subspan(attributes_size)))
        return to_buffer(file.subspan(attributes_size));
    return fail(Errc::malformed,
                where,
                "neither signature lists (.esl, .auth, a variable of efivarfs) nor a certificate (DER, PEM)");
}

Result<Platform> platform_of(const SecureBootKeys& keys) {
    constexpr std::string_view where = "platform.keys";
    if (keys.pk.empty() || keys.db.empty())
        return fail(Errc::malformed, where, "without PK and db Secure Boot cannot be on");
    for (const Buffer* const lists : {&keys.pk, &keys.kek, &keys.db, &keys.dbx})
        VS_TRY_VOID(eventlog::decode_signature_lists(*lists));
    const std::string_view global = eventlog::efi_global_variable;
    const std::string_view images = eventlog::efi_image_security_database;
    std::vector<SecureBootEvent> events;
    events.push_back(event_of(type::efi_variable_driver_config, secure_boot_on_data()));
    events.push_back(variable_event(global, "PK", keys.pk));
    events.push_back(variable_event(global, "KEK", keys.kek));
    events.push_back(variable_event(images, "db", keys.db));
    events.push_back(variable_event(images, "dbx", keys.dbx));
    return Platform{.events = std::move(events), .db = keys.db, .dbx = keys.dbx, .secure_boot = true};
}

Result<Platform> platform_of(const eventlog::FirmwareLog& log) {
    Platform platform{.events = {}, .db = {}, .dbx = {}, .secure_boot = secure_boot_on(log)};
    const auto judged = judged_events(log, pcr_secure_boot);
    const auto boots = std::ranges::find_if(log.events, ends_platform);
    for (const eventlog::Event* const event : judged) {
        const bool of_boot = boots != log.events.end() && event->index > boots->index;
        if (of_boot && event->type == type::efi_variable_authority)
            continue;
        if (!data_is_measured(*event))
            return fail(Errc::untrusted,
                        "platform.secure_boot",
                        "event " + std::to_string(event->index) + " (" + eventlog::describe(*event) +
                            ") does not show what was measured");
        platform.events.push_back(event_of(event->type, to_buffer(event->data)));
    }
    platform.db = content_of(platform.events, "db");
    platform.dbx = content_of(platform.events, "dbx");
    return platform;
}

SecureBootEvent
authority_event(std::string_view variable_guid, std::string_view variable, Bytes signature_data) {
    return event_of(
        type::efi_variable_authority,
        eventlog::encode_efi_variable(
            {.guid = std::string(variable_guid), .name = std::string(variable), .data = signature_data}));
}

Result<std::optional<SecureBootEvent>> admission(const Platform& platform, const PeImage& program) {
    if (!platform.secure_boot)
        return std::nullopt;
    VS_TRY(const auto signatures, own_signatures(program));
    VS_TRY_VOID(check_not_revoked(program, signatures, platform.dbx));
    VS_TRY(const auto entry, admitting_entry(signatures, platform.db));
    SecureBootEvent event =
        authority_event(eventlog::efi_image_security_database, "db", eventlog::encode_signature(entry));
    const auto same = [&event](const SecureBootEvent& other) {
        return other.type == event.type && other.data == event.data;
    };
    if (std::ranges::any_of(platform.events, same))
        return std::nullopt;
    return event;
}

Result<void> check_signed_below(const PeImage& program, const crypto::Certificate& anchor) {
    VS_TRY(const auto signatures, own_signatures(program));
    if (!leads_to(signatures, anchor.der()))
        return fail(Errc::untrusted, "signature", "it is not signed below " + anchor.subject());
    return {};
}

} // namespace vouchsafe::appraisal

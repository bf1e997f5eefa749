#include "appraisal/event_json.h"

#include "appraisal/replay.h"
#include "base/reader.h"
#include "crypto/x509.h"
#include "eventlog/device_path.h"
#include "eventlog/event_data.h"
#include "eventlog/platform_data.h"
#include "eventlog/signature_list.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace vouchsafe::appraisal {

namespace {

using namespace std::string_view_literals;
using eventlog::Event;
namespace type = eventlog::type;

constexpr std::size_t short_bytes = 64; ///< shown as hex beside what is decoded

/// A number of 64 bits: as hex text, since JSON numbers of ours have 63.
std::string address(std::uint64_t value) {
    std::array<std::uint8_t, 8> bytes{};
    for (unsigned i = 0; i < bytes.size(); ++i)
        bytes.at(i) = static_cast<std::uint8_t>(value >> (8U * (7 - i)));
    std::string digits = to_hex(bytes);
    digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
    return "0x" + digits;
}

void put_text(json::Object& out, std::string name, Bytes data) {
    if (auto text = eventlog::decode_text(data); text && !text->empty())
        out[std::move(name)] = *std::move(text);
}

/// Text in front of the first NUL, of data that goes on with something else.
void put_label(json::Object& out, Bytes data) {
    constexpr std::size_t least = 4;
    const auto end = static_cast<std::size_t>(std::ranges::find(data, 0) - data.begin());
    if (end >= least && end < data.size())
        put_text(out, "label", data.first(end));
}

void put_device_path(json::Object& out, Bytes path) {
    auto text = eventlog::device_path_text(path);
    out["device_path"] = text ? *std::move(text) : to_hex(path);
}

json::Object certificate_json(const crypto::Certificate& certificate) {
    return {{"subject", certificate.subject()},
            {"issuer", certificate.issuer()},
            {"sha256", to_hex(certificate.fingerprint())}};
}

json::Value signature_json(std::string_view kind, const eventlog::Signature& signature) {
    json::Object out;
    if (kind == "x509")
        if (const auto certificate = crypto::Certificate::from_der(signature.data))
            out = certificate_json(*certificate);
    if (out.empty() && signature.data.size() <= short_bytes)
        out["hash"] = to_hex(signature.data);
    else if (out.empty())
        out["size"] = signature.data.size();
    out["owner"] = signature.owner;
    return {std::move(out)};
}

/// Variables that hold signature databases; shim's, and those of makers who keep their own.
bool is_signature_database(std::string_view name) {
    constexpr std::array names{"PK"sv,
                               "KEK"sv,
                               "db"sv,
                               "dbx"sv,
                               "dbt"sv,
                               "dbr"sv,
                               "dbDefault"sv,
                               "dbxDefault"sv,
                               "PKDefault"sv,
                               "KEKDefault"sv,
                               "MokList"sv,
                               "MokListRT"sv,
                               "MokListX"sv,
                               "MokListXRT"sv,
                               "vendor_db"sv,
                               "vendor_dbx"sv,
                               "shim_dbx"sv,
                               "Shim"sv};
    return std::ranges::find(names, name) != names.end();
}

bool is_switch(std::string_view name) {
    constexpr std::array names{"SecureBoot"sv,
                               "SetupMode"sv,
                               "AuditMode"sv,
                               "DeployedMode"sv,
                               "MokSBState"sv,
                               "MokListTrusted"sv,
                               "MokListTrustedRT"sv};
    return std::ranges::find(names, name) != names.end();
}

bool is_boot_option(std::string_view name) {
    constexpr std::string_view prefix = "Boot";
    constexpr std::size_t digits = 4;
    return name.size() == prefix.size() + digits && name.starts_with(prefix) &&
           name.find_first_not_of("0123456789ABCDEFabcdef", prefix.size()) == std::string_view::npos;
}

void put_signature_lists(json::Object& out, Bytes data) {
    const auto lists = eventlog::decode_signature_lists(data);
    if (!lists)
        return;
    out["signature_lists"] = json::array_of(*lists, [](const eventlog::SignatureList& list) {
        return json::object({{"type", list.type},
                             {"signatures", json::array_of(list.signatures, [&list](const auto& signature) {
                                  return signature_json(list.type, signature);
                              })}});
    });
}

void put_load_option(json::Object& out, Bytes data) {
    const auto option = eventlog::decode_load_option(data);
    if (!option)
        return;
    json::Object shown{{"attributes", option->attributes}, {"description", option->description}};
    put_device_path(shown, option->device_path);
    put_text(shown, "optional_text", option->optional_data);
    out["load_option"] = std::move(shown);
}

/// What admitted an image: text (SbatLevel), a certificate or hash of db or MokList behind its owner, or
/// shim's own certificate, which has none.
void put_authority(json::Object& out, Bytes data) {
    put_text(out, "text", data);
    if (out.contains("text"))
        return;
    if (const auto certificate = crypto::Certificate::from_der(data)) {
        out["signature"] = certificate_json(*certificate);
        return;
    }
    const auto signature = eventlog::decode_signature(data);
    if (!signature)
        return;
    json::Value shown = signature_json("x509", *signature);
    if (shown.find("subject") != nullptr || shown.find("hash") != nullptr)
        out["signature"] = std::move(shown);
}

json::Object variable(const Event& event) {
    const auto found = eventlog::decode_efi_variable(event.data, eventlog::Trailing::ignored);
    if (!found)
        return {};
    json::Object out{{"guid", found->guid}, {"name", found->name}, {"size", found->data.size()}};
    if (found->data.size() <= short_bytes)
        out["value"] = to_hex(found->data);
    const std::string_view name = found->name;
    if (is_switch(name)) {
        out["enabled"] = found->data.size() == 1 && found->data[0] == 1;
    } else if (event.type == type::efi_variable_authority) {
        put_authority(out, found->data);
    } else if (is_signature_database(name)) {
        put_signature_lists(out, found->data);
    } else if (is_boot_option(name)) {
        put_load_option(out, found->data);
    } else if (const auto order = eventlog::decode_boot_order(found->data); name == "BootOrder" && order) {
        out["order"] = json::array_of(*order);
    } else {
        put_text(out, "text", found->data);
    }
    return out;
}

json::Object image(const Event& event) {
    const auto found = eventlog::decode_image_load(event.data);
    if (!found)
        return {};
    json::Object out{{"location", address(found->location)},
                     {"length", address(found->length)},
                     {"link_address", address(found->link_address)}};
    put_device_path(out, found->device_path);
    return out;
}

json::Object partition_table(const Event& event) {
    const auto found = eventlog::decode_partition_table(event.data);
    if (!found)
        return {};
    return {{"disk", found->disk},
            {"first_usable_lba", address(found->first_usable_lba)},
            {"last_usable_lba", address(found->last_usable_lba)},
            {"partitions", json::array_of(found->partitions, [](const auto& partition) {
                 return json::object({{"type", partition.type},
                                      {"guid", partition.guid},
                                      {"first_lba", address(partition.first_lba)},
                                      {"last_lba", address(partition.last_lba)},
                                      {"attributes", address(partition.attributes)},
                                      {"name", partition.name}});
             })}};
}

json::Object blob(const Result<eventlog::FirmwareBlob>& found) {
    if (!found)
        return {};
    json::Object out{{"base", address(found->base)}, {"length", address(found->length)}};
    if (!found->description.empty())
        out["description"] = found->description;
    return out;
}

json::Object tables(const Result<eventlog::HandoffTables>& found) {
    if (!found)
        return {};
    json::Object out{{"tables", json::array_of(found->tables, [](const auto& table) {
                          return json::object({{"guid", table.guid}, {"address", address(table.address)}});
                      })}};
    if (!found->description.empty())
        out["description"] = found->description;
    return out;
}

json::Object separator(const Event& event) {
    const auto value = eventlog::decode_separator(event.data);
    if (!value)
        return {};
    const bool plain = *value == 0 || *value == std::numeric_limits<std::uint32_t>::max();
    return {{"value", *value}, {"meaning", plain ? "separator" : "error"}};
}

std::string_view esxi_record(std::uint32_t id) {
    constexpr std::array names{std::pair{2U, "module"sv},
                               std::pair{3U, "option-file"sv},
                               std::pair{4U, "command-line"sv},
                               std::pair{6U, "asset-tag"sv},
                               std::pair{7U, "signer"sv},
                               std::pair{8U, "version"sv}};
    const auto* const found = std::ranges::find(names, id, [](const auto& row) { return row.first; });
    return found == names.end() ? ""sv : found->second;
}

json::Object esxi_version(Bytes data) {
    const auto found = eventlog::decode_esxi_version(data);
    if (!found)
        return {};
    return {{"component", found->component},
            {"product", found->product},
            {"version", found->version},
            {"file", found->file}};
}

json::Object esxi(std::string_view record, Bytes data) {
    json::Object out;
    const auto certificate = crypto::Certificate::from_der(data);
    if (record == "version")
        out = esxi_version(data);
    else if (record == "signer" && certificate)
        out = certificate_json(*certificate);
    else
        put_text(out, "text", data);
    out["record"] = "esxi-" + std::string(record);
    return out;
}

/// Windows nests tagged events: a container's identifier has this bit.
json::Value nested_tags(Bytes data) {
    json::Array out;
    Reader in(data);
    while (!in.empty()) {
        const auto id = in.little<std::uint32_t>("tag");
        const auto size = id ? in.little<std::uint32_t>("tag") : id;
        if (!size || !in.take(*size, "tag"))
            return {};
        out.push_back(json::object({{"id", *id}, {"size", *size}}));
    }
    return {std::move(out)};
}

json::Object tagged(const Event& event) {
    constexpr std::uint32_t esxi_first = 11;
    constexpr std::uint32_t esxi_last = 14;
    constexpr std::uint32_t windows_container = 0x40000000;
    json::Object out;
    const auto tag = eventlog::decode_tagged_event(event.data);
    if (!tag) {
        put_text(out, "text", event.data);
        return out;
    }
    const std::string_view record = esxi_record(tag->id);
    if (!record.empty() && event.pcr >= esxi_first && event.pcr <= esxi_last)
        out = esxi(record, tag->data);
    else if ((tag->id & windows_container) != 0)
        out["tags"] = nested_tags(tag->data);
    else
        put_text(out, "text", tag->data);
    if (tag->id == eventlog::linux_initrd_tag)
        out["record"] = "linux-initrd";
    else if (tag->id == eventlog::load_options_tag)
        out["record"] = "linux-load-options";
    out["id"] = tag->id;
    out["size"] = tag->data.size();
    return out;
}

json::Object spec_id(const eventlog::SpecIdEvent& found) {
    return {{"record", found.signature},
            {"platform_class", found.platform_class},
            {"version", std::to_string(found.major) + "." + std::to_string(found.minor)},
            {"errata", found.errata},
            {"uintn_bytes", found.uintn_bytes},
            {"banks",
             json::array_of(found.banks,
                            [](const auto& bank) {
                                return json::object({{"algorithm", to_string(bank.algorithm)},
                                                     {"digest_bytes", bank.digest_bytes}});
                            })},
            {"vendor_info", to_hex(found.vendor_info)}};
}

json::Object reference_manifest(const eventlog::ReferenceManifest& found) {
    json::Object out{{"record", found.signature},
                     {"platform_vendor", found.platform_vendor},
                     {"manifest", found.manifest}};
    const std::initializer_list<std::pair<std::string_view, std::string_view>> texts{
        {"platform_manufacturer", found.platform_manufacturer},
        {"platform_model", found.platform_model},
        {"platform_version", found.platform_version},
        {"firmware_manufacturer", found.firmware_manufacturer},
        {"firmware_version", found.firmware_version}};
    for (const auto& [name, text] : texts)
        if (!text.empty())
            out[std::string(name)] = text;
    if (!found.locator.empty()) {
        out["locator_type"] = found.locator_type;
        out["locator"] = eventlog::decode_text(found.locator).value_or(to_hex(found.locator));
    }
    return out;
}

/// Records that extend nothing; Windows' trust point, which holds a whole quote, stays closed.
json::Object no_action(const Event& event) {
    constexpr std::string_view startup = "StartupLocality\0"sv;
    if (event.pcr == eventlog::no_pcr)
        return {{"record", "TrustPoint"}, {"size", event.data.size()}};
    if (const auto found = eventlog::decode_spec_id(event.data))
        return spec_id(*found);
    if (const auto found = eventlog::decode_reference_manifest(event.data))
        return reference_manifest(*found);
    if (event.data.size() == startup.size() + 1 &&
        same_bytes(event.data.first(startup.size()), as_bytes(startup)))
        return {{"record", "StartupLocality"}, {"locality", event.data.back()}};
    json::Object out;
    put_text(out, "text", event.data);
    return out;
}

/// A version: text, or the GUID that some firmware has in its place.
json::Object crtm_version(const Event& event) {
    constexpr std::size_t guid_size = 16;
    json::Object out;
    put_text(out, "text", event.data);
    if (out.empty() && event.data.size() == guid_size)
        out["guid"] = eventlog::guid_text(event.data);
    return out;
}

/// Text that a boot loader wrote: what it is about, where the log tells.
json::Object boot_loader(const Event& event) {
    json::Object out;
    put_text(out, "text", event.data);
    const auto text = out.find("text");
    if (text == out.end())
        return out;
    const std::string_view line = text->second.as_string();
    constexpr std::array kinds{std::pair{"grub_cmd"sv, "grub-command"sv},
                               std::pair{"kernel_cmdline"sv, "kernel-command-line"sv},
                               std::pair{"module_cmdline"sv, "module-command-line"sv}};
    constexpr std::uint32_t pcr_stub = 11;
    constexpr std::uint32_t pcr_shim = 14;
    for (const auto& [prefix, kind] : kinds)
        if (line.starts_with(prefix))
            out["record"] = kind;
    if (event.pcr == pcr_stub && line.starts_with('.'))
        out["record"] = "uki-section";
    else if (event.pcr == pcr_shim)
        out["record"] = "shim-variable";
    return out;
}

json::Object decode(const Event& event) {
    switch (event.type) {
    case type::no_action:
        return no_action(event);
    case type::separator:
        return separator(event);
    case type::event_tag:
        return tagged(event);
    case type::s_crtm_version:
        return crtm_version(event);
    case type::ipl:
        return boot_loader(event);
    case type::efi_variable_driver_config:
    case type::efi_variable_boot:
    case type::efi_variable_boot2:
    case type::efi_variable_authority:
        return variable(event);
    case type::efi_boot_services_application:
    case type::efi_boot_services_driver:
    case type::efi_runtime_services_driver:
        return image(event);
    case type::efi_gpt_event:
    case type::efi_gpt_event2:
        return partition_table(event);
    case type::efi_platform_firmware_blob:
        return blob(eventlog::decode_firmware_blob(event.data));
    case type::efi_platform_firmware_blob2:
        return blob(eventlog::decode_firmware_blob2(event.data));
    case type::table_of_devices: // some firmware writes the form of handoff tables here
    case type::efi_handoff_tables:
        return tables(eventlog::decode_handoff_tables(event.data));
    case type::efi_handoff_tables2:
        return tables(eventlog::decode_handoff_tables2(event.data));
    default:
        break;
    }
    json::Object out;
    put_text(out, "text", event.data);
    if (out.empty() && (event.type == type::post_code || event.type == type::s_crtm_contents))
        return blob(eventlog::decode_firmware_blob(event.data));
    if (out.empty() && event.type == type::post_code2)
        return blob(eventlog::decode_firmware_blob2(event.data));
    return out;
}

} // namespace

json::Value event_data_json(const Event& event) {
    json::Object out = decode(event);
    if (out.empty()) {
        put_label(out, event.data);
        out["size"] = event.data.size();
        if (event.data.size() <= short_bytes)
            out["hex"] = to_hex(event.data);
    }
    if (event.extends())
        out["measured"] = measured_data(event).has_value();
    return {std::move(out)};
}

json::Value event_json(const Event& event) {
    json::Object digests;
    for (const auto& digest : event.digests)
        digests[to_string(digest.algorithm)] = to_hex(digest.value);
    return json::object({{"index", event.index},
                         {"pcr", event.pcr == eventlog::no_pcr ? json::Value() : json::Value(event.pcr)},
                         {"type", eventlog::type_name(event.type)},
                         {"digests", std::move(digests)},
                         {"data", event_data_json(event)}});
}

} // namespace vouchsafe::appraisal

#include "appraisal/boot.h"

#include "appraisal/replay.h"
#include "eventlog/event_data.h"

#include <algorithm>
#include <array>

namespace vouchsafe::appraisal {

namespace {

using eventlog::Event;
using eventlog::FirmwareLog;
namespace type = eventlog::type;

constexpr std::uint32_t pcr_boot_manager = 4;
constexpr std::uint32_t pcr_secure_boot = 7;
constexpr std::uint32_t pcr_grub_commands = 8;
constexpr std::uint32_t pcr_loaded_files = 9;
constexpr std::uint32_t pcr_stub = 11;
constexpr std::string_view secure_boot_name = "SecureBoot";

std::vector<const Event*> events_of(const FirmwareLog& log, std::uint32_t pcr) {
    std::vector<const Event*> events;
    for (const Event& event : log.events)
        if (event.extends() && event.pcr == pcr)
            events.push_back(&event);
    return events;
}

bool is_generic(const Event& event) {
    if (event.type == type::separator)
        return event.pcr <= 7 && data_is_measured(event);
    if (event.type != type::efi_action || event.pcr != pcr_boot_manager || !data_is_measured(event))
        return false;
    const std::string_view action = as_text(event.data);
    return action == "Calling EFI Application from Boot Option" ||
           action == "Returning from EFI Application from Boot Option";
}

/// The application that the boot manager, or a loader after it, started last.
const Event* last_application(const FirmwareLog& log) {
    const Event* found = nullptr;
    bool after_separator = false;
    for (const Event* event : events_of(log, pcr_boot_manager)) {
        after_separator = after_separator || event->type == type::separator;
        if (after_separator && event->type == type::efi_boot_services_application)
            found = event;
    }
    return found;
}

/// systemd-stub: an event for the section's name, with its NUL, then one for its content.
BootEvents find_stub_boot(const FirmwareLog& log) {
    BootEvents boot;
    const auto events = events_of(log, pcr_stub);
    for (std::size_t i = 0; i + 1 < events.size(); ++i) {
        const auto name = measured_data(*events[i]);
        if (!name || name->empty() || name->back() != 0)
            continue;
        const std::string_view section = as_text(Bytes(*name).first(name->size() - 1));
        if (section == ".linux")
            boot.kernel = events[i + 1];
        else if (section == ".initrd")
            boot.initrd = events[i + 1];
        else if (section == ".cmdline")
            boot.command_line = events[i + 1];
    }
    return boot;
}

/// The file of PCR 9 whose label ends in the path.
const Event* loaded_file(const FirmwareLog& log, std::string_view path) {
    if (path.empty())
        return nullptr;
    for (const Event* event : events_of(log, pcr_loaded_files)) {
        const auto label = eventlog::decode_text(event->data);
        if (event->type == type::ipl && label && label->ends_with(path))
            return event;
    }
    return nullptr;
}

std::string_view word(std::string_view text, std::size_t index) {
    for (;; --index) {
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        const std::string_view head = text.substr(0, text.find(' '));
        if (index == 0)
            return head;
        text.remove_prefix(head.size());
    }
}

/// grub: its commands and the kernel's command line in PCR 8, the files that it read in PCR 9.
BootEvents find_grub_boot(const FirmwareLog& log) {
    constexpr std::string_view command_prefix = "grub_cmd: ";
    constexpr std::string_view kernel_prefix = "kernel_cmdline: ";
    BootEvents boot;
    for (const Event* event : events_of(log, pcr_grub_commands)) {
        const auto label = eventlog::decode_text(event->data);
        const auto measured = measured_data(*event);
        if (!label || !measured)
            continue;
        const std::string_view text = as_text(*measured);
        if (label->starts_with(kernel_prefix)) {
            boot.command_line = event;
            boot.kernel = loaded_file(log, word(text, 0));
        } else if (label->starts_with(command_prefix) && word(text, 0) == "initrd") {
            boot.initrd = loaded_file(log, word(text, 1));
        }
    }
    return boot;
}

/// Linux's own EFI stub: the kernel is the application, its options and initrd are tagged events.
BootEvents find_efi_stub_boot(const FirmwareLog& log) {
    BootEvents boot;
    boot.kernel = last_application(log);
    for (const Event* event : events_of(log, pcr_loaded_files)) {
        if (event->type != type::event_tag)
            continue;
        const auto tag = eventlog::decode_tagged_event(event->data);
        if (tag && tag->id == eventlog::linux_initrd_tag)
            boot.initrd = event;
        else if (tag && tag->id == eventlog::load_options_tag)
            boot.command_line = event;
    }
    return boot;
}

Reason grammar_reason(std::string message, const Event* event, Algorithm bank) {
    Reason reason{.code = "eventlog.grammar",
                  .message = std::move(message),
                  .event = {},
                  .expected = {},
                  .hint = "The firmware writes a log that breaks the specification, or the log was changed."};
    if (event != nullptr)
        reason.event = event_ref(*event, bank);
    return reason;
}

void check_separator(const FirmwareLog& log,
                     std::uint32_t pcr,
                     Algorithm bank,
                     std::vector<Reason>& reasons) {
    const Event* seen = nullptr;
    const std::string name = "PCR " + std::to_string(pcr);
    for (const Event* event : events_of(log, pcr)) {
        if (event->type == type::separator) {
            const auto value = eventlog::decode_separator(event->data);
            if (seen != nullptr)
                reasons.push_back(grammar_reason(name + " has a second separator", event, bank));
            else if (!value || *value != 0 || !data_is_measured(*event))
                reasons.push_back(
                    grammar_reason(name + " has a separator that reports an error", event, bank));
            seen = event;
        } else if (seen != nullptr && pcr == pcr_secure_boot &&
                   event->type == type::efi_variable_driver_config) {
            reasons.push_back(
                grammar_reason("Secure Boot configuration after the separator of PCR 7", event, bank));
        }
    }
    if (seen == nullptr)
        reasons.push_back(grammar_reason(name + " has no separator", nullptr, bank));
}

} // namespace

EventRef event_ref(const Event& event, Algorithm bank) {
    const auto digest = event.digest(bank);
    return {.index = event.index,
            .pcr = event.pcr,
            .type = eventlog::type_name(event.type),
            .digest = digest ? to_hex(*digest) : "",
            .bank = to_string(bank),
            .description = eventlog::describe(event)};
}

std::vector<Reason> check_grammar(const FirmwareLog& log, Algorithm bank) {
    std::vector<Reason> reasons;
    for (const Event& event : log.events)
        if (!event.extends() &&
            !std::ranges::all_of(event.digests, [](const auto& digest) { return is_zero(digest.value); }))
            reasons.push_back(grammar_reason("an event that extends nothing has a digest", &event, bank));
    for (std::uint32_t pcr = 0; pcr <= 7; ++pcr)
        check_separator(log, pcr, bank, reasons);
    return reasons;
}

Buffer secure_boot_on_data() {
    constexpr std::array<std::uint8_t, 1> on{1};
    return eventlog::encode_efi_variable({.guid = std::string(eventlog::efi_global_variable),
                                          .name = std::string(secure_boot_name),
                                          .data = on});
}

bool secure_boot_on(const FirmwareLog& log) {
    const Event* found = nullptr;
    for (const Event* event : events_of(log, pcr_secure_boot)) {
        if (event->type == type::separator)
            break;
        const auto variable = eventlog::decode_efi_variable(event->data);
        if (event->type != type::efi_variable_driver_config || !variable ||
            variable->guid != eventlog::efi_global_variable || variable->name != secure_boot_name)
            continue;
        if (found != nullptr)
            return false;
        found = event;
    }
    return found != nullptr && data_is_measured(*found) && same_bytes(found->data, secure_boot_on_data());
}

std::string firmware_version(const FirmwareLog& log) {
    for (const Event* event : events_of(log, 0))
        if (event->type == type::s_crtm_version)
            return eventlog::decode_text(event->data).value_or("");
    return "";
}

std::vector<const Event*> judged_events(const FirmwareLog& log, std::uint32_t pcr) {
    auto events = events_of(log, pcr);
    std::erase_if(events, [](const Event* event) { return is_generic(*event); });
    return events;
}

JudgedEvents judged_events(const FirmwareLog& log) {
    JudgedEvents out;
    for (std::size_t i = 0; i < image_pcrs.size(); ++i)
        out[i] = judged_events(log, image_pcrs[i]);
    return out;
}

std::optional<Role> BootEvents::role(const Event& event) const {
    if (&event == kernel)
        return Role::kernel;
    if (&event == initrd)
        return Role::initrd;
    if (&event == command_line)
        return Role::command_line;
    return {};
}

BootEvents find_boot(const FirmwareLog& log) {
    if (last_application(log) == nullptr)
        return {};
    for (const auto find : {find_stub_boot, find_grub_boot})
        if (const BootEvents boot = find(log); boot.kernel != nullptr)
            return boot;
    return find_efi_stub_boot(log);
}

bool is_command_line(std::string_view text, Algorithm algorithm, Bytes digest) {
    if (!can_hash(algorithm))
        return false;
    Buffer wide = eventlog::utf16le_from_utf8(text);
    if (same_bytes(hash(algorithm, as_bytes(text)), digest) || same_bytes(hash(algorithm, wide), digest))
        return true;
    wide.insert(wide.end(), {0, 0});
    return same_bytes(hash(algorithm, wide), digest);
}

std::optional<std::string> command_line_text(const Event& event, const std::optional<std::string>& account) {
    if (const auto measured = measured_data(event))
        if (auto text = eventlog::decode_text(*measured))
            return text;
    const auto confirmed = [&](const eventlog::Digest& digest) {
        return is_command_line(*account, digest.algorithm, digest.value);
    };
    if (account && !event.digests.empty() && std::ranges::all_of(event.digests, confirmed))
        return account;
    return {};
}

} // namespace vouchsafe::appraisal

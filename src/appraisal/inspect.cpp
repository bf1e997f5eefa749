#include "appraisal/inspect.h"

#include "appraisal/boot.h"
#include "appraisal/replay.h"
#include "eventlog/event_data.h"

#include <optional>
#include <string>
#include <string_view>

namespace vouchsafe::appraisal {

namespace {

using eventlog::Event;
using eventlog::FirmwareLog;
namespace type = eventlog::type;

enum class Severity : std::uint8_t { warning, error };

json::Value finding(Severity severity, const Reason& reason) {
    json::Value event;
    if (reason.event)
        event = reason.event->index;
    return json::object({{"code", reason.code},
                         {"message", reason.message},
                         {"severity", severity == Severity::error ? "error" : "warning"},
                         {"event", std::move(event)}});
}

/// Types whose data must hash to the digest, whoever made the firmware.
bool must_be_measured(const Event& event) {
    return event.type == type::separator || event.type == type::efi_action ||
           event.type == type::efi_variable_driver_config;
}

void decode_variable(const Event& event, json::Object& out) {
    constexpr std::size_t short_value = 64;
    const auto variable = eventlog::decode_efi_variable(event.data);
    if (!variable)
        return;
    out["guid"] = variable->guid;
    out["name"] = variable->name;
    out["size"] = variable->data.size();
    if (variable->data.size() <= short_value)
        out["value"] = to_hex(variable->data);
}

void decode_tag(const Event& event, json::Object& out) {
    const auto tag = eventlog::decode_tagged_event(event.data);
    if (!tag)
        return;
    out["id"] = tag->id;
    if (auto text = eventlog::decode_text(tag->data))
        out["text"] = *std::move(text);
}

json::Value data_json(const Event& event) {
    json::Object out;
    switch (event.type) {
    case type::efi_variable_driver_config:
    case type::efi_variable_boot:
    case type::efi_variable_authority:
        decode_variable(event, out);
        break;
    case type::event_tag:
        decode_tag(event, out);
        break;
    case type::separator:
        if (const auto value = eventlog::decode_separator(event.data))
            out["value"] = *value;
        break;
    case type::efi_boot_services_application:
    case type::efi_boot_services_driver:
    case type::efi_runtime_services_driver:
        if (const auto image = eventlog::decode_image_load(event.data))
            out["device_path"] = to_hex(image->device_path);
        break;
    case type::no_action:
    case type::s_crtm_version:
    case type::action:
    case type::efi_action:
    case type::ipl:
        if (auto text = eventlog::decode_text(event.data))
            out["text"] = *std::move(text);
        break;
    default:
        break;
    }
    if (out.empty())
        out["size"] = event.data.size();
    if (event.extends())
        out["measured"] = measured_data(event).has_value();
    return out;
}

json::Value event_json(const Event& event) {
    json::Object digests;
    for (const auto& digest : event.digests)
        digests[to_string(digest.algorithm)] = to_hex(digest.value);
    return json::object({{"index", event.index},
                         {"pcr", event.pcr == eventlog::no_pcr ? json::Value() : json::Value(event.pcr)},
                         {"type", eventlog::type_name(event.type)},
                         {"digests", std::move(digests)},
                         {"data", data_json(event)}});
}

class Inspector {
public:
    explicit Inspector(const FirmwareLog& log) : log_(log) {}

    InspectReport inspect() {
        json::Object pcrs;
        for (const Algorithm bank : log_.banks)
            replay(bank, pcrs);
        for (const Event& event : log_.events)
            if (must_be_measured(event) && !data_is_measured(event))
                add(Severity::error,
                    {.code = "eventlog.data",
                     .message = eventlog::type_name(event.type) + ": the data is not what was measured",
                     .event = event_ref(event, log_.banks.front()),
                     .expected = {},
                     .hint = ""});
        for (const Reason& reason : check_grammar(log_, log_.banks.front()))
            add(Severity::warning, reason);
        return {
            .verdict = verdict_,
            .json = json::object(
                {{"format", eventlog::to_string(log_.format)},
                 {"banks",
                  json::array_of(log_.banks, [](Algorithm bank) { return json::Value(to_string(bank)); })},
                 {"events", json::array_of(log_.events, event_json)},
                 {"pcrs", std::move(pcrs)},
                 {"findings", std::move(findings_)}})};
    }

private:
    void add(Severity severity, const Reason& reason) {
        if (severity == Severity::error)
            verdict_ = Verdict::does_not_verify;
        findings_.push_back(finding(severity, reason));
    }

    void replay(Algorithm bank, json::Object& pcrs) {
        const auto values = replay_firmware(log_, bank);
        const Event* const without = event_without(log_, bank);
        if (!values || without != nullptr) {
            Reason reason{.code = "eventlog.bank",
                          .message = values ? "not every event has a " + to_string(bank) + " digest"
                                            : values.error().detail,
                          .event = {},
                          .expected = {},
                          .hint = ""};
            if (without != nullptr)
                reason.event = event_ref(*without, bank);
            add(Severity::warning, reason);
        }
        if (!values)
            return;
        json::Object out;
        for (const auto& [pcr, value] : *values)
            out[std::to_string(pcr)] = to_hex(value);
        pcrs[to_string(bank)] = std::move(out);
    }

    const FirmwareLog& log_;
    Verdict verdict_ = Verdict::fine;
    json::Array findings_;
};

} // namespace

InspectReport inspect_eventlog(Bytes log) {
    const auto parsed = eventlog::parse_firmware_log(log);
    if (parsed)
        return Inspector(*parsed).inspect();
    const json::Value cause = json::object({{"code", parsed.error().where},
                                            {"message", parsed.error().detail},
                                            {"severity", "error"},
                                            {"event", nullptr}});
    return {.verdict = Verdict::malformed,
            .json = json::object({{"format", nullptr},
                                  {"banks", json::Array{}},
                                  {"events", json::Array{}},
                                  {"pcrs", json::Object{}},
                                  {"findings", json::array({cause})}})};
}

} // namespace vouchsafe::appraisal

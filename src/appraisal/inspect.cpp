#include "appraisal/inspect.h"

#include "appraisal/boot.h"
#include "appraisal/event_json.h"
#include "appraisal/quote_text.h"
#include "appraisal/replay.h"
#include "eventlog/event_data.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace vouchsafe::appraisal {

namespace {

using eventlog::Event;
using eventlog::FirmwareLog;
namespace type = eventlog::type;

constexpr std::uint32_t pcr_secure_boot = 7;

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
                 {"summary", summary()},
                 {"findings", std::move(findings_)}})};
    }

private:
    /// What an operator looks for first. Secure Boot is null where no variable says it.
    json::Value summary() const {
        json::Value secure_boot;
        for (const Event& event : log_.events)
            if (event.pcr == pcr_secure_boot && event.type == type::efi_variable_driver_config &&
                eventlog::describe(event).starts_with("SecureBoot "))
                secure_boot = secure_boot_on(log_);
        return json::object({{"secure_boot", std::move(secure_boot)},
                             {"firmware_version", firmware_version(log_)},
                             {"startup_locality", log_.startup_locality},
                             {"padding", log_.padding}});
    }

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
    std::string message = parsed.error().detail;
    constexpr std::size_t looked_at = 64; // a binary log has zeros there: its first event's PCR index
    if (!log.empty() && is_text(log.first(std::min(log.size(), looked_at))))
        message += "; this is text: give the binary log, such as the kernel's binary_bios_measurements";
    const json::Value cause = json::object({{"code", parsed.error().where},
                                            {"message", std::move(message)},
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

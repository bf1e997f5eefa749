// Looking at evidence offline: no server, exit 0 fine, 1 does not verify, 2 malformed.
#include "cli/commands_inspect.h"

#include "appraisal/inspect.h"
#include "cli/command.h"
#include "store/files.h"

namespace vouchsafe::cli {

namespace {

constexpr std::size_t most_log = std::size_t{16} << 20U;

void show_eventlog(const json::Value& log) {
    print("format " + cell(log, "format") + ", banks " + cell(log, "banks"));
    Table events({"EVENT", "PCR", "TYPE", "SHA-256", "WHAT"});
    if (const json::Value* const list = log.find("events"); list != nullptr && list->is_array())
        for (const json::Value& event : list->as_array()) {
            const json::Value* const digests = event.find("digests");
            const json::Value* const data = event.find("data");
            const std::string digest = digests == nullptr ? std::string() : cell(*digests, "sha256");
            std::string what = data == nullptr ? std::string() : cell(*data, "text");
            if (what.empty() && data != nullptr)
                what = cell(*data, "name");
            events.row({cell(event, "index"),
                        cell(event, "pcr"),
                        cell(event, "type"),
                        digest.substr(0, 16) + (digest.empty() ? "" : "…"),
                        what.substr(0, 80)});
        }
    print(events.text());
    Table pcrs({"BANK", "PCR", "VALUE"});
    if (const json::Value* const banks = log.find("pcrs"); banks != nullptr && banks->is_object())
        for (const auto& [bank, values] : banks->as_object())
            for (const auto& [index, value] : values.as_object())
                pcrs.row({bank, index, value.is_string() ? value.as_string() : ""});
    print(pcrs.text());
    if (const json::Value* const findings = log.find("findings"); findings != nullptr && findings->is_array())
        for (const json::Value& finding : findings->as_array())
            print("finding " + printable(cell(finding, "code")) + ": " + printable(cell(finding, "message")));
}

} // namespace

Exit exit_for(appraisal::Verdict verdict) {
    switch (verdict) {
    case appraisal::Verdict::fine:
        return Exit::fine;
    case appraisal::Verdict::does_not_verify:
        return Exit::refused;
    case appraisal::Verdict::malformed:
        return Exit::malformed;
    }
    std::unreachable();
}

void add_inspect_commands(CLI::App& app, Context& context) {
    CLI::App& inspect = add_group(app, "inspect", "look at evidence offline");
    add_inspect_certificate(inspect, context);
    add_inspect_ima(inspect, context);
    add_inspect_quote(inspect, context);
    add_inspect_token(inspect, context);
    add_inspect_ttlv(inspect, context);
    add_command(inspect,
                context,
                "eventlog",
                "a firmware event log: what was measured, and what it leads to",
                "file",
                [&context](const std::string& file) {
                    const auto log = store::read_file(file == "-" ? "/dev/stdin" : file, most_log);
                    if (!log)
                        return report(log.error());
                    const appraisal::InspectReport found = appraisal::inspect_eventlog(*log);
                    if (context.format == Format::json)
                        print_json(found.json);
                    else
                        show_eventlog(found.json);
                    return exit_for(found.verdict);
                });
}

} // namespace vouchsafe::cli

// Looking at evidence offline: no server, exit 0 fine, 1 does not verify, 2 malformed.
#include "cli/commands_inspect.h"

#include "appraisal/inspect.h"
#include "cli/command.h"
#include "store/files.h"

namespace vouchsafe::cli {

namespace {

constexpr std::size_t most_log = std::size_t{16} << 20U;

/// At most so many bytes, cut between characters.
std::string cut(std::string text, std::size_t most) {
    if (text.size() <= most)
        return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U)
        --most;
    text.resize(most);
    return text + "…";
}

std::string counted(std::string_view what, const json::Value& list) {
    return list.is_array() ? std::string(what) + ": " + std::to_string(list.as_array().size())
                           : std::string();
}

std::size_t signatures_of(const json::Value& lists) {
    std::size_t count = 0;
    for (const json::Value& list : lists.as_array())
        count += member(list, "signatures").as_array().size();
    return count;
}

/// What is most telling in an event's data, after its name.
std::string detail_of(const json::Value& data) {
    if (data.find("enabled") != nullptr)
        return member(data, "enabled").as_bool() ? "on" : "off";
    if (const json::Value& signature = member(data, "signature"); signature.is_object())
        return cell(signature, "subject") + cell(signature, "hash");
    if (const json::Value& lists = member(data, "signature_lists"); lists.is_array())
        return "signatures: " + std::to_string(signatures_of(lists));
    if (data.find("order") != nullptr)
        return cell(data, "order");
    if (const json::Value& option = member(data, "load_option"); option.is_object())
        return cell(option, "description");
    if (data.find("disk") != nullptr)
        return "disk " + cell(data, "disk") + ", " + counted("partitions", member(data, "partitions"));
    for (const auto* const name :
         {"text", "description", "version", "locality", "device_path", "label", "meaning"})
        if (std::string text = cell(data, name); !text.empty())
            return text;
    if (data.find("base") != nullptr)
        return cell(data, "length") + " bytes at " + cell(data, "base");
    if (data.find("name") == nullptr && data.find("guid") != nullptr)
        return cell(data, "guid");
    return counted("tables", member(data, "tables"));
}

/// One line about an event, of what its data says.
std::string what_of(const json::Value& data) {
    constexpr std::size_t most = 80;
    const std::string detail = detail_of(data);
    std::string what = cell(data, "name");
    if (what.empty() && (detail.empty() || member(data, "measured").is_null()))
        what = cell(data, "record");
    what.append(what.empty() || detail.empty() ? "" : ": ").append(detail);
    return cut(printable(what), most);
}

void show_events(const json::Value& log) {
    print("format " + cell(log, "format") + ", banks " + cell(log, "banks"));
    Table events({"EVENT", "PCR", "TYPE", "SHA-256", "WHAT"});
    if (const json::Value* const list = log.find("events"); list != nullptr && list->is_array())
        for (const json::Value& event : list->as_array()) {
            const json::Value* const digests = event.find("digests");
            const json::Value* const data = event.find("data");
            const std::string digest = digests == nullptr ? std::string() : cell(*digests, "sha256");
            const std::string what = data == nullptr ? std::string() : what_of(*data);
            events.row({cell(event, "index"),
                        cell(event, "pcr"),
                        cell(event, "type"),
                        digest.substr(0, 16) + (digest.empty() ? "" : "…"),
                        what});
        }
    print(events.text());
    Table pcrs({"BANK", "PCR", "VALUE"});
    if (const json::Value* const banks = log.find("pcrs"); banks != nullptr && banks->is_object())
        for (const auto& [bank, values] : banks->as_object())
            for (const auto& [index, value] : values.as_object())
                pcrs.row({bank, index, value.is_string() ? value.as_string() : ""});
    print(pcrs.text());
}

void show_eventlog(const json::Value& log) {
    if (!member(log, "format").is_null()) // else it is no log
        show_events(log);
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

Exit show_verified(const Context& context,
                   const Result<json::Value>& found,
                   void (*show)(const json::Value&)) {
    if (!found)
        return report(found.error());
    print_as(context.format, *found, show);
    return member(*found, "verified").as_bool() ? Exit::fine : Exit::refused;
}

void add_inspect_commands(CLI::App& app, Context& context) {
    CLI::App& inspect = add_group(app, "inspect", "look at evidence offline");
    add_inspect_blob(inspect, context);
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
                    print_as(context.format, found.json, show_eventlog);
                    return exit_for(found.verdict);
                });
}

} // namespace vouchsafe::cli

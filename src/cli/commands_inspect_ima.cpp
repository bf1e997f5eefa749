// inspect ima: an IMA measurement list, offline.
#include "appraisal/inspect_ima.h"
#include "cli/command.h"
#include "cli/commands_inspect.h"
#include "store/files.h"

namespace vouchsafe::cli {

namespace {

constexpr std::size_t most_list = std::size_t{64} << 20U;

void show_ima(const json::Value& list) {
    print(cell(list, "entries") + " entries, " + cell(list, "violations") + " violations");
    Table templates({"TEMPLATE", "ENTRIES"});
    for (const auto& [name, count] : member(list, "templates").as_object())
        templates.row({name, std::to_string(count.as_integer())});
    print(templates.text());
    Table pcrs({"BANK", "PCR", "VALUE"});
    for (const auto& [bank, values] : member(list, "pcrs").as_object())
        for (const auto& [index, value] : values.as_object())
            pcrs.row({bank, index, value.as_string()});
    print(pcrs.text());
    for (const json::Value& finding : member(list, "findings").as_array())
        print("finding " + printable(cell(finding, "code")) + ": " + printable(cell(finding, "message")));
}

Exit inspect(const Context& context, const std::string& file) {
    const auto list = store::read_file(file == "-" ? "/dev/stdin" : file, most_list);
    if (!list)
        return report(list.error());
    const appraisal::InspectReport found = appraisal::inspect_ima(*list);
    print_as(context.format, found.json, show_ima);
    return exit_for(found.verdict);
}

} // namespace

void add_inspect_ima(CLI::App& inspect_group, Context& context) {
    add_command<std::string>(
        inspect_group,
        context,
        "ima",
        "an IMA measurement list, binary or text: what was measured, and what it leads to",
        [](CLI::App& command, std::string& file) {
            command.add_option("file", file, describe_argument("file"))->required();
            command.footer("Exit 0: every template digest is the hash of its data; 1: one is not, and the "
                           "finding names it; 2: the list is malformed. A bank named …-zero-padded-sha1 is "
                           "what a kernel without that bank's hash extends.");
        },
        [&context](const std::string& file) { return inspect(context, file); });
}

} // namespace vouchsafe::cli

// The record of what was released, changed and refused.
#include "audit/chain.h"
#include "cli/command.h"
#include "json/write.h"

#include <fstream>

namespace vouchsafe::cli {

namespace {

struct ListOptions {
    std::string kind;
    std::string vm;
    std::int64_t most = 100;
};

Exit verify(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return report({.code = Errc::not_found, .where = "audit.file", .detail = path + ": cannot be read"});
    audit::ChainVerifier verifier;
    std::string piece(std::size_t{256} << 10U, '\0');
    std::expected<void, audit::Break> good;
    while (good && file) {
        file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        good = verifier.feed(std::string_view(piece).substr(0, static_cast<std::size_t>(file.gcount())));
    }
    if (good)
        good = verifier.finish();
    if (!good) {
        const audit::Break& at = good.error();
        return report({.code = Errc::untrusted,
                       .where = at.cause.where,
                       .detail = path + ": breaks at record " + std::to_string(at.sequence) + ", byte " +
                                 std::to_string(at.offset) + " (" + at.cause.where + ")"});
    }
    print(std::to_string(verifier.head().next - 1) + " records, chain whole, last digest " +
          to_hex(verifier.head().previous));
    return Exit::fine;
}

} // namespace

void add_audit_commands(CLI::App& app, Context& context) {
    CLI::App& audit = add_group(app, "audit", "the record of releases and changes");
    add_command<ListOptions>(
        audit,
        context,
        "list",
        "list records of the authority host",
        [](CLI::App& command, ListOptions& options) {
            command.add_option(
                "--kind", options.kind, "release, withheld, refused, change, attestation, unsafe, …");
            command.add_option("--vm", options.vm, "UUID: who could read this virtual machine?");
            command.add_option("--most", options.most, "how many, the newest")->capture_default_str();
        },
        [&context](const ListOptions& options) {
            return with("authority", [&](Connection& connection) -> Result<void> {
                json::Object input{{"most", options.most}};
                if (!options.kind.empty())
                    input.emplace("kind", options.kind);
                if (!options.vm.empty())
                    input.emplace("vm", options.vm);
                VS_TRY(const json::Value records,
                       connection.call("vouchsafe.audit", "list", json::Value(std::move(input))));
                if (context.format == Format::json) {
                    print_json(records);
                    return {};
                }
                Table table({"SEQ", "TIME", "KIND", "FIELDS"});
                for (const json::Value& record : records.as_array()) {
                    const json::Value* const fields = record.find("fields");
                    table.row({cell(record, "seq"),
                               cell(record, "time"),
                               cell(record, "kind"),
                               fields == nullptr ? "" : json::canonical(*fields)});
                }
                print(table.text());
                return {};
            });
        });
    add_command(audit, context, "verify", "verify an audit file offline", "file", verify);
}

} // namespace vouchsafe::cli

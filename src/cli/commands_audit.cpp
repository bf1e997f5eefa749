// The record of what was released, changed and refused.
#include "audit/chain.h"
#include "cli/command.h"
#include "json/write.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>

namespace vouchsafe::cli {

namespace {

struct ListOptions {
    std::string kind;
    std::string vm;
    std::int64_t most = 100;
};

struct VerifyOptions {
    std::string file;
    std::string known;
};

/// What one run of `audit verify` says and a later one is told: so far the file went, and so it ended.
struct Known {
    std::int64_t sequence = 0;
    crypto::Sha256Digest digest{};
};

Result<std::optional<Known>> read_known(const std::string& text) {
    if (text.empty())
        return std::nullopt;
    Known known;
    const auto colon = text.find(':');
    const std::string_view number = std::string_view(text).substr(0, colon);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), known.sequence);
    const auto digest =
        from_hex(colon == std::string::npos ? std::string_view() : std::string_view(text).substr(colon + 1));
    if (error != std::errc{} || end != number.data() + number.size() || known.sequence < 1 || !digest ||
        digest->size() != known.digest.size())
        return fail(
            Errc::malformed, "audit.known", "--known: expected NUMBER:DIGEST as this command prints it");
    std::ranges::copy(*digest, known.digest.begin());
    return known;
}

// The chain shows what was altered inside the file, not what is missing at its end.
Exit show_verified(const Context& context, const audit::ChainHead& head, SysTime first, SysTime last) {
    const std::int64_t count = head.next - 1;
    const std::string known = std::to_string(count) + ":" + to_hex(head.previous);
    if (context.format == Format::json) {
        json::Object out{{"records", count}, {"known", known}};
        if (count > 0) {
            out.emplace("first_time", to_text(first));
            out.emplace("last_time", to_text(last));
        }
        print_json(json::Value(std::move(out)));
        return Exit::fine;
    }
    if (count == 0) {
        print("no records");
        return Exit::fine;
    }
    print(std::to_string(count) + " records, chain whole, from " + to_text(first) + " to " + to_text(last) +
          "\nknown " + known);
    say("Nothing inside was altered. That nothing is missing at the end, this file cannot show by itself:\n"
        "compare with 'vouchsafe audit list --most 1', or keep the last line and give it next time "
        "(--known).");
    return Exit::fine;
}

Exit verify(const Context& context, const VerifyOptions& options) {
    const std::string& path = options.file;
    const auto known = read_known(options.known);
    if (!known)
        return report(known.error());
    std::ifstream file(path == "-" ? "/dev/stdin" : path, std::ios::binary);
    if (!file)
        return report({.code = Errc::not_found, .where = "audit.file", .detail = path + ": cannot be read"});
    audit::ChainVerifier verifier;
    std::string piece(std::size_t{256} << 10U, '\0');
    std::expected<void, audit::Break> good;
    SysTime first;
    SysTime last;
    bool holds = !*known;
    const auto on_record = [&](const audit::AuditRecord& record) {
        first = record.sequence == 1 ? record.time : first;
        last = record.time;
        if (*known && record.sequence == (*known)->sequence)
            holds = verifier.head().previous == (*known)->digest;
    };
    while (good && file) {
        file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
        good = verifier.feed(std::string_view(piece).substr(0, static_cast<std::size_t>(file.gcount())),
                             on_record);
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
    if (!holds)
        return report({.code = Errc::untrusted,
                       .where = "audit.known",
                       .detail = path + ": record " + std::to_string((*known)->sequence) +
                                 ((*known)->sequence < verifier.head().next
                                      ? " is not the one that is known: this is another history"
                                      : " is missing: the file ends at record " +
                                            std::to_string(verifier.head().next - 1))});
    return show_verified(context, verifier.head(), first, last);
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
    add_command<VerifyOptions>(
        audit,
        context,
        "verify",
        "verify an audit file offline, and say how far it goes",
        [](CLI::App& command, VerifyOptions& options) {
            command.add_option("file", options.file, describe_argument("file"))->required();
            command.add_option("--known",
                               options.known,
                               "NUMBER:DIGEST that this command printed before: the file must still hold it");
        },
        [&context](const VerifyOptions& options) { return verify(context, options); });
}

} // namespace vouchsafe::cli

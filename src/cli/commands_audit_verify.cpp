// Verifying an audit offline: the files, and the anchor or the key for checkpoints.
#include "cli/audit_records.h"
#include "cli/command.h"
#include "cli/commands_audit.h"
#include "crypto/signature.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <variant>

namespace vouchsafe::cli {

namespace {

struct VerifyOptions {
    std::vector<std::string> files;
    std::string key;
    std::string anchor;
    std::string known;
};

/// What one run of `audit verify` says and a later one is told: so far the log went, and so it ended.
struct Known {
    std::int64_t sequence = 0;
    std::string digest;
};

bool is_digest(std::string_view text) {
    return text.size() == 64 && from_hex(text).has_value();
}

Result<std::optional<Known>> read_known(const std::string& text) {
    if (text.empty())
        return std::nullopt;
    Known known;
    const auto colon = text.find(':');
    const std::string_view number = std::string_view(text).substr(0, colon);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), known.sequence);
    if (colon != std::string::npos)
        known.digest = text.substr(colon + 1);
    if (error != std::errc{} || end != number.data() + number.size() || known.sequence < 1 ||
        !is_digest(known.digest))
        return fail(
            Errc::malformed, "audit.known", "--known: expected NUMBER:DIGEST as this command prints it");
    return known;
}

Result<std::optional<auditlog::CheckpointTrust>> read_trust(const VerifyOptions& options) {
    if (!options.anchor.empty()) {
        if (!is_digest(options.anchor))
            return fail(Errc::malformed, "audit.anchor", "--anchor: expected 64 hex digits");
        return auditlog::CheckpointTrust(options.anchor);
    }
    if (options.key.empty())
        return std::nullopt;
    VS_TRY(const std::string pem, read_text(options.key, std::size_t{64} << 10U));
    VS_TRY(const crypto::PublicKey key, crypto::public_key_from_pem(pem));
    const auto* const ec = std::get_if<crypto::EcPublicKey>(&key);
    if (ec == nullptr || ec->curve() != crypto::Curve::p256)
        return fail(Errc::malformed, "audit.key", options.key + ": checkpoints are signed on P-256");
    return auditlog::CheckpointTrust(*ec);
}

// What the log had where a former run said it ended.
Result<void> check_known(const Known& known, const std::string& there, const auditlog::Extent& extent) {
    const std::string record = "record " + std::to_string(known.sequence);
    if (extent.last < known.sequence)
        return fail(Errc::untrusted,
                    "audit.known",
                    record + " is missing: the log ends at record " + std::to_string(extent.last));
    if (there.empty())
        return fail(Errc::untrusted,
                    "audit.known",
                    record + " is not in these files: they begin at record " + std::to_string(extent.first));
    if (there != known.digest)
        return fail(Errc::untrusted,
                    "audit.known",
                    record + " is not the one that is known: this is another history");
    return {};
}

json::Value to_json(const auditlog::Extent& extent, bool trusts) {
    const std::int64_t count = extent.first == 0 ? 0 : extent.last - extent.first + 1;
    json::Object out{{"records", count},
                     {"known", std::to_string(extent.last) + ":" + to_hex(extent.head.previous)},
                     {"checkpoints", extent.checkpoints},
                     {"vouched_until", trusts ? json::Value(extent.vouched_until) : json::Value()},
                     {"times_went_back", extent.times_went_back}};
    if (count > 0) {
        out.emplace("first", extent.first);
        out.emplace("last", extent.last);
        out.emplace("first_time", to_text(extent.first_time));
        out.emplace("last_time", to_text(extent.last_time));
    }
    return json::Value(std::move(out));
}

// The chain shows what was altered inside, a checkpoint that nobody but the host wrote it; neither what is
// missing at the end.
void say_extent(const auditlog::Extent& extent, bool trusts) {
    print(std::to_string(extent.last - extent.first + 1) + " records, chain whole, from " +
          to_text(extent.first_time) + " to " + to_text(extent.last_time) + "\nknown " +
          std::to_string(extent.last) + ":" + to_hex(extent.head.previous));
    if (trusts)
        print("signed up to record " + std::to_string(extent.vouched_until) + ", by " +
              std::to_string(extent.checkpoints) + " checkpoints");
    else
        say("No signature was verified: whoever can write the files could have written them anew. Give\n"
            "--anchor, or --key, to have the checkpoints verified.");
    if (trusts && extent.vouched_until + 1 < extent.last)
        say("Records " + std::to_string(extent.vouched_until + 2) + " to " + std::to_string(extent.last) +
            " came after the last checkpoint: only the chain speaks for them yet.");
    if (extent.first > 1)
        say("The files begin at record " + std::to_string(extent.first) + ": what was before is not shown.");
    if (extent.times_went_back > 0)
        say("The clock went back " + std::to_string(extent.times_went_back) +
            " times: the order of records is that of their numbers (audit list --kind clock).");
    say("That nothing is missing at the end, the files cannot show by themselves: compare with 'vouchsafe\n"
        "audit list --limit 1', or keep the line 'known' and give it next time (--known).");
}

Result<void> verify(const Context& context, const VerifyOptions& options) {
    VS_TRY(const auto known, read_known(options.known));
    VS_TRY(const auto trust, read_trust(options));
    VS_TRY(const auto files, log_files(options.files));
    std::string there; // digest of the record that is known
    std::int64_t before = 0;
    const auto on_record = [&](const audit::AuditRecord& record) {
        if (known && before == known->sequence)
            there = to_hex(record.previous);
        before = record.sequence;
    };
    VS_TRY(const auditlog::Extent extent, read_log(files, trust, on_record));
    if (known && extent.last == known->sequence)
        there = to_hex(extent.head.previous);
    if (known) {
        VS_TRY_VOID(check_known(*known, there, extent));
    }
    if (trust && extent.first != 0 && extent.vouched_until == 0)
        return fail(Errc::untrusted, "checkpoint.none", "there is no signed checkpoint in these files");
    if (context.format == Format::json)
        print_json(to_json(extent, trust.has_value()));
    else if (extent.first == 0)
        print("no records");
    else
        say_extent(extent, trust.has_value());
    return {};
}

} // namespace

void add_audit_verify_command(CLI::App& audit, Context& context) {
    add_command<VerifyOptions>(
        audit,
        context,
        "verify",
        "verify an audit offline, and say how far it goes",
        [](CLI::App& command, VerifyOptions& options) {
            command
                .add_option("file",
                            options.files,
                            "its files in any order, or folders of them, or - for standard input")
                ->required();
            CLI::Option* const key = command.add_option(
                "--key", options.key, "PEM file with the authority host's public key for checkpoints");
            command
                .add_option(
                    "--anchor", options.anchor, "anchor of the cluster: checkpoints under its root are good")
                ->excludes(key);
            command.add_option("--known",
                               options.known,
                               "NUMBER:DIGEST that this command printed before: the log must still hold it");
        },
        [&context](const VerifyOptions& options) {
            const auto verified = verify(context, options);
            return verified ? Exit::fine : report(verified.error());
        });
}

} // namespace vouchsafe::cli

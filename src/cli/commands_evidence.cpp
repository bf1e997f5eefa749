// Evidence as files: taken from the authority, and judged again offline by the code that judged it there.
#include "appraisal/base_image.h"
#include "attestation/policy_document.h"
#include "attestation/reappraisal.h"
#include "cli/command.h"
#include "cli/enrolments.h"
#include "crypto/x509.h"
#include "json/parse.h"
#include "json/write.h"
#include "store/files.h"

#include <vector>

namespace vouchsafe::cli {

namespace {

using attestation::KeptEvidence;
using attestation::Verdict;
using inventory::AuthorityState;

struct SaveOptions {
    std::string host;
    std::string out;
};

struct AppraiseOptions {
    std::string file;
    std::string policy; ///< "": none
    std::vector<std::string> images;
    std::vector<std::string> cas;
    std::string at; ///< "": when the evidence came
    bool unsafe_unendorsed = false;
};

Result<void> save(Connection& connection, const SaveOptions& options) {
    VS_TRY(const std::string id, enrolment_id(connection, options.host));
    VS_TRY(const Buffer bytes, fetch_evidence(connection, id));
    VS_TRY(const KeptEvidence kept, attestation::parse_kept_evidence(bytes));
    VS_TRY_VOID(store::write_file(options.out, bytes));
    say("wrote " + options.out + ": the evidence of " + printable(kept.enrolment.label) + " of " +
        to_text(kept.received) + ", " + std::to_string(bytes.size()) + " bytes");
    return {};
}

// --- the rules to judge by

Result<void> add_image(AuthorityState& state, const std::string& file) {
    VS_TRY(const std::string text, read_text(file, appraisal::base_image_bytes));
    VS_TRY(json::Value value, json::parse(text, {.bytes = appraisal::base_image_bytes, .items = 1U << 18U}));
    VS_TRY_VOID(appraisal::parse_base_image(as_bytes(json::canonical(value))));
    VS_TRY(inventory::BaseImage image, inventory::BaseImage::from_document(std::move(value)));
    const std::string version = image.version.text;
    if (!state.images.emplace(version, std::move(image)).second)
        return fail(Errc::malformed, "evidence.image", "there are two base images " + version);
    return {};
}

Result<void> add_cas(AuthorityState& state, const std::string& file) {
    VS_TRY(const std::string text, read_text(file));
    VS_TRY(const auto certificates, crypto::certificates_from_pem(text));
    for (const crypto::Certificate& certificate : certificates) {
        const std::string name =
            certificate.subject() + " (" + to_hex(certificate.fingerprint()).substr(0, 16) + ")";
        state.cas.emplace(name,
                          inventory::CaCertificate{.name = name, .chain = {certificate.pem()}, .lab = false});
    }
    return {};
}

// Without a policy, the enrolment in the file stands for the registration of the EK, and the CAs that are
// given must lead to its certificate.
Result<AuthorityState> rules(const AppraiseOptions& options, const KeptEvidence& kept) {
    AuthorityState state;
    state.settings.require_endorsement_keys = false;
    if (!options.policy.empty()) {
        VS_TRY(const std::string text, read_text(options.policy, attestation::max_policy_bytes));
        VS_TRY(state, attestation::parse_policy(as_bytes(text)));
    }
    for (const std::string& file : options.images)
        VS_TRY_VOID(add_image(state, file));
    for (const std::string& file : options.cas)
        VS_TRY_VOID(add_cas(state, file));
    if (options.unsafe_unendorsed) {
        state.settings.require_endorsement_keys = false;
        state.settings.require_certificate_validation = false;
    }
    state.anchor = kept.anchor;
    state.enrolments.emplace(kept.enrolment.host.text, kept.enrolment);
    return state;
}

// --- what came of it

json::Value to_json(const KeptEvidence& kept, const attestation::Reproven& evidence, const Verdict& verdict) {
    const appraisal::Appraisal& found = verdict.appraisal;
    return json::object(
        {{"verdict", protocol::to_string(verdict.outcome)},
         {"verdict_then", protocol::to_string(kept.outcome)},
         {"received", to_text(kept.received)},
         {"host", evidence.host.challenge.host.text},
         {"label", kept.enrolment.label},
         {"ek_digest", evidence.host.challenge.ek_digest},
         {"ak_name", evidence.host.ak_name},
         {"evidence_digest", evidence.host.evidence_digest},
         {"tier", appraisal::to_string(found.tier)},
         {"base_image", found.base_image ? json::Value(found.base_image->text) : json::Value()},
         {"executables", found.executables},
         {"not_assessed", json::array_of(found.not_assessed)},
         {"steps", attestation::steps_of(evidence, kept, verdict)},
         {"reasons", protocol::reasons_to_json(verdict.reasons)}});
}

void show(const json::Value& found) {
    print("host      " + printable(cell(found, "label")) + " (" + printable(cell(found, "host")) + ")");
    print("evidence  of " + cell(found, "received") + ", then " + cell(found, "verdict_then"));
    Table table({"ESTABLISHED", "RESULT", "DETAIL"});
    for (const json::Value& step : member(found, "steps").as_array())
        table.row({cell(step, "name"), cell(step, "result"), cell(step, "detail")});
    print(table.text());
    print_reasons(found);
    print("verdict   " + cell(found, "verdict"));
}

Result<json::Value> appraise(const AppraiseOptions& options) {
    VS_TRY(const Buffer bytes, store::read_file(options.file, attestation::max_kept_evidence_bytes));
    VS_TRY(const KeptEvidence kept, attestation::parse_kept_evidence(bytes));
    VS_TRY(const AuthorityState state, rules(options, kept));
    SysTime now = kept.received;
    if (!options.at.empty()) {
        const auto time = time_from_text(options.at);
        if (!time)
            return fail(Errc::malformed, "evidence.at", "--at takes a time such as 2026-11-26T12:00:00Z");
        now = *time;
    }
    VS_TRY(attestation::Reproven evidence, attestation::reprove(kept));
    const auto references = attestation::References::of(state);
    const Verdict verdict =
        attestation::reappraise(evidence, kept, {.state = state, .references = references, .now = now});
    return to_json(kept, evidence, verdict);
}

Exit run_appraise(const Context& context, const AppraiseOptions& options) {
    if (options.policy.empty() && options.images.empty())
        return report({Errc::malformed, "evidence.rules", "give --policy, or at least one --image"});
    const auto found = appraise(options);
    if (!found)
        return report(found.error());
    print_as(context.format, *found, show);
    return cell(*found, "verdict") == "trusted" ? Exit::fine : Exit::refused;
}

void declare_appraise(CLI::App& command, AppraiseOptions& options) {
    command.add_option("file", options.file, "evidence that `evidence save` wrote")->required();
    command.add_option(
        "--policy", options.policy, "rules that `policy export` wrote: settings, CAs, images, revocations");
    command.add_option("--image", options.images, "base image document that counts besides; may be repeated");
    command.add_option("--ca", options.cas, "PEM file of TPM CAs that count besides; may be repeated");
    command.add_option("--at", options.at, "time to judge at; without it, when the evidence came");
    command.add_flag("--unsafe-unendorsed",
                     options.unsafe_unendorsed,
                     "do not ask who made the TPM: for evidence of a lab");
    command.footer("Exit 0: trusted; 1: refused, pending, or the evidence does not prove itself; 2: a file "
                   "is malformed.\n"
                   "Nobody signs the file. Quote, logs and statement prove themselves; enrolment, activation "
                   "and what was\n"
                   "observed before are the word of whoever hands it on.");
}

} // namespace

void add_evidence_commands(CLI::App& app, Context& context) {
    CLI::App& evidence = add_group(app, "evidence", "what hosts showed last, kept as files and judged again");
    add_command<SaveOptions>(
        evidence,
        context,
        "save",
        "write the evidence that a host left last at the authority",
        [](CLI::App& command, SaveOptions& options) {
            command.add_option("host", options.host, "id or label")->required();
            command.add_option("--out", options.out, "file to write")->required();
        },
        [](const SaveOptions& options) {
            return with("authority", [&](Connection& connection) { return save(connection, options); });
        });
    add_command<AppraiseOptions>(
        evidence,
        context,
        "appraise",
        "judge kept evidence offline, by a policy or by base images and CAs",
        declare_appraise,
        [&context](const AppraiseOptions& options) { return run_appraise(context, options); });
}

} // namespace vouchsafe::cli

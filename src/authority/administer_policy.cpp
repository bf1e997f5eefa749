// Evidence that hosts left, the rules as a document, and changes of them that are only thought of.
#include "attestation/image_export.h"
#include "attestation/kept_evidence.h"
#include "attestation/policy_document.h"
#include "attestation/what_if.h"
#include "authority/administration.h"
#include "authority/health.h"
#include "crypto/digest.h"
#include "json/members.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace vouchsafe::authority {

namespace {

using attestation::Supposition;

constexpr std::size_t chunk_bytes = std::size_t{2} << 20U;
constexpr std::size_t most_hosts = 1000;              // of one answer to what-if
constexpr std::chrono::milliseconds most_time{5'000}; // for one answer
constexpr std::size_t most_changes = 256;             // removals and additions, each

// The evidence of a host as it was kept, with the enrolment as it is now.
Result<std::optional<attestation::KeptEvidence>> kept_evidence(const Invocation& call,
                                                               const inventory::Enrolment& enrolment) {
    VS_TRY(const auto bytes, call.parts.records.evidence(enrolment.host));
    if (!bytes)
        return std::nullopt;
    VS_TRY(attestation::KeptEvidence kept, attestation::parse_kept_evidence(*bytes));
    kept.enrolment = enrolment;
    return kept;
}

Result<attestation::KeptEvidence> evidence_of_host(const Invocation& call) {
    const inventory::Enrolment* const enrolment = call.state.enrolment({call.text("host")});
    if (enrolment == nullptr)
        return fail(Errc::not_found, "enrolment", "there is no enrolment " + call.text("host"));
    VS_TRY(auto kept, kept_evidence(call, *enrolment));
    if (!kept)
        return fail(Errc::not_found, "evidence", "there is no evidence of this host; let it attest first");
    return *std::move(kept);
}

// A part of it at a time: evidence with a long IMA list is larger than one answer.
Result<json::Value> get_evidence(const Invocation& call) {
    VS_TRY(const attestation::KeptEvidence kept, evidence_of_host(call));
    const Buffer whole = attestation::encode(kept);
    const json::Value* const from = call.find("offset");
    const std::int64_t offset = from == nullptr ? 0 : from->as_integer();
    if (offset < 0 || static_cast<std::uint64_t>(offset) > whole.size())
        return fail(Errc::malformed, "query.offset", "offset: the evidence ends before it");
    const Bytes rest = Bytes(whole).subspan(static_cast<std::size_t>(offset));
    return json::object({{"digest", to_hex(crypto::sha256(whole))},
                         {"size", whole.size()},
                         {"bytes", to_base64(rest.first(std::min(rest.size(), chunk_bytes)))}});
}

Result<json::Value> export_image(const Invocation& call) {
    VS_TRY(const attestation::KeptEvidence kept, evidence_of_host(call));
    VS_TRY(const attestation::Reproven evidence, attestation::reprove(kept));
    const auto given = [&call](std::string_view member, const std::string& otherwise) {
        const json::Value* const value = call.find(member);
        return value == nullptr ? otherwise : value->as_string();
    };
    const std::string& label = kept.enrolment.label;
    const std::string version =
        given("version", label + "-" + evidence.host.statement.logs.firmware.value_or("").substr(0, 12));
    const auto covered = appraisal::userspace_from_text(given("userspace", "boot-image"));
    VS_CHECK(covered.has_value()); // the table of operations has seen that it is one
    VS_TRY(const appraisal::BaseImage image,
           attestation::image_of(evidence,
                                 {.version = {version},
                                  .display_name = given("display_name", version),
                                  .vendor = "derived from " + label,
                                  .not_before = {},
                                  .not_after = {},
                                  .host_groups = {},
                                  .userspace = *covered,
                                  .command_line = {}}));
    return parse_document(appraisal::encode(image));
}

Result<json::Value> get_policy(const Invocation& call) {
    return attestation::policy_of(call.state);
}

// --- what-if

Result<std::vector<std::string>> named(json::Members& spec, std::string_view member) {
    VS_TRY(auto names, spec.optional_strings(member));
    if (names && names->size() > most_changes)
        return fail(Errc::too_large, "spec." + std::string(member), "too many at once");
    return names.value_or(std::vector<std::string>());
}

struct Question {
    Supposition what;
    std::string after; ///< the last host that was judged; "" at the beginning
};

Result<Question> read_question(const json::Value& spec) {
    json::Members members(spec, "spec");
    Question out;
    VS_TRY(out.what.remove_images, named(members, "remove_images"));
    VS_TRY(const json::Array* const images, members.optional_array("add_images"));
    if (images != nullptr && images->size() > most_changes)
        return fail(Errc::too_large, "spec.add_images", "too many at once");
    if (images != nullptr)
        out.what.add_images = *images;
    VS_TRY(out.what.remove_cas, named(members, "remove_cas"));
    VS_TRY(out.what.require_endorsement_keys, members.optional_boolean("require_endorsement_keys"));
    VS_TRY(out.what.require_certificate_validation,
           members.optional_boolean("require_certificate_validation"));
    VS_TRY(out.what.unsafe_ignore_firmware, members.optional_boolean("unsafe_ignore_firmware"));
    VS_TRY(const auto secure_boot, members.optional_boolean("require_secure_boot"));
    out.what.require_secure_boot = secure_boot.value_or(false);
    VS_TRY(const auto after, members.optional_string("after"));
    out.after = after.value_or("");
    return out;
}

json::Value side(const attestation::Verdict& verdict) {
    return json::object(
        {{"outcome", protocol::to_string(verdict.outcome)},
         {"base_image",
          verdict.appraisal.base_image ? json::Value(verdict.appraisal.base_image->text) : json::Value()}});
}

json::Value changed_row(const inventory::Enrolment& enrolment, const attestation::HostOutcome& outcome) {
    return json::object({{"host", enrolment.host.text},
                         {"label", enrolment.label},
                         {"change", attestation::to_string(outcome.change)},
                         {"before", side(outcome.before)},
                         {"after", side(outcome.after)},
                         {"reasons", protocol::reasons_to_json(outcome.after.reasons)}});
}

json::Value problem_row(const inventory::Enrolment& enrolment, std::string_view problem) {
    return json::object({{"host", enrolment.host.text}, {"label", enrolment.label}, {"problem", problem}});
}

/// The part of an answer that grows host by host.
struct Findings {
    json::Array hosts;
    json::Array unknown; ///< hosts of which nothing can be said
    std::int64_t judged = 0;
    std::int64_t trusted_before = 0;
    std::int64_t trusted_after = 0;

    void add(const inventory::Enrolment& enrolment, const attestation::HostOutcome& outcome) {
        const auto trusted = [](const attestation::Verdict& verdict) {
            return verdict.outcome == protocol::Outcome::trusted ? 1 : 0;
        };
        ++judged;
        trusted_before += trusted(outcome.before);
        trusted_after += trusted(outcome.after);
        if (outcome.change != attestation::TrustChange::none)
            hosts.push_back(changed_row(enrolment, outcome));
    }
};

Result<void> judge_host(const Invocation& call,
                        const inventory::Enrolment& enrolment,
                        const attestation::Rules& before,
                        const attestation::Rules& after,
                        Findings& findings) {
    const auto kept = kept_evidence(call, enrolment);
    if (!kept && kept.error().code == Errc::unavailable)
        return std::unexpected(kept.error()); // the store: nobody's evidence can be read
    if (!kept || !*kept) {
        findings.unknown.push_back(problem_row(
            enrolment, kept ? "no evidence" : "its evidence cannot be read: " + kept.error().detail));
        return {};
    }
    const auto outcome = attestation::compare(**kept, before, after);
    if (outcome)
        findings.add(enrolment, *outcome);
    else
        findings.unknown.push_back(
            problem_row(enrolment, "its evidence does not prove itself: " + outcome.error().detail));
    return {};
}

// In order of host id, for a bounded time; `next` says where to go on.
Result<json::Value> what_if(const Invocation& call) {
    VS_TRY(const Question question, read_question(*call.find("spec")));
    const SysTime now = call.parts.clock.now();
    const auto references = attestation::References::of(call.state);
    VS_TRY(const attestation::SupposedRules supposed, attestation::suppose(call.state, question.what, now));
    const attestation::Rules before{.state = call.state, .references = references, .now = now};
    const attestation::Rules after{.state = supposed.state, .references = supposed.references, .now = now};

    const BootTime until = call.parts.clock.boot_now() + most_time;
    Findings findings;
    std::size_t looked_at = 0;
    json::Value next;
    for (auto at = call.state.enrolments.upper_bound(question.after); at != call.state.enrolments.end();
         ++at) {
        const inventory::Enrolment& enrolment = at->second;
        if (enrolment.state == inventory::EnrolmentState::approved) {
            VS_TRY_VOID(judge_host(call, enrolment, before, after, findings));
        }
        if (++looked_at < most_hosts && call.parts.clock.boot_now() < until)
            continue;
        if (std::next(at) != call.state.enrolments.end())
            next = json::Value(at->first);
        break;
    }
    return json::object({{"revision", call.state.revision},
                         {"enrolments", call.state.enrolments.size()},
                         {"looked_at", looked_at},
                         {"judged", findings.judged},
                         {"trusted_before", findings.trusted_before},
                         {"trusted_after", findings.trusted_after},
                         {"hosts", std::move(findings.hosts)},
                         {"unknown", std::move(findings.unknown)},
                         {"next", std::move(next)}});
}

constexpr std::array rows = {
    ServedOperation{"vouchsafe.enrolments", "evidence", get_evidence},
    ServedOperation{"vouchsafe.enrolments", "export_image", export_image},
    ServedOperation{"vouchsafe.policy", "get", get_policy},
    ServedOperation{"vouchsafe.policy", "what_if", what_if},
};

} // namespace

std::span<const ServedOperation> policy_operations() {
    return rows;
}

} // namespace vouchsafe::authority

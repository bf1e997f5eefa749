#include "attestation/judgement.h"

#include "attestation/log_position.h"
#include "crypto/digest.h"
#include "tpm/public_area.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <span>
#include <utility>
#include <variant>

namespace vouchsafe::attestation {

namespace {

using inventory::RevocationKind;

std::optional<std::string> digest_of(const std::optional<Buffer>& log) {
    if (!log)
        return std::nullopt;
    return to_hex(crypto::sha256(*log));
}

tpm::ClockInfo clock_of(const inventory::Counters& counters) {
    return {.clock = counters.clock,
            .reset_count = counters.reset,
            .restart_count = counters.restart,
            .safe = true};
}

// Text of one PCR in the policy bank; empty when it was not quoted.
std::string pcr_text(const ProvenHost& host, unsigned pcr) {
    const auto bank = host.quote.pcrs().find(host.challenge.policy_bank);
    if (bank == host.quote.pcrs().end())
        return {};
    const auto value = bank->second.find(pcr);
    return value == bank->second.end() ? std::string() : to_hex(value->second);
}

bool is_roca_key(Bytes public_area) {
    const auto area = tpm::parse_public_area(public_area);
    const auto* const rsa = area ? std::get_if<tpm::RsaArea>(&area->key) : nullptr;
    return rsa != nullptr && appraisal::has_roca_fingerprint(rsa->modulus);
}

struct Claim {
    std::string_view code;
    bool holds;
    std::string_view message;
};

Reasons failed(std::span<const Claim> checks) {
    Reasons out;
    for (const Claim& claim : checks)
        if (!claim.holds)
            out.push_back(reason(claim.code, std::string(claim.message)));
    return out;
}

template <class T> std::optional<Bytes> view(const std::optional<T>& bytes) {
    if (!bytes)
        return std::nullopt;
    return Bytes(*bytes);
}

} // namespace

appraisal::QuotedPcrs quoted_pcrs(const tpm::VerifiedQuote& quote) {
    appraisal::QuotedPcrs out;
    for (const auto& [bank, values] : quote.pcrs())
        for (const auto& [pcr, value] : values)
            out.banks[to_algorithm(bank)][pcr] = value;
    return out;
}

protocol::Reason reason(std::string_view code, std::string message, std::string hint) {
    return {.code = std::string(code),
            .message = std::move(message),
            .event = std::nullopt,
            .expected = {},
            .hint = std::move(hint)};
}

Reasons check_logs(const ProvenHost& host, const protocol::Evidence& evidence) {
    const protocol::LogDigests& logs = host.statement.logs;
    return failed(std::array{
        Claim{"statement.firmware_log",
              logs.firmware == digest_of(evidence.firmware_log),
              "the firmware log sent is not the one in the statement"},
        Claim{"statement.ima_log",
              logs.ima == digest_of(evidence.ima_log),
              "the IMA list sent is not the one in the statement"},
        Claim{"statement.userspace_log",
              logs.userspace == digest_of(evidence.userspace_log),
              "the userspace log sent is not the one in the statement"},
    });
}

Reasons check_statement(const ProvenHost& host, const protocol::Evidence& evidence, std::string_view anchor) {
    const protocol::Statement& statement = host.statement;
    Reasons out = failed(std::array{
        Claim{"statement.purpose",
              statement.purpose == host.challenge.purpose,
              "the statement was made for another purpose than the challenge"},
        Claim{"statement.anchor",
              statement.anchor == anchor,
              "the host trusts another authority cluster: its anchor is not this cluster's"},
        Claim{"statement.host", statement.host == host.challenge.host, "the statement is about another host"},
        Claim{"statement.release_key",
              statement.release_key == evidence.release_key.thumbprint(),
              "the release key sent is not the one in the statement"},
    });
    std::ranges::move(check_logs(host, evidence), std::back_inserter(out));
    return out;
}

Reasons check_revocations(const ProvenHost& host, const inventory::AuthorityState& state) {
    const inventory::TpmModel& tpm = host.challenge.endorsement.tpm;

    struct Check {
        std::string_view code;
        RevocationKind kind;
        std::string value;
        std::string_view what;
    };

    const std::array checks = {
        Check{"revoked.host", RevocationKind::host, host.challenge.host.text, "this host"},
        Check{"revoked.ek", RevocationKind::ek, host.challenge.ek_digest, "the endorsement key of this host"},
        Check{"revoked.ak", RevocationKind::ak, host.ak_name, "the attestation key of this host"},
        Check{"revoked.tpm_model",
              RevocationKind::tpm_model,
              tpm.manufacturer + "/" + tpm.model + "/" + tpm.firmware_version,
              "this model of TPM"},
        Check{"revoked.firmware", RevocationKind::firmware, pcr_text(host, 0), "the firmware of this host"},
    };
    Reasons out;
    for (const Check& check : checks)
        if (state.is_revoked(check.kind, check.value))
            out.push_back(reason(check.code, "an administrator revoked " + std::string(check.what)));
    return out;
}

protocol::Reason endorsement_reason(std::string_view code) {
    if (code == "endorsement.no_certificate")
        return reason(code,
                      "the TPM shows no certificate of its endorsement key, and the settings require one",
                      "register the endorsement key and set require_certificate_validation to false, if such "
                      "TPMs are to be trusted");
    if (code == "endorsement.certificate")
        return reason(code,
                      "the certificate of the endorsement key leads to no TPM CA that was imported",
                      "import the CA certificate of the TPM's maker");
    if (code == "endorsement.expired")
        return reason(code,
                      "the certificate of the endorsement key, or a CA certificate on its way, has expired",
                      "if the machine is known, register its endorsement key: expiry does not matter then");
    if (code == "endorsement.not_registered")
        return reason(code,
                      "the endorsement key is not registered any more, and the settings require it",
                      "import the endorsement key, or approve the host again");
    return reason(code,
                  "the endorsement key has no certificate that holds, and it is not registered",
                  "import the endorsement key, or the CA certificate of the TPM's maker");
}

Reasons
check_endorsement(const ProvenHost& host, const inventory::Settings& settings, const References& references) {
    Reasons out;
    if (host.challenge.endorsement.failure)
        out.push_back(endorsement_reason(*host.challenge.endorsement.failure));
    if (lacks_registration(settings, references, host.challenge.ek_digest))
        out.push_back(endorsement_reason("endorsement.not_registered"));
    return out;
}

std::vector<appraisal::TpmFault> tpm_faults(const ProvenHost& host, const appraisal::WeakTpms& list) {
    std::vector<appraisal::TpmFault> out;
    const auto version = appraisal::tpm_version(host.quote.firmware_version());
    for (const appraisal::TpmFault* const fault :
         list.faults_of(host.challenge.endorsement.tpm.manufacturer, version))
        out.push_back(*fault);
    // An EK is made once, an AK stays: both may be older than the firmware.
    const bool factorable = is_roca_key(host.challenge.ek_public) || is_roca_key(host.challenge.ak_public);
    if (factorable && out.empty())
        out.push_back({.title = "ROCA: a key that was made by faulty firmware and can be factored",
                       .advisories = {"CVE-2017-15361"},
                       .manufacturer = host.challenge.endorsement.tpm.manufacturer,
                       .firmware = {}});
    return out;
}

Reasons check_tpm(const ProvenHost& host, const std::vector<appraisal::TpmFault>& faults) {
    const std::string firmware =
        appraisal::version_text(appraisal::tpm_version(host.quote.firmware_version()));
    Reasons out;
    for (const appraisal::TpmFault& fault : faults) {
        std::string advisories;
        for (const std::string& advisory : fault.advisories)
            advisories.append(advisories.empty() ? "" : ", ").append(advisory);
        std::string what = "the TPM (";
        what.append(fault.manufacturer).append(", firmware ").append(firmware);
        what.append(") has a published fault: ").append(fault.title);
        what.append(" (").append(advisories).append(")");
        out.push_back(
            reason("tpm.weak",
                   std::move(what),
                   "update the TPM's firmware and clear the TPM; keys that the faulty firmware made, "
                   "the endorsement key among them, stay weak"));
    }
    return out;
}

Reasons check_boot(const ProvenHost& host,
                   const std::optional<inventory::HostObservation>& last,
                   const appraisal::Appraisal& appraisal) {
    if (!last || !last->counters || !last->boot_id || last->counters->reset != counters_of(host).reset ||
        *last->boot_id == host.statement.boot_id || appraisal.unsafe_kexec)
        return {};
    return {reason("boot.kexec",
                   "another kernel runs than the one that was measured: the boot id changed, but the TPM was "
                   "not reset",
                   "restart the host through its firmware")};
}

bool same_boot(const ProvenHost& host, const std::optional<inventory::HostObservation>& last) {
    return last && last->counters && last->boot_id && last->counters->reset == counters_of(host).reset &&
           last->ak_name == host.ak_name;
}

std::optional<inventory::PendingEntries>
pending_entries(const ProvenHost& host,
                const appraisal::Appraisal& appraisal,
                const std::optional<inventory::HostObservation>& last,
                SysTime now) {
    const auto covered = static_cast<std::int64_t>(appraisal.ima_end.entries);
    if (same_boot(host, last) && last->ima_pending && covered < last->ima_pending->count)
        return last->ima_pending;
    if (appraisal.ima_pending == 0)
        return std::nullopt;
    return inventory::PendingEntries{.count = covered + static_cast<std::int64_t>(appraisal.ima_pending),
                                     .since = now};
}

Reasons check_pending(const std::optional<inventory::PendingEntries>& pending, SysTime now) {
    if (!pending || now - pending->since < pending_life)
        return {};
    return {reason("ima.pending",
                   "entries of the IMA list were sent more than " + std::to_string(pending_life.count()) +
                       " minutes ago, and the TPM's quotes still do not cover them",
                   "restart the host: its kernel lists what it did not extend into the TPM")};
}

std::optional<inventory::FirmwarePin> firmware_of(const ProvenHost& host, std::string version) {
    if (!host.quote.pcrs().contains(host.challenge.policy_bank))
        return std::nullopt;
    return inventory::FirmwarePin{
        .pcr0 = pcr_text(host, 0), .pcr2 = pcr_text(host, 2), .version = std::move(version)};
}

inventory::Counters counters_of(const ProvenHost& host) {
    const tpm::ClockInfo& clock = host.quote.clock();
    return {.reset = clock.reset_count, .restart = clock.restart_count, .clock = clock.clock};
}

tpm::Continuity continuity(const ProvenHost& host,
                           const inventory::Enrolment& enrolment,
                           const std::optional<inventory::HostObservation>& last) {
    tpm::Continuity out = tpm::Continuity::same_boot;
    for (const auto& counters :
         {enrolment.counters, last ? last->counters : std::optional<inventory::Counters>{}}) {
        if (!counters)
            continue;
        out = tpm::compare_counters(clock_of(*counters), host.quote.clock());
        if (out == tpm::Continuity::went_back)
            break;
    }
    return out;
}

appraisal::Appraisal appraise_boot(const AppraisalQuestion& question) {
    const appraisal::QuotedPcrs quoted = quoted_pcrs(question.host.quote);
    const auto& facts = question.evidence.facts;
    const auto command_line = facts.find("command_line");
    const auto& pin = question.enrolment.firmware;
    const auto sets = question.references.firmware.find(
        std::string(crypto::to_string(question.host.challenge.policy_bank)));
    return appraisal::appraise(
        {.quoted = quoted,
         .policy_bank = to_algorithm(question.host.challenge.policy_bank),
         .firmware_log = view(question.evidence.firmware_log),
         .ima_log = view(question.evidence.ima_log),
         .ima_start = start_of(question.host.challenge.ima_start),
         .userspace_log = view(question.evidence.userspace_log),
         .command_line = command_line == facts.end() ? std::nullopt : std::optional(command_line->second),
         .images = question.references.images->images,
         .image_index = &*question.references.images->index,
         .host_groups = question.enrolment.groups,
         .firmware_pin = pin ? to_pin(*pin) : std::nullopt,
         .firmware_sets = sets == question.references.firmware.end()
                              ? std::span<const appraisal::SetFirmware>()
                              : std::span(sets->second),
         .firmware_rule = question.settings.unsafe_ignore_firmware ? appraisal::FirmwareRule::unsafe_ignore
                                                                   : appraisal::FirmwareRule::pinned,
         .revoked_files = question.references.revoked_files,
         .now = question.now});
}

Reasons to_reasons(const std::vector<appraisal::Reason>& reasons) {
    Reasons out;
    for (const appraisal::Reason& from :
         std::span(reasons).first(std::min(reasons.size(), protocol::max_reasons))) {
        protocol::Reason to = reason(from.code, from.message, from.hint);
        if (from.event)
            to.event = protocol::ReasonEvent{.index = static_cast<std::int64_t>(from.event->index),
                                             .pcr = from.event->pcr,
                                             .type = from.event->type,
                                             .digest = from.event->digest,
                                             .bank = from.event->bank,
                                             .description = from.event->description};
        for (const appraisal::Expected& expected : from.expected)
            to.expected.push_back(
                {.digest = expected.digest, .description = expected.description, .image = expected.image});
        out.push_back(std::move(to));
    }
    return out;
}

} // namespace vouchsafe::attestation

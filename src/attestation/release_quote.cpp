#include "attestation/release_quote.h"

#include "appraisal/appraise.h"
#include "attestation/log_position.h"
#include "attestation/proof.h"
#include "crypto/digest.h"

#include <array>
#include <string_view>
#include <utility>

namespace vouchsafe::attestation {

namespace {

constexpr std::string_view attest_again = ": attest again";

std::unexpected<Error> stale(std::string_view where, std::string detail) {
    return fail(Errc::untrusted, where, std::move(detail));
}

Result<const inventory::AcceptedQuote*> accepted_of(const ReleaseQuoteQuestion& question,
                                                    const Attested& attested) {
    const auto& last = attested.last;
    if (!last || !last->accepted || last->accepted->evidence_digest != question.token.evidence_digest)
        return stale("freshness.attested",
                     "what this host attested for its token is not what was accepted of it last" +
                         std::string(attest_again));
    return &*last->accepted;
}

/// As it was asked for: a bank without values was implemented and not allocated.
Result<tpm::PcrSelectionList> selection_of(const inventory::AcceptedQuote& accepted) {
    tpm::PcrSelectionList out;
    for (const inventory::PcrValues& bank : accepted.pcrs) {
        VS_TRY(const crypto::HashAlg hash, crypto::hash_alg_from_text(bank.bank));
        tpm::PcrSelection selection{.bank = hash, .bits = 0};
        for (const auto& [pcr, value] : bank.values)
            selection.bits |= 1U << pcr;
        out.push_back(selection);
    }
    return out;
}

Result<tpm::VerifiedQuote> verified(const ReleaseQuoteQuestion& question,
                                    const Attested& attested,
                                    const inventory::AcceptedQuote& accepted) {
    VS_TRY(const tpm::PcrSelectionList selection, selection_of(accepted));
    VS_TRY(const crypto::HashAlg policy_bank, crypto::hash_alg_from_text(attested.enrolment.bank));
    VS_TRY(const tpm::PcrValues values, values_of(question.quote.pcrs));
    const auto expected = protocol::qualifying_data(question.nonce, question.quote.statement);
    return tpm::verify_quote(
        {.attest = question.quote.attest, .signature = question.quote.signature, .values = values},
        attested.ak,
        {.qualifying_data = expected, .selection = selection, .policy_bank = policy_bank});
}

protocol::LogDigests sent_logs(const protocol::ReleaseQuote& quote) {
    protocol::LogDigests out;
    if (quote.ima_log)
        out.ima = to_hex(crypto::sha256(*quote.ima_log));
    return out;
}

Result<void> check_statement(const ReleaseQuoteQuestion& question, const inventory::AcceptedQuote& accepted) {
    const auto read = protocol::Statement::parse(question.quote.statement);
    if (!read)
        return stale("freshness.statement", read.error().where + ": " + read.error().detail);
    const protocol::Statement& statement = *read;

    struct Claim {
        std::string_view where;
        bool holds;
        std::string_view otherwise;
    };

    const protocol::ReleasePart part = statement.release.value_or(protocol::ReleasePart{});
    const std::array claims{
        Claim{"freshness.purpose",
              statement.purpose == protocol::QuotePurpose::release,
              "the quote was made for another purpose than a release"},
        Claim{"freshness.session",
              part.session == question.about.session,
              "the quote was made for another release session"},
        Claim{
            "freshness.request", part.request == question.about.request, "the quote was made for other keys"},
        Claim{
            "freshness.anchor", statement.anchor == question.state.anchor, "the host trusts another cluster"},
        Claim{"freshness.host", statement.host == question.token.host, "the quote is about another host"},
        Claim{"freshness.release_key",
              statement.release_key == question.token.release_key,
              "the quote names another release key than the token"},
        Claim{"freshness.boot",
              statement.boot_id == accepted.boot_id,
              "another kernel runs than the one that attested: attest again"},
        Claim{"freshness.log",
              statement.logs == sent_logs(question.quote),
              "the logs sent are not those that the quote covers"},
    };
    for (const Claim& claim : claims)
        if (!claim.holds)
            return stale(claim.where, std::string(claim.otherwise));
    return {};
}

Result<void> check_machine(const tpm::VerifiedQuote& quote, const inventory::AcceptedQuote& accepted) {
    if (tpm_firmware_of(quote) != accepted.tpm_firmware)
        return stale("freshness.firmware",
                     "the TPM has another firmware than it attested with" + std::string(attest_again));
    const tpm::ClockInfo before{.clock = accepted.counters.clock,
                                .reset_count = accepted.counters.reset,
                                .restart_count = accepted.counters.restart,
                                .safe = true};
    const tpm::Continuity continuity = tpm::compare_counters(before, quote.clock());
    if (continuity != tpm::Continuity::same_boot)
        return stale("freshness.counters",
                     "the TPM's counters are not those of the attestation (" +
                         std::string(tpm::to_string(continuity)) + ")" + std::string(attest_again));
    return {};
}

/// Empty where it is not quoted: a bank may have gone.
Buffer value_of(const tpm::VerifiedQuote& quote, std::string_view bank, std::uint32_t pcr) {
    const auto hash = crypto::hash_alg_from_text(bank);
    VS_CHECK(hash.has_value()); // selection_of has read it
    const auto values = quote.pcrs().find(*hash);
    if (values == quote.pcrs().end())
        return {};
    const auto value = values->second.find(pcr);
    return value == values->second.end() ? Buffer{} : value->second;
}

/// Whether IMA extends this PCR, and what it listed can be judged from a position.
bool may_go_on(const std::optional<appraisal::ImaPosition>& position,
               std::string_view bank,
               std::uint32_t pcr) {
    if (!position)
        return false;
    const auto values = position->values.find(to_algorithm(*crypto::hash_alg_from_text(bank)));
    return values != position->values.end() && values->second.contains(pcr);
}

Result<void> check_pcrs(const tpm::VerifiedQuote& quote,
                        const inventory::AcceptedQuote& accepted,
                        const std::optional<appraisal::ImaPosition>& position) {
    for (const inventory::PcrValues& bank : accepted.pcrs) {
        for (const auto& [pcr, value] : bank.values)
            if (!may_go_on(position, bank.bank, pcr) && value_of(quote, bank.bank, pcr) != value)
                return stale("freshness.pcr",
                             "PCR " + std::to_string(pcr) + " of " + bank.bank +
                                 " changed since the attestation" + std::string(attest_again));
    }
    return {};
}

Result<void> check_increment(const ReleaseQuoteQuestion& question,
                             const Attested& attested,
                             const tpm::VerifiedQuote& quote,
                             const std::optional<appraisal::ImaPosition>& position) {
    if (!position) {
        if (question.quote.ima_log)
            return stale("freshness.ima", "there is no position that the list could go on from");
        return {};
    }
    const appraisal::QuotedPcrs quoted = quoted_pcrs(quote);
    const appraisal::Appraisal found = appraisal::appraise_increment(
        {.quoted = quoted,
         .policy_bank = to_algorithm(*crypto::hash_alg_from_text(attested.enrolment.bank)),
         .ima_log = question.quote.ima_log ? std::optional<Bytes>(*question.quote.ima_log) : std::nullopt,
         .start = *position,
         .images = attested.references.images->images,
         .host_groups = attested.enrolment.groups,
         .revoked_files = attested.references.revoked_files,
         .now = question.now});
    if (found.reasons.empty())
        return {};
    const appraisal::Reason& first = found.reasons.front();
    return stale("freshness.ima", first.code + ": " + first.message);
}

} // namespace

std::string tpm_firmware_of(const tpm::VerifiedQuote& quote) {
    return to_hex(Writer().big(quote.firmware_version()).done());
}

inventory::AcceptedQuote accepted_quote(const ProvenHost& host) {
    inventory::AcceptedQuote out{.evidence_digest = host.evidence_digest,
                                 .counters = counters_of(host),
                                 .boot_id = host.statement.boot_id,
                                 .tpm_firmware = tpm_firmware_of(host.quote),
                                 .pcrs = {}};
    for (const tpm::PcrSelection& selection : host.quote.selection()) {
        inventory::PcrValues bank{.bank = std::string(crypto::to_string(selection.bank)), .values = {}};
        if (const auto values = host.quote.pcrs().find(selection.bank); values != host.quote.pcrs().end())
            bank.values = {values->second.begin(), values->second.end()};
        out.pcrs.push_back(std::move(bank));
    }
    return out;
}

Result<void> check_release_quote(const ReleaseQuoteQuestion& question, const Attested& attested) {
    VS_TRY(const inventory::AcceptedQuote* const accepted, accepted_of(question, attested));
    const auto quote = verified(question, attested, *accepted);
    if (!quote)
        return stale("freshness.quote", quote.error().where + ": " + quote.error().detail);
    VS_TRY_VOID(check_statement(question, *accepted));
    VS_TRY_VOID(check_machine(*quote, *accepted));
    const auto kept = attested.last->log_positions.find("ima");
    auto position =
        start_of(kept == attested.last->log_positions.end() ? std::nullopt : std::optional(kept->second));
    if (position && !position->can_go_on())
        position.reset();
    VS_TRY_VOID(check_pcrs(*quote, *accepted, position));
    return check_increment(question, attested, *quote, position);
}

} // namespace vouchsafe::attestation

#include "agent/attester.h"

#include "crypto/signature.h"
#include "eventlog/ima.h"
#include "inventory/enrolment.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/statement.h"
#include "tpm/public_area.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace vouchsafe::agent {

namespace {

// A log that grows at every quote is sent as it is; the authority judges what the quote covers.
constexpr unsigned quote_attempts = 4;
constexpr std::chrono::seconds challenge_limit{20};
constexpr std::chrono::seconds evidence_limit{50}; // a challenge lives for 60 s

Result<HostId> host_id_of(Bytes ek_public) {
    VS_TRY(const auto area, tpm::parse_public_area(ek_public));
    VS_TRY(const auto key, tpm::public_key_of(area));
    return inventory::host_id_from_ek(to_hex(crypto::sha256(crypto::spki_der(key))));
}

std::optional<std::string> digest_of(const std::optional<Buffer>& log) {
    if (!log)
        return std::nullopt;
    return to_hex(crypto::sha256(*log));
}

/// The selection as the TPM takes it. Its banks must be ones that this TPM has.
Result<tpm::PcrSelectionList> selection_of(const std::vector<protocol::BankSelection>& banks,
                                           const tpmdev::TpmFacts& facts) {
    tpm::PcrSelectionList out;
    for (const auto& [bank, pcrs] : banks) {
        VS_TRY(const auto hash, crypto::hash_alg_from_text(bank));
        if (std::ranges::find(facts.implemented_banks, hash) == facts.implemented_banks.end())
            return fail(Errc::malformed, "challenge.selection", "asks for a bank that the TPM has not");
        tpm::PcrSelection selection{.bank = hash, .bits = 0};
        for (const std::uint32_t pcr : pcrs) {
            if (pcr >= tpm::pcr_count)
                return fail(Errc::malformed, "challenge.selection", "asks for a PCR that no TPM has");
            selection.bits |= 1U << pcr;
        }
        out.push_back(selection);
    }
    return out;
}

std::vector<protocol::PcrBank> banks_of(const tpm::PcrValues& values) {
    std::vector<protocol::PcrBank> out;
    for (const auto& [hash, bank] : values)
        out.push_back({.bank = std::string(crypto::to_string(hash)), .values = {bank.begin(), bank.end()}});
    return out;
}

Result<json::Value>
exchange(Peer& peer, std::string_view target, const json::Value& body, std::chrono::milliseconds limit) {
    VS_TRY(auto answer, peer.post({.target = target, .body = json::canonical(body), .limit = limit}));
    VS_TRY(const Buffer bytes, expect_ok(std::move(answer)));
    return json::parse(as_text(bytes), {.bytes = protocol::max_evidence_answer_bytes});
}

} // namespace

/// What a quote is asked for; the logs come to it.
struct Attester::Ask {
    Bytes nonce;
    const std::vector<protocol::BankSelection>& selection;
    const crypto::EcPublicKey& release_key;
    std::int64_t ima_from = 0;                         ///< entries of the IMA list that are known
    std::optional<protocol::ReleasePart> release = {}; ///< absent: it is for an attestation
};

struct Attester::Quoted {
    std::string statement;
    crypto::Sha256Digest qualifying_data;
    tpmdev::QuoteAnswer quote;
    Logs logs;
};

Result<HostIdentity> identify(Tpm& tpm, const tpmdev::AttestationKeySeed& seed) {
    HostIdentity out;
    VS_TRY(out.tpm, tpm.facts());
    VS_TRY(out.endorsement, tpm.endorsement());
    VS_TRY(out.id, host_id_of(out.endorsement.ek_public));
    VS_TRY(out.ak_public, tpm.load_attestation_key(seed));
    return out;
}

Attester::Attester(Facts facts, HostIdentity identity, Tpm& tpm, Platform& platform)
    : facts_(std::move(facts)), identity_(std::move(identity)), tpm_(tpm), platform_(platform) {}

struct Attester::Round {
    Attested attested;
    bool whole = true; ///< nothing of a log was left out
};

Result<Attested> Attester::attest(Peer& authority) {
    VS_TRY(Round round, attest_once(authority));
    if (!round.whole && round.attested.answer.outcome != protocol::Outcome::trusted) {
        VS_TRY(round, attest_once(authority));
    }
    return std::move(round.attested);
}

Result<Attester::Round> Attester::attest_once(Peer& authority) {
    auto release_key = crypto::EcPrivateKey::generate();
    VS_TRY(const protocol::Challenge challenge, ask_challenge(authority));
    known_.clear(); // until there is an answer to go on from
    selection_ = challenge.selection;
    VS_TRY(const protocol::Evidence evidence, make_evidence(challenge, release_key.public_key()));
    VS_TRY(const json::Value answer,
           exchange(authority, protocol::evidence_path, evidence.to_json(), evidence_limit));
    VS_TRY(auto parsed, protocol::EvidenceAnswer::from_json(answer));
    known_ = parsed.log_positions;
    return Round{.attested = {.answer = std::move(parsed), .release_key = std::move(release_key)},
                 .whole = challenge.ima_from == 0};
}

Result<protocol::Challenge> Attester::ask_challenge(Peer& authority) const {
    protocol::ChallengeRequest request{
        .ek_public = identity_.endorsement.ek_public,
        .ek_certificates = identity_.endorsement.certificates,
        .ak_public = identity_.ak_public,
        .banks = {},
        .log_positions = known_,
        .documents = {"key-access", "reporting"},
        .label = facts_.label,
    };
    for (const crypto::HashAlg bank : identity_.tpm.implemented_banks)
        request.banks.emplace_back(crypto::to_string(bank));
    VS_TRY(const json::Value answer,
           exchange(authority, protocol::challenge_path, request.to_json(), challenge_limit));
    return protocol::Challenge::from_json(answer);
}

Result<Attester::Quoted> Attester::quote_over(const Ask& ask, Logs logs) {
    VS_TRY(std::string boot_id, platform_.boot_id());
    VS_TRY(const auto selection, selection_of(ask.selection, identity_.tpm));
    const protocol::Statement statement{
        .agent_version = facts_.agent_version,
        .anchor = facts_.anchor,
        .boot_id = std::move(boot_id),
        .host = identity_.id,
        .logs = {.firmware = digest_of(logs.firmware),
                 .ima = digest_of(logs.ima),
                 .userspace = digest_of(logs.userspace)},
        .release_key = ask.release_key.thumbprint(),
        .purpose = ask.release ? protocol::QuotePurpose::release : protocol::QuotePurpose::attest,
        .release = ask.release,
    };
    std::string text = statement.encode();
    const auto qualifying = protocol::qualifying_data(ask.nonce, text);
    VS_TRY(auto quoted, tpm_.quote(selection, qualifying));
    return Quoted{.statement = std::move(text),
                  .qualifying_data = qualifying,
                  .quote = std::move(quoted),
                  .logs = std::move(logs)};
}

Result<Logs> Attester::logs(const Ask& ask) const {
    VS_TRY(Logs out, platform_.logs());
    if (ask.ima_from > 0 && out.ima) {
        VS_TRY(out.ima, eventlog::ima_list_from(*out.ima, static_cast<std::size_t>(ask.ima_from)));
    }
    if (ask.release) { // only what is new counts, and of the other logs nothing may be
        out.firmware.reset();
        out.userspace.reset();
        if (ask.ima_from == 0)
            out.ima.reset();
    }
    return out;
}

Result<Attester::Quoted> Attester::quote(const Ask& ask) {
    VS_TRY(Logs before, logs(ask));
    for (unsigned attempt = 1;; ++attempt) {
        VS_TRY(Quoted quoted, quote_over(ask, std::move(before)));
        VS_TRY(Logs after, logs(ask));
        if (after == quoted.logs || attempt == quote_attempts)
            return quoted;
        before = std::move(after);
    }
}

Result<protocol::ReleaseQuote>
Attester::release_quote(Bytes nonce, protocol::ReleasePart about, const crypto::EcPublicKey& release_key) {
    if (selection_.empty())
        return fail(Errc::conflict, "freshness.attested", "this host has not attested");
    const auto known = known_.find("ima");
    VS_TRY(Quoted quoted,
           quote({.nonce = nonce,
                  .selection = selection_,
                  .release_key = release_key,
                  .ima_from = known == known_.end() ? 0 : known->second.count,
                  .release = std::move(about)}));
    if (quoted.logs.ima && quoted.logs.ima->size() > protocol::max_ima_increment_bytes)
        return fail(
            Errc::too_large, "freshness.increment", "too much was listed in IMA since the attestation");
    return protocol::ReleaseQuote{.attest = std::move(quoted.quote.attest),
                                  .signature = std::move(quoted.quote.signature),
                                  .pcrs = banks_of(quoted.quote.values),
                                  .statement = std::move(quoted.statement),
                                  .ima_log = std::move(quoted.logs.ima)};
}

Result<protocol::Evidence> Attester::make_evidence(const protocol::Challenge& challenge,
                                                   const crypto::EcPublicKey& release_key) {
    std::optional<Secret> credential;
    if (challenge.credential) {
        VS_TRY(credential,
               tpm_.activate_credential(
                   {.blob = challenge.credential->blob, .secret = challenge.credential->secret}));
    }
    VS_TRY(Quoted quoted,
           quote({.nonce = challenge.nonce,
                  .selection = challenge.selection,
                  .release_key = release_key,
                  .ima_from = challenge.ima_from}));
    protocol::Evidence evidence{
        .state = challenge.state,
        .activation = {},
        .attest = std::move(quoted.quote.attest),
        .signature = std::move(quoted.quote.signature),
        .pcrs = banks_of(quoted.quote.values),
        .statement = std::move(quoted.statement),
        .release_key = release_key,
        .firmware_log = std::move(quoted.logs.firmware),
        .ima_log = std::move(quoted.logs.ima),
        .userspace_log = std::move(quoted.logs.userspace),
        .facts = {{"tpm_manufacturer", identity_.tpm.manufacturer},
                  {"tpm_model", identity_.tpm.model},
                  {"firmware_version", identity_.tpm.firmware_version}},
    };
    if (credential)
        evidence.activation = to_buffer(protocol::activation_proof(*credential, quoted.qualifying_data));
    return evidence;
}

} // namespace vouchsafe::agent

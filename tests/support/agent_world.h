// An authority cluster, a TPM and a clock in memory: what tests of the agent start from. The
// authority is the real protocol with a simple judge: it does what the test says, and checks what came.
#pragma once

#include "agent/attester.h"
#include "agent/peer.h"
#include "agent/trust.h"
#include "base/clock.h"
#include "crypto/x509.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/challenge.h"
#include "protocol/evidence.h"
#include "protocol/release_session.h"
#include "protocol/statement.h"
#include "tests/support/counting_random.h"
#include "tests/support/software_tpm.h"
#include "token/results.h"
#include "token/services.h"
#include "tpm/quote.h"

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::test {

struct TestClock final : Clock {
    SysTime time = from_seconds(1'800'000'000);

    SysTime now() const override { return time; }

    BootTime boot{3'600'000};

    BootTime boot_now() const override { return boot; }
};

struct FakeTpm final : agent::Tpm {
    SoftwareTpm tpm;
    bool broken = false;

    Result<tpmdev::TpmFacts> facts() override {
        return tpmdev::TpmFacts{.manufacturer = "IBM",
                                .model = "SW TPM",
                                .firmware_version = "1.2.3.4",
                                .implemented_banks = {crypto::HashAlg::sha1, crypto::HashAlg::sha256},
                                .allocated = {{.bank = crypto::HashAlg::sha256, .bits = 0xffffff}}};
    }

    Result<tpmdev::Endorsement> endorsement() override {
        return tpmdev::Endorsement{.ek_public = tpm::encode(tpm.ek_area()), .certificates = {}};
    }

    Result<Buffer> load_attestation_key(const tpmdev::AttestationKeySeed&) override {
        return tpm::encode(tpm.ak_area());
    }

    Result<Secret> activate_credential(const tpm::Credential& credential) override {
        return tpm.activate(credential);
    }

    Result<tpmdev::QuoteAnswer> quote(const tpm::PcrSelectionList& selection, Bytes qualifying) override {
        if (broken)
            return fail(Errc::internal, "tpm.quote", "the TPM is in failure mode");
        auto quoted = tpm.quote(selection, qualifying);
        return tpmdev::QuoteAnswer{.attest = std::move(quoted.attest),
                                   .signature = std::move(quoted.signature),
                                   .values = std::move(quoted.values)};
    }
};

struct FakePlatform final : agent::Platform {
    agent::Logs now{.firmware = Buffer{1, 2, 3}, .ima = Buffer{4, 5}, .userspace = {}};
    unsigned still_growing = 0; ///< how many more times the IMA list is longer at the next look

    Result<agent::Logs> logs() override {
        agent::Logs out = now;
        if (still_growing > 0) {
            --still_growing;
            now.ima->push_back(6);
        }
        return out;
    }

    Result<std::string> boot_id() override { return "3f2504e0-4f89-41d3-9a0c-0305e82c3300"; }
};

/// A cluster of authority hosts with one mind; each has a session key of its own.
class FakeAuthority final : public agent::AuthorityDialer {
public:
    explicit FakeAuthority(const Clock& clock) : clock_(clock) {}

    // What the test decides.
    protocol::Outcome outcome = protocol::Outcome::trusted;
    std::vector<protocol::Reason> reasons;
    std::chrono::minutes life{30};
    std::set<std::string> down;               ///< hosts that do not answer
    std::set<std::string> strangers_at;       ///< hosts that know nobody: 403
    std::deque<std::string> release_refusals; ///< codes with which the next operations are refused
    std::deque<std::string> message_errors;   ///< ids of errors with which the next messages are answered
    std::int64_t known_entries = 0;           ///< of the IMA list: what it asks for and answers with
    std::set<KeyProviderId> strict;           ///< providers that want a quote
    bool forged_session = false;              ///< sessions are signed by a key that nobody certified

    // What came.
    std::vector<std::string> dialled;
    std::vector<protocol::ChallengeRequest> requests;
    std::vector<protocol::Statement> statements;
    std::vector<protocol::Evidence> evidence;
    std::vector<std::string> problems; ///< what was wrong with it
    unsigned sessions = 0;
    std::vector<protocol::Operation> operations;
    std::vector<protocol::ReleaseQuote> quotes; ///< that came with them

    std::string anchor() const { return token::anchor_of(root_.public_key()); }

    std::string group() const { return token::group_of(anchor()); }

    json::Value services(std::int64_t version,
                         const std::vector<std::string>& hosts = {"authority-1"}) const {
        const auto times = token::times_from(clock_.now(), std::chrono::days(365));
        std::vector<std::string> certificates{certified(services_, token::KeyUse::services, "authority-1")};
        token::ServicesInformation information{.anchor = anchor(),
                                               .group = group(),
                                               .cluster = "trust-authority",
                                               .version = version,
                                               .hosts = {},
                                               .id = "s-" + std::to_string(version),
                                               .times = times};
        for (const std::string& host : hosts) {
            information.hosts.push_back({{host}, host + ".localhost", 8443});
            certificates.push_back(certified(session_, token::KeyUse::session, host));
        }
        return token::services_document(root_certificate_,
                                        certificates,
                                        token::issue_services_information(services_, information).value());
    }

    Result<std::unique_ptr<agent::Peer>> dial(const token::ServiceHost& host,
                                              const crypto::Certificate& root) override {
        dialled.push_back(host.id.text);
        VS_CHECK(root == root_certificate_);
        return std::make_unique<Line>(*this, host.id.text);
    }

private:
    struct Line final : agent::Peer {
        Line(FakeAuthority& to_authority, std::string at_host)
            : authority(to_authority), host(std::move(at_host)) {}

        Result<agent::PeerAnswer> post(agent::PeerRequest request) override {
            return authority.answer(host, request);
        }

        FakeAuthority& authority;
        std::string host;
    };

    static agent::PeerAnswer ok(std::string_view body) {
        return {.status = 200, .body = to_buffer(as_bytes(body))};
    }

    static agent::PeerAnswer error(int status, const std::string& id) {
        const json::Value body = json::object(
            {{"error_type", "ERROR"},
             {"messages",
              json::array({json::object(
                  {{"id", id}, {"default_message", "refused: " + id}, {"args", json::Array{}}})})}});
        return {.status = status, .body = to_buffer(as_bytes(json::canonical(body)))};
    }

    Result<agent::PeerAnswer> answer(const std::string& host, const agent::PeerRequest& request) {
        if (down.contains(host))
            return fail(Errc::unavailable, "net.connect", "connection refused");
        if (strangers_at.contains(host))
            return error(403, "refused");
        if (request.target == protocol::challenge_path)
            return answer_challenge(request.body);
        if (request.target == protocol::evidence_path)
            return answer_evidence(request.body);
        if (request.target == protocol::session_path)
            return answer_session(host, request.body);
        VS_CHECK(request.target == protocol::release_path && request.content_type == "application/jose");
        return answer_message(request.body);
    }

    Result<agent::PeerAnswer> answer_challenge(const std::string& body) {
        VS_TRY(const json::Value value, json::parse(body));
        VS_TRY(const auto request, protocol::ChallengeRequest::from_json(value));
        requests.push_back(request);
        VS_TRY(const auto ek_area, tpm::parse_public_area(request.ek_public));
        VS_TRY(const auto ek, tpm::EndorsementKey::from(ek_area));
        VS_TRY(const auto ak_area, tpm::parse_public_area(request.ak_public));
        ak_ = tpm::AttestationKey::from(ak_area).value();
        credential_secret_ = random_.secret(32);
        VS_TRY(const auto credential, tpm::make_credential(ek, ak_->name(), credential_secret_, random_));
        nonce_ = random_.bytes(protocol::nonce_size);
        protocol::Challenge challenge{.state = {1, 2, 3},
                                      .nonce = nonce_,
                                      .selection = {},
                                      .credential =
                                          protocol::CredentialChallenge{credential.blob, credential.secret}};
        if (request.log_positions.contains("ima"))
            challenge.ima_from = known_entries;
        selection_.clear();
        for (const std::string& bank : request.banks) {
            challenge.selection.push_back({.bank = bank, .pcrs = {0, 4, 7, 11}});
            selection_.push_back({.bank = crypto::hash_alg_from_text(bank).value(), .bits = 0x891});
        }
        return ok(json::canonical(challenge.to_json()));
    }

    Result<agent::PeerAnswer> answer_evidence(const std::string& body) {
        VS_TRY(const json::Value value, json::parse(body, protocol::evidence_limits));
        VS_TRY(auto sent, protocol::Evidence::from_json(value));
        VS_TRY(auto statement, protocol::Statement::parse(sent.statement));
        const auto qualifying = protocol::qualifying_data(nonce_, sent.statement);
        tpm::PcrValues values;
        for (const auto& [bank, pcrs] : sent.pcrs)
            values[crypto::hash_alg_from_text(bank).value()] = {pcrs.begin(), pcrs.end()};
        const auto quote = tpm::verify_quote(
            {.attest = sent.attest, .signature = sent.signature, .values = values},
            *ak_,
            {.qualifying_data = qualifying, .selection = selection_, .policy_bank = crypto::HashAlg::sha256});
        if (!quote)
            problems.push_back(quote.error().where);
        if (!sent.activation ||
            !same_bytes(*sent.activation, protocol::activation_proof(credential_secret_, qualifying)))
            problems.emplace_back("activation");
        if (statement.release_key != sent.release_key.thumbprint())
            problems.emplace_back("release_key");
        if (statement.logs.ima != to_hex(crypto::sha256(*sent.ima_log)))
            problems.emplace_back("ima");
        protocol::EvidenceAnswer out = judge(statement);
        statements.push_back(std::move(statement));
        evidence.push_back(std::move(sent));
        return ok(json::canonical(out.to_json()));
    }

    protocol::EvidenceAnswer judge(const protocol::Statement& statement) {
        protocol::EvidenceAnswer out{.outcome = outcome,
                                     .reasons = reasons,
                                     .key_access_token = {},
                                     .reporting_token = "reporting",
                                     .expires = clock_.now() + life,
                                     .epoch = 1};
        if (outcome == protocol::Outcome::trusted && known_entries > 0)
            out.log_positions["ima"] = {.count = known_entries, .values = {{"sha256", "aa"}}};
        if (outcome == protocol::Outcome::trusted)
            out.key_access_token = token::issue_key_access(token_,
                                                           {.group = group(),
                                                            .host = statement.host,
                                                            .id = "t-" + std::to_string(statements.size()),
                                                            .times = token::times_from(clock_.now(), life),
                                                            .release_key = statement.release_key,
                                                            .tier = token::Tier::affirming,
                                                            .vector = {.executables = 2},
                                                            .base_image = {"1.0"},
                                                            .ek_digest = std::string(64, 'e'),
                                                            .ak_name = "000b" + std::string(64, '7'),
                                                            .reset_count = 1,
                                                            .restart_count = 0,
                                                            .epoch = 1,
                                                            .revision = 1,
                                                            .evidence_digest = std::string(64, 'd'),
                                                            .executables = token::Executables::boot_image,
                                                            .lab = false})
                                       .value();
        return out;
    }

    Result<agent::PeerAnswer> answer_session(const std::string& host, const std::string& body) {
        VS_TRY(const json::Value value, json::parse(body));
        VS_TRY(const auto request, protocol::SessionRequest::from_json(value));
        const auto token =
            token::verify_key_access(request.token, group(), {token_.public_key()}, clock_.now());
        if (!token)
            return error(401, token.error().where);
        const auto forger = crypto::EcPrivateKey::generate();
        VS_TRY(auto opened,
               protocol::AuthoritySession::open({.token = *token,
                                                 .request = request,
                                                 .group = group(),
                                                 .authority_host = {host},
                                                 .session_key = forged_session ? forger : session_,
                                                 .expires = clock_.now() + std::chrono::minutes(60)},
                                                random_));
        ++sessions;
        nonces_[opened.session.id()] = opened.session.first_nonce();
        live_.insert_or_assign(opened.session.id(), std::move(opened.session));
        return ok(json::canonical(opened.answer.to_json()));
    }

    Result<agent::PeerAnswer> answer_message(const std::string& message) {
        if (!message_errors.empty()) {
            const std::string id = message_errors.front();
            message_errors.pop_front();
            return error(404, id);
        }
        VS_TRY(const auto claimed, protocol::SealedMessage::parse(message));
        const std::string& id = claimed.session();
        protocol::AuthoritySession& session = live_.at(id);
        VS_TRY(const auto opened, session.open_request(claimed, clock_.now()));
        VS_TRY(const auto request, opened.plain.expose([](Bytes text) {
            return protocol::ReleaseRequest::parse(as_text(text));
        }));
        const std::string quote_refused = judge_quote(request, id);
        protocol::ReleaseAnswer out{.results = {}, .nonce = random_.bytes(protocol::nonce_size)};
        nonces_[id] = out.nonce;
        for (const auto& operation : request.operations)
            out.results.push_back(carry_out(operation, quote_refused));
        VS_TRY(const std::string sealed, session.seal_answer(opened, random_, out.encode()));
        return ok(sealed);
    }

    /// The code with which strict providers refuse the request; empty when its quote holds.
    std::string judge_quote(const protocol::ReleaseRequest& request, const std::string& session) {
        if (!request.quote)
            return "gate.freshness";
        const protocol::ReleaseQuote& quote = *request.quote;
        quotes.push_back(quote);
        const auto statement = protocol::Statement::parse(quote.statement);
        const protocol::ReleasePart about{.request = request.digest(), .session = session};
        if (!statement || statement->release != about ||
            statement->logs.ima.has_value() != quote.ima_log.has_value())
            return "freshness.statement";
        const auto qualifying = protocol::qualifying_data(nonces_.at(session), quote.statement);
        tpm::PcrValues values;
        for (const auto& [bank, pcrs] : quote.pcrs)
            values[crypto::hash_alg_from_text(bank).value()] = {pcrs.begin(), pcrs.end()};
        const auto verified = tpm::verify_quote(
            {.attest = quote.attest, .signature = quote.signature, .values = values},
            *ak_,
            {.qualifying_data = qualifying, .selection = selection_, .policy_bank = crypto::HashAlg::sha256});
        return verified ? "" : "freshness.quote";
    }

    protocol::OperationResult carry_out(const protocol::Operation& operation,
                                        const std::string& quote_refused) {
        operations.push_back(operation);
        if (strict.contains(protocol::provider_of(operation)) && !quote_refused.empty())
            return protocol::ReleaseRefusal{
                .error_type = "UNAUTHORIZED", .code = quote_refused, .message = "no"};
        if (!release_refusals.empty()) {
            const std::string code = release_refusals.front();
            release_refusals.pop_front();
            return protocol::ReleaseRefusal{.error_type = "UNAUTHORIZED", .code = code, .message = "no"};
        }
        if (std::holds_alternative<protocol::GenerateKey>(operation)) {
            Buffer blob = random_.bytes(20);
            const Secret& key =
                keys_.insert_or_assign(blob, random_.secret(protocol::key_size)).first->second;
            return protocol::ReleasedKey{.ciphertext = std::move(blob), .key = key.clone()};
        }
        const auto found = keys_.find(*protocol::blob_of(operation));
        if (found == keys_.end())
            return protocol::ReleaseRefusal{
                .error_type = "UNAUTHORIZED", .code = "gate.blob", .message = "no"};
        if (std::holds_alternative<protocol::RewrapKey>(operation)) {
            Buffer blob = random_.bytes(20);
            keys_.insert_or_assign(blob, found->second.clone());
            return protocol::RewrappedKey{.ciphertext = std::move(blob)};
        }
        return protocol::ReleasedKey{.ciphertext = {}, .key = found->second.clone()};
    }

    std::string certified(const crypto::EcPrivateKey& key, token::KeyUse use, const std::string& host) const {
        return token::issue_key_certificate(
                   root_,
                   {.host = {host},
                    .use = use,
                    .key = key.public_key(),
                    .id = "k-1",
                    .times = token::times_from(clock_.now(), std::chrono::days(365))})
            .value();
    }

    const Clock& clock_;
    CountingRandom random_;
    crypto::EcPrivateKey root_ = crypto::EcPrivateKey::generate();
    crypto::EcPrivateKey services_ = crypto::EcPrivateKey::generate();
    crypto::EcPrivateKey token_ = crypto::EcPrivateKey::generate();
    crypto::EcPrivateKey session_ = crypto::EcPrivateKey::generate();
    crypto::Certificate root_certificate_ =
        crypto::make_ca_certificate(root_,
                                    "root",
                                    {.not_before = clock_.now() - std::chrono::days(1),
                                     .not_after = clock_.now() + std::chrono::days(365)});
    Buffer nonce_;
    tpm::PcrSelectionList selection_;
    std::optional<tpm::AttestationKey> ak_;
    Secret credential_secret_;
    std::map<std::string, protocol::AuthoritySession> live_;
    std::map<std::string, Buffer> nonces_; ///< by session
    std::map<Buffer, Secret> keys_;
};

} // namespace vouchsafe::test

// One authority host, one approved host and one key provider in memory: what tests and benchmarks of
// releases start from. Everything is public, so that a test can spoil exactly one thing.
#pragma once

#include "base/clock.h"
#include "keyprovider/kmip_key_server.h"
#include "keyprovider/release.h"
#include "protocol/release_session.h"
#include "tests/support/kmip_server.h"
#include "tests/support/prompt_audit.h"
#include "tests/support/stepped_clock.h"
#include "token/results.h"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::test {

/// Different bytes at every call, the same in every run.
struct CountingRandom final : Random {
    std::uint32_t state = 1;

    void fill(std::span<std::uint8_t> out) override {
        for (auto& byte : out) {
            state = state * 1'664'525U + 1'013'904'223U;
            byte = static_cast<std::uint8_t>(state >> 24U);
        }
    }
};

struct MemoryAudit final : PromptAudit {
    struct Line {
        std::string kind;
        json::Object fields;
    };

    std::vector<Line> lines;
    bool full = false;
    std::function<void()> after_append = [] {};
    std::atomic<int> flushes = 0;

    void flush() override { ++flushes; }

    void submit(std::string_view kind, json::Object fields, audit::Recorded then) override {
        if (full)
            return then(fail(Errc::unavailable, "audit.full"));
        lines.push_back({std::string(kind), std::move(fields)});
        after_append();
        then(audit::AuditReceipt{.sequence = std::ssize(lines), .digest = {}});
    }

    std::vector<std::string> kinds() const {
        std::vector<std::string> out;
        for (const Line& line : lines)
            out.push_back(line.kind);
        return out;
    }
};

/// Hands out one KmipServer under as many names as the provider has servers.
struct MemoryConnector final : keyprovider::KmipConnector {
    struct Forward final : kmip::Transport {
        explicit Forward(KmipServer& to_server) : to(to_server) {}

        Result<Buffer> exchange(Bytes request, kmip::Deadline deadline) override {
            return to.exchange(request, deadline);
        }

        KmipServer& to;
    };

    std::map<std::string, KmipServer> servers; ///< by hostname; others cannot be reached
    std::function<void()> meanwhile{};         ///< what somebody else does during the next connection

    Result<std::unique_ptr<kmip::Transport>> connect(const inventory::Provider&,
                                                     const inventory::KmipServer& server) override {
        if (const auto other = std::exchange(meanwhile, {}))
            other();
        const auto found = servers.find(server.address.hostname);
        if (found == servers.end())
            return fail(Errc::unavailable, "net.connect");
        return std::make_unique<Forward>(found->second);
    }

    std::string username{}; ///< with the password "p4ssw0rd"; empty: no credential

    Result<std::optional<kmip::Credential>> credential(const inventory::Provider&) override {
        if (username.empty())
            return std::nullopt;
        return kmip::Credential{.username = username, .password = Secret(as_bytes("p4ssw0rd"))};
    }

    kmip::Deadline deadline(const inventory::Provider&) override { return kmip::Deadline::max(); }

    int answers_left = -1; ///< so many more servers are asked before the operation's time is over; -1: no end

    Result<kmip::Deadline> answer_deadline(const inventory::Provider&, kmip::Deadline operation) override {
        if (answers_left == 0)
            return fail(Errc::timed_out, "key_server.deadline");
        if (answers_left > 0)
            --answers_left;
        return operation;
    }
};

/// Says of quotes what the test tells it to, and keeps what it was asked.
struct ToldQuotes final : keyprovider::QuoteVerifier {
    struct Asked {
        protocol::ReleaseQuote quote;
        Buffer nonce;
        protocol::ReleasePart about;
        std::string token;
    };

    Result<void> verdict;
    std::vector<Asked> asked;

    Result<void> verify(const keyprovider::QuoteQuestion& question) override {
        asked.push_back({.quote = question.quote,
                         .nonce = to_buffer(question.nonce),
                         .about = question.about,
                         .token = question.token.id});
        return verdict;
    }
};

inline const protocol::ReleaseQuote some_quote{
    .attest = {1}, .signature = {2}, .pcrs = {}, .statement = "{}", .ima_log = {}};

inline const std::string provider_uid(32, 'b');
inline const HostId host_id{"h-" + std::string(32, '1')};
inline const protocol::Context key_context{.key_id = std::string(32, 'c'),
                                           .vm = {"01234567-89ab-4cde-8f01-23456789abcd"}};

inline inventory::AuthorityState make_state() {
    inventory::AuthorityState state;
    state.group = std::string(32, 'a');
    state.images["1.0"] = {.version = {"1.0"}, .display_name = "image", .digest = "", .document = {}};
    state.enrolments[host_id.text] = {.host = host_id,
                                      .label = "host one",
                                      .ek_digest = std::string(64, 'e'),
                                      .ek_public = {},
                                      .ek_certificate = {},
                                      .ca = {},
                                      .lab = false,
                                      .ak_name = "000b" + std::string(64, '7'),
                                      .ak_public = {},
                                      .tpm = {.manufacturer = "IBM", .model = "sw", .firmware_version = "1"},
                                      .bank = "sha256",
                                      .firmware = inventory::FirmwarePin{std::string(64, '0'), "", ""},
                                      .counters = {},
                                      .state = inventory::EnrolmentState::approved,
                                      .groups = {"blue"},
                                      .created = {},
                                      .changed = {}};
    inventory::Provider provider;
    provider.name = "gold";
    provider.uid = provider_uid;
    provider.generations = {{.number = 1, .primary_key = "pk-1"}, {.number = 2, .primary_key = "pk-2"}};
    provider.servers = {{.name = "first", .address = {.hostname = "kms-1", .port = 5696}}};
    state.providers["gold"] = std::move(provider);
    state.epoch = 7;
    state.revision = 40;
    return state;
}

class ReleaseHouse final : public keyprovider::AuthorityView {
public:
    SteppedClock clock;
    CountingRandom random;
    MemoryAudit audit;
    MemoryConnector connector;
    inventory::AuthorityState authority = make_state(); ///< copied at every look
    bool lease = true;

    crypto::EcPrivateKey token_key = crypto::EcPrivateKey::generate();
    crypto::EcPrivateKey session_key = crypto::EcPrivateKey::generate();
    crypto::EcPrivateKey release_key = crypto::EcPrivateKey::generate();
    AuthorityHostId self{"authority-1"};

    keyprovider::KmipKeyServer key_server{connector, clock, random};
    keyprovider::PrimaryKeyCache keys{key_server, clock, random};
    keyprovider::GenerationUses uses;
    keyprovider::Quotas quotas;
    ToldQuotes quotes;
    keyprovider::ReleaseService service{{.self = self, .session_key = session_key.clone()},
                                        {.authority = *this,
                                         .keys = keys,
                                         .uses = uses,
                                         .quotas = quotas,
                                         .quotes = quotes,
                                         .audit = audit,
                                         .clock = clock,
                                         .random = random}};

    ReleaseHouse() {
        kmip().keys["pk-1"] = {.material = Buffer(32, 0x11)};
        kmip().keys["pk-2"] = {.material = Buffer(32, 0x22)};
    }

    KmipServer& kmip() { return connector.servers["kms-1"]; }

    std::shared_ptr<const inventory::AuthorityState> state() const override {
        return std::make_shared<const inventory::AuthorityState>(authority);
    }

    std::shared_ptr<const token::KeySet> token_keys() const override {
        return std::make_shared<const token::KeySet>(token::KeySet{token_key.public_key()});
    }

    bool lease_valid(BootTime) const override { return lease; }

    inventory::Provider& provider() { return authority.providers.at("gold"); }

    inventory::Enrolment& enrolment() { return authority.enrolments.at(host_id.text); }

    /// Good claims; issue() makes the token.
    token::KeyAccess claims() const {
        const inventory::Enrolment& enrolled = authority.enrolments.at(host_id.text);
        return {.group = authority.group,
                .host = host_id,
                .id = "token-1",
                .times = token::times_from(clock.time, std::chrono::minutes{30}),
                .release_key = release_key.public_key().thumbprint(),
                .tier = token::Tier::affirming,
                .vector = {.executables = 2},
                .base_image = {"1.0"},
                .ek_digest = enrolled.ek_digest,
                .ak_name = *enrolled.ak_name,
                .reset_count = 1,
                .restart_count = 0,
                .epoch = authority.epoch,
                .revision = authority.revision,
                .evidence_digest = std::string(64, 'd'),
                .executables = token::Executables::boot_image,
                .lab = false};
    }

    std::string issue(const token::KeyAccess& token) const {
        return *token::issue_key_access(token_key, token);
    }

    token::VerifiedKeyAccess verified(const token::KeyAccess& token) const {
        return *token::verify_key_access(issue(token), authority.group, *token_keys(), clock.time);
    }

    protocol::SessionRequest session_request(const token::KeyAccess& token) {
        return {.token = issue(token),
                .release_key = release_key.public_key(),
                .host_random = random.bytes(protocol::host_random_size)};
    }

    /// The host's end of a session that was opened.
    Result<protocol::HostSession> open(const token::KeyAccess& token) {
        const protocol::SessionRequest request = session_request(token);
        VS_TRY(const protocol::SessionAnswer answer, service.open_session(request));
        const token::KeySet session_keys{session_key.public_key()};
        return protocol::HostSession::open({.release_key = release_key,
                                            .request = request,
                                            .answer = answer,
                                            .group = authority.group,
                                            .authority_host = self,
                                            .session_keys = session_keys,
                                            .now = clock.time});
    }

    /// The service's answer to a sealed request: this house's audit writes at once.
    Result<std::string> answer_to(std::string_view message) {
        VS_TRY(keyprovider::OpenRelease request, service.open(message));
        service.decide(request);
        std::optional<keyprovider::RecordedRelease> on_record;
        service.record(std::move(request), [&](auto recorded) { on_record = std::move(recorded); });
        VS_CHECK(on_record.has_value());
        return service.answer(*std::move(on_record));
    }

    Result<protocol::ReleaseAnswer> ask(protocol::HostSession& session,
                                        std::vector<protocol::Operation> operations,
                                        std::optional<protocol::ReleaseQuote> quote = {}) {
        const protocol::ReleaseRequest request{.operations = std::move(operations),
                                               .quote = std::move(quote)};
        VS_TRY(const protocol::SealedRequest sealed, session.seal(random, request.encode()));
        VS_TRY(const std::string answer, answer_to(sealed.text));
        VS_TRY(const Secret plain, session.open_answer(sealed, answer));
        return protocol::ReleaseAnswer::parse(plain);
    }
};

} // namespace vouchsafe::test

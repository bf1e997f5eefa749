// What the Attestation Service costs in one process: everything but network, disk and JSON of the transport.
#include "attestation/service.h"
#include "bench/generated_boot.h"
#include "crypto/signature.h"
#include "json/parse.h"
#include "json/write.h"
#include "store/authority_database.h"
#include "tests/support/attestation_house.h"
#include "tests/support/prompt_audit.h"
#include "tests/support/test_directory.h"
#include "token/results.h"
#include "tpm/quote.h"

#include <benchmark/benchmark.h>

#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace vouchsafe::bench {
namespace {

using test::AttestationHouse;
using test::AttestedMachine;

struct NoAudit final : test::PromptAudit {
    void submit(std::string_view, json::Object, audit::Recorded then) override {
        then(audit::AuditReceipt{.sequence = 1, .digest = {}});
    }
};

/// The state as it is now, made once: the house makes a copy for each question.
struct FixedAuthority final : attestation::Authority {
    explicit FixedAuthority(const inventory::AuthorityState& now)
        : fixed(std::make_shared<const inventory::AuthorityState>(now)) {}

    State state() const override { return fixed; }

    Result<State> commit(inventory::Change) override { return fail(Errc::conflict, "bench"); }

    State fixed;
};

/// An approved host that has booted the generated boot, and `images` base images, the first of them its own.
struct EnrolledHost {
    explicit EnrolledHost(std::int64_t images = 1) {
        machine.boot_into(generated_boot());
        house.import_image(machine.boot, "booted");
        const auto other = generated_boot({}, "other");
        for (std::int64_t i = 1; i < images; ++i)
            house.import_image(other, "other-" + std::to_string(i));
        house.enrol(machine);
        authority = std::make_unique<FixedAuthority>(house.history.state);
        service = std::make_unique<attestation::AttestationService>(
            house.config(),
            attestation::AttestationParts{*authority, house.records, audit, house.clock, house.random});
    }

    protocol::Challenge challenge() const {
        auto reply = service->challenge(machine.request());
        VS_CHECK(reply.answer.has_value());
        return *std::move(reply.answer);
    }

    std::string evidence() {
        machine.tpm.clock.clock += 1;
        return json::canonical(
            machine.evidence(challenge(), machine.statement(house.history.anchor)).to_json());
    }

    AttestedMachine machine;
    AttestationHouse house;
    NoAudit audit;
    std::unique_ptr<FixedAuthority> authority;
    std::unique_ptr<attestation::AttestationService> service;
};

protocol::Evidence read_evidence(const std::string& body) {
    const auto document = json::parse(body, protocol::evidence_limits);
    VS_CHECK(document.has_value());
    auto evidence = protocol::Evidence::from_json(*document);
    VS_CHECK(evidence.has_value());
    return *std::move(evidence);
}

void make_challenge(benchmark::State& state) {
    EnrolledHost host;
    for (auto _ : state)
        benchmark::DoNotOptimize(host.challenge());
}

BENCHMARK(make_challenge);

void read_evidence(benchmark::State& state) {
    EnrolledHost host;
    const std::string body = host.evidence();
    for (auto _ : state)
        benchmark::DoNotOptimize(read_evidence(body));
    state.counters["bytes"] = static_cast<double>(body.size());
}

BENCHMARK(read_evidence);

/// The answer to one evidence as a value, from the quote's signature to both tokens.
void judge_evidence(benchmark::State& state) {
    EnrolledHost host(state.range(0));
    for (auto _ : state) {
        state.PauseTiming(); // a challenge is answered once
        const std::string body = host.evidence();
        const protocol::Evidence evidence = read_evidence(body);
        state.ResumeTiming();
        const auto reply = host.service->evidence(evidence, as_bytes(body));
        VS_CHECK(reply.answer && reply.answer->outcome == protocol::Outcome::trusted);
    }
}

BENCHMARK(judge_evidence)->Arg(1)->Arg(100);

/// One service on its real database, and a host for each thread.
struct SharedService {
    SharedService() {
        for (const char* const name : {"a", "b"}) {
            machines.emplace_back(name).boot_into(generated_boot());
            if (machines.size() == 1)
                house.import_image(machines.front().boot, "booted");
            house.enrol(machines.back());
        }
        authority.emplace(house.history.state);
        service.emplace(
            house.config(),
            attestation::AttestationParts{*authority, database->records(), audit, house.clock, house.random});
    }

    void attest(std::size_t thread) {
        AttestedMachine& machine = machines.at(thread);
        machine.tpm.clock.clock += 1;
        auto reply = service->challenge(machine.request());
        VS_CHECK(reply.answer.has_value());
        const std::string body = json::canonical(
            machine.evidence(*reply.answer, machine.statement(house.history.anchor)).to_json());
        const auto answer = service->evidence(read_evidence(body), as_bytes(body));
        VS_CHECK(answer.answer && answer.answer->outcome == protocol::Outcome::trusted);
    }

    std::deque<AttestedMachine> machines;
    AttestationHouse house;
    NoAudit audit;
    test::TestDirectory folder;
    std::unique_ptr<store::AuthorityDatabase> database =
        std::move(store::AuthorityDatabase::open(folder.path() + "/authority.db")).value();
    std::optional<FixedAuthority> authority;
    std::optional<attestation::AttestationService> service;
};

/// Whole attestations on so many threads, the hosts' software TPMs and JSON included; without network and
/// audit. Two threads should do nearly twice what one does.
void attest_in_parallel(benchmark::State& state) {
    static std::unique_ptr<SharedService> shared;
    if (state.thread_index() == 0)
        shared = std::make_unique<SharedService>();
    for (auto _ : state)
        shared->attest(static_cast<std::size_t>(state.thread_index()));
    state.SetItemsProcessed(state.iterations());
    if (state.thread_index() == 0)
        shared.reset();
}

BENCHMARK(attest_in_parallel)->Threads(1)->Threads(2)->UseRealTime();

void verify_quote_p256(benchmark::State& state) {
    AttestedMachine machine;
    machine.boot_into(generated_boot());
    const Buffer qualifying(32, 0x11);
    const tpm::PcrSelectionList selection{{.bank = crypto::HashAlg::sha1, .bits = 0xFFFF},
                                          {.bank = crypto::HashAlg::sha256, .bits = 0xFFFF},
                                          {.bank = crypto::HashAlg::sha384, .bits = 0xFFFF}};
    const auto quote = machine.tpm.quote(selection, qualifying);
    const tpm::AttestationKey ak = machine.tpm.ak();
    for (auto _ : state)
        VS_CHECK(
            tpm::verify_quote({.attest = quote.attest, .signature = quote.signature, .values = quote.values},
                              ak,
                              {.qualifying_data = qualifying,
                               .selection = selection,
                               .policy_bank = crypto::HashAlg::sha256})
                .has_value());
}

BENCHMARK(verify_quote_p256);

void verify_rsa_2048(benchmark::State& state) {
    const auto key =
        crypto::public_key_from_spki_der(test::read_vector("crypto/signatures/rsa-2048.spki.der"));
    const Buffer message = test::read_vector("crypto/signatures/message.txt");
    const Buffer signature = test::read_vector("crypto/signatures/rsa-2048.rsassa-sha256.sig");
    for (auto _ : state)
        VS_CHECK(crypto::verify_rsa(std::get<crypto::RsaPublicKey>(*key),
                                    crypto::RsaScheme::pkcs1,
                                    crypto::HashAlg::sha256,
                                    message,
                                    signature)
                     .has_value());
}

BENCHMARK(verify_rsa_2048);

void verify_ek_chain(benchmark::State& state) {
    const Buffer der = test::read_vector("attestation/ek-a.der");
    const auto anchors = crypto::certificates_from_pem(as_text(test::read_vector("attestation/ek-ca.pem")));
    const SysTime now = from_seconds(1'800'000'000);
    for (auto _ : state) {
        const auto leaf = crypto::Certificate::from_der(der, crypto::Padding::tolerated);
        VS_CHECK(crypto::verify_chain({.leaf = *leaf,
                                       .intermediates = *anchors,
                                       .anchors = *anchors,
                                       .now = now,
                                       .purpose = crypto::Purpose::ek})
                     .has_value());
    }
}

BENCHMARK(verify_ek_chain);

token::KeyAccess claims_of(const crypto::EcPrivateKey& release_key) {
    const SysTime now = from_seconds(1'800'000'000);
    return {.group = std::string(32, 'a'),
            .host = {"h-" + std::string(32, 'b')},
            .id = "3f2504e0-4f89-41d3-9a0c-0305e82c3300",
            .times = token::times_from(now, std::chrono::minutes(30)),
            .release_key = release_key.public_key().thumbprint(),
            .tier = token::Tier::affirming,
            .vector = {.instance_identity = 2, .configuration = 2, .executables = 3, .hardware = 2},
            .base_image = {"booted"},
            .ek_digest = std::string(64, 'c'),
            .ak_name = "000b" + std::string(64, 'd'),
            .reset_count = 7,
            .restart_count = 0,
            .epoch = 1,
            .revision = 12,
            .evidence_digest = std::string(64, 'e'),
            .executables = token::Executables::boot_image,
            .weak_tpm = false,
            .lab = false};
}

void issue_token(benchmark::State& state) {
    const auto key = crypto::EcPrivateKey::generate();
    const token::KeyAccess claims = claims_of(crypto::EcPrivateKey::generate());
    for (auto _ : state)
        VS_CHECK(token::issue_key_access(key, claims).has_value());
}

BENCHMARK(issue_token);

void verify_token(benchmark::State& state) {
    const auto key = crypto::EcPrivateKey::generate();
    const token::KeyAccess claims = claims_of(crypto::EcPrivateKey::generate());
    const auto text = token::issue_key_access(key, claims);
    token::KeySet keys;
    keys.add(key.public_key());
    for (auto _ : state)
        VS_CHECK(token::verify_key_access(*text, claims.group, keys, claims.times.issued).has_value());
}

BENCHMARK(verify_token);

} // namespace
} // namespace vouchsafe::bench

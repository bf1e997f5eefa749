// What the agent adds to the quote: a whole attestation round, from challenge to tokens, beside the quote
// alone.
//
// A whole-process benchmark: it starts swtpm, without a resource manager, and vouchsafe-authorityd on
// loopback, and is the agent itself, on one warm connection. The firmware log is that of the other benchmarks
// (three banks, 112 records, 32 KB), replayed into the TPM. Quotes and rounds take turns, so that both see
// the same machine.
//
//   cmake --preset bench && ninja -C build/bench vs_agent_round vouchsafe-authorityd
//   VS_BIN=build/bench/bin build/bench/bench/vs_agent_round [ROUNDS]
#include "agent/attester.h"
#include "agent/https_peer.h"
#include "appraisal/base_image.h"
#include "bench/generated_boot.h"
#include "eventlog/firmware.h"
#include "tests/support/authority_process.h"
#include "tests/support/swtpm.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::bench {
namespace {

constexpr std::string_view endorsement_keys =
    "vcenter.trusted_infrastructure.trust_authority_clusters.attestation.tpm2.endorsement_keys";

/// The machine as if it had booted so; it has no IMA list.
struct Booted final : agent::Platform {
    explicit Booted(test::RecordedBoot of) : boot(std::move(of)) {}

    Result<agent::Logs> logs() override {
        return agent::Logs{.firmware = boot.firmware_log, .ima = std::nullopt, .userspace = std::nullopt};
    }

    Result<std::string> boot_id() override { return "3f2504e0-4f89-41d3-9a0c-0305e82c3300"; }

    void replay_into(tpmdev::TpmDevice& device) const {
        const auto log = eventlog::parse_firmware_log(boot.firmware_log);
        VS_CHECK(log.has_value());
        for (const eventlog::Event& event : log->events) {
            std::vector<std::pair<crypto::HashAlg, Buffer>> digests;
            for (const eventlog::Digest& digest : event.digests)
                digests.emplace_back(
                    tpm::to_hash(static_cast<tpm::AlgId>(std::to_underlying(digest.algorithm))).value(),
                    to_buffer(digest.value));
            if (event.extends())
                VS_CHECK(device.extend(event.pcr, digests).has_value());
        }
    }

    test::RecordedBoot boot;
};

/// The TPM's maker is trusted, its EK registered, what it booted a base image.
void admit(test::AuthorityProcess& authority,
           const test::Swtpm& swtpm,
           const agent::HostIdentity& host,
           const Booted& booted) {
    const json::Value cluster(authority.cluster());
    const json::Value chain = json::object({{"cert_chain", json::array({json::Value(swtpm.ca_pem())})}});
    authority.must(
        test::service::cas,
        "create",
        {{"cluster", cluster}, {"spec", json::object({{"name", "swtpm"}, {"cert_chain", chain}})}});
    const auto certificate =
        crypto::Certificate::from_der(host.endorsement.certificates.at(0), crypto::Padding::tolerated);
    authority.must(endorsement_keys,
                   "create",
                   {{"cluster", cluster},
                    {"spec", json::object({{"name", "agent"}, {"certificate", certificate->pem()}})}});
    authority.must(
        test::service::images,
        "import_from_imgdb",
        {{"cluster", cluster}, {"imgdb", to_base64(appraisal::encode(image_of(booted.boot, "booted")))}});
}

double milliseconds_of(const std::function<void()>& once) {
    const auto begin = std::chrono::steady_clock::now();
    once();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
    const auto middle = values.begin() + std::ssize(values) / 2;
    std::ranges::nth_element(values, middle);
    return *middle;
}

void run(int rounds) {
    test::AuthorityProcess authority;
    authority.claim();
    const test::Swtpm swtpm("--banks sha1,sha256,sha384 --p256");
    Booted booted(generated_boot());
    tpmdev::TpmDevice device = swtpm.open();
    booted.replay_into(device);
    const auto tpm = agent::make_tpm(std::make_shared<tpmdev::TpmDevice>(std::move(device)));
    const tpmdev::AttestationKeySeed seed{.unique = Secret(as_bytes(std::string(64, 'u'))),
                                          .auth = Secret(as_bytes(std::string(32, 'a')))};
    auto identity = agent::identify(*tpm, seed);
    VS_CHECK(identity.has_value());
    admit(authority, swtpm, *identity, booted);

    const token::VerifiedServices services = authority.services();
    net::Cancellation cancellation;
    const auto peer = agent::make_authority_dialer({.resolve = {}, .cancellation = &cancellation})
                          ->dial(services.hosts().front(), services.root());
    VS_CHECK(peer.has_value());
    agent::Attester attester({.anchor = authority.anchor(), .label = "bench", .agent_version = "bench"},
                             *std::move(identity),
                             *tpm,
                             booted);
    const auto attest = [&] {
        const auto attested = attester.attest(**peer);
        VS_CHECK(attested && attested->answer.outcome == protocol::Outcome::trusted);
    };
    const tpm::PcrSelectionList selection{{.bank = crypto::HashAlg::sha1, .bits = 0xFFFF},
                                          {.bank = crypto::HashAlg::sha256, .bits = 0xFFFF},
                                          {.bank = crypto::HashAlg::sha384, .bits = 0xFFFF}};
    const auto quote = [&] { VS_CHECK(tpm->quote(selection, Buffer(32, 0x11)).has_value()); };
    attest(); // enrols; connections, caches

    std::vector<double> quotes;
    std::vector<double> attestations;
    for (int i = 0; i < rounds; ++i) {
        quotes.push_back(milliseconds_of(quote));
        attestations.push_back(milliseconds_of(attest));
    }
    std::printf(
        "%d rounds, medians: the quote and its PCRs %.2f ms, the whole round %.2f ms, so %.2f ms besides\n",
        rounds,
        median(quotes),
        median(attestations),
        median(attestations) - median(quotes));
}

} // namespace
} // namespace vouchsafe::bench

int main(int argc, char** argv) {
    vouchsafe::bench::run(argc > 1 ? std::max(1, std::atoi(argv[1])) : 300);
}

// One authority host's Attestation Service and one machine with a TPM in memory: what tests of attestation
// start from. Everything is public, so that a test can spoil exactly one thing.
#pragma once

#include "appraisal/base_image.h"
#include "attestation/service.h"
#include "crypto/random.h"
#include "crypto/x509.h"
#include "eventlog/firmware.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/release_quote.h"
#include "protocol/statement.h"
#include "tests/support/authority_history.h"
#include "tests/support/inventory_fakes.h"
#include "tests/support/prompt_audit.h"
#include "tests/support/recorded_boot.h"
#include "tests/support/software_tpm.h"
#include "tests/support/vector_file.h"
#include "token/results.h"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::test {

/// A machine that booted what was recorded, and the agent on it. `name` is "a" or "b".
struct AttestedMachine {
    explicit AttestedMachine(const std::string& name = "a", const std::string& booted = "uki")
        : tpm(ek_key(name)), certificates({read_vector("attestation/ek-" + name + ".der")}) {
        boot_into(booted);
    }

    AttestedMachine(crypto::EcPrivateKey ek, std::vector<Buffer> ek_certificates, RecordedBoot booted)
        : tpm(std::move(ek)), certificates(std::move(ek_certificates)) {
        boot_into(std::move(booted));
    }

    static crypto::EcPrivateKey ek_key(const std::string& name) {
        auto key =
            crypto::EcPrivateKey::from_secret_der(Secret(read_vector("attestation/ek-" + name + ".key")));
        VS_CHECK(key.has_value());
        return *std::move(key);
    }

    /// PCRs and logs of a recorded boot; counters and boot id stay.
    void boot_into(const std::string& booted) { boot_into(load_boot(booted)); }

    void boot_into(RecordedBoot booted) {
        boot = std::move(booted);
        tpm.pcrs.clear();
        for (const auto& [algorithm, values] : boot.pcrs) {
            const auto bank = tpm::to_hash(static_cast<tpm::AlgId>(std::to_underlying(algorithm)));
            tpm.pcrs[*bank] = tpm::PcrBank(values.begin(), values.end());
        }
    }

    /// What a reset of the machine does to TPM and kernel.
    void restart() {
        tpm.clock.reset_count += 1;
        tpm.clock.restart_count = 0;
        tpm.clock.clock += 10'000;
        boot_id.back() = static_cast<char>('0' + tpm.clock.reset_count % 10);
    }

    std::string ek_digest() const { return to_hex(crypto::sha256(tpm.ek_key().spki_der())); }

    HostId host() const { return *inventory::host_id_from_ek(ek_digest()); }

    std::string ak_name() const { return to_hex(tpm.ak().name()); }

    protocol::ChallengeRequest request() const {
        return {.ek_public = tpm::encode(tpm.ek_area()),
                .ek_certificates = certificates,
                .ak_public = tpm::encode(tpm.ak_area()),
                .banks = {"sha1", "sha256", "sha384"},
                .log_positions = known,
                .documents = {"key-access", "reporting"},
                .label = "machine"};
    }

    protocol::Statement statement(std::string anchor) const {
        const auto digest = [](Bytes log) { return to_hex(crypto::sha256(log)); };
        return {.agent_version = "0.1.0",
                .anchor = std::move(anchor),
                .boot_id = boot_id,
                .host = host(),
                .logs = {.firmware = digest(boot.firmware_log),
                         .ima = digest(boot.ima_log),
                         .userspace = std::nullopt},
                .release_key = release_key.public_key().thumbprint(),
                .purpose = protocol::QuotePurpose::attest,
                .release = std::nullopt};
    }

    /// The evidence for a challenge and a statement; everything true.
    protocol::Evidence evidence(const protocol::Challenge& challenge,
                                const protocol::Statement& statement) const {
        const std::string text = statement.encode();
        const auto expected = protocol::qualifying_data(challenge.nonce, text);
        tpm::PcrSelectionList asked;
        for (const protocol::BankSelection& bank : challenge.selection) {
            tpm::PcrSelection one{.bank = *crypto::hash_alg_from_text(bank.bank), .bits = 0};
            for (const std::uint32_t pcr : bank.pcrs)
                one.bits |= 1U << pcr;
            asked.push_back(one);
        }
        const SoftwareTpm::SignedQuote quote = tpm.quote(asked, expected);
        protocol::Evidence out{.state = challenge.state,
                               .activation = std::nullopt,
                               .attest = quote.attest,
                               .signature = quote.signature,
                               .pcrs = {},
                               .statement = text,
                               .release_key = release_key.public_key(),
                               .firmware_log = boot.firmware_log,
                               .ima_log = boot.ima_log,
                               .userspace_log = std::nullopt,
                               .facts = {{"command_line", boot.command_line}}};
        out.pcrs = banks_of(quote.values);
        if (challenge.credential)
            if (const auto secret = tpm.activate(
                    {.blob = challenge.credential->blob, .secret = challenge.credential->secret}))
                out.activation = to_buffer(protocol::activation_proof(*secret, expected));
        return out;
    }

    /// For a release request that sends this much of the IMA list.
    protocol::Statement release_statement(std::string anchor,
                                          protocol::ReleasePart about,
                                          const std::optional<Buffer>& ima_log = {}) const {
        protocol::Statement out = statement(std::move(anchor));
        out.logs = {};
        if (ima_log)
            out.logs.ima = to_hex(crypto::sha256(*ima_log));
        out.purpose = protocol::QuotePurpose::release;
        out.release = std::move(about);
        return out;
    }

    /// The quote for a release request, with the selection of every challenge.
    protocol::ReleaseQuote release_quote(Bytes nonce,
                                         const protocol::Statement& statement,
                                         std::optional<Buffer> ima_log = {}) const {
        constexpr std::uint32_t every = 0xFFFF;
        const std::string text = statement.encode();
        const SoftwareTpm::SignedQuote quote = tpm.quote({{.bank = crypto::HashAlg::sha1, .bits = every},
                                                          {.bank = crypto::HashAlg::sha256, .bits = every},
                                                          {.bank = crypto::HashAlg::sha384, .bits = every}},
                                                         protocol::qualifying_data(nonce, text));
        return {.attest = quote.attest,
                .signature = quote.signature,
                .pcrs = banks_of(quote.values),
                .statement = text,
                .ima_log = std::move(ima_log)};
    }

    static std::vector<protocol::PcrBank> banks_of(const tpm::PcrValues& values) {
        std::vector<protocol::PcrBank> out;
        for (const auto& [bank, pcrs] : values)
            out.push_back({.bank = std::string(crypto::to_string(bank)),
                           .values = std::map<std::uint32_t, Buffer>(pcrs.begin(), pcrs.end())});
        return out;
    }

    SoftwareTpm tpm;
    std::vector<Buffer> certificates;
    RecordedBoot boot;
    crypto::EcPrivateKey release_key = crypto::EcPrivateKey::generate();
    std::map<std::string, protocol::KnownPosition> known; ///< as the last answer gave it
    std::string boot_id = "3f2504e0-4f89-41d3-9a0c-0305e82c3300";
};

class AttestationHouse {
public:
    struct TestClock final : Clock {
        SysTime now() const override { return time; }

        BootTime boot_now() const override { return boot; }

        SysTime time = from_seconds(1'800'000'000);
        BootTime boot{3'600'000};
    };

    struct Audit final : PromptAudit {
        void submit(std::string_view kind, json::Object fields, audit::Recorded then) override {
            if (full)
                return then(fail(Errc::conflict, "audit.full"));
            lines.emplace_back(kind, std::move(fields));
            then(audit::AuditReceipt{.sequence = static_cast<std::int64_t>(lines.size()), .digest = {}});
        }

        std::vector<std::pair<std::string, json::Object>> lines;
        bool full = false;
    };

    struct Authority final : attestation::Authority {
        explicit Authority(AuthorityHistory& of) : history(of) {}

        State state() const override {
            return std::make_shared<const inventory::AuthorityState>(history.state);
        }

        Result<State> commit(inventory::Change change) override {
            if (broken)
                return fail(Errc::conflict, "change_log.revision");
            VS_TRY_VOID(history.add(std::move(change)));
            return state();
        }

        AuthorityHistory& history;
        bool broken = false;
    };

    /// The CA of the machines is imported, and an image of the boot "uki".
    AttestationHouse() {
        import_ca("ek");
        import_image("uki");
    }

    /// The same with an image of this boot alone.
    AttestationHouse(const RecordedBoot& boot, appraisal::SecureBootRule secure_boot) {
        import_ca("ek");
        import_image(boot, "reference", secure_boot);
    }

    void import_ca(const std::string& name) {
        const auto chain =
            crypto::certificates_from_pem(as_text(read_vector("attestation/" + name + "-ca.pem")));
        VS_CHECK(chain.has_value());
        inventory::CaCertificate ca{.name = name, .chain = {}, .lab = true};
        for (const crypto::Certificate& certificate : *chain)
            ca.chain.push_back(certificate.pem());
        history.must(inventory::CaImport{.ca = std::move(ca)});
    }

    void import_image(const std::string& booted) { import_image(load_boot(booted), booted); }

    void import_image(const RecordedBoot& boot,
                      const std::string& version,
                      appraisal::SecureBootRule secure_boot = appraisal::SecureBootRule::required) {
        import_image(image_of(boot, version, secure_boot));
    }

    void import_image(const appraisal::BaseImage& image) {
        auto document = json::parse(as_text(appraisal::encode(image)));
        VS_CHECK(document.has_value());
        history.must(inventory::ImageImport{.document = *std::move(document)});
    }

    static appraisal::BaseImage
    image_of(const RecordedBoot& boot,
             const std::string& version,
             appraisal::SecureBootRule secure_boot = appraisal::SecureBootRule::required) {
        const auto log = eventlog::parse_firmware_log(boot.firmware_log);
        VS_CHECK(log.has_value());
        auto image = appraisal::derive(*log,
                                       {.banks = boot.pcrs},
                                       {.version = ImageVersion{version},
                                        .display_name = version,
                                        .vendor = "test",
                                        .not_before = std::nullopt,
                                        .not_after = std::nullopt,
                                        .host_groups = {},
                                        .secure_boot = secure_boot,
                                        .command_line = boot.command_line});
        VS_CHECK(image.has_value());
        return *std::move(image);
    }

    /// An image of that boot that covers userspace by IMA, and approves these files (SHA-256).
    void import_ima_image(const std::string& booted, const std::vector<Buffer>& files) {
        appraisal::BaseImage image = image_of(load_boot(booted), "ima");
        image.userspace = appraisal::Userspace::ima;
        image.ima.emplace().digests = appraisal::FileDigests::of({{appraisal::Algorithm::sha256, files}});
        import_image(image);
    }

    void register_ek(const AttestedMachine& machine) {
        history.must(inventory::EndorsementKeyImport{.key = {.name = "ek-" + machine.host().text,
                                                             .ek_digest = machine.ek_digest(),
                                                             .public_key = std::nullopt,
                                                             .certificate = std::nullopt}});
    }

    /// As an administrator does: what was observed last is what holds from now on.
    void approve(const AttestedMachine& machine) {
        const inventory::HostObservation& seen = records.by_host.at(machine.host().text);
        history.must(inventory::EnrolmentApprove{.host = machine.host(),
                                                 .label = "machine",
                                                 .ak_name = seen.ak_name.value(),
                                                 .ak_public = seen.ak_public.value(),
                                                 .firmware = seen.firmware,
                                                 .counters = seen.counters,
                                                 .groups = {}});
    }

    void revoke(inventory::RevocationKind kind, std::string value) {
        history.must(inventory::RevocationAdd{
            .revocation = {.kind = kind, .value = std::move(value), .reason = "test"}});
    }

    protocol::Challenge challenge(const AttestedMachine& machine) {
        auto reply = service.challenge(machine.request());
        VS_CHECK(reply.answer.has_value());
        return *std::move(reply.answer);
    }

    attestation::EvidenceReply send(const protocol::Evidence& evidence) {
        return service.evidence(evidence, as_bytes(json::canonical(evidence.to_json())));
    }

    /// A whole attestation, everything true.
    attestation::EvidenceReply attest(const AttestedMachine& machine) {
        return send(machine.evidence(challenge(machine), machine.statement(history.anchor)));
    }

    /// The outcome of one, which must be no stranger's.
    protocol::EvidenceAnswer must_attest(const AttestedMachine& machine) {
        auto reply = attest(machine);
        VS_CHECK(reply.answer.has_value());
        return *std::move(reply.answer);
    }

    /// Enrols and approves the machine.
    void enrol(const AttestedMachine& machine) {
        VS_CHECK(must_attest(machine).outcome == protocol::Outcome::pending);
        approve(machine);
    }

    const inventory::Enrolment& enrolment(const AttestedMachine& machine) const {
        const auto* const found = history.state.enrolment(machine.host());
        VS_CHECK(found != nullptr);
        return *found;
    }

    attestation::AttestationConfig config() const {
        return {.self = AuthorityHostId{"authority-1"},
                .token_key = token_key.clone(),
                .report_key = report_key.clone(),
                .weak_tpms = &weak_tpms};
    }

    appraisal::WeakTpms weak_tpms = appraisal::weak_tpms();

    crypto::EcPrivateKey token_key = crypto::EcPrivateKey::generate();
    crypto::EcPrivateKey report_key = crypto::EcPrivateKey::generate();
    AuthorityHistory history;
    Authority authority{history};
    MemoryAuthorityRecords records;
    Audit audit;
    TestClock clock;
    crypto::SystemRandom random;
    attestation::AttestationParts parts{authority, records, audit, clock, random};
    attestation::AttestationService service{config(), parts};
};

} // namespace vouchsafe::test

// Who becomes a host, who stays one, and who does not.
#include "tests/support/attestation_house.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace vouchsafe::attestation {
namespace {

using inventory::EnrolmentState;
using protocol::Outcome;
using test::AttestationHouse;
using test::AttestedMachine;

std::vector<std::string> codes(const std::vector<protocol::Reason>& reasons) {
    std::vector<std::string> out;
    for (const protocol::Reason& reason : reasons)
        out.push_back(reason.code);
    return out;
}

TEST(UnknownHost, BecomesPendingAndGetsAReportingTokenOnly) {
    AttestationHouse house;
    const AttestedMachine machine;
    const auto answer = house.must_attest(machine);
    EXPECT_EQ(answer.outcome, Outcome::pending);
    EXPECT_FALSE(answer.key_access_token);
    EXPECT_EQ(codes(answer.reasons), std::vector<std::string>{"enrolment.pending"});

    const auto reporting = token::verify_reporting(*answer.reporting_token,
                                                   house.history.state.group,
                                                   {house.report_key.public_key()},
                                                   house.clock.time);
    ASSERT_TRUE(reporting);
    EXPECT_EQ(reporting->claims().state, token::HostState::pending);
    EXPECT_EQ(reporting->claims().host, machine.host());
    EXPECT_TRUE(reporting->claims().lab);

    const inventory::Enrolment& enrolment = house.enrolment(machine);
    EXPECT_EQ(enrolment.state, EnrolmentState::pending);
    EXPECT_EQ(enrolment.ca, "ek");
    EXPECT_TRUE(enrolment.lab);
    EXPECT_EQ(enrolment.ak_name, machine.ak_name());
    EXPECT_EQ(enrolment.tpm.model, "swtpm");
    const auto& observation = house.records.by_host.at(machine.host().text);
    EXPECT_EQ(observation.state, "pending");
    EXPECT_EQ(observation.firmware->pcr0, to_hex(machine.boot.pcrs.at(eventlog::Algorithm::sha256).at(0)));
    EXPECT_TRUE(house.records.evidence_by_host.contains(machine.host().text));
    ASSERT_EQ(house.audit.lines.size(), 1U);
    EXPECT_EQ(house.audit.lines.front().first, "attestation");
}

TEST(ApprovedHost, IsTrusted) {
    AttestationHouse house;
    const AttestedMachine machine;
    house.enrol(machine);
    const auto answer = house.must_attest(machine);
    ASSERT_EQ(answer.outcome, Outcome::trusted) << codes(answer.reasons).front();
    EXPECT_TRUE(answer.reasons.empty());

    const auto token = token::verify_key_access(*answer.key_access_token,
                                                house.history.state.group,
                                                {house.token_key.public_key()},
                                                house.clock.time);
    ASSERT_TRUE(token);
    const token::KeyAccess& claims = token->claims();
    EXPECT_EQ(claims.host, machine.host());
    EXPECT_EQ(claims.release_key, machine.release_key.public_key().thumbprint());
    EXPECT_EQ(claims.tier, token::Tier::affirming);
    EXPECT_EQ(claims.base_image.text, "uki");
    EXPECT_EQ(claims.ek_digest, machine.ek_digest());
    EXPECT_EQ(claims.ak_name, machine.ak_name());
    EXPECT_EQ(claims.reset_count, machine.tpm.clock.reset_count);
    EXPECT_EQ(claims.epoch, house.history.state.epoch);
    EXPECT_EQ(claims.revision, house.history.state.revision);
    EXPECT_EQ(claims.executables, token::Executables::boot_image);
    EXPECT_TRUE(claims.lab);
    EXPECT_EQ(claims.times.expires - claims.times.issued, std::chrono::minutes(30));
    EXPECT_EQ(house.records.by_host.at(machine.host().text).state, "trusted");
}

TEST(ApprovedHost, IsNotAskedToActivateAgain) {
    AttestationHouse house;
    AttestedMachine machine;
    EXPECT_TRUE(house.challenge(machine).credential);
    house.enrol(machine);
    EXPECT_FALSE(house.challenge(machine).credential);
    machine.tpm.replace_ak();
    EXPECT_TRUE(house.challenge(machine).credential);
}

TEST(RegisteredKey, IsApprovedAtOnceAndItsFirmwarePinned) {
    AttestationHouse house;
    const AttestedMachine machine;
    house.register_ek(machine);
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
    EXPECT_EQ(house.enrolment(machine).state, EnrolmentState::approved);
    EXPECT_EQ(house.enrolment(machine).firmware->pcr0,
              to_hex(machine.boot.pcrs.at(eventlog::Algorithm::sha256).at(0)));
}

TEST(AutoEnrolment, ApprovesAndPutsThatOnRecord) {
    AttestationHouse house;
    inventory::Settings settings;
    settings.unsafe_auto_enrol = true;
    house.history.must(inventory::SettingsUpdate{.settings = settings});
    const AttestedMachine machine;
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
    EXPECT_TRUE(
        std::ranges::any_of(house.audit.lines, [](const auto& line) { return line.first == "unsafe"; }));
}

TEST(AnotherAk, PutsTheHostBackToPending) {
    AttestationHouse house;
    AttestedMachine machine;
    house.enrol(machine);
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
    machine.tpm.replace_ak();
    const auto answer = house.must_attest(machine);
    EXPECT_EQ(answer.outcome, Outcome::pending);
    EXPECT_FALSE(answer.key_access_token);
    EXPECT_EQ(house.enrolment(machine).state, EnrolmentState::pending);
    house.approve(machine);
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
}

TEST(Counters, MayGoOnByRestarts) {
    AttestationHouse house;
    AttestedMachine machine;
    house.enrol(machine);
    machine.restart();
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
}

TEST(Counters, ThatGoBackPutTheHostBackToPending) {
    AttestationHouse house;
    AttestedMachine machine;
    house.enrol(machine);
    machine.restart();
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
    machine.tpm.clock.reset_count -= 1; // not below those of the approval: below the last accepted ones
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::pending);
    EXPECT_EQ(house.enrolment(machine).state, EnrolmentState::pending);
    EXPECT_TRUE(house.challenge(machine).credential);
}

TEST(Counters, MayGoOnByAPowerCutThatSetTheClockBack) {
    AttestationHouse house;
    AttestedMachine machine;
    house.enrol(machine);
    machine.restart();
    machine.tpm.clock.clock = 1;
    machine.tpm.clock.safe = false;
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
}

TEST(Counters, WithAClockThatWentBackThoughItIsSafePutTheHostBackToPending) {
    AttestationHouse house;
    AttestedMachine machine;
    house.enrol(machine);
    machine.restart();
    machine.tpm.clock.clock = 1;
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::pending);
}

TEST(Counters, MayGoOnByASuspendAndTheRebootAfterIt) {
    AttestationHouse house;
    AttestedMachine machine;
    house.enrol(machine);
    machine.tpm.clock.restart_count = 5;
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
    machine.restart(); // and the restart count falls
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
}

TEST(Counters, OfTheApprovalStillHoldWhenObservationsAreLost) {
    AttestationHouse house;
    AttestedMachine machine;
    house.enrol(machine);
    house.records.by_host.clear();
    machine.tpm.clock = {.clock = 5, .reset_count = 0, .restart_count = 0, .safe = true};
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::pending);
}

TEST(RemovedHost, IsAStrangerUntilItsKeyIsRegistered) {
    AttestationHouse house;
    const AttestedMachine machine;
    house.enrol(machine);
    house.history.must(inventory::EnrolmentRemove{.host = machine.host()});
    const auto reply = house.attest(machine);
    ASSERT_FALSE(reply.answer);
    EXPECT_EQ(reply.answer.error().where, "refused");
    EXPECT_EQ(reply.cause->where, "enrolment.removed");
    house.register_ek(machine);
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::pending);
}

TEST(Kexec, IsRefusedUntilTheTpmWasReset) {
    AttestationHouse house;
    AttestedMachine machine;
    house.enrol(machine);
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
    machine.boot_id.back() = 'f';
    for (int i = 0; i < 2; ++i) { // asking twice does not make it known
        const auto answer = house.must_attest(machine);
        EXPECT_EQ(answer.outcome, Outcome::refused);
        EXPECT_EQ(codes(answer.reasons), std::vector<std::string>{"boot.kexec"});
    }
    machine.restart();
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
}

TEST(Kexec, IsAcceptedByAnImageThatSaysSo) {
    AttestationHouse house;
    auto image = appraisal::parse_base_image(
        as_bytes(json::canonical(*house.history.state.images.at("uki").document)));
    ASSERT_TRUE(image);
    image->version.text = "uki-kexec";
    image->unsafe_kexec = true;
    house.revoke(inventory::RevocationKind::image, "uki");
    house.history.must(inventory::ImageImport{.document = *json::parse(as_text(appraisal::encode(*image)))});
    AttestedMachine machine;
    house.enrol(machine);
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
    machine.boot_id.back() = 'f';
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
    EXPECT_EQ(house.records.by_host.at(machine.host().text).boot_id, machine.boot_id); // the known one now
}

TEST(Kexec, IsAcceptedByAnyImageOfTheBootThatSaysSo) {
    AttestationHouse house;
    auto image = appraisal::parse_base_image(
        as_bytes(json::canonical(*house.history.state.images.at("uki").document)));
    ASSERT_TRUE(image);
    const auto import_as = [&](std::string version) { // beside "uki", which comes first and does not say so
        image->version.text = std::move(version);
        image->unsafe_kexec = true;
        house.history.must(
            inventory::ImageImport{.document = *json::parse(as_text(appraisal::encode(*image)))});
    };
    AttestedMachine machine;
    house.enrol(machine);
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
    machine.boot_id.back() = 'f';
    image->host_groups = {"others"}; // not for this host
    import_as("uki-x");
    EXPECT_EQ(codes(house.must_attest(machine).reasons), std::vector<std::string>{"boot.kexec"});
    image->host_groups = {};
    import_as("uki-z");
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
}

TEST(Kexec, IsNotHiddenByASuspend) {
    AttestationHouse house;
    AttestedMachine machine;
    house.enrol(machine);
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
    machine.tpm.clock.restart_count += 1;
    machine.boot_id.back() = 'f';
    EXPECT_EQ(codes(house.must_attest(machine).reasons), std::vector<std::string>{"boot.kexec"});
}

// Endorsement, by both switches. A stranger is turned away at the challenge.
struct EndorsementCase {
    std::string name;
    bool keys, certificates; ///< the settings
    bool registered, certified;
    std::string cause; ///< of the refusal; empty: challenged
};

class EndorsementSettings : public testing::TestWithParam<EndorsementCase> {};

TEST_P(EndorsementSettings, Decide) {
    const EndorsementCase& row = GetParam();
    AttestationHouse house;
    inventory::Settings settings;
    settings.require_endorsement_keys = row.keys;
    settings.require_certificate_validation = row.certificates;
    house.history.must(inventory::SettingsUpdate{.settings = settings,
                                                 .unsafe_no_endorsement = !row.keys && !row.certificates});
    AttestedMachine machine;
    if (row.registered)
        house.register_ek(machine);
    if (!row.certified)
        machine.certificates.clear();
    const auto reply = house.service.challenge(machine.request());
    EXPECT_EQ(reply.cause ? reply.cause->where : "", row.cause);
    EXPECT_EQ(reply.answer.has_value(), row.cause.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Switches,
    EndorsementSettings,
    testing::Values(
        EndorsementCase{"BothCertified", true, true, false, true, ""},
        EndorsementCase{"BothRegisteredAlone", true, true, true, false, "endorsement.no_certificate"},
        EndorsementCase{"BothNothing", true, true, false, false, "endorsement.no_certificate"},
        EndorsementCase{"KeysRegistered", true, false, true, false, ""},
        EndorsementCase{"KeysCertified", true, false, false, true, ""},
        EndorsementCase{"KeysNothing", true, false, false, false, "endorsement.absent"},
        EndorsementCase{"CertificatesCertified", false, true, false, true, ""},
        EndorsementCase{"CertificatesRegistered", false, true, true, false, "endorsement.no_certificate"},
        EndorsementCase{"UnsafeNothing", false, false, false, false, ""}),
    [](const testing::TestParamInfo<EndorsementCase>& row) { return row.param.name; });

TEST(Endorsement, OfAnotherKeyIsNone) {
    AttestationHouse house;
    AttestedMachine machine;
    machine.certificates = AttestedMachine("b").certificates;
    EXPECT_EQ(house.service.challenge(machine.request()).cause->where, "endorsement.no_certificate");
}

TEST(Endorsement, ByACaThatNobodyImportedIsNone) {
    AttestationHouse house;
    house.history.must(inventory::CaRemove{.name = "ek"});
    house.import_ca("other");
    const AttestedMachine machine;
    EXPECT_EQ(house.service.challenge(machine.request()).cause->where, "endorsement.certificate");
}

TEST(Endorsement, ByARevokedCaIsNone) {
    AttestationHouse house;
    const auto chain = crypto::certificates_from_pem(as_text(test::read_vector("attestation/ek-ca.pem")));
    house.revoke(inventory::RevocationKind::ca, to_hex(chain->at(1).fingerprint())); // the intermediate
    const AttestedMachine machine;
    EXPECT_EQ(house.service.challenge(machine.request()).cause->where, "endorsement.certificate");
}

// One that nobody imported cannot be left out of what was: it comes with the evidence.
TEST(Endorsement, ByARevokedCaThatTheHostSentIsNone) {
    AttestationHouse house;
    const auto chain = crypto::certificates_from_pem(as_text(test::read_vector("attestation/ek-ca.pem")));
    house.history.must(inventory::CaRemove{.name = "ek"});
    house.history.must(
        inventory::CaImport{.ca = {.name = "root", .chain = {chain->at(0).pem()}, .lab = true}});
    AttestedMachine machine;
    machine.certificates.push_back(chain->at(1).der());
    EXPECT_TRUE(house.service.challenge(machine.request()).answer);
    house.revoke(inventory::RevocationKind::ca, to_hex(chain->at(1).fingerprint()));
    EXPECT_EQ(house.service.challenge(machine.request()).cause->where, "endorsement.certificate");
}

SysTime after_its_end(const AttestedMachine& machine) {
    return crypto::Certificate::from_der(machine.certificates.front())->not_after() + std::chrono::hours(1);
}

TEST(Endorsement, ByAnExpiredCertificateIsNoneForAStranger) {
    AttestationHouse house;
    const AttestedMachine machine;
    house.clock.time = after_its_end(machine);
    EXPECT_EQ(house.service.challenge(machine.request()).cause->where, "endorsement.expired");
}

TEST(Endorsement, ByAnExpiredCertificateHoldsForARegisteredKey) {
    AttestationHouse house;
    const AttestedMachine machine;
    house.register_ek(machine);
    house.clock.time = after_its_end(machine);
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
    house.history.must(inventory::CaRemove{.name = "ek"}); // its CA must still be there
    EXPECT_EQ(codes(house.must_attest(machine).reasons), std::vector<std::string>{"endorsement.certificate"});
}

// The chain of the house is root first; the root alone is the anchor, whatever the order.
TEST(Endorsement, EndsWithTheRootOfAnEntry) {
    AttestationHouse house;
    const AttestedMachine machine;
    const auto chain = crypto::certificates_from_pem(as_text(test::read_vector("attestation/ek-ca.pem")));
    house.history.must(inventory::CaRemove{.name = "ek"});
    house.history.must(inventory::CaImport{
        .ca = {.name = "turned", .chain = {chain->at(1).pem(), chain->at(0).pem()}, .lab = true}});
    EXPECT_TRUE(house.service.challenge(machine.request()).answer);
    house.revoke(inventory::RevocationKind::ca, to_hex(chain->at(0).fingerprint()));
    EXPECT_EQ(house.service.challenge(machine.request()).cause->where, "endorsement.certificate");
}

TEST(Endorsement, ThatAnApprovedHostLostIsARefusalWithItsReason) {
    AttestationHouse house;
    const AttestedMachine machine;
    house.enrol(machine);
    house.history.must(inventory::CaRemove{.name = "ek"});
    const auto answer = house.must_attest(machine);
    EXPECT_EQ(answer.outcome, Outcome::refused);
    EXPECT_FALSE(answer.key_access_token);
    EXPECT_EQ(codes(answer.reasons), std::vector<std::string>{"endorsement.certificate"});
}

TEST(Registration, ThatAnApprovedHostLostIsARefusalWithItsReason) {
    AttestationHouse house;
    const AttestedMachine machine;
    house.enrol(machine);
    const auto* const key = house.history.state.endorsement_key_by_digest(machine.ek_digest());
    ASSERT_NE(key, nullptr); // approving registered it
    house.history.must(inventory::EndorsementKeyRemove{.name = key->name});
    const auto answer = house.must_attest(machine);
    EXPECT_EQ(answer.outcome, Outcome::refused);
    EXPECT_EQ(codes(answer.reasons), std::vector<std::string>{"endorsement.not_registered"});
}

TEST(Challenge, TellsStrangersNothing) {
    AttestationHouse house;
    const AttestedMachine machine;
    const auto refusal = [&house](auto change) {
        AttestedMachine stranger;
        protocol::ChallengeRequest request = stranger.request();
        change(request);
        const auto reply = house.service.challenge(request);
        EXPECT_FALSE(reply.answer);
        EXPECT_EQ(reply.answer.error(), (Error{Errc::denied, "refused", ""}));
        return reply.cause ? reply.cause->where : "";
    };
    EXPECT_EQ(refusal([](auto& r) { r.ek_public.clear(); }), "public.type");
    EXPECT_EQ(refusal([](auto& r) { r.ek_public[5] ^= 1U; }), "ek.attributes");
    EXPECT_EQ(refusal([](auto& r) { r.ak_public[5] ^= 1U; }), "ak.attributes");
    EXPECT_EQ(refusal([](auto& r) { r.ak_public = r.ek_public; }), "ak.attributes");
    EXPECT_EQ(refusal([](auto& r) { r.ek_certificates.clear(); }), "endorsement.no_certificate");
    EXPECT_EQ(refusal([](auto& r) { r.banks.clear(); }), "challenge.banks");
    EXPECT_EQ(refusal([](auto& r) { r.banks = {"sha256", "sha256"}; }), "challenge.banks");
}

TEST(Challenge, IsUnavailableWhileTheClusterIsDisabled) {
    AttestationHouse house;
    house.history.must(
        inventory::ClusterUpdate{.cluster_name = "Lab", .state = inventory::ClusterState::disabled});
    const auto reply = house.service.challenge(AttestedMachine().request());
    ASSERT_FALSE(reply.answer);
    EXPECT_EQ(reply.answer.error().code, Errc::unavailable);
}

// --- a TPM that is known from its last challenge

TEST(KnownTpm, IsChallengedAsTheFirstTime) {
    AttestationHouse house;
    const AttestedMachine machine;
    house.enrol(machine);
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
    EXPECT_EQ(house.enrolment(machine).ca, "ek");
}

TEST(KnownTpm, IsRefusedOnceItsCaIsRevoked) {
    AttestationHouse house;
    const AttestedMachine machine;
    house.enrol(machine);
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
    const auto chain = crypto::certificates_from_pem(as_text(test::read_vector("attestation/ek-ca.pem")));
    house.revoke(inventory::RevocationKind::ca, to_hex(chain->front().fingerprint()));
    EXPECT_EQ(codes(house.must_attest(machine).reasons), std::vector<std::string>{"endorsement.certificate"});
}

TEST(KnownTpm, IsRefusedOnceItsCaIsRemoved) {
    AttestationHouse house;
    const AttestedMachine machine;
    house.enrol(machine);
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
    house.history.must(inventory::CaRemove{.name = "ek"});
    EXPECT_EQ(codes(house.must_attest(machine).reasons), std::vector<std::string>{"endorsement.certificate"});
}

TEST(KnownTpm, WithoutItsCertificateIsJudgedAnew) {
    AttestationHouse house;
    AttestedMachine machine;
    house.enrol(machine);
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
    machine.certificates.clear();
    EXPECT_EQ(codes(house.must_attest(machine).reasons),
              std::vector<std::string>{"endorsement.no_certificate"});
}

} // namespace
} // namespace vouchsafe::attestation

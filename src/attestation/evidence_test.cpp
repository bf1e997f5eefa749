// What evidence must be before it is believed, and what an approved host is told when it is not enough.
#include "tests/support/attestation_house.h"
#include "tests/support/counting_random.h"

#include <gtest/gtest.h>

#include <functional>

namespace vouchsafe::attestation {
namespace {

using protocol::Outcome;
using test::AttestationHouse;
using test::AttestedMachine;

class EvidenceTest : public testing::Test {
protected:
    /// Sends evidence that is true but for one change; the cause of the refusal as a stranger.
    std::string stranger(const std::function<void(protocol::Evidence&)>& change) {
        protocol::Evidence evidence =
            machine.evidence(house.challenge(machine), machine.statement(house.history.anchor));
        change(evidence);
        return stranger(evidence);
    }

    std::string stranger(const protocol::Evidence& evidence) {
        const auto reply = house.send(evidence);
        EXPECT_FALSE(reply.answer);
        if (reply.answer || !reply.cause)
            return "";
        EXPECT_EQ(reply.answer.error(), (Error{Errc::denied, "refused", ""}));
        EXPECT_EQ(house.history.state.enrolment(machine.host()), nullptr); // nothing was left behind
        EXPECT_TRUE(house.records.by_host.empty());
        EXPECT_TRUE(house.audit.lines.empty());
        return reply.cause->where;
    }

    protocol::Evidence good() {
        return machine.evidence(house.challenge(machine), machine.statement(house.history.anchor));
    }

    AttestationHouse house;
    AttestedMachine machine;
};

TEST_F(EvidenceTest, IsBelievedWhenTrue) {
    EXPECT_TRUE(house.send(good()).answer);
}

TEST_F(EvidenceTest, IsTakenOnce) {
    house.enrol(machine);
    const protocol::Evidence evidence = good();
    ASSERT_TRUE(house.send(evidence).answer);
    const auto again = house.send(evidence);
    ASSERT_FALSE(again.answer);
    EXPECT_EQ(again.cause->where, "challenge.used");
}

TEST_F(EvidenceTest, UsesItsChallengeUpEvenWhenRefused) {
    const protocol::Evidence evidence = good();
    protocol::Evidence spoilt = evidence;
    spoilt.signature.back() ^= 1U;
    EXPECT_EQ(stranger(spoilt), "quote.signature");
    EXPECT_EQ(stranger(evidence), "challenge.used");
}

TEST_F(EvidenceTest, NeedsAChallengeOfThisProcess) {
    AttestationService other(house.config(), house.parts); // the same authority host, started again
    const auto challenge = other.challenge(machine.request());
    ASSERT_TRUE(challenge.answer);
    EXPECT_EQ(stranger(machine.evidence(*challenge.answer, machine.statement(house.history.anchor))),
              "challenge.foreign");
    EXPECT_EQ(stranger([](auto& e) { e.state.clear(); }), "challenge.foreign");
    EXPECT_EQ(stranger([](auto& e) { e.state.back() ^= 1U; }), "challenge.foreign");
    EXPECT_EQ(stranger([](auto& e) { e.state.front() ^= 1U; }), "challenge.foreign");
}

// The key that seals challenges is drawn by each process; what is sealed names its authority host as well.
TEST_F(EvidenceTest, NeedsAChallengeOfThisAuthorityHost) {
    test::CountingRandom here;
    test::CountingRandom there;
    attestation::AttestationParts parts{house.authority, house.records, house.audit, house.clock, here};
    attestation::AttestationParts others{house.authority, house.records, house.audit, house.clock, there};
    AttestationService service(house.config(), parts);
    auto config = house.config();
    config.self = AuthorityHostId{"authority-2"};
    AttestationService other(std::move(config), others);
    there.bytes(16); // the keys are the same, the challenges are not
    const auto cause = [&](AttestationService& from) {
        const auto challenge = from.challenge(machine.request());
        const auto evidence = machine.evidence(*challenge.answer, machine.statement(house.history.anchor));
        const auto reply = service.evidence(evidence, as_bytes(json::canonical(evidence.to_json())));
        return reply.cause ? reply.cause->where : "";
    };
    EXPECT_EQ(cause(other), "challenge.authority_host");
    EXPECT_EQ(cause(service), "");
}

TEST_F(EvidenceTest, ComesInTime) {
    const protocol::Evidence late = good();
    house.clock.boot += std::chrono::seconds(60);
    EXPECT_EQ(stranger(late), "challenge.expired");
    const protocol::Evidence in_time = good();
    house.clock.boot += std::chrono::milliseconds(59'999);
    house.clock.time -= std::chrono::hours(1); // civil time set back does not matter
    EXPECT_TRUE(house.send(in_time).answer);
}

TEST_F(EvidenceTest, IsOfTheEpochOfItsChallenge) {
    const protocol::Evidence evidence = good();
    house.history.must(inventory::EpochRaise{.reason = "test"});
    EXPECT_EQ(stranger(evidence), "challenge.epoch");
}

TEST_F(EvidenceTest, QuotesTheNonceOfItsChallenge) {
    protocol::Challenge challenge = house.challenge(machine);
    challenge.nonce.back() ^= 1U;
    EXPECT_EQ(stranger(machine.evidence(challenge, machine.statement(house.history.anchor))),
              "quote.qualifying_data");
}

TEST_F(EvidenceTest, IsNotForAnotherHostsChallenge) {
    const AttestedMachine other("b");
    EXPECT_EQ(stranger(machine.evidence(house.challenge(other), machine.statement(house.history.anchor))),
              "quote.signature");
}

TEST_F(EvidenceTest, IsSignedByTheChallengedAk) {
    const protocol::Challenge challenge = house.challenge(machine);
    machine.tpm.replace_ak();
    EXPECT_EQ(stranger(machine.evidence(challenge, machine.statement(house.history.anchor))),
              "quote.signature");
}

TEST_F(EvidenceTest, NeedsTheCredentialActivated) {
    EXPECT_EQ(stranger([](auto& e) { e.activation.reset(); }), "activation");
    EXPECT_EQ(stranger([](auto& e) { e.activation->front() ^= 1U; }), "activation");
    EXPECT_EQ(stranger([](auto& e) { e.activation->clear(); }), "activation");
    // the proof belongs to its quote
    const protocol::Evidence other = good();
    EXPECT_EQ(stranger([&other](auto& e) { e.activation = other.activation; }), "activation");
}

TEST_F(EvidenceTest, NeedsTheEkThatItClaims) {
    // an AK of a machine whose EK is another's: the credential cannot be opened
    AttestedMachine other("b");
    protocol::ChallengeRequest request = machine.request();
    request.ek_public = tpm::encode(other.tpm.ek_area());
    request.ek_certificates = other.certificates;
    const auto challenge = house.service.challenge(request);
    ASSERT_TRUE(challenge.answer);
    const auto evidence = machine.evidence(*challenge.answer, machine.statement(house.history.anchor));
    EXPECT_FALSE(evidence.activation);
    EXPECT_EQ(stranger(evidence), "activation");
}

TEST_F(EvidenceTest, HasTheQuotedValues) {
    EXPECT_EQ(stranger([](auto& e) { e.pcrs.front().values.begin()->second.front() ^= 1U; }),
              "quote.pcr_digest");
    EXPECT_EQ(stranger([](auto& e) { e.pcrs.clear(); }), "quote.pcr_values");
    EXPECT_EQ(stranger([](auto& e) { e.pcrs.push_back(e.pcrs.front()); }), "evidence.pcrs");
    EXPECT_EQ(stranger([](auto& e) { e.attest.clear(); }), "quote.signature");
}

TEST_F(EvidenceTest, HasTheStatementThatWasQuoted) {
    EXPECT_EQ(stranger([](auto& e) { e.statement.back() = ' '; }), "quote.qualifying_data");
}

// Statements that the host's TPM quoted truly, about something else than what was sent or asked.
struct Lie {
    std::string name;
    std::function<void(protocol::Statement&, protocol::Evidence&)> tell;
    std::string code;
};

class Lies : public testing::TestWithParam<Lie> {
protected:
    protocol::Evidence told() {
        const protocol::Challenge challenge = house.challenge(machine);
        protocol::Statement statement = machine.statement(house.history.anchor);
        protocol::Evidence dummy = machine.evidence(challenge, statement);
        GetParam().tell(statement, dummy);
        protocol::Evidence evidence = machine.evidence(challenge, statement);
        evidence.release_key = dummy.release_key;
        evidence.firmware_log = dummy.firmware_log;
        evidence.ima_log = dummy.ima_log;
        evidence.userspace_log = dummy.userspace_log;
        return evidence;
    }

    AttestationHouse house;
    AttestedMachine machine;
};

TEST_P(Lies, MakeAStrangerOfAnUnknownHost) {
    const auto reply = house.send(told());
    ASSERT_FALSE(reply.answer);
    EXPECT_EQ(reply.answer.error().where, "refused");
    EXPECT_EQ(reply.cause->where, GetParam().code);
    EXPECT_EQ(house.history.state.enrolment(machine.host()), nullptr);
}

TEST_P(Lies, AreToldToAnApprovedHost) {
    house.enrol(machine);
    const auto reply = house.send(told());
    ASSERT_TRUE(reply.answer);
    EXPECT_EQ(reply.answer->outcome, Outcome::refused);
    EXPECT_FALSE(reply.answer->key_access_token);
    ASSERT_EQ(reply.answer->reasons.size(), 1U);
    EXPECT_EQ(reply.answer->reasons.front().code, GetParam().code);
    EXPECT_EQ(house.records.by_host.at(machine.host().text).state, "refused");
}

INSTANTIATE_TEST_SUITE_P(
    Statement,
    Lies,
    testing::Values(
        Lie{"Purpose",
            [](auto& s, auto&) {
                s.purpose = protocol::QuotePurpose::release;
                s.release =
                    protocol::ReleasePart{.request = std::string(64, 'a'), .session = std::string(32, 'b')};
            },
            "statement.purpose"},
        Lie{"Anchor", [](auto& s, auto&) { s.anchor = std::string(64, 'a'); }, "statement.anchor"},
        Lie{"Host", [](auto& s, auto&) { s.host = AttestedMachine("b").host(); }, "statement.host"},
        Lie{"ReleaseKey",
            [](auto&, auto& e) { e.release_key = crypto::EcPrivateKey::generate().public_key(); },
            "statement.release_key"},
        Lie{"FirmwareLog", [](auto&, auto& e) { e.firmware_log->push_back(0); }, "statement.firmware_log"},
        Lie{"FirmwareLogAbsent", [](auto&, auto& e) { e.firmware_log.reset(); }, "statement.firmware_log"},
        Lie{"FirmwareLogUnsaid", [](auto& s, auto&) { s.logs.firmware.reset(); }, "statement.firmware_log"},
        Lie{"ImaLog", [](auto&, auto& e) { e.ima_log->pop_back(); }, "statement.ima_log"},
        Lie{"UserspaceLog", [](auto&, auto& e) { e.userspace_log = Buffer{1}; }, "statement.userspace_log"}),
    [](const testing::TestParamInfo<Lie>& row) { return row.param.name; });

struct RevokedCase {
    std::string name;
    inventory::RevocationKind kind;
    std::function<std::string(const AttestedMachine&)> value;
    std::string code;
};

class Revoked : public testing::TestWithParam<RevokedCase> {};

TEST_P(Revoked, IsRefusedWithItsReason) {
    AttestationHouse house;
    const AttestedMachine machine;
    house.enrol(machine);
    ASSERT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
    house.revoke(GetParam().kind, GetParam().value(machine));
    const auto answer = house.must_attest(machine);
    EXPECT_EQ(answer.outcome, Outcome::refused);
    EXPECT_FALSE(answer.key_access_token);
    ASSERT_FALSE(answer.reasons.empty());
    EXPECT_EQ(answer.reasons.front().code, GetParam().code);
}

class RevokedIdentity : public testing::TestWithParam<RevokedCase> {};

TEST_P(RevokedIdentity, IsNotEnrolled) {
    AttestationHouse house;
    const AttestedMachine machine;
    house.revoke(GetParam().kind, GetParam().value(machine));
    const auto reply = house.attest(machine);
    ASSERT_FALSE(reply.answer);
    EXPECT_EQ(reply.cause->where, GetParam().code);
}

using Kind = inventory::RevocationKind;

std::string revoked_name(const testing::TestParamInfo<RevokedCase>& row) {
    return row.param.name;
}

const std::vector<RevokedCase> revoked_identities = {
    {"Host", Kind::host, [](auto& m) { return m.host().text; }, "revoked.host"},
    {"Ek", Kind::ek, [](auto& m) { return m.ek_digest(); }, "revoked.ek"},
    {"Ak", Kind::ak, [](auto& m) { return m.ak_name(); }, "revoked.ak"},
    {"TpmModel",
     Kind::tpm_model,
     [](auto&) { return std::string("id:00001014/swtpm/id:20191023"); },
     "revoked.tpm_model"},
    {"Firmware",
     Kind::firmware,
     [](auto& m) { return to_hex(m.boot.pcrs.at(eventlog::Algorithm::sha256).at(0)); },
     "revoked.firmware"}};

INSTANTIATE_TEST_SUITE_P(Kinds, Revoked, testing::ValuesIn(revoked_identities), revoked_name);
INSTANTIATE_TEST_SUITE_P(Kinds, RevokedIdentity, testing::ValuesIn(revoked_identities), revoked_name);
INSTANTIATE_TEST_SUITE_P(File,
                         Revoked,
                         testing::Values(RevokedCase{"File",
                                                     Kind::file,
                                                     [](auto& m) { return test::measured_kernel(m.boot); },
                                                     "revoked.file"}),
                         revoked_name);
INSTANTIATE_TEST_SUITE_P(Image,
                         Revoked,
                         testing::Values(RevokedCase{
                             "Image", Kind::image, [](auto&) { return std::string("uki"); }, "image.none"}),
                         revoked_name);

TEST(Appraisal, RefusesABootThatNoImageDescribes) {
    AttestationHouse house;
    AttestedMachine machine;
    house.enrol(machine);
    machine.restart();
    machine.boot_into("uki-cmdline");
    const auto refused = house.must_attest(machine);
    EXPECT_EQ(refused.outcome, Outcome::refused);
    ASSERT_FALSE(refused.reasons.empty());
    EXPECT_EQ(refused.reasons.front().code, "image.command_line");
    EXPECT_TRUE(refused.reasons.front().event);
    house.import_image("uki-cmdline");
    const auto trusted = house.must_attest(machine);
    EXPECT_EQ(trusted.outcome, Outcome::trusted);
}

/// The bank that policy judges is not allocated, or the TPM has none.
class WithoutThePolicyBank : public testing::TestWithParam<bool> {
protected:
    WithoutThePolicyBank() {
        machine.boot_into("uki-cmdline"); // in several banks
        house.import_image("uki-cmdline");
    }

    void take_the_bank_away() { machine.tpm.pcrs.erase(crypto::HashAlg::sha256); }

    protocol::EvidenceAnswer attest() {
        protocol::ChallengeRequest request = machine.request();
        if (GetParam())
            std::erase(request.banks, "sha256");
        const auto challenge = house.service.challenge(request);
        VS_CHECK(challenge.answer.has_value());
        const auto reply =
            house.send(machine.evidence(*challenge.answer, machine.statement(house.history.anchor)));
        VS_CHECK(reply.answer.has_value());
        return *reply.answer;
    }

    AttestationHouse house;
    AttestedMachine machine;
};

TEST_P(WithoutThePolicyBank, AnApprovedHostIsRefusedWithTheReason) {
    house.enrol(machine);
    take_the_bank_away();
    const auto answer = attest();
    EXPECT_EQ(answer.outcome, Outcome::refused);
    EXPECT_FALSE(answer.key_access_token);
    ASSERT_EQ(answer.reasons.size(), 1U);
    EXPECT_EQ(answer.reasons.front().code, "policy.bank");
    EXPECT_TRUE(answer.reasons.front().message.contains("sha256 is not allocated, only sha1"))
        << answer.reasons.front().message;
    EXPECT_TRUE(answer.reasons.front().hint.contains("tpm2_pcrallocate sha256:all"));
    const auto& seen = house.records.by_host.at(machine.host().text);
    EXPECT_EQ(seen.state, "refused");
    ASSERT_EQ(seen.reasons.size(), 1U);
    EXPECT_EQ(house.audit.lines.back().second.at("reasons"),
              json::Value(json::Array{json::Value("policy.bank")}));
}

TEST_P(WithoutThePolicyBank, AnUnknownHostIsPendingAndItsAdministratorSeesTheReason) {
    house.register_ek(machine); // which would approve a host that shows what is to be pinned
    take_the_bank_away();
    const auto answer = attest();
    EXPECT_EQ(answer.outcome, Outcome::pending);
    EXPECT_FALSE(answer.key_access_token);
    ASSERT_EQ(answer.reasons.size(), 1U); // a host that is not approved learns nothing else
    EXPECT_EQ(answer.reasons.front().code, "enrolment.pending");
    const inventory::Enrolment& enrolment = house.enrolment(machine);
    EXPECT_EQ(enrolment.state, inventory::EnrolmentState::pending);
    EXPECT_FALSE(enrolment.firmware);
    const auto& seen = house.records.by_host.at(machine.host().text);
    EXPECT_FALSE(seen.firmware);
    ASSERT_EQ(seen.reasons.size(), 1U);
    EXPECT_EQ(house.audit.lines.back().second.at("reasons"),
              json::Value(json::Array{json::Value("policy.bank")}));
}

INSTANTIATE_TEST_SUITE_P(Bank, WithoutThePolicyBank, testing::Bool(), [](const auto& row) {
    return std::string(row.param ? "NotImplemented" : "NotAllocated");
});

TEST(Appraisal, RefusesWithoutAFirmwareLog) {
    AttestationHouse house;
    const AttestedMachine machine;
    house.enrol(machine);
    const protocol::Challenge challenge = house.challenge(machine);
    protocol::Statement statement = machine.statement(house.history.anchor);
    statement.logs.firmware.reset();
    protocol::Evidence evidence = machine.evidence(challenge, statement);
    evidence.firmware_log.reset();
    const auto reply = house.send(evidence);
    ASSERT_TRUE(reply.answer);
    EXPECT_EQ(reply.answer->outcome, Outcome::refused);
    EXPECT_EQ(reply.answer->reasons.front().code, "eventlog.absent");
}

TEST(Appraisal, RefusesOtherFirmwareThanThePinned) {
    AttestationHouse house;
    const AttestedMachine machine;
    ASSERT_EQ(house.must_attest(machine).outcome, Outcome::pending);
    house.records.by_host.at(machine.host().text).firmware->pcr0 = std::string(64, 'a');
    house.approve(machine);
    const auto answer = house.must_attest(machine);
    EXPECT_EQ(answer.outcome, Outcome::refused);
    EXPECT_EQ(answer.reasons.front().code, "firmware.changed");
}

TEST(Appraisal, TakesFirmwareOfASetUntilItIsRemovedOrRevoked) {
    AttestationHouse house;
    const AttestedMachine machine;
    ASSERT_EQ(house.must_attest(machine).outcome, Outcome::pending);
    inventory::HostObservation& seen = house.records.by_host.at(machine.host().text);
    const inventory::FirmwarePin shown = *seen.firmware;
    seen.firmware->pcr0 = std::string(64, 'a');
    house.approve(machine);
    const auto set = [&shown](const std::string& bank) {
        return inventory::FirmwareSetSet{{.name = "updates", .note = "", .bank = bank, .firmware = {shown}}};
    };
    house.history.must(set("sm3_256")); // as long as SHA-256, and not the host's bank
    EXPECT_EQ(house.must_attest(machine).reasons.front().code, "firmware.changed");
    EXPECT_EQ(house.records.by_host.at(machine.host().text).firmware_set, std::nullopt);
    house.history.must(set("sha256"));
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
    EXPECT_EQ(house.records.by_host.at(machine.host().text).firmware_set, "updates");
    EXPECT_EQ(house.audit.lines.back().second.at("firmware_set"), "updates");

    house.history.must(inventory::FirmwareSetRemove{"updates"});
    EXPECT_EQ(house.must_attest(machine).reasons.front().code, "firmware.changed");
    house.history.must(set("sha256"));
    house.history.must(inventory::RevocationAdd{
        {.kind = Kind::firmware, .value = shown.pcr0, .reason = "a published fault"}});
    const auto revoked = house.must_attest(machine);
    EXPECT_EQ(revoked.outcome, Outcome::refused);
    EXPECT_EQ(revoked.reasons.front().code, "revoked.firmware");
}

TEST(Record, ComesBeforeTheToken) {
    AttestationHouse house;
    const AttestedMachine machine;
    house.enrol(machine);
    house.audit.full = true;
    const auto reply = house.attest(machine);
    ASSERT_FALSE(reply.answer);
    EXPECT_EQ(reply.answer.error().code, Errc::unavailable);
    EXPECT_EQ(reply.cause->where, "audit.full");
}

TEST(Record, OfAnEnrolmentComesBeforeTheAnswer) {
    AttestationHouse house;
    house.authority.broken = true;
    const auto reply = house.attest(AttestedMachine());
    ASSERT_FALSE(reply.answer);
    EXPECT_EQ(reply.answer.error().code, Errc::unavailable);
}

TEST(UsedChallengesTest, AreBoundedAndForgottenInTime) {
    UsedChallenges used(2);
    const auto id = [](std::uint8_t n) {
        ChallengeId out{};
        out[0] = n;
        return out;
    };
    EXPECT_TRUE(used.use(id(1), BootTime(100), BootTime(0)));
    EXPECT_EQ(used.use(id(1), BootTime(100), BootTime(0)).error().where, "challenge.used");
    EXPECT_TRUE(used.use(id(2), BootTime(200), BootTime(0)));
    EXPECT_EQ(used.use(id(3), BootTime(200), BootTime(99)).error().code, Errc::unavailable);
    EXPECT_TRUE(used.use(id(3), BootTime(200), BootTime(100))); // the first has expired
    EXPECT_EQ(used.use(id(1), BootTime(100), BootTime(100)).error().where, "challenge.expired");
    EXPECT_EQ(used.size(), 2U);
}

} // namespace
} // namespace vouchsafe::attestation

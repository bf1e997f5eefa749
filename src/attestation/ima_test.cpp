// Attestations of a host whose IMA list grows, or is long.
#include "appraisal/replay.h"
#include "tests/support/attestation_house.h"

#include <gtest/gtest.h>

namespace vouchsafe::attestation {
namespace {

using protocol::Outcome;
using test::AttestationHouse;
using test::AttestedMachine;

/// Files that IMA lists after the boot: copies of the list's own entries, which replay like any other.
void list_more(AttestedMachine& machine) {
    const Buffer once = test::load_boot("uki").ima_log;
    machine.boot.ima_log.insert(machine.boot.ima_log.end(), once.begin(), once.end());
}

/// The same, by a policy that measures into this PCR.
void list_more_in(AttestedMachine& machine, std::uint8_t pcr) {
    Buffer once = test::load_boot("uki").ima_log;
    VS_CHECK(eventlog::parse_ima_list(once)->entries.size() == 1);
    once.front() = pcr; // little-endian
    machine.boot.ima_log.insert(machine.boot.ima_log.end(), once.begin(), once.end());
}

/// IMA's PCRs of every bank as the whole list leaves them.
void extend_all(AttestedMachine& machine) {
    const auto list = eventlog::parse_ima_list(machine.boot.ima_log);
    VS_CHECK(list.has_value());
    for (auto& [bank, values] : machine.tpm.pcrs) {
        const auto algorithm = static_cast<appraisal::Algorithm>(std::to_underlying(tpm::to_alg_id(bank)));
        const auto replayed = appraisal::replay_whole_ima(*list, algorithm, appraisal::ImaForm::hashed);
        VS_CHECK(replayed.has_value());
        for (const auto& [pcr, value] : *replayed)
            values[pcr] = value;
    }
}

class ImaTest : public testing::Test {
protected:
    ImaTest() { house.enrol(machine); }

    std::string first_code() {
        const auto answer = house.must_attest(machine);
        return answer.reasons.empty() ? "" : answer.reasons.front().code;
    }

    const inventory::HostObservation& seen() const { return house.records.by_host.at(machine.host().text); }

    AttestationHouse house;
    AttestedMachine machine;
};

TEST_F(ImaTest, EntriesMayWaitForTheNextQuote) {
    list_more(machine);
    EXPECT_EQ(first_code(), "");
    ASSERT_TRUE(seen().ima_pending);
    house.clock.time += pending_life - std::chrono::seconds(1);
    EXPECT_EQ(first_code(), "");
    extend_all(machine);
    house.clock.time += std::chrono::hours(1);
    EXPECT_EQ(first_code(), "");
    EXPECT_FALSE(seen().ima_pending);
}

TEST_F(ImaTest, EntriesThatNoQuoteCoversAreRefusedAfterFiveMinutes) {
    list_more(machine);
    EXPECT_EQ(first_code(), "");
    house.clock.time += pending_life;
    EXPECT_EQ(first_code(), "ima.pending");
    list_more(machine); // newer ones do not start the time again
    EXPECT_EQ(first_code(), "ima.pending");
    extend_all(machine);
    EXPECT_EQ(first_code(), "");
}

TEST_F(ImaTest, EntriesThatWereShownAreNotForgottenWhenLeftOut) {
    const Buffer before = machine.boot.ima_log;
    list_more(machine);
    EXPECT_EQ(first_code(), "");
    machine.boot.ima_log = before;
    house.clock.time += pending_life;
    EXPECT_EQ(first_code(), "ima.pending");
    machine.restart(); // another boot is another list
    EXPECT_EQ(first_code(), "");
}

TEST_F(ImaTest, LaterEntriesHaveATimeOfTheirOwn) {
    list_more(machine);
    EXPECT_EQ(first_code(), "");
    house.clock.time += pending_life - std::chrono::seconds(1);
    extend_all(machine);
    list_more(machine);
    EXPECT_EQ(first_code(), "");
    house.clock.time += pending_life - std::chrono::seconds(1);
    EXPECT_EQ(first_code(), "");
}

TEST_F(ImaTest, ATokenEndsWhenTheWaitDoes) {
    EXPECT_EQ(house.must_attest(machine).expires, house.clock.time + std::chrono::minutes(30));
    list_more(machine);
    const SysTime end = house.clock.time + pending_life;
    EXPECT_EQ(house.must_attest(machine).expires, end);
    house.clock.time += std::chrono::minutes(3);
    EXPECT_EQ(house.must_attest(machine).expires, end);
}

TEST_F(ImaTest, AFileThatIsRevokedLaterIsFoundInEntriesThatWereAccepted) {
    EXPECT_EQ(first_code(), "");
    const auto list = eventlog::parse_ima_list(machine.boot.ima_log);
    const auto file = eventlog::decode_ima_file(list->entries.front());
    house.revoke(inventory::RevocationKind::file, to_hex(file->digest));
    EXPECT_EQ(first_code(), "revoked.file"); // the epoch moved, so the whole list came again
}

TEST_F(ImaTest, AListOfAHundredThousandEntriesPasses) {
    constexpr std::size_t entries = 100'000;
    constexpr std::size_t likely_bytes = std::size_t{10} << 20U;
    const Buffer once = machine.boot.ima_log;
    const std::size_t listed = eventlog::parse_ima_list(once)->entries.size();
    Buffer& log = machine.boot.ima_log;
    while (log.size() < once.size() * (entries / listed) || log.size() < likely_bytes)
        log.insert(log.end(), once.begin(), once.end());
    ASSERT_LE(log.size(), protocol::max_ima_log_bytes);
    extend_all(machine);

    const auto evidence = machine.evidence(house.challenge(machine), machine.statement(house.history.anchor));
    const std::string body = json::canonical(evidence.to_json());
    const auto value = json::parse(body, protocol::evidence_limits);
    ASSERT_TRUE(value) << value.error().where;
    const auto read = protocol::Evidence::from_json(*value);
    ASSERT_TRUE(read) << read.error().where;
    const auto reply = house.service.evidence(*read, as_bytes(body));
    ASSERT_TRUE(reply.answer);
    EXPECT_EQ(reply.answer->outcome, Outcome::trusted);
    EXPECT_GE(seen().log_positions.at("ima").count, static_cast<std::int64_t>(entries));
}

/// A machine whose list was accepted, and grew since.
class ImaPositionTest : public ImaTest {
protected:
    ImaPositionTest() {
        accept();
        list_more(machine);
        extend_all(machine);
    }

    /// A trusted attestation; the host remembers where it ended.
    protocol::EvidenceAnswer accept() {
        auto answer = house.must_attest(machine);
        VS_CHECK(answer.outcome == Outcome::trusted);
        machine.known = answer.log_positions;
        return answer;
    }

    /// Sends the list from there, as the agent does.
    protocol::EvidenceAnswer go_on(const protocol::Challenge& challenge) {
        const Buffer whole = machine.boot.ima_log;
        machine.boot.ima_log =
            eventlog::ima_list_from(whole, static_cast<std::size_t>(challenge.ima_from)).value();
        const auto evidence = machine.evidence(challenge, machine.statement(house.history.anchor));
        machine.boot.ima_log = whole;
        sent = evidence.ima_log->size();
        return house.send(evidence).answer.value();
    }

    std::int64_t asked_from() { return house.challenge(machine).ima_from; }

    inventory::LogPosition& kept() {
        return house.records.by_host.at(machine.host().text).log_positions.at("ima");
    }

    const Buffer once = test::load_boot("uki").ima_log;
    std::int64_t listed = static_cast<std::int64_t>(eventlog::parse_ima_list(once)->entries.size());
    std::size_t sent = 0;
};

TEST_F(ImaPositionTest, SendsOnlyWhatIsNew) {
    ASSERT_EQ(machine.known.at("ima").count, listed);
    const auto challenge = house.challenge(machine);
    EXPECT_EQ(challenge.ima_from, listed);
    const auto answer = go_on(challenge);
    EXPECT_EQ(answer.outcome, Outcome::trusted);
    EXPECT_EQ(sent, once.size());
    EXPECT_EQ(answer.log_positions.at("ima").count, 2 * listed);
    EXPECT_EQ(seen().log_positions.at("ima").count, 2 * listed);
    machine.known = answer.log_positions;
    EXPECT_EQ(go_on(house.challenge(machine)).outcome, Outcome::trusted);
    EXPECT_EQ(sent, 0U); // nothing is new
}

TEST_F(ImaPositionTest, EntriesThatWaitAreSentAgain) {
    list_more(machine); // no quote covers these
    auto answer = go_on(house.challenge(machine));
    EXPECT_EQ(answer.outcome, Outcome::trusted);
    EXPECT_EQ(answer.log_positions.at("ima").count, 2 * listed);
    EXPECT_EQ(seen().ima_pending->count, 3 * listed);
    machine.known = answer.log_positions;
    extend_all(machine);
    answer = go_on(house.challenge(machine));
    EXPECT_EQ(answer.outcome, Outcome::trusted);
    EXPECT_EQ(sent, once.size());
    EXPECT_FALSE(seen().ima_pending);
}

TEST_F(ImaPositionTest, IsOfEveryPcrThatThePolicyMeasuresInto) {
    constexpr std::uint8_t pcr = 12;
    list_more_in(machine, pcr);
    extend_all(machine);
    machine.known = go_on(house.challenge(machine)).log_positions;
    ASSERT_EQ(machine.known.at("ima").count, 2 * listed + 1);
    EXPECT_FALSE(machine.known.at("ima").values.contains("sha256:12")); // for the authority to know
    ASSERT_TRUE(kept().values.contains("sha256:12"));
    list_more_in(machine, pcr);
    extend_all(machine);
    const auto good = kept();
    kept().values.at("sha256:12") = std::string(64, '0');
    EXPECT_EQ(go_on(house.challenge(machine)).reasons.at(0).code, "ima.replay");
    house.records.by_host.at(machine.host().text).log_positions["ima"] = good;
    house.records.by_host.at(machine.host().text).state = "trusted";
    EXPECT_EQ(go_on(house.challenge(machine)).outcome, Outcome::trusted);
    EXPECT_EQ(kept().count, 2 * listed + 2);
}

TEST_F(ImaPositionTest, IsNotKeptWhereFirmwareExtendsThePcrToo) {
    list_more_in(machine, 11); // as systemd-stub does
    auto replayed = appraisal::replay_firmware(*eventlog::parse_firmware_log(machine.boot.firmware_log),
                                               appraisal::Algorithm::sha256);
    const Buffer left = replayed->at(11);
    extend_all(machine);
    const auto list = eventlog::parse_ima_list(machine.boot.ima_log);
    machine.tpm.pcrs.at(crypto::HashAlg::sha256).at(11) =
        appraisal::extend(appraisal::Algorithm::sha256,
                          left,
                          appraisal::hash(appraisal::Algorithm::sha256, list->entries.back().template_data));
    EXPECT_EQ(go_on(house.challenge(machine)).reasons.at(0).code, "ima.position");
    machine.known.clear();
    const auto answer = house.must_attest(machine);
    EXPECT_EQ(answer.outcome, Outcome::trusted);
    EXPECT_TRUE(answer.log_positions.empty());
    EXPECT_TRUE(seen().log_positions.empty());
}

TEST_F(ImaPositionTest, AHostThatForgotSendsTheWhole) {
    machine.known.clear();
    EXPECT_EQ(asked_from(), 0);
    EXPECT_EQ(first_code(), "");
}

TEST_F(ImaPositionTest, EveryPartOfThePositionMustBeTheOneKept) {
    ASSERT_EQ(asked_from(), listed);
    const auto good = house.records.by_host.at(machine.host().text);
    const auto known = machine.known;
    const auto whole_after = [&](std::string_view what, auto&& change) {
        SCOPED_TRACE(what);
        change();
        EXPECT_EQ(asked_from(), 0);
        house.records.by_host.at(machine.host().text) = good;
        machine.known = known;
        EXPECT_EQ(asked_from(), listed);
    };
    whole_after("count", [&] { machine.known.at("ima").count -= 1; });
    whole_after("value", [&] { machine.known.at("ima").values.at("sha256").front() ^= 1; });
    whole_after("bank", [&] { machine.known.at("ima").values.erase("sha256"); });
    whole_after("epoch", [&] { kept().epoch -= 1; });
    whole_after("image", [&] { kept().image = "another"; });
    whole_after("AK", [&] { house.records.by_host.at(machine.host().text).ak_name = "00"; });
    whole_after("nothing kept", [&] { house.records.by_host.at(machine.host().text).log_positions.clear(); });
}

TEST_F(ImaPositionTest, TheTrustEpochEndsIt) {
    house.revoke(inventory::RevocationKind::host, "h-" + std::string(32, '0'));
    EXPECT_EQ(asked_from(), 0);
    EXPECT_EQ(first_code(), "");
}

TEST_F(ImaPositionTest, ARefusalEndsIt) {
    machine.tpm.pcrs.at(crypto::HashAlg::sha256).at(4).front() ^= 1;
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::refused);
    EXPECT_EQ(asked_from(), 0);
}

TEST_F(ImaPositionTest, APendingHostHasNone) {
    house.history.must(inventory::EnrolmentObserve{.host = machine.host(), .cause = "ak_changed"});
    kept().epoch = house.history.state.epoch;
    EXPECT_EQ(asked_from(), 0);
}

TEST_F(ImaPositionTest, IsOfOneBoot) {
    const auto refused_after = [&](std::string_view what, auto&& change) {
        SCOPED_TRACE(what);
        const auto challenge = house.challenge(machine);
        ASSERT_EQ(challenge.ima_from, machine.known.at("ima").count);
        change();
        const auto answer = go_on(challenge);
        ASSERT_FALSE(answer.reasons.empty());
        EXPECT_EQ(answer.reasons.front().code, "ima.position");
        EXPECT_EQ(asked_from(), 0); // the whole list comes next
    };
    refused_after("restart", [&] { machine.tpm.clock.restart_count += 1; });
    accept();
    refused_after("reset", [&] { machine.tpm.clock.reset_count += 1; });
    accept();
    refused_after("boot id", [&] { machine.boot_id.back() ^= 1; });
}

TEST_F(ImaPositionTest, WhatIsNewMustBeSent) {
    const auto challenge = house.challenge(machine);
    machine.boot.ima_log.clear();
    const auto answer =
        house.send(machine.evidence(challenge, machine.statement(house.history.anchor))).answer;
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->reasons.front().code, "ima.absent");
}

TEST_F(ImaPositionTest, WhatIsKeptAsEvidenceHasAWholeList) {
    const Buffer before = house.records.evidence(machine.host())->value();
    EXPECT_EQ(go_on(house.challenge(machine)).outcome, Outcome::trusted);
    EXPECT_EQ(house.records.evidence(machine.host())->value(), before);
}

TEST(TpmFirmware, ThatChangedIsOnRecordWithBothVersions) {
    AttestationHouse house;
    AttestedMachine machine;
    house.enrol(machine);
    ASSERT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
    EXPECT_FALSE(house.audit.lines.back().second.contains("tpm_firmware_before"));
    machine.tpm.firmware_version += 1;
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
    const json::Object& record = house.audit.lines.back().second;
    EXPECT_EQ(record.at("tpm_firmware"), "2019102300163637");
    EXPECT_EQ(record.at("tpm_firmware_before"), "2019102300163636");
}

} // namespace
} // namespace vouchsafe::attestation

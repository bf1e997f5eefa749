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

/// PCR 10 of every bank as the whole list leaves it.
void extend_all(AttestedMachine& machine) {
    constexpr unsigned ima_pcr = 10;
    const auto list = eventlog::parse_ima_list(machine.boot.ima_log);
    VS_CHECK(list.has_value());
    for (auto& [bank, values] : machine.tpm.pcrs) {
        const auto algorithm = static_cast<appraisal::Algorithm>(std::to_underlying(tpm::to_alg_id(bank)));
        const auto replayed = appraisal::replay_whole_ima(*list, algorithm, appraisal::ImaForm::hashed);
        VS_CHECK(replayed.has_value());
        values[ima_pcr] = replayed->at(ima_pcr);
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

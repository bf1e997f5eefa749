// TPMs with published faults: refused, or let in with a warning where an administrator said so.
#include "attestation/judgement.h"
#include "tests/support/attestation_house.h"

#include <gtest/gtest.h>

#include <string>

namespace vouchsafe::attestation {
namespace {

using protocol::Outcome;
using test::AttestationHouse;
using test::AttestedMachine;

/// A house whose list names the software TPM, up to that second number of its firmware version.
struct WeakHouse : AttestationHouse {
    explicit WeakHouse(std::uint16_t last) {
        weak_tpms = {.date = "2026-01-01",
                     .faults = {{.title = "a fault",
                                 .advisories = {"CVE-0000-1"},
                                 .manufacturer = "id:00001014",
                                 .firmware = {{.from = {0x2019}, .to = {0x2019, last}}}}}};
    }

    void accept(bool accepted) {
        inventory::Settings settings = history.state.settings;
        settings.unsafe_accept_weak_tpms = accepted;
        history.must(inventory::SettingsUpdate{.settings = settings});
    }
};

constexpr std::uint16_t of_the_software_tpm = 0x1023;

TEST(WeakTpm, IsRefusedWithItsAdvisory) {
    WeakHouse house(of_the_software_tpm);
    const AttestedMachine machine;
    house.enrol(machine);
    const auto answer = house.must_attest(machine);
    EXPECT_EQ(answer.outcome, Outcome::refused);
    EXPECT_FALSE(answer.key_access_token);
    ASSERT_EQ(answer.reasons.size(), 1U);
    EXPECT_EQ(answer.reasons.front().code, "tpm.weak");
    EXPECT_NE(answer.reasons.front().message.find("CVE-0000-1"), std::string::npos);
    EXPECT_TRUE(house.audit.lines.back().second.contains("tpm_faults"));
}

TEST(WeakTpm, OfTheFirstGoodFirmwareIsTrusted) {
    WeakHouse house(of_the_software_tpm - 1);
    const AttestedMachine machine;
    house.enrol(machine);
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
}

TEST(WeakTpm, WarnsWhereTheSettingsAcceptIt) {
    WeakHouse house(of_the_software_tpm);
    const AttestedMachine machine;
    house.enrol(machine);
    house.accept(true);
    const auto answer = house.must_attest(machine);
    ASSERT_EQ(answer.outcome, Outcome::trusted);
    const auto token = token::verify_key_access(*answer.key_access_token,
                                                house.history.state.group,
                                                {house.token_key.public_key()},
                                                house.clock.time);
    ASSERT_TRUE(token);
    EXPECT_TRUE(token->claims().weak_tpm);
    EXPECT_EQ(token->claims().tier, token::Tier::warning);
    EXPECT_EQ(token->claims().vector.hardware, 32);
    EXPECT_EQ(house.records.by_host.at(machine.host().text).tier, "warning");
    EXPECT_TRUE(house.audit.lines.back().second.contains("tpm_faults"));

    house.accept(false);
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::refused);
}

} // namespace
} // namespace vouchsafe::attestation

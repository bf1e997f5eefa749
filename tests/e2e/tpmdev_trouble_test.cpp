// TPMs that lack something, are locked or are busy: what the agent makes of them, and what it tells the
// administrator. The TPM is real; what it cannot be made to do on demand is put in between.
#include "base/reader.h"
#include "tests/e2e/tpmdev_attest.h"
#include "tests/support/swtpm.h"
#include "tests/support/tpm_proxy.h"

#include <gtest/gtest.h>
#include <tss2/tss2_tpm2_types.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace vouchsafe::tpmdev {
namespace {

using test::Swtpm;
using test::TpmProxy;

bool has(Bytes bytes, std::initializer_list<std::uint8_t> part) {
    return !std::ranges::search(bytes, part).empty();
}

/// The template of an elliptic curve key, whatever its name's hash.
bool is_about_ecc(Bytes command) {
    return TpmProxy::command_code(command) == TPM2_CC_CreatePrimary &&
           (has(command, {0x00, 0x23, 0x00, 0x0B}) || has(command, {0x00, 0x23, 0x00, 0x0C}));
}

bool asks_for_curves(Bytes command) {
    return TpmProxy::command_code(command) == TPM2_CC_GetCapability &&
           Reader(command.subspan(10)).big<std::uint32_t>("capability").value() == TPM2_CAP_ECC_CURVES;
}

constexpr std::uint32_t no_such_type = TPM2_RC_TYPE | TPM2_RC_P | TPM2_RC_2;

// --- kinds of keys

TEST(AkKinds, EachSignsAQuote) {
    const Swtpm tpm("--banks sha256");
    EXPECT_EQ(attest(tpm.tcti(), tpm::AkKind::ecc_p256)->ak,
              (tpm::Scheme{tpm::AlgId::ecdsa, tpm::AlgId::sha256}));
    EXPECT_EQ(attest(tpm.tcti(), tpm::AkKind::ecc_p384)->ak,
              (tpm::Scheme{tpm::AlgId::ecdsa, tpm::AlgId::sha384}));
    EXPECT_EQ(attest(tpm.tcti(), tpm::AkKind::rsa_2048)->ak,
              (tpm::Scheme{tpm::AlgId::rsassa, tpm::AlgId::sha256}));
}

// swtpm has no profile without elliptic curves: the way to it refuses them, as such a TPM does.
TEST(RsaOnlyTpm, IsAttestedByRsaKeys) {
    const Swtpm tpm("--banks sha256");
    enum class Curves : std::uint8_t { none, no_answer, told };
    for (const Curves curves : {Curves::none, Curves::no_answer, Curves::told}) {
        const TpmProxy proxy(tpm.socket(), [&](Bytes command, const TpmProxy::Ask& ask) {
            if (is_about_ecc(command))
                return TpmProxy::refusal(no_such_type);
            if (!asks_for_curves(command) || curves == Curves::told)
                return ask(command);
            if (curves == Curves::no_answer)
                return TpmProxy::refusal(TPM2_RC_VALUE | TPM2_RC_P | TPM2_RC_1);
            return Writer()
                .big(std::uint16_t{TPM2_ST_NO_SESSIONS})
                .big(std::uint32_t{19})
                .big(std::uint32_t{TPM2_RC_SUCCESS})
                .big(std::uint8_t{TPM2_NO})
                .big(std::uint32_t{TPM2_CAP_ECC_CURVES})
                .big(std::uint32_t{0})
                .done();
        });
        const auto attested = attest(proxy.tcti());
        ASSERT_TRUE(attested) << error_of(attested);
        EXPECT_EQ(attested->ek, "L-1");
        EXPECT_EQ(attested->ak.algorithm, tpm::AlgId::rsassa);
        EXPECT_EQ(open(proxy.tcti()).attestation_key_kinds()->size(), curves == Curves::told ? 3U : 1U);
    }
}

TEST(RsaOnlyTpm, PassesOverACertificateOfAKeyThatItCannotMake) {
    const Swtpm tpm("--banks sha256"); // with certificates of RSA-2048 and P-384
    ASSERT_EQ(tpm.tool_with("tpm2_nvundefine 0x01c00002 -C p").status, 0);
    ASSERT_EQ(tpm.tool_with("tpm2_evictcontrol -C o -c 0x81010016").status, 0);
    EXPECT_EQ(attest(tpm.tcti())->ek, "H-3");
    const TpmProxy proxy(tpm.socket(), [](Bytes command, const TpmProxy::Ask& ask) {
        return is_about_ecc(command) ? TpmProxy::refusal(no_such_type) : ask(command);
    });
    const auto attested = attest(proxy.tcti());
    ASSERT_TRUE(attested) << error_of(attested);
    EXPECT_EQ(attested->ek, "L-1"); // which has no certificate any more
}

TEST(EccOnlyTpm, IsAttestedByEccKeys) {
    const Swtpm tpm("--banks sha256");
    for (const char* const index : {"0x01c00002", "0x01c00016"})
        ASSERT_EQ(tpm.tool_with("tpm2_nvundefine -C p " + std::string(index)).status, 0);
    ASSERT_EQ(tpm.tool_with("tpm2_evictcontrol -C o -c 0x81010001").status, 0);
    const TpmProxy proxy(tpm.socket(), [](Bytes command, const TpmProxy::Ask& ask) {
        const bool rsa = TpmProxy::command_code(command) == TPM2_CC_CreatePrimary &&
                         has(command, {0x00, 0x01, 0x00, 0x0B});
        return rsa ? TpmProxy::refusal(no_such_type) : ask(command);
    });
    const auto attested = attest(proxy.tcti());
    ASSERT_TRUE(attested) << error_of(attested);
    EXPECT_EQ(attested->ek, "L-2");
    EXPECT_EQ(attested->ak.algorithm, tpm::AlgId::ecdsa);
}

// --- locks

/// What is said when the tool has done this to the TPM.
Result<Attested>
attest_after(const Swtpm& tpm, const std::string& command, std::optional<tpm::AkKind> kind = {}) {
    const test::Shell done = tpm.tool_with(command);
    EXPECT_EQ(done.status, 0) << done.output;
    return attest(tpm.tcti(), kind);
}

TEST(Locks, APasswordOfTheEndorsementHierarchyIsNamed) {
    const Swtpm tpm("--banks sha256");
    const auto attested = attest_after(tpm, "tpm2_changeauth -c e somebody");
    ASSERT_FALSE(attested);
    EXPECT_EQ(attested.error().code, Errc::denied);
    EXPECT_TRUE(error_of(attested).contains(
        "the endorsement hierarchy has a password; take it away (tpm2_changeauth -c "
        "endorsement"))
        << error_of(attested);
    EXPECT_TRUE(attest_after(tpm, "tpm2_changeauth -c e -p somebody"));
}

TEST(Locks, ADisabledEndorsementHierarchyIsNamed) {
    Swtpm tpm("--banks sha256");
    const auto attested = attest_after(tpm, "tpm2_hierarchycontrol -C p ehEnable clear");
    ASSERT_FALSE(attested);
    EXPECT_EQ(attested.error().code, Errc::denied);
    EXPECT_TRUE(error_of(attested).contains("the endorsement hierarchy is disabled; enable it"))
        << error_of(attested);
    tpm.restart();
    const auto again = attest(tpm.tcti());
    EXPECT_TRUE(again) << error_of(again);
}

TEST(Locks, OwnersPasswordAndHierarchyAreNotNeeded) {
    const Swtpm tpm("--banks sha256");
    for (const std::string command :
         {"tpm2_changeauth -c o somebody", "tpm2_hierarchycontrol -C p shEnable clear"})
        for (const tpm::AkKind kind : {tpm::AkKind::ecc_p256, tpm::AkKind::rsa_2048}) {
            const auto attested = attest_after(tpm, kind == tpm::AkKind::ecc_p256 ? command : "true", kind);
            EXPECT_TRUE(attested) << command << ": " << error_of(attested);
        }
}

TEST(Locks, ACertificateForTheOwnerAloneNamesTheOwner) {
    const Swtpm tpm("--banks sha256");
    ASSERT_EQ(
        tpm.tool_with("sh -c 'tpm2_nvundefine 0x01c00002 -C p && tpm2_nvdefine 0x01c00002 -C p -s 8 -a "
                      "\"ppwrite|ppread|ownerread|no_da|platformcreate\" && echo 12345678 | head -c 8 | "
                      "tpm2_nvwrite 0x01c00002 -C p -i -'")
            .status,
        0);
    EXPECT_EQ(attest(tpm.tcti())->ek, "H-3"); // what is in it is no certificate
    const auto attested = attest_after(tpm, "tpm2_changeauth -c o somebody");
    ASSERT_FALSE(attested);
    EXPECT_EQ(attested.error().where, "tpmdev.certificate");
    EXPECT_TRUE(error_of(attested).contains(
        "the owner hierarchy has a password; take it away (tpm2_changeauth -c owner"))
        << error_of(attested);
}

// The keys are outside dictionary attack protection: somebody else's wrong passwords must not stop a host.
TEST(Locks, ALockoutDoesNotTouchAttestation) {
    const Swtpm tpm("--banks sha256");
    ASSERT_EQ(tpm.tool_with("tpm2_dictionarylockout -s -n 1 -t 1000 -l 1000").status, 0);
    ASSERT_EQ(
        tpm.tool_with(
               "sh -c 'cd \"$(mktemp -d)\" && tpm2_createprimary -C o -c p.ctx && tpm2_flushcontext -t && "
               "tpm2_create -C p.ctx -p right -i /etc/hostname -c s.ctx && tpm2_flushcontext -t && "
               "! tpm2_unseal -c s.ctx -p wrong && tpm2_flushcontext -t && "
               "tpm2_unseal -c s.ctx -p right 2>&1 | grep -qi lockout; r=$?; tpm2_flushcontext -t; exit $r'")
            .status,
        0);
    const auto attested = attest(tpm.tcti());
    EXPECT_TRUE(attested) << error_of(attested);
}

TEST(Locks, ALockoutIsNamedWhereItHappens) {
    const Swtpm tpm("--banks sha256");
    const TpmProxy proxy(tpm.socket(), [](Bytes command, const TpmProxy::Ask& ask) {
        return TpmProxy::command_code(command) == TPM2_CC_Quote ? TpmProxy::refusal(TPM2_RC_LOCKOUT)
                                                                : ask(command);
    });
    const auto attested = attest(proxy.tcti());
    ASSERT_FALSE(attested);
    EXPECT_TRUE(error_of(attested).contains("locked after wrong passwords; wait, or clear"))
        << error_of(attested);
}

// --- busy TPMs

constexpr std::array busy_codes{TPM2_RC_RETRY, TPM2_RC_YIELDED, TPM2_RC_TESTING};

TEST(BusyTpm, IsAskedAgain) {
    const Swtpm tpm("--banks sha256");
    for (const TPM2_RC busy : busy_codes) {
        std::map<std::uint32_t, int> refused; // commands of each code
        const TpmProxy proxy(tpm.socket(), [&](Bytes command, const TpmProxy::Ask& ask) {
            int& times = refused[TpmProxy::command_code(command)];
            if (times == 3)
                return ask(command);
            ++times;
            return TpmProxy::refusal(busy);
        });
        const auto attested = attest(proxy.tcti());
        EXPECT_TRUE(attested) << busy << ": " << error_of(attested);
        EXPECT_EQ(refused.at(TPM2_CC_Quote), 3);
        EXPECT_EQ(refused.at(TPM2_CC_CreatePrimary), 3);
    }
}

TEST(BusyTpm, IsGivenUpAfterAWhile) {
    const Swtpm tpm("--banks sha256");
    for (const TPM2_RC busy : busy_codes) {
        std::atomic<int> times = 0;
        const TpmProxy proxy(tpm.socket(), [&](Bytes command, const TpmProxy::Ask& ask) {
            if (TpmProxy::command_code(command) != TPM2_CC_Quote)
                return ask(command);
            ++times;
            return TpmProxy::refusal(busy);
        });
        const auto attested = attest(proxy.tcti());
        ASSERT_FALSE(attested);
        EXPECT_EQ(attested.error().code, Errc::unavailable);
        EXPECT_TRUE(error_of(attested).contains("try again")) << error_of(attested);
        EXPECT_LT(times, 60); // tss2 repeats what was given up a few times more, without a pause
    }
}

} // namespace
} // namespace vouchsafe::tpmdev

// What the agent does with a TPM, done with real ones: endorsement key, attestation key, credential, quote;
// and what comes out, judged by the library `tpm`.
#include "crypto/random.h"
#include "crypto/x509.h"
#include "tests/support/swtpm.h"
#include "tpm/quote.h"
#include "tpmdev/tpm_device.h"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <string>

namespace vouchsafe::tpmdev {
namespace {

constexpr auto sha1 = crypto::HashAlg::sha1;
constexpr auto sha256 = crypto::HashAlg::sha256;
constexpr auto sha384 = crypto::HashAlg::sha384;

using test::Shell;
using test::shell;
using test::Swtpm;

// Shared by the tests, each of which opens it anew: what one leaves loaded would show in the next.
class WithTpm : public testing::Test {
protected:
    static void SetUpTestSuite() { tpm_ = new Swtpm("--banks sha1,sha256 --p256"); }

    static void TearDownTestSuite() {
        delete tpm_;
        tpm_ = nullptr;
    }

    static AttestationKeySeed seed(char letter = 'a') {
        return {.unique = Secret(as_bytes(std::string(64, letter))),
                .auth = Secret(as_bytes(std::string(32, 'p')))};
    }

    static tpm::AttestationKey ak_of(const Buffer& ak_public) {
        auto area = tpm::parse_public_area(ak_public);
        VS_CHECK(area.has_value());
        auto ak = tpm::AttestationKey::from(*std::move(area));
        VS_CHECK(ak.has_value());
        return *std::move(ak);
    }

    static Result<tpm::VerifiedQuote> verify(const QuoteAnswer& answer,
                                             const Buffer& ak_public,
                                             Bytes nonce,
                                             const tpm::PcrSelectionList& asked) {
        return tpm::verify_quote(
            {.attest = answer.attest, .signature = answer.signature, .values = answer.values},
            ak_of(ak_public),
            {.qualifying_data = nonce, .selection = asked, .policy_bank = sha256});
    }

    static Swtpm* tpm_;
    const Buffer nonce = Buffer(32, 0x41);
};

Swtpm* WithTpm::tpm_ = nullptr;

TEST_F(WithTpm, TellsAboutItself) {
    TpmDevice device = tpm_->open();
    const auto facts = device.facts();
    ASSERT_TRUE(facts) << facts.error().detail;
    EXPECT_EQ(facts->manufacturer, "IBM");
    EXPECT_EQ(facts->model, "SW   TPM");
    EXPECT_EQ(facts->firmware_version, "8217.4131.22.13878");
    EXPECT_EQ(facts->implemented_banks, (std::vector{sha1, sha256, sha384, crypto::HashAlg::sha512}));
    EXPECT_EQ(facts->allocated, (tpm::PcrSelectionList{{sha1, 0xFFFFFF}, {sha256, 0xFFFFFF}}));
}

TEST_F(WithTpm, ShowsAnEndorsementKeyAndItsCertificate) {
    TpmDevice device = tpm_->open();
    const auto endorsement = device.endorsement();
    ASSERT_TRUE(endorsement) << endorsement.error().detail;
    const auto area = tpm::parse_public_area(endorsement->ek_public);
    ASSERT_TRUE(area);
    const auto ek = tpm::EndorsementKey::from(*area);
    ASSERT_TRUE(ek);
    EXPECT_EQ(ek->template_name(), "L-1");
    ASSERT_EQ(endorsement->certificates.size(), 1U);
    const auto certificate = crypto::Certificate::from_der(endorsement->certificates.front());
    ASSERT_TRUE(certificate);
    const auto anchors = crypto::certificates_from_pem(tpm_->ca_pem());
    ASSERT_TRUE(anchors);
    EXPECT_TRUE(crypto::verify_chain({.leaf = *certificate,
                                      .intermediates = {},
                                      .anchors = *anchors,
                                      .now = from_seconds(std::time(nullptr)),
                                      .purpose = crypto::Purpose::ek}));
}

TEST_F(WithTpm, MakesTheSameKeyFromTheSameSeedAlone) {
    Buffer first;
    {
        TpmDevice device = tpm_->open();
        first = device.load_attestation_key(seed()).value();
        EXPECT_EQ(device.load_attestation_key(seed()).value(), first);
        EXPECT_NE(device.load_attestation_key(seed('b')).value(), first);
    }
    TpmDevice device = tpm_->open();
    EXPECT_EQ(device.load_attestation_key(seed()).value(), first);
    EXPECT_EQ(ak_of(first).scheme(), (tpm::Scheme{tpm::AlgId::ecdsa, tpm::AlgId::sha256}));
}

// What the handle says by a tool that isn't ours: the modulus, or nothing.
std::string kept_modulus(const Swtpm& tpm) {
    const Shell read = tpm.tool_with("tpm2_readpublic -c 0x8101f001 | grep '^rsa:'");
    return read.status == 0 ? read.output : "";
}

TEST_F(WithTpm, PrefersAnEllipticCurveForItsKey) {
    TpmDevice device = tpm_->open();
    EXPECT_EQ(device.attestation_key_kinds().value(),
              (std::vector{tpm::AkKind::ecc_p256, tpm::AkKind::ecc_p384, tpm::AkKind::rsa_2048}));
}

TEST(RsaAttestationKey, IsKeptUntilItsSeedChanges) {
    const Swtpm tpm("--banks sha256");
    const tpm::PcrSelectionList asked = {{sha256, 0xFF}};
    const Buffer nonce(32, 0x41);
    const auto seed = [](char unique, char auth) {
        return AttestationKeySeed{.unique = Secret(as_bytes(std::string(64, unique))),
                                  .auth = Secret(as_bytes(std::string(32, auth)))};
    };
    const auto load = [&](const AttestationKeySeed& from) {
        TpmDevice device = tpm.open();
        const Buffer made = device.load_attestation_key(from, tpm::AkKind::rsa_2048).value();
        const auto answer = device.quote(asked, nonce);
        VS_CHECK(answer.has_value());
        const auto ak = tpm::AttestationKey::from(tpm::parse_public_area(made).value());
        EXPECT_EQ(ak->scheme(), (tpm::Scheme{tpm::AlgId::rsassa, tpm::AlgId::sha256}));
        EXPECT_TRUE(tpm::verify_quote(
            {.attest = answer->attest, .signature = answer->signature, .values = answer->values},
            *ak,
            {.qualifying_data = nonce, .selection = asked, .policy_bank = sha256}));
        return made;
    };
    EXPECT_EQ(kept_modulus(tpm), "");
    const Buffer first = load(seed('a', 'p'));
    const std::string modulus = kept_modulus(tpm);
    EXPECT_NE(modulus, "");
    EXPECT_EQ(load(seed('a', 'p')), first);
    EXPECT_EQ(kept_modulus(tpm), modulus);

    const Buffer second = load(seed('b', 'q')); // the agent lost its state
    EXPECT_NE(second, first);
    EXPECT_NE(kept_modulus(tpm), modulus);

    // nothing may be kept any more: the key is made each time, and the same
    ASSERT_EQ(tpm.tool_with("tpm2_evictcontrol -C o -c 0x8101f001").status, 0);
    ASSERT_EQ(tpm.tool_with("tpm2_changeauth -c o somebody").status, 0);
    EXPECT_EQ(load(seed('a', 'p')), first);
    EXPECT_EQ(kept_modulus(tpm), "");
}

TEST(RsaAttestationKey, LeavesTheKeyOfAnotherAlone) {
    const Swtpm tpm("--banks sha256");
    ASSERT_EQ(tpm.tool_with("sh -c 'cd \"$(mktemp -d)\" && tpm2_createprimary -C e -G rsa2048 -c k.ctx && "
                            "tpm2_evictcontrol -C o -c k.ctx 0x8101f001 && tpm2_flushcontext -t'")
                  .status,
              0);
    const std::string before = kept_modulus(tpm);
    ASSERT_NE(before, "");
    const AttestationKeySeed seed{.unique = Secret(as_bytes(std::string(64, 'a'))),
                                  .auth = Secret(as_bytes(std::string(32, 'p')))};
    {
        TpmDevice device = tpm.open();
        ASSERT_TRUE(device.load_attestation_key(seed, tpm::AkKind::rsa_2048));
        EXPECT_TRUE(device.quote({{sha256, 1}}, Buffer(32)));
    }
    EXPECT_EQ(kept_modulus(tpm), before);
}

TEST_F(WithTpm, QuotesWhatTheVerifierBelieves) {
    TpmDevice device = tpm_->open();
    const Buffer ak = device.load_attestation_key(seed()).value();
    // implemented but not allocated banks are asked for too
    const tpm::PcrSelectionList asked = {{sha1, 0xFFFF}, {sha256, 0xFFFF}, {sha384, 0xFFFF}};
    const auto answer = device.quote(asked, nonce);
    ASSERT_TRUE(answer) << answer.error().detail;
    const auto quote = verify(*answer, ak, nonce, asked);
    ASSERT_TRUE(quote) << quote.error().where;
    EXPECT_EQ(quote->pcrs().size(), 2U);
    EXPECT_EQ(quote->pcrs().at(sha256).size(), 16U);
    EXPECT_EQ(quote->firmware_version(), 0x2019102300163636U);

    Buffer other = nonce;
    other.back() ^= 1U;
    EXPECT_EQ(verify(*answer, ak, other, asked).error().where, "quote.qualifying_data");
}

TEST_F(WithTpm, ExtendsAndReadsBack) {
    TpmDevice device = tpm_->open();
    const Buffer digest(32, 7);
    const tpm::PcrSelectionList pcr16 = {{sha256, 1U << 16U}};
    const Buffer before = device.read_pcrs(pcr16).value().at(sha256).at(16);
    ASSERT_TRUE(device.extend(16, {{sha256, digest}}));
    const Buffer after = device.read_pcrs(pcr16).value().at(sha256).at(16);
    EXPECT_EQ(after, crypto::digest(sha256, {before, digest}));
    EXPECT_EQ(device.extend(16, {{sha256, Buffer(20)}}).error().where, "tpmdev.extend");
}

TEST_F(WithTpm, ReadsMoreValuesThanATpmGivesAtOnce) {
    TpmDevice device = tpm_->open();
    const auto values = device.read_pcrs({{sha1, 0xFFFFFF}, {sha384, 0xFFFFFF}, {sha256, 0xFFFFFF}});
    ASSERT_TRUE(values);
    EXPECT_EQ(values->size(), 2U);
    EXPECT_EQ(values->at(sha1).size(), 24U);
    EXPECT_EQ(values->at(sha256).size(), 24U);
}

TEST_F(WithTpm, ActivatesItsOwnCredentialAgainAndAgain) {
    crypto::SystemRandom random;
    TpmDevice device = tpm_->open();
    const auto ek =
        tpm::EndorsementKey::from(tpm::parse_public_area(device.endorsement().value().ek_public).value());
    const Buffer ak = device.load_attestation_key(seed()).value();
    for (int i = 0; i < 6; ++i) { // more often than a TPM has room for keys and sessions
        const Secret secret = random.secret(32);
        const auto credential = tpm::make_credential(*ek, ak_of(ak).name(), secret, random);
        ASSERT_TRUE(credential);
        const auto opened = device.activate_credential(*credential);
        ASSERT_TRUE(opened) << opened.error().detail;
        EXPECT_TRUE(crypto::equal(*opened, secret));
    }
}

TEST_F(WithTpm, ActivatesNoCredentialForAnotherKey) {
    crypto::SystemRandom random;
    TpmDevice device = tpm_->open();
    const auto ek =
        tpm::EndorsementKey::from(tpm::parse_public_area(device.endorsement().value().ek_public).value());
    Buffer name = ak_of(device.load_attestation_key(seed()).value()).name();
    name.back() ^= 1U;
    const auto credential = tpm::make_credential(*ek, name, random.secret(32), random);
    ASSERT_TRUE(credential);
    const auto opened = device.activate_credential(*credential);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::untrusted);
    EXPECT_FALSE(device.activate_credential({.blob = Buffer(3), .secret = Buffer(3)}));
}

TEST_F(WithTpm, CountsARestartOfTheMachine) {
    const tpm::PcrSelectionList asked = {{sha1, 1}, {sha256, 1}};
    std::array<tpm::ClockInfo, 2> clocks;
    for (tpm::ClockInfo& clock : clocks) {
        tpm_->restart();
        TpmDevice device = tpm_->open();
        const Buffer ak = device.load_attestation_key(seed()).value();
        clock = verify(device.quote(asked, nonce).value(), ak, nonce, asked).value().clock();
    }
    EXPECT_EQ(clocks[1].reset_count, clocks[0].reset_count + 1);
    EXPECT_EQ(tpm::compare_counters(clocks[0], clocks[1]), tpm::Continuity::rebooted);
    EXPECT_EQ(tpm::compare_counters(clocks[1], clocks[0]), tpm::Continuity::went_back);
}

TEST_F(WithTpm, SaysWhenATpmWasCleared) {
    const tpm::PcrSelectionList asked = {{sha1, 1}, {sha256, 1}};
    const auto clock_now = [&] {
        TpmDevice device = tpm_->open();
        const Buffer ak = device.load_attestation_key(seed()).value();
        return std::pair(ak, verify(device.quote(asked, nonce).value(), ak, nonce, asked).value().clock());
    };
    const auto before = clock_now();
    ASSERT_EQ(tpm_->tool_with("tpm2_clear -c p").status, 0);
    const auto after = clock_now();
    EXPECT_EQ(before.first, after.first); // the keys come back as they were
    EXPECT_EQ(tpm::compare_counters(before.second, after.second), tpm::Continuity::went_back);
}

// What a site's power, its lids and its administrators do to a TPM, and what the counters say of it.
class ClockOfATpm : public testing::Test {
protected:
    tpm::ClockInfo clock() const {
        TpmDevice device = tpm.open();
        const AttestationKeySeed seed{.unique = Secret(as_bytes(std::string(64, 'a'))),
                                      .auth = Secret(as_bytes(std::string(32, 'p')))};
        const auto ak = tpm::AttestationKey::from(
            tpm::parse_public_area(device.load_attestation_key(seed).value()).value());
        const tpm::PcrSelectionList asked = {{sha256, 1}};
        const auto answer = device.quote(asked, Buffer(32)).value();
        return tpm::verify_quote(
                   {.attest = answer.attest, .signature = answer.signature, .values = answer.values},
                   *ak,
                   {.qualifying_data = Buffer(32), .selection = asked, .policy_bank = sha256})
            .value()
            .clock();
    }

    Swtpm tpm{"--banks sha256"};
};

TEST_F(ClockOfATpm, GoesOnAfterAPowerCut) {
    const auto before = clock();
    tpm.cut_power();
    const auto after = clock();
    EXPECT_FALSE(after.safe); // the clock may have gone back; the reset count has not
    EXPECT_EQ(tpm::compare_counters(before, after), tpm::Continuity::rebooted);
}

TEST_F(ClockOfATpm, GoesOnAfterASuspendAndTheRebootAfterIt) {
    const auto before = clock();
    ASSERT_EQ(tpm.tool_with("tpm2_shutdown").status, 0); // TPM_SU_STATE
    tpm.restart();
    const auto suspended = clock();
    EXPECT_EQ(suspended.restart_count, before.restart_count + 1);
    EXPECT_EQ(tpm::compare_counters(before, suspended), tpm::Continuity::resumed);
    ASSERT_EQ(tpm.tool_with("tpm2_shutdown -c").status, 0); // TPM_SU_CLEAR
    tpm.restart();
    const auto rebooted = clock();
    EXPECT_LT(rebooted.restart_count, suspended.restart_count);
    EXPECT_EQ(tpm::compare_counters(suspended, rebooted), tpm::Continuity::rebooted);
}

TEST_F(ClockOfATpm, ShowsAMemoryThatWasPutBack) {
    tpm.keep_state();
    tpm.restart();
    tpm.restart();
    const auto before = clock();
    tpm.restore_state();
    EXPECT_EQ(tpm::compare_counters(before, clock()), tpm::Continuity::went_back);
}

TEST(Certificate, IsReadFromAnIndexLongerThanItself) {
    const Swtpm tpm("--banks sha256");
    const Buffer before = tpm.open().endorsement().value().certificates.at(0);
    const Shell padded = tpm.tool_with("sh -c 'cd \"$(mktemp -d)\" && tpm2_nvread 0x01c00002 -C o -o cert && "
                                       "tpm2_nvundefine 0x01c00002 -C p && "
                                       "tpm2_nvdefine 0x01c00002 -C p -s $(($(stat -c%s cert) + 99)) "
                                       "-a \"ppwrite|ppread|ownerread|authread|no_da|platformcreate\" && "
                                       "tpm2_nvwrite 0x01c00002 -C p -i cert'");
    ASSERT_EQ(padded.status, 0) << padded.output;
    EXPECT_EQ(tpm.open().endorsement().value().certificates.at(0), before);
}

TEST(WithoutAResourceManager, AThousandQuotesLeaveNothingLoaded) {
    constexpr int rounds = 1000;
    const Swtpm tpm("--banks sha256");
    {
        TpmDevice device = tpm.open();
        ASSERT_TRUE(device.endorsement());
        const AttestationKeySeed seed{.unique = Secret(as_bytes(std::string(64, 'a'))),
                                      .auth = Secret(as_bytes(std::string(32, 'p')))};
        ASSERT_TRUE(device.load_attestation_key(seed));
        const auto begun = std::chrono::steady_clock::now();
        for (int round = 0; round < rounds; ++round)
            ASSERT_TRUE(device.quote({{sha256, 0xFFFF}}, Buffer(32)));
        const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun;
        RecordProperty("quote_ms", std::to_string(took.count() / rounds));
    }
    for (const std::string kind : {"handles-transient", "handles-loaded-session"})
        EXPECT_EQ(tpm.tool_with("tpm2_getcap " + kind).output, "");
}

TEST_F(WithTpm, SaysThatTheEndorsementHierarchyHasAPassword) {
    ASSERT_EQ(tpm_->tool_with("tpm2_changeauth -c e somebody").status, 0);
    {
        TpmDevice device = tpm_->open();
        const auto ak = device.load_attestation_key(seed());
        ASSERT_FALSE(ak);
        EXPECT_EQ(ak.error().code, Errc::denied);
        EXPECT_TRUE(ak.error().detail.starts_with("the endorsement hierarchy has a password"))
            << ak.error().detail;
    }
    ASSERT_EQ(tpm_->tool_with("tpm2_changeauth -c e -p somebody").status, 0);
}

TEST(OpenTpm, SaysThatNobodyIsThere) {
    const auto device = TpmDevice::open("swtpm:path=/nonexistent/tpm.sock");
    ASSERT_FALSE(device);
    EXPECT_EQ(device.error().code, Errc::unavailable);
    EXPECT_EQ(device.error().where, "tpmdev.open");
}

TEST(EveryTemplate, IsMadeByTheTpmAndOpensCredentials) {
    // RSA-2048 by L-1, P-256 by L-2 and P-384 by H-3 have certificates here; a TPM without any shows its L-1
    // key.
    crypto::SystemRandom random;
    const Swtpm swtpm("--banks sha256,sha384 --p256");
    const auto activate = [&](const std::string& expected) {
        TpmDevice device = swtpm.open();
        const auto endorsement = device.endorsement();
        ASSERT_TRUE(endorsement) << endorsement.error().detail;
        const auto ek = tpm::EndorsementKey::from(tpm::parse_public_area(endorsement->ek_public).value());
        ASSERT_TRUE(ek);
        EXPECT_EQ(ek->template_name(), expected);
        const AttestationKeySeed seed{.unique = random.secret(64), .auth = random.secret(32)};
        const auto ak = tpm::parse_public_area(device.load_attestation_key(seed).value());
        const Secret secret = random.secret(32);
        const auto credential = tpm::make_credential(*ek, tpm::name_of(*ak), secret, random);
        const auto opened = device.activate_credential(*credential);
        ASSERT_TRUE(opened) << opened.error().detail;
        EXPECT_TRUE(crypto::equal(*opened, secret));
    };
    activate("L-1");
    ASSERT_EQ(swtpm.tool_with("tpm2_nvundefine 0x01c00002 -C p").status, 0);
    activate("L-2");
    ASSERT_EQ(swtpm.tool_with("tpm2_nvundefine 0x01c0000a -C p").status, 0);
    activate("H-3");
    ASSERT_EQ(swtpm.tool_with("tpm2_nvundefine 0x01c00016 -C p").status, 0);
    activate("L-1");
    // not persistent any more: made again, and the same
    ASSERT_EQ(swtpm.tool_with("tpm2_evictcontrol -C o -c 0x81010001").status, 0);
    activate("L-1");
}

} // namespace
} // namespace vouchsafe::tpmdev

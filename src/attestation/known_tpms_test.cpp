#include "attestation/known_tpms.h"
#include "tests/support/attestation_house.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace vouchsafe::attestation {
namespace {

using test::AttestedMachine;

constexpr std::chrono::hours day{24};
const SysTime noon = from_seconds(1'800'000'000);

/// A TPM that was certified from yesterday to tomorrow, and what it is known by.
struct Known {
    AttestedMachine machine;
    Buffer ak_public = tpm::encode(machine.tpm.ak_area());
    crypto::Sha256Digest presentation = presentation_of(machine.request());
    std::shared_ptr<const TrustedCas> cas = std::make_shared<const TrustedCas>();

    Result<Certification> certification =
        Certification{.ca = {.name = "ek"},
                      .certificate = {},
                      .tpm = {},
                      .validity = {.not_before = noon - day, .not_after = noon + day}};

    void add_to(KnownTpms& tpms) const {
        tpms.add(ak_public,
                 std::make_shared<const PresentedTpm>(PresentedTpm{.ek_digest = machine.ek_digest(),
                                                                   .host = machine.host(),
                                                                   .ak = machine.tpm.ak(),
                                                                   .certification = certification,
                                                                   .cas = cas,
                                                                   .presentation = presentation}));
    }
};

TEST(KnownTpms, FindsWhatIsPresentedAgain) {
    const Known known;
    KnownTpms tpms;
    EXPECT_FALSE(tpms.find(known.presentation, known.ak_public, known.cas, noon));
    EXPECT_FALSE(tpms.attestation_key(known.ak_public));
    known.add_to(tpms);
    const auto found = tpms.find(known.presentation, known.ak_public, known.cas, noon);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->host, known.machine.host());
    EXPECT_EQ(tpms.attestation_key(known.ak_public)->name(), known.machine.tpm.ak().name());
}

TEST(KnownTpms, FindsNothingUnderOtherBytesCasOrTimes) {
    const Known known;
    KnownTpms tpms;
    known.add_to(tpms);
    auto request = known.machine.request();
    request.ek_certificates.clear();
    EXPECT_FALSE(tpms.find(presentation_of(request), known.ak_public, known.cas, noon));
    const auto same_content = std::make_shared<const TrustedCas>();
    EXPECT_FALSE(tpms.find(known.presentation, known.ak_public, same_content, noon));
    EXPECT_FALSE(tpms.find(known.presentation, known.ak_public, known.cas, noon - 2 * day));
    EXPECT_FALSE(tpms.find(known.presentation, known.ak_public, known.cas, noon + 2 * day));
    EXPECT_FALSE(tpms.find(known.presentation, Buffer{1}, known.cas, noon));
}

TEST(KnownTpms, FindsNothingThatWasNotCertified) {
    Known known;
    known.certification = fail(Errc::untrusted, "endorsement.certificate");
    KnownTpms tpms;
    known.add_to(tpms);
    EXPECT_FALSE(tpms.find(known.presentation, known.ak_public, known.cas, noon));
    EXPECT_TRUE(tpms.attestation_key(known.ak_public)); // a key is a key
}

TEST(KnownTpms, KeepsNoMoreThanItMay) {
    const std::array<Known, 3> known;
    KnownTpms tpms(2);
    for (const Known& one : known)
        one.add_to(tpms);
    const auto kept = std::ranges::count_if(
        known, [&tpms](const Known& one) { return tpms.attestation_key(one.ak_public) != nullptr; });
    EXPECT_EQ(kept, 2);
    EXPECT_TRUE(tpms.attestation_key(known.back().ak_public));
}

TEST(Presentation, DependsOnEachPartAndWhereItEnds) {
    const AttestedMachine machine;
    const auto request = machine.request();
    auto changed = request;
    changed.ek_certificates.front().push_back(0);
    EXPECT_NE(presentation_of(changed), presentation_of(request));
    changed = request;
    changed.ek_public.push_back(changed.ak_public.front());
    changed.ak_public.erase(changed.ak_public.begin());
    EXPECT_NE(presentation_of(changed), presentation_of(request));
}

} // namespace
} // namespace vouchsafe::attestation

#include "appraisal/weak_tpms.h"
#include "crypto/x509.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>

#include <string>
#include <variant>

namespace vouchsafe::appraisal {
namespace {

std::uint64_t version(std::uint64_t a, std::uint64_t b, std::uint64_t c = 0, std::uint64_t d = 0) {
    return a << 48U | b << 32U | c << 16U | d;
}

TEST(TpmVersion, IsFourNumbers) {
    EXPECT_EQ(version_text(tpm_version(0x0007'003D'11CB'0000)), "7.61.4555.0");
}

struct Row {
    const char* manufacturer;
    std::uint64_t firmware;
    const char* advisory; ///< nullptr: no fault is known
};

// The last faulty version and the first good one of each maker's advisory.
TEST(ShippedList, NamesTheFaultyVersionsAndNoOthers) {
    const Row rows[] = {
        {"IFX", version(5, 0), "CVE-2017-15361"},
        {"IFX", version(5, 61, 65535, 65535), "CVE-2017-15361"},
        {"IFX", version(5, 62), nullptr},
        {"IFX", version(7, 61, 4555), "CVE-2017-15361"},
        {"IFX", version(7, 62), nullptr},
        {"IFX", version(7, 85), nullptr},
        {"INTC", version(11, 8, 50, 3399), "CVE-2019-11090"},
        {"INTC", version(11, 8, 69, 1), "CVE-2019-11090"},
        {"INTC", version(11, 8, 70, 0), nullptr},
        {"INTC", version(11, 11, 65), "CVE-2019-11090"},
        {"INTC", version(11, 11, 70), nullptr},
        {"INTC", version(302, 12), nullptr},
        {"STM", version(73, 4), "CVE-2019-16863"},
        {"STM", version(73, 20), nullptr},
        {"STM", version(71, 12, 1), "CVE-2019-16863"},
        {"STM", version(71, 16), nullptr},
        {"STM", version(74, 16), "CVE-2019-16863"},
        {"STM", version(74, 20), nullptr},
        {"NTC", version(7, 2, 1, 0), "CVE-2020-25082"},
        {"NTC", version(7, 2, 2, 0), nullptr},
        {"NTC", version(7, 2, 0, 0), nullptr},
        {"STM", version(7, 61), nullptr},
        {"IBM", version(8217, 4131, 18, 19), nullptr},
        {"", version(7, 61), nullptr},
    };
    for (const Row& row : rows) {
        const auto found = weak_tpms().faults_of(row.manufacturer, tpm_version(row.firmware));
        EXPECT_EQ(found.empty(), row.advisory == nullptr)
            << row.manufacturer << " " << version_text(tpm_version(row.firmware));
        EXPECT_TRUE(found.empty() || found.front()->advisories.front() == row.advisory);
    }
}

TEST(ShippedList, IsDatedAndNamesAnAdvisoryForEachFault) {
    ASSERT_TRUE(parse_weak_tpms(shipped_weak_tpms()));
    EXPECT_EQ(weak_tpms().date.size(), std::string("2026-11-26").size());
    for (const TpmFault& fault : weak_tpms().faults)
        EXPECT_TRUE(fault.advisories.front().starts_with("CVE-")) << fault.title;
}

std::string list_with(const std::string& from, const std::string& more = "") {
    return R"({"format":"vouchsafe-weak-tpms","version":1,"date":"2026-01-01","faults":[{"title":"t",)"
           R"("advisories":["CVE-1"],"manufacturer":"X","firmware":[{"from":")" +
           from + R"(","to":"9"}]}])" + more + "}";
}

TEST(WeakTpms, RefuseWhatIsNoList) {
    ASSERT_TRUE(parse_weak_tpms(list_with("1.2.3.4")));
    for (const char* const bad : {"", "1.", ".1", "1.2.3.4.5", "65536", "-1", "1a", "1..2", " 1"})
        EXPECT_FALSE(parse_weak_tpms(list_with(bad))) << bad;
    EXPECT_FALSE(parse_weak_tpms(list_with("1", R"(,"more":1)")));
    EXPECT_FALSE(parse_weak_tpms("{}"));
    EXPECT_EQ(parse_weak_tpms(std::string(70'000, ' ')).error().code, Errc::too_large);
    const std::string other = list_with("1");
    EXPECT_FALSE(parse_weak_tpms("{\"format\":\"other\"" + other.substr(other.find(",\"version\""))));
}

/// 65537^128 has 2049 bits, and is a power of 65537 modulo every prime.
Buffer roca_modulus() {
    Buffer number{1}; // little-endian
    for (int i = 0; i < 128; ++i) {
        Buffer next = number; // times 65537: itself, and itself two bytes further
        next.resize(number.size() + 3);
        unsigned carry = 0;
        for (std::size_t at = 2; at < next.size(); ++at) {
            const unsigned sum = next[at] + (at - 2 < number.size() ? number[at - 2] : 0U) + carry;
            next[at] = static_cast<std::uint8_t>(sum);
            carry = sum >> 8U;
        }
        while (next.back() == 0)
            next.pop_back();
        number = std::move(next);
    }
    return {number.rbegin(), number.rend()};
}

TEST(RocaFingerprint, IsOfSuchKeysOnly) {
    Buffer modulus = roca_modulus();
    EXPECT_TRUE(has_roca_fingerprint(modulus));
    modulus.back() ^= 2U;
    EXPECT_FALSE(has_roca_fingerprint(modulus));
    const auto ek = crypto::Certificate::from_der(test::read_vector("tpm/good-ek-l1.der"))->public_key();
    EXPECT_FALSE(has_roca_fingerprint(std::get<crypto::RsaPublicKey>(*ek).modulus()));
    EXPECT_FALSE(has_roca_fingerprint({}));
}

} // namespace
} // namespace vouchsafe::appraisal

#include "tests/support/software_tpm.h"
#include "tests/support/vector_file.h"
#include "tpm/quote.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace vouchsafe::tpm {
namespace {

constexpr std::uint32_t pcr_0_4_11 = 1U << 0U | 1U << 4U | 1U << 11U;

// Everything that goes into verify_quote, as recorded; a test changes one thing.
struct Case {
    std::string key = "good-ak-ecc";
    Buffer attest = test::read_vector("tpm/good-quote-ecc.attest");
    Buffer signature = test::read_vector("tpm/good-quote-ecc.sig");
    Buffer nonce = *from_hex(as_text(test::read_vector("tpm/nonce.hex")));
    PcrSelectionList selection = {{crypto::HashAlg::sha1, pcr_0_4_11}, {crypto::HashAlg::sha256, pcr_0_4_11}};
    crypto::HashAlg policy_bank = crypto::HashAlg::sha256;
    PcrValues values = recorded_values();

    static PcrValues recorded_values() {
        Reader reader(values_file());
        PcrValues out;
        for (const auto bank : {crypto::HashAlg::sha1, crypto::HashAlg::sha256})
            for (const unsigned pcr : {0U, 4U, 11U})
                out[bank][pcr] = to_buffer(*reader.take(crypto::digest_size(bank), "value"));
        VS_CHECK(reader.empty());
        return out;
    }

    static const Buffer& values_file() {
        static const Buffer bytes = test::read_vector("tpm/good-quote.pcrs");
        return bytes;
    }

    void use(const std::string& name) {
        attest = test::read_vector("tpm/" + name + ".attest");
        signature = test::read_vector("tpm/" + name + ".sig");
    }

    Result<VerifiedQuote> verify() const {
        const auto area = parse_public_area(test::read_vector("tpm/" + key + ".pub"));
        VS_CHECK(area.has_value());
        const auto ak = AttestationKey::from(*area);
        VS_CHECK(ak.has_value());
        return verify_quote({.attest = attest, .signature = signature, .values = values},
                            *ak,
                            {.qualifying_data = nonce, .selection = selection, .policy_bank = policy_bank});
    }
};

TEST(VerifyQuote, AcceptsWhatATpmSigned) {
    for (const std::string kind : {"ecc", "rsassa", "rsapss", "ecc-sha384", "rsapss-sha384"}) {
        Case one{.key = "good-ak-" + kind};
        one.use("good-quote-" + kind);
        const auto quote = one.verify();
        ASSERT_TRUE(quote) << kind << ": " << quote.error().where;
        EXPECT_EQ(quote->pcrs(), one.values);
        EXPECT_EQ(quote->selection(), one.selection);
        EXPECT_EQ(quote->firmware_version(), 0x2019102300163636U);
        EXPECT_GT(quote->clock().clock, 0U);
        EXPECT_EQ(quote->clock().restart_count, 0U);
    }
}

struct BadQuote {
    std::string name;
    std::function<void(Case&)> change;
    std::string where;
    Errc code = Errc::untrusted;
};

class BadQuotes : public testing::TestWithParam<BadQuote> {};

TEST_P(BadQuotes, AreRefusedByTheirCheck) {
    Case one;
    GetParam().change(one);
    const auto quote = one.verify();
    ASSERT_FALSE(quote);
    EXPECT_EQ(quote.error().where, GetParam().where);
    EXPECT_EQ(quote.error().code, GetParam().code);
}

auto recorded(const std::string& name) {
    return [name](Case& one) { one.use(name); };
}

INSTANTIATE_TEST_SUITE_P(
    Defects,
    BadQuotes,
    testing::Values(
        // 1 and 2: scheme and signature
        BadQuote{"RsaSignatureForEccKey",
                 [](Case& c) { c.signature = test::read_vector("tpm/good-quote-rsassa.sig"); },
                 "quote.scheme"},
        BadQuote{"PssForSsaKey",
                 [](Case& c) {
                     c.key = "good-ak-rsassa";
                     c.use("good-quote-rsapss");
                 },
                 "quote.scheme"},
        BadQuote{"OtherHashInHeader", [](Case& c) { c.signature[3] = 0x04; }, "quote.scheme"},
        BadQuote{"OtherKey", recorded("bad-quote-owner-hierarchy"), "quote.signature"},
        BadQuote{"ChangedAttest", [](Case& c) { c.attest.back() ^= 1U; }, "quote.signature"},
        BadQuote{"ZeroR",
                 [](Case& c) { std::fill(c.signature.begin() + 6, c.signature.begin() + 38, 0); },
                 "quote.signature"},
        BadQuote{"ZeroS",
                 [](Case& c) { std::fill(c.signature.end() - 32, c.signature.end(), 0); },
                 "quote.signature"},
        BadQuote{"SignatureTrails", [](Case& c) { c.signature.push_back(0); }, "signature", Errc::malformed},
        BadQuote{
            "SignatureAbsent", [](Case& c) { c.signature.clear(); }, "signature.scheme", Errc::malformed},
        BadQuote{"AttestAbsent", [](Case& c) { c.attest.clear(); }, "quote.signature"},
        // 3 and 4: signed, but no quote
        BadQuote{"CertifyInstead", recorded("bad-attest-certify"), "attest.type"},
        BadQuote{"TimeInstead", recorded("bad-attest-time"), "attest.type"},
        // 5: made elsewhere
        BadQuote{"OwnerHierarchy",
                 [](Case& c) {
                     c.key = "good-ak-owner";
                     c.use("bad-quote-owner-hierarchy");
                 },
                 "quote.qualified_signer"},
        // 6: not ours
        BadQuote{"OtherNonce", recorded("bad-quote-other-nonce"), "quote.qualifying_data"},
        BadQuote{"NothingAsked", [](Case& c) { c.nonce.clear(); }, "quote.qualifying_data"},
        BadQuote{"LongerNonceAsked", [](Case& c) { c.nonce.push_back(0); }, "quote.qualifying_data"},
        // 7 and 8: selection
        BadQuote{"SurplusPcr", recorded("bad-quote-surplus-pcr"), "quote.selection"},
        BadQuote{"MissingPcr", recorded("bad-quote-missing-pcr"), "quote.selection"},
        BadQuote{"MissingBank", recorded("bad-quote-missing-bank"), "quote.selection"},
        BadQuote{"SwappedBanks", recorded("bad-quote-swapped-banks"), "quote.selection"},
        BadQuote{"NoBitsAsked",
                 [](Case& c) {
                     for (PcrSelection& one : c.selection)
                         one.bits = 0;
                 },
                 "quote.selection"},
        BadQuote{"PolicyBankNotAmongThem",
                 [](Case& c) { c.policy_bank = crypto::HashAlg::sha384; },
                 "quote.policy_bank"},
        // 9: values
        BadQuote{
            "ValueMissing", [](Case& c) { c.values[crypto::HashAlg::sha256].erase(4); }, "quote.pcr_values"},
        BadQuote{"BankMissing", [](Case& c) { c.values.erase(crypto::HashAlg::sha1); }, "quote.pcr_values"},
        BadQuote{"ValueBesides",
                 [](Case& c) { c.values[crypto::HashAlg::sha256][7] = Buffer(32); },
                 "quote.pcr_values"},
        BadQuote{"BankBesides",
                 [](Case& c) { c.values[crypto::HashAlg::sha384][0] = Buffer(48); },
                 "quote.pcr_values"},
        BadQuote{"ShortValue",
                 [](Case& c) { c.values[crypto::HashAlg::sha256][4].pop_back(); },
                 "quote.pcr_values"},
        // 10: digest
        BadQuote{
            "OtherValue", [](Case& c) { c.values[crypto::HashAlg::sha256][4][0] ^= 1U; }, "quote.pcr_digest"},
        BadQuote{"SwappedValues",
                 [](Case& c) {
                     auto& bank = c.values[crypto::HashAlg::sha256];
                     std::swap(bank[4], bank[11]);
                 },
                 "quote.pcr_digest"}),
    [](const testing::TestParamInfo<BadQuote>& row) { return row.param.name; });

/// Where a quote of a TPM with these banks is refused, about which everything else is true.
struct Question {
    Buffer nonce = Buffer(20, 0x5A);
    PcrSelectionList signed_one = {{crypto::HashAlg::sha1, pcr_0_4_11},
                                   {crypto::HashAlg::sha256, pcr_0_4_11}};
    PcrSelectionList asked = signed_one;
    bool allocate_sha1 = true;
    PcrValues besides = {};

    std::string where() const {
        test::SoftwareTpm tpm;
        if (allocate_sha1)
            tpm.pcrs[crypto::HashAlg::sha1] = {};
        test::SoftwareTpm::SignedQuote made = tpm.quote(signed_one, nonce);
        made.values.insert(besides.begin(), besides.end());
        const auto quote = verify_quote(
            {.attest = made.attest, .signature = made.signature, .values = made.values},
            tpm.ak(),
            {.qualifying_data = nonce, .selection = asked, .policy_bank = crypto::HashAlg::sha256});
        return quote ? "" : quote.error().where;
    }
};

TEST(VerifyQuote, AnswersAQuestion) {
    EXPECT_EQ(Question{}.where(), "");
    EXPECT_EQ(Question{.nonce = {}}.where(), "quote.qualifying_data");
}

TEST(VerifyQuote, IsOfTheBanksThatWereAskedForAndNoMore) {
    const PcrSelection sha256{crypto::HashAlg::sha256, pcr_0_4_11};
    const PcrSelection sha1{crypto::HashAlg::sha1, pcr_0_4_11};
    EXPECT_EQ((Question{.signed_one = {sha256, sha1}, .asked = {sha256, sha1}}.where()), "");
    EXPECT_EQ((Question{.signed_one = {sha256, sha1}, .asked = {sha256}}.where()), "quote.selection");
}

TEST(VerifyQuote, HasNoValuesOfABankThatIsNotAllocated) {
    EXPECT_EQ(Question{.allocate_sha1 = false}.where(), "");
    EXPECT_EQ((Question{.allocate_sha1 = false, .besides = {{crypto::HashAlg::sha1, {}}}}.where()),
              "quote.pcr_values");
}

// Magic is what keeps a key that signs anything from quoting: AttestationKey refuses the key, and the
// parser refuses the statement.
TEST(ParseQuoteAttest, RefusesAnotherMagic) {
    const auto attest = parse_quote_attest(test::read_vector("tpm/bad-attest-magic.attest"));
    ASSERT_FALSE(attest);
    EXPECT_EQ(attest.error().where, "attest.magic");
    EXPECT_EQ(attest.error().code, Errc::untrusted);
}

TEST(ParseQuoteAttest, EncodesToTheBytesItWasParsedFrom) {
    const Buffer bytes = test::read_vector("tpm/good-quote-ecc.attest");
    EXPECT_EQ(encode(*parse_quote_attest(bytes)), bytes);
}

TEST(ParseQuoteAttest, RefusesEveryShorterAndAnyLongerText) {
    Buffer bytes = test::read_vector("tpm/good-quote-ecc.attest");
    for (std::size_t size = 0; size < bytes.size(); ++size)
        EXPECT_FALSE(parse_quote_attest(Bytes(bytes).first(size))) << size;
    bytes.push_back(0);
    EXPECT_EQ(parse_quote_attest(bytes).error().where, "attest");
    bytes.resize(2049);
    EXPECT_EQ(parse_quote_attest(bytes).error().code, Errc::too_large);
}

TEST(ParseSignature, EncodesToTheBytesItWasParsedFrom) {
    for (const std::string kind : {"ecc", "rsassa", "rsapss"}) {
        const Buffer bytes = test::read_vector("tpm/good-quote-" + kind + ".sig");
        EXPECT_EQ(encode(*parse_signature(bytes)), bytes);
    }
}

struct BadSelection {
    std::string name, hex, where;
};

class BadSelections : public testing::TestWithParam<BadSelection> {};

TEST_P(BadSelections, AreRefused) {
    const Buffer bytes = *from_hex(GetParam().hex);
    Reader reader(bytes);
    const auto selection = read_selection(reader);
    ASSERT_FALSE(selection);
    EXPECT_EQ(selection.error().where, GetParam().where);
}

INSTANTIATE_TEST_SUITE_P(
    Defects,
    BadSelections,
    testing::Values(BadSelection{"NineBanks", "00000009", "selection.count"},
                    BadSelection{"EndlessBanks", "ffffffff", "selection.count"},
                    BadSelection{"SameBankTwice",
                                 "00000002"
                                 "000b03ff0000"
                                 "000b03ff0000",
                                 "selection.bank"},
                    BadSelection{"UnknownBank", "00000001ffff03ffffff", "selection.bank"},
                    BadSelection{"BankThatIsNoHash", "00000001000103ffffff", "selection.bank"},
                    BadSelection{"NoBytes", "00000001000b00", "selection.size"},
                    BadSelection{"FourBytes", "00000001000b04ffffffff", "selection.size"},
                    BadSelection{"EndlessBytes", "00000001000bff", "selection.size"},
                    BadSelection{"TooShort", "00000001000b03ff", "selection.bits"}),
    [](const testing::TestParamInfo<BadSelection>& row) { return row.param.name; });

TEST(CompareCounters, JudgesResetThenRestartThenClock) {
    const ClockInfo last{.clock = 1000, .reset_count = 5, .restart_count = 2, .safe = true};
    const auto judge = [&last](std::uint32_t reset, std::uint32_t restart, std::uint64_t clock, bool safe) {
        return compare_counters(
            last, {.clock = clock, .reset_count = reset, .restart_count = restart, .safe = safe});
    };
    EXPECT_EQ(judge(5, 2, 1000, true), Continuity::same_boot);
    EXPECT_EQ(judge(5, 2, 1001, true), Continuity::same_boot);
    EXPECT_EQ(judge(5, 2, 1001, false), Continuity::same_boot);
    EXPECT_EQ(judge(5, 3, 1001, true), Continuity::resumed);
    // a legitimate reboot after a suspend: restartCount begins anew
    EXPECT_EQ(judge(6, 0, 2000, true), Continuity::rebooted);
    // a power cut: the clock may step back, and says so
    EXPECT_EQ(judge(6, 0, 900, false), Continuity::rebooted);

    EXPECT_EQ(judge(5, 2, 999, true), Continuity::went_back);
    EXPECT_EQ(judge(5, 2, 999, false), Continuity::went_back);
    EXPECT_EQ(judge(5, 1, 2000, true), Continuity::went_back);
    EXPECT_EQ(judge(4, 9, 9000, true), Continuity::went_back);
    EXPECT_EQ(judge(0, 0, 10, false), Continuity::went_back);
    // cleared, then started until the count is higher: a safe clock never shows a time twice
    EXPECT_EQ(judge(6, 0, 900, true), Continuity::went_back);
}

TEST(VerifySignature, TakesAKeyAndASignatureOfItsKind) {
    const Buffer message = test::read_vector("tpm/good-quote-ecc.attest");
    const auto ec = *public_key_of(*parse_public_area(test::read_vector("tpm/good-ak-ecc.pub")));
    const auto rsa = *public_key_of(*parse_public_area(test::read_vector("tpm/good-ak-rsassa.pub")));
    const auto by_ec = *parse_signature(test::read_vector("tpm/good-quote-ecc.sig"));
    const auto by_rsa = *parse_signature(test::read_vector("tpm/good-quote-rsassa.sig"));
    EXPECT_TRUE(verify_signature(ec, by_ec, message));
    EXPECT_TRUE(verify_signature(rsa, by_rsa, test::read_vector("tpm/good-quote-rsassa.attest")));
    EXPECT_EQ(verify_signature(rsa, by_rsa, message).error().where, "quote.signature");
    EXPECT_EQ(verify_signature(rsa, by_ec, message).error().where, "quote.signature");
    EXPECT_EQ(verify_signature(ec, by_rsa, message).error().where, "quote.signature");
    for (Signature weak : {by_ec, by_rsa}) {
        weak.hash = AlgId::sha1;
        const bool is_ec = weak.scheme == AlgId::ecdsa;
        const auto refused = verify_signature(is_ec ? ec : rsa, weak, message);
        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().detail.find("too weak"), std::string::npos);
        weak.hash = AlgId::null;
        EXPECT_FALSE(verify_signature(is_ec ? ec : rsa, weak, message));
    }
}

} // namespace
} // namespace vouchsafe::tpm

#include "appraisal/inspect_quote.h"
#include "appraisal/quote_files.h"
#include "crypto/signature.h"
#include "json/write.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

namespace vouchsafe::appraisal {
namespace {

struct Case {
    Buffer attest = test::read_vector("tpm/good-quote-ecc.attest");
    Buffer signature = test::read_vector("tpm/good-quote-ecc.sig");
    Buffer ak = test::read_vector("tpm/good-ak-ecc.pub");
    std::optional<Buffer> nonce = *from_hex(as_text(test::read_vector("tpm/nonce.hex")));
    std::optional<Buffer> pcrs = test::read_vector("tpm/good-quote.pcrs");

    void use(const std::string& name) {
        attest = test::read_vector("tpm/" + name + ".attest");
        signature = test::read_vector("tpm/" + name + ".sig");
    }

    InspectReport inspect() const {
        QuoteFiles files{.attest = attest, .signature = signature, .ak = ak, .nonce = {}, .pcrs = {}};
        if (nonce)
            files.nonce = *nonce;
        if (pcrs)
            files.pcrs = *pcrs;
        return inspect_quote(files);
    }
};

std::vector<std::string> names(const InspectReport& report, bool passed) {
    std::vector<std::string> out;
    for (const json::Value& check : report.json.find("checks")->as_array())
        if (check.find("passed")->as_bool() == passed)
            out.push_back(check.find("name")->as_string());
    return out;
}

using Names = std::vector<std::string>;

TEST(InspectQuote, VerifiesWhatATpmSigned) {
    for (const std::string kind : {"ecc", "rsassa", "rsapss"}) {
        Case one{.ak = test::read_vector("tpm/good-ak-" + kind + ".pub")};
        one.use("good-quote-" + kind);
        const InspectReport report = one.inspect();
        EXPECT_EQ(report.verdict, Verdict::fine) << kind;
        EXPECT_TRUE(report.json.find("verified")->as_bool());
        EXPECT_EQ(names(report, true),
                  (Names{"quote.ak",
                         "quote.scheme",
                         "quote.signature",
                         "attest.magic",
                         "attest.type",
                         "quote.qualified_signer",
                         "quote.qualifying_data",
                         "quote.selection",
                         "quote.pcr_values",
                         "quote.pcr_digest"}))
            << kind;
        EXPECT_TRUE(report.json.find("notes")->as_array().empty());
        const json::Value& quote = *report.json.find("quote");
        EXPECT_EQ(quote.find("extra_data")->as_string(), to_hex(*one.nonce));
        EXPECT_EQ(json::canonical(*quote.find("pcrs")), R"({"sha1":[0,4,11],"sha256":[0,4,11]})");
    }
}

/// The signature's own bytes, as tools write them that leave the scheme to the reader.
Buffer bare_signature(const Buffer& signature) {
    const auto parsed = tpm::parse_signature(signature);
    VS_CHECK(parsed.has_value());
    if (const auto* const rsa = std::get_if<tpm::RsaSignature>(&parsed->value))
        return rsa->bytes;
    const auto& ecdsa = std::get<tpm::EcdsaSignature>(parsed->value);
    return crypto::ecdsa_to_der(ecdsa.r, ecdsa.s);
}

TEST(InspectQuote, FindsTheSchemeOfABareSignature) {
    for (const auto& [kind, scheme] : {std::pair<std::string, std::string>{"ecc", "ECDSA with sha256"},
                                       {"rsassa", "RSASSA with sha256"},
                                       {"rsapss", "RSAPSS with sha256"},
                                       {"ecc-sha384", "ECDSA with sha384"},
                                       {"rsapss-sha384", "RSAPSS with sha384"}}) {
        Case one{.ak = test::read_vector("tpm/good-ak-" + kind + ".pub")};
        one.use("good-quote-" + kind);
        one.signature = bare_signature(one.signature);
        const auto key = read_signing_key(one.ak);
        const Buffer alone = crypto::spki_der(key->key);
        for (const Buffer& ak : {one.ak, alone}) {
            one.ak = ak;
            const InspectReport report = one.inspect();
            EXPECT_EQ(report.verdict, Verdict::fine) << kind << json::canonical(report.json);
            const auto& notes = report.json.find("notes")->as_array();
            EXPECT_EQ(notes.at(0).as_string(),
                      "the signature file does not say its scheme: taken as " + scheme);
            Case spoilt = one;
            spoilt.signature.back() ^= 1U;
            EXPECT_EQ(spoilt.inspect().verdict, Verdict::does_not_verify) << kind;
        }
    }
}

TEST(InspectQuote, SaysWhatItCouldNotCheck) {
    Case one;
    one.nonce.reset();
    one.pcrs.reset();
    one.ak = crypto::spki_der(read_signing_key(one.ak)->key);
    const InspectReport report = one.inspect();
    EXPECT_EQ(report.verdict, Verdict::fine);
    EXPECT_EQ(names(report, true),
              (Names{"quote.signature", "attest.magic", "attest.type", "quote.selection"}));
    EXPECT_EQ(report.json.find("notes")->as_array().size(), 3U);
}

TEST(InspectQuote, NotesASignerOfAnotherHierarchy) {
    Case one{.ak = test::read_vector("tpm/good-ak-owner.pub")};
    one.use("bad-quote-owner-hierarchy");
    const InspectReport report = one.inspect();
    EXPECT_EQ(report.verdict, Verdict::fine);
    EXPECT_EQ(report.json.find("notes")->as_array().size(), 1U);
}

// Each attribute without which a signature over TPM_GENERATED_VALUE would mean nothing.
TEST(InspectQuote, WantsEachAttributeOfAnAttestationKey) {
    const tpm::PublicArea good = *read_signing_key(Case().ak)->area;
    const auto passes = [&good](std::uint32_t attributes) {
        Case one;
        tpm::PublicArea area = good;
        area.attributes = attributes;
        one.ak = tpm::encode(area);
        const Names failed = names(one.inspect(), false);
        return std::ranges::find(failed, "quote.ak") == failed.end();
    };
    namespace attribute = tpm::attribute;
    EXPECT_TRUE(passes(good.attributes));
    EXPECT_TRUE(passes(good.attributes | attribute::admin_with_policy)) << "of no weight for a signature";
    for (const std::uint32_t bit : {attribute::restricted,
                                    attribute::sign,
                                    attribute::fixed_tpm,
                                    attribute::fixed_parent,
                                    attribute::sensitive_data_origin,
                                    attribute::decrypt})
        EXPECT_FALSE(passes(good.attributes ^ bit)) << bit;
}

Buffer text(const std::string& text) {
    return to_buffer(as_bytes(text));
}

std::string array_of(const Buffer& bytes) {
    std::string out;
    for (const std::uint8_t byte : bytes)
        out += (out.empty() ? "[" : ", ") + std::to_string(byte);
    return out + "]\n";
}

TEST(InspectQuote, TakesTextForBytes) {
    const Case good;
    const std::function<Buffer(const Buffer&)> forms[] = {
        [](const Buffer& bytes) { return text(to_hex(bytes) + "\n"); },
        [](const Buffer& bytes) { return text(to_base64(bytes)); },
        [](const Buffer& bytes) { return text(array_of(bytes)); },
    };
    for (const auto& form : forms) {
        Case one;
        one.attest = form(good.attest);
        one.signature = form(good.signature);
        one.ak = form(good.ak);
        EXPECT_EQ(one.inspect().verdict, Verdict::fine) << as_text(one.signature);
        one.signature.resize(one.signature.size() - 8); // shorter, and at times broken
        EXPECT_NE(one.inspect().verdict, Verdict::fine);
    }
}

TEST(InspectQuote, TakesWhatKeylimeSends) {
    const Case good;
    const std::string pcrs = to_base64(test::read_vector("tpm/good-quote.serialised"));
    Case one;
    one.attest = text("r" + to_base64(good.attest) + ":" + to_base64(good.signature) + ":" + pcrs);
    one.signature.clear();
    one.pcrs.reset();
    EXPECT_EQ(one.inspect().verdict, Verdict::fine);
    const Names passed = names(one.inspect(), true);
    EXPECT_NE(std::ranges::find(passed, "quote.pcr_digest"), passed.end());
    one.pcrs = good.pcrs;
    one.pcrs->back() ^= 1U;
    EXPECT_EQ(one.inspect().verdict, Verdict::does_not_verify) << "the values that were given win";
    one.attest = text("r" + to_base64(good.attest) + ":!:" + pcrs);
    EXPECT_EQ(one.inspect().verdict, Verdict::malformed);
    one.attest = text("r" + to_base64(good.attest) + "::" + pcrs);
    EXPECT_EQ(one.inspect().verdict, Verdict::malformed);
}

TEST(InspectQuote, SaysWhyOtherTextIsNoQuote) {
    const std::pair<std::string, std::string> cases[] = {
        {R"({"Static":{"TPMVersion":1}})", "an attestation by a TPM 1.2"},
        {R"({"Static":{"TPMVersion":2}})", "a JSON document"},
        {R"({"Static":1})", "a JSON document"},
        {"[256]", "a JSON array of something else"},
        {"[-1]", "a JSON array of something else"},
        {"[\"a\"]", "a JSON array of something else"},
        {"a quote", "text that is neither"},
    };
    for (const auto& [file, detail] : cases) {
        Case one;
        one.attest = text(file);
        const InspectReport report = one.inspect();
        EXPECT_EQ(report.verdict, Verdict::malformed) << file;
        const json::Value& check = report.json.find("checks")->as_array().front();
        EXPECT_EQ(check.find("name")->as_string(), "quote.text");
        EXPECT_TRUE(check.find("detail")->as_string().starts_with(detail)) << file;
    }
    Case broken;
    broken.attest = text("{");
    EXPECT_EQ(broken.inspect().verdict, Verdict::malformed);
}

struct Bad {
    std::string check;
    std::function<void(Case&)> change;
    Verdict verdict = Verdict::does_not_verify;
};

auto recorded(const std::string& name) {
    return [name](Case& one) { one.use(name); };
}

const Bad bad_ones[] = {
    {"quote.ak", [](Case& one) { one.ak = test::read_vector("tpm/bad-ak-unrestricted.pub"); }},
    {"quote.ak", [](Case& one) { one.ak = test::read_vector("tpm/bad-ak-decrypt.pub"); }},
    {"quote.scheme", [](Case& one) { one.ak = test::read_vector("tpm/good-ak-rsapss.pub"); }},
    {"quote.signature", [](Case& one) { one.attest.back() ^= 1U; }},
    {"quote.signature", [](Case& one) { one.signature.back() ^= 1U; }},
    {"quote.signature", [](Case& one) { one.ak = test::read_vector("tpm/good-ak-owner.pub"); }},
    {"attest.magic",
     [](Case& one) {
         one.use("bad-attest-magic");
         one.ak = test::read_vector("tpm/bad-ak-unrestricted.pub");
     }},
    {"attest.type", recorded("bad-attest-certify")},
    {"attest.type", recorded("bad-attest-time")},
    {"quote.qualifying_data", recorded("bad-quote-other-nonce")},
    {"quote.qualifying_data", [](Case& one) { one.nonce->pop_back(); }},
    {"quote.selection",
     [](Case& one) {
         tpm::QuoteAttest attest = *tpm::parse_quote_attest(one.attest);
         for (tpm::PcrSelection& bank : attest.selection)
             bank.bits = 0;
         one.attest = tpm::encode(attest);
         one.pcrs.reset();
     }},
    {"quote.pcr_values",
     [](Case& one) { one.pcrs = to_buffer(as_bytes("sha256 4 " + std::string(64, '0'))); }},
    {"quote.pcr_digest", [](Case& one) { one.pcrs->back() ^= 1U; }},
    {"quote.pcrs", [](Case& one) { one.pcrs->pop_back(); }, Verdict::malformed},
    {"attest", [](Case& one) { one.attest.push_back(0); }, Verdict::malformed},
    {"signature", [](Case& one) { one.signature.push_back(0); }, Verdict::malformed},
    {"public", [](Case& one) { one.ak.pop_back(); }, Verdict::malformed},
};

TEST(InspectQuote, FailsByTheCheck) {
    for (const Bad& bad : bad_ones) {
        Case one;
        bad.change(one);
        const InspectReport report = one.inspect();
        EXPECT_EQ(report.verdict, bad.verdict) << bad.check;
        EXPECT_FALSE(report.json.find("verified")->as_bool()) << bad.check;
        const Names failed = names(report, false);
        const auto is_it = [&bad](const std::string& name) {
            return bad.verdict == Verdict::malformed ? name.starts_with(bad.check) : name == bad.check;
        };
        EXPECT_TRUE(std::ranges::any_of(failed, is_it)) << bad.check << json::canonical(report.json);
    }
}

} // namespace
} // namespace vouchsafe::appraisal

#include "appraisal/quote_files.h"
#include "base/reader.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>

#include <string>

namespace vouchsafe::appraisal {
namespace {

constexpr std::uint32_t pcr_0_4_11 = 1U << 0U | 1U << 4U | 1U << 11U;
const tpm::PcrSelectionList asked = {{crypto::HashAlg::sha1, pcr_0_4_11},
                                     {crypto::HashAlg::sha256, pcr_0_4_11}};

Buffer recorded(const std::string& form) {
    return test::read_vector("tpm/good-quote." + form);
}

tpm::PcrValues values() {
    return read_pcr_values(recorded("pcrs"), asked).value();
}

/// The values as lines, with what a table of them has besides.
std::string table() {
    std::string out = "# a comment\nbank\tpcr\treplay\tdevice\n\n";
    for (const auto& [bank, pcrs] : values())
        for (const auto& [pcr, value] : pcrs)
            out += std::string(crypto::to_string(bank)) + "\t" + std::to_string(pcr) + "\t-\t" +
                   to_hex(value) + "\n";
    return out + "sha256 7 - -\nsha256 23 - " + std::string(64, '7') + "\n";
}

std::string json_form() {
    std::string out = R"({"findings":[],"pcrs":{"sha256-zero-padded-sha1":{"10":"00"})";
    for (const auto& [bank, pcrs] : values()) {
        out += ",\"" + std::string(crypto::to_string(bank)) + "\":{\"23\":\"" +
               std::string(2 * crypto::digest_size(bank), '7') + "\"";
        for (const auto& [pcr, value] : pcrs)
            out += ",\"" + std::to_string(pcr) + "\":\"" + to_hex(value) + "\"";
        out += "}";
    }
    return out + "}}";
}

TEST(PcrFiles, AreReadInEveryForm) {
    ASSERT_EQ(values().at(crypto::HashAlg::sha256).size(), 3U);
    EXPECT_EQ(to_hex(values().at(crypto::HashAlg::sha1).at(0)), std::string(40, '0'));
    const std::string equals = "sha256 4=" + to_hex(values().at(crypto::HashAlg::sha256).at(4));
    const std::string text = table();
    const std::string json = json_form();
    const std::string bare = json.substr(json.find("{\"sha256-"), json.size() - json.find("{\"sha256-") - 1);
    const std::pair<std::string, Buffer> forms[] = {
        {"serialised", recorded("serialised")},
        {"yaml", recorded("yaml")},
        {"table", to_buffer(as_bytes(text))},
        {"json", to_buffer(as_bytes(json))},
        {"bare json", to_buffer(as_bytes(bare))},
    };
    for (const auto& [name, file] : forms) {
        const auto found = read_pcr_values(file, asked);
        ASSERT_TRUE(found) << name << ": " << found.error().detail;
        EXPECT_EQ(*found, values()) << name;
    }
    EXPECT_EQ(read_pcr_values(as_bytes(equals), asked)->at(crypto::HashAlg::sha256).at(4),
              values().at(crypto::HashAlg::sha256).at(4));
}

TEST(PcrFiles, AreRefusedWithTheLine) {
    const std::string zeros(64, '0');
    const std::pair<std::string, std::string> cases[] = {
        {"sha256 4", "line 1"},
        {"4 " + zeros, "line 1"},
        {"\nsha256 24 " + zeros, "line 2"},
        {"sha256 4 " + zeros + "00", "line 1"},
        {"sha256 4 " + zeros + "\nsha256:\n  4: 0x" + zeros, "line 3"},
        {R"({"pcrs":[]})", "no banks"},
        {R"({"sha256":[]})", "sha256"},
        {R"({"sha256":{"4":"00"}})", "sha256"},
        {R"({"sha256":{"24":")" + zeros + R"("}})", "sha256"},
        {R"({"sha256":{"4":4}})", "sha256"},
    };
    for (const auto& [file, detail] : cases) {
        const auto refused = read_pcr_values(as_bytes(file), asked);
        ASSERT_FALSE(refused) << file;
        EXPECT_EQ(refused.error().code, Errc::malformed) << file;
        EXPECT_TRUE(refused.error().detail.starts_with(detail)) << file << ": " << refused.error().detail;
    }
    EXPECT_FALSE(read_pcr_values(as_bytes("{"), asked));
    EXPECT_EQ(read_pcr_values(Buffer((std::size_t{1} << 20U) + 1), asked).error().code, Errc::too_large);
}

TEST(PcrFiles, InTheFormOfMemoryAreCheckedForTheirSizes) {
    Buffer file = recorded("serialised");
    const auto refused = [](const Buffer& bytes) {
        const auto found = read_pcr_values(bytes, asked);
        return !found && found.error().where == "quote.pcrs";
    };
    Buffer cut(file.begin(), file.end() - 1);
    EXPECT_TRUE(refused(cut));
    Buffer longer = file;
    longer.push_back(0);
    EXPECT_TRUE(refused(longer));
    constexpr std::size_t first_list = 132 + 4;
    Buffer fewer = file;
    fewer[first_list] = 5;
    EXPECT_TRUE(refused(fewer));
    Buffer other_size = file;
    other_size[first_list + 4] = 32;
    EXPECT_TRUE(refused(other_size));
    Buffer beyond = file;
    beyond[first_list + 4] = 65;
    EXPECT_TRUE(refused(beyond));
}

const std::string ec_key = "tpm/good-ak-ecc.pub";

TEST(SigningKeys, AreReadInEveryForm) {
    const Buffer area = test::read_vector(ec_key);
    const auto plain = read_signing_key(area);
    ASSERT_TRUE(plain && plain->area);
    const Buffer sized = Writer().big(static_cast<std::uint16_t>(area.size())).bytes(area).done();
    EXPECT_EQ(read_signing_key(sized)->area, plain->area);

    const Buffer der = crypto::spki_der(plain->key);
    const std::string pem = "-----BEGIN PUBLIC KEY-----\n" + to_base64(der) + "\n-----END PUBLIC KEY-----\n";
    for (const Buffer& file : {der, to_buffer(as_bytes(pem))}) {
        const auto key = read_signing_key(file);
        ASSERT_TRUE(key) << key.error().detail;
        EXPECT_FALSE(key->area);
        EXPECT_EQ(crypto::spki_der(key->key), der);
    }
    const auto certified = read_signing_key(test::read_vector("tpm/ek-ca.pem"));
    ASSERT_TRUE(certified) << certified.error().detail;
    EXPECT_FALSE(certified->area);

    for (const std::string file :
         {"", "-----BEGIN", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "0", "x"})
        EXPECT_FALSE(read_signing_key(as_bytes(file))) << file;
}

TEST(Signatures, MayBeBare) {
    const auto ec = read_signing_key(test::read_vector(ec_key)).value();
    const Buffer file = test::read_vector("tpm/good-quote-ecc.sig");
    const auto framed = read_signature(file, ec.key);
    ASSERT_TRUE(framed);
    EXPECT_FALSE(framed->bare);
    const auto& value = std::get<tpm::EcdsaSignature>(framed->signature.value);
    const auto bare = read_signature(crypto::ecdsa_to_der(value.r, value.s), ec.key);
    ASSERT_TRUE(bare) << bare.error().detail;
    EXPECT_TRUE(bare->bare);
    EXPECT_TRUE(tpm::encode(bare->signature).size() > file.size()) << "as long as the longest curve's";

    const auto rsa = read_signing_key(test::read_vector("tpm/good-ak-rsassa.pub")).value();
    const auto rsa_file = test::read_vector("tpm/good-quote-rsassa.sig");
    const auto rsa_bare = read_signature(Bytes(rsa_file).subspan(6), rsa.key);
    ASSERT_TRUE(rsa_bare);
    EXPECT_TRUE(rsa_bare->bare);
    EXPECT_EQ(tpm::encode(rsa_bare->signature), rsa_file);

    EXPECT_FALSE(read_signature(Bytes(rsa_file).subspan(7), rsa.key));
    EXPECT_FALSE(read_signature(Bytes(file).subspan(1), ec.key));
    EXPECT_FALSE(read_signature({}, ec.key));
}

} // namespace
} // namespace vouchsafe::appraisal

#include "base/bytes.h"
#include "json/parse.h"
#include "tests/support/counting_random.h"
#include "tests/support/vector_file.h"
#include "token/jwe.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace vouchsafe::token {
namespace {

Secret key() {
    test::CountingRandom random;
    return random.secret(32);
}

json::Object header() {
    json::Object out;
    out.emplace("n", 1);
    out.emplace("typ", "example+jwe");
    return out;
}

std::string text_of(const Secret& secret) {
    return secret.expose([](Bytes bytes) { return std::string(as_text(bytes)); });
}

constexpr std::string_view plain = "The true sign of intelligence is not knowledge.";

std::string sealed() {
    test::CountingRandom random;
    return seal_jwe(key(), random, header(), as_bytes(plain));
}

/// The five parts, to be altered and joined again.
using Parts = std::array<std::string, 5>;

Parts parts_of(std::string_view text) {
    Parts out;
    std::size_t part = 0;
    for (const char c : text) {
        if (c == '.')
            ++part;
        else
            out.at(part) += c;
    }
    return out;
}

std::string joined(const Parts& parts) {
    return parts[0] + "." + parts[1] + "." + parts[2] + "." + parts[3] + "." + parts[4];
}

void expect_refused(std::string_view text, std::string_view where) {
    const auto parsed = parse_jwe(text);
    if (!parsed) {
        EXPECT_EQ(parsed.error().where, where);
        return;
    }
    const auto opened = open_jwe(key(), *parsed);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().where, where);
}

TEST(Jwe, IsWhatAnotherImplementationMakes) {
    const Buffer file = test::read_vector("token/good-message.json");
    const auto vector = json::parse(as_text(file));
    ASSERT_TRUE(vector);
    // The counting nonce of the vector: the same text, to the byte.
    EXPECT_EQ(sealed(), vector->find("jwe")->as_string());
    const auto parsed = parse_jwe(vector->find("jwe")->as_string());
    ASSERT_TRUE(parsed);
    const auto opened = open_jwe(key(), *parsed);
    ASSERT_TRUE(opened);
    EXPECT_EQ(text_of(*opened), vector->find("plain")->as_string());
}

TEST(Jwe, SealsSecretsAndNothing) {
    test::CountingRandom random;
    const auto parsed = parse_jwe(seal_jwe(key(), random, header(), Secret(as_bytes("s3cret"))));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(text_of(*open_jwe(key(), *parsed)), "s3cret");
    const auto empty = parse_jwe(seal_jwe(key(), random, header(), Bytes{}));
    ASSERT_TRUE(empty);
    EXPECT_TRUE(open_jwe(key(), *empty)->empty());
}

TEST(Jwe, ShowsItsHeaderBeforeItIsOpened) {
    const auto parsed = parse_jwe(sealed());
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->header,
              json::object({{"alg", "dir"}, {"enc", "A256GCM"}, {"n", 1}, {"typ", "example+jwe"}}));
    EXPECT_EQ(parse_jwe_header(sealed()), Result<json::Value>(parsed->header));
}

TEST(Jwe, HasAHeaderToBeReadAlone) {
    Parts parts = parts_of(sealed());
    parts[3] = "no base64url!";
    EXPECT_TRUE(parse_jwe_header(joined(parts)));
    parts[0] = "no base64url!";
    EXPECT_EQ(parse_jwe_header(joined(parts)).error().where, "jwe.form");
    EXPECT_EQ(parse_jwe_header(parts_of(sealed())[0]).error().where, "jwe.form"); // one part
}

TEST(Jwe, DoesNotOpenUnderAnotherKey) {
    const auto parsed = parse_jwe(sealed());
    ASSERT_TRUE(parsed);
    const auto opened = open_jwe(Secret(32), *parsed);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().where, "jwe.open");
}

TEST(Jwe, RefusesAnAlteredHeader) {
    Parts parts = parts_of(sealed());
    parts[0] = to_base64url(as_bytes(R"({"alg":"dir","enc":"A256GCM","n":2,"typ":"example+jwe"})"));
    expect_refused(joined(parts), "jwe.open");
}

TEST(Jwe, RefusesAnyAlteredByte) {
    const std::string good = sealed();
    for (const std::size_t part : {2U, 3U, 4U}) {
        Parts parts = parts_of(good);
        auto bytes = from_base64url(parts.at(part));
        bytes->front() ^= 1U;
        parts.at(part) = to_base64url(*bytes);
        expect_refused(joined(parts), "jwe.open");
    }
}

TEST(Jwe, RefusesEveryTruncation) {
    const std::string good = sealed();
    for (std::size_t size = 0; size < good.size(); ++size) {
        const auto parsed = parse_jwe(std::string_view(good).substr(0, size));
        EXPECT_FALSE(parsed && open_jwe(key(), *parsed)) << size;
    }
}

struct BadHeader {
    std::string_view name;
    std::string_view json;
    std::string_view where;
};

class BadHeaders : public testing::TestWithParam<BadHeader> {};

TEST_P(BadHeaders, AreRefused) {
    Parts parts = parts_of(sealed());
    parts[0] = to_base64url(as_bytes(GetParam().json));
    expect_refused(joined(parts), GetParam().where);
    EXPECT_EQ(parse_jwe_header(joined(parts)).error().where, GetParam().where);
}

INSTANTIATE_TEST_SUITE_P(
    Jwe,
    BadHeaders,
    testing::Values(BadHeader{"KeyWrap", R"({"alg":"A256KW","enc":"A256GCM"})", "jwe.alg"},
                    BadHeader{"NoAlg", R"({"enc":"A256GCM"})", "jwe.alg"},
                    BadHeader{"SmallerKey", R"({"alg":"dir","enc":"A128GCM"})", "jwe.enc"},
                    BadHeader{"Cbc", R"({"alg":"dir","enc":"A256CBC-HS512"})", "jwe.enc"},
                    BadHeader{"NotCanonical", R"({"enc":"A256GCM","alg":"dir"})", "jwe.header"},
                    BadHeader{"NoObject", R"([])", "jwe.header"},
                    BadHeader{"NoJson", "dir", "jwe.header"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Jwe, RefusesAnEncryptedKey) {
    Parts parts = parts_of(sealed());
    parts[1] = "AAAA";
    expect_refused(joined(parts), "jwe.form");
}

TEST(Jwe, RefusesOtherSizesOfIvAndTag) {
    Parts parts = parts_of(sealed());
    parts[2] += "AAAA";
    expect_refused(joined(parts), "jwe.form");
    parts = parts_of(sealed());
    parts[4] = to_base64url(Buffer(12));
    expect_refused(joined(parts), "jwe.form");
}

TEST(Jwe, RefusesASixthPart) {
    expect_refused(sealed() + ".AAAA", "jwe.form");
}

TEST(Jwe, KeepsItsLimits) {
    const auto small = parse_jwe(sealed(), JweLimits{.bytes = 64, .header_bytes = 4096});
    ASSERT_FALSE(small);
    EXPECT_EQ(small.error().where, "jwe.size");
    const auto narrow = parse_jwe(sealed(), JweLimits{.bytes = 4096, .header_bytes = 16});
    ASSERT_FALSE(narrow);
    EXPECT_EQ(narrow.error().where, "jwe.size");
    EXPECT_EQ(parse_jwe_header(sealed(), {.bytes = 64}).error().where, "jwe.size");
    EXPECT_EQ(parse_jwe_header(sealed(), {.header_bytes = 16}).error().where, "jwe.size");
}

} // namespace
} // namespace vouchsafe::token

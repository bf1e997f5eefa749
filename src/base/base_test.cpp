#include "base/bytes.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/reader.h"
#include "base/secret.h"

#include <gtest/gtest.h>

namespace vouchsafe {
namespace {

struct CountingRandom final : Random {
    std::uint8_t next = 0;

    void fill(std::span<std::uint8_t> out) override {
        for (auto& byte : out)
            byte = next++;
    }
};

TEST(Hex, RoundTripsAndRefusesOddAndForeign) {
    EXPECT_EQ(to_hex(*from_hex("00fFa5")), "00ffa5");
    EXPECT_EQ(from_hex("0").error().where, "hex.length");
    EXPECT_EQ(from_hex("0g").error().where, "hex.digit");
}

TEST(Base64, FollowsTheRfcVectors) { // [RFC 4648 §10]
    EXPECT_EQ(to_base64(as_bytes("")), "");
    EXPECT_EQ(to_base64(as_bytes("f")), "Zg==");
    EXPECT_EQ(to_base64(as_bytes("foobar")), "Zm9vYmFy");
    EXPECT_EQ(to_base64url(as_bytes("fo")), "Zm8");
    EXPECT_EQ(as_text(*from_base64("Zm9vYg==")), "foob");
    EXPECT_EQ(as_text(*from_base64url("Zm9vYg")), "foob");
}

TEST(Base64, HasOneTextForOneValue) {
    EXPECT_EQ(from_base64("Zh==").error().where, "base64.canonical");
    EXPECT_EQ(from_base64("Zg").error().where, "base64.length");
    EXPECT_EQ(from_base64("Zg=a").error().where, "base64.digit");
    EXPECT_EQ(from_base64("Z===").error().where, "base64.digit");
    EXPECT_EQ(from_base64url("Zm8=").error().where, "base64.digit");
    EXPECT_EQ(from_base64url("Z").error().where, "base64.length");
    EXPECT_FALSE(from_base64("Zm9v\n"));
}

TEST(Base64, RoundTripsEveryLengthAndSeesAForeignCharacterAtEveryPlace) {
    Buffer bytes;
    for (unsigned i = 0; i < 40; ++i) {
        const std::string text = to_base64url(bytes);
        EXPECT_EQ(from_base64url(text).value(), bytes);
        EXPECT_EQ(from_base64(to_base64(bytes)).value(), bytes);
        for (std::size_t place = 0; place < text.size(); ++place)
            for (const char foreign : {'=', '+', '\0', '\x80', '\xff'}) {
                std::string spoiled = text;
                spoiled[place] = foreign;
                EXPECT_EQ(from_base64url(spoiled).error().where, "base64.digit") << i << " " << place;
            }
        bytes.push_back(static_cast<std::uint8_t>(i * 37 + 200));
    }
}

TEST(Utf8, SeesWhatIsWrongAtEveryPlace) {
    for (std::size_t place = 0; place < 24; ++place) {
        std::string text(24, 'a');
        text[place] = '\xff';
        EXPECT_FALSE(is_utf8(text)) << place;
        text.replace(place, 1, "\xc3\xbc");
        EXPECT_TRUE(is_utf8(text)) << place;
    }
    EXPECT_TRUE(is_utf8(""));
}

TEST(Utf8, RefusesOverlongSurrogatesAndCuts) {
    EXPECT_TRUE(is_utf8("gr\xc3\xbc\xc3\x9f \xf0\x9f\x94\x91"));
    EXPECT_FALSE(is_utf8("\xc0\xaf"));
    EXPECT_FALSE(is_utf8("\xed\xa0\x80"));
    EXPECT_FALSE(is_utf8("\xe2\x82"));
    EXPECT_FALSE(is_utf8("\xf4\x90\x80\x80"));
    EXPECT_FALSE(is_utf8("\x80"));
}

TEST(Reader, ShrinksAndNamesWhatIsMissing) {
    const Buffer raw = {1, 2, 3, 4, 5};
    Reader reader(raw);
    EXPECT_EQ(*reader.big<std::uint16_t>("a"), 0x0102);
    EXPECT_EQ(*reader.little<std::uint16_t>("b"), 0x0403);
    EXPECT_EQ(reader.finish("message").error().where, "message");
    EXPECT_EQ(reader.big<std::uint32_t>("c").error().where, "c");
    EXPECT_EQ(*reader.big<std::uint8_t>("d"), 5);
    EXPECT_TRUE(reader.finish("message"));
}

TEST(Reader, SubCannotReadPastItsEnd) {
    const Buffer raw = {1, 2, 3};
    Reader reader(raw);
    auto sub = reader.sub(2, "sub");
    ASSERT_TRUE(sub);
    EXPECT_FALSE(sub->take(3, "x"));
    EXPECT_EQ(reader.remaining(), 1U);
    EXPECT_FALSE(reader.sub(2, "sub"));
}

TEST(Writer, MirrorsTheReader) {
    const Buffer out = Writer().big(std::uint16_t{0x0102}).little(std::uint32_t{3}).text("x").done();
    EXPECT_EQ(to_hex(out), "01020300000078");
}

TEST(Secret, MovesAndIsWipedForTheNextOwner) {
    const std::uint8_t* where = nullptr;
    {
        Secret secret(as_bytes("sixteen letters!"));
        secret.expose([&](Bytes bytes) { where = bytes.data(); });
        const Secret moved = std::move(secret);
        EXPECT_EQ(moved.size(), 16U);
        EXPECT_EQ(moved.clone().size(), 16U);
    }
    const Secret next(16); // takes the same cell
    next.expose([&](Bytes bytes) {
        EXPECT_EQ(bytes.data(), where);
        EXPECT_EQ(to_hex(bytes), std::string(32, '0'));
    });
}

TEST(Secret, HoldsManyAndLarge) {
    std::vector<Secret> many;
    for (int i = 0; i < 1000; ++i)
        many.emplace_back(std::size_t{48});
    const Secret large(100000);
    EXPECT_EQ(large.size(), 100000U);
}

TEST(Time, HasOneTextAndComesBack) {
    const SysTime time = from_seconds(1795467121) + std::chrono::milliseconds(7);
    EXPECT_EQ(to_text(time), "2026-11-23T20:52:01.007Z");
    EXPECT_EQ(*time_from_text("2026-11-23T20:52:01.007Z"), time);
    EXPECT_EQ(*time_from_text("2026-11-23T20:52:01Z"), from_seconds(1795467121));
    for (const auto* bad : {"",
                            "2026-11-23",
                            "2026-11-23T20:52:01",
                            "2026-13-23T20:52:01Z",
                            "2026-02-30T20:52:01Z",
                            "2026-11-23T24:00:00Z",
                            "2026-11-23 20:52:01Z",
                            "2026-11-23T20:52:01.07Z"})
        EXPECT_FALSE(time_from_text(bad)) << bad;
}

TEST(Uuid, HasVersionAndVariant) {
    CountingRandom random;
    const std::string uuid = make_uuid(random);
    EXPECT_EQ(uuid, "00010203-0405-4607-8809-0a0b0c0d0e0f");
    EXPECT_TRUE(is_uuid(uuid));
    EXPECT_FALSE(is_uuid("00010203-0405-4607-8809-0A0b0c0d0e0f"));
    EXPECT_FALSE(is_uuid("0001020300405-4607-8809-0a0b0c0d0e0f"));
}

} // namespace
} // namespace vouchsafe

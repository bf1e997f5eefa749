#include "base/reader.h"
#include "eventlog/event_data.h"
#include "eventlog/firmware.h"
#include "tests/support/firmware_log_editor.h"
#include "tests/support/recorded_boot.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::eventlog {
namespace {

constexpr std::size_t header_events = 1;

Buffer uki() {
    return test::load_boot("uki").firmware_log;
}

struct Recording {
    const char* name;
    std::size_t events;
    std::vector<Algorithm> banks;
};

class RecordedLog : public testing::TestWithParam<Recording> {};

TEST_P(RecordedLog, ParsesWhole) {
    const Buffer bytes = test::load_boot(GetParam().name).firmware_log;
    const auto log = parse_firmware_log(bytes);
    ASSERT_TRUE(log) << log.error().detail;
    EXPECT_EQ(log->format, Format::crypto_agile);
    EXPECT_EQ(log->events.size(), GetParam().events + header_events);
    EXPECT_EQ(log->banks, GetParam().banks);
    EXPECT_EQ(log->padding, 0U);
    for (const Event& event : log->events)
        EXPECT_EQ(event.digests.size(), event.index == 0 ? 1U : log->banks.size());
}

INSTANTIATE_TEST_SUITE_P(
    Firmware,
    RecordedLog,
    testing::Values(Recording{"uki", 35, {Algorithm::sha256}},
                    Recording{"grub", 46, {Algorithm::sha256}},
                    Recording{"direct", 22, {Algorithm::sha256}},
                    Recording{"uki-cmdline", 35, {Algorithm::sha1, Algorithm::sha256, Algorithm::sha384}}),
    [](const auto& row) {
        std::string name = row.param.name;
        std::erase(name, '-');
        return name;
    });

TEST(FirmwareLog, NamesEventsInOrder) {
    const Buffer bytes = uki();
    const auto log = parse_firmware_log(bytes);
    ASSERT_TRUE(log);
    const Event& secure_boot = log->events.at(4);
    EXPECT_EQ(secure_boot.index, 4U);
    EXPECT_EQ(secure_boot.pcr, 7U);
    EXPECT_EQ(type_name(secure_boot.type), "EV_EFI_VARIABLE_DRIVER_CONFIG");
    EXPECT_EQ(describe(secure_boot), "SecureBoot (1 bytes)");
    EXPECT_TRUE(secure_boot.digest(Algorithm::sha256));
    EXPECT_FALSE(secure_boot.digest(Algorithm::sha1));
    EXPECT_EQ(describe(log->events.at(24)), ".linux");
    EXPECT_EQ(describe(log->events.at(32)), "load options of the kernel");
}

// --- changed bytes ------------------------------------------------------------------------------

/// The bytes with `value`, little-endian, at `offset`.
template <class Integer> Buffer patched(Buffer bytes, std::size_t offset, Integer value) {
    for (std::size_t i = 0; i < sizeof(Integer); ++i)
        bytes.at(offset + i) = static_cast<std::uint8_t>(value >> (8 * i));
    return bytes;
}

Buffer joined(std::initializer_list<Bytes> parts) {
    Writer out;
    for (const Bytes part : parts)
        out.bytes(part);
    return out.done();
}

std::size_t offset_of(std::size_t index) {
    const Buffer bytes = uki();
    return parse_firmware_log(bytes)->events.at(index).offset;
}

test::EditableEvent no_action(std::uint32_t pcr, std::string_view data) {
    return {.pcr = pcr,
            .type = type::no_action,
            .digests = {{Algorithm::sha256, Buffer(32)}},
            .data = to_buffer(as_bytes(data))};
}

/// The recorded log with an event put before the given place.
Buffer with_event(std::size_t place, test::EditableEvent event) {
    test::EditableLog log(uki());
    log.events.insert(log.events.begin() + static_cast<std::ptrdiff_t>(place), std::move(event));
    return log.encode();
}

constexpr std::string_view locality_3{"StartupLocality\0\x03", 17};
constexpr std::string_view locality_7{"StartupLocality\0\x07", 17};
constexpr std::string_view locality_short{"StartupLocality\0", 16};

struct BadLog {
    std::string name;
    Buffer bytes;
    Errc code;
    std::string where;
};

std::vector<BadLog> bad_logs() {
    // offsets inside the header event: algorithm count at 56, first algorithm at 60, its size at 62
    const std::size_t second = offset_of(1);
    test::EditableLog twice(uki());
    twice.events.insert(twice.events.begin(), no_action(0, locality_3));
    twice.events.insert(twice.events.begin(), no_action(0, locality_3));
    const Buffer whole = uki();
    const Buffer text = to_buffer(as_bytes("this is not an event log, just text"));
    return {
        {"Empty", {}, Errc::malformed, "eventlog.empty"},
        {"Text", text, Errc::malformed, "eventlog.pcr"},
        {"NoAlgorithms", patched(whole, 56, 0U), Errc::malformed, "eventlog.spec_id"},
        {"AlgorithmBomb", patched(whole, 56, 0x80000000U), Errc::too_large, "eventlog.spec_id"},
        {"WrongDigestSize", patched(whole, 62, std::uint16_t{20}), Errc::malformed, "eventlog.spec_id"},
        {"ZeroDigestSize", patched(whole, 62, std::uint16_t{0}), Errc::malformed, "eventlog.spec_id"},
        {"PcrOutOfRange", patched(whole, second, 24U), Errc::malformed, "eventlog.pcr"},
        {"NoPcrThatExtends", patched(whole, second, no_pcr), Errc::malformed, "eventlog.pcr"},
        {"DigestBomb", patched(whole, second + 8, 0x80000000U), Errc::malformed, "eventlog.digest_count"},
        {"UnlistedAlgorithm",
         patched(whole, second + 12, std::uint16_t{4}),
         Errc::malformed,
         "eventlog.algorithm"},
        {"EventSizeBomb", patched(whole, second + 46, 0xFFFFFFFFU), Errc::malformed, "eventlog.event_size"},
        {"CutInTheMiddle", Buffer(whole.begin(), whole.end() - 7), Errc::malformed, "eventlog.event_size"},
        {"HeaderInside", joined({whole, whole}), Errc::malformed, "eventlog.digest_count"},
        {"HeaderAgain",
         with_event(3, no_action(0, std::string_view("Spec ID Event03\0", 16))),
         Errc::malformed,
         "eventlog.spec_id"},
        {"PaddingOfAnotherByte", joined({whole, Buffer(64, 0x55)}), Errc::malformed, "eventlog.pcr"},
        {"MixedPadding", joined({whole, Buffer(8, 0xFF), Buffer(8, 0x00)}), Errc::malformed, "eventlog.pcr"},
        {"PaddingInTheMiddle",
         joined({whole, Buffer(64, 0xFF), Bytes(whole).subspan(second)}),
         Errc::malformed,
         "eventlog.pcr"},
        {"LocalityTwice", twice.encode(), Errc::malformed, "eventlog.startup_locality"},
        {"LocalityLate",
         with_event(1, no_action(0, locality_3)),
         Errc::malformed,
         "eventlog.startup_locality"},
        {"LocalityElsewhere",
         with_event(0, no_action(1, locality_3)),
         Errc::malformed,
         "eventlog.startup_locality"},
        {"LocalityUnknown",
         with_event(0, no_action(0, locality_7)),
         Errc::malformed,
         "eventlog.startup_locality"},
        {"LocalityShort",
         with_event(0, no_action(0, locality_short)),
         Errc::malformed,
         "eventlog.startup_locality"},
    };
}

TEST(FirmwareLog, RefusesBadLogsByTheirDefect) {
    for (const BadLog& bad : bad_logs()) {
        const auto log = parse_firmware_log(bad.bytes);
        ASSERT_FALSE(log) << bad.name;
        EXPECT_EQ(log.error().code, bad.code) << bad.name << ": " << log.error().where;
        EXPECT_EQ(log.error().where, bad.where) << bad.name << ": " << log.error().detail;
    }
}

TEST(FirmwareLog, ErrorNamesEventAndOffset) {
    const std::size_t second = offset_of(1);
    const auto log = parse_firmware_log(patched(uki(), second, 24U));
    ASSERT_FALSE(log);
    EXPECT_EQ(log.error().detail, "event 1 at offset " + std::to_string(second) + ": PCR index 24");
}

TEST(FirmwareLog, RefusesAlgorithmTwiceInHeaderAndEvent) {
    Buffer three = test::load_boot("uki-cmdline").firmware_log;
    const auto header =
        parse_firmware_log(patched(three, 64, std::uint16_t{4})); // sha1, sha1: wrong size too
    ASSERT_FALSE(header);
    EXPECT_EQ(header.error().where, "eventlog.spec_id");
    const std::size_t second = parse_firmware_log(three)->events.at(1).offset;
    // second digest of the event: claim SHA-1 again
    const auto event = parse_firmware_log(patched(three, second + 12 + 22, std::uint16_t{4}));
    ASSERT_FALSE(event);
    EXPECT_EQ(event.error().where, "eventlog.algorithm");
}

/// A log of two banks and one event, everything true but perhaps the second number of an algorithm.
Buffer two_banks(std::uint16_t in_header, std::uint16_t in_event) {
    constexpr std::uint16_t sha256 = 0x000B;
    constexpr std::uint16_t size = 32;
    Writer spec;
    spec.text(std::string_view("Spec ID Event03\0", 16)).bytes(Buffer(8)).little(2U);
    spec.little(sha256).little(size).little(in_header).little(size).little(std::uint8_t{0});
    const Buffer header = spec.done();
    Writer out;
    out.little(0U).little(type::no_action).bytes(Buffer(20));
    out.little(static_cast<std::uint32_t>(header.size())).bytes(header);
    out.little(0U).little(type::s_crtm_version).little(2U);
    out.little(sha256).bytes(Buffer(size, 1)).little(in_event).bytes(Buffer(size, 2));
    out.little(0U);
    return out.done();
}

TEST(FirmwareLog, HasOneDigestOfAnAlgorithm) {
    constexpr std::uint16_t sha256 = 0x000B;
    constexpr std::uint16_t sm3 = 0x0012;
    const auto where = [](const Buffer& bytes) {
        const auto log = parse_firmware_log(bytes);
        return log ? "" : log.error().where;
    };
    EXPECT_EQ(where(two_banks(sm3, sm3)), "");
    EXPECT_EQ(where(two_banks(sha256, sha256)), "eventlog.spec_id");
    EXPECT_EQ(where(two_banks(sm3, sha256)), "eventlog.algorithm");
}

TEST(FirmwareLog, HoldsItsLimits) {
    const Buffer bytes = uki();
    EXPECT_EQ(parse_firmware_log(bytes, {.log_bytes = bytes.size() - 1}).error().where, "eventlog.log_bytes");
    EXPECT_EQ(parse_firmware_log(bytes, {.events = 35}).error().where, "eventlog.events");
    EXPECT_TRUE(parse_firmware_log(bytes, {.log_bytes = bytes.size(), .events = 36}));
    const auto event = parse_firmware_log(bytes, {.event_bytes = 900});
    ASSERT_FALSE(event);
    EXPECT_EQ(event.error().code, Errc::too_large);
    EXPECT_EQ(event.error().where, "eventlog.event_size");
}

TEST(FirmwareLog, StopsAtPadding) {
    for (const std::uint8_t byte : {std::uint8_t{0x00}, std::uint8_t{0xFF}}) {
        const Buffer bytes = joined({uki(), Buffer(4096, byte)});
        const auto log = parse_firmware_log(bytes);
        ASSERT_TRUE(log) << log.error().detail;
        EXPECT_EQ(log->padding, 4096U);
        EXPECT_EQ(log->events.size(), 36U);
    }
}

TEST(FirmwareLog, TakesStartupLocality) {
    const Buffer bytes = with_event(0, no_action(0, locality_3));
    const auto log = parse_firmware_log(bytes);
    ASSERT_TRUE(log);
    EXPECT_EQ(log->startup_locality, 3);
    const Buffer plain = uki();
    EXPECT_EQ(parse_firmware_log(plain)->startup_locality, 0);
}

TEST(FirmwareLog, TakesHardwareCrtmAsLocalityFour) {
    test::EditableLog log(uki());
    log.events.front().type = type::efi_hcrtm_event;
    const Buffer bytes = log.encode();
    EXPECT_EQ(parse_firmware_log(bytes)->startup_locality, 4);
}

TEST(FirmwareLog, TakesNoPcrOnlyWithNoAction) {
    const Buffer bytes = with_event(5, no_action(no_pcr, "trust point"));
    const auto log = parse_firmware_log(bytes);
    ASSERT_TRUE(log) << log.error().detail;
    EXPECT_FALSE(log->events.at(6).extends());
}

TEST(FirmwareLog, ReadsSha1Format) {
    Writer out;
    const auto event = [&out](std::uint32_t pcr, std::uint32_t event_type, std::string_view data) {
        out.little(pcr).little(event_type).bytes(Buffer(20, 0x5A));
        out.little(static_cast<std::uint32_t>(data.size())).text(data);
    };
    event(0, type::no_action, locality_3);
    event(0, type::s_crtm_version, "v1");
    event(4, type::action, "Calling EFI Application from Boot Option");
    const Buffer bytes = out.done();
    const auto log = parse_firmware_log(bytes);
    ASSERT_TRUE(log) << log.error().detail;
    EXPECT_EQ(log->format, Format::sha1);
    EXPECT_EQ(log->banks, std::vector{Algorithm::sha1});
    EXPECT_EQ(log->startup_locality, 3);
    ASSERT_EQ(log->events.size(), 3U);
    EXPECT_EQ(log->events[2].digest(Algorithm::sha1)->size(), 20U);
}

TEST(EventType, NamesGoBothWays) {
    for (const std::uint32_t number : {0x00U, 0x0DU, 0x80000003U, 0x800000E0U, 0x8401U})
        EXPECT_EQ(type_from_name(type_name(number)), number);
    EXPECT_EQ(type_name(0x8401), "0x00008401");
    EXPECT_FALSE(type_from_name("EV_NOTHING"));
    EXPECT_FALSE(type_from_name("0x0000000d")); // has a name
    EXPECT_FALSE(type_from_name("0x0000840G"));
    EXPECT_FALSE(type_from_name("0x8401"));
}

TEST(Algorithm, NamesGoBothWays) {
    for (const auto algorithm :
         {Algorithm::sha1, Algorithm::sha256, Algorithm::sha384, Algorithm::sha512, Algorithm::sm3_256})
        EXPECT_EQ(algorithm_from_text(to_string(algorithm)), algorithm);
    EXPECT_EQ(to_string(static_cast<Algorithm>(0x27)), "0x0027");
    EXPECT_FALSE(digest_size(static_cast<Algorithm>(0x27)));
    EXPECT_FALSE(algorithm_from_text("SHA256"));
}

} // namespace
} // namespace vouchsafe::eventlog

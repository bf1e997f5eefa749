#include "appraisal/event_json.h"
#include "base/reader.h"
#include "crypto/digest.h"
#include "crypto/x509.h"
#include "eventlog/event_data.h"
#include "tests/support/recorded_boot.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace vouchsafe::appraisal {
namespace {

using namespace std::string_view_literals;
using eventlog::Event;
namespace type = eventlog::type;

/// The data of an event as JSON; the digest is of the data.
json::Value shown(std::uint32_t event_type, Bytes data, std::uint32_t pcr = 0) {
    const auto digest = crypto::sha256(data);
    Event event{.index = 1, .offset = 0, .pcr = pcr, .type = event_type, .digests = {}, .data = data};
    event.digests.push_back({.algorithm = eventlog::Algorithm::sha256, .value = digest});
    return event_data_json(event);
}

Buffer variable(std::string_view name, Bytes data, Bytes more = {}) {
    const Buffer wide = eventlog::utf16le_from_utf8(name);
    return Writer()
        .bytes(Buffer(16, 0x11))
        .little(std::uint64_t{wide.size() / 2})
        .little(std::uint64_t{data.size()})
        .bytes(wide)
        .bytes(data)
        .bytes(more)
        .done();
}

json::Value shown_variable(std::string_view name, Bytes data) {
    return shown(type::efi_variable_driver_config, variable(name, data), 7);
}

const json::Value& member(const json::Value& value, std::string_view name) {
    static const json::Value none;
    const json::Value* const found = value.find(name);
    return found == nullptr ? none : *found;
}

std::string text(const json::Value& value, std::string_view name) {
    const json::Value& found = member(value, name);
    return found.is_string() ? found.as_string() : std::string();
}

Buffer certificate() {
    const auto key = crypto::EcPrivateKey::generate();
    const auto now = from_seconds(1'800'000'000);
    return to_buffer(crypto::make_ca_certificate(
                         key, "firmware maker", {.not_before = now, .not_after = now + std::chrono::hours(1)})
                         .der());
}

TEST(EventJson, TellsWhetherSecureBootIsOn) {
    EXPECT_TRUE(member(shown_variable("SecureBoot", Buffer{1}), "enabled").as_bool());
    EXPECT_FALSE(member(shown_variable("SecureBoot", Buffer{0}), "enabled").as_bool());
    EXPECT_FALSE(member(shown_variable("SecureBoot", {}), "enabled").as_bool()) << "no data is not on";
    EXPECT_FALSE(member(shown_variable("SecureBoot", Buffer{1, 1}), "enabled").as_bool());
}

TEST(EventJson, ListsSignatureDatabases) {
    const Buffer x509 = certificate();
    Writer list;
    list.bytes(from_hex("a159c0a5e494a74a87b5ab155c2bf072").value());
    list.little(static_cast<std::uint32_t>(28 + 16 + x509.size())).little(0U);
    list.little(static_cast<std::uint32_t>(16 + x509.size())).bytes(Buffer(16, 0x22)).bytes(x509);
    const json::Value found = shown_variable("db", list.done());
    const json::Value& lists = member(found, "signature_lists");
    ASSERT_EQ(lists.as_array().size(), 1U);
    EXPECT_EQ(text(lists.as_array()[0], "type"), "x509");
    const json::Value& signature = member(lists.as_array()[0], "signatures").as_array().at(0);
    EXPECT_EQ(text(signature, "subject"), "CN=firmware maker");
    EXPECT_EQ(text(signature, "sha256"), to_hex(crypto::sha256(x509)));
    EXPECT_TRUE(member(shown_variable("dbx", {}), "signature_lists").as_array().empty());
    EXPECT_TRUE(member(shown_variable("dbx", Buffer(5)), "signature_lists").is_null()) << "no list, no error";
}

TEST(EventJson, ShowsBootEntriesAndTheirOrder) {
    Writer option;
    option.little(1U).little(std::uint16_t{4}).bytes(eventlog::utf16le_from_utf8("debian"));
    option.little(std::uint16_t{0}).bytes(Buffer{0x7F, 0xFF, 4, 0});
    const json::Value found = shown_variable("Boot0001", option.done());
    EXPECT_EQ(text(member(found, "load_option"), "description"), "debian");
    const json::Value order = shown_variable("BootOrder", Buffer{2, 0, 1, 0});
    EXPECT_EQ(member(order, "order"), json::array({2, 1}));
}

TEST(EventJson, ShowsWhatAdmittedAnImage) {
    const Buffer x509 = certificate();
    const Buffer owned = Writer().bytes(Buffer(16, 0x22)).bytes(x509).done();
    const auto authority = [](std::string_view name, Bytes data, Bytes more = {}) {
        return shown(type::efi_variable_authority, variable(name, data, more), 7);
    };
    EXPECT_EQ(text(member(authority("db", owned), "signature"), "subject"), "CN=firmware maker");
    EXPECT_EQ(text(member(authority("Shim", x509), "signature"), "subject"), "CN=firmware maker")
        << "no owner";
    EXPECT_EQ(text(member(authority("Shim", x509, Buffer(6)), "signature"), "subject"), "CN=firmware maker")
        << "bytes after the variable";
    const json::Value sbat = authority("SbatLevel", as_bytes("sbat,1,2021030218\n"));
    EXPECT_EQ(text(sbat, "text"), "sbat,1,2021030218\n");
    EXPECT_TRUE(member(sbat, "signature").is_null());
}

TEST(EventJson, ShowsRecordsThatExtendNothing) {
    const json::Value startup =
        shown(type::no_action, Writer().text("StartupLocality\0"sv).bytes(Buffer{3}).done());
    EXPECT_EQ(text(startup, "record"), "StartupLocality");
    EXPECT_EQ(member(startup, "locality"), json::Value(3));
    EXPECT_TRUE(member(startup, "measured").is_null());
    EXPECT_EQ(text(shown(type::no_action, Buffer(500, 7), eventlog::no_pcr), "record"), "TrustPoint");
}

TEST(EventJson, ShowsTaggedEventsOfTheirMakers) {
    const auto tagged = [](std::uint32_t id, Bytes data, std::uint32_t pcr) {
        return shown(type::event_tag,
                     Writer().little(id).little(static_cast<std::uint32_t>(data.size())).bytes(data).done(),
                     pcr);
    };
    EXPECT_EQ(text(tagged(eventlog::linux_initrd_tag, as_bytes("Linux initrd"), 9), "record"),
              "linux-initrd");
    const json::Value module = tagged(2, as_bytes("k.b00\0"sv), 12);
    EXPECT_EQ(text(module, "record"), "esxi-module");
    EXPECT_EQ(text(module, "text"), "k.b00");
    EXPECT_EQ(text(tagged(2, as_bytes("k.b00\0"sv), 5), "record"), "") << "no PCR of ESXi's";
    const Buffer nested = Writer().little(0x00010002U).little(1U).bytes(Buffer{9}).done();
    EXPECT_EQ(member(tagged(0x40010001, nested, 12), "tags"),
              json::array({json::object({{"id", 0x00010002}, {"size", 1}})}));
    EXPECT_TRUE(member(tagged(0x40010001, Buffer(5), 12), "tags").is_null());
    EXPECT_EQ(text(shown(type::event_tag, as_bytes("LOADED_IMAGE::LoadOptions\0"sv), 9), "text"),
              "LOADED_IMAGE::LoadOptions");
}

TEST(EventJson, KeepsWhatItCannotDecode) {
    EXPECT_EQ(text(shown(0x402, Buffer{1, 2}), "hex"), "0102");
    EXPECT_EQ(member(shown(type::efi_gpt_event, Buffer(70, 1)), "size"), json::Value(70));
    EXPECT_EQ(text(shown(0x11, as_bytes("GCE NonHostInfo\0\1\0\0"sv)), "label"), "GCE NonHostInfo");
}

TEST(EventJson, TellsDataThatIsNotWhatWasMeasured) {
    Event event{
        .index = 1, .offset = 0, .pcr = 8, .type = type::ipl, .digests = {}, .data = as_bytes("grub_cmd: x")};
    const Buffer digest(32, 1);
    event.digests.push_back({.algorithm = eventlog::Algorithm::sha256, .value = digest});
    EXPECT_FALSE(member(event_data_json(event), "measured").as_bool());
    EXPECT_EQ(text(event_data_json(event), "record"), "grub-command");
}

TEST(EventJson, ShowsTheDevicePathOfARecordedBoot) {
    const Buffer bytes = test::load_boot("uki").firmware_log;
    const auto log = eventlog::parse_firmware_log(bytes);
    ASSERT_TRUE(log);
    const json::Value found = event_json(log->events.at(23));
    EXPECT_NE(text(member(found, "data"), "device_path").find("\\EFI\\BOOT\\BOOTX64.EFI"), std::string::npos)
        << text(member(found, "data"), "device_path");
}

} // namespace
} // namespace vouchsafe::appraisal

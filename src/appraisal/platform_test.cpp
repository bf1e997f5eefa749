#include "appraisal/boot.h"
#include "appraisal/platform.h"
#include "base/reader.h"
#include "eventlog/event_data.h"
#include "eventlog/signature_list.h"
#include "tests/support/firmware_log_editor.h"
#include "tests/support/recorded_boot.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace vouchsafe::appraisal {
namespace {

namespace type = eventlog::type;

const std::string nobody = "00000000-0000-0000-0000-000000000000";

Platform recorded(const std::string& name) {
    const auto boot = test::load_boot(name);
    const auto log = eventlog::parse_firmware_log(boot.firmware_log);
    VS_CHECK(log);
    auto platform = platform_of(*log);
    VS_CHECK(platform);
    return *std::move(platform);
}

/// What the machine's variables held, as its log shows them.
SecureBootKeys keys_of(const Platform& platform) {
    const auto content = [&platform](std::string_view name) {
        for (const SecureBootEvent& event : platform.events)
            if (const auto variable = eventlog::decode_efi_variable(event.data); variable->name == name)
                return to_buffer(variable->data);
        return Buffer();
    };
    return {.pk = content("PK"), .kek = content("KEK"), .db = content("db"), .dbx = content("dbx")};
}

bool same_events(const Platform& a, const Platform& b) {
    return std::ranges::equal(a.events, b.events, [](const auto& x, const auto& y) {
        return x.type == y.type && x.data == y.data && x.description == y.description;
    });
}

PeImage parse(const Buffer& file) {
    const auto image = parse_pe_image(file);
    VS_CHECK(image);
    return *image;
}

TEST(Platform, FromKeysIsTheOneThatRecordedBootsShow) {
    for (const std::string name : {"uki", "grub"}) {
        const Platform shown = recorded(name);
        const auto computed = platform_of(keys_of(shown));
        ASSERT_TRUE(computed);
        EXPECT_EQ(computed->events.size(), 5U);
        EXPECT_TRUE(same_events(*computed, shown)) << name;
        EXPECT_TRUE(computed->secure_boot && shown.secure_boot);
        EXPECT_EQ(computed->db, shown.db);
        EXPECT_EQ(computed->dbx, shown.dbx);
    }
    EXPECT_FALSE(recorded("uki-sb-off").secure_boot);
}

TEST(Platform, NeedsKeysWithWhichSecureBootIsOn) {
    const SecureBootKeys good = keys_of(recorded("uki"));
    SecureBootKeys none = good;
    none.pk.clear();
    EXPECT_EQ(platform_of(none).error().where, "platform.keys");
    SecureBootKeys nothing_admitted = good;
    nothing_admitted.db.clear();
    EXPECT_EQ(platform_of(nothing_admitted).error().where, "platform.keys");
    SecureBootKeys broken = good;
    broken.dbx.pop_back();
    EXPECT_FALSE(platform_of(broken));
    SecureBootKeys no_dbx = good;
    no_dbx.dbx.clear();
    EXPECT_EQ(platform_of(no_dbx)->events.size(), 5U) << "an absent dbx is measured as an empty one";
}

// A driver that was admitted before the boot options is part of the machine; the boot option is not.
TEST(Platform, TellsDriversFromBootOptions) {
    test::EditableLog log(test::load_boot("uki").firmware_log);
    const auto authority =
        std::ranges::find(log.events, type::efi_variable_authority, &test::EditableEvent::type);
    ASSERT_NE(authority, log.events.end());
    const test::EditableEvent admitted = *authority;
    const auto separator = std::ranges::find_if(
        log.events, [](const auto& event) { return event.pcr == 4 && event.type == type::separator; });
    log.events.insert(separator, admitted);
    const Buffer bytes = log.encode();
    const auto platform = platform_of(*eventlog::parse_firmware_log(bytes));
    ASSERT_TRUE(platform);
    ASSERT_EQ(platform->events.size(), 6U);
    EXPECT_EQ(platform->events.back().data, admitted.data);
    // and its certificate is not measured again
    const Buffer uki = test::read_vector("appraisal/uki/signed.efi");
    EXPECT_EQ(*admission(*platform, parse(uki)), std::nullopt);
}

TEST(Platform, ShowsWhatAdmitsAProgram) {
    const auto boot = test::load_boot("uki");
    const auto log = eventlog::parse_firmware_log(boot.firmware_log);
    const auto judged = judged_events(*log, 7);
    const Buffer uki = test::read_vector("appraisal/uki/signed.efi");
    const auto event = admission(recorded("uki"), parse(uki));
    ASSERT_TRUE(event && *event);
    EXPECT_EQ((*event)->type, judged.back()->type);
    EXPECT_TRUE(same_bytes((*event)->data, judged.back()->data)) << "as the same key's program was measured";
    EXPECT_EQ(*admission(recorded("uki-sb-off"), parse(uki)), std::nullopt);
}

TEST(Platform, RefusesProgramsThatTheFirmwareWouldNotStart) {
    const Buffer uki = test::read_vector("appraisal/uki/signed.efi");
    const auto where = [](const Platform& platform, const Buffer& program) {
        const auto event = admission(platform, parse(program));
        return event ? std::string() : event.error().where;
    };
    Platform platform = recorded("uki");
    EXPECT_EQ(where(platform, uki), "");
    EXPECT_EQ(where(platform, test::read_vector("appraisal/uki/unsigned.efi")), "platform.admission");
    EXPECT_EQ(where(platform, test::read_vector("appraisal/shim/grub.efi")), "platform.admission");
    Buffer changed = uki;
    changed.at(1024) ^= 1U;
    EXPECT_EQ(where(platform, changed), "platform.admission");
    platform.dbx = platform.db; // the certificate
    EXPECT_EQ(where(platform, uki), "platform.admission");
    platform.dbx = Writer()
                       .bytes(*eventlog::guid_bytes("c1c41626-504c-4092-aca9-41f936934328"))
                       .little(std::uint32_t{28 + 48})
                       .little(std::uint32_t{0})
                       .little(std::uint32_t{48})
                       .bytes(Buffer(16))
                       .bytes(authenticode_digest(parse(uki), Algorithm::sha256))
                       .done();
    EXPECT_EQ(where(platform, uki), "platform.admission");
    EXPECT_EQ(where(platform, test::read_vector("appraisal/shim/shim.efi")), "") << "another digest";
}

TEST(KeyFiles, AreReadInEveryForm) {
    const Buffer db = keys_of(recorded("uki")).db;
    const auto lists = eventlog::decode_signature_lists(db);
    const eventlog::Signature& only = lists->front().signatures.front();
    EXPECT_EQ(*read_key_file(db, nobody), db);
    // a certificate, of the owner that the machine's entry has
    EXPECT_EQ(*read_key_file(only.data, only.owner), db);
    const auto certificate = crypto::Certificate::from_der(only.data);
    EXPECT_EQ(*read_key_file(as_bytes(certificate->pem()), only.owner), db);
    EXPECT_NE(*read_key_file(only.data, nobody), db);
    // as efivarfs has it, and as an update
    EXPECT_EQ(*read_key_file(Writer().little(std::uint32_t{0x27}).bytes(db).done(), nobody), db);
    const Buffer update = Writer()
                              .bytes(Buffer(16, 1))
                              .little(std::uint32_t{8 + 16 + 5})
                              .little(std::uint16_t{0x0200})
                              .little(std::uint16_t{0x0EF1})
                              .bytes(*eventlog::guid_bytes("4aafd29d-68df-49ee-8aa9-347d375665a7"))
                              .bytes(Buffer(5, 0x30))
                              .bytes(db)
                              .done();
    EXPECT_EQ(*read_key_file(update, nobody), db);
}

TEST(KeyFiles, AreRefusedWhereTheyHoldNoKeys) {
    const Buffer db = keys_of(recorded("uki")).db;
    Buffer cut(db.begin(), db.end() - 1);
    for (const Buffer& file : {Buffer(), cut, Buffer(40, 0), Buffer(4, 0)})
        EXPECT_EQ(read_key_file(file, nobody).error().where, "platform.keys");
    EXPECT_EQ(read_key_file(db, "nobody").error().where, "platform.keys");
    EXPECT_EQ(read_key_file(Buffer(most_key_file + 1), nobody).error().code, Errc::too_large);
}

} // namespace
} // namespace vouchsafe::appraisal

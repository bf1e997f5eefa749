// Checks 8 to 12 of appraise(): Secure Boot, the kernel, base images, firmware. The others are in
// appraise_test.cpp.
#include "appraisal/appraise.h"
#include "appraisal/boot.h"
#include "eventlog/event_data.h"
#include "tests/support/appraisal_fixture.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vouchsafe::appraisal {
namespace {

using Codes = std::vector<std::string>;
using test::EditableEvent;
using test::EditableLog;
namespace type = eventlog::type;

// --- 8, 9: Secure Boot, a kernel --------------------------------------------------------------------

TEST(Appraise, RefusesSecureBootOff) {
    Scene scene("uki-sb-off");
    const Appraisal result = scene.appraise();
    EXPECT_EQ(codes(result), Codes{"secure_boot.off"});
    EXPECT_FALSE(result.secure_boot);
    EXPECT_EQ(result.claims.configuration, 96);
}

TEST(Appraise, TakesSecureBootOffOnlyFromAnImageThatSaysSo) {
    const auto boot = test::load_boot("uki-sb-off");
    const auto log = eventlog::parse_firmware_log(boot.firmware_log);
    const auto image = derive(*log,
                              quoted_of(boot),
                              {.version = {"lab-1"},
                               .display_name = "",
                               .vendor = "",
                               .not_before = {},
                               .not_after = {},
                               .host_groups = {},
                               .secure_boot = SecureBootRule::unsafe_not_required,
                               .command_line = {}});
    ASSERT_TRUE(image) << image.error().where;
    Scene scene("uki-sb-off");
    scene.images.push_back(*image);
    const Appraisal result = scene.appraise();
    EXPECT_EQ(codes(result), Codes{});
    EXPECT_EQ(result.base_image->text, "lab-1");
    EXPECT_EQ(result.claims.configuration, 0); // nothing is claimed
}

TEST(Appraise, BelievesSecureBootOnlyWhereTheDataWasMeasured) {
    Scene scene("uki-sb-off");
    EditableLog log = scene.log();
    const std::size_t place =
        place_of(log, [](const auto& e) { return e.type == type::efi_variable_driver_config; });
    log.events[place].data = secure_boot_on_data(); // the digest, and so the replay, stays
    scene.forge(log);
    EXPECT_EQ(codes(scene.appraise()), Codes{"secure_boot.off"});
}

TEST(Appraise, BelievesSecureBootOnceAndBeforeTheSeparator) {
    const Scene scene("uki");
    const auto on = [](const EditableLog& log) {
        const Buffer bytes = log.encode();
        return secure_boot_on(*eventlog::parse_firmware_log(bytes));
    };
    const auto at = [](EditableLog& log, std::size_t place) {
        return log.events.begin() + static_cast<std::ptrdiff_t>(place);
    };
    EditableLog log = scene.log();
    const std::size_t place =
        place_of(log, [](const auto& e) { return e.type == type::efi_variable_driver_config; });
    const EditableEvent event = log.events[place];
    EXPECT_TRUE(on(log));
    log.events.insert(at(log, place), event);
    EXPECT_FALSE(on(log)); // which of the two was it?
    log.events.erase(at(log, place), at(log, place + 2));
    log.events.push_back(event);
    EXPECT_FALSE(on(log)); // whoever came after the separator can say so
}

TEST(Appraise, RefusesABootThatMeasuredNoKernel) {
    Scene scene("direct");
    const Appraisal result = scene.appraise();
    ASSERT_EQ(codes(result), Codes{"boot.no_kernel"});
    EXPECT_TRUE(result.secure_boot); // that is the point: Secure Boot says on
    EXPECT_EQ(result.reasons[0].message,
              "no measured kernel: firmware started an operating system that it did not measure");
    EXPECT_EQ(result.tier, Tier::contraindicated);
}

TEST(Appraise, FindsNoKernelAmongTheDriversOfTheFirmware) {
    Scene scene("uki");
    EditableLog log = scene.log();
    const auto separates = [](const auto& e) { return e.pcr == 4 && e.type == type::separator; };
    const EditableEvent separator = log.events[place_of(log, separates)];
    std::erase_if(log.events, separates);
    log.events.push_back(separator); // every application is before it now
    scene.reboot(log);
    EXPECT_EQ(codes(scene.appraise()), Codes{"boot.no_kernel"});
}

// --- 10: images for this host, now ------------------------------------------------------------------

TEST(Appraise, RefusesWithoutImages) {
    Scene scene("uki", {});
    EXPECT_EQ(codes(scene.appraise()), Codes{"image.none"});
}

TEST(Appraise, HoldsTheDatesOfAnImage) {
    Scene scene("uki");
    scene.images[0].not_before = noon;
    scene.images[0].not_after = noon + std::chrono::seconds{1};
    EXPECT_EQ(codes(scene.appraise()), Codes{});
    scene.now = noon - std::chrono::seconds{1};
    EXPECT_EQ(codes(scene.appraise()), Codes{"image.none"});
    scene.now = noon + std::chrono::seconds{1};
    const Appraisal late = scene.appraise();
    EXPECT_EQ(codes(late), Codes{"image.none"});
    EXPECT_TRUE(late.reasons[0].message.contains("uki-1 matches, but is not valid at this time"));
}

TEST(Appraise, HoldsTheHostGroupsOfAnImage) {
    Scene scene("uki");
    scene.images[0].host_groups = {"blue", "green"};
    const Appraisal refused = scene.appraise();
    EXPECT_EQ(codes(refused), Codes{"image.none"});
    EXPECT_TRUE(refused.reasons[0].message.contains("not for a group"));
    scene.host_groups = {"red", "green"};
    EXPECT_EQ(codes(scene.appraise()), Codes{});
}

// --- 11: the image matches ---------------------------------------------------------------------------

TEST(Appraise, ShowsTheWordsOfAChangedCommandLine) {
    const Appraisal result = Scene("uki-cmdline", {"grub", "uki"}).appraise();
    ASSERT_FALSE(result.trusted());
    ASSERT_EQ(result.reasons.at(0).code, "image.command_line");
    EXPECT_EQ(result.reasons[0].message,
              "the kernel command line is not the approved one: removed 'quiet'; added 'loglevel=3'");
    ASSERT_TRUE(result.reasons[0].event);
    EXPECT_EQ(result.reasons[0].event->pcr, 11U);
    EXPECT_EQ(result.reasons[0].event->description, ".cmdline");
    ASSERT_EQ(result.reasons[0].expected.size(), 1U);
    EXPECT_EQ(result.reasons[0].expected[0].image, "uki-1"); // the nearest, not the first
    EXPECT_EQ(result.reasons[0].expected[0].description,
              "console=ttyS0 ima_policy=tcb ima_hash=sha256 panic=-1 quiet");
    // what follows from it: the whole image in PCR 4, the load options in PCR 9
    EXPECT_EQ(codes(result), (Codes{"image.command_line", "image.mismatch", "image.mismatch"}));
}

TEST(Appraise, DoesNotBelieveTheHostsAccountOfItsCommandLine) {
    Scene scene("uki-cmdline");
    scene.boot.command_line += " innocent";
    const Appraisal result = scene.appraise();
    EXPECT_EQ(result.reasons.at(0).message, "the kernel command line is not the approved one");
}

TEST(Appraise, ShowsTheWordsOfAChangedGrubCommandLine) {
    Scene scene("grub", {"grub"});
    EditableLog log = scene.log();
    constexpr std::string_view prefix = "kernel_cmdline: ";
    const std::size_t place =
        place_of(log, [&](const auto& e) { return as_text(e.data).starts_with(prefix); });
    const std::string changed = "/vmlinuz console=ttyS0 ima_policy=tcb ima_hash=sha256 panic=-1 init=/bin/sh";
    measure(log.events[place], to_buffer(as_bytes(changed)));
    log.events[place].data = to_buffer(as_bytes(std::string(prefix) + changed + '\0'));
    scene.reboot(log);
    const Appraisal result = scene.appraise();
    ASSERT_EQ(codes(result), Codes{"image.command_line"});
    EXPECT_TRUE(result.reasons[0].message.ends_with("removed 'quiet'; added 'init=/bin/sh'"));
}

struct Section {
    const char* name;
    const char* code;
};

TEST(Appraise, NamesAChangedKernelOrInitrd) {
    for (const Section& section : {Section{".linux", "image.kernel"},
                                   Section{".initrd", "image.initrd"},
                                   Section{".osrel", "image.mismatch"}}) {
        Scene scene("uki");
        EditableLog log = scene.log();
        const std::size_t place =
            place_of(log, [&](const auto& e) { return is_section_content(e, section.name); });
        log.events[place].digests.at(Algorithm::sha256).front() ^= 1U;
        scene.reboot(log);
        const Appraisal result = scene.appraise();
        ASSERT_EQ(codes(result), Codes{section.code}) << section.name;
        EXPECT_EQ(result.reasons[0].event->index, place + 1);
        EXPECT_EQ(result.reasons[0].expected.at(0).image, "uki-1");
        EXPECT_EQ(result.claims.executables, 96);
    }
}

TEST(Appraise, RefusesEventsBesidesAndMissingOnes) {
    const EditableEvent surplus{.pcr = 12,
                                .type = type::ipl,
                                .digests = {{Algorithm::sha256, Buffer(32, 7)}},
                                .data = to_buffer(as_bytes("credential"))};
    Scene more("uki");
    EditableLog log = more.log();
    log.events.push_back(surplus);
    more.reboot(log);
    const Appraisal unexpected = more.appraise();
    ASSERT_EQ(codes(unexpected), Codes{"image.unexpected"});
    EXPECT_EQ(unexpected.reasons[0].event->description, "credential");

    Scene less("uki");
    log = less.log();
    std::erase_if(log.events, [](const auto& e) { return e.pcr == 9 && e.data.size() < 30; });
    less.reboot(log);
    EXPECT_EQ(codes(less.appraise()), Codes{"image.missing"});
}

TEST(Appraise, RefusesAnUnknownTypeInAPolicyPcr) {
    Scene scene("uki");
    EditableLog log = scene.log();
    const std::size_t place = place_of(log, [](const auto& e) { return is_section_content(e, ".osrel"); });
    log.events[place].type = 0x8401; // the digest is right
    scene.reboot(log);
    EXPECT_EQ(codes(scene.appraise()), Codes{"image.mismatch"});
    Scene extra("uki");
    log = extra.log();
    log.events.push_back(
        {.pcr = 4, .type = 0x02, .digests = {{Algorithm::sha256, Buffer(32, 9)}}, .data = {}});
    extra.reboot(log);
    EXPECT_EQ(codes(extra.appraise()), Codes{"image.unexpected"});
}

TEST(Appraise, RefusesEventsInAnotherOrder) {
    Scene scene("grub", {"grub"});
    EditableLog log = scene.log();
    const std::size_t place = place_of(log, [](const auto& e) { return e.pcr == 14; });
    std::swap(log.events[place], log.events[place + 1]);
    scene.reboot(log);
    EXPECT_EQ(codes(scene.appraise()), (Codes{"image.mismatch", "image.mismatch"}));
}

TEST(Appraise, AllowsOnlyTheKnownActionsOfTheBootManager) {
    const auto with_action = [](std::string_view text) {
        Scene scene("uki");
        EditableLog log = scene.log();
        EditableEvent action{
            .pcr = 4, .type = type::efi_action, .digests = {{Algorithm::sha256, {}}}, .data = {}};
        measure(action, to_buffer(as_bytes(text)));
        log.events.push_back(action);
        scene.reboot(log);
        return codes(scene.appraise());
    };
    EXPECT_EQ(with_action("Returning from EFI Application from Boot Option"), Codes{});
    EXPECT_EQ(with_action("Something else"), Codes{"image.unexpected"});
}

TEST(Appraise, JudgesWhatOnlyLooksLikeEveryMachines) {
    const auto judged = [](std::uint32_t pcr, std::uint32_t kind, std::string_view data, bool measured) {
        EditableLog log = Scene("uki").log();
        EditableEvent event{.pcr = pcr, .type = kind, .digests = {{Algorithm::sha256, {}}}, .data = {}};
        measure(event, to_buffer(as_bytes(data)));
        if (!measured)
            event.digests.at(Algorithm::sha256).front() ^= 1U;
        log.events.push_back(event);
        const Buffer bytes = log.encode();
        const auto parsed = eventlog::parse_firmware_log(bytes);
        const auto events = judged_events(*parsed, pcr);
        return !events.empty() && events.back() == &parsed->events.back();
    };
    constexpr std::string_view zero{"\0\0\0\0", 4};
    constexpr std::string_view call = "Calling EFI Application from Boot Option";
    EXPECT_FALSE(judged(7, type::separator, zero, true));
    EXPECT_TRUE(judged(7, type::separator, zero, false));
    EXPECT_TRUE(judged(8, type::separator, zero, true)); // which no firmware extends
    EXPECT_FALSE(judged(4, type::efi_action, call, true));
    EXPECT_TRUE(judged(4, type::efi_action, call, false));
    EXPECT_TRUE(judged(7, type::efi_action, call, true));
    EXPECT_TRUE(judged(4, type::action, call, true));
}

TEST(Appraise, RefusesAnotherKeyInTheSecureBootVariables) {
    Scene scene("grub", {"uki"}); // Microsoft's keys where snakeoil's are approved
    const Appraisal result = scene.appraise();
    EXPECT_FALSE(result.trusted());
    const auto db = std::ranges::any_of(result.reasons, [](const Reason& one) {
        return one.event && one.event->pcr == 7 && one.event->description.starts_with("db ");
    });
    EXPECT_TRUE(db);
}

// --- 12: firmware -------------------------------------------------------------------------------------

TEST(Appraise, RefusesChangedFirmwareWithBothVersions) {
    for (const std::uint32_t pcr : {0U, 2U}) {
        Scene scene("uki");
        (pcr == 0 ? scene.pin->pcr0 : scene.pin->pcr2).front() ^= 1U;
        scene.pin->version = "1.0";
        const Appraisal result = scene.appraise();
        ASSERT_EQ(codes(result), Codes{"firmware.changed"});
        EXPECT_EQ(result.reasons[0].event->pcr, pcr);
        EXPECT_TRUE(result.reasons[0].message.contains("without a version, approved is version '1.0'"));
        EXPECT_EQ(result.claims.hardware, 96);
        EXPECT_EQ(result.base_image->text, "uki-1"); // the software is known all the same
    }
}

TEST(Appraise, SaysWhatDiffersBetweenFirmwaresWithoutVersions) {
    Scene scene("uki");
    const std::string shown = to_hex(scene.pin->pcr0);
    scene.pin->pcr0.front() ^= 1U;
    scene.pin->version.clear();
    Appraisal result = scene.appraise();
    ASSERT_EQ(codes(result), Codes{"firmware.changed"});
    EXPECT_EQ(result.reasons[0].message,
              "PCR 0: the firmware is not the approved one, and neither names a version: it measured to " +
                  shown + ", approved is " + to_hex(scene.pin->pcr0));
    EXPECT_TRUE(result.reasons[0].hint.contains("This PCR is made of event ")) << result.reasons[0].hint;
    EXPECT_EQ(result.reasons[0].expected.at(0).description,
              "firmware that measured to " + to_hex(scene.pin->pcr0).substr(0, 16));
    scene.pin->version = "1.0";
    result = scene.appraise();
    EXPECT_TRUE(result.reasons[0].message.contains("is without a version, approved is version '1.0'"));
}

TEST(Appraise, NamesTheEventThatFirmwareMeasuresNow) {
    Scene scene("uki");
    const FirmwarePin before = *scene.pin;
    test::EditableLog log = scene.log();
    const auto place =
        static_cast<std::ptrdiff_t>(place_of(log, [](const auto& event) { return event.pcr == 2; }));
    test::EditableEvent option_rom = log.events[static_cast<std::size_t>(place)];
    option_rom.type = eventlog::type::efi_boot_services_driver;
    measure(option_rom, to_buffer(as_bytes("an option ROM")));
    log.events.insert(log.events.begin() + place, option_rom);
    scene.reboot(log);
    scene.pin = before;
    scene.pin->version.clear();
    const Appraisal result = scene.appraise();
    ASSERT_EQ(codes(result), Codes{"firmware.changed"});
    EXPECT_TRUE(result.reasons[0].message.contains("; without event ")) << result.reasons[0].message;
    EXPECT_TRUE(result.reasons[0].message.contains("EV_EFI_BOOT_SERVICES_DRIVER"))
        << result.reasons[0].message;
    EXPECT_TRUE(result.reasons[0].message.ends_with("it would be the approved one"));
}

TEST(Appraise, TakesFirmwareOfASetAndNamesIt) {
    Scene scene("uki");
    const FirmwarePin shown = *scene.pin;
    FirmwarePin other = shown;
    other.pcr2.front() ^= 1U;
    scene.firmware_sets = {{.set = "other", .firmware = other}, {.set = "updates", .firmware = shown}};
    EXPECT_EQ(scene.appraise().firmware_set, std::nullopt); // the pin itself
    scene.pin->pcr0.front() ^= 1U;
    scene.pin->pcr2.front() ^= 2U;
    const Appraisal result = scene.appraise();
    EXPECT_EQ(codes(result), Codes{});
    EXPECT_EQ(result.firmware_set, "updates");
    EXPECT_EQ(result.claims.hardware, 2);
}

TEST(Appraise, TakesNoFirmwareThatIsHalfInASet) {
    Scene scene("uki");
    FirmwarePin half = *scene.pin;
    half.pcr2.front() ^= 1U;
    half.version = "half";
    scene.firmware_sets = {{.set = "updates", .firmware = half}};
    scene.pin->pcr0.front() ^= 1U;
    scene.pin->pcr2.front() ^= 2U;
    const Appraisal result = scene.appraise();
    ASSERT_EQ(codes(result), Codes(2, "firmware.changed"));
    EXPECT_EQ(result.firmware_set, std::nullopt);
    EXPECT_EQ(result.reasons[1].expected.at(1).digest, to_hex(half.pcr2));
    EXPECT_EQ(result.reasons[1].expected.at(1).description,
              "firmware version 'half' of firmware set updates");
    scene.firmware_sets[0].firmware.pcr0.front() ^= 4U; // nothing in common: not named
    EXPECT_EQ(scene.appraise().reasons[1].expected.size(), 1U);
    scene.pin.reset(); // a set is no approval of a host
    EXPECT_EQ(codes(scene.appraise()), Codes{"firmware.not_pinned"});
}

TEST(Appraise, RefusesFirmwareThatNobodyApproved) {
    Scene scene("uki");
    scene.pin.reset();
    const Appraisal result = scene.appraise();
    EXPECT_EQ(codes(result), Codes{"firmware.not_pinned"});
    EXPECT_EQ(result.tier, Tier::none);
    EXPECT_EQ(result.base_image->text, "uki-1");
}

TEST(Appraise, IgnoresFirmwareOnlyByTheUnsafeRule) {
    Scene scene("uki");
    scene.pin->pcr0.front() ^= 1U;
    scene.firmware_rule = FirmwareRule::unsafe_ignore;
    const Appraisal result = scene.appraise();
    EXPECT_EQ(codes(result), Codes{});
    EXPECT_EQ(result.claims.hardware, 0);
    EXPECT_EQ(result.not_assessed, (std::vector<std::uint32_t>{0, 1, 2, 3, 5, 6, 15}));
}

// --- tiers ----------------------------------------------------------------------------------------------

TEST(Appraise, WarnsWhereOnlyTheBootIsCovered) {
    Scene scene("uki");
    scene.images[0].userspace = Userspace::boot_only;
    const Appraisal result = scene.appraise();
    EXPECT_EQ(result.tier, Tier::warning);
    EXPECT_EQ(result.executables, "boot-only");
    EXPECT_EQ(result.claims.executables, 33);
    EXPECT_TRUE(result.trusted());
}

} // namespace
} // namespace vouchsafe::appraisal

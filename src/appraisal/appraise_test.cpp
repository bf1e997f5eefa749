// The numbered checks of appraise(), each with what it accepts and what it must refuse.
#include "appraisal/appraisal_fixture.h"
#include "appraisal/appraise.h"
#include "appraisal/boot.h"
#include "eventlog/event_data.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vouchsafe::appraisal {
namespace {

using Codes = std::vector<std::string>;
using test::EditableEvent;
using test::EditableLog;
namespace type = eventlog::type;

EditableEvent separator(std::uint32_t pcr, std::uint8_t byte = 0) {
    EditableEvent event{
        .pcr = pcr, .type = type::separator, .digests = {{Algorithm::sha256, {}}}, .data = {}};
    measure(event, Buffer(4, byte));
    return event;
}

bool is_section_content(const EditableEvent& event, std::string_view section) {
    return event.pcr == 11 && eventlog::decode_text(event.data) == section &&
           event.digests.at(Algorithm::sha256) !=
               hash(Algorithm::sha256, as_bytes(std::string(section) + '\0'));
}

// --- accepted -----------------------------------------------------------------------------------

TEST(Appraise, AffirmsTheApprovedBoot) {
    const Appraisal result = Scene("uki").appraise();
    EXPECT_EQ(codes(result), Codes{});
    EXPECT_EQ(result.tier, Tier::affirming);
    EXPECT_TRUE(result.trusted());
    ASSERT_TRUE(result.base_image);
    EXPECT_EQ(result.base_image->text, "uki-1");
    EXPECT_EQ(result.executables, "boot-image");
    EXPECT_EQ(result.claims, (Claims{.configuration = 2, .executables = 3, .hardware = 2}));
    EXPECT_TRUE(result.secure_boot);
    EXPECT_EQ(result.ima_entries, 1U);
    EXPECT_EQ(result.ima_pending, 0U);
    EXPECT_EQ(result.not_assessed, (std::vector<std::uint32_t>{1, 3, 5, 6, 15}));
    EXPECT_EQ(to_hex(result.firmware.pcr0),
              "90040fdebcaef6fed8beec816d2a56ff8d77f91516bd053e493374c25562f11c");
}

TEST(Appraise, AffirmsGrubAndThreeBanks) {
    const Appraisal grub = Scene("grub", {"uki", "grub"}).appraise();
    EXPECT_EQ(codes(grub), Codes{});
    EXPECT_EQ(grub.base_image->text, "grub-1");
    // SHA-384: IMA entries are zero-padded SHA-1 there
    const Appraisal three = Scene("uki-cmdline", {"uki", "uki-cmdline"}).appraise();
    EXPECT_EQ(codes(three), Codes{});
    EXPECT_EQ(three.tier, Tier::affirming);
    EXPECT_EQ(three.base_image->text, "uki-cmdline-1");
}

TEST(Appraise, ComparesOtherBanksOnlyWhereTheImageHasThem) {
    // An image of one bank, a host of three: the two others must replay, and that they do.
    Scene scene("uki-cmdline", {"uki-cmdline"});
    for (Reference& reference : scene.images[0].references)
        std::erase_if(reference.digests, [](const auto& entry) { return entry.first != Algorithm::sha256; });
    EXPECT_EQ(codes(scene.appraise()), Codes{});
    // and where the image has another bank, it counts
    Scene other("uki-cmdline", {"uki-cmdline"});
    for (Reference& reference : other.images[0].references)
        if (reference.role == Role::kernel)
            reference.digests.at(Algorithm::sha384).front() ^= 1U;
    EXPECT_EQ(codes(other.appraise()), Codes{"image.kernel"});
}

// --- 1, 2: bank and log --------------------------------------------------------------------------

TEST(Appraise, RefusesAnotherBankThanThePolicys) {
    Scene scene("uki");
    scene.policy_bank = Algorithm::sha384;
    const Appraisal result = scene.appraise();
    EXPECT_EQ(codes(result), Codes{"policy.bank"});
    EXPECT_EQ(result.tier, Tier::none);
}

TEST(Appraise, RefusesABankWithoutValues) {
    Scene scene("uki");
    scene.quoted.banks.at(Algorithm::sha256).clear();
    EXPECT_EQ(codes(scene.appraise()), Codes{"policy.bank"});
}

TEST(Appraise, RefusesAMissingLog) {
    Scene scene("uki");
    scene.firmware_log.reset();
    EXPECT_EQ(codes(scene.appraise()), Codes{"eventlog.absent"});
    scene.firmware_log = Bytes{};
    EXPECT_EQ(codes(scene.appraise()), Codes{"eventlog.absent"});
}

TEST(Appraise, RefusesAMalformedLogAndSaysWhere) {
    Scene scene("uki");
    scene.firmware_log = Bytes(scene.boot.firmware_log).first(scene.boot.firmware_log.size() - 3);
    const Appraisal result = scene.appraise();
    EXPECT_EQ(codes(result), Codes{"eventlog.malformed"});
    EXPECT_TRUE(result.reasons[0].message.contains("event 35 at offset"));
}

// --- 3, 4: replay ---------------------------------------------------------------------------------

TEST(Appraise, RefusesAnAlteredDigest) {
    Scene scene("uki");
    EditableLog log = scene.log();
    const std::size_t place = place_of(log, [](const auto& e) { return is_section_content(e, ".cmdline"); });
    log.events[place].digests.at(Algorithm::sha256).front() ^= 1U;
    scene.forge(log);
    const Appraisal result = scene.appraise();
    EXPECT_EQ(codes(result), Codes{"eventlog.replay"});
    EXPECT_EQ(result.reasons[0].expected.at(0).digest,
              to_hex(scene.quoted.banks.at(Algorithm::sha256).at(11)));
    EXPECT_EQ(result.tier, Tier::contraindicated);
}

TEST(Appraise, RefusesARemovedAndAnInsertedEvent) {
    Scene removed("uki");
    EditableLog log = removed.log();
    std::erase_if(log.events, [](const auto& e) { return is_section_content(e, ".initrd"); });
    removed.forge(log);
    EXPECT_EQ(codes(removed.appraise()), Codes{"eventlog.replay"});

    Scene inserted("uki");
    log = inserted.log();
    log.events.push_back(separator(5));
    inserted.forge(log);
    EXPECT_EQ(codes(inserted.appraise()), Codes{"eventlog.replay"});
}

TEST(Appraise, RefusesAnEventThatIsHiddenAsNoAction) {
    Scene scene("uki");
    EditableLog log = scene.log();
    const std::size_t place = place_of(log, [](const auto& e) { return is_section_content(e, ".cmdline"); });
    log.events[place].type = type::no_action;
    scene.forge(log);
    EXPECT_EQ(codes(scene.appraise()), Codes{"eventlog.replay"});
}

TEST(Appraise, NamesTheEventWhoseDataWasChanged) {
    Scene scene("uki");
    EditableLog log = scene.log();
    const std::size_t place =
        place_of(log, [](const auto& e) { return e.type == type::efi_variable_driver_config; });
    log.events[place].data.back() = 0; // SecureBoot: off, in the data alone
    log.events[place].digests.at(Algorithm::sha256).front() ^= 1U;
    scene.forge(log);
    const Appraisal result = scene.appraise();
    ASSERT_EQ(codes(result), Codes{"eventlog.replay"});
    ASSERT_TRUE(result.reasons[0].event);
    EXPECT_EQ(result.reasons[0].event->index, place + 1);
    EXPECT_EQ(result.reasons[0].event->type, "EV_EFI_VARIABLE_DRIVER_CONFIG");
    EXPECT_EQ(result.reasons[0].event->pcr, 7U);
}

TEST(Appraise, RefusesAnAllocatedBankThatTheLogLacks) {
    Scene scene("uki");
    scene.quoted.banks[Algorithm::sha384] =
        quoted_of(test::load_boot("uki-cmdline")).banks.at(Algorithm::sha384);
    const Appraisal result = scene.appraise();
    EXPECT_EQ(codes(result), Codes{"eventlog.bank"});
}

TEST(Appraise, RefusesABankThatReplaysElsewhere) {
    Scene scene("uki-cmdline", {"uki-cmdline"});
    scene.quoted.banks.at(Algorithm::sha1).at(4).front() ^= 1U;
    const Appraisal result = scene.appraise();
    EXPECT_EQ(codes(result), Codes{"eventlog.replay"});
    EXPECT_TRUE(result.reasons[0].message.ends_with("PCR 4 of sha1"));
}

TEST(Appraise, RefusesAQuoteThatLeavesPcrsOut) {
    for (const std::uint32_t pcr : {0U, 4U, 10U, 14U}) {
        Scene scene("uki");
        scene.quoted.banks.at(Algorithm::sha256).erase(pcr);
        const Appraisal result = scene.appraise();
        EXPECT_TRUE(reason(result, "policy.pcrs") != nullptr) << pcr;
        EXPECT_FALSE(result.trusted());
    }
}

TEST(Appraise, RefusesAPcrThatNoEventExplains) {
    for (const std::uint32_t pcr : {8U, 12U, 13U, 14U}) {
        Scene scene("uki");
        scene.quoted.banks.at(Algorithm::sha256).at(pcr) = Buffer(32, 0x42);
        EXPECT_EQ(codes(scene.appraise()), Codes{"pcr.unexplained"}) << pcr;
    }
    Scene unjudged("uki"); // PCR 15 is the host's own: reported, not judged
    unjudged.quoted.banks.at(Algorithm::sha256).at(15) = Buffer(32, 0x42);
    EXPECT_EQ(codes(unjudged.appraise()), Codes{});
}

TEST(Appraise, TakesTheKnownPhasesOnPcr11InOrder) {
    const auto extended = [](std::initializer_list<std::string_view> words) {
        Scene scene("uki");
        Buffer& value = scene.quoted.banks.at(Algorithm::sha256).at(11);
        for (const std::string_view word : words)
            value = extend(Algorithm::sha256, value, hash(Algorithm::sha256, as_bytes(word)));
        return codes(scene.appraise());
    };
    EXPECT_EQ(extended({"enter-initrd"}), Codes{});
    EXPECT_EQ(extended({"enter-initrd", "leave-initrd", "sysinit", "ready"}), Codes{});
    EXPECT_EQ(extended({"leave-initrd"}), Codes{"eventlog.replay"});
    EXPECT_EQ(extended({"enter-initrd", "sysinit"}), Codes{"eventlog.replay"});
    EXPECT_EQ(extended({"anything"}), Codes{"eventlog.replay"});
}

// --- 5: grammar -----------------------------------------------------------------------------------

TEST(Appraise, RefusesSeparatorsOutsideTheGrammar) {
    const auto with = [](auto&& change) {
        Scene scene("uki");
        EditableLog log = scene.log();
        change(log);
        scene.reboot(log);
        return codes(scene.appraise());
    };
    const auto pcr2 = [](const EditableEvent& e) { return e.pcr == 2 && e.type == type::separator; };
    EXPECT_EQ(with([](EditableLog&) {}), Codes{}); // the twin that passes
    EXPECT_EQ(with([&](EditableLog& log) { std::erase_if(log.events, pcr2); }), Codes{"eventlog.grammar"});
    EXPECT_EQ(with([](EditableLog& log) { log.events.push_back(separator(3)); }), Codes{"eventlog.grammar"});
    EXPECT_EQ(with([&](EditableLog& log) { log.events[place_of(log, pcr2)] = separator(2, 1); }),
              Codes{"eventlog.grammar"});
    EXPECT_EQ(with([&](EditableLog& log) { log.events[place_of(log, pcr2)].type = type::action; }),
              Codes{"eventlog.grammar"});
    EXPECT_EQ(with([&](EditableLog& log) { log.events[place_of(log, pcr2)].data = Buffer(4, 1); }),
              Codes{"eventlog.grammar"});
}

TEST(Appraise, RefusesSecureBootConfigurationAfterTheSeparator) {
    Scene scene("uki");
    EditableLog log = scene.log();
    const std::size_t place =
        place_of(log, [](const auto& e) { return e.type == type::efi_variable_driver_config; });
    const EditableEvent again = log.events[place];
    log.events.push_back(again);
    scene.reboot(log);
    EXPECT_EQ(codes(scene.appraise()), Codes{"eventlog.grammar"});
}

TEST(Appraise, RefusesNoActionWithADigest) {
    Scene scene("uki");
    EditableLog log = scene.log();
    log.events.push_back(
        {.pcr = 6, .type = type::no_action, .digests = {{Algorithm::sha256, Buffer(32)}}, .data = {}});
    scene.forge(log);
    EXPECT_EQ(codes(scene.appraise()), Codes{});
    log.events.back().digests.at(Algorithm::sha256).back() = 1;
    scene.forge(log);
    EXPECT_EQ(codes(scene.appraise()), Codes{"eventlog.grammar"});
}

// --- 6, 7: userspace log and IMA --------------------------------------------------------------------

TEST(Appraise, RefusesAUserspaceLog) {
    Scene scene("uki");
    scene.userspace_log = as_bytes("{}");
    EXPECT_EQ(codes(scene.appraise()), Codes{"userspace.unsupported"});
}

TEST(Appraise, RefusesAMissingOrCutImaList) {
    Scene missing("uki");
    missing.ima_log.reset();
    EXPECT_EQ(codes(missing.appraise()), Codes{"ima.absent"});
    missing.ima_log = Bytes{};
    EXPECT_EQ(codes(missing.appraise()), Codes{"ima.absent"});
    Scene cut("uki");
    cut.ima_log = cut.ima_log->first(60);
    EXPECT_EQ(codes(cut.appraise()), Codes{"ima.malformed"});
    cut.ima_log = Bytes(cut.boot.ima_log).first(20); // no whole entry is left
    EXPECT_EQ(codes(cut.appraise()), Codes{"ima.replay"});
}

TEST(Appraise, RefusesAnAlteredImaList) {
    Scene scene("uki");
    Buffer list = scene.boot.ima_log;
    list.back() ^= 1U;
    scene.ima_log = list;
    EXPECT_EQ(codes(scene.appraise()), Codes{"ima.replay"});
}

TEST(Appraise, CountsImaEntriesBeyondTheQuoteAsPending) {
    Scene scene("uki");
    Buffer list = scene.boot.ima_log;
    list.insert(list.end(), scene.boot.ima_log.begin(), scene.boot.ima_log.end());
    scene.ima_log = list;
    const Appraisal result = scene.appraise();
    EXPECT_EQ(codes(result), Codes{});
    EXPECT_EQ(result.ima_entries, 1U);
    EXPECT_EQ(result.ima_pending, 1U);
}

TEST(Appraise, RefusesAnImaListOfAnotherBoot) {
    Scene scene("uki");
    const auto other = test::load_boot("grub");
    scene.ima_log = other.ima_log;
    scene.quoted.banks.at(Algorithm::sha256).at(10) = other.pcrs.at(Algorithm::sha256).at(10);
    EXPECT_EQ(codes(scene.appraise()), Codes{"ima.boot_aggregate"});
}

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

TEST(Appraise, RefusesABootThatMeasuredNoKernel) {
    Scene scene("direct");
    const Appraisal result = scene.appraise();
    ASSERT_EQ(codes(result), Codes{"boot.no_kernel"});
    EXPECT_TRUE(result.secure_boot); // that is the point: Secure Boot says on
    EXPECT_EQ(result.reasons[0].message,
              "no measured kernel: firmware started an operating system that it did not measure");
    EXPECT_EQ(result.tier, Tier::contraindicated);
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

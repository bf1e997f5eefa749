// Checks 1 to 7 of appraise(), each with what it accepts and what it must refuse. For the others see
// appraise_image_test.cpp.
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

EditableEvent separator(std::uint32_t pcr, std::uint8_t byte = 0) {
    EditableEvent event{
        .pcr = pcr, .type = type::separator, .digests = {{Algorithm::sha256, {}}}, .data = {}};
    measure(event, Buffer(4, byte));
    return event;
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
    EXPECT_EQ(result.ima_end.entries, 1U);
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

TEST(Appraise, TakesNoImageOfOtherBanks) {
    Scene scene("uki-cmdline", {"uki-cmdline"});
    for (Reference& reference : scene.images[0].references)
        reference.digests = {{Algorithm::sha512, Buffer(64)}}; // not quoted, so that nothing contradicts
    const Appraisal result = scene.appraise();
    EXPECT_FALSE(result.base_image);
    EXPECT_FALSE(codes(result).empty());
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
    EXPECT_EQ(with([&](EditableLog& log) { // an error was measured, and the log denies it
                  EditableEvent& event = log.events[place_of(log, pcr2)];
                  event = separator(2, 1);
                  event.data = Buffer(4);
              }),
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

// --- 7: IMA; 6 is in appraise_userspace_test.cpp -----------------------------------------------------

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
    EXPECT_EQ(result.ima_end.entries, 1U);
    EXPECT_EQ(result.ima_pending, 1U);
}

TEST(Appraise, GoesOnFromAnAcceptedImaPosition) {
    Scene scene("uki");
    const Buffer one = scene.boot.ima_log;
    const ImaPosition first = scene.appraise().ima_end;
    EXPECT_EQ(first.entries, 1U);
    EXPECT_EQ(first.values.size(), scene.quoted.banks.size());
    // nothing new
    scene.ima_log.reset();
    scene.ima_start = first;
    EXPECT_TRUE(scene.appraise().trusted());
    EXPECT_EQ(scene.appraise().ima_end, first);
    // one more entry, sent alone: it is no boot aggregate of its own
    const auto list = eventlog::parse_ima_list(one);
    const auto input = eventlog::ima_hash_input(list->entries.at(0));
    for (auto& [bank, values] : scene.quoted.banks)
        values.at(10) = extend(bank, values.at(10), hash(bank, *input));
    EXPECT_EQ(codes(scene.appraise()), Codes{"ima.absent"});
    scene.ima_log = one;
    const Appraisal second = scene.appraise();
    EXPECT_TRUE(second.trusted());
    EXPECT_EQ(second.ima_end.entries, 2U);
    EXPECT_EQ(second.ima_pending, 0U);
    EXPECT_EQ(second.ima_end.values.at(Algorithm::sha256).at(10),
              scene.quoted.banks.at(Algorithm::sha256).at(10));
    // from zero, from elsewhere, from a position without the bank
    scene.ima_start.reset();
    EXPECT_EQ(codes(scene.appraise()), Codes{"ima.replay"});
    scene.ima_start = first;
    scene.ima_start->values.at(Algorithm::sha256).at(10).front() ^= 1U;
    EXPECT_EQ(codes(scene.appraise()), Codes{"ima.replay"});
    scene.ima_start = first;
    scene.ima_start->values.erase(Algorithm::sha256);
    EXPECT_EQ(codes(scene.appraise()), Codes{"ima.replay"});
    EXPECT_TRUE(scene.appraise().reasons[0].message.contains("without bank sha256"));
}

TEST(Appraise, KexecIsAllowedByAnyImageThatCoversTheBoot) {
    Scene scene("uki", {"uki", "grub"});
    EXPECT_FALSE(scene.appraise().unsafe_kexec);
    scene.images.back().unsafe_kexec = true; // of another boot
    EXPECT_FALSE(scene.appraise().unsafe_kexec);
    scene.images.push_back(scene.images.front());
    scene.images.back().version.text = "uki-2";
    scene.images.back().unsafe_kexec = true;
    scene.images.back().host_groups = {"others"};
    EXPECT_FALSE(scene.appraise().unsafe_kexec);
    scene.images.back().host_groups = {};
    EXPECT_TRUE(scene.appraise().unsafe_kexec);
    EXPECT_EQ(scene.appraise().base_image->text, "uki-1");
}

TEST(Appraise, RefusesAnImaListOfAnotherBoot) {
    Scene scene("uki");
    const auto other = test::load_boot("grub");
    scene.ima_log = other.ima_log;
    scene.quoted.banks.at(Algorithm::sha256).at(10) = other.pcrs.at(Algorithm::sha256).at(10);
    EXPECT_EQ(codes(scene.appraise()), Codes{"ima.boot_aggregate"});
}

} // namespace
} // namespace vouchsafe::appraisal

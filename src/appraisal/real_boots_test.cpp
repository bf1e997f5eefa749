// What an operator changes about a host, as recorded boots show it: each change is accepted by a rule, or
// refused with the right reasons. Boots that were not recorded differ from a recorded one in the very events
// in which two real boots with and without the change were seen to differ.
#include "appraisal/appraise.h"
#include "eventlog/event_data.h"
#include "tests/support/appraisal_fixture.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::appraisal {
namespace {

using test::EditableEvent;
using test::EditableLog;
namespace type = eventlog::type;

/// Another digest for the first event that the predicate likes.
template <class Predicate> void alter(EditableLog& log, Predicate&& likes) {
    EditableEvent& event = log.events[place_of(log, likes)];
    for (auto& [bank, digest] : event.digests)
        digest.front() ^= 1U;
}

auto section(std::string_view name) {
    return [name](const EditableEvent& event) { return is_section_content(event, name); };
}

auto of_kind(std::uint32_t pcr, std::uint32_t kind) {
    return [=](const EditableEvent& event) { return event.pcr == pcr && event.type == kind; };
}

auto labelled(std::uint32_t pcr, std::string_view text) {
    return [=](const EditableEvent& event) {
        const auto label = eventlog::decode_text(event.data);
        return event.pcr == pcr && label && label->contains(text);
    };
}

/// The same boot but for these events.
template <class... Predicates> void booted_with_other(Scene& scene, Predicates... events) {
    EditableLog log = scene.log();
    (alter(log, events), ...);
    scene.reboot(log);
}

void nothing(Scene&) {}

void other_kernel(Scene& scene) {
    booted_with_other(scene, section(".linux"), of_kind(4, type::efi_boot_services_application));
}

void other_initrd(Scene& scene) {
    const auto tagged = [](const EditableEvent& event) {
        const auto tag = eventlog::decode_tagged_event(event.data);
        return event.pcr == 9 && event.type == type::event_tag && tag &&
               tag->id == eventlog::linux_initrd_tag;
    };
    booted_with_other(scene, section(".initrd"), tagged, of_kind(4, type::efi_boot_services_application));
}

void other_grub_initrd(Scene& scene) {
    booted_with_other(scene, labelled(9, "initrd.img"));
}

void other_grub_command_line(Scene& scene) {
    booted_with_other(scene, labelled(8, "kernel_cmdline: "), labelled(9, "grub.cfg"));
}

void other_keys(Scene& scene) {
    booted_with_other(scene, of_kind(7, type::efi_variable_authority));
}

void other_boot_order(Scene& scene) {
    booted_with_other(scene, of_kind(1, type::efi_variable_boot));
}

void other_firmware(Scene& scene) {
    booted_with_other(scene, [](const EditableEvent& event) {
        return event.pcr == 0 && event.type != type::no_action && event.type != type::separator;
    });
}

void secure_boot_not_required(Scene& scene) {
    for (BaseImage& image : scene.images)
        image.secure_boot = SecureBootRule::unsafe_not_required;
}

void one_bank(Scene& scene) {
    EditableLog log = scene.log();
    for (EditableEvent& event : log.events)
        std::erase_if(event.digests, [](const auto& digest) { return digest.first != Algorithm::sha256; });
    scene.forge(log);
    std::erase_if(scene.quoted.banks, [](const auto& bank) { return bank.first != Algorithm::sha256; });
}

void no_log(Scene& scene) {
    scene.firmware_log = Bytes{};
}

struct RealBoot {
    const char* name;
    const char* boot;     ///< what the host boots
    const char* approved; ///< the boot that the base image was made of
    void (*change)(Scene&);
    std::vector<std::string> codes; ///< none: accepted
};

void PrintTo(const RealBoot& row, std::ostream* out) {
    *out << row.name;
}

class RealBoots : public testing::TestWithParam<RealBoot> {};

TEST_P(RealBoots, AreAcceptedByRuleOrRefusedWithTheRightReasons) {
    const RealBoot& row = GetParam();
    Scene scene(row.boot, {row.approved});
    row.change(scene);
    const Appraisal result = scene.appraise();
    EXPECT_EQ(codes(result), row.codes);
    EXPECT_EQ(result.trusted(), row.codes.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Appraise,
    RealBoots,
    testing::Values(
        RealBoot{"UkiAgain", "uki", "uki", nothing, {}},
        RealBoot{"GrubAgain", "grub", "grub", nothing, {}},
        RealBoot{"UkiCommandLine",
                 "uki-cmdline",
                 "uki",
                 nothing,
                 {"image.command_line", "image.mismatch", "image.mismatch"}},
        RealBoot{
            "UkiInitrd", "uki", "uki", other_initrd, {"image.initrd", "image.mismatch", "image.mismatch"}},
        RealBoot{"UkiKernel", "uki", "uki", other_kernel, {"image.kernel", "image.mismatch"}},
        RealBoot{"GrubInitrd", "grub", "grub", other_grub_initrd, {"image.initrd"}},
        RealBoot{"GrubCommandLine",
                 "grub",
                 "grub",
                 other_grub_command_line,
                 {"image.command_line", "image.mismatch"}},
        RealBoot{"SecureBootOff", "uki-sb-off", "uki", nothing, {"secure_boot.off"}},
        RealBoot{"OtherKeys", "uki", "uki", other_keys, {"image.mismatch"}},
        RealBoot{"OtherFirmware", "uki", "uki", other_firmware, {"firmware.changed"}},
        RealBoot{"OtherBootOrder", "uki", "uki", other_boot_order, {}},
        RealBoot{"DirectKernelWithSecureBootOn", "direct", "uki", nothing, {"boot.no_kernel"}},
        RealBoot{"DirectKernelWhereSecureBootDoesNotMatter",
                 "direct",
                 "uki",
                 secure_boot_not_required,
                 {"boot.no_kernel"}},
        RealBoot{"OneBankOfThree", "uki-cmdline", "uki-cmdline", one_bank, {}},
        RealBoot{"GrubWithoutEfiStub", "grub", "grub", no_log, {"eventlog.absent"}}),
    [](const auto& row) { return std::string(row.param.name); });

} // namespace
} // namespace vouchsafe::appraisal

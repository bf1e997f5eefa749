// A kernel that the firmware starts itself, by its EFI stub: no grub, no systemd-stub. The boot is the
// recorded one of a unified kernel image without what systemd-stub measured: the same kernel's stub wrote the
// rest.
#include "appraisal/boot.h"
#include "appraisal/replay.h"
#include "tests/support/appraisal_fixture.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vouchsafe::appraisal {
namespace {

using test::EditableEvent;
using test::EditableLog;

bool is_tag(const EditableEvent& event, std::uint32_t id) {
    const auto tag = eventlog::decode_tagged_event(event.data);
    return event.type == eventlog::type::event_tag && tag && tag->id == id;
}

EditableLog stub_log(const Scene& scene) {
    EditableLog log = scene.log();
    std::erase_if(log.events, [](const EditableEvent& event) { return event.pcr == 11; });
    return log;
}

/// The host booted by the log, and the image of that boot.
struct StubScene : Scene {
    StubScene() : Scene("uki", {}) { boot_by(stub_log(*this)); }

    void boot_by(const EditableLog& log) {
        reboot(log);
        pin_firmware();
    }

    Result<BaseImage> derived() const {
        const auto log = eventlog::parse_firmware_log(boot.firmware_log);
        return derive(*log,
                      quoted,
                      {.version = {"stub-1"},
                       .display_name = "EFI stub",
                       .vendor = "tests",
                       .not_before = {},
                       .not_after = {},
                       .host_groups = {},
                       .command_line = boot.command_line});
    }
};

const Reference& with_role(const BaseImage& image, Role role) {
    const auto found = std::ranges::find(image.references, std::optional(role), &Reference::role);
    VS_CHECK(found != image.references.end());
    return *found;
}

TEST(EfiStub, IsExportedAndJudgedPerEvent) {
    StubScene scene;
    const auto image = scene.derived();
    ASSERT_TRUE(image) << image.error().where << image.error().detail;
    EXPECT_EQ(with_role(*image, Role::kernel).pcr, 4U);
    EXPECT_EQ(with_role(*image, Role::initrd).pcr, 9U);
    const Reference& command_line = with_role(*image, Role::command_line);
    EXPECT_EQ(command_line.pcr, 9U);
    EXPECT_EQ(command_line.description, scene.boot.command_line); // which the digest confirms
    scene.images = {*image};
    EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{});
    EXPECT_EQ(scene.appraise().tier, Tier::affirming);
}

TEST(EfiStub, NamesWhatChanged) {
    StubScene reference;
    const auto image = reference.derived();
    ASSERT_TRUE(image);

    struct Row {
        std::string_view code;
        bool (*likes)(const EditableEvent&);
    };

    for (const Row& row :
         {Row{"image.kernel",
              [](const EditableEvent& e) {
                  return e.pcr == 4 && e.type == eventlog::type::efi_boot_services_application;
              }},
          Row{"image.initrd",
              [](const EditableEvent& e) { return is_tag(e, eventlog::linux_initrd_tag); }}}) {
        StubScene scene;
        EditableLog log = scene.log();
        log.events[place_of(log, row.likes)].digests.at(Algorithm::sha256).front() ^= 1U;
        scene.boot_by(log);
        scene.images = {*image};
        EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{std::string(row.code)});
    }
}

/// As boot entries of efibootmgr have it: UTF-16 without a NUL.
TEST(EfiStub, ShowsTheWordsOfALoadOption) {
    const auto with_options = [](const std::string& line) {
        StubScene scene;
        EditableLog log = scene.log();
        EditableEvent& options = log.events[place_of(
            log, [](const EditableEvent& e) { return is_tag(e, eventlog::load_options_tag); })];
        for (auto& [bank, digest] : options.digests)
            digest = hash(bank, eventlog::utf16le_from_utf8(line));
        return std::pair(log, line);
    };
    StubScene approved;
    const auto [log, line] = with_options("console=ttyS0 quiet");
    approved.boot_by(log);
    approved.boot.command_line = line;
    const auto image = approved.derived();
    ASSERT_TRUE(image) << image.error().detail;
    EXPECT_EQ(with_role(*image, Role::command_line).description, line);

    StubScene scene;
    const auto [changed, words] = with_options("console=ttyS0 init=/bin/sh");
    scene.boot_by(changed);
    scene.boot.command_line = words;
    scene.images = {*image};
    const Appraisal result = scene.appraise();
    ASSERT_EQ(codes(result), std::vector<std::string>{"image.command_line"});
    EXPECT_TRUE(result.reasons.front().message.ends_with("removed 'quiet'; added 'init=/bin/sh'"))
        << result.reasons.front().message;
}

TEST(EfiStub, NeedsItsInitrdMeasured) {
    StubScene scene;
    EditableLog log = scene.log();
    std::erase_if(log.events, [](const EditableEvent& e) { return is_tag(e, eventlog::linux_initrd_tag); });
    scene.boot_by(log);
    const auto image = scene.derived();
    ASSERT_FALSE(image);
    EXPECT_EQ(image.error().where, "base_image.incomplete");
    EXPECT_TRUE(image.error().detail.contains("initrd= names")) << image.error().detail;
}

TEST(EfiStub, IsAKindOfBootOfItsOwn) {
    StubScene scene;
    scene.images = {image_of("uki", "uki-1")};
    const Appraisal result = scene.appraise();
    ASSERT_FALSE(result.reasons.empty());
    EXPECT_EQ(result.reasons.front().code, "image.boot_kind");
    EXPECT_EQ(result.reasons.front().message,
              "the kinds of boot differ: this host was started by the firmware alone (a kernel with its EFI "
              "stub), the approved image by a unified kernel image (systemd-stub)");
}

} // namespace
} // namespace vouchsafe::appraisal

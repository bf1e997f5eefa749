// What a refused host is told about the image that is nearest, and about the others.
#include "appraisal/nearest.h"
#include "appraisal/variable_difference.h"
#include "base/reader.h"
#include "tests/support/appraisal_fixture.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vouchsafe::appraisal {
namespace {

Reason about(std::string code) {
    return {.code = std::move(code), .message = {}, .event = {}, .expected = {}, .hint = {}};
}

Reference& with_role(BaseImage& image, Role role) {
    const auto found = std::ranges::find(image.references, std::optional(role), &Reference::role);
    VS_CHECK(found != image.references.end());
    return *found;
}

TEST(Nearest, WeighsWhatNamesABuild) {
    EXPECT_GT(distance({about("image.kernel")}),
              distance({about("image.command_line"), about("image.unexpected")}));
    EXPECT_GT(distance({about("image.initrd")}), distance({about("image.mismatch")}));
    EXPECT_EQ(distance({}), 0U);
}

// One event is another kernel, against two small things: the build is that of the two.
TEST(Nearest, IsTheImageOfTheSameKernel) {
    Scene scene("uki", {});
    BaseImage other_kernel = image_of("uki", "other-kernel");
    with_role(other_kernel, Role::kernel).digests.at(Algorithm::sha256).front() ^= 1U;
    BaseImage two_events = image_of("uki", "two-events");
    with_role(two_events, Role::command_line).digests.at(Algorithm::sha256).front() ^= 1U;
    two_events.references.push_back(two_events.references.back());
    two_events.references.back().pcr = 12; // that nothing measured
    scene.images = {other_kernel, two_events};
    const Appraisal result = scene.appraise();
    EXPECT_EQ(codes(result), (std::vector<std::string>{"image.command_line", "image.missing"}));
    EXPECT_TRUE(result.reasons[0].hint.starts_with("Compared with base image two-events."))
        << result.reasons[0].hint;
}

TEST(Nearest, SaysWhichOtherImageHasTheEvent) {
    Scene scene("uki", {});
    BaseImage other = image_of("uki", "other");
    with_role(other, Role::kernel).digests.at(Algorithm::sha256).front() ^= 1U;
    BaseImage old = image_of("uki", "old");
    with_role(old, Role::initrd).digests.at(Algorithm::sha256).front() ^= 1U;
    with_role(old, Role::command_line).digests.at(Algorithm::sha256).front() ^= 1U;
    old.references.front().digests.at(Algorithm::sha256).front() ^= 1U;
    scene.images = {other, old};
    const Appraisal result = scene.appraise();
    ASSERT_EQ(codes(result), std::vector<std::string>{"image.kernel"});
    EXPECT_NE(result.reasons[0].hint.find("This kernel is the one of base image old."), std::string::npos)
        << result.reasons[0].hint;
}

TEST(Nearest, SaysWhatOtherImagesExpect) {
    Scene scene("uki", {});
    for (const char* const version : {"a", "b", "c", "d", "e"}) {
        BaseImage image = image_of("uki", version);
        with_role(image, Role::initrd).digests.at(Algorithm::sha256).front() =
            static_cast<std::uint8_t>(version[0]);
        scene.images.push_back(image);
    }
    BaseImage far = image_of("uki", "far");
    for (Reference& reference : far.references)
        reference.digests.at(Algorithm::sha256).back() ^= 1U;
    scene.images.push_back(far);
    const Appraisal result = scene.appraise();
    ASSERT_EQ(codes(result), std::vector<std::string>{"image.initrd"});
    std::vector<std::string> images;
    for (const Expected& expected : result.reasons[0].expected)
        images.push_back(expected.image);
    EXPECT_EQ(images, (std::vector<std::string>{"a", "b", "c", "d"}));
}

TEST(Nearest, SaysWhatKindOfDigestAnApplicationHas) {
    Scene scene("uki", {});
    BaseImage image = image_of("uki", "1");
    for (Reference& reference : image.references)
        if (reference.pcr == 4)
            reference.digests.at(Algorithm::sha256).front() ^= 1U;
    scene.images = {image};
    const Appraisal result = scene.appraise();
    ASSERT_FALSE(result.reasons.empty());
    EXPECT_NE(result.reasons[0].hint.find("Authenticode"), std::string::npos) << result.reasons[0].hint;
}

// --- kinds of boot

TEST(Nearest, SaysThatTheKindsOfBootDiffer) {
    struct Row {
        std::string booted, approved;
        std::string_view says;
    };

    for (const Row& row : {Row{"uki",
                               "grub",
                               "the kinds of boot differ: this host was started by a unified kernel image "
                               "(systemd-stub), the approved image by grub"},
                           Row{"grub",
                               "uki",
                               "the kinds of boot differ: this host was started by grub, the approved image "
                               "by a unified kernel image (systemd-stub)"}}) {
        Scene scene(row.booted, {row.approved});
        const Appraisal result = scene.appraise();
        ASSERT_FALSE(result.reasons.empty());
        const Reason& first = result.reasons.front();
        EXPECT_EQ(first.code, "image.boot_kind");
        EXPECT_EQ(first.message, row.says);
        ASSERT_TRUE(first.event); // the kernel of this boot, and that of the image
        EXPECT_EQ(first.event->pcr, row.booted == "uki" ? 11U : 9U);
        EXPECT_TRUE(first.event->description.ends_with(row.booted == "uki" ? ".linux" : "/vmlinuz"))
            << first.event->description;
        EXPECT_EQ(first.expected.at(0).digest,
                  to_hex(with_role(scene.images[0], Role::kernel).digests.at(Algorithm::sha256)));
        for (const Reason& reason : result.reasons) { // nothing of one loader compared with the other's
            EXPECT_NE(reason.code, "image.kernel");
            EXPECT_NE(reason.code, "image.initrd");
            EXPECT_NE(reason.code, "image.command_line");
            EXPECT_TRUE(&reason == &first || !reason.event || reason.event->pcr < 8 || reason.event->pcr > 12)
                << reason.message;
        }
    }
}

// However little an image of the same kind has in common with the boot, it is nearer.
TEST(Nearest, IsOfTheSameKindOfBoot) {
    Scene scene("uki", {"grub"});
    BaseImage same_kind = image_of("uki", "same-kind");
    for (const Role role : {Role::kernel, Role::initrd, Role::command_line})
        with_role(same_kind, role).digests.at(Algorithm::sha256).front() ^= 1U;
    scene.images.push_back(same_kind);
    const Appraisal result = scene.appraise();
    ASSERT_FALSE(result.reasons.empty());
    EXPECT_EQ(result.reasons.front().expected.at(0).image, "same-kind");
    EXPECT_FALSE(reason(result, "image.boot_kind"));
}

// An event more before them: kernel, initrd and command line are compared with their own kind all the same.
TEST(Nearest, ComparesEachPieceWithItsOwnKind) {
    Scene scene("uki", {});
    BaseImage image = image_of("uki", "1");
    with_role(image, Role::initrd).digests.at(Algorithm::sha256).front() ^= 1U;
    const auto first = std::ranges::find(image.references, 11U, &Reference::pcr);
    Reference another = *first;
    another.description = ".more";
    another.digests.at(Algorithm::sha256).front() ^= 1U;
    image.references.insert(first, another);
    scene.images = {image};
    const Appraisal result = scene.appraise();
    const Reason* const initrd = reason(result, "image.initrd");
    ASSERT_NE(initrd, nullptr);
    EXPECT_EQ(initrd->event->description, ".initrd");
    EXPECT_EQ(initrd->expected.front().digest,
              to_hex(with_role(image, Role::initrd).digests.at(Algorithm::sha256)));
}

// The same pieces in another order are another boot.
TEST(Nearest, DoesNotTakePiecesInAnotherOrder) {
    Scene scene("uki", {});
    BaseImage image = image_of("uki", "1");
    std::swap(with_role(image, Role::initrd), with_role(image, Role::kernel));
    scene.images = {image};
    EXPECT_FALSE(scene.appraise().reasons.empty());
}

// --- what changed in the keys

TEST(Nearest, NamesWhatADatabaseLost) {
    Scene scene("uki", {});
    BaseImage image = image_of("uki", "1");
    const auto dbx = std::ranges::find_if(
        image.references, [](const Reference& one) { return one.description.starts_with("dbx"); });
    ASSERT_NE(dbx, image.references.end());
    ASSERT_TRUE(dbx->data);
    // the image was made when dbx held another entry of the same list besides
    Buffer data = *dbx->data;
    constexpr std::size_t entry_size = 48;
    const Buffer entry(data.end() - entry_size, data.end());
    data.insert(data.end(), entry.begin(), entry.end());
    data.back() ^= 0x5A;
    const std::size_t variable_size_at = 24;
    const std::size_t list_size_at = 16 + 16 + (3 * 2) + 16;
    data[variable_size_at] = static_cast<std::uint8_t>(data[variable_size_at] + entry_size);
    data[list_size_at] = static_cast<std::uint8_t>(data[list_size_at] + entry_size);
    dbx->data = data;
    for (auto& [bank, digest] : dbx->digests)
        digest = hash(bank, data);
    ASSERT_TRUE(validate(image));
    scene.images = {image};
    const Appraisal result = scene.appraise();
    ASSERT_EQ(codes(result), std::vector<std::string>{"image.mismatch"});
    EXPECT_TRUE(result.reasons.front().message.contains(": removed since: sha256 "))
        << result.reasons.front().message;
    EXPECT_TRUE(result.reasons.front().message.contains("dangerous")) << result.reasons.front().message;
}

// --- signature databases

class VariableDifference : public testing::Test {
protected:
    using Entries = std::vector<std::uint8_t>; ///< a hash of this byte, each

    static Buffer list(const Entries& entries) {
        constexpr std::uint32_t size = 16 + 32;
        Writer out;
        out.bytes(*from_hex("2616c4c14c509240aca941f936934328")) // sha256
            .little(static_cast<std::uint32_t>(28 + size * entries.size()))
            .little(std::uint32_t{0})
            .little(size);
        for (const std::uint8_t entry : entries)
            out.bytes(Buffer(16, 0x11)).bytes(Buffer(32, entry));
        return out.done();
    }

    static Buffer variable(const std::vector<Entries>& lists, const std::string& name = "dbx") {
        Writer data;
        for (const Entries& entries : lists)
            data.bytes(list(entries));
        Writer wide;
        for (const char c : name)
            wide.text(std::string{c, '\0'});
        return Writer()
            .bytes(Buffer(16, 0x22))
            .little(static_cast<std::uint64_t>(name.size()))
            .little(static_cast<std::uint64_t>(data.view().size()))
            .bytes(wide.view())
            .bytes(data.view())
            .done();
    }

    /// Without what was approved, of which only the digest is known.
    std::string difference(const std::vector<Entries>& approved, const std::vector<Entries>& actual) {
        data_ = variable(actual);
        digest_ = hash(Algorithm::sha256, data_);
        const eventlog::Event event{.index = 0,
                                    .offset = 0,
                                    .pcr = 7,
                                    .type = eventlog::type::efi_variable_driver_config,
                                    .digests = {{.algorithm = Algorithm::sha256, .value = digest_}},
                                    .data = data_};
        return variable_difference(
            event, Algorithm::sha256, {.digest = hash(Algorithm::sha256, variable(approved)), .data = {}});
    }

    static std::string hashed(const std::string& byte) {
        std::string out = "sha256 ";
        for (int i = 0; i < 32; ++i)
            out += byte;
        return out + " (owner 11111111-1111-1111-1111-111111111111)";
    }

    Buffer data_, digest_;
};

TEST_F(VariableDifference, NamesWhatWasAdded) {
    EXPECT_EQ(difference({{1, 2}}, {{1, 2, 3}}), "added since: " + hashed("03"));
    EXPECT_EQ(difference({{1, 2}}, {{1, 2, 3, 4}}), "added since: " + hashed("03") + ", " + hashed("04"));
    EXPECT_EQ(difference({{1, 3}}, {{1, 2, 3}}), "added since: " + hashed("02")); // in the middle
    EXPECT_EQ(difference({{1}}, {{1}, {5}}), "added since: " + hashed("05"));     // a list of its own
}

TEST_F(VariableDifference, SaysWhatIsThereWhereItCannotTell) {
    const std::string text = difference({{1, 2, 3}}, {{1, 2}});
    EXPECT_EQ(text,
              "it is not the approved one with something added; now it holds 2 entries: " + hashed("01") +
                  ", " + hashed("02") +
                  " (what it lost, the approved base image does not tell: import one that was made anew)");
}

TEST_F(VariableDifference, NamesWhatWasAddedAndRemovedWhereBothAreKnown) {
    const auto of = [](const std::vector<Entries>& before,
                       const std::vector<Entries>& after,
                       const std::string& name = "db") {
        return database_difference(variable(before, name), variable(after, name));
    };
    EXPECT_EQ(of({{1, 2}}, {{2, 3}}), "removed since: " + hashed("01") + "; added since: " + hashed("03"));
    EXPECT_EQ(of({{1}}, {{1}, {5}}), "added since: " + hashed("05"));
    EXPECT_EQ(of({{1, 2}}, {}), "removed since: " + hashed("01") + ", " + hashed("02")); // it is empty now
    EXPECT_EQ(of({{1, 1}}, {{1}}), "removed since: " + hashed("01"));                    // it was there twice
    EXPECT_EQ(of({{1, 2}}, {{2, 1}}), "the same entries in another order");
    EXPECT_EQ(of({{1, 2}}, {{1}, {2}}), "the same entries in other lists");
    EXPECT_EQ(of({{1}}, {{1}}), "");
    EXPECT_EQ(of({{1, 2, 3, 4, 5, 6}}, {}),
              "removed since: " + hashed("01") + ", " + hashed("02") + ", " + hashed("03") + ", " +
                  hashed("04") + ", and 2 more");
    EXPECT_EQ(of({{1, 2}}, {{1}}, "dbx"),
              "removed since: " + hashed("02") +
                  " (dangerous: what these entries revoke may be started again)");
    EXPECT_EQ(of({{1}}, {{1, 2}}, "dbx"), "added since: " + hashed("02"));
    EXPECT_EQ(database_difference(Buffer(3), variable({{1}})), "");
}

TEST_F(VariableDifference, GoesByNothingThatWasNotMeasured) {
    (void)difference({{1}}, {{1, 2}});
    Buffer other = variable({{1, 7}});
    const eventlog::Event event{.index = 0,
                                .offset = 0,
                                .pcr = 7,
                                .type = eventlog::type::efi_variable_driver_config,
                                .digests = {{.algorithm = Algorithm::sha256, .value = digest_}},
                                .data = other};
    const std::optional<Buffer> approved = variable({{1}});
    const Buffer digest = hash(Algorithm::sha256, *approved);
    EXPECT_EQ(variable_difference(event, Algorithm::sha256, {.digest = digest, .data = {}}), "");
    EXPECT_EQ(variable_difference(event, Algorithm::sha256, {.digest = digest, .data = approved}), "");
}

} // namespace
} // namespace vouchsafe::appraisal

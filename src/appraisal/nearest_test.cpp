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

    static Buffer variable(const std::vector<Entries>& lists) {
        Writer data;
        for (const Entries& entries : lists)
            data.bytes(list(entries));
        return Writer()
            .bytes(Buffer(16, 0x22))
            .little(std::uint64_t{3})
            .little(static_cast<std::uint64_t>(data.view().size()))
            .bytes(Buffer{'d', 0, 'b', 0, 'x', 0})
            .bytes(data.view())
            .done();
    }

    std::string difference(const std::vector<Entries>& approved, const std::vector<Entries>& actual) {
        data_ = variable(actual);
        digest_ = hash(Algorithm::sha256, data_);
        const eventlog::Event event{.index = 0,
                                    .offset = 0,
                                    .pcr = 7,
                                    .type = eventlog::type::efi_variable_driver_config,
                                    .digests = {{.algorithm = Algorithm::sha256, .value = digest_}},
                                    .data = data_};
        return variable_difference(event, Algorithm::sha256, hash(Algorithm::sha256, variable(approved)));
    }

    static std::string hashed(const std::string& byte) {
        std::string out = "sha256 ";
        for (int i = 0; i < 32; ++i)
            out += byte;
        return out;
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
                  ", " + hashed("02"));
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
    EXPECT_EQ(variable_difference(event, Algorithm::sha256, hash(Algorithm::sha256, variable({{1}}))), "");
}

} // namespace
} // namespace vouchsafe::appraisal

#include "appraisal/image_diff.h"
#include "tests/support/appraisal_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace vouchsafe::appraisal {
namespace {

const ReferenceChange* of_role(const ImageDifference& difference, Role role) {
    const auto found = std::ranges::find_if(difference.references, [role](const ReferenceChange& change) {
        return (change.after ? change.after : change.before)->role == role;
    });
    return found == difference.references.end() ? nullptr : &*found;
}

TEST(ImageDiff, IsEmptyForTheSameBuild) {
    const BaseImage image = image_of("uki", "1");
    EXPECT_TRUE(image_difference(image, image).empty());
    EXPECT_EQ(to_json(image_difference(image, image)).find("same")->as_bool(), true);
}

TEST(ImageDiff, NamesTheWordsOfACommandLine) {
    const ImageDifference found = image_difference(image_of("uki", "1"), image_of("uki-cmdline", "2"));
    ASSERT_EQ(found.members.size(), 2U);
    EXPECT_EQ(found.members[0].name, "version");
    EXPECT_EQ(found.members[1].name, "display_name");
    const ReferenceChange* const change = of_role(found, Role::command_line);
    ASSERT_NE(change, nullptr);
    EXPECT_EQ(change->detail, "removed 'quiet'; added 'loglevel=3'");
    EXPECT_EQ(of_role(found, Role::kernel), nullptr);
    EXPECT_EQ(of_role(found, Role::initrd), nullptr);
    for (const ReferenceChange& one : found.references)
        EXPECT_TRUE(one.before && one.after) << "what changed took the place of what was there";
}

TEST(ImageDiff, TellsAddedFromRemoved) {
    const BaseImage before = image_of("grub", "1");
    BaseImage after = before;
    Reference more = after.references.back();
    for (auto& [unused, digest] : more.digests)
        digest[0] ^= 1U;
    more.description = "another";
    more.role.reset();
    after.references.push_back(more);
    const ImageDifference added = image_difference(before, after);
    ASSERT_EQ(added.references.size(), 1U);
    EXPECT_FALSE(added.references[0].before);
    EXPECT_EQ(added.references[0].after->description, "another");
    const ImageDifference removed = image_difference(after, before);
    ASSERT_EQ(removed.references.size(), 1U);
    EXPECT_FALSE(removed.references[0].after);
    EXPECT_EQ(to_json(removed).find("references")->as_array()[0].find("change")->as_string(), "removed");
}

TEST(ImageDiff, ComparesEveryBankInCommon) {
    const BaseImage before = image_of("uki-cmdline", "1");
    BaseImage after = before;
    after.references.front().digests.at(Algorithm::sha384)[0] ^= 1U;
    EXPECT_EQ(image_difference(before, after).references.size(), 1U);
    after.references.front().digests.erase(Algorithm::sha384);
    EXPECT_TRUE(image_difference(before, after).empty()) << "sha256 is the same still";
    after.references.front().digests.clear();
    EXPECT_FALSE(image_difference(before, after).empty()) << "nothing in common is not alike";
}

TEST(ImageDiff, NamesTheEntriesOfADatabase) {
    const ImageDifference found = image_difference(image_of("uki", "1"), image_of("grub", "2"));
    const auto db = std::ranges::find_if(found.references, [](const ReferenceChange& one) {
        return one.before && one.before->description.starts_with("db ") && one.before->data;
    });
    ASSERT_NE(db, found.references.end());
    EXPECT_TRUE(db->detail.starts_with("removed since: X.509 certificate ")) << db->detail;
    EXPECT_TRUE(db->detail.contains("; added since: X.509 certificate ")) << db->detail;
    EXPECT_TRUE(db->detail.contains("owner ")) << db->detail;
}

TEST(ImageDiff, NamesMembers) {
    const BaseImage before = image_of("uki", "1");
    BaseImage after = before;
    after.userspace = Userspace::boot_only;
    after.host_groups = {"b", "a"};
    const ImageDifference found = image_difference(before, after);
    ASSERT_EQ(found.members.size(), 2U);
    EXPECT_EQ(found.members[0].after, "a, b");
    EXPECT_EQ(found.members[1].name, "userspace");
}

} // namespace
} // namespace vouchsafe::appraisal

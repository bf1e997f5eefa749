// Base images that cover userspace by dm-verity or by IMA.
#include "appraisal/base_image_userspace.h"
#include "crypto/ec_key.h"
#include "tests/support/appraisal_fixture.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace vouchsafe::appraisal {
namespace {

const std::string root(64, 'a');

TEST(VerityRootHash, IsWhatTheCommandLineVerifiesBy) {
    const std::string table = "dm-mod.create=\"vroot,,,ro,0 8 verity 1 8:1 8:2 4096 4096 1 1 sha256 ";
    const std::string good[] = {
        "quiet roothash=" + root,
        "usrhash=" + root + " quiet",
        "roothash=\"" + root + "\"",
        "roothash=" + root + " roothash=" + root,
        "roothash=" + std::string(64, 'A'),
        table + root + " 00\"",
    };
    for (const std::string& line : good)
        EXPECT_EQ(verity_root_hash(line), root) << line;
    const std::string bad[] = {
        "quiet",
        "xroothash=" + root,
        "roothash=",
        "roothash=zz",
        "roothash=" + root + " roothash=" + std::string(64, 'b'),
        "roothash=" + root + " usrhash=" + std::string(64, 'b'),
        "roothash=" + root + " systemd.verity=no",
        "roothash=" + root + " rd.systemd.verity=0",
        "roothash=" + root + " systemd.verity_root_options=ignore-corruption",
        table + root + " 00 1 ignore_corruption\"",
        "dm-mod.create=\"vroot,,,ro,0 8 verity 1\"",
        "dm-mod.create=\"vroot,,,ro,0 8 linear " + root + "\"",
    };
    for (const std::string& line : bad)
        EXPECT_FALSE(verity_root_hash(line)) << line;
}

TEST(MeasuresExecutables, WhereThePolicyOfTheCommandLineSaysSo) {
    for (const auto* const line : {"ima_policy=tcb",
                                   "a ima_policy=critical_data|tcb",
                                   "ima_tcb",
                                   "ima_policy=\"appraise_tcb|tcb\"",
                                   "ima_policy=critical_data ima_policy=tcb"})
        EXPECT_TRUE(measures_executables(line)) << line;
    for (const auto* const line : {"",
                                   "ima_policy=critical_data",
                                   "ima_policy=tcbx",
                                   "xima_policy=tcb",
                                   "ima_policy=appraise_tcb",
                                   "ima_policy=tcb ima=off"})
        EXPECT_FALSE(measures_executables(line)) << line;
}

/// The recorded boot with another command line, which its reference's digests confirm.
BaseImage booted_with(const std::string& command_line) {
    BaseImage image = image_of("uki", "1");
    for (Reference& one : image.references)
        if (one.role == Role::command_line) {
            one.description = command_line;
            for (auto& [bank, digest] : one.digests)
                digest = hash(bank, as_bytes(command_line));
        }
    return image;
}

BaseImage verity_image() {
    BaseImage image = booted_with("quiet roothash=" + root);
    image.userspace = Userspace::dm_verity;
    take_verity_root_hash(image);
    return image;
}

BaseImage ima_image() {
    BaseImage image = booted_with("ima_policy=tcb");
    image.userspace = Userspace::ima;
    const auto key = crypto::EcPrivateKey::generate();
    image.ima = ImaRule{
        .digests = FileDigests::of({{Algorithm::sha256, {Buffer(32, 2), Buffer(32, 1), Buffer(32, 2)}}}),
        .verity = {},
        .keys = {{.name = "vendor", .key_id = Buffer(4, 1), .public_key = key.public_key().spki_der()}}};
    return image;
}

TEST(BaseImageUserspace, ComesBackAsWritten) {
    BaseImage kexec = ima_image();
    kexec.unsafe_kexec = true;
    BaseImage trees = ima_image(); // fs-verity alone
    trees.ima->verity = FileDigests::of({{Algorithm::sha256, {Buffer(32, 3)}}});
    trees.ima->digests = {};
    for (const BaseImage& image : {verity_image(), ima_image(), kexec, trees}) {
        const auto parsed = parse_base_image(encode(image));
        ASSERT_TRUE(parsed) << parsed.error().where << parsed.error().detail;
        EXPECT_EQ(*parsed, image);
    }
    EXPECT_EQ(to_hex(*verity_image().verity_root_hash), root);
    EXPECT_EQ(ima_image().ima->digests.size(), 2U);
}

TEST(BaseImageUserspace, HoldsAHundredThousandDigests) {
    constexpr std::uint32_t many = 100'000;
    std::vector<Buffer> digests;
    for (std::uint32_t i = 0; i < many; ++i)
        digests.push_back(hash(Algorithm::sha256, Writer().big(i).done()));
    BaseImage image = ima_image();
    image.ima->digests = FileDigests::of({{Algorithm::sha256, digests}});
    const Buffer document = encode(image);
    EXPECT_LE(document.size(), base_image_bytes);
    const auto parsed = parse_base_image(document);
    ASSERT_TRUE(parsed) << parsed.error().where;
    EXPECT_EQ(parsed->ima->digests.size(), many);
    for (const std::size_t i : {0U, 1U, 77'777U, many - 1})
        EXPECT_TRUE(parsed->ima->digests.contains(Algorithm::sha256, digests[i]));
    EXPECT_FALSE(parsed->ima->digests.contains(Algorithm::sha256, Buffer(32, 1)));
    EXPECT_FALSE(parsed->ima->digests.contains(Algorithm::sha384, Buffer(48, 1)));
    EXPECT_FALSE(parsed->ima->digests.contains(Algorithm::sha256, Bytes(digests[0]).first(31)));
}

struct Bad {
    const char* where;
    std::function<BaseImage()> make;
};

TEST(BaseImageUserspace, RefusesWhatCoversNothing) {
    const auto with = [](BaseImage image, auto&& change) {
        change(image);
        return image;
    };
    const Bad rows[] = {
        {"base_image.userspace",
         [&] { return with(verity_image(), [](auto& i) { i.verity_root_hash.reset(); }); }},
        {"base_image.userspace", [&] { return with(ima_image(), [](auto& i) { i.ima.reset(); }); }},
        {"base_image.userspace",
         [&] { return with(ima_image(), [](auto& i) { i.userspace = Userspace::boot_image; }); }},
        {"base_image.userspace",
         [&] { return with(verity_image(), [](auto& i) { i.userspace = Userspace::boot_only; }); }},
        {"base_image.dm_verity",
         [&] { return with(verity_image(), [](auto& i) { i.verity_root_hash->front() ^= 1; }); }},
        {"base_image.dm_verity",
         [&] {
             return with(booted_with("roothash=" + root.substr(0, 40)), [](auto& i) {
                 i.userspace = Userspace::dm_verity;
                 take_verity_root_hash(i);
             });
         }},
        {"base_image.dm_verity", // the description is not what was measured
         [&] {
             return with(verity_image(), [](auto& i) {
                 for (Reference& one : i.references)
                     if (one.role == Role::command_line)
                         one.digests.begin()->second.front() ^= 1;
             });
         }},
        {"base_image.ima",
         [&] {
             return with(booted_with("quiet"),
                         [](auto& i) { i.userspace = Userspace::ima, i.ima = ima_image().ima; });
         }},
        {"base_image.ima", [&] { return with(ima_image(), [](auto& i) { i.ima->digests = {}; }); }},
        {"base_image.ima.keys",
         [&] { return with(ima_image(), [](auto& i) { i.ima->keys[0].key_id.pop_back(); }); }},
        {"base_image.ima.keys",
         [&] { return with(ima_image(), [](auto& i) { i.ima->keys[0].name.clear(); }); }},
        {"base_image.ima.keys",
         [&] { return with(ima_image(), [](auto& i) { i.ima->keys.resize(17, i.ima->keys[0]); }); }},
    };
    ASSERT_TRUE(validate(verity_image()));
    ASSERT_TRUE(validate(ima_image()));
    for (const Bad& row : rows) {
        const BaseImage image = row.make();
        const auto valid = validate(image);
        ASSERT_FALSE(valid) << row.where;
        EXPECT_EQ(valid.error().where, row.where);
        EXPECT_FALSE(parse_base_image(encode(image))) << row.where;
    }
    BaseImage image = ima_image();
    image.ima->keys[0].public_key.pop_back();
    EXPECT_FALSE(validate(image));
}

TEST(BaseImageUserspace, DigestsAreAscendingAndDecideSomething) {
    const auto where = [](std::map<Algorithm, Buffer> joined) {
        const auto made = FileDigests::from(std::move(joined));
        return made ? std::string() : made.error().where;
    };
    Buffer two(64, 1);
    two[32] = 2;
    EXPECT_EQ(where({{Algorithm::sha256, two}}), "");
    EXPECT_EQ(where({{Algorithm::sha256, Buffer(64, 1)}}), "base_image.ima.digests"); // twice
    two[0] = 3;
    EXPECT_EQ(where({{Algorithm::sha256, two}}), "base_image.ima.digests"); // descending
    EXPECT_EQ(where({{Algorithm::sha256, Buffer(33, 1)}}), "base_image.ima.digests");
    EXPECT_EQ(where({{Algorithm::sha256, {}}}), "base_image.ima.digests");
    EXPECT_EQ(where({{Algorithm::sha1, Buffer(20, 1)}}), "base_image.ima.digests");
}

} // namespace
} // namespace vouchsafe::appraisal

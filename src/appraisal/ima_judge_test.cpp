// IMA lists of hosts whose base image covers userspace by them.
#include "appraisal/base_image_userspace.h"
#include "appraisal/ima_judge.h"
#include "appraisal/ima_signature.h"
#include "tests/support/appraisal_fixture.h"
#include "tests/support/ima_list.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::appraisal {
namespace {

using namespace std::string_literals;
using test::ImaFields;

Buffer digest_of(std::string_view content) {
    return hash(Algorithm::sha256, as_bytes(content));
}

ImaFields file(std::string_view path, std::string_view content) {
    return {.name = std::string(path), .digest = digest_of(content)};
}

/// The recorded boot, with an image that covers userspace by IMA and approves the files "ok" and "fine".
struct ImaScene : Scene {
    ImaScene() : Scene("uki") {
        BaseImage& image = images.front();
        image.userspace = Userspace::ima;
        image.ima.emplace();
        image.ima->digests = FileDigests::of({{Algorithm::sha256, {digest_of("ok"), digest_of("fine")}}});
        VS_CHECK(validate(image).has_value());
    }

    ImaRule& rule() { return *images.front().ima; }

    /// Lists entries and extends PCR 10 by them.
    void run(const std::vector<ImaFields>& entries) {
        wait(entries);
        const auto list = eventlog::parse_ima_list(boot.ima_log);
        for (auto& [bank, values] : quoted.banks)
            values[10] = replay_whole_ima(*list, bank, ImaForm::hashed)->at(10);
    }

    /// Lists entries that the quote does not cover yet.
    void wait(const std::vector<ImaFields>& entries) {
        for (const ImaFields& one : entries) {
            const Buffer entry = test::ima_entry(one);
            boot.ima_log.insert(boot.ima_log.end(), entry.begin(), entry.end());
        }
        ima_log = boot.ima_log;
    }
};

Result<ImaRule> rule_of(const ImaScene& scene) {
    const auto firmware = eventlog::parse_firmware_log(scene.boot.firmware_log);
    const auto list = eventlog::parse_ima_list(scene.boot.ima_log);
    return derive_ima_rule({.firmware = *firmware, .userspace = {}, .ima = *list}, scene.quoted);
}

TEST(Ima, CoversUserspaceByDigests) {
    ImaScene scene;
    scene.run({file("/usr/bin/a", "ok"), file("/usr/bin/b", "fine")});
    const Appraisal result = scene.appraise();
    EXPECT_EQ(codes(result), std::vector<std::string>{});
    EXPECT_EQ(result.tier, Tier::affirming);
    EXPECT_EQ(result.executables, "ima");
    EXPECT_EQ(result.claims.executables, 2);
    EXPECT_EQ(result.ima_end.image, "uki-1");
}

TEST(Ima, AnotherImageDoesNotLookAtTheList) {
    ImaScene scene;
    scene.images = {image_of("uki", "uki-1")};
    scene.run({file("/usr/bin/a", "evil")});
    EXPECT_EQ(scene.appraise().executables, "boot-image");
}

TEST(Ima, RefusesAFileWithItsPlacePathAndDigest) {
    ImaScene scene;
    scene.run({file("/usr/bin/a", "ok"), file("/usr/bin/b", "evil")});
    const Appraisal result = scene.appraise();
    EXPECT_EQ(result.tier, Tier::contraindicated);
    ASSERT_EQ(codes(result), std::vector<std::string>{"ima.file"});
    const Reason& why = result.reasons.front();
    EXPECT_EQ(why.event->index, 2U); // after the boot aggregate
    EXPECT_EQ(why.event->description, "/usr/bin/b");
    EXPECT_EQ(why.event->digest, to_hex(digest_of("evil")));
    EXPECT_EQ(why.event->bank, "sha256");
    EXPECT_EQ(why.expected.front().image, "uki-1");
    EXPECT_EQ(why.expected.front().description, "one of 2 file digests");
}

TEST(Ima, JudgesEntriesThatNoQuoteCovers) {
    ImaScene scene;
    scene.wait({file("/usr/bin/b", "evil")});
    EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{"ima.file"});
}

TEST(Ima, RefusesEntriesByTheirDefect) {
    struct Row {
        ImaFields entry;
        std::string_view code;
    };

    const Row rows[] = {
        {{.name = "/a", .digest = Buffer(20, 1), .algorithm = "sha1"}, "ima.file"},
        {{.name = "/a", .digest = Buffer(16, 1), .algorithm = "md5"}, "ima.file"},
        {{.name = "/a", .digest = Buffer(31, 1)}, "ima.file"},
        {{.template_name = "ima-ngv2", .name = "/a", .digest = digest_of("ok"), .algorithm = "verity:sha256"},
         "ima.file"},
        {{.name = "boot_aggregate", .digest = digest_of("another boot")}, "ima.file"},
        {{.name = "/a", .digest = digest_of("ok"), .violation = true}, "ima.violation"},
        {{.template_name = "n-ng", .name = "/a", .digest = {}}, "ima.template"},
    };
    for (const Row& row : rows) {
        ImaScene scene;
        scene.run({row.entry});
        EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{std::string(row.code)})
            << row.entry.name << row.entry.algorithm;
    }
}

TEST(Ima, ViolationsPassOnlyByAnUnsafeRule) {
    ImaScene scene;
    scene.rule().unsafe_violations = true;
    scene.run({{.name = "/var/log/x", .digest = digest_of("?"), .violation = true}});
    EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{});
}

TEST(Ima, TakesTheBootAggregateOfAKernelThatWasStartedByKexec) {
    ImaScene scene;
    const Buffer once = scene.boot.ima_log; // nothing but the boot aggregate
    scene.run({file("/usr/bin/a", "ok")});
    scene.boot.ima_log.insert(scene.boot.ima_log.end(), once.begin(), once.end());
    scene.run({file("/usr/bin/a", "ok")});
    EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{});
}

TEST(Ima, AnImageThatJudgesAListNeedsOne) {
    ImaScene scene;
    scene.ima_log.reset();
    for (auto& [bank, values] : scene.quoted.banks)
        values[10] = Buffer(values[10].size());
    EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{"ima.absent"});
}

TEST(Ima, ReportsSomeAndCountsTheRest) {
    ImaScene scene;
    std::vector<ImaFields> entries;
    for (int i = 0; i < 40; ++i)
        entries.push_back(file("/usr/bin/" + std::to_string(i), "evil" + std::to_string(i)));
    scene.run(entries);
    const Appraisal result = scene.appraise();
    EXPECT_EQ(result.reasons.size(), 33U);
    EXPECT_EQ(result.reasons.back().code, "ima.more");
    EXPECT_TRUE(result.reasons.back().message.starts_with("8 more"));
}

TEST(Ima, GoesOnOnlyByTheImageThatJudgedTheEntriesBefore) {
    ImaScene scene;
    scene.run({file("/usr/bin/a", "ok")});
    const ImaPosition end = scene.appraise().ima_end;
    const std::size_t sent = scene.boot.ima_log.size();
    scene.run({file("/usr/bin/b", "fine")});
    scene.ima_log = Bytes(scene.boot.ima_log).subspan(sent);
    scene.ima_start = end;
    Appraisal result = scene.appraise();
    EXPECT_EQ(codes(result), std::vector<std::string>{});
    EXPECT_EQ(result.ima_end.entries, 3U);
    // it goes first where another matches too
    scene.images.insert(scene.images.begin(), scene.images.front());
    scene.images.front().version.text = "uki-0";
    result = scene.appraise();
    EXPECT_EQ(codes(result), std::vector<std::string>{});
    EXPECT_EQ(result.base_image->text, "uki-1");
    scene.images.pop_back();
    EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{"ima.position"});
}

TEST(DeriveIma, ApprovesWhatTheQuoteCovers) {
    ImaScene scene;
    scene.run({file("/usr/bin/a", "one"), file("/usr/bin/b", "two"), file("/usr/bin/c", "one")});
    scene.wait({file("/usr/bin/d", "later")});
    const auto rule = rule_of(scene);
    ASSERT_TRUE(rule) << rule.error().where;
    EXPECT_EQ(rule->digests.size(), 2U);
    EXPECT_TRUE(rule->digests.contains(Algorithm::sha256, digest_of("two")));
    scene.rule() = *rule;
    EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{"ima.file"}); // what came later
    scene.boot.ima_log = test::load_boot("uki").ima_log;
    scene.run({file("/usr/bin/b", "two")});
    EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{});
}

TEST(DeriveIma, RefusesWhatNoDigestCanApprove) {
    const auto derived = [](const ImaScene& scene) {
        const auto rule = rule_of(scene);
        return rule ? std::string() : rule.error().where;
    };
    for (const ImaFields& bad : {ImaFields{.name = "/a", .digest = Buffer(20, 1), .algorithm = "sha1"},
                                 ImaFields{.name = "/a", .digest = digest_of("x"), .violation = true},
                                 ImaFields{.template_name = "n-ng", .name = "/a", .digest = {}}}) {
        ImaScene scene;
        scene.run({bad});
        EXPECT_EQ(derived(scene), "ima.entry");
    }
    ImaScene scene;
    scene.quoted.banks.at(Algorithm::sha256).at(10).front() ^= 1;
    EXPECT_EQ(derived(scene), "ima.replay");
}

// --- keys

constexpr std::string_view key_id = "\x01\x02\x03\x04";

ImaKey listed(const crypto::EcPublicKey& key) {
    return {.name = "vendor", .key_id = to_buffer(as_bytes(key_id)), .public_key = key.spki_der()};
}

/// Signs what hashes to the digest, as evmctl does with an elliptic curve key.
Buffer sign(const crypto::EcPrivateKey& key, std::string_view content, std::string_view id = key_id) {
    const auto raw = crypto::sign_es256(key, as_bytes(content));
    const Bytes both(raw);
    const Buffer der = crypto::ecdsa_to_der(both.first(32), both.last(32));
    return Writer()
        .text("\x03\x02\x04"s)
        .text(id)
        .big(static_cast<std::uint16_t>(der.size()))
        .bytes(der)
        .done();
}

struct SignedScene : ImaScene {
    SignedScene() {
        rule().keys = {listed(key.public_key())};
        rule().signatures_suffice = true;
    }

    ImaFields entry(Buffer signature) const {
        return {.template_name = "ima-sig",
                .name = "/opt/x",
                .digest = digest_of("new"),
                .signature = std::move(signature)};
    }

    crypto::EcPrivateKey key = crypto::EcPrivateKey::generate();
};

TEST(ImaSignature, SufficesWhereTheImageSaysSo) {
    SignedScene scene;
    scene.run({scene.entry(sign(scene.key, "new"))});
    EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{});
    scene.rule().signatures_suffice = false;
    EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{"ima.file"});
}

TEST(ImaSignature, IsRefusedByItsDefect) {
    const auto other = crypto::EcPrivateKey::generate();
    const auto changed = [](Buffer signature, std::size_t place, std::uint8_t value) {
        signature.at(place) = value;
        return signature;
    };
    SignedScene keys;
    const Buffer good = sign(keys.key, "new");
    Buffer longer = good;
    longer.push_back(0);
    const Buffer bad[] = {
        sign(keys.key, "old"),                     // over another file
        sign(other, "new"),                        // by another key that has the same name
        sign(keys.key, "new", "\x09\x02\x03\x04"), // by a key of another name
        changed(good, 0, 2),                       // another type
        changed(good, 1, 1),                       // the first version
        changed(good, 2, 2),                       // over SHA-1
        changed(good, 2, 5),                       // over another hash than the entry's
        Buffer(good.begin(), good.end() - 1),
        longer,
    };
    for (const Buffer& signature : bad) {
        SignedScene scene;
        scene.rule().keys = {listed(keys.key.public_key())};
        scene.run({scene.entry(signature)});
        EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{"ima.signature"}) << to_hex(signature);
    }
}

// --- fs-verity

ImaFields verity_file(const Buffer& digest) {
    return {.template_name = "ima-ngv2", .name = "/a", .digest = digest, .algorithm = "verity:sha256"};
}

TEST(ImaVerity, IsCoveredByDigestsOfItsOwnKind) {
    ImaScene scene;
    scene.rule().verity = FileDigests::of({{Algorithm::sha256, {digest_of("tree")}}});
    scene.run({verity_file(digest_of("tree"))});
    EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{});
    // the same bytes as the digest of a whole file
    scene.run({file("/b", "tree")});
    EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{"ima.file"});
    ImaScene other;
    other.rule().verity = FileDigests::of({{Algorithm::sha256, {digest_of("tree")}}});
    other.run({verity_file(digest_of("ok"))}); // a file's digest, not a tree's
    const Appraisal refused = other.appraise();
    ASSERT_EQ(codes(refused), std::vector<std::string>{"ima.file"});
    EXPECT_TRUE(refused.reasons.front().message.contains("fs-verity")) << refused.reasons.front().message;
    EXPECT_EQ(refused.reasons.front().expected.front().description,
              "one of 2 file digests, or of 1 of fs-verity");
}

TEST(ImaVerity, IsDerivedAsItsOwnKind) {
    ImaScene scene;
    scene.run({verity_file(digest_of("tree")), file("/b", "ok")});
    const auto rule = rule_of(scene);
    ASSERT_TRUE(rule);
    EXPECT_TRUE(rule->verity.contains(Algorithm::sha256, digest_of("tree")));
    EXPECT_FALSE(rule->digests.contains(Algorithm::sha256, digest_of("tree")));
    EXPECT_EQ(rule->digests.size(), 1U);
}

/// struct ima_file_id of a tree's digest, SHA-256.
std::string file_id(const Buffer& digest) {
    return "\x06\x04"s + std::string(as_text(digest));
}

Buffer as_version_3(Buffer signature) {
    signature.at(0) = 6;
    signature.at(1) = 3;
    return signature;
}

ImaFields signed_tree(Buffer signature) {
    return {.template_name = "ima-sigv2",
            .name = "/opt/x",
            .digest = digest_of("tree"),
            .algorithm = "verity:sha256",
            .signature = std::move(signature)};
}

TEST(ImaVerity, IsSignedInVersion3Alone) {
    SignedScene scene;
    const std::string signed_text = file_id(digest_of("tree"));
    scene.run({signed_tree(as_version_3(sign(scene.key, signed_text)))});
    EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{});
    const Buffer bad[] = {
        sign(scene.key, "tree"),               // over the digest itself, as of a file
        as_version_3(sign(scene.key, "tree")), // the same under the other name
        sign(scene.key, signed_text),          // over the right thing, in the version of files
        as_version_3(
            sign(scene.key, "\x03\x04"s + std::string(as_text(digest_of("tree"))))), // of another kind
        as_version_3(sign(scene.key, file_id(digest_of("bush")))),
    };
    for (const Buffer& signature : bad) {
        SignedScene other;
        other.rule().keys = scene.rule().keys;
        other.run({signed_tree(signature)});
        EXPECT_EQ(codes(other.appraise()), std::vector<std::string>{"ima.signature"}) << to_hex(signature);
    }
    // and a signature of version 3 is none of a file
    SignedScene file_scene;
    file_scene.rule().keys = scene.rule().keys;
    file_scene.run({file_scene.entry(as_version_3(sign(scene.key, "new")))});
    EXPECT_EQ(codes(file_scene.appraise()), std::vector<std::string>{"ima.signature"});
}

// --- appended signatures of modules

/// A module of the vectors: its digests and the signature that `openssl cms` made as sign-file does.
ImaFields module_entry(Buffer appended, std::string_view content) {
    return {.template_name = "ima-modsig",
            .name = "/lib/modules/x.ko",
            .digest = digest_of("the module with its signature"),
            .unsigned_digest = digest_of(content),
            .appended = std::move(appended)};
}

struct ModuleScene : ImaScene {
    ModuleScene() {
        const auto der = test::read_vector("crypto/appended/signer.spki.der");
        rule().keys = {{.name = "modules", .key_id = Buffer(4, 1), .public_key = der}};
        rule().signatures_suffice = true;
    }
};

TEST(ImaModule, SufficesByItsAppendedSignature) {
    const auto content = test::read_vector("crypto/appended/module");
    const auto signature = test::read_vector("crypto/appended/module.p7s");
    ModuleScene scene;
    scene.run({module_entry(signature, as_text(content))});
    EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{});
    scene.rule().signatures_suffice = false;
    EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{"ima.file"});
}

TEST(ImaModule, HasALimitToHowManyAreTried) {
    const auto content = test::read_vector("crypto/appended/module");
    const auto signature = test::read_vector("crypto/appended/module.p7s");
    ModuleScene scene;
    scene.run(std::vector<ImaFields>(most_appended, module_entry(signature, as_text(content))));
    EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{});
    scene.run({module_entry(signature, as_text(content))});
    EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{"ima.signature"});
}

TEST(ImaModule, IsRefusedByItsDefect) {
    const auto content = test::read_vector("crypto/appended/module");
    const auto good = test::read_vector("crypto/appended/module.p7s");
    ImaFields other_hash = module_entry(good, as_text(content));
    other_hash.unsigned_digest.pop_back();
    const ImaFields bad[] = {
        module_entry(good, "another module"),
        module_entry(test::read_vector("crypto/appended/other.p7s"), as_text(content)), // by another key
        module_entry(test::read_vector("crypto/appended/attributes.p7s"), as_text(content)),
        module_entry(Buffer(good.begin(), good.end() - 1), as_text(content)),
        other_hash,
    };
    for (const ImaFields& entry : bad) {
        ModuleScene scene;
        scene.run({entry});
        EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{"ima.signature"})
            << to_hex(entry.unsigned_digest);
    }
    ModuleScene none; // no signature is appended: nothing that could suffice
    none.run({module_entry({}, as_text(content))});
    EXPECT_EQ(codes(none.appraise()), std::vector<std::string>{"ima.file"});
}

TEST(ImaKeyring, TakesOnlyKeysThatTheImageLists) {
    SignedScene scene;
    const auto measured = [](const crypto::EcPublicKey& key) {
        const Buffer der = key.spki_der();
        return ImaFields{.template_name = "ima-buf",
                         .name = ".ima",
                         .digest = hash(Algorithm::sha256, der),
                         .buffer = der};
    };
    scene.run({measured(scene.key.public_key())});
    EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{});
    const auto rule = rule_of(scene);
    ASSERT_TRUE(rule);
    EXPECT_EQ(rule->keys.front().public_key, scene.key.public_key().spki_der());
    const auto other = crypto::EcPrivateKey::generate();
    scene.run({measured(other.public_key())});
    EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{"ima.key"});
}

TEST(ImaKeyring, AKeyIsWhatItsDigestSays) {
    SignedScene scene;
    scene.run({{.template_name = "ima-buf",
                .name = ".ima",
                .digest = digest_of("ok"),
                .buffer = scene.key.public_key().spki_der()}});
    EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{"ima.key"});
}

TEST(ImaKeyring, OtherBuffersAreJudgedByTheirDigest) {
    ImaScene scene;
    const auto measured = [](std::string_view content) {
        return ImaFields{.template_name = "ima-buf",
                         .name = "kexec-cmdline",
                         .digest = digest_of(content),
                         .buffer = to_buffer(as_bytes(content))};
    };
    scene.run({measured("ok")});
    EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{});
    scene.run({measured("init=/bin/sh")});
    EXPECT_EQ(codes(scene.appraise()), std::vector<std::string>{"ima.file"});
}

} // namespace
} // namespace vouchsafe::appraisal

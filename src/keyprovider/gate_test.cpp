#include "json/members.h"
#include "json/parse.h"
#include "keyprovider/blob.h"
#include "keyprovider/gate.h"
#include "tests/support/release_house.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>

#include <functional>

namespace vouchsafe::keyprovider {
namespace {

using test::ReleaseHouse;

/// A blob that names the provider; what is inside does not matter to the gate.
Blob some_blob(std::uint32_t generation) {
    return {.key = {.provider = *provider_uid_from_text(test::provider_uid), .generation = generation}};
}

protocol::DecryptKey decrypt(const Blob& blob) {
    return {.provider = {"gold"}, .ciphertext = encode_blob(blob), .context = test::key_context};
}

/// Everything that the gate looks at, all of it good. A test spoils one thing.
struct Scene {
    ReleaseHouse house;
    token::KeyAccess claims = house.claims();
    token::VerifiedKeyAccess token = house.verified(claims);
    SessionFacts session{.id = "s",
                         .release_key = claims.release_key,
                         .epoch = house.authority.epoch,
                         .expires = house.clock.time + std::chrono::minutes{10}};
    Lease lease = Lease::valid;
    PrimaryKeyFacts primary_key{
        .state = kmip::State::active, .lease = Lease::valid, .window = WrapWindow::open};
    protocol::Operation operation = protocol::GenerateKey{{"gold"}, test::key_context};
    Result<void> quote = no_quote();

    void retoken() { token = house.verified(claims); }

    Result<ReleaseGrant> judge() const {
        return authorize_release({.standing = {.state = house.authority,
                                               .lease = lease,
                                               .session = session,
                                               .token = token,
                                               .now = house.clock.time},
                                  .operation = operation,
                                  .primary_key = primary_key,
                                  .newest_key = {},
                                  .quote = quote});
    }
};

TEST(Gate, GrantsWhenEverythingHolds) {
    const Scene scene;
    const auto grant = scene.judge();
    ASSERT_TRUE(grant);
    EXPECT_EQ(grant->use(), GrantedUse::generate);
    EXPECT_EQ(grant->host(), test::host_id);
    EXPECT_EQ(grant->provider(), KeyProviderId{"gold"});
    EXPECT_EQ(grant->blob_key().generation, 2U); // the newest
    EXPECT_EQ(grant->context(), test::key_context);
    EXPECT_EQ(grant->blob_digest(), "");
    EXPECT_EQ(grant->epoch(), 7);
    EXPECT_EQ(grant->revision(), 40);
}

TEST(Gate, GrantsTheGenerationThatABlobNames) {
    Scene scene;
    scene.operation = decrypt(some_blob(1));
    const auto grant = scene.judge();
    ASSERT_TRUE(grant);
    EXPECT_EQ(grant->use(), GrantedUse::decrypt);
    EXPECT_EQ(grant->blob_key().generation, 1U);
    EXPECT_EQ(grant->blob_digest(), blob_digest(encode_blob(some_blob(1))));
}

struct Spoiled {
    std::string_view name;
    std::function<void(Scene&)> spoil;
    Errc code;
    std::string_view where;
};

void revoke(Scene& scene, inventory::RevocationKind kind, const std::string& value) {
    scene.house.authority.revocations[kind][value] = {.kind = kind, .value = value, .reason = ""};
}

using Kind = inventory::RevocationKind;

const Spoiled spoiled[] = {
    {"LeaseLapsed", [](Scene& s) { s.lease = Lease::lapsed; }, Errc::unavailable, "gate.lease"},
    {"ClusterDisabled",
     [](Scene& s) { s.house.authority.cluster_state = inventory::ClusterState::disabled; },
     Errc::denied,
     "gate.cluster"},
    {"SessionExpired",
     [](Scene& s) { s.session.expires = s.house.clock.time; },
     Errc::expired,
     "gate.session"},
    {"TokenExpired",
     [](Scene& s) {
         s.house.clock.pass(std::chrono::minutes{30});
         s.session.expires = s.house.clock.time + std::chrono::minutes{10};
     },
     Errc::expired,
     "gate.token"},
    {"OtherReleaseKey", [](Scene& s) { s.session.release_key = "another"; }, Errc::untrusted, "gate.binding"},
    {"NoReleaseKey",
     [](Scene& s) {
         s.claims.release_key.clear();
         s.retoken();
         s.session.release_key.clear();
     },
     Errc::untrusted,
     "gate.binding"},
    {"OtherGroup",
     [](Scene& s) { s.house.authority.group = std::string(32, 'f'); },
     Errc::untrusted,
     "gate.binding"},
    {"TokenOfOlderEpoch",
     [](Scene& s) {
         s.claims.epoch = 6;
         s.retoken();
     },
     Errc::expired,
     "gate.epoch"},
    {"SessionOfOlderEpoch", [](Scene& s) { s.session.epoch = 6; }, Errc::expired, "gate.epoch"},
    {"EpochMoved", [](Scene& s) { s.house.authority.epoch = 8; }, Errc::expired, "gate.epoch"},
    {"CopyBehindToken",
     [](Scene& s) { s.house.authority.revision = 39; },
     Errc::unavailable,
     "gate.revision"},
    {"NotEnrolled", [](Scene& s) { s.house.authority.enrolments.clear(); }, Errc::denied, "gate.enrolment"},
    {"NotApproved",
     [](Scene& s) { s.house.enrolment().state = inventory::EnrolmentState::pending; },
     Errc::denied,
     "gate.enrolment"},
    {"Removed",
     [](Scene& s) { s.house.enrolment().state = inventory::EnrolmentState::removed; },
     Errc::denied,
     "gate.enrolment"},
    {"OtherEk",
     [](Scene& s) { s.house.enrolment().ek_digest = std::string(64, '9'); },
     Errc::denied,
     "gate.identity"},
    {"OtherAk", [](Scene& s) { s.house.enrolment().ak_name = "000b00"; }, Errc::denied, "gate.identity"},
    {"NoAkEnrolled", [](Scene& s) { s.house.enrolment().ak_name.reset(); }, Errc::denied, "gate.identity"},
    {"ImageRemoved", [](Scene& s) { s.house.authority.images.clear(); }, Errc::denied, "gate.image"},
    {"HostRevoked",
     [](Scene& s) { revoke(s, Kind::host, test::host_id.text); },
     Errc::denied,
     "gate.revoked"},
    {"EkRevoked", [](Scene& s) { revoke(s, Kind::ek, s.claims.ek_digest); }, Errc::denied, "gate.revoked"},
    {"AkRevoked", [](Scene& s) { revoke(s, Kind::ak, s.claims.ak_name); }, Errc::denied, "gate.revoked"},
    {"ImageRevoked", [](Scene& s) { revoke(s, Kind::image, "1.0"); }, Errc::denied, "gate.revoked"},
    {"TpmModelRevoked",
     [](Scene& s) { revoke(s, Kind::tpm_model, "IBM/sw/1"); },
     Errc::denied,
     "gate.revoked"},
    {"FirmwareRevoked",
     [](Scene& s) { revoke(s, Kind::firmware, std::string(64, '0')); },
     Errc::denied,
     "gate.revoked"},
    {"TokenKeyRevoked",
     [](Scene& s) { revoke(s, Kind::authority_key, s.token.kid()); },
     Errc::denied,
     "gate.revoked"},
    {"NoSuchProvider",
     [](Scene& s) { s.operation = protocol::GenerateKey{{"silver"}, test::key_context}; },
     Errc::denied,
     "gate.provider"},
    {"BlobCut",
     [](Scene& s) {
         auto operation = decrypt(some_blob(1));
         operation.ciphertext.pop_back();
         s.operation = operation;
     },
     Errc::malformed,
     "gate.blob"},
    {"BlobOfOtherProvider",
     [](Scene& s) {
         Blob blob = some_blob(1);
         blob.key.provider[0] ^= 1U;
         s.operation = decrypt(blob);
     },
     Errc::denied,
     "gate.blob_provider"},
    {"NoSuchGeneration",
     [](Scene& s) { s.operation = decrypt(some_blob(3)); },
     Errc::denied,
     "gate.generation"},
    {"BootOnly",
     [](Scene& s) {
         s.claims.tier = token::Tier::warning;
         s.claims.executables = token::Executables::boot_only;
         s.claims.vector.executables = 33;
         s.retoken();
     },
     Errc::denied,
     "gate.tier"},
    {"WeakTpm",
     [](Scene& s) {
         s.claims.tier = token::Tier::warning;
         s.claims.weak_tpm = true;
         s.claims.vector.hardware = 32;
         s.retoken();
     },
     Errc::denied,
     "gate.tier"},
    {"NotInGroups",
     [](Scene& s) { s.house.provider().policy.host_groups = {"green"}; },
     Errc::denied,
     "gate.groups"},
    {"NotAnImageOfTheProvider",
     [](Scene& s) { s.house.provider().policy.base_images = {"0.9"}; },
     Errc::denied,
     "gate.images"},
    {"NoQuote",
     [](Scene& s) { s.house.provider().policy.freshness = inventory::Freshness::strict; },
     Errc::denied,
     "gate.freshness"},
    {"QuoteThatDoesNotHold",
     [](Scene& s) {
         s.house.provider().policy.freshness = inventory::Freshness::strict;
         s.quote = fail(Errc::untrusted, "freshness.pcr");
     },
     Errc::untrusted,
     "freshness.pcr"},
    {"KeyIdMalformed",
     [](Scene& s) {
         s.operation = protocol::GenerateKey{{"gold"}, {.key_id = "C", .vm = test::key_context.vm}};
     },
     Errc::malformed,
     "gate.context"},
    {"VmMalformed",
     [](Scene& s) {
         s.operation = protocol::GenerateKey{{"gold"}, {.key_id = test::key_context.key_id, .vm = {"vm"}}};
     },
     Errc::malformed,
     "gate.context"},
    {"KeyRevoked",
     [](Scene& s) { revoke(s, Kind::key, test::key_context.key_id); },
     Errc::denied,
     "gate.key_revoked"},
    {"GenerationRevoked",
     [](Scene& s) { revoke(s, Kind::generation, test::provider_uid + "/2"); },
     Errc::denied,
     "gate.key_revoked"},
    {"BlobRevoked",
     [](Scene& s) {
         s.operation = decrypt(some_blob(1));
         revoke(s, Kind::blob, blob_digest(encode_blob(some_blob(1))));
     },
     Errc::denied,
     "gate.key_revoked"},
    {"PrimaryKeyNotConfirmed",
     [](Scene& s) { s.primary_key.lease = Lease::lapsed; },
     Errc::unavailable,
     "gate.primary_key"},
    {"WrapUnderDeactivatedKey",
     [](Scene& s) { s.primary_key.state = kmip::State::deactivated; },
     Errc::denied,
     "gate.primary_key"},
    {"WrapOutsideItsDates",
     [](Scene& s) { s.primary_key.window = WrapWindow::closed; },
     Errc::denied,
     "gate.primary_key"},
    {"WrapUnderCompromisedKeyThoughItMayOpen",
     [](Scene& s) {
         s.primary_key.state = kmip::State::compromised;
         s.house.provider().policy.unsafe_compromised_key = true;
     },
     Errc::denied,
     "gate.primary_key"},
    {"UnwrapUnderDestroyedKey",
     [](Scene& s) {
         s.operation = decrypt(some_blob(1));
         s.primary_key.state = kmip::State::destroyed_compromised;
         s.house.provider().policy.unsafe_compromised_key = true;
     },
     Errc::denied,
     "gate.primary_key"},
    {"UnwrapUnderCompromisedKey",
     [](Scene& s) {
         s.operation = decrypt(some_blob(1));
         s.primary_key.state = kmip::State::compromised;
     },
     Errc::denied,
     "gate.primary_key"},
};

class SpoiledGate : public testing::TestWithParam<Spoiled> {};

TEST_P(SpoiledGate, GrantsNothing) {
    Scene scene;
    GetParam().spoil(scene);
    const auto grant = scene.judge();
    ASSERT_FALSE(grant);
    EXPECT_EQ(grant.error().code, GetParam().code);
    EXPECT_EQ(grant.error().where, GetParam().where);
}

INSTANTIATE_TEST_SUITE_P(Conditions, SpoiledGate, testing::ValuesIn(spoiled), [](const auto& row) {
    return std::string(row.param.name);
});

TEST(Gate, ReleasesToBootOnlyHostsWhereTheProviderSaysSo) {
    Scene scene;
    scene.claims.tier = token::Tier::warning;
    scene.claims.executables = token::Executables::boot_only;
    scene.claims.vector.executables = 33;
    scene.retoken();
    scene.house.provider().policy.unsafe_boot_only = true;
    EXPECT_TRUE(scene.judge());
}

TEST(Gate, ReleasesToHostsWithWeakTpmsWhereTheSettingsSaySo) {
    Scene scene;
    scene.claims.tier = token::Tier::warning;
    scene.claims.weak_tpm = true;
    scene.claims.vector.hardware = 32;
    scene.retoken();
    scene.house.authority.settings.unsafe_accept_weak_tpms = true;
    EXPECT_TRUE(scene.judge());
    scene.claims.executables = token::Executables::boot_only; // that is another thing to allow
    scene.retoken();
    EXPECT_FALSE(scene.judge());
}

TEST(Gate, ReleasesToTheGroupsThatTheProviderNames) {
    Scene scene;
    scene.house.provider().policy.host_groups = {"green", "blue"};
    EXPECT_TRUE(scene.judge());
}

TEST(Gate, ReleasesToTheImagesThatTheProviderNames) {
    Scene scene;
    scene.house.provider().policy.base_images = {"0.9", "1.0"};
    EXPECT_TRUE(scene.judge());
}

TEST(Gate, ReleasesToAFreshQuoteWhereTheProviderIsStrict) {
    Scene scene;
    EXPECT_EQ(scene.judge()->freshness(), inventory::Freshness::result);
    scene.house.provider().policy.freshness = inventory::Freshness::strict;
    scene.quote = {};
    const auto grant = scene.judge();
    ASSERT_TRUE(grant);
    EXPECT_EQ(grant->freshness(), inventory::Freshness::strict);
}

TEST(Gate, UnwrapsUnderADeactivatedKey) {
    Scene scene;
    scene.operation = decrypt(some_blob(1));
    scene.primary_key.state = kmip::State::deactivated;
    EXPECT_TRUE(scene.judge());
}

TEST(Gate, UnwrapsWhenNewWrapsHaveEnded) {
    Scene scene;
    scene.operation = decrypt(some_blob(1));
    scene.primary_key.window = WrapWindow::closed;
    EXPECT_TRUE(scene.judge());
}

TEST(Gate, UnwrapsUnderACompromisedKeyWhereTheProviderSaysSo) {
    Scene scene;
    scene.operation = decrypt(some_blob(1));
    scene.primary_key.state = kmip::State::compromised;
    scene.house.provider().policy.unsafe_compromised_key = true;
    EXPECT_TRUE(scene.judge());
}

TEST(ConfirmUnmoved, HoldsBackWhatMoved) {
    const Scene scene;
    const auto grant = scene.judge();
    ASSERT_TRUE(grant);
    EXPECT_TRUE(confirm_unmoved(*grant, 7, Lease::valid));
    EXPECT_EQ(confirm_unmoved(*grant, 8, Lease::valid).error().where, "gate.moved");
    EXPECT_EQ(confirm_unmoved(*grant, 7, Lease::lapsed).error().where, "gate.lease");
}

// The blob, with grants from the gate: there is no other way to one.

struct BlobTest : testing::Test {
    Scene scene;
    Secret primary{Bytes(Buffer(32, 0x22))};
    NewVmKey made = *generate_key(*scene.judge(), primary, scene.house.random);

    Result<Secret> open(const Buffer& blob, const Secret& with) {
        auto operation = protocol::DecryptKey{{"gold"}, blob, context};
        scene.operation = operation;
        const auto grant = scene.judge();
        if (!grant)
            return std::unexpected(grant.error());
        return unwrap(*grant, with, blob);
    }

    protocol::Context context = test::key_context;
};

TEST_F(BlobTest, OpensToTheKeyThatWasMade) {
    EXPECT_EQ(made.blob.size(), blob_size);
    EXPECT_EQ(made.key.size(), 32U);
    const auto opened = open(made.blob, primary);
    ASSERT_TRUE(opened);
    EXPECT_TRUE(crypto::equal(*opened, made.key));
}

TEST_F(BlobTest, IsDifferentEachTime) {
    scene.operation = protocol::GenerateKey{{"gold"}, test::key_context};
    const NewVmKey other = *generate_key(*scene.judge(), primary, scene.house.random);
    EXPECT_NE(other.blob, made.blob);
    EXPECT_FALSE(crypto::equal(other.key, made.key));
}

TEST_F(BlobTest, HasTheHeaderOfItsFormat) {
    EXPECT_EQ(to_hex(Bytes(made.blob).first(27)), "56534b420101" + test::provider_uid + "0000000201");
}

// A blob made by another implementation: tests/vectors/kmip/make_vectors.py.
TEST_F(BlobTest, OpensWhatAnotherImplementationWrapped) {
    const Buffer text = test::read_vector("keyprovider/good-blob.json");
    const auto vector = json::parse(as_text(text));
    ASSERT_TRUE(vector);
    json::Members members(*vector, "vector");
    context = *protocol::Context::from_json(*vector->find("context"));
    const auto opened = open(*members.hex("blob"), Secret(Bytes(*members.hex("primary_key"))));
    ASSERT_TRUE(opened);
    EXPECT_TRUE(crypto::equal(*opened, *members.hex("key")));
}

TEST_F(BlobTest, OpensUnderItsPrimaryKeyOnly) {
    const auto opened = open(made.blob, Secret(Bytes(Buffer(32, 0x23))));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().where, "blob.open");
}

TEST_F(BlobTest, OpensInItsContextOnly) {
    context.vm = {"11234567-89ab-4cde-8f01-23456789abcd"};
    const auto opened = open(made.blob, primary);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().where, "blob.open");
}

TEST_F(BlobTest, OpensUnchangedOnly) {
    for (std::size_t at = 0; at < made.blob.size(); ++at) {
        Buffer changed = made.blob;
        changed[at] ^= 1U;
        EXPECT_FALSE(open(changed, primary)) << at;
    }
}

TEST_F(BlobTest, OpensWithAGrantForItselfOnly) {
    Buffer other = made.blob;
    other.back() ^= 1U;
    scene.operation = protocol::DecryptKey{{"gold"}, other, context};
    const auto grant = scene.judge();
    ASSERT_TRUE(grant);
    EXPECT_EQ(unwrap(*grant, primary, made.blob).error().where, "blob.grant");
    scene.operation = protocol::GenerateKey{{"gold"}, context};
    EXPECT_EQ(unwrap(*scene.judge(), primary, made.blob).error().where, "blob.grant");
}

struct BadBlob {
    std::string_view name;
    std::size_t at;
    std::uint8_t value;
    std::string_view where;
};

class BlobDefect : public testing::TestWithParam<BadBlob> {};

TEST_P(BlobDefect, IsRefused) {
    Buffer bytes = encode_blob(some_blob(1));
    ASSERT_TRUE(parse_blob(bytes));
    bytes.at(GetParam().at) = GetParam().value;
    const auto parsed = parse_blob(bytes);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().where, GetParam().where);
}

INSTANTIATE_TEST_SUITE_P(ParseBlob,
                         BlobDefect,
                         testing::Values(BadBlob{"Magic", 0, 'X', "blob.magic"},
                                         BadBlob{"Version", 4, 2, "blob.version"},
                                         BadBlob{"Scheme", 5, 2, "blob.scheme"},
                                         BadBlob{"GenerationZero", 25, 0, "blob.generation"},
                                         BadBlob{"Algorithm", 26, 2, "blob.algorithm"}),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(ParseBlob, WantsTheExactSize) {
    Buffer bytes = encode_blob(some_blob(1));
    bytes.push_back(0);
    EXPECT_EQ(parse_blob(bytes).error().where, "blob.size");
    EXPECT_EQ(parse_blob({}).error().where, "blob.size");
}

} // namespace
} // namespace vouchsafe::keyprovider

// Rotation: new keys under the newest generation, old blobs under theirs, and the way from one to the other.
#include "keyprovider/blob_format.h"
#include "keyprovider/release.h"
#include "tests/support/release_house.h"

#include <gtest/gtest.h>

namespace vouchsafe::keyprovider {
namespace {

using namespace std::chrono_literals;
using Kinds = std::vector<std::string>;

struct RewrapTest : testing::Test {
    test::ReleaseHouse house;
    protocol::HostSession session = std::move(*house.open(house.claims()));
    protocol::ReleasedKey old = first_generation_key();

    /// A key that was made before the provider had its second generation.
    protocol::ReleasedKey first_generation_key() {
        const inventory::Generation second = house.provider().generations.back();
        house.provider().generations.pop_back();
        auto made = ask(protocol::GenerateKey{{"gold"}, test::key_context});
        house.provider().generations.push_back(second);
        house.audit.lines.clear();
        return std::get<protocol::ReleasedKey>(std::move(made));
    }

    protocol::OperationResult ask(const protocol::Operation& operation) {
        auto answer = house.ask(session, {operation});
        VS_CHECK(answer.has_value());
        return std::move(answer->results.front());
    }

    protocol::OperationResult rewrap(const Buffer& blob,
                                     const protocol::Context& context = test::key_context) {
        return ask(protocol::RewrapKey{{"gold"}, blob, context});
    }

    protocol::OperationResult decrypt(const Buffer& blob) {
        return ask(protocol::DecryptKey{{"gold"}, blob, test::key_context});
    }

    /// The code of the refusal; empty when there was none.
    static std::string refusal(const protocol::OperationResult& result) {
        const auto* const refused = std::get_if<protocol::ReleaseRefusal>(&result);
        return refused != nullptr ? refused->code : std::string();
    }

    std::string rewrapped_in_vain() { return refusal(rewrap(*old.ciphertext)); }
};

TEST_F(RewrapTest, GivesTheSameKeyUnderTheNewestGeneration) {
    const auto result = rewrap(*old.ciphertext);
    ASSERT_EQ(refusal(result), "");
    const Buffer& blob = std::get<protocol::RewrappedKey>(result).ciphertext; // and no key came with it
    EXPECT_EQ(parse_blob(*old.ciphertext)->key.generation, 1U);
    EXPECT_EQ(parse_blob(blob)->key.generation, 2U);
    EXPECT_EQ(parse_blob(blob)->key.provider, parse_blob(*old.ciphertext)->key.provider);
    for (const Buffer& any : {blob, *old.ciphertext}) {
        const auto opened = decrypt(any);
        ASSERT_EQ(refusal(opened), "");
        EXPECT_TRUE(crypto::equal(std::get<protocol::ReleasedKey>(opened).key, old.key));
    }
}

TEST_F(RewrapTest, IsOnRecordWithBothBlobs) {
    const auto result = rewrap(*old.ciphertext);
    ASSERT_EQ(house.audit.kinds(), Kinds{"rewrap"}); // not "release": no key left
    const json::Object& fields = house.audit.lines.front().fields;
    EXPECT_EQ(fields.at("operation"), json::Value("rewrap"));
    EXPECT_EQ(fields.at("blob"), json::Value(blob_digest(*old.ciphertext)));
    EXPECT_EQ(fields.at("new_blob"),
              json::Value(blob_digest(std::get<protocol::RewrappedKey>(result).ciphertext)));
    EXPECT_EQ(fields.at("generation"), json::Value(1));
    EXPECT_EQ(fields.at("new_generation"), json::Value(2));
}

TEST_F(RewrapTest, GivesNothingThatIsNotOnRecord) {
    house.audit.full = true;
    EXPECT_EQ(rewrapped_in_vain(), "release.audit");
}

TEST_F(RewrapTest, WithholdsWhenTheEpochMovesWhileRecording) {
    house.audit.after_append = [this] { house.authority.epoch = 8; };
    EXPECT_EQ(rewrapped_in_vain(), "gate.moved");
    EXPECT_EQ(house.audit.kinds(), (Kinds{"rewrap", "withheld"}));
    EXPECT_EQ(house.audit.lines.back().fields.at("new_blob"),
              house.audit.lines.front().fields.at("new_blob"));
}

TEST_F(RewrapTest, WrapsUnderAnActiveKeyOnly) {
    house.kmip().keys.at("pk-2").state = kmip::State::deactivated;
    EXPECT_EQ(rewrapped_in_vain(), "gate.newest_key");
    house.clock.pass(2min);
    house.kmip().keys.at("pk-2").state = kmip::State::active;
    EXPECT_EQ(rewrapped_in_vain(), "");
}

TEST_F(RewrapTest, OpensUnderADeactivatedKeyAndNoWorse) {
    house.kmip().keys.at("pk-1").state = kmip::State::deactivated;
    house.clock.pass(2min);
    EXPECT_EQ(rewrapped_in_vain(), "");
    house.kmip().keys.at("pk-1").state = kmip::State::compromised;
    house.clock.pass(2min);
    EXPECT_EQ(rewrapped_in_vain(), "primary_key.state");
}

TEST_F(RewrapTest, TakesItsOwnContextOnly) {
    protocol::Context other = test::key_context;
    other.key_id = std::string(32, 'd');
    EXPECT_EQ(refusal(rewrap(*old.ciphertext, other)), "blob.open");
    Buffer changed = *old.ciphertext;
    changed.back() ^= 1U;
    EXPECT_EQ(refusal(rewrap(changed)), "blob.open");
}

TEST_F(RewrapTest, IsRefusedAsAReleaseIs) {
    house.enrolment().state = inventory::EnrolmentState::pending;
    EXPECT_EQ(rewrapped_in_vain(), "gate.enrolment");
    house.enrolment().state = inventory::EnrolmentState::approved;
    using inventory::RevocationKind;
    auto& generations = house.authority.revocations[RevocationKind::generation];
    for (const std::string& value : {test::provider_uid + "/1", test::provider_uid + "/2"}) {
        generations[value] = {.kind = RevocationKind::generation, .value = value, .reason = ""};
        EXPECT_EQ(rewrapped_in_vain(), "gate.key_revoked") << value;
        generations.clear();
    }
    EXPECT_EQ(rewrapped_in_vain(), "");
}

TEST_F(RewrapTest, OpensNothingUnderARetiredGeneration) {
    const auto rewrapped = rewrap(*old.ciphertext);
    house.provider().generations.front().retired = true;
    EXPECT_EQ(rewrapped_in_vain(), "gate.retired");
    EXPECT_EQ(refusal(decrypt(*old.ciphertext)), "gate.retired");
    EXPECT_EQ(refusal(decrypt(std::get<protocol::RewrappedKey>(rewrapped).ciphertext)), "");
    house.keys.retain(house.authority);
    EXPECT_EQ(house.keys.size(), 1U); // its primary key is out of memory
    house.provider().generations.front().retired = false;
    EXPECT_EQ(refusal(decrypt(*old.ciphertext)), "");
}

TEST_F(RewrapTest, IsNoUseOfAGeneration) {
    const auto uses = [this](std::uint32_t generation) {
        return house.uses.summary(test::provider_uid, generation, house.clock.time, std::chrono::days(30));
    };
    EXPECT_EQ(uses(1).releases, 1); // it was made under it
    const auto rewrapped = rewrap(*old.ciphertext);
    EXPECT_EQ(uses(1).releases, 1);
    EXPECT_EQ(uses(2).releases, 0);
    house.clock.pass(1min);
    ASSERT_EQ(refusal(decrypt(std::get<protocol::RewrappedKey>(rewrapped).ciphertext)), "");
    ASSERT_EQ(refusal(decrypt(*old.ciphertext)), "");
    EXPECT_EQ(uses(1).releases, 2);
    EXPECT_EQ(uses(2).releases, 1);
    EXPECT_EQ(uses(2).last, house.clock.time);
    EXPECT_NE(refusal(decrypt(Buffer(87, 0))), ""); // what was refused is no use either
    house.audit.after_append = [this] { house.lease = false; };
    EXPECT_EQ(refusal(decrypt(*old.ciphertext)), "gate.lease");
    EXPECT_EQ(uses(1).releases, 2);
}

} // namespace
} // namespace vouchsafe::keyprovider

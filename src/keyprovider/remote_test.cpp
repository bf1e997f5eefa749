// Wrapping "remote": the primary key stays on its key server, and the blobs are the same.
#include "keyprovider/aead_trial.h"
#include "keyprovider/release.h"
#include "tests/support/release_house.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>

namespace vouchsafe::keyprovider {
namespace {

using namespace std::chrono_literals;
using inventory::Wrapping;
using kmip::Operation;

struct RemoteTest : testing::Test {
    test::ReleaseHouse house;
    protocol::HostSession session = std::move(*house.open(house.claims()));

    RemoteTest() { wrap(Wrapping::remote); }

    void wrap(Wrapping wrapping) { house.provider().policy.wrapping = wrapping; }

    protocol::OperationResult ask(const protocol::Operation& operation) {
        auto answer = house.ask(session, {operation});
        VS_CHECK(answer.has_value());
        return std::move(answer->results.front());
    }

    protocol::OperationResult generate() { return ask(protocol::GenerateKey{{"gold"}, test::key_context}); }

    protocol::OperationResult decrypt(const Buffer& blob) {
        return ask(protocol::DecryptKey{{"gold"}, blob, test::key_context});
    }

    static std::string refusal(const protocol::OperationResult& result) {
        const auto* const refused = std::get_if<protocol::ReleaseRefusal>(&result);
        return refused != nullptr ? refused->code : std::string();
    }

    static protocol::ReleasedKey key(protocol::OperationResult result) {
        return std::get<protocol::ReleasedKey>(std::move(result));
    }
};

TEST_F(RemoteTest, MakesTheSameBlobsAsFetch) {
    const auto remote = key(generate());
    EXPECT_EQ(house.kmip().count(Operation::get), 0U);
    EXPECT_EQ(house.keys.size(), 0U); // nothing in memory
    wrap(Wrapping::fetch);
    EXPECT_TRUE(crypto::equal(key(decrypt(*remote.ciphertext)).key, remote.key));
    const auto fetched = key(generate());
    EXPECT_EQ(house.kmip().count(Operation::get), 1U);
    wrap(Wrapping::remote);
    EXPECT_TRUE(crypto::equal(key(decrypt(*fetched.ciphertext)).key, fetched.key));
    EXPECT_EQ(house.kmip().count(Operation::get), 1U);
    EXPECT_EQ(house.keys.size(), 0U); // and out of it again
}

TEST_F(RemoteTest, OpensUnchangedBlobsOnly) {
    const auto made = key(generate());
    Buffer changed = *made.ciphertext;
    for (const std::size_t at : {std::size_t{28}, std::size_t{40}, changed.size() - 1}) { // nonce, text, tag
        changed = *made.ciphertext;
        changed[at] ^= 1U;
        EXPECT_EQ(refusal(decrypt(changed)), "blob.open") << at;
    }
    protocol::Context other = test::key_context;
    other.key_id = std::string(32, 'd');
    EXPECT_EQ(refusal(ask(protocol::DecryptKey{{"gold"}, *made.ciphertext, other})), "blob.open");
    EXPECT_EQ(refusal(decrypt(*made.ciphertext)), "");
}

TEST_F(RemoteTest, RewrapsThere) {
    const inventory::Generation second = house.provider().generations.back();
    house.provider().generations.pop_back();
    const auto made = key(generate());
    house.provider().generations.push_back(second);
    auto rewrapped = ask(protocol::RewrapKey{{"gold"}, *made.ciphertext, test::key_context});
    ASSERT_EQ(refusal(rewrapped), "");
    const Buffer blob = std::get<protocol::RewrappedKey>(rewrapped).ciphertext;
    EXPECT_EQ(parse_blob(blob)->key.generation, 2U);
    EXPECT_TRUE(crypto::equal(key(decrypt(blob)).key, made.key));
}

TEST_F(RemoteTest, IsTriedOnceAndThenAsksOnceForEachKey) {
    ASSERT_EQ(refusal(generate()), "");
    const std::size_t encrypted = house.kmip().count(Operation::encrypt);
    const std::size_t decrypted = house.kmip().count(Operation::decrypt);
    EXPECT_EQ(encrypted, 2U); // the self-test, and the key
    EXPECT_EQ(decrypted, 4U); // the self-test, and three that must not open
    const auto made = key(generate());
    ASSERT_EQ(refusal(decrypt(*made.ciphertext)), "");
    EXPECT_EQ(house.kmip().count(Operation::encrypt), encrypted + 1);
    EXPECT_EQ(house.kmip().count(Operation::decrypt), decrypted + 1);
}

TEST_F(RemoteTest, TakesNoServerWhoseAeadIsNone) {
    const auto refused_with = [this](test::KmipFault fault) {
        house.kmip().fault = fault;
        house.clock.pass(2s); // the server was given a moment
        return refusal(generate());
    };
    EXPECT_EQ(refused_with(test::KmipFault::any_tag), "primary_key.aead"); // it opens anything, to zeros
    EXPECT_EQ(refused_with(test::KmipFault::no_additional_data), "primary_key.aead_data");
    EXPECT_EQ(refused_with(test::KmipFault::own_nonce), "kmip.protocol");
    EXPECT_EQ(refused_with(test::KmipFault::no_tag), "kmip.protocol");
    EXPECT_EQ(refused_with(test::KmipFault::none), "");
}

TEST_F(RemoteTest, NeedsAVersionThatKeepsTheTag) {
    house.kmip().versions = {{1, 3}, {1, 2}};
    EXPECT_EQ(refusal(generate()), "kmip.protocol");
    EXPECT_EQ(house.kmip().count(Operation::encrypt), 0U);
}

TEST_F(RemoteTest, KeepsTheRulesOfState) {
    const auto made = key(generate());
    house.kmip().keys.at("pk-2").state = kmip::State::compromised;
    house.clock.pass(2min);
    EXPECT_EQ(refusal(decrypt(*made.ciphertext)), "primary_key.state");
    house.clock.pass(2s);
    house.kmip().keys.at("pk-2").length = 128;
    house.kmip().keys.at("pk-2").state = kmip::State::active;
    EXPECT_EQ(refusal(decrypt(*made.ciphertext)), "primary_key.algorithm");
}

// --- the self-test

/// AES-256-GCM with a defect.
struct DefectiveServer final : KeyServer {
    Secret key = Secret(Bytes(Buffer(32, 0x22)));
    bool ignores_data = false;
    bool ignores_tag = false;
    bool ignores_nonce = false;
    bool garbles = false;
    bool unreachable = false;
    int seals = 0;

    Result<FetchedKey> fetch(const inventory::Provider&, const inventory::Generation&) override {
        return fail(Errc::unsupported, "none");
    }

    Result<kmip::Attributes> attributes(const inventory::Provider&, const inventory::Generation&) override {
        return fail(Errc::unsupported, "none");
    }

    Result<Buffer> seal(const inventory::Provider&,
                        const inventory::Generation&,
                        const AeadInput& input,
                        const Secret& plain) override {
        ++seals;
        Buffer sealed = crypto_seal(input, plain);
        texts[to_hex(sealed)] = std::make_shared<Secret>(plain.clone());
        return sealed;
    }

    Result<Secret> open(const inventory::Provider&,
                        const inventory::Generation&,
                        const AeadInput& input,
                        Bytes sealed) override {
        if (unreachable)
            return fail(Errc::unavailable, "kmip.transport");
        auto opened = PrimaryKeyUse(key).open(input, sealed);
        if (opened && garbles)
            return Secret(Bytes(Buffer(32, 9)));
        if (opened)
            return opened;
        const bool same_text = texts.contains(to_hex(sealed));
        const bool other_nonce = to_hex(input.nonce) != nonce;
        const bool lenient = same_text ? (other_nonce ? ignores_nonce : ignores_data) : ignores_tag;
        if (lenient)
            return Secret(32);
        return opened;
    }

    Buffer crypto_seal(const AeadInput& input, const Secret& plain) {
        nonce = to_hex(input.nonce);
        return *PrimaryKeyUse(key).seal(input, plain);
    }

    std::map<std::string, std::shared_ptr<Secret>> texts;
    std::string nonce;
};

struct SelfTestTest : testing::Test {
    DefectiveServer server;
    test::CountingRandom random;
    inventory::AuthorityState state = test::make_state();

    std::string outcome(SelfTest test = SelfTest::whole) {
        const inventory::Provider& provider = state.providers.at("gold");
        const auto result = test_aead(server, provider, provider.generations.back(), test, random);
        return result ? "" : result.error().where;
    }
};

TEST_F(SelfTestTest, TakesAnAead) {
    EXPECT_EQ(outcome(), "");
    EXPECT_EQ(outcome(SelfTest::opening), "");
    EXPECT_EQ(server.seals, 1);
}

TEST_F(SelfTestTest, RefusesWhatDoesNotAuthenticate) {
    server.ignores_tag = true;
    EXPECT_EQ(outcome(), "primary_key.aead_tag");
    EXPECT_EQ(outcome(SelfTest::opening), "primary_key.aead_tag");
    server.ignores_tag = false;
    server.ignores_data = true;
    EXPECT_EQ(outcome(), "primary_key.aead_data");
    server.ignores_data = false;
    server.ignores_nonce = true;
    EXPECT_EQ(outcome(), "primary_key.aead_nonce");
    server.ignores_nonce = false;
    server.garbles = true;
    EXPECT_EQ(outcome(), "primary_key.aead");
}

TEST_F(SelfTestTest, TellsNothingOfAServerThatCannotBeAsked) {
    server.unreachable = true;
    EXPECT_EQ(outcome(), "kmip.transport");
    EXPECT_EQ(outcome(SelfTest::opening), "kmip.transport");
}

} // namespace
} // namespace vouchsafe::keyprovider

#include "authority/check_values.h"
#include "tests/support/authority_house.h"

#include <gtest/gtest.h>

namespace vouchsafe::authority {
namespace {

constexpr std::string_view generations = "vouchsafe.provider_generations";

class GenerationOperations : public ::testing::Test {
protected:
    GenerationOperations() {
        inventory::Provider provider = test::make_state().providers.at("gold");  // generations 1 and 2
        provider.servers.front().address = {.hostname = "localhost", .port = 1}; // where nobody listens
        house_.must(inventory::ProviderCreate{.provider = std::move(provider)});
    }

    Result<json::Value> on(std::string_view name, json::Object input = {}) {
        input.emplace("provider", "gold");
        return house_.call(generations, name, json::Value(std::move(input)));
    }

    Result<json::Value> retire(const std::string& generation, bool unsafe = false) {
        json::Object input{{"generation", generation}};
        if (unsafe)
            input.emplace("spec", json::object({{"unsafe_in_use", true}}));
        return on("retire", std::move(input));
    }

    void release_under_the_first() {
        const auto state = house_.core->state();
        const inventory::Provider& provider = state->providers.at("gold");
        house_.uses.count({.provider = &provider, .generation = &provider.generations.front()},
                          house_.clock.time);
    }

    json::Value first() { return on("list")->as_array().front(); }

    bool is_retired() const { return house_.core->state()->providers.at("gold").generations.front().retired; }

    test::AuthorityHouse house_;
};

TEST_F(GenerationOperations, ShowWhatIsUsed) {
    EXPECT_EQ(*first().find("releases"), json::Value(0));
    EXPECT_EQ(*first().find("can_retire"), json::Value(true));
    release_under_the_first();
    EXPECT_EQ(*first().find("releases"), json::Value(1));
    EXPECT_EQ(*first().find("last_release"), json::Value(to_text(house_.clock.time)));
    EXPECT_EQ(*first().find("can_retire"), json::Value(false));
    EXPECT_EQ(*first().find("state"), json::Value("old"));
    const json::Value newest = on("list")->as_array().back();
    EXPECT_EQ(*newest.find("state"), json::Value("newest"));
    EXPECT_EQ(*newest.find("can_retire"), json::Value(false));
}

TEST_F(GenerationOperations, RetireWhatIsNotUsedAndBringItBack) {
    const std::int64_t epoch = house_.core->state()->epoch;
    ASSERT_TRUE(retire("1"));
    EXPECT_TRUE(is_retired());
    EXPECT_EQ(house_.core->state()->epoch, epoch + 1);
    EXPECT_EQ(*first().find("state"), json::Value("retired"));
    const std::int64_t revision = house_.core->state()->revision;
    EXPECT_TRUE(retire("1")); // is so already
    EXPECT_EQ(house_.core->state()->revision, revision);
    ASSERT_TRUE(on("restore", {{"generation", "1"}}));
    EXPECT_FALSE(is_retired());
}

TEST_F(GenerationOperations, RetireNothingThatIsInUse) {
    release_under_the_first();
    const auto refused = retire("1");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::conflict);
    EXPECT_EQ(refused.error().where, "generation.in_use");
    EXPECT_FALSE(is_retired());
    house_.clock.pass(std::chrono::days(31));
    EXPECT_TRUE(retire("1"));
}

TEST_F(GenerationOperations, RetireWhatIsInUseOnRecordOnly) {
    release_under_the_first();
    ASSERT_TRUE(retire("1", true));
    EXPECT_TRUE(is_retired());
    const auto kinds = house_.audit_kinds();
    EXPECT_EQ((std::vector<std::string>(kinds.end() - 2, kinds.end())),
              (std::vector<std::string>{"unsafe", "change"}));
}

TEST_F(GenerationOperations, RetireNeitherTheNewestNorWhatIsNot) {
    EXPECT_EQ(retire("2", true).error().where, "generation.newest");
    for (const char* const none : {"3", "0", "one", "1 ", "-1"})
        EXPECT_EQ(retire(none).error().code, Errc::not_found) << none;
}

TEST_F(GenerationOperations, RotateToNothingThatCannotBeVerified) {
    const auto named = on("rotate", {{"spec", json::object({{"master_key_id", "pk-3"}})}});
    ASSERT_FALSE(named);
    EXPECT_EQ(named.error().where, "provider.client_certificate");
    EXPECT_FALSE(on("rotate"));
    EXPECT_EQ(house_.core->state()->providers.at("gold").generations.size(), 2U);
}

TEST_F(GenerationOperations, KeepWhatThePrimaryKeysWere) {
    test::MemoryConnector connector;
    connector.servers["localhost"].keys["pk-2"] = {.material = Buffer(32, 0x22)};
    keyprovider::KmipKeyServer server(connector, house_.clock, house_.random);
    keyprovider::PrimaryKeyCache keys(server, house_.clock, house_.random);
    const auto state = house_.core->state();
    ASSERT_TRUE(keep_check_values(*house_.core, keys));
    EXPECT_EQ(house_.core->state()->revision, state->revision); // nothing was seen yet
    const inventory::Provider& provider = state->providers.at("gold");
    ASSERT_TRUE(keys.obtain(provider, provider.generations.back()));
    ASSERT_TRUE(keep_check_values(*house_.core, keys));
    ASSERT_TRUE(keep_check_values(*house_.core, keys)); // once
    const auto after = house_.core->state();
    EXPECT_EQ(after->revision, state->revision + 1);
    EXPECT_EQ(after->epoch, state->epoch);
    EXPECT_EQ(after->providers.at("gold").generations.back().check_value,
              keyprovider::check_value(Secret(Buffer(32, 0x22))));
    EXPECT_EQ(after->providers.at("gold").generations.front().check_value, std::nullopt);
}

// A key is seen for the first time while an administrator's change is under way.
TEST_F(GenerationOperations, KeepWhatWasSeenMeanwhile) {
    const auto begun = house_.core->state();
    const std::string seen = "0011223344556677";
    ASSERT_TRUE(house_.core->commit(
        inventory::ProviderCheckValue{.name = "gold", .generation = 2, .check_value = seen}));
    const json::Value input(json::Object{});
    const AdministrationParts parts{.core = *house_.core,
                                    .keys = house_.keys,
                                    .records = house_.records,
                                    .audit = *house_.audit,
                                    .secrets = house_.secrets,
                                    .key_servers = house_.key_servers,
                                    .kmip = house_.kmip,
                                    .primary_keys = house_.primary_keys,
                                    .uses = house_.uses,
                                    .quotas = house_.quotas,
                                    .clock = house_.clock,
                                    .random = house_.random};
    const Invocation call{.parts = parts,
                          .state = *begun,
                          .input = input,
                          .author = {.issuer = "https://manager", .subject = "ada"}};
    inventory::Provider changed = begun->providers.at("gold");
    changed.description = "moved";
    ASSERT_TRUE(call.commit(inventory::ProviderUpdate{.provider = changed}));
    const auto after = house_.core->state();
    EXPECT_EQ(after->providers.at("gold").description, "moved");
    EXPECT_EQ(after->providers.at("gold").generations.back().check_value, seen);
}

TEST_F(GenerationOperations, ComeBackInANewCluster) {
    const auto generation = [](int number, const std::string& key) {
        return json::object({{"generation", number}, {"master_key_id", key}});
    };
    const auto recover = [&](const std::string& uid, json::Array of) {
        return house_.call(
            "vouchsafe.providers",
            "recover",
            json::object(
                {{"spec",
                  json::object(
                      {{"provider", "silver"},
                       {"uid", uid},
                       {"generations", json::Value(std::move(of))},
                       {"servers", json::array({json::object({{"hostname", "kms"}, {"port", 5696}})})}})}}));
    };
    const std::string uid(32, 'd');
    EXPECT_EQ(recover("d", {generation(1, "a")}).error().where, "provider.create.provider.uid");
    EXPECT_FALSE(recover(uid, {}));
    EXPECT_FALSE(recover(uid, {generation(3, "a"), generation(1, "b")}));
    EXPECT_EQ(recover(test::provider_uid, {generation(1, "a")}).error().code, Errc::exists);
    ASSERT_TRUE(recover(uid, {generation(1, "a"), generation(3, "b")}));
    const auto state = house_.core->state();
    const inventory::Provider& provider = state->providers.at("silver");
    EXPECT_EQ(provider.uid, uid);
    EXPECT_EQ(provider.generations.back(), (inventory::Generation{.number = 3, .primary_key = "b"}));
    EXPECT_EQ(provider.servers.front().name, "kms:5696");
}

} // namespace
} // namespace vouchsafe::authority

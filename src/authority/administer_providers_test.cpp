#include "tests/support/authority_house.h"

#include <gtest/gtest.h>

namespace vouchsafe::authority {
namespace {

#define VS_KMS "vcenter.trusted_infrastructure.trust_authority_clusters.kms"
constexpr std::string_view providers = VS_KMS ".providers";
constexpr std::string_view credential = VS_KMS ".providers.credential";
constexpr std::string_view client_certificate = VS_KMS ".providers.client_certificate";
constexpr std::string_view current = VS_KMS ".providers.current_peer_certificates";
constexpr std::string_view trusted = VS_KMS ".providers.trusted_peer_certificates";

json::Value server(const std::string& name, json::Object address) {
    return json::object({{"name", name}, {"address", json::Value(std::move(address))}});
}

// Port 1 of loopback: nothing listens there, which is known at once.
json::Value nobody(const std::string& name = "one") {
    return server(name, {{"hostname", "localhost"}, {"port", 1}});
}

class ProviderOperations : public ::testing::Test {
protected:
    Result<json::Value> create(const std::string& name, json::Object kmip, json::Object key_server = {}) {
        key_server.emplace("type", "KMIP");
        key_server.emplace("kmip_server", json::Value(std::move(kmip)));
        return house_.on_cluster(providers,
                                 "create",
                                 {{"spec",
                                   json::object({{"provider", name},
                                                 {"master_key_id", "pk-1"},
                                                 {"key_server", json::Value(std::move(key_server))}})}});
    }

    void must_create(json::Object more = {}) {
        more.emplace("servers", json::array({nobody()}));
        ASSERT_TRUE(create("gold", std::move(more)));
    }

    Result<json::Value> on(std::string_view service, std::string_view name, json::Object input = {}) {
        input.emplace("provider", "gold");
        return house_.on_cluster(service, name, std::move(input));
    }

    const inventory::Provider& gold() const {
        state_ = house_.core->state();
        return state_->providers.at("gold");
    }

    static json::Value good(Result<json::Value> answer) {
        return test::AuthorityHouse::good(std::move(answer));
    }

    test::AuthorityHouse house_;
    mutable std::shared_ptr<const inventory::AuthorityState> state_;
};

TEST_F(ProviderOperations, CreateShowAndDelete) {
    ASSERT_TRUE(create("gold",
                       {{"servers", json::array({nobody("one"), server("two", {{"hostname", "localhost"}})})},
                        {"username", "fred"}},
                       {{"description", "the vault"}, {"connection_timeout", 3}}));
    EXPECT_EQ(gold().servers.at(1).address.port, 5696);
    EXPECT_EQ(gold().uid.size(), 32U);
    EXPECT_EQ(gold().connection_timeout, 3);
    EXPECT_EQ(create("gold", {{"servers", json::array({nobody()})}}).error().code, Errc::exists);
    const auto list = house_.on_cluster(providers, "list");
    ASSERT_EQ(list->as_array().size(), 1U);
    EXPECT_EQ(*list->as_array().front().find("health"), json::Value("WARNING")); // no certificates yet
    const std::int64_t epoch = house_.core->state()->epoch;
    EXPECT_TRUE(on(providers, "delete"));
    EXPECT_EQ(house_.core->state()->epoch, epoch + 1);
}

TEST_F(ProviderOperations, ShowWhyAKeyServerDoesNotAnswer) {
    must_create({{"username", "fred"}});
    const auto status = [&] {
        return good(on(providers, "get")).find("status")->find("servers")->as_array().front();
    };
    EXPECT_EQ(*status().find("details")->as_array().front().find("id"),
              json::Value("provider.client_certificate"));
    EXPECT_EQ(*status().find("client_trust_server"), json::Value(false)); // nobody was seen yet
    ASSERT_TRUE(on(client_certificate, "create"));
    EXPECT_EQ(*status().find("details")->as_array().front().find("id"),
              json::Value("provider.peer_certificates"));
    ASSERT_TRUE(on(trusted,
                   "update",
                   {{"spec", json::object({{"certificates", json::array({house_.sts.certificate})}})}}));
    const json::Value unreachable = status();
    EXPECT_EQ(*unreachable.find("details")->as_array().front().find("id"), json::Value("kmip.transport"));
    EXPECT_EQ(*unreachable.find("health"), json::Value("ERROR"));
    EXPECT_EQ(*unreachable.find("server_trust_client"), json::Value(false));
    EXPECT_EQ(*unreachable.find("client_trust_server"), json::Value(false));
    EXPECT_EQ(unreachable.find("details")->as_array().size(),
              1U); // no guess about a server that is not there
    EXPECT_EQ(*good(on(providers, "get")).find("key_server")->find("kmip_server")->find("username"),
              json::Value("fred"));
}

struct Refused {
    const char* name;
    json::Object (*kmip)();
    json::Object (*key_server)();
    Errc code;
    const char* where;
};

json::Object nothing() {
    return {};
}

json::Object one_server() {
    return {{"servers", json::array({nobody()})}};
}

class RefusedProviders : public ProviderOperations, public ::testing::WithParamInterface<Refused> {};

TEST_P(RefusedProviders, LeaveNothing) {
    const auto answer = create("gold", GetParam().kmip(), GetParam().key_server());
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, GetParam().code);
    EXPECT_EQ(answer.error().where, GetParam().where);
    EXPECT_TRUE(house_.core->state()->providers.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Providers,
    RefusedProviders,
    ::testing::Values(
        Refused{"no_server",
                []() -> json::Object { return {{"servers", json::Value(json::Array{})}}; },
                nothing,
                Errc::malformed,
                "servers"},
        Refused{"same_name",
                []() -> json::Object { return {{"servers", json::array({nobody(), nobody()})}}; },
                nothing,
                Errc::malformed,
                "servers.name"},
        Refused{"port_0",
                []() -> json::Object {
                    return {{"servers", json::array({server("a", {{"hostname", "h"}, {"port", 0}})})}};
                },
                nothing,
                Errc::malformed,
                "address.port"},
        Refused{"port_65536",
                []() -> json::Object {
                    return {{"servers", json::array({server("a", {{"hostname", "h"}, {"port", 65536}})})}};
                },
                nothing,
                Errc::malformed,
                "address.port"},
        Refused{"timeout_0",
                one_server,
                []() -> json::Object { return {{"connection_timeout", 0}}; },
                Errc::malformed,
                "key_server.connection_timeout"},
        Refused{"timeout_31",
                one_server,
                []() -> json::Object { return {{"connection_timeout", 31}}; },
                Errc::malformed,
                "key_server.connection_timeout"},
        Refused{"proxy_port_0",
                one_server,
                []() -> json::Object {
                    return {{"proxy_server", json::object({{"hostname", "p"}, {"port", 0}})}};
                },
                Errc::malformed,
                "address.port"}),
    [](const auto& row) { return row.param.name; });

TEST_F(ProviderOperations, KnowNoOtherProvider) {
    const json::Value spec(json::Object{});
    for (const ServedOperation& row : provider_operations()) {
        const api::Operation* const operation = api::find_operation(row.service, row.name);
        if (operation->path.find("{provider}") == std::string_view::npos)
            continue;
        json::Object input{{"provider", "none"}};
        if (operation->path.find("{cluster}") != std::string_view::npos)
            input.emplace("cluster", house_.cluster());
        if (!operation->body_name.empty())
            input.emplace(operation->body_name,
                          operation->body_name == "credential" ? json::Value("x") : spec);
        const auto answer = house_.call(row.service, row.name, json::Value(std::move(input)));
        ASSERT_FALSE(answer) << row.service << " " << row.name;
        EXPECT_EQ(answer.error().code, Errc::not_found) << row.service << " " << row.name;
    }
}

// The bound of wraps under one key holds for one provider.
TEST_F(ProviderOperations, ShareNoKeyWithAnotherProvider) {
    must_create();
    const auto servers = [](const char* name, const char* host) -> json::Object {
        return {{"servers", json::array({server(name, {{"hostname", host}, {"port", 1}})})}};
    };
    const auto second = create("silver", servers("other", "localhost"));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().where, "provider.primary_key");
    ASSERT_TRUE(create("silver", servers("other", "elsewhere"))); // another server's key of the same name
    const auto moved = house_.on_cluster(
        providers,
        "update",
        {{"provider", "silver"},
         {"spec",
          json::object({{"key_server",
                         json::object({{"type", "KMIP"},
                                       {"kmip_server", json::Value(servers("other", "localhost"))}})}})}});
    ASSERT_FALSE(moved);
    EXPECT_EQ(moved.error().where, "provider.primary_key");
    ASSERT_TRUE(on(providers, "update", {{"spec", json::object({{"master_key_id", "pk-2"}})}}));
    EXPECT_FALSE(create("bronze", servers("other", "localhost"))); // blobs of the first generation live on
}

TEST_F(ProviderOperations, RotateByGenerations) {
    must_create();
    const auto update = [&](json::Object spec) {
        return on(providers, "update", {{"spec", json::Value(std::move(spec))}});
    };
    ASSERT_TRUE(update({{"master_key_id", "pk-2"}}));
    ASSERT_TRUE(update({{"master_key_id", "pk-2"}})); // the same again makes none
    ASSERT_EQ(gold().generations.size(), 2U);
    EXPECT_EQ(gold().generations.front().primary_key, "pk-1");
    EXPECT_EQ(gold().generations.back().number, 2U);
    ASSERT_TRUE(update({{"key_server", json::object({{"description", "moved"}})}}));
    EXPECT_EQ(gold().description, "moved");
    EXPECT_EQ(gold().servers.size(), 1U); // what was not said stays
    const json::Value fred = json::object({{"username", "fred"}});
    EXPECT_EQ(update({{"key_server", json::object({{"kmip_server", fred}})}}).error().where,
              "key_server.type");
    EXPECT_EQ(gold().username, std::nullopt);
    ASSERT_TRUE(update({{"key_server", json::object({{"type", "KMIP"}, {"kmip_server", fred}})}}));
    EXPECT_EQ(gold().username, "fred");
    EXPECT_EQ(gold().generations.size(), 2U);
}

TEST_F(ProviderOperations, SealTheCredential) {
    must_create({{"username", "fred"}});
    ASSERT_TRUE(on(credential, "set", {{"credential", "p4ssw0rd"}}));
    const auto sent = house_.key_servers.credential(gold());
    ASSERT_TRUE(sent && *sent);
    EXPECT_EQ((*sent)->username, "fred");
    (*sent)->password.expose([](Bytes bytes) { EXPECT_EQ(as_text(bytes), "p4ssw0rd"); });
    for (const inventory::StoredChange& change : house_.changes.changes)
        EXPECT_EQ(change.record.find("p4ssw0rd"), std::string::npos);
    const auto records = house_.audit->read({});
    for (const auto& record : records.value())
        EXPECT_EQ(audit::encode_line(record)->find("p4ssw0rd"), std::string::npos);
}

TEST_F(ProviderOperations, RefuseAPasswordWithoutAUserName) {
    must_create();
    EXPECT_EQ(on(credential, "set", {{"credential", "p4ssw0rd"}}).error().where, "provider.username");
}

TEST_F(ProviderOperations, MakeAClientCertificate) {
    must_create();
    EXPECT_EQ(on(client_certificate, "get").error().code, Errc::not_found);
    ASSERT_TRUE(on(client_certificate, "create"));
    const std::string first = good(on(client_certificate, "get")).find("certificate")->as_string();
    const auto parsed = crypto::Certificate::from_pem(first);
    ASSERT_TRUE(parsed);
    const auto key = house_.secrets.open(client_key_name(gold().uid), *gold().sealed_client_key);
    ASSERT_TRUE(key);
    EXPECT_EQ(crypto::EcPrivateKey::from_secret_der(*key)->public_key().spki_der(), parsed->spki_der());
    ASSERT_TRUE(on(client_certificate, "create"));
    EXPECT_NE(good(on(client_certificate, "get")).find("certificate")->as_string(), first);
}

TEST_F(ProviderOperations, PinTheKeyServersCertificates) {
    must_create();
    const auto update = [&](json::Array certificates) {
        return on(trusted,
                  "update",
                  {{"spec", json::object({{"certificates", json::Value(std::move(certificates))}})}});
    };
    ASSERT_TRUE(update({house_.sts.certificate, house_.consumer_sts.certificate}));
    EXPECT_EQ(good(on(trusted, "get")).find("certificates")->as_array().size(), 2U);
    const std::int64_t epoch = house_.core->state()->epoch;
    ASSERT_TRUE(update({house_.sts.certificate}));
    EXPECT_EQ(house_.core->state()->epoch, epoch + 1);
    EXPECT_FALSE(update({"no PEM"}));
    EXPECT_TRUE(on(trusted, "update", {{"spec", json::Value(json::Object{})}})); // nothing said, nothing done
    EXPECT_EQ(good(on(trusted, "get")).find("certificates")->as_array().size(), 1U);
}

TEST_F(ProviderOperations, SayThatAKeyServerShowsNoCertificate) {
    must_create();
    const auto list = on(current, "list");
    ASSERT_EQ(list->as_array().size(), 1U);
    EXPECT_EQ(*list->as_array().front().find("trusted"), json::Value(false));
    EXPECT_EQ(list->as_array().front().find("error_messages")->as_array().size(), 1U);
    EXPECT_TRUE(good(on(current, "list", {{"server_names", json::array({"none"})}})).as_array().empty());
    EXPECT_TRUE(good(on(current, "list", {{"trusted", true}})).as_array().empty());
}

TEST_F(ProviderOperations, NarrowAndRelaxThePolicy) {
    must_create();
    const auto set = [&](json::Object spec) {
        return house_.call("vouchsafe.provider_policy",
                           "set",
                           json::object({{"provider", "gold"}, {"spec", json::Value(std::move(spec))}}));
    };
    const std::int64_t epoch = house_.core->state()->epoch;
    ASSERT_TRUE(set({{"host_groups", json::array({"blue"})}}));
    EXPECT_EQ(house_.core->state()->epoch, epoch + 1);
    ASSERT_TRUE(set({{"unsafe_boot_only", true}}));
    EXPECT_EQ(gold().policy.host_groups, std::vector<std::string>{"blue"});
    const auto kinds = house_.audit_kinds();
    EXPECT_EQ((std::vector<std::string>(kinds.end() - 2, kinds.end())),
              (std::vector<std::string>{"unsafe", "change"}));
    const auto policy = house_.call("vouchsafe.provider_policy", "get", json::object({{"provider", "gold"}}));
    EXPECT_EQ(*policy->find("unsafe_boot_only"), json::Value(true));
    EXPECT_EQ(*policy->find("uid"), json::Value(gold().uid));
    EXPECT_EQ(set({{"wrapping", "elsewhere"}}).error().code, Errc::malformed);
    EXPECT_EQ(set({{"wrapping", "remote"}}).error().where, "provider.client_certificate"); // it is tried
    EXPECT_EQ(gold().policy.wrapping, inventory::Wrapping::fetch);
    ASSERT_TRUE(set({{"base_images", json::array({"1.0"})}}));
    EXPECT_EQ(house_.core->state()->epoch, epoch + 2);
    EXPECT_EQ(set({{"freshness", "always"}}).error().code, Errc::malformed);
    ASSERT_TRUE(set({{"freshness", "strict"}}));
    EXPECT_EQ(house_.core->state()->epoch, epoch + 3);
    EXPECT_EQ(gold().policy.freshness, inventory::Freshness::strict);
    ASSERT_TRUE(set({{"freshness", "result"}})); // takes trust from nobody
    EXPECT_EQ(house_.core->state()->epoch, epoch + 3);
    EXPECT_EQ(gold().policy.freshness, inventory::Freshness::result);
    ASSERT_TRUE(set({{"host_quota_burst", 5}, {"quota_per_minute", 7}}));
    EXPECT_EQ(house_.core->state()->epoch, epoch + 3);
    EXPECT_EQ(gold().policy.base_images, std::vector<std::string>{"1.0"});
    EXPECT_EQ(gold().policy.host_quota, (inventory::Quota{.burst = 5, .per_minute = 120}));
    EXPECT_EQ(gold().policy.quota, (inventory::Quota{.burst = 100'000, .per_minute = 7}));
    EXPECT_FALSE(set({{"host_quota_burst", 0}}));
    EXPECT_FALSE(set({{"quota_burst", inventory::max_quota + 1}}));
}

TEST_F(ProviderOperations, WarnWhileHostsWaitForTheirQuota) {
    must_create();
    const auto ids = [&] {
        std::string out;
        const json::Value shown = good(on(providers, "get"));
        for (const json::Value& detail : shown.find("status")->find("details")->as_array())
            out += detail.find("id")->as_string() + " ";
        return out;
    };
    EXPECT_EQ(ids(), "provider.servers ");
    inventory::Provider busy = gold();
    busy.policy.host_quota = {.burst = 1, .per_minute = 1};
    busy.policy.quota = {.burst = 1, .per_minute = 1};
    for (const char* const host : {"h-1", "h-1", "h-2"})
        (void)house_.quotas.take(busy, {host}, house_.clock.boot);
    EXPECT_EQ(ids(), "provider.host_quota provider.quota provider.servers ");
    house_.clock.pass(keyprovider::quota_warning);
    EXPECT_EQ(ids(), "provider.servers ");
}

} // namespace
} // namespace vouchsafe::authority

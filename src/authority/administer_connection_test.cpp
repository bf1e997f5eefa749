#include "tests/support/authority_house.h"

#include <gtest/gtest.h>

namespace vouchsafe::authority {
namespace {

#define VS_KMS "vcenter.trusted_infrastructure.trust_authority_clusters.kms"
constexpr std::string_view service = "vouchsafe.provider_connection";

class ProviderConnection : public ::testing::Test {
protected:
    ProviderConnection() {
        const json::Value server = json::object(
            {{"name", "one"}, {"address", json::object({{"hostname", "localhost"}, {"port", 1}})}});
        VS_CHECK(
            house_
                .on_cluster(VS_KMS ".providers",
                            "create",
                            {{"spec",
                              json::object(
                                  {{"provider", "gold"},
                                   {"master_key_id", "pk-1"},
                                   {"key_server",
                                    json::object({{"type", "KMIP"},
                                                  {"proxy_server", json::object({{"hostname", "p"}})},
                                                  {"kmip_server",
                                                   json::object({{"servers", json::array({server})}})}})}})}})
                .has_value());
    }

    Result<json::Value> set(json::Object spec) {
        return house_.call(
            service, "set", json::object({{"provider", "gold"}, {"spec", json::Value(std::move(spec))}}));
    }

    json::Value shown() {
        return test::AuthorityHouse::good(house_.call(service, "get", json::object({{"provider", "gold"}})));
    }

    inventory::Provider gold() const { return house_.core->state()->providers.at("gold"); }

    test::AuthorityHouse house_;
};

TEST_F(ProviderConnection, HasAProxy) {
    EXPECT_EQ(gold().proxy_server, (inventory::NetworkAddress{.hostname = "p", .port = 3128}));
    const json::Value all =
        test::AuthorityHouse::good(house_.on_cluster(VS_KMS ".providers", "get", {{"provider", "gold"}}));
    EXPECT_EQ(*all.find("key_server")->find("proxy_server")->find("hostname"), json::Value("p"));
    ASSERT_TRUE(set({{"proxy_server", json::object({{"hostname", "q"}, {"port", 8080}})}}));
    EXPECT_EQ(*shown().find("proxy_server")->find("port"), json::Value(8080));
    ASSERT_TRUE(set({{"username", "fred"}})); // what is not said stays
    EXPECT_EQ(gold().proxy_server->hostname, "q");
    ASSERT_TRUE(set({{"no_proxy_server", true}}));
    EXPECT_FALSE(gold().proxy_server);
    EXPECT_TRUE(shown().find("proxy_server")->is_null());
    EXPECT_EQ(set({{"proxy_server", json::object({{"hostname", "q"}, {"port", 65536}})}}).error().where,
              "address.port");
    EXPECT_EQ(set({{"proxy_server", json::object({{"hostname", ""}})}}).error().code, Errc::malformed);
}

TEST_F(ProviderConnection, SealsWhatIsSaidOfUs) {
    EXPECT_EQ(set({{"password", "s3cr3t-one"}}).error().where, "provider.username");
    EXPECT_EQ(set({{"device_password", "s3cr3t-two"}}).error().where, "provider.device");
    ASSERT_TRUE(set({{"username", "fred"},
                     {"password", "s3cr3t-one"},
                     {"device", json::object({{"serial_number", "sn-1"}, {"network_identifier", "net-1"}})},
                     {"device_password", "s3cr3t-two"}}));
    EXPECT_EQ(gold().device, (inventory::KmipDevice{.serial_number = "sn-1", .network_identifier = "net-1"}));
    const auto sent = house_.key_servers.credential(gold());
    ASSERT_TRUE(sent && *sent && (*sent)->device);
    EXPECT_EQ((*sent)->username, "fred");
    EXPECT_EQ((*sent)->device->serial_number, "sn-1");
    EXPECT_EQ((*sent)->device->network_identifier, "net-1");
    (*sent)->device->password.expose([](Bytes bytes) { EXPECT_EQ(as_text(bytes), "s3cr3t-two"); });
    (*sent)->password.expose([](Bytes bytes) { EXPECT_EQ(as_text(bytes), "s3cr3t-one"); });
    EXPECT_EQ(*shown().find("has_device_password"), json::Value(true));
    for (const inventory::StoredChange& change : house_.changes.changes)
        EXPECT_FALSE(change.record.contains("s3cr3t"));
    ASSERT_TRUE(set({{"no_username", true}}));
    EXPECT_TRUE((*house_.key_servers.credential(gold()))->username.empty());
    ASSERT_TRUE(set({{"no_device", true}}));
    EXPECT_FALSE(*house_.key_servers.credential(gold()));
    EXPECT_EQ(set({{"device", json::object({})}}).error().where, "device");
}

} // namespace
} // namespace vouchsafe::authority

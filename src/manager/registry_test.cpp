#include "tests/support/manager_world.h"

#include <gtest/gtest.h>

#include <string>

namespace vouchsafe::manager {
namespace {

#define VS_TI "vcenter.trusted_infrastructure"

json::Value in(std::initializer_list<json::Field> members) {
    return json::object(members);
}

json::Value address(const std::string& hostname) {
    return in({{"hostname", hostname}, {"port", 8443}});
}

class Registry : public testing::Test {
protected:
    Result<json::Value> create_service(const std::string& kind,
                                       const std::string& hostname,
                                       const std::string& certificate = pem) {
        return world_.call(VS_TI "." + kind + ".services",
                           "create",
                           in({{"spec",
                                in({{"address", address(hostname)},
                                    {"trusted_CA", in({{"cert_chain", json::array({certificate})}})},
                                    {"group", "g"},
                                    {"trust_authority_cluster", "c"}})}}));
    }

    std::size_t listed(const std::string& service, const json::Value& input) {
        return world_.call(service, "list", input).value().as_array().size();
    }

    Result<json::Value> imported() {
        return world_.call("vouchsafe.services_information", "get", json::object({}));
    }

    Result<json::Value>
    use(const std::string& cluster, const json::Value& spec, const std::string& kind = "kms") {
        return world_.call(VS_TI ".trusted_clusters." + kind + ".services",
                           "create",
                           in({{"cluster", cluster}, {"spec", spec}}));
    }

    // Carried, and looked at by hosts only: what it holds does not matter here.
    static inline const std::string pem = "-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n";

    json::Value whole_authority() {
        return in({{"type", "CLUSTER"}, {"trust_authority_cluster", world_.authority.cluster()}});
    }

    test::ManagerWorld world_;
};

TEST_F(Registry, PrincipalNamesThisServer) {
    const auto principal = world_.call(VS_TI ".principal", "get", json::object({}));
    ASSERT_TRUE(principal) << principal.error().detail;
    EXPECT_EQ(*principal->find("issuer"), json::Value(world_.tokens.issuer));
    EXPECT_EQ(*principal->find("principal")->find("id")->find("domain"), json::Value("workload.localhost"));
}

// --- services information

TEST_F(Registry, ServicesAreImportedUnderTheirAnchor) {
    EXPECT_EQ(imported().error().code, Errc::not_found);
    const auto done = world_.import_services(world_.authority.services(3), world_.authority.anchor());
    ASSERT_TRUE(done) << done.error().detail;
    EXPECT_EQ(imported(), done);
    EXPECT_EQ(*done->find("version"), json::Value(3));
    EXPECT_EQ(listed(VS_TI ".kms.services", json::object({})), 1U);
    EXPECT_EQ(listed(VS_TI ".attestation.services", json::object({})), 1U);
}

TEST_F(Registry, AnotherAnchorsServicesAreRefused) {
    const test::AuthorityKeys stranger(world_.clock.time);
    const auto refused = world_.import_services(stranger.services(1), world_.authority.anchor());
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().where, "services.root");
    EXPECT_FALSE(imported());
    EXPECT_TRUE(world_.documents.documents.empty());
}

TEST_F(Registry, AChangedDocumentIsRefused) {
    json::Value document = world_.authority.services(1);
    document.as_object().emplace("note", "x");
    EXPECT_FALSE(world_.import_services(document, world_.authority.anchor()));
    EXPECT_TRUE(world_.documents.documents.empty());
}

TEST_F(Registry, VersionsNeverGoBack) {
    ASSERT_TRUE(world_.import_services(world_.authority.services(3), world_.authority.anchor()));
    const auto older = world_.import_services(world_.authority.services(2), world_.authority.anchor());
    ASSERT_FALSE(older);
    EXPECT_EQ(older.error().where, "services.version");
    EXPECT_EQ(older.error().code, Errc::conflict);
    EXPECT_EQ(*imported()->find("version"), json::Value(3));
    EXPECT_TRUE(world_.import_services(world_.authority.services(3), world_.authority.anchor()));
    EXPECT_TRUE(world_.import_services(world_.authority.services(4), world_.authority.anchor()));
    EXPECT_EQ(*imported()->find("version"), json::Value(4));
}

TEST_F(Registry, TheVersionIsRememberedAcrossAStart) {
    ASSERT_TRUE(world_.import_services(world_.authority.services(3), world_.authority.anchor()));
    Workload again({.documents = world_.documents,
                    .tokens = world_.tokens,
                    .clock = world_.clock,
                    .random = world_.random,
                    .hub = world_.hub,
                    .name = "workload.localhost"});
    Operations operations;
    again.add_operations(operations);
    world_.operations = operations;
    EXPECT_EQ(*imported()->find("version"), json::Value(3));
    EXPECT_FALSE(world_.import_services(world_.authority.services(2), world_.authority.anchor()));
}

TEST_F(Registry, AnImportAgainKeepsOneEntryForEachService) {
    ASSERT_TRUE(world_.import_services(world_.authority.services(1), world_.authority.anchor()));
    ASSERT_TRUE(world_.import_services(world_.authority.services(2), world_.authority.anchor()));
    EXPECT_EQ(listed(VS_TI ".kms.services", json::object({})), 1U);
}

// --- registries

TEST_F(Registry, ServicesAreRegisteredOnce) {
    const auto created = create_service("kms", "kms-1");
    ASSERT_TRUE(created) << created.error().detail;
    EXPECT_EQ(create_service("kms", "kms-1").error().code, Errc::exists);
    EXPECT_TRUE(create_service("attestation", "kms-1")) << "another kind of service";
    const auto found = world_.call(VS_TI ".kms.services", "get", in({{"service", *created}}));
    ASSERT_TRUE(found) << found.error().detail;
    EXPECT_EQ(*found->find("address"), address("kms-1"));
    EXPECT_FALSE(world_.call(VS_TI ".attestation.services", "get", in({{"service", *created}})));
    EXPECT_TRUE(world_.call(VS_TI ".kms.services", "delete", in({{"service", *created}})));
    EXPECT_FALSE(world_.call(VS_TI ".kms.services", "get", in({{"service", *created}})));
    EXPECT_FALSE(world_.call(VS_TI ".kms.services", "delete", in({{"service", *created}})));
}

TEST_F(Registry, WhatCannotBeReadAgainIsNotKept) {
    const auto refused = create_service("kms", "kms-1", "no certificate");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::malformed);
    EXPECT_TRUE(create_service("kms", "kms-2"));
    EXPECT_EQ(listed(VS_TI ".kms.services", json::object({})), 1U) << "the list can still be read";
}

TEST_F(Registry, AddressesHaveAPort) {
    for (const std::int64_t port : {0, 65536, -1})
        EXPECT_FALSE(world_.call(VS_TI ".kms.services",
                                 "create",
                                 in({{"spec",
                                      in({{"address", in({{"hostname", "x"}, {"port", port}})},
                                          {"trusted_CA", in({{"cert_chain", json::array({})}})},
                                          {"group", "g"},
                                          {"trust_authority_cluster", "c"}})}})));
}

TEST_F(Registry, ListsAreFiltered) {
    const json::Value id = create_service("kms", "kms-1").value();
    ASSERT_TRUE(create_service("kms", "kms-2"));
    ASSERT_TRUE(create_service("attestation", "kms-1"));
    const std::pair<json::Value, std::size_t> cases[] = {
        {json::object({}), 2},
        {in({{"services", json::array({id})}}), 1},
        {in({{"services", json::array({})}}), 0},
        {in({{"group", json::array({"g", "h"})}}), 2},
        {in({{"group", json::array({"h"})}}), 0},
        {in({{"trust_authority_cluster", json::array({"c"})}}), 2},
        {in({{"trust_authority_cluster", json::array({"d"})}}), 0},
        {in({{"address", json::array({address("kms-2")})}}), 1},
        {in({{"address", json::array({in({{"hostname", "kms-2"}})})}}), 0}, // port 443
        {in({{"address", json::array({address("kms-2")})}, {"services", json::array({id})}}), 0},
    };
    for (const auto& [filter, count] : cases)
        EXPECT_EQ(listed(VS_TI ".kms.services", in({{"spec", filter}})), count) << json::canonical(filter);
    EXPECT_EQ(listed(VS_TI ".kms.services", json::object({})), 2U);
}

// --- trusted clusters

TEST_F(Registry, AClusterUsesAnAuthority) {
    const std::string cluster = world_.create_cluster("one");
    EXPECT_EQ(use(cluster, whole_authority()).error().code, Errc::not_found) << "nothing is registered yet";
    ASSERT_TRUE(world_.import_services(world_.authority.services(1), world_.authority.anchor()));
    const auto service = use(cluster, whole_authority());
    ASSERT_TRUE(service) << service.error().detail;
    EXPECT_EQ(use(cluster, whole_authority()).error().code, Errc::exists);
    ASSERT_TRUE(use(cluster, whole_authority(), "attestation"));

    const std::string desired = VS_TI ".trusted_clusters.kms.services";
    EXPECT_EQ(listed(desired, in({{"cluster", cluster}})), 1U);
    EXPECT_EQ(listed(desired, in({{"cluster", cluster}, {"spec", in({{"group", json::array({"h"})}})}})), 0U);
    EXPECT_TRUE(world_.call(desired, "get", in({{"cluster", cluster}, {"service", *service}})));
    const auto used = world_.call(VS_TI ".kms.services", "delete", in({{"service", *service}}));
    ASSERT_FALSE(used);
    EXPECT_EQ(used.error().where, "service.used");
    EXPECT_EQ(used.error().code, Errc::busy);

    EXPECT_TRUE(world_.call(desired, "delete", in({{"cluster", cluster}, {"service", *service}})));
    EXPECT_FALSE(world_.call(desired, "get", in({{"cluster", cluster}, {"service", *service}})));
    EXPECT_FALSE(world_.call(desired, "delete", in({{"cluster", cluster}, {"service", *service}})));
    EXPECT_TRUE(world_.call(VS_TI ".kms.services", "delete", in({{"service", *service}})));
}

TEST_F(Registry, WhatAClusterUsesIsSaidOneWay) {
    ASSERT_TRUE(world_.import_services(world_.authority.services(1), world_.authority.anchor()));
    const std::string cluster = world_.create_cluster("one");
    for (const json::Value& spec :
         {in({{"type", "SERVICE"}}),
          in({{"type", "CLUSTER"}}),
          in({{"type", "CLUSTER"}, {"service", "s"}}),
          in({{"type", "SERVICE"}, {"trust_authority_cluster", "c"}}),
          in({{"type", "SERVICE"}, {"service", "s"}, {"trust_authority_cluster", "c"}})}) {
        const auto refused = use(cluster, spec);
        ASSERT_FALSE(refused) << json::canonical(spec);
        EXPECT_EQ(refused.error().where, "spec.type") << json::canonical(spec);
    }
    EXPECT_EQ(use(cluster, in({{"type", "SERVICE"}, {"service", "unknown"}})).error().code, Errc::not_found);
    EXPECT_EQ(use("nowhere", whole_authority()).error().code, Errc::not_found);
}

TEST_F(Registry, ClustersHaveANameEach) {
    const std::string one = world_.create_cluster("one");
    EXPECT_NE(world_.create_cluster("two"), one);
    const auto again = world_.call("vouchsafe.clusters", "create", in({{"spec", in({{"name", "one"}})}}));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, Errc::exists);
    EXPECT_EQ(listed("vouchsafe.clusters", json::object({})), 2U);
    EXPECT_TRUE(world_.call("vouchsafe.clusters", "delete", in({{"cluster", one}})));
    EXPECT_FALSE(world_.call("vouchsafe.clusters", "delete", in({{"cluster", one}})));
    EXPECT_EQ(listed("vouchsafe.clusters", json::object({})), 1U);
}

TEST_F(Registry, AClusterWithHostsStays) {
    const std::string cluster = world_.create_cluster("one");
    test::PollingHost host(world_, std::string(64, 'a'), "host-a");
    ASSERT_EQ(host.join(world_.join_token(cluster)).status, 200);
    const auto refused = world_.call("vouchsafe.clusters", "delete", in({{"cluster", cluster}}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().where, "cluster.used");
    EXPECT_EQ(refused.error().code, Errc::busy);
}

} // namespace
} // namespace vouchsafe::manager

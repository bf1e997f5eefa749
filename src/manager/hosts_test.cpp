#include "tests/support/manager_world.h"

#include <gtest/gtest.h>

#include <string>

namespace vouchsafe::manager {
namespace {

using token::HostState;

std::string key_of(char c) {
    return std::string(64, c);
}

std::string error_id(const net::Response& response) {
    const auto document = json::parse(response.body);
    const json::Value* const messages = document ? document->find("messages") : nullptr;
    return messages == nullptr ? "" : messages->as_array().front().find("id")->as_string();
}

class Hosts : public testing::Test {
protected:
    test::PollingHost joined(char key, const std::string& name) {
        test::PollingHost host(world_, key_of(key), name);
        EXPECT_EQ(host.join(world_.join_token(cluster_)).status, 200);
        return host;
    }

    json::Value shown(const std::string& name) {
        return world_.call("vouchsafe.hosts", "get", json::object({{"host", name}})).value();
    }

    std::size_t count() {
        return world_.call("vouchsafe.hosts", "list", json::object({}))->as_array().size();
    }

    test::ManagerWorld world_;
    std::string cluster_ = world_.create_cluster("one");
};

void expect_error(const net::Response& response, int status, std::string_view id) {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(error_id(response), id);
}

// --- joining

TEST_F(Hosts, JoinWithAToken) {
    const auto host = joined('a', "host-a");
    EXPECT_EQ(host.id, "host-aaaaaaaaaaaa");
    const json::Value found = shown("host-a");
    EXPECT_EQ(found, shown(host.id));
    EXPECT_EQ(*found.find("cluster"), json::Value(cluster_));
    EXPECT_EQ(*found.find("state"), json::Value("unknown")) << "joining makes nobody trusted";
}

TEST_F(Hosts, ATokenIsForOneHost) {
    const std::string token = world_.join_token(cluster_);
    test::PollingHost first(world_, key_of('a'), "host-a");
    test::PollingHost second(world_, key_of('b'), "host-b");
    EXPECT_EQ(first.join(token).status, 200);
    expect_error(second.join(token), 401, "join.token");
    expect_error(first.join(token), 401, "join.token");
    EXPECT_EQ(count(), 1U);
}

TEST_F(Hosts, ATokenThatIsNoneIsRefused) {
    test::PollingHost host(world_, key_of('a'), "host-a");
    for (const std::string& token : {std::string("guessed"), std::string(40, '0'), cluster_})
        expect_error(host.join(token), 401, "join.token");
    EXPECT_EQ(count(), 0U);
}

TEST_F(Hosts, ATokenRunsOut) {
    test::PollingHost host(world_, key_of('a'), "host-a");
    const std::string token = world_.join_token(cluster_);
    world_.clock.advance(std::chrono::hours(24));
    expect_error(host.join(token), 401, "join.token");
    EXPECT_EQ(count(), 0U);
    const std::string fresh = world_.join_token(cluster_);
    world_.clock.advance(std::chrono::hours(24) - std::chrono::seconds(1));
    EXPECT_EQ(host.join(fresh).status, 200);
}

TEST_F(Hosts, TokensAreKeptAsDigestsAlone) {
    const std::string token = world_.join_token(cluster_);
    EXPECT_EQ(world_.stored().find(token), std::string::npos);
    EXPECT_FALSE(world_.call(
        "vouchsafe.join_tokens", "create", json::object({{"spec", json::object({{"cluster", "nowhere"}})}})));
}

TEST_F(Hosts, JoinOnlyWithAClientCertificate) {
    test::PollingHost nobody(world_, "", "host-a");
    const std::string token = world_.join_token(cluster_);
    expect_error(nobody.join(token), 401, "agent.certificate");
    test::PollingHost host(world_, key_of('a'), "host-a");
    EXPECT_EQ(host.join(token).status, 200) << "the token was not used up";
}

TEST_F(Hosts, ANameBelongsToTheKeyThatTookIt) {
    const auto first = joined('a', "host-a");
    test::PollingHost thief(world_, key_of('b'), "host-a");
    expect_error(thief.join(world_.join_token(cluster_)), 400, "join.name");
    test::PollingHost again(world_, key_of('a'), "host-a");
    EXPECT_EQ(again.join(world_.join_token(cluster_)).status, 200) << "the same machine, installed anew";
    EXPECT_EQ(again.id, first.id);
    EXPECT_EQ(count(), 1U);
}

// Ids are short: a key made to share one must not take the other host's place.
TEST_F(Hosts, AKeyThatLooksLikeAnotherDoesNotTakeItsPlace) {
    auto host = joined('a', "host-a");
    const std::string alike = std::string(12, 'a') + std::string(52, 'b');
    test::PollingHost thief(world_, alike, "host-b");
    expect_error(thief.join(world_.join_token(cluster_)), 400, "join.key");
    expect_error(thief.poll(), 401, "agent.unknown");
    EXPECT_TRUE(host.look().empty());
    EXPECT_EQ(*shown("host-aaaaaaaaaaaa").find("name"), json::Value("host-a"));
}

TEST_F(Hosts, BadMessagesChangeNothing) {
    const std::string token = world_.join_token(cluster_);
    const json::Value good =
        protocol::JoinRequest{.token = token, .name = "host-a", .agent_version = "0.1.0"}.to_json();
    json::Value surplus = good;
    surplus.as_object().emplace("admin", true);
    json::Value missing = good;
    missing.as_object().erase("name");
    for (const json::Value& body : {surplus, missing, json::Value("x"), json::Value()}) {
        auto answer = world_.post("join", key_of('a'), body);
        EXPECT_EQ(test::wait_for(answer).status, 400) << json::canonical(body);
    }
    auto answer = world_.post("join", key_of('a'), good);
    EXPECT_EQ(test::wait_for(answer).status, 200) << "and the token still counts";
    auto poll = world_.post("poll", key_of('a'), json::object({{"version", 1}}));
    EXPECT_EQ(test::wait_for(poll).status, 400);
}

// --- polling

TEST_F(Hosts, OnlyWhoJoinedMayPoll) {
    test::PollingHost stranger(world_, key_of('a'), "host-a");
    expect_error(stranger.poll(), 401, "agent.unknown");
    test::PollingHost nobody(world_, "", "host-a");
    expect_error(nobody.poll(), 401, "agent.certificate");
    auto host = joined('a', "host-a");
    EXPECT_TRUE(host.look().empty());
    test::PollingHost other(world_, key_of('b'), "host-a");
    expect_error(other.poll(), 401, "agent.unknown");
}

TEST_F(Hosts, ARemovedHostIsUnknown) {
    auto host = joined('a', "host-a");
    EXPECT_TRUE(world_.call("vouchsafe.hosts", "delete", json::object({{"host", "host-a"}})));
    expect_error(host.poll(), 401, "agent.unknown");
    EXPECT_EQ(count(), 0U) << "its poll brought it back";
    EXPECT_FALSE(world_.call("vouchsafe.hosts", "delete", json::object({{"host", "host-a"}})));
}

TEST_F(Hosts, AHostWithVmsStays) {
    const auto host = joined('a', "host-a");
    const VmId vm{"3f2504e0-4f89-41d3-9a0c-0305e82c3301"};
    inventory::Vm stored{};
    stored.id = vm;
    stored.name = "db-1";
    stored.host = host.id;
    stored.provider = "gold";
    stored.memory_mib = stored.vcpus = stored.disk_mib = 64;
    ASSERT_TRUE(world_.documents.put("vm", vm.text, stored.to_json(), 0));
    const auto refused = world_.call("vouchsafe.hosts", "delete", json::object({{"host", "host-a"}}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().where, "host.vms");
    EXPECT_EQ(refused.error().code, Errc::busy);
}

// --- what is believed of a host

TEST_F(Hosts, OnlyTheAuthoritysWordMakesAHostTrusted) {
    auto host = joined('a', "host-a");
    ASSERT_TRUE(world_.import_services(world_.authority.services(1), world_.authority.anchor()));
    host.report.state = "trusted";
    host.look();
    EXPECT_EQ(*shown("host-a").find("state"), json::Value("unknown")) << "it says so itself";

    host.report.reporting_token =
        world_.authority.signed_report(world_.authority.report("h-1", HostState::trusted));
    host.look();
    EXPECT_EQ(*shown("host-a").find("state"), json::Value("trusted"));
    EXPECT_EQ(*shown("host-a").find("attested_id"), json::Value("h-1"));
    EXPECT_EQ(*shown("host-a").find("base_image"), json::Value("1.0"));

    const test::AuthorityKeys stranger(world_.clock.time);
    host.report.reporting_token = stranger.signed_report(stranger.report("h-1", HostState::trusted));
    host.look();
    EXPECT_EQ(*shown("host-a").find("state"), json::Value("unknown"));
    EXPECT_EQ(*shown("host-a").find("base_image"), json::Value());

    host.report.reporting_token =
        world_.authority.signed_report(world_.authority.report("h-1", HostState::refused));
    host.look();
    EXPECT_EQ(*shown("host-a").find("state"), json::Value("refused"));
}

TEST_F(Hosts, AReportThatRanOutSaysNothing) {
    auto host = joined('a', "host-a");
    ASSERT_TRUE(world_.import_services(world_.authority.services(1), world_.authority.anchor()));
    host.report.reporting_token =
        world_.authority.signed_report(world_.authority.report("h-1", HostState::trusted));
    world_.clock.advance(std::chrono::hours(1));
    host.look();
    EXPECT_EQ(*shown("host-a").find("state"), json::Value("unknown"));
}

TEST_F(Hosts, NoReportIsBelievedBeforeServicesAreImported) {
    auto host = joined('a', "host-a");
    host.report.reporting_token =
        world_.authority.signed_report(world_.authority.report("h-1", HostState::trusted));
    host.look();
    EXPECT_EQ(*shown("host-a").find("state"), json::Value("unknown"));
}

// --- configuration and attestation

TEST_F(Hosts, AreConfiguredUntilTheySayTheyAre) {
    auto host = joined('a', "host-a");
    ASSERT_TRUE(world_.import_services(world_.authority.services(7), world_.authority.anchor()));
    EXPECT_TRUE(host.look().empty()) << "its cluster uses no authority yet";
    ASSERT_TRUE(world_.call(
        "vcenter.trusted_infrastructure.trusted_clusters.kms.services",
        "create",
        json::object({{"cluster", cluster_},
                      {"spec",
                       json::object({{"type", "CLUSTER"},
                                     {"trust_authority_cluster", world_.authority.cluster()}})}})));
    const auto orders = host.look();
    ASSERT_EQ(orders.size(), 1U);
    const auto* const configure = std::get_if<protocol::ConfigureOrder>(&orders.front().data);
    ASSERT_NE(configure, nullptr);
    EXPECT_TRUE(token::verify_services({.document = configure->services,
                                        .anchor = world_.authority.anchor(),
                                        .least_version = 7,
                                        .now = world_.clock.time}));
    EXPECT_EQ(host.look(), orders) << "the same order, not another for each poll";

    host.finish(orders.front().id);
    host.report.services_version = 7;
    host.report.applied_version = configure->version;
    EXPECT_TRUE(host.look().empty());
    ASSERT_TRUE(world_.import_services(world_.authority.services(8), world_.authority.anchor()));
    EXPECT_EQ(host.look().size(), 1U);
}

TEST_F(Hosts, AttestWhenTold) {
    auto host = joined('a', "host-a");
    auto outcome = std::async(std::launch::async, [this] {
        return world_.call("vouchsafe.hosts", "attest", json::object({{"host", "host-a"}}));
    });
    const auto orders = host.orders();
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_TRUE(std::holds_alternative<protocol::AttestOrder>(orders.front().data));
    host.finish(orders.front().id,
                protocol::OrderProblem{.code = "boot.kernel", .message = "unknown kernel", .reasons = {}});
    host.look();
    const auto result = outcome.get();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::untrusted);
    EXPECT_EQ(result.error().where, "boot.kernel");
    EXPECT_EQ(world_.call("vouchsafe.hosts", "attest", json::object({{"host", "nobody"}})).error().code,
              Errc::not_found);
}

} // namespace
} // namespace vouchsafe::manager

#include "agent/manager_link.h"
#include "tests/support/agent_vms.h"
#include "tests/support/agent_world.h"
#include "tests/support/test_directory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace vouchsafe::agent {
namespace {

namespace fs = std::filesystem;

const VmId vm{"3f2504e0-4f89-41d3-9a0c-0305e82c3301"};

class Serving : public testing::Test {
protected:
    Serving() {
        for (const char* name : {"vms", "images"})
            fs::create_directory(path(name));
        std::ofstream(path("vars.fd")) << "variables";
        auto identity = identify(tpm_, {.unique = Secret(64), .auth = Secret(32)});
        VS_CHECK(identity.has_value());
        attester_.emplace(
            Attester::Facts{.anchor = authority_.anchor(), .label = "host-b", .agent_version = "0.1.0"},
            std::move(*identity),
            tpm_,
            platform_);
        trust_.emplace(authority_.anchor(),
                       Trust::Parts{.state = state_,
                                    .attester = *attester_,
                                    .dialer = authority_,
                                    .clock = clock_,
                                    .random = random_});
        VS_CHECK(trust_->restore().has_value());
        vms_.emplace(
            VmHostConfig{.libvirt = "qemu:///system",
                         .vm_directory = path("vms"),
                         .image_directory = path("images"),
                         .ovmf_code = "/code.fd",
                         .ovmf_vars = path("vars.fd"),
                         .accel = hypervisor::Accel::tcg},
            Vms::Parts{.keys = *trust_, .hypervisor = hypervisor_, .disks = disks_, .random = random_});
        link_.emplace(facts, ManagerLink::Parts{.manager = manager_, .trust = *trust_, .vms = &*vms_});
    }

    fs::path path(std::string_view name) const { return fs::path(directory_.path()) / name; }

    /// Gives an order and returns what the agent then tells of it.
    protocol::OrderResult order(const std::string& id, protocol::OrderData data) {
        manager_.orders.push_back({.id = id, .data = std::move(data)});
        EXPECT_TRUE(link_->poll());
        EXPECT_TRUE(link_->poll());
        const auto& results = manager_.polls.back().results;
        return results.size() == 1 ? results.front() : protocol::OrderResult{};
    }

    std::string problem(const std::string& id, protocol::OrderData data) {
        const auto result = order(id, std::move(data));
        return result.problem ? result.problem->code : "";
    }

    static protocol::VmCreateOrder create() {
        return {.vm = vm,
                .name = "db-1",
                .provider = {"gold"},
                .memory_mib = 256,
                .vcpus = 1,
                .disk_mib = 32,
                .image = {}};
    }

    const ManagerLink::Facts facts{
        .label = "host-b", .agent_version = "0.1.0", .wait = std::chrono::seconds(5)};
    test::TestDirectory directory_;
    AgentState state_ = AgentState::open(directory_.path() + "/state").value();
    test::TestClock clock_;
    test::CountingRandom random_;
    test::FakeAuthority authority_{clock_};
    test::FakeTpm tpm_;
    test::FakePlatform platform_;
    test::FakeHypervisor hypervisor_;
    test::FakeDisks disks_{hypervisor_};
    test::FakeManager manager_;
    std::optional<Attester> attester_;
    std::optional<Trust> trust_;
    std::optional<Vms> vms_;
    std::optional<ManagerLink> link_;
};

TEST_F(Serving, ReportsWhatIsTheCase) {
    ASSERT_TRUE(link_->poll());
    EXPECT_EQ(manager_.polls.back().label, "host-b");
    EXPECT_EQ(manager_.polls.back().state, "unknown");
    EXPECT_EQ(manager_.polls.back().wait, 5);
    EXPECT_EQ(manager_.polls.back().services_version, 0);

    EXPECT_EQ(problem("o-1", protocol::ConfigureOrder{.services = authority_.services(4), .version = 2}), "");
    EXPECT_EQ(problem("o-2", protocol::AttestOrder{}), "");
    EXPECT_EQ(manager_.polls.back().state, "trusted");
    EXPECT_EQ(manager_.polls.back().reporting_token, "reporting");
    EXPECT_EQ(manager_.polls.back().services_version, 4);
    EXPECT_EQ(manager_.polls.back().applied_version, 2);
    EXPECT_EQ(manager_.polls.back().wait, 0); // a result is not to be held up
}

TEST_F(Serving, CarriesAVmThroughItsLife) {
    ASSERT_EQ(problem("o-1", protocol::ConfigureOrder{.services = authority_.services(1), .version = 1}), "");
    const auto created = order("o-2", create());
    ASSERT_FALSE(created.problem) << created.problem->code;
    ASSERT_TRUE(created.created);
    EXPECT_EQ(created.created->context.vm, vm);
    EXPECT_EQ(problem("o-3", protocol::VmStartOrder{vm}), "");
    EXPECT_EQ(manager_.polls.back().vms.front().state, "running");
    EXPECT_EQ(problem("o-4", protocol::VmDeleteOrder{vm}), "hypervisor.undefine");
    EXPECT_EQ(problem("o-5", protocol::VmStopOrder{vm}), "");
    const auto rewrapped = order("o-7", protocol::VmRewrapOrder{vm});
    ASSERT_FALSE(rewrapped.problem) << rewrapped.problem->code;
    ASSERT_TRUE(rewrapped.created);
    EXPECT_EQ(rewrapped.created->context, created.created->context);
    EXPECT_NE(rewrapped.created->blob, created.created->blob);
    EXPECT_EQ(problem("o-6", protocol::VmDeleteOrder{vm}), "");
    EXPECT_TRUE(manager_.polls.back().vms.empty());
}

TEST_F(Serving, RefusesAStartWithTheReasonsAndLeavesTheRunningVmAlone) {
    ASSERT_EQ(problem("o-1", protocol::ConfigureOrder{.services = authority_.services(1), .version = 1}), "");
    ASSERT_FALSE(order("o-2", create()).problem);
    ASSERT_EQ(problem("o-3", protocol::VmStartOrder{vm}), "");
    authority_.outcome = protocol::Outcome::refused;
    authority_.reasons = {
        {.code = "image.unknown", .message = "m", .event = {}, .expected = {}, .hint = "h"}};
    const auto attested = order("o-4", protocol::AttestOrder{});
    ASSERT_TRUE(attested.problem);
    EXPECT_EQ(attested.problem->code, "host.not_trusted");
    EXPECT_EQ(attested.problem->reasons.front().code, "image.unknown");
    EXPECT_EQ(manager_.polls.back().state, "refused");
    EXPECT_EQ(manager_.polls.back().vms.front().state, "running");

    ASSERT_EQ(problem("o-5", protocol::VmStopOrder{vm}), "");
    const auto refused = order("o-6", protocol::VmStartOrder{vm});
    ASSERT_TRUE(refused.problem);
    EXPECT_EQ(refused.problem->code, "host.not_trusted");
    ASSERT_EQ(refused.problem->reasons.size(), 1U);
    EXPECT_EQ(refused.problem->reasons.front().code, "image.unknown");
}

TEST_F(Serving, RefusesServicesThatGoBackOrAreAnothers) {
    ASSERT_EQ(problem("o-1", protocol::ConfigureOrder{.services = authority_.services(3), .version = 1}), "");
    EXPECT_EQ(problem("o-2", protocol::ConfigureOrder{.services = authority_.services(2), .version = 2}),
              "services.version");
    const test::FakeAuthority other(clock_);
    EXPECT_NE(problem("o-3", protocol::ConfigureOrder{.services = other.services(9), .version = 3}), "");
    EXPECT_EQ(manager_.polls.back().services_version, 3);
    EXPECT_EQ(manager_.polls.back().applied_version, 1);
}

TEST_F(Serving, TellsAResultUntilItWasHeard) {
    manager_.orders.push_back({.id = "o-1", .data = protocol::AttestOrder{}});
    ASSERT_TRUE(link_->poll());
    manager_.loses_the_answer = true;
    EXPECT_FALSE(link_->poll());
    ASSERT_TRUE(link_->poll());
    ASSERT_EQ(manager_.polls.back().results.size(), 1U);
    EXPECT_EQ(manager_.polls.back().results.front().order, "o-1");
    ASSERT_TRUE(link_->poll());
    EXPECT_TRUE(manager_.polls.back().results.empty());
}

TEST_F(Serving, CarriesAnOrderOutOnlyOnce) {
    ASSERT_EQ(problem("o-1", protocol::ConfigureOrder{.services = authority_.services(1), .version = 1}), "");
    const auto first = order("o-2", create());
    ASSERT_TRUE(first.created);
    const auto again = order("o-2", create());
    EXPECT_EQ(again, first);
    EXPECT_EQ(authority_.operations.size(), 1U);
}

TEST_F(Serving, RunsNoVmsWithoutAHypervisor) {
    link_.emplace(facts, ManagerLink::Parts{.manager = manager_, .trust = *trust_, .vms = nullptr});
    EXPECT_EQ(problem("o-1", create()), "host.no_hypervisor");
    EXPECT_EQ(problem("o-2", protocol::VmStartOrder{vm}), "host.no_hypervisor");
    EXPECT_EQ(problem("o-3", protocol::VmStopOrder{vm}), "host.no_hypervisor");
    EXPECT_EQ(problem("o-4", protocol::VmDeleteOrder{vm}), "host.no_hypervisor");
}

TEST_F(Serving, SaysWhenTheManagerCannotBeReached) {
    manager_.down = true;
    EXPECT_TRUE(is_unreachable(link_->poll().error()));
}

struct OneAnswer final : Peer {
    PeerAnswer answer;

    Result<PeerAnswer> post(PeerRequest) override { return answer; }
};

TEST(Joining, GivesWhatTheManagerSays) {
    OneAnswer manager;
    manager.answer = {.status = 200,
                      .body = to_buffer(as_bytes(json::canonical(
                          protocol::JoinAnswer{.host = "host-1", .cluster = "c-1"}.to_json())))};
    const auto joined = join(manager, {.token = "t", .name = "host-b", .agent_version = "0.1.0"});
    ASSERT_TRUE(joined) << joined.error().where;
    EXPECT_EQ(joined->host, "host-1");
}

TEST(Joining, FailsWithAnotherToken) {
    OneAnswer manager;
    manager.answer = {
        .status = 401,
        .body = to_buffer(as_bytes(
            R"({"error_type":"UNAUTHENTICATED","messages":[{"id":"join.token","default_message":"no","args":[]}]})"))};
    const auto joined = join(manager, {.token = "t", .name = "host-b", .agent_version = "0.1.0"});
    ASSERT_FALSE(joined);
    EXPECT_EQ(joined.error().code, Errc::unauthenticated);
    EXPECT_EQ(joined.error().where, "join.token");
}

TEST(PeerAnswers, ThatAreNoErrorBodiesKeepTheirStatus) {
    for (const std::string_view body :
         {"", "<html>", "{}", R"({"messages":[]})", R"({"messages":[{"id":1}]})"}) {
        const auto answer = expect_ok({.status = 502, .body = to_buffer(as_bytes(body))});
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().where, "peer.status");
        EXPECT_EQ(answer.error().code, Errc::unavailable);
    }
}

} // namespace
} // namespace vouchsafe::agent

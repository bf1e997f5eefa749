#include "tests/support/manager_world.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace vouchsafe::manager {
namespace {

using protocol::HostOrder;
using protocol::OrderProblem;

constexpr std::string_view other_vm = "3f2504e0-4f89-41d3-9a0c-0305e82c3302";

class Vms : public testing::Test {
protected:
    Vms() { VS_CHECK(host_.join(world_.join_token(world_.create_cluster("one"))).status == 200); }

    static json::Object spec(const std::string& name = "db-1") {
        return {{"name", name}, {"host", "host-a"}, {"provider", "gold"}, {"disk_mib", 64}};
    }

    std::future<Result<json::Value>> begin(const std::string& operation, const json::Value& input) {
        return std::async(std::launch::async, [this, operation, input] {
            return world_.call("vouchsafe.vms", operation, input);
        });
    }

    /// Calls the operation while the host does its part.
    Result<json::Value> ordered(const std::string& operation,
                                const json::Value& input,
                                std::optional<OrderProblem> problem = {}) {
        auto outcome = begin(operation, input);
        for (const HostOrder& order : host_.orders()) {
            last_ = order.data;
            protocol::OrderResult result{.order = order.id, .problem = problem, .created = {}};
            if (const auto* const create = std::get_if<protocol::VmCreateOrder>(&order.data);
                create != nullptr && !problem && sends_key_record_)
                result.created = protocol::CreatedKey{
                    .blob = Buffer{1, 2, 3}, .context = {.key_id = std::string(32, '7'), .vm = create->vm}};
            if (const auto* const rewrap = std::get_if<protocol::VmRewrapOrder>(&order.data);
                rewrap != nullptr && !problem)
                result.created = protocol::CreatedKey{
                    .blob = Buffer{4, 5, 6},
                    .context = {.key_id = std::string(32, '7'),
                                .vm = rewraps_another_ ? VmId{std::string(other_vm)} : rewrap->vm}};
            host_.report.results.push_back(std::move(result));
        }
        host_.look();
        return outcome.get();
    }

    Result<json::Value> create(const json::Object& with, std::optional<OrderProblem> problem = {}) {
        return ordered("create", json::object({{"spec", with}}), std::move(problem));
    }

    Result<json::Value> vm(const std::string& operation, std::optional<OrderProblem> problem = {}) {
        return ordered(operation, json::object({{"vm", "db-1"}}), std::move(problem));
    }

    json::Value shown() {
        return world_.call("vouchsafe.vms", "get", json::object({{"vm", "db-1"}})).value();
    }

    std::size_t count() { return world_.call("vouchsafe.vms", "list", json::object({}))->as_array().size(); }

    /// What the host reports of db-1.
    void report(const std::string& state, std::optional<std::string> problem = {}) {
        host_.report.vms = {
            {.vm = {shown().find("vm")->as_string()}, .state = state, .problem = std::move(problem)}};
        host_.look();
    }

    /// db-1 has no record of its key: it neither starts nor follows its host, and goes with one command.
    void expect_only_deletion() {
        EXPECT_EQ(*shown().find("state"), json::Value("failed"));
        report("stopped");
        EXPECT_EQ(*shown().find("state"), json::Value("failed"));
        const auto refused = world_.call("vouchsafe.vms", "start", json::object({{"vm", "db-1"}}));
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Errc::conflict);
        EXPECT_NE(refused.error().detail.find("delete this virtual machine"), std::string::npos);
        EXPECT_TRUE(vm("delete"));
        EXPECT_TRUE(std::holds_alternative<protocol::VmDeleteOrder>(last_));
        EXPECT_EQ(count(), 0U);
    }

    test::ManagerWorld world_;
    test::PollingHost host_{world_, std::string(64, 'a'), "host-a"};
    bool sends_key_record_ = true;
    bool rewraps_another_ = false;
    protocol::OrderData last_;
};

TEST_F(Vms, GoThroughTheirLife) {
    const auto created = create(spec());
    ASSERT_TRUE(created) << created.error().detail;
    EXPECT_EQ(*created->find("state"), json::Value("stopped"));
    EXPECT_EQ(*created->find("blob"), json::Value("AQID"));
    EXPECT_EQ(*created->find("context")->find("vm"), *created->find("vm"));
    EXPECT_EQ(*created, shown());

    const auto started = vm("start");
    ASSERT_TRUE(started);
    EXPECT_EQ(*started->find("state"), json::Value("running"));
    EXPECT_TRUE(std::holds_alternative<protocol::VmStartOrder>(last_));
    const auto rewrapped = vm("rewrap");
    ASSERT_TRUE(rewrapped);
    EXPECT_TRUE(std::holds_alternative<protocol::VmRewrapOrder>(last_));
    EXPECT_EQ(*rewrapped->find("state"), json::Value("running")); // as it was
    EXPECT_EQ(*shown().find("blob"), json::Value("BAUG"));
    const auto stopped = vm("stop");
    ASSERT_TRUE(stopped);
    EXPECT_EQ(*stopped->find("state"), json::Value("stopped"));
    EXPECT_TRUE(vm("delete"));
    EXPECT_EQ(count(), 0U);
    EXPECT_EQ(world_.call("vouchsafe.vms", "start", json::object({{"vm", "db-1"}})).error().code,
              Errc::not_found);
}

TEST_F(Vms, KeepTheirBlobWhenTheHostSendsAnothers) {
    ASSERT_TRUE(create(spec()));
    rewraps_another_ = true;
    EXPECT_EQ(vm("rewrap").error().where, "vm.rewrapped");
    const OrderProblem problem{.code = "gate.retired", .message = "no", .reasons = {}};
    EXPECT_EQ(vm("rewrap", problem).error().where, "gate.retired");
    EXPECT_EQ(*shown().find("blob"), json::Value("AQID"));
}

TEST_F(Vms, AnOrderIsExactlyWhatWasAsked) {
    json::Object with = spec();
    with.emplace("memory_mib", 1024);
    with.emplace("vcpus", 2);
    with.emplace("image", "debian.qcow2");
    ASSERT_TRUE(create(with));
    const auto& order = std::get<protocol::VmCreateOrder>(last_);
    EXPECT_EQ(order.name, "db-1");
    EXPECT_EQ(order.provider.text, "gold");
    EXPECT_EQ(order.memory_mib, 1024);
    EXPECT_EQ(order.vcpus, 2);
    EXPECT_EQ(order.disk_mib, 64);
    EXPECT_EQ(order.image, "debian.qcow2");
    EXPECT_TRUE(is_uuid(order.vm.text));
}

TEST_F(Vms, AreFoundByIdToo) {
    const auto created = create(spec());
    const auto found = world_.call("vouchsafe.vms", "get", json::object({{"vm", *created->find("vm")}}));
    EXPECT_EQ(found, created);
    EXPECT_FALSE(world_.call("vouchsafe.vms", "get", json::object({{"vm", "db"}})));
}

// Rule 4: what the manager stores and sends yields no key, and a host gets data, never XML or a path.
TEST_F(Vms, LeaveNoKeyAndNoXml) {
    const auto created = create(spec());
    ASSERT_TRUE(created && vm("start"));
    const std::set<std::string> expected = {"blob",
                                            "context",
                                            "created",
                                            "disk_mib",
                                            "host",
                                            "image",
                                            "memory_mib",
                                            "name",
                                            "problem",
                                            "provider",
                                            "state",
                                            "vcpus",
                                            "vm"};
    std::set<std::string> members;
    for (const auto& [name, value] : created->as_object())
        members.insert(name);
    EXPECT_EQ(members, expected);
    for (const std::string& text : {world_.stored(), host_.bodies})
        for (const std::string_view word : {"<", "/", "\"key\"", "passphrase", "secret", "emulator"})
            EXPECT_EQ(text.find(word), std::string::npos) << word << " in " << text;
    EXPECT_NE(world_.stored().find("AQID"), std::string::npos) << "the blob is no secret, and kept";
}

TEST_F(Vms, WhatAHostWouldRefuseIsRefusedHere) {
    const std::pair<std::string_view, std::function<void(json::Object&)>> cases[] = {
        {"Path", [](json::Object& s) { s["name"] = "../etc/passwd"; }},
        {"Xml", [](json::Object& s) { s["name"] = "<domain>"; }},
        {"Option", [](json::Object& s) { s["name"] = "-rf"; }},
        {"Hidden", [](json::Object& s) { s["name"] = ".hidden"; }},
        {"LongName", [](json::Object& s) { s["name"] = std::string(65, 'a'); }},
        {"ImagePath", [](json::Object& s) { s["image"] = "/dev/sda"; }},
        {"NoDisk", [](json::Object& s) { s["disk_mib"] = 0; }},
        {"HugeDisk", [](json::Object& s) { s["disk_mib"] = (std::int64_t{64} << 20U) + 1; }},
        {"NoMemory", [](json::Object& s) { s["memory_mib"] = 63; }},
        {"NegativeMemory", [](json::Object& s) { s["memory_mib"] = -512; }},
        {"NoCpu", [](json::Object& s) { s["vcpus"] = 0; }},
        {"ManyCpus", [](json::Object& s) { s["vcpus"] = 513; }},
        {"UnknownMember", [](json::Object& s) { s["xml"] = "<domain/>"; }},
    };
    for (const auto& [name, spoil] : cases) {
        json::Object with = spec();
        spoil(with);
        const auto refused = world_.call("vouchsafe.vms", "create", json::object({{"spec", with}}));
        ASSERT_FALSE(refused) << name;
        EXPECT_EQ(refused.error().code, Errc::malformed) << name << " " << refused.error().detail;
    }
    EXPECT_EQ(count(), 0U);
    EXPECT_TRUE(host_.look().empty()) << "nothing was ordered";
}

TEST_F(Vms, NeedAHostThatIsThere) {
    json::Object with = spec();
    with["host"] = "host-b";
    EXPECT_EQ(world_.call("vouchsafe.vms", "create", json::object({{"spec", with}})).error().where, "host");
}

TEST_F(Vms, ANameIsTakenOnce) {
    ASSERT_TRUE(create(spec()));
    const auto again = world_.call("vouchsafe.vms", "create", json::object({{"spec", spec()}}));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, Errc::exists);
    EXPECT_TRUE(create(spec("db-2")));
    EXPECT_EQ(count(), 2U);
}

TEST_F(Vms, ANameIsTakenWhileItIsBeingCreated) {
    auto first = begin("create", json::object({{"spec", spec()}}));
    const auto orders = host_.orders();
    ASSERT_EQ(orders.size(), 1U);
    EXPECT_EQ(*shown().find("state"), json::Value("creating"));
    EXPECT_EQ(world_.call("vouchsafe.vms", "create", json::object({{"spec", spec()}})).error().code,
              Errc::exists);
    host_.finish(orders.front().id, OrderProblem{.code = "disk.full", .message = "no room", .reasons = {}});
    host_.look();
    EXPECT_FALSE(first.get());
}

TEST_F(Vms, WhatFailedToBeCreatedLeavesNothing) {
    const auto failed = create(spec(),
                               OrderProblem{.code = "gate.image",
                                            .message = "the host is not trusted",
                                            .reasons = {{.code = "boot.kernel",
                                                         .message = "unknown kernel",
                                                         .event = {},
                                                         .expected = {},
                                                         .hint = {}}}});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Errc::denied);
    EXPECT_EQ(failed.error().where, "gate.image");
    EXPECT_EQ(failed.error().detail, "the host is not trusted; boot.kernel: unknown kernel");
    EXPECT_EQ(count(), 0U);

    sends_key_record_ = false;
    const auto incomplete = create(spec());
    ASSERT_FALSE(incomplete);
    EXPECT_EQ(incomplete.error().where, "vm.created");
    EXPECT_EQ(count(), 0U);
    sends_key_record_ = true;
    EXPECT_TRUE(create(spec())) << "the name is free again";
}

// Without the host's answer there is no record of the key: what the host made meanwhile is of no use.
TEST_F(Vms, WhatTheHostDidNotAnswerInTimeCanOnlyBeDeleted) {
    Workload impatient({.documents = world_.documents,
                        .tokens = world_.tokens,
                        .clock = world_.clock,
                        .random = world_.random,
                        .hub = world_.hub,
                        .name = "workload.localhost",
                        .create_limit = std::chrono::seconds(0)});
    Operations operations;
    impatient.add_operations(operations);
    std::swap(world_.operations, operations);
    const auto late = world_.call("vouchsafe.vms", "create", json::object({{"spec", spec()}}));
    std::swap(world_.operations, operations);
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Errc::timed_out);
    expect_only_deletion();
}

TEST_F(Vms, WhatWasBeingCreatedWhenTheServerEndedCanOnlyBeDeleted) {
    ASSERT_TRUE(create(spec()));
    const std::string id = shown().find("vm")->as_string();
    auto unfinished = inventory::Vm::from_json(world_.documents.get("vm", id).value()->value).value();
    unfinished.state = inventory::VmState::creating;
    unfinished.blob.reset();
    unfinished.context.reset();
    ASSERT_TRUE(world_.documents.put("vm", id, unfinished.to_json(), inventory::any_revision));
    const auto early = world_.call("vouchsafe.vms", "start", json::object({{"vm", "db-1"}}));
    ASSERT_FALSE(early);
    EXPECT_NE(early.error().detail.find("still being created"), std::string::npos) << early.error().detail;

    ASSERT_TRUE(world_.workload.give_up_unfinished());
    expect_only_deletion();
}

TEST_F(Vms, WhatIsFinishedOutlivesTheServer) {
    ASSERT_TRUE(create(spec()) && vm("start"));
    const json::Value before = shown();
    ASSERT_TRUE(world_.workload.give_up_unfinished());
    EXPECT_EQ(shown(), before);
}

TEST_F(Vms, AFailedStartKeepsTheStateAndSaysWhy) {
    ASSERT_TRUE(create(spec()));
    const OrderProblem problem{.code = "gate.epoch", .message = "attest again", .reasons = {}};
    const auto refused = vm("start", problem);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().where, "gate.epoch");
    EXPECT_EQ(*shown().find("state"), json::Value("stopped"));
    EXPECT_EQ(*shown().find("problem"), json::Value("attest again"));
    ASSERT_TRUE(vm("start"));
    EXPECT_EQ(*shown().find("problem"), json::Value());
    EXPECT_FALSE(vm("delete", problem));
    EXPECT_EQ(*shown().find("state"), json::Value("running"));
    EXPECT_EQ(*shown().find("problem"), json::Value()) << "a refused deletion is no problem of the VM";
    EXPECT_EQ(count(), 1U);
}

// --- what hosts report

TEST_F(Vms, FollowWhatTheirHostSees) {
    ASSERT_TRUE(create(spec()) && vm("start"));
    report("failed", "the guest panicked");
    EXPECT_EQ(*shown().find("state"), json::Value("failed"));
    EXPECT_EQ(*shown().find("problem"), json::Value("the guest panicked"));
    report("running");
    EXPECT_EQ(*shown().find("state"), json::Value("running"));
    EXPECT_EQ(*shown().find("problem"), json::Value());
}

TEST_F(Vms, AreReportedByTheirHostAlone) {
    ASSERT_TRUE(create(spec()) && vm("start"));
    test::PollingHost other(world_, std::string(64, 'b'), "host-b");
    ASSERT_EQ(other.join(world_.join_token(world_.create_cluster("two"))).status, 200);
    other.report.vms = {{.vm = {shown().find("vm")->as_string()}, .state = "failed", .problem = {}}};
    other.look();
    EXPECT_EQ(*shown().find("state"), json::Value("running"));
}

TEST_F(Vms, OneThatIsDeletedWhileItsStartIsUnderWayStaysDeleted) {
    ASSERT_TRUE(create(spec()));
    auto start = begin("start", json::object({{"vm", "db-1"}}));
    const auto orders = host_.orders();
    ASSERT_EQ(orders.size(), 1U);
    auto removal = begin("delete", json::object({{"vm", "db-1"}}));
    std::vector<HostOrder> both;
    while (both.size() < 2)
        both = host_.look();
    host_.finish(both[1].id);
    host_.look();
    EXPECT_TRUE(removal.get());
    host_.finish(orders.front().id);
    host_.look();
    EXPECT_FALSE(start.get());
    EXPECT_EQ(count(), 0U);
}

} // namespace
} // namespace vouchsafe::manager

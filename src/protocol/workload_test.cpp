#include "base/bytes.h"
#include "protocol/workload.h"
#include "tests/support/message_checks.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace vouchsafe::protocol {
namespace {

const VmId vm{"11111111-2222-4333-8444-555555555555"};

using test::expect_refused;
using test::expect_round_trip;

VmCreateOrder create() {
    return VmCreateOrder{.vm = vm,
                         .name = "web-1",
                         .provider = KeyProviderId{"gold"},
                         .memory_mib = 512,
                         .vcpus = 2,
                         .disk_mib = 4096,
                         .image = "marker.raw"};
}

TEST(Join, ComesBackAsSent) {
    const JoinRequest request{.token = "once", .name = "host-a", .agent_version = "0.1.0"};
    expect_round_trip(request);
    expect_refused(request, "token", "", "join_request.token");
    expect_refused(request, "name", std::string(65, 'x'), "join_request.name");
    const JoinAnswer answer{.host = "host-1", .cluster = "domain-c1"};
    expect_round_trip(answer);
    expect_refused(answer, "host", "", "join_answer.host");
}

TEST(Orders, ComeBackAsSent) {
    VmCreateOrder empty_disk = create();
    empty_disk.image.reset();
    const std::vector<OrderData> orders{
        ConfigureOrder{.services = json::object({{"root", "x"}}), .version = 3},
        ConfigureOrder{.services = {}, .version = 4},
        AttestOrder{},
        create(),
        empty_disk,
        VmStartOrder{vm},
        VmStopOrder{vm},
        VmDeleteOrder{vm},
        VmRewrapOrder{vm},
    };
    for (const OrderData& data : orders)
        expect_round_trip(HostOrder{.id = "order-1", .data = data});
    PollAnswer answer;
    for (const OrderData& data : orders)
        answer.orders.push_back(HostOrder{.id = "order-1", .data = data});
    expect_round_trip(answer);
    answer.orders.assign(max_orders + 1, answer.orders.front());
    EXPECT_EQ(PollAnswer::from_json(answer.to_json()).error().where, "poll_answer.orders");
}

TEST(Orders, RefuseAnUnknownKind) {
    const auto result = order_data_from_json("vm.run_command", json::object({}));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::unsupported);
    EXPECT_EQ(result.error().where, "order.kind");
}

struct BadMember {
    std::string_view name;
    std::string_view member;
    json::Value value;
    std::string_view where;
};

class BadVmCreate : public testing::TestWithParam<BadMember> {};

TEST_P(BadVmCreate, IsRefused) {
    json::Value data = order_data_to_json(create());
    ASSERT_TRUE(order_data_from_json("vm.create", data));
    data.as_object().insert_or_assign(std::string(GetParam().member), GetParam().value);
    const auto result = order_data_from_json("vm.create", data);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().where, GetParam().where);
}

INSTANTIATE_TEST_SUITE_P(
    Orders,
    BadVmCreate,
    testing::Values(BadMember{"Path", "image", "../../etc/shadow", "order.data.image"},
                    BadMember{"AbsolutePath", "image", "/dev/sda", "order.data.image"},
                    BadMember{"HiddenFile", "image", ".ssh", "order.data.image"},
                    BadMember{"Option", "name", "-drive", "order.data.name"},
                    BadMember{"Markup", "name", "<name>", "order.data.name"},
                    BadMember{"NoName", "name", "", "order.data.name"},
                    BadMember{"LongName", "name", std::string(65, 'x'), "order.data.name"},
                    BadMember{"NoVm", "vm", "1", "order.data.vm"},
                    BadMember{"NoProvider", "provider", "", "order.data.provider"},
                    BadMember{"NoMemory", "memory_mib", 0, "order.data.memory_mib"},
                    BadMember{"TooMuchMemory", "memory_mib", 1 << 21, "order.data.memory_mib"},
                    BadMember{"NoCpu", "vcpus", 0, "order.data.vcpus"},
                    BadMember{"TooManyCpus", "vcpus", 513, "order.data.vcpus"},
                    BadMember{"NoDisk", "disk_mib", 0, "order.data.disk_mib"},
                    BadMember{"Xml", "xml", "<domain/>", "order.data"}),
    [](const auto& row) { return std::string(row.param.name); });

OrderResult created() {
    return OrderResult{.order = "order-1",
                       .problem = {},
                       .created = CreatedKey{.blob = {1, 2}, .context = {std::string(32, 'a'), vm}}};
}

OrderResult failed() {
    const Reason reason{.code = "image.none", .message = "m", .event = {}, .expected = {}, .hint = "h"};
    return OrderResult{.order = "order-2",
                       .problem =
                           OrderProblem{.code = "host.not_trusted", .message = "m", .reasons = {reason}},
                       .created = {}};
}

PollRequest poll() {
    PollRequest out;
    out.label = "host-a";
    out.agent_version = "0.1.0";
    out.state = "trusted";
    out.reporting_token = "a.b.c";
    out.reasons = failed().problem->reasons;
    out.vms = {{.vm = vm, .state = "running", .problem = {}},
               {.vm = vm, .state = "failed", .problem = "no key"}};
    out.applied_version = 2;
    out.services_version = 3;
    out.results = {created(), failed()};
    out.wait = 30;
    return out;
}

TEST(Poll, ComesBackAsSent) {
    expect_round_trip(poll());
    expect_round_trip(created());
    expect_round_trip(failed());
}

TEST(Poll, RefusesWhatIsOutOfBounds) {
    expect_refused(poll(), "version", 2, "poll_request.version");
    expect_refused(poll(), "state", "fine", "poll_request.state");
    expect_refused(poll(), "label", "a\nb", "poll_request.label");
    expect_refused(poll(), "wait", 61, "poll_request.wait");
    expect_refused(poll(), "services_version", -1, "poll_request.services_version");
    expect_refused(
        poll(), "reporting_token", std::string((256U << 10U) + 1, 'x'), "poll_request.reporting_token");
    expect_refused(poll(), "vms", json::array({json::object({{"vm", "x"}})}), "poll_request.vms.vm");
    expect_refused(created(), "created", json::object({{"blob", ""}}), "result.created.blob");
    expect_refused(failed(), "problem", json::object({{"code", ""}}), "result.problem.code");
}

} // namespace
} // namespace vouchsafe::protocol

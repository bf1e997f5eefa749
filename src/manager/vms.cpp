// Virtual machines: ordered as data, remembered with blob and context, which are no secrets.
#include "json/members.h"
#include "manager/workload.h"

#include <algorithm>

namespace vouchsafe::manager {

namespace {

constexpr std::chrono::seconds order_limit{120};

using inventory::Vm;
using inventory::VmState;

json::Value vm_json(const Vm& vm) {
    json::Object out{{"vm", vm.id.text},
                     {"name", vm.name},
                     {"host", vm.host},
                     {"provider", vm.provider},
                     {"state", inventory::to_string(vm.state)},
                     {"memory_mib", vm.memory_mib},
                     {"vcpus", vm.vcpus},
                     {"disk_mib", vm.disk_mib},
                     {"image", vm.image},
                     {"problem", vm.problem},
                     {"created", to_text(vm.created)}};
    if (vm.blob)
        out.emplace("blob", *vm.blob);
    if (vm.context)
        out.emplace("context", *vm.context);
    return json::Value(std::move(out));
}

constexpr std::string_view delete_it = "; delete this virtual machine and create it again";

// The record of its key comes with the host's answer to the order that creates a VM. A VM whose creation
// nobody waits for any more never gets one: all that is left to do is to delete it, also at its host.
void give_up(Vm& vm, std::string_view why) {
    vm.state = VmState::failed;
    vm.problem = std::string(why) + std::string(delete_it);
}

Errc code_of(const protocol::OrderProblem& problem) {
    return problem.reasons.empty() ? Errc::conflict : Errc::denied;
}

} // namespace

Result<Vm> Workload::find_vm(const std::string& name_or_id) {
    VS_TRY(const auto vms, vms_.all());
    for (const Vm& vm : vms)
        if (vm.id.text == name_or_id || vm.name == name_or_id)
            return vm;
    return fail(Errc::not_found, "vm", "there is no virtual machine " + name_or_id);
}

// While a host worked, another thread may have changed the VM, or deleted it: then it stays deleted.
Result<Vm> Workload::change_vm(const VmId& id, const std::function<void(Vm&)>& change) {
    const std::scoped_lock lock(mutex_);
    VS_TRY(Vm vm, vms_.load(id.text));
    change(vm);
    vm.changed = parts_.clock.now();
    VS_TRY_VOID(vms_.save(id.text, vm));
    return vm;
}

Result<void> Workload::forget_vm(const VmId& id) {
    const std::scoped_lock lock(mutex_);
    return vms_.remove(id.text);
}

Result<protocol::OrderResult> Workload::ordered(const Vm& vm, protocol::OrderData data) {
    const bool creates = std::holds_alternative<protocol::VmCreateOrder>(data);
    const bool deletes = std::holds_alternative<protocol::VmDeleteOrder>(data);
    VS_TRY(protocol::OrderResult result,
           parts_.hub.carry_out(vm.host, std::move(data), creates ? parts_.create_limit : order_limit));
    if (result.problem) {
        const std::string problem = text_of(*result.problem);
        if (!deletes) // a VM that may not be deleted has no problem of its own
            (void)change_vm(vm.id, [&problem](Vm& now) { now.problem = problem; }); // the problem comes first
        return fail(code_of(*result.problem), result.problem->code, problem);
    }
    return result;
}

Result<json::Value> Workload::create_vm(const Call& call) {
    json::Members spec(*call.find("spec"), "spec");
    VS_TRY(const std::string name, spec.string("name"));
    VS_TRY(const std::string host_name, spec.string("host"));
    VS_TRY(const std::string provider, spec.string("provider"));
    VS_TRY(const std::int64_t disk, spec.integer("disk_mib", {.least = 1, .most = std::int64_t{64} << 20U}));
    VS_TRY(const auto memory,
           spec.optional_integer("memory_mib", {.least = 64, .most = std::int64_t{1} << 20U}));
    VS_TRY(const auto vcpus, spec.optional_integer("vcpus", {.least = 1, .most = 512}));
    VS_TRY(auto image, spec.optional_string("image"));

    VS_TRY(const auto hosts, hosts_.all());
    const auto host = std::ranges::find_if(hosts, [&](const inventory::ManagedHost& candidate) {
        return candidate.id == host_name || candidate.name == host_name;
    });
    if (host == hosts.end())
        return fail(Errc::not_found, "host", "there is no host " + host_name);
    const Vm vm{.id = {make_uuid(parts_.random)},
                .name = name,
                .host = host->id,
                .provider = provider,
                .memory_mib = memory.value_or(512),
                .vcpus = vcpus.value_or(1),
                .disk_mib = disk,
                .image = std::move(image),
                .state = VmState::creating,
                .problem = {},
                .blob = {},
                .context = {},
                .created = parts_.clock.now(),
                .changed = parts_.clock.now()};
    // What the agent would refuse is refused here first, with the same words.
    const protocol::VmCreateOrder order{.vm = vm.id,
                                        .name = vm.name,
                                        .provider = {vm.provider},
                                        .memory_mib = vm.memory_mib,
                                        .vcpus = vm.vcpus,
                                        .disk_mib = vm.disk_mib,
                                        .image = vm.image};
    VS_TRY_VOID(protocol::order_data_from_json("vm.create", protocol::order_data_to_json(order)));
    {
        const std::scoped_lock lock(mutex_);
        if (find_vm(name))
            return fail(Errc::exists, "vm.name", "there is a virtual machine " + name + " already");
        VS_TRY_VOID(vms_.save(vm.id.text, vm, 0));
    }
    const auto result = ordered(vm, order);
    if (!result && result.error().code == Errc::timed_out) {
        VS_TRY_VOID(change_vm(vm.id, [](Vm& now) { give_up(now, "the host did not answer in time"); }));
        return std::unexpected(result.error());
    }
    if (!result || !result->created) {
        // Without a key there is nothing to keep; the reason goes to whoever asked.
        VS_TRY_VOID(forget_vm(vm.id));
        return result ? fail(Errc::internal, "vm.created", "the host sent no key record")
                      : std::unexpected(result.error());
    }
    VS_TRY(const Vm created, change_vm(vm.id, [&result](Vm& now) {
               now.blob = to_base64(result->created->blob);
               now.context = result->created->context.to_json();
               now.state = VmState::stopped;
               now.problem.reset();
           }));
    return vm_json(created);
}

Result<json::Value>
Workload::order_vm(const Call& call, protocol::OrderData (*make)(const VmId&), VmState after) {
    VS_TRY(const Vm vm, find_vm(call.text("vm")));
    if (!vm.blob)
        return fail(Errc::conflict,
                    "vm.state",
                    vm.problem.value_or("this virtual machine is still being created; wait, or delete it"));
    VS_TRY_VOID(ordered(vm, make(vm.id)));
    VS_TRY(const Vm changed, change_vm(vm.id, [after](Vm& now) {
               now.state = after;
               now.problem.reset();
           }));
    return vm_json(changed);
}

Result<json::Value> Workload::rewrap_vm(const Call& call) {
    VS_TRY(const Vm vm, find_vm(call.text("vm")));
    if (!vm.blob)
        return fail(Errc::conflict,
                    "vm.state",
                    vm.problem.value_or("this virtual machine is still being created; wait, or delete it"));
    VS_TRY(const auto result, ordered(vm, protocol::VmRewrapOrder{.vm = vm.id}));
    if (!result.created || result.created->context.vm != vm.id)
        return fail(Errc::internal, "vm.rewrapped", "the host sent no key record of this virtual machine");
    VS_TRY(const Vm changed,
           change_vm(vm.id, [&result](Vm& now) { now.blob = to_base64(result.created->blob); }));
    return vm_json(changed);
}

Result<json::Value> Workload::delete_vm(const Call& call) {
    VS_TRY(const Vm vm, find_vm(call.text("vm")));
    VS_TRY_VOID(ordered(vm, protocol::VmDeleteOrder{.vm = vm.id}));
    VS_TRY_VOID(forget_vm(vm.id));
    return vm_json(vm);
}

Result<void> Workload::give_up_unfinished() {
    VS_TRY(const auto vms, vms_.all());
    for (const Vm& vm : vms)
        if (vm.state == VmState::creating)
            VS_TRY_VOID(change_vm(vm.id, [](Vm& now) {
                give_up(now, "this management server was started again while the host created it");
            }));
    return {};
}

void Workload::add_vm_operations(Operations& operations) {
    operations.add("vouchsafe.vms", "list", [this](const Call&) -> Result<json::Value> {
        VS_TRY(const auto vms, vms_.all());
        return json::array_of(vms, vm_json);
    });
    operations.add("vouchsafe.vms", "get", [this](const Call& call) -> Result<json::Value> {
        VS_TRY(const Vm vm, find_vm(call.text("vm")));
        return vm_json(vm);
    });
    operations.add("vouchsafe.vms", "create", [this](const Call& call) { return create_vm(call); });
    operations.add("vouchsafe.vms", "start", [this](const Call& call) {
        return order_vm(
            call,
            [](const VmId& id) -> protocol::OrderData { return protocol::VmStartOrder{.vm = id}; },
            VmState::running);
    });
    operations.add("vouchsafe.vms", "stop", [this](const Call& call) {
        return order_vm(
            call,
            [](const VmId& id) -> protocol::OrderData { return protocol::VmStopOrder{.vm = id}; },
            VmState::stopped);
    });
    operations.add("vouchsafe.vms", "rewrap", [this](const Call& call) { return rewrap_vm(call); });
    operations.add("vouchsafe.vms", "delete", [this](const Call& call) { return delete_vm(call); });
}

} // namespace vouchsafe::manager

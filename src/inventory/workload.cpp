#include "inventory/workload.h"

#include "inventory/json_parts.h"
#include "json/members.h"

namespace vouchsafe::inventory {

namespace {

constexpr std::size_t max_services = 256;
constexpr std::size_t max_token_bytes = std::size_t{256} << 10U;

Result<std::optional<json::Value>> optional_document(json::Members& m, std::string_view member) {
    VS_TRY(const json::Value* const value, m.optional_value(member));
    return value == nullptr ? std::nullopt : std::optional(*value);
}

Result<std::optional<std::string>> optional_token(json::Members& m, std::string_view member) {
    VS_TRY(auto text, m.optional_string(member));
    if (text && text->size() > max_token_bytes)
        return fail(Errc::too_large, m.where() + "." + std::string(member), "longer than a token");
    return text;
}

} // namespace

json::Value TrustedCluster::to_json() const {
    return json::object({{"version", 1},
                         {"id", id},
                         {"name", name},
                         {"enabled", enabled},
                         {"services", json::array_of(services)},
                         {"desired_version", desired_version},
                         {"created", to_text(created)}});
}

Result<TrustedCluster> TrustedCluster::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    TrustedCluster out;
    VS_TRY_VOID(m.version(1));
    VS_TRY(out.id, inventory::name(m, "id"));
    VS_TRY(out.name, inventory::name(m, "name"));
    VS_TRY(out.enabled, m.boolean("enabled"));
    VS_TRY(out.services, names(m, "services", max_services));
    VS_TRY(out.desired_version, m.integer("desired_version", {.least = 0}));
    VS_TRY(out.created, m.time("created"));
    VS_TRY_VOID(m.finish());
    return out;
}

json::Value ManagedHost::to_json() const {
    return json::object({{"version", 1},
                         {"id", id},
                         {"name", name},
                         {"cluster", cluster},
                         {"client_key", client_key},
                         {"attested_id", attested_id ? json::Value(attested_id->text) : json::Value()},
                         {"reporting_token", reporting_token},
                         {"reasons", json::Value(reasons)},
                         {"state", state},
                         {"base_image", base_image},
                         {"agent_version", agent_version},
                         {"applied_services_version", applied_services_version},
                         {"last_seen", time_or_null(last_seen)},
                         {"joined", to_text(joined)}});
}

Result<ManagedHost> ManagedHost::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    ManagedHost out;
    VS_TRY_VOID(m.version(1));
    VS_TRY(out.id, inventory::name(m, "id"));
    VS_TRY(out.name, inventory::name(m, "name"));
    VS_TRY(out.cluster, inventory::name(m, "cluster"));
    VS_TRY(out.client_key, short_text(m, "client_key"));
    VS_TRY(auto attested, m.optional_string("attested_id"));
    if (attested)
        out.attested_id = HostId{*std::move(attested)};
    VS_TRY(out.reporting_token, optional_token(m, "reporting_token"));
    VS_TRY(const json::Array* const reasons_array, m.array("reasons"));
    out.reasons = *reasons_array;
    VS_TRY(out.state, short_text(m, "state"));
    VS_TRY(out.base_image, m.optional_string("base_image"));
    VS_TRY(out.agent_version, m.optional_string("agent_version"));
    VS_TRY(out.applied_services_version, m.integer("applied_services_version", {.least = 0}));
    VS_TRY(out.last_seen, m.optional_time("last_seen"));
    VS_TRY(out.joined, m.time("joined"));
    VS_TRY_VOID(m.finish());
    return out;
}

std::string_view to_string(VmState state) {
    switch (state) {
    case VmState::creating:
        return "creating";
    case VmState::stopped:
        return "stopped";
    case VmState::running:
        return "running";
    case VmState::failed:
        return "failed";
    case VmState::deleting:
        return "deleting";
    }
    std::unreachable();
}

Result<VmState> vm_state_from_text(std::string_view text) {
    return enum_from_text(
        {VmState::creating, VmState::stopped, VmState::running, VmState::failed, VmState::deleting},
        text,
        "vm.state");
}

json::Value Vm::to_json() const {
    return json::object({{"version", 1},
                         {"id", id.text},
                         {"name", name},
                         {"host", host},
                         {"provider", provider},
                         {"memory_mib", memory_mib},
                         {"vcpus", vcpus},
                         {"disk_mib", disk_mib},
                         {"image", image},
                         {"state", to_string(state)},
                         {"problem", problem},
                         {"blob", blob},
                         {"context", context ? *context : json::Value()},
                         {"created", to_text(created)},
                         {"changed", to_text(changed)}});
}

Result<Vm> Vm::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    Vm out;
    VS_TRY_VOID(m.version(1));
    VS_TRY(out.id.text, m.string("id"));
    VS_TRY(out.name, inventory::name(m, "name"));
    VS_TRY(out.host, inventory::name(m, "host"));
    VS_TRY(out.provider, inventory::name(m, "provider"));
    VS_TRY(out.memory_mib, m.integer("memory_mib", {.least = 1}));
    VS_TRY(out.vcpus, m.integer("vcpus", {.least = 1}));
    VS_TRY(out.disk_mib, m.integer("disk_mib", {.least = 1}));
    VS_TRY(out.image, m.optional_string("image"));
    VS_TRY(const auto state_text, m.string("state"));
    VS_TRY(out.state, vm_state_from_text(state_text));
    VS_TRY(out.problem, m.optional_string("problem"));
    VS_TRY(out.blob, m.optional_string("blob"));
    VS_TRY(out.context, optional_document(m, "context"));
    VS_TRY(out.created, m.time("created"));
    VS_TRY(out.changed, m.time("changed"));
    VS_TRY_VOID(m.finish());
    if (!is_uuid(out.id.text))
        return fail(Errc::malformed, m.where() + ".id", "not a UUID");
    return out;
}

std::string_view to_string(OrderState state) {
    switch (state) {
    case OrderState::queued:
        return "queued";
    case OrderState::sent:
        return "sent";
    case OrderState::succeeded:
        return "succeeded";
    case OrderState::failed:
        return "failed";
    }
    std::unreachable();
}

json::Value Order::to_json() const {
    return json::object({{"version", 1},
                         {"id", id},
                         {"kind", kind},
                         {"host", host},
                         {"data", data},
                         {"state", to_string(state)},
                         {"result", result ? *result : json::Value()},
                         {"task", task},
                         {"created", to_text(created)},
                         {"changed", to_text(changed)}});
}

Result<Order> Order::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    Order out;
    VS_TRY_VOID(m.version(1));
    VS_TRY(out.id, inventory::name(m, "id"));
    VS_TRY(out.kind, inventory::name(m, "kind"));
    VS_TRY(out.host, inventory::name(m, "host"));
    VS_TRY(const json::Value* const data_value, m.value("data"));
    out.data = *data_value;
    VS_TRY(const auto state_text, m.string("state"));
    VS_TRY(out.state,
           enum_from_text({OrderState::queued, OrderState::sent, OrderState::succeeded, OrderState::failed},
                          state_text,
                          m.where() + ".state"));
    VS_TRY(out.result, optional_document(m, "result"));
    VS_TRY(out.task, m.optional_string("task"));
    VS_TRY(out.created, m.time("created"));
    VS_TRY(out.changed, m.time("changed"));
    VS_TRY_VOID(m.finish());
    return out;
}

json::Value ServiceEntry::to_json() const {
    return json::object({{"version", 1},
                         {"id", id},
                         {"kind", kind},
                         {"address", address.to_json()},
                         {"group", group},
                         {"trust_authority_cluster", trust_authority_cluster},
                         {"trusted_ca", json::array_of(trusted_ca)},
                         {"services_information", services_information}});
}

Result<ServiceEntry> ServiceEntry::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    ServiceEntry out;
    VS_TRY_VOID(m.version(1));
    VS_TRY(out.id, inventory::name(m, "id"));
    VS_TRY(out.kind, m.string("kind"));
    VS_TRY(const json::Value* const address_value, m.value("address"));
    VS_TRY(out.address, NetworkAddress::from_json(*address_value, m.where() + ".address"));
    VS_TRY(out.group, short_text(m, "group"));
    VS_TRY(out.trust_authority_cluster, short_text(m, "trust_authority_cluster"));
    VS_TRY(out.trusted_ca, pems(m, "trusted_ca", max_chain));
    VS_TRY(const json::Value* const document, m.optional_value("services_information"));
    VS_TRY_VOID(m.finish());
    if (document != nullptr)
        out.services_information = *document;
    if (out.kind != "attestation" && out.kind != "kms")
        return fail(Errc::malformed, m.where() + ".kind", "neither attestation nor kms");
    return out;
}

} // namespace vouchsafe::inventory

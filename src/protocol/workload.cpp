#include "protocol/workload.h"

#include "json/members.h"
#include "protocol/parts.h"

#include <algorithm>
#include <array>
#include <span>

namespace vouchsafe::protocol {

namespace {

constexpr std::size_t max_results = 64;
constexpr std::size_t max_label = 64;
constexpr std::int64_t max_wait = 60;
constexpr std::array<std::string_view, 4> host_states{"trusted", "pending", "refused", "unknown"};
constexpr std::array<std::string_view, 3> vm_states{"stopped", "running", "failed"};

Result<std::string>
one_of(json::Members& m, std::string_view member, std::span<const std::string_view> words) {
    VS_TRY(std::string value, m.string(member));
    if (std::ranges::find(words, value) == words.end())
        return fail(Errc::malformed, at(m, member), "not one of its words");
    return value;
}

json::Value problem_to_json(const OrderProblem& problem) {
    return json::object({{"code", problem.code},
                         {"message", problem.message},
                         {"reasons", json::Value(reasons_to_json(problem.reasons))}});
}

Result<OrderProblem> read_problem(json::Members m) {
    OrderProblem out;
    VS_TRY(out.code, word(m, "code"));
    VS_TRY(out.message, text(m, "message"));
    VS_TRY(const json::Array* const reasons, m.array("reasons"));
    VS_TRY_VOID(m.finish());
    VS_TRY(out.reasons, reasons_from_json(*reasons, at(m, "reasons")));
    return out;
}

Result<CreatedKey> read_created(json::Members m) {
    CreatedKey out;
    VS_TRY(out.blob, bytes(m, "blob", {1, max_ciphertext_bytes}));
    VS_TRY(const json::Value* const context, m.value("context"));
    VS_TRY_VOID(m.finish());
    VS_TRY(out.context, Context::from_json(*context, at(m, "context")));
    return out;
}

json::Value vm_to_json(const VmReport& vm) {
    return json::object({{"vm", vm.vm.text}, {"state", vm.state}, {"problem", vm.problem}});
}

Result<VmReport> vm_from_json(const json::Value& value, const std::string& where) {
    json::Members m(value, where);
    VmReport out;
    VS_TRY(out.vm.text, uuid(m, "vm"));
    VS_TRY(out.state, one_of(m, "state", vm_states));
    VS_TRY(out.problem, optional_text(m, "problem"));
    VS_TRY_VOID(m.finish());
    return out;
}

} // namespace

json::Value JoinRequest::to_json() const {
    return json::object({{"version", 1}, {"token", token}, {"name", name}, {"agent_version", agent_version}});
}

Result<JoinRequest> JoinRequest::from_json(const json::Value& value) {
    json::Members m(value, "join_request");
    JoinRequest out;
    VS_TRY_VOID(m.version(1));
    VS_TRY(out.token, word(m, "token"));
    VS_TRY(out.name, word(m, "name", max_label));
    VS_TRY(out.agent_version, word(m, "agent_version"));
    VS_TRY_VOID(m.finish());
    return out;
}

json::Value JoinAnswer::to_json() const {
    return json::object({{"version", 1}, {"host", host}, {"cluster", cluster}});
}

Result<JoinAnswer> JoinAnswer::from_json(const json::Value& value) {
    json::Members m(value, "join_answer");
    JoinAnswer out;
    VS_TRY_VOID(m.version(1));
    VS_TRY(out.host, word(m, "host"));
    VS_TRY(out.cluster, word(m, "cluster"));
    VS_TRY_VOID(m.finish());
    return out;
}

json::Value OrderResult::to_json() const {
    json::Value key;
    if (created)
        key = json::object({{"blob", to_base64(created->blob)}, {"context", created->context.to_json()}});
    return json::object({{"order", order},
                         {"problem", problem ? problem_to_json(*problem) : json::Value()},
                         {"created", std::move(key)}});
}

Result<OrderResult> OrderResult::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    OrderResult out;
    VS_TRY(out.order, word(m, "order"));
    VS_TRY(auto problem_members, m.optional_object("problem"));
    VS_TRY(auto created_members, m.optional_object("created"));
    VS_TRY_VOID(m.finish());
    if (problem_members) {
        VS_TRY(out.problem, read_problem(*std::move(problem_members)));
    }
    if (created_members) {
        VS_TRY(out.created, read_created(*std::move(created_members)));
    }
    return out;
}

json::Value PollRequest::to_json() const {
    return json::object(
        {{"version", 1},
         {"label", label},
         {"agent_version", agent_version},
         {"state", state},
         {"reporting_token", reporting_token},
         {"reasons", json::Value(reasons_to_json(reasons))},
         {"vms", json::array_of(vms, vm_to_json)},
         {"applied_version", applied_version},
         {"services_version", services_version},
         {"results", json::array_of(results, [](const OrderResult& result) { return result.to_json(); })},
         {"wait", wait}});
}

Result<PollRequest> PollRequest::from_json(const json::Value& value) {
    json::Members m(value, "poll_request");
    PollRequest out;
    VS_TRY_VOID(m.version(1));
    VS_TRY(out.label, protocol::label(m, "label", max_label));
    VS_TRY(out.agent_version, word(m, "agent_version"));
    VS_TRY(out.state, one_of(m, "state", host_states));
    VS_TRY(out.reporting_token, optional_text(m, "reporting_token", max_token_bytes));
    VS_TRY(const json::Array* const reasons_array, m.array("reasons"));
    VS_TRY(out.reasons, reasons_from_json(*reasons_array, at(m, "reasons")));
    VS_TRY(out.vms, m.list<VmReport>("vms", max_vms, vm_from_json));
    VS_TRY(out.applied_version, m.integer("applied_version", {.least = 0}));
    VS_TRY(out.services_version, m.integer("services_version", {.least = 0}));
    VS_TRY(out.results, m.list<OrderResult>("results", max_results, [](const auto& item, const auto& where) {
        return OrderResult::from_json(item, where);
    }));
    VS_TRY(out.wait, m.integer("wait", {.least = 0, .most = max_wait}));
    VS_TRY_VOID(m.finish());
    return out;
}

json::Value PollAnswer::to_json() const {
    return json::object({{"version", 1}, {"orders", json::array_of(orders, [](const HostOrder& order) {
                                              return order.to_json();
                                          })}});
}

Result<PollAnswer> PollAnswer::from_json(const json::Value& value) {
    json::Members m(value, "poll_answer");
    PollAnswer out;
    VS_TRY_VOID(m.version(1));
    VS_TRY(out.orders, m.list<HostOrder>("orders", max_orders, [](const auto& item, const auto& where) {
        return HostOrder::from_json(item, where);
    }));
    VS_TRY_VOID(m.finish());
    return out;
}

} // namespace vouchsafe::protocol

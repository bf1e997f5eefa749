// Trusted hosts: joining, polling, what they report, and what they are to be configured with.
#include "api/errors.h"
#include "crypto/digest.h"
#include "json/members.h"
#include "json/parse.h"
#include "manager/workload.h"
#include "token/results.h"

#include <algorithm>

namespace vouchsafe::manager {

namespace {

constexpr std::string_view token_kind = "join-token";
constexpr std::chrono::hours token_life{24};
constexpr std::chrono::seconds attest_limit{60};

using inventory::ManagedHost;

json::Value host_json(const ManagedHost& host) {
    json::Object out{{"host", host.id},
                     {"name", host.name},
                     {"cluster", host.cluster},
                     {"state", host.state},
                     {"base_image", host.base_image},
                     {"reasons", host.reasons},
                     {"agent_version", host.agent_version},
                     {"services_version", host.applied_services_version},
                     {"joined", to_text(host.joined)}};
    out.emplace("attested_id", host.attested_id ? json::Value(host.attested_id->text) : json::Value());
    out.emplace("last_seen", host.last_seen ? json::Value(to_text(*host.last_seen)) : json::Value());
    return json::Value(std::move(out));
}

std::string token_key(std::string_view token) {
    return to_hex(crypto::sha256(as_bytes(token)));
}

// Short enough to type, so two keys may share one: the whole key is compared wherever it counts.
std::string host_id(const std::string& client_key) {
    return "host-" + client_key.substr(0, 12);
}

Result<std::string> client_key(const net::Request& request) {
    if (!request.peer.key_sha256)
        return fail(Errc::unauthenticated, "agent.certificate", "a host shows its client certificate");
    return *request.peer.key_sha256;
}

} // namespace

// A join token is for one host, and is used up by the first that brings it.
Result<json::Value> Workload::join(const net::Request& request) {
    VS_TRY(const std::string key, client_key(request));
    VS_TRY(const json::Value body, json::parse(as_text(request.body), {.bytes = protocol::max_join_bytes}));
    VS_TRY(const protocol::JoinRequest message, protocol::JoinRequest::from_json(body));
    const std::scoped_lock lock(mutex_);
    VS_TRY(const auto stored, parts_.documents.get(token_kind, token_key(message.token)));
    if (!stored)
        return fail(Errc::unauthenticated, "join.token", "the join token is not accepted");
    VS_TRY_VOID(parts_.documents.remove(token_kind, stored->id));
    json::Members members(stored->value, "join_token");
    VS_TRY(const std::string cluster, members.string("cluster"));
    VS_TRY(const SysTime expires, members.time("expires"));
    if (parts_.clock.now() >= expires)
        return fail(Errc::unauthenticated, "join.token", "the join token is not accepted");
    VS_TRY(const auto hosts, hosts_.all());
    for (const ManagedHost& host : hosts)
        if (host.name == message.name && host.client_key != key)
            return fail(
                Errc::exists, "join.name", "there is a host " + message.name + " already; remove it first");
    const std::string id = host_id(key);
    if (const auto known = hosts_.load(id); known && known->client_key != key)
        return fail(Errc::exists, "join.key", "another host has the id that this key would have");
    const ManagedHost host{.id = id,
                           .name = message.name,
                           .cluster = cluster,
                           .client_key = key,
                           .attested_id = {},
                           .reporting_token = {},
                           .reasons = {},
                           .state = "unknown",
                           .base_image = {},
                           .agent_version = message.agent_version,
                           .applied_services_version = 0,
                           .last_seen = parts_.clock.now(),
                           .joined = parts_.clock.now()};
    VS_TRY_VOID(hosts_.save(host.id, host));
    return protocol::JoinAnswer{.host = host.id, .cluster = cluster}.to_json();
}

Result<ManagedHost> Workload::host_of(const net::Request& request) {
    VS_TRY(const std::string key, client_key(request));
    auto host = hosts_.load(host_id(key));
    if (!host || host->client_key != key)
        return fail(Errc::unauthenticated, "agent.unknown", "this host has not joined, or was removed");
    return host;
}

// Only the reporting token counts: it is the authority's word, the rest is the host's own.
void Workload::learn(ManagedHost& host, const protocol::PollRequest& report) {
    host.agent_version = report.agent_version;
    host.last_seen = parts_.clock.now();
    host.applied_services_version = report.services_version;
    host.state = "unknown";
    host.base_image.reset();
    host.reasons = protocol::reasons_to_json(report.reasons);
    const auto services = imported();
    if (!report.reporting_token || !services || !*services)
        return;
    const auto verified = token::verify_reporting(*report.reporting_token,
                                                  (*services)->information().group,
                                                  (*services)->keys(token::KeyUse::report),
                                                  parts_.clock.now());
    if (!verified)
        return;
    host.reporting_token = report.reporting_token;
    host.attested_id = (*verified)->host;
    host.state = token::to_string((*verified)->state);
    if ((*verified)->base_image)
        host.base_image = (*verified)->base_image->text;
    host.reasons = (*verified)->reasons;
}

Result<void> Workload::learn_vms(const ManagedHost& host, const protocol::PollRequest& report) {
    for (const protocol::VmReport& seen : report.vms) {
        auto vm = vms_.load(seen.vm.text);
        if (!vm || vm->host != host.id || !vm->blob || vm->state == inventory::VmState::deleting)
            continue;
        VS_TRY(const inventory::VmState state, inventory::vm_state_from_text(seen.state));
        if (vm->state == state)
            continue;
        vm->state = state;
        vm->problem = seen.problem;
        vm->changed = parts_.clock.now();
        VS_TRY_VOID(vms_.save(vm->id.text, *vm));
    }
    return {};
}

Result<void> Workload::configure_if_needed(const ManagedHost& host, const protocol::PollRequest& report) {
    const auto cluster = clusters_.load(host.cluster);
    VS_TRY(const auto services, imported());
    if (!cluster || !services || !cluster->enabled)
        return {};
    if (report.services_version != services->information().version ||
        report.applied_version != cluster->desired_version)
        parts_.hub.post(
            host.id,
            protocol::ConfigureOrder{.services = services->document(), .version = cluster->desired_version});
    return {};
}

Result<void> Workload::poll(const net::Request& request, net::Reply& reply) {
    VS_TRY(const json::Value body, json::parse(as_text(request.body), {.bytes = protocol::max_poll_bytes}));
    VS_TRY(const protocol::PollRequest report, protocol::PollRequest::from_json(body));
    VS_TRY(ManagedHost host, host_of(request));
    learn(host, report);
    {
        const std::scoped_lock lock(mutex_);
        VS_TRY_VOID(host_of(request)); // it may have been removed meanwhile: no resurrection
        VS_TRY_VOID(hosts_.save(host.id, host));
        VS_TRY_VOID(learn_vms(host, report));
    }
    parts_.hub.take_results(host.id, report.results);
    VS_TRY_VOID(configure_if_needed(host, report));
    parts_.hub.answer_poll(host.id, std::chrono::seconds(report.wait), std::move(reply));
    return {};
}

AgentDoor Workload::agent_door(net::WorkerPool& pool) {
    return [this, &pool](const api::Operation& operation, net::Request request, net::Reply reply) {
        const bool joins = operation.name == "join";
        // A job that the full pool drops ends its reply, which answers 500; hosts try again.
        (void)pool.submit([this, joins, request = std::move(request), reply = std::move(reply)]() mutable {
            if (joins) {
                const auto answer = join(request);
                reply.send(answer ? api::json_answer(200, *answer) : api::error_answer(answer.error()));
            } else if (const auto polled = poll(request, reply); !polled) {
                reply.send(api::error_answer(polled.error()));
            }
        });
    };
}

struct HostOperations {
    static Result<json::Value> create_join_token(Workload& self, const Call& call) {
        const json::Value& spec = *call.find("spec");
        VS_TRY(const inventory::TrustedCluster cluster,
               self.clusters_.load(spec.find("cluster")->as_string()));
        const std::string token = to_hex(self.parts_.random.bytes(20));
        VS_TRY([[maybe_unused]] const auto revision,
               self.parts_.documents.put(
                   token_kind,
                   token_key(token),
                   json::object(
                       {{"cluster", cluster.id}, {"expires", to_text(self.parts_.clock.now() + token_life)}}),
                   0));
        return json::Value(token);
    }

    static Result<ManagedHost> find(Workload& self, const std::string& name_or_id) {
        VS_TRY(const auto hosts, self.hosts_.all());
        for (const ManagedHost& host : hosts)
            if (host.id == name_or_id || host.name == name_or_id)
                return host;
        return fail(Errc::not_found, "host", "there is no host " + name_or_id);
    }

    static Result<json::Value> remove(Workload& self, const Call& call) {
        VS_TRY(const ManagedHost host, find(self, call.text("host")));
        VS_TRY(const auto vms, self.vms_.all());
        if (std::ranges::any_of(vms, [&](const inventory::Vm& vm) { return vm.host == host.id; }))
            return fail(Errc::busy, "host.vms", "the host has virtual machines; delete them first");
        const std::scoped_lock lock(self.mutex_);
        VS_TRY_VOID(self.hosts_.remove(host.id));
        self.parts_.hub.forget(host.id);
        return json::Value();
    }

    static Result<json::Value> attest(Workload& self, const Call& call) {
        VS_TRY(const ManagedHost host, find(self, call.text("host")));
        VS_TRY(const protocol::OrderResult result,
               self.parts_.hub.carry_out(host.id, protocol::AttestOrder{}, attest_limit));
        if (result.problem)
            return fail(Errc::untrusted, result.problem->code, text_of(*result.problem));
        VS_TRY(const ManagedHost after, find(self, host.id));
        return host_json(after);
    }
};

void Workload::add_host_operations(Operations& operations) {
    using H = HostOperations;
    operations.add(
        "vouchsafe.join_tokens", "create", [this](const Call& c) { return H::create_join_token(*this, c); });
    operations.add("vouchsafe.hosts", "list", [this](const Call&) -> Result<json::Value> {
        VS_TRY(const auto hosts, hosts_.all());
        return json::array_of(hosts, host_json);
    });
    operations.add("vouchsafe.hosts", "get", [this](const Call& call) -> Result<json::Value> {
        VS_TRY(const ManagedHost host, H::find(*this, call.text("host")));
        return host_json(host);
    });
    operations.add("vouchsafe.hosts", "delete", [this](const Call& call) { return H::remove(*this, call); });
    operations.add("vouchsafe.hosts", "attest", [this](const Call& call) { return H::attest(*this, call); });
}

} // namespace vouchsafe::manager

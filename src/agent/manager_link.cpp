#include "agent/manager_link.h"

#include "json/parse.h"
#include "json/write.h"

#include <algorithm>
#include <utility>

namespace vouchsafe::agent {

namespace {

constexpr std::chrono::seconds answer_limit{30};
constexpr std::size_t done_kept = 128;

protocol::OrderProblem problem_of(const Error& error, const Trust& trust) {
    protocol::OrderProblem out{.code = error.where,
                               .message =
                                   error.detail.empty() ? std::string(to_string(error.code)) : error.detail,
                               .reasons = {}};
    if (error.where == "host.not_trusted")
        out.reasons = trust.report().reasons;
    return out;
}

Error no_hypervisor() {
    return {.code = Errc::unsupported, .where = "host.no_hypervisor", .detail = "this host runs no VMs"};
}

/// What a carried out order leaves to tell; only vm.create and vm.rewrap leave something.
using Outcome = Result<std::optional<protocol::CreatedKey>>;

Outcome nothing_or_error(Result<void> result) {
    if (!result)
        return std::unexpected(std::move(result).error());
    return std::nullopt;
}

struct CarryOut {
    Trust& trust;
    Vms* vms;

    Outcome operator()(const protocol::ConfigureOrder& order) const {
        return nothing_or_error(trust.configure(order.services, order.version));
    }

    /// Carried out only when this host is trusted afterwards: whoever gave the order wants to know.
    Outcome operator()(const protocol::AttestOrder&) const {
        VS_TRY_VOID(trust.attest());
        const Standing standing = trust.report().standing;
        if (standing != Standing::trusted)
            return fail(Errc::denied, "host.not_trusted", "this host is " + std::string(to_string(standing)));
        return std::nullopt;
    }

    Outcome operator()(const protocol::VmCreateOrder& order) const {
        if (vms == nullptr)
            return std::unexpected(no_hypervisor());
        VS_TRY(auto created, vms->create(order));
        return created;
    }

    Outcome operator()(const protocol::VmRewrapOrder& order) const {
        if (vms == nullptr)
            return std::unexpected(no_hypervisor());
        VS_TRY(auto rewrapped, vms->rewrap(order.vm));
        return rewrapped;
    }

    Outcome operator()(const protocol::VmStartOrder& order) const { return on_vm(order.vm, &Vms::start); }

    Outcome operator()(const protocol::VmStopOrder& order) const { return on_vm(order.vm, &Vms::stop); }

    Outcome operator()(const protocol::VmDeleteOrder& order) const { return on_vm(order.vm, &Vms::remove); }

private:
    Outcome on_vm(const VmId& vm, Result<void> (Vms::*act)(const VmId&)) const {
        if (vms == nullptr)
            return std::unexpected(no_hypervisor());
        return nothing_or_error((vms->*act)(vm));
    }
};

} // namespace

Result<protocol::JoinAnswer> join(Peer& manager, const protocol::JoinRequest& request) {
    VS_TRY(auto answer,
           manager.post({.target = protocol::join_path,
                         .body = json::canonical(request.to_json()),
                         .limit = answer_limit}));
    VS_TRY(const Buffer body, expect_ok(std::move(answer)));
    VS_TRY(const json::Value value, json::parse(as_text(body), {.bytes = protocol::max_join_bytes}));
    return protocol::JoinAnswer::from_json(value);
}

ManagerLink::ManagerLink(Facts facts, Parts parts) : facts_(std::move(facts)), parts_(parts) {}

protocol::PollRequest ManagerLink::request() const {
    TrustReport trust = parts_.trust.report();
    protocol::PollRequest out{
        .label = facts_.label,
        .agent_version = facts_.agent_version,
        .state = std::string(to_string(trust.standing)),
        .reporting_token = std::move(trust.reporting_token),
        .reasons = std::move(trust.reasons),
        .vms = {},
        .applied_version = trust.applied_version,
        .services_version = trust.services_version,
        .results = results_,
        .wait = results_.empty() ? facts_.wait.count() : 0,
    };
    if (parts_.vms != nullptr) {
        if (auto vms = parts_.vms->report())
            out.vms = std::move(*vms);
    }
    return out;
}

Result<void> ManagerLink::poll() {
    VS_TRY(auto answer,
           parts_.manager.post({.target = protocol::poll_path,
                                .body = json::canonical(request().to_json()),
                                .limit = facts_.wait + answer_limit}));
    VS_TRY(const Buffer body, expect_ok(std::move(answer)));
    VS_TRY(const json::Value value, json::parse(as_text(body), {.bytes = protocol::max_poll_bytes}));
    VS_TRY(const auto orders, protocol::PollAnswer::from_json(value));
    results_.clear();
    for (const protocol::HostOrder& order : orders.orders)
        results_.push_back(carry_out(order));
    return {};
}

protocol::OrderResult ManagerLink::carry_out(const protocol::HostOrder& order) {
    const auto known = std::ranges::find(done_, order.id, &protocol::OrderResult::order);
    if (known != done_.end())
        return *known;
    protocol::OrderResult result{.order = order.id, .problem = {}, .created = {}};
    Outcome outcome = std::visit(CarryOut{.trust = parts_.trust, .vms = parts_.vms}, order.data);
    if (outcome)
        result.created = std::move(*outcome);
    else
        result.problem = problem_of(outcome.error(), parts_.trust);
    if (done_.size() == done_kept)
        done_.pop_front();
    done_.push_back(result);
    return result;
}

} // namespace vouchsafe::agent

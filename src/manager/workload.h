// What the workload management server does: the registry of authority services, trusted clusters, hosts and
// VMs. It orders by data and holds nothing that yields a key.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "inventory/ports.h"
#include "inventory/workload.h"
#include "manager/authority_link.h"
#include "manager/order_hub.h"
#include "manager/server.h"
#include "protocol/workload.h"
#include "token/services.h"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace vouchsafe::manager {

struct WorkloadParts {
    inventory::Documents& documents;
    const TokenService& tokens;
    const Clock& clock;
    Random& random;
    OrderHub& hub;
    std::string name;                       ///< of this server
    std::chrono::seconds create_limit{300}; ///< for a host to create a VM and its disk
};

/// Values of one kind among the documents, typed.
template <class T> class Shelf {
public:
    Shelf(inventory::Documents& documents, std::string_view kind) : documents_(documents), kind_(kind) {}

    /// `not_found` at the kind.
    Result<T> load(std::string_view id) {
        VS_TRY(const auto document, documents_.get(kind_, id));
        if (!document)
            return fail(Errc::not_found, kind_, "there is no " + std::string(kind_) + " " + std::string(id));
        return T::from_json(document->value);
    }

    /// `malformed` for what could not be read again: it would spoil every list that it is in.
    Result<void> save(std::string_view id, const T& value, std::int64_t expected = inventory::any_revision) {
        const json::Value document = value.to_json();
        VS_TRY_VOID(T::from_json(document));
        VS_TRY([[maybe_unused]] const auto revision, documents_.put(kind_, id, document, expected));
        return {};
    }

    Result<std::vector<T>> all() {
        VS_TRY(const auto documents, documents_.list(kind_));
        std::vector<T> out;
        for (const inventory::Document& document : documents) {
            VS_TRY(T value, T::from_json(document.value));
            out.push_back(std::move(value));
        }
        return out;
    }

    Result<void> remove(std::string_view id) { return documents_.remove(kind_, id); }

private:
    inventory::Documents& documents_;
    std::string_view kind_;
};

/// Safe for several threads: one lock around changes of hosts and VMs, not held while a host works.
class Workload {
public:
    explicit Workload(WorkloadParts parts)
        : parts_(std::move(parts)), clusters_(parts_.documents, "cluster"), hosts_(parts_.documents, "host"),
          vms_(parts_.documents, "vm"), services_(parts_.documents, "service") {}

    void add_operations(Operations& operations);

    /// At start: no VM is being created any more, so those that were have failed.
    Result<void> give_up_unfinished();

    /// The door for hosts, run in a pool.
    AgentDoor agent_door(net::WorkerPool& pool);

private:
    friend struct RegistryOperations;
    friend struct HostOperations;
    friend struct VmOperations;

    // registry.cpp
    void add_registry_operations(Operations& operations);
    Result<std::shared_ptr<const token::VerifiedServices>> imported();
    Result<json::Value> import_services(const Call& call);

    // hosts.cpp
    void add_host_operations(Operations& operations);
    Result<json::Value> join(const net::Request& request);
    Result<void> poll(const net::Request& request, net::Reply& reply);
    Result<inventory::ManagedHost> host_of(const net::Request& request);
    void learn(inventory::ManagedHost& host, const protocol::PollRequest& report);
    Result<void> learn_vms(const inventory::ManagedHost& host, const protocol::PollRequest& report);
    Result<void> configure_if_needed(const inventory::ManagedHost& host, const protocol::PollRequest& report);

    // vms.cpp
    void add_vm_operations(Operations& operations);
    Result<inventory::Vm> find_vm(const std::string& name_or_id);
    Result<json::Value> create_vm(const Call& call);
    Result<json::Value>
    order_vm(const Call& call, protocol::OrderData (*make)(const VmId&), inventory::VmState after);
    Result<json::Value> rewrap_vm(const Call& call);
    Result<json::Value> delete_vm(const Call& call);
    Result<protocol::OrderResult> ordered(const inventory::Vm& vm, protocol::OrderData data);
    Result<inventory::Vm> change_vm(const VmId& id, const std::function<void(inventory::Vm&)>& change);
    Result<void> forget_vm(const VmId& id);

    WorkloadParts parts_;
    Shelf<inventory::TrustedCluster> clusters_;
    Shelf<inventory::ManagedHost> hosts_;
    Shelf<inventory::Vm> vms_;
    Shelf<inventory::ServiceEntry> services_;
    std::mutex mutex_;
    std::shared_ptr<const token::VerifiedServices> imported_; ///< cache of the verified document
};

} // namespace vouchsafe::manager

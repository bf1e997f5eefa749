// A hypervisor, its disks and a workload manager in memory, for tests of the agent.
#pragma once

#include "agent/peer.h"
#include "hypervisor/disk_images.h"
#include "hypervisor/hypervisor.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/workload.h"

#include <chrono>
#include <deque>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::test {

struct FakeHypervisor final : hypervisor::Hypervisor {
    struct Vm {
        hypervisor::DomainSpec spec;
        hypervisor::VmState state = hypervisor::VmState::stopped;
    };

    std::map<std::string, Vm> vms;
    std::map<std::string, std::string> passphrases; ///< by disk, as FakeDisks made them
    bool refuses_definitions = false;
    bool deaf_guests = false;
    std::vector<hypervisor::StopMode> stops;

    Result<void> define(const hypervisor::DomainSpec& spec) override {
        if (refuses_definitions)
            return fail(Errc::unavailable, "hypervisor.define");
        VS_TRY([[maybe_unused]] const auto xml, hypervisor::domain_xml(spec));
        vms.emplace(spec.id.text, Vm{.spec = spec});
        return {};
    }

    Result<std::chrono::milliseconds> start(const VmId& vm, const Secret& passphrase) override {
        VS_TRY(Vm* const found, find(vm));
        const std::string& right = passphrases[found->spec.disk.native()];
        if (passphrase.expose([&right](Bytes text) { return as_text(text) != right; }))
            return fail(Errc::denied, "hypervisor.passphrase");
        found->state = hypervisor::VmState::running;
        return std::chrono::milliseconds(1);
    }

    Result<void> stop(const VmId& vm, hypervisor::StopMode mode, std::chrono::seconds) override {
        VS_TRY(Vm* const found, find(vm));
        stops.push_back(mode);
        if (deaf_guests && mode == hypervisor::StopMode::graceful)
            return fail(Errc::timed_out, "hypervisor.stop");
        found->state = hypervisor::VmState::stopped;
        return {};
    }

    Result<void> set_key_record(const VmId& vm, const std::string& record) override {
        VS_TRY(Vm* const found, find(vm));
        found->spec.key_record = record;
        return {};
    }

    Result<void> undefine(const VmId& vm) override {
        VS_TRY(Vm* const found, find(vm));
        if (found->state != hypervisor::VmState::stopped)
            return fail(Errc::conflict, "hypervisor.undefine");
        vms.erase(vm.text);
        return {};
    }

    Result<hypervisor::VmState> state(const VmId& vm) override {
        VS_TRY(Vm* const found, find(vm));
        return found->state;
    }

    Result<std::vector<hypervisor::VmStatus>> list() override {
        std::vector<hypervisor::VmStatus> out;
        for (const auto& [id, vm] : vms)
            out.push_back({.id = {id}, .name = vm.spec.name, .state = vm.state});
        return out;
    }

private:
    Result<Vm*> find(const VmId& vm) {
        const auto found = vms.find(vm.text);
        if (found == vms.end())
            return fail(Errc::not_found, "hypervisor.vm");
        return &found->second;
    }
};

struct FakeDisks final : hypervisor::DiskImages {
    explicit FakeDisks(FakeHypervisor& used_by) : hypervisor(used_by) {}

    FakeHypervisor& hypervisor;
    std::vector<hypervisor::DiskRequest> requests;
    bool full = false;
    std::optional<Error> bad_header;

    Result<void> create(const hypervisor::DiskRequest& request,
                        const Secret& passphrase,
                        const hypervisor::Progress&) override {
        requests.push_back(request);
        if (full)
            return fail(Errc::unavailable, "disk.qemu_img");
        std::ofstream(request.path) << "disk";
        hypervisor.passphrases[request.path.native()] =
            passphrase.expose([](Bytes text) { return std::string(as_text(text)); });
        return {};
    }

    Result<hypervisor::DiskFacts> check(const std::filesystem::path&) override {
        if (bad_header)
            return std::unexpected(*bad_header);
        return hypervisor::DiskFacts{};
    }
};

/// A workload manager that hands out what the test puts in.
struct FakeManager final : agent::Peer {
    std::deque<protocol::HostOrder> orders;
    std::vector<protocol::PollRequest> polls;
    bool down = false;
    bool loses_the_answer = false; ///< the next poll arrives, its answer does not

    Result<agent::PeerAnswer> post(agent::PeerRequest request) override {
        if (down)
            return fail(Errc::unavailable, "net.connect");
        VS_CHECK(request.target == protocol::poll_path);
        VS_TRY(const json::Value value, json::parse(request.body));
        VS_TRY(auto poll, protocol::PollRequest::from_json(value));
        polls.push_back(std::move(poll));
        if (std::exchange(loses_the_answer, false))
            return fail(Errc::timed_out, "net.deadline");
        const protocol::PollAnswer answer{.orders = {orders.begin(), orders.end()}};
        orders.clear();
        return agent::PeerAnswer{.status = 200,
                                 .body = to_buffer(as_bytes(json::canonical(answer.to_json())))};
    }
};

} // namespace vouchsafe::test

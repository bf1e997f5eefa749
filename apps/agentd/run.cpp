#include "run.h"

#include "agent/config.h"
#include "agent/https_peer.h"
#include "agent/loops.h"
#include "base/version.h"
#include "crypto/random.h"
#include "net/cancel.h"
#include "net/process.h"
#include "net/system_clock.h"
#include "store/files.h"
#include "tpmdev/tpm_device.h"

#include <fmt/core.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <memory>
#include <thread>
#include <utility>

namespace vouchsafe::agentd {

namespace {

using namespace agent;

constexpr std::size_t config_max = 64U << 10U;
constexpr std::size_t anchor_max = 4096;
constexpr std::size_t token_max = 4096;
constexpr std::chrono::seconds poll_wait{5}; // so that a change of this host's standing is told soon
constexpr std::chrono::seconds join_pause{2};

Result<std::optional<std::string>> optional_file(const std::string& path) {
    const auto content = store::read_file(path, anchor_max);
    if (content)
        return std::string(as_text(*content));
    if (content.error().code == Errc::not_found)
        return std::nullopt;
    return std::unexpected(content.error());
}

/// The anchor of this host, from wherever it is set.
Result<std::string> anchor_of(const AgentState& state, const std::optional<std::filesystem::path>& file) {
    AnchorSources sources;
    VS_TRY(sources.built_in, optional_file(std::string(built_in_anchor_file)));
    VS_TRY(sources.joined, state.anchor());
    if (file) {
        VS_TRY(const Buffer content, store::read_file(*file, anchor_max));
        sources.configured = std::string(as_text(content));
    }
    return choose_anchor(sources);
}

Result<Joined> join_now(Peer& manager, const std::string& token, const std::string& label, const Joined& as) {
    VS_TRY(
        const auto answer,
        agent::join(manager, {.token = token, .name = label, .agent_version = std::string(program_version)}));
    Joined joined = as;
    joined.host = answer.host;
    joined.cluster = answer.cluster;
    return joined;
}

std::string url_text(const ManagerAddress& manager) {
    return "https://" + net::to_text(manager.url.endpoint);
}

/// The manager that this host is to serve: the configured one, else the one that it joined.
Result<ManagerAddress> manager_of(const AgentConfig& config, const std::optional<Joined>& joined) {
    if (config.manager)
        return *config.manager;
    if (joined)
        return ManagerAddress::create(joined->manager, joined->pin);
    return fail(Errc::not_found, "agent.manager", "no workload manager is configured, and none was joined");
}

/// Joins unless that was done, trying again while the manager cannot be reached.
Result<void> ensure_joined(const std::stop_token& stop,
                           const AgentConfig& config,
                           const AgentState& state,
                           const ManagerAddress& address,
                           Peer& manager) {
    VS_TRY(const auto before, state.joined());
    if (before && before->manager == url_text(address))
        return {};
    if (!config.token)
        return fail(
            Errc::unauthenticated, "agent.token", "this host has not joined its manager and has no token");
    const Joined as{.manager = url_text(address), .pin = address.pin, .host = {}, .cluster = {}};
    while (!stop.stop_requested()) {
        const auto joined = join_now(manager, *config.token, config.label, as);
        if (joined)
            return state.save_joined(*joined);
        if (!is_unreachable(joined.error()))
            return std::unexpected(joined.error());
        spdlog::warn("workload manager: " + joined.error().where + ": " + joined.error().detail);
        rest(stop, join_pause);
    }
    return {};
}

/// Libvirt and what stands on it; absent on a host that runs no VMs.
struct VmHost {
    std::unique_ptr<hypervisor::Hypervisor> hypervisor;
    std::unique_ptr<hypervisor::DiskImages> disks;
    std::unique_ptr<Vms> vms;
};

Result<VmHost> make_vm_host(const std::optional<VmHostConfig>& config, Trust& trust, Random& random) {
    VmHost out;
    if (!config)
        return out;
    VS_TRY(out.hypervisor, hypervisor::connect_libvirt(config->libvirt));
    out.disks = hypervisor::make_qemu_disk_images({});
    out.vms = std::make_unique<Vms>(
        *config,
        Vms::Parts{.keys = trust, .hypervisor = *out.hypervisor, .disks = *out.disks, .random = random});
    return out;
}

Result<net::ResolveMap> resolve_map(const std::vector<std::string>& items) {
    net::ResolveMap out;
    for (const std::string& item : items) {
        const auto equals = item.find('=');
        if (equals == std::string::npos)
            return fail(Errc::malformed, "resolve", "--resolve takes NAME=ADDRESS");
        out.emplace(item.substr(0, equals), item.substr(equals + 1));
    }
    return out;
}

/// The first line of a file, or of standard input for "-": a one-time token never stands on a command line,
/// where every user of this machine could read it.
Result<std::string> token_from(const std::string& file) {
    std::string text;
    if (file == "-") {
        std::getline(std::cin, text);
    } else {
        VS_TRY(const Buffer content, store::read_file(file, token_max));
        text = as_text(content);
    }
    text = text.substr(0, text.find_first_of("\r\n"));
    if (text.empty())
        return fail(Errc::malformed, "token", "no token in " + (file == "-" ? "standard input" : file));
    return text;
}

} // namespace

Result<void> join(const JoinOptions& options) {
    const net::SystemClock clock;
    net::Cancellation cancellation;
    VS_TRY(const auto address, ManagerAddress::create(options.manager, options.pin));
    VS_TRY(auto resolve, resolve_map(options.resolve));
    VS_TRY(const std::string token, token_from(options.token_file));
    VS_TRY(const auto state, AgentState::open(options.state));
    AnchorSources sources{.built_in = {}, .configured = options.anchor, .joined = {}};
    VS_TRY(sources.built_in, optional_file(std::string(built_in_anchor_file)));
    VS_TRY(const std::string anchor, choose_anchor(sources));
    VS_TRY(auto identity, state.client_identity(options.label, clock.now()));
    VS_TRY(const auto manager,
           make_manager_peer(
               address, std::move(identity), {.resolve = std::move(resolve), .cancellation = &cancellation}));
    VS_TRY(const auto joined,
           join_now(*manager,
                    token,
                    options.label,
                    {.manager = url_text(address), .pin = address.pin, .host = {}, .cluster = {}}));
    VS_TRY_VOID(state.save_anchor(anchor));
    VS_TRY_VOID(state.save_joined(joined));
    fmt::print("joined {} as {} in {}\n", joined.manager, joined.host, joined.cluster);
    return {};
}

Result<void> run(const std::string& config_file) {
    spdlog::set_default_logger(spdlog::stderr_logger_mt("vouchsafe-agentd"));
    net::StopSignal stop_signal; // before any thread
    const net::SystemClock clock;
    crypto::SystemRandom random;
    net::Cancellation cancellation;

    VS_TRY(const Buffer text, store::read_file(config_file, config_max));
    VS_TRY(const auto config, AgentConfig::parse(as_text(text)));
    VS_TRY(const auto state, AgentState::open(config.state));
    VS_TRY(const std::string anchor, anchor_of(state, config.anchor_file));
    VS_TRY(const auto joined, state.joined());
    VS_TRY(const auto address, manager_of(config, joined));

    VS_TRY(auto device, tpmdev::TpmDevice::open(config.tcti));
    const auto tpm = make_tpm(std::make_shared<tpmdev::TpmDevice>(std::move(device)));
    const auto platform = make_linux_platform(
        {.firmware = config.firmware_log, .ima = config.ima_log, .userspace = config.userspace_log});
    VS_TRY(const auto seed, state.attestation_key_seed(random));
    VS_TRY(auto host, identify(*tpm, seed));
    const std::string id = host.id.text;
    Attester attester(
        {.anchor = anchor, .label = config.label, .agent_version = std::string(program_version)},
        std::move(host),
        *tpm,
        *platform);

    const Dialling dialling{.resolve = config.resolve, .cancellation = &cancellation};
    const auto dialer = make_authority_dialer(dialling);
    VS_TRY(auto identity, state.client_identity(config.label, clock.now()));
    VS_TRY(const auto manager, make_manager_peer(address, std::move(identity), dialling));

    Trust trust(anchor,
                {.state = state, .attester = attester, .dialer = *dialer, .clock = clock, .random = random});
    VS_TRY_VOID(trust.restore());
    VS_TRY(const VmHost vm_host, make_vm_host(config.vms, trust, random));
    ManagerLink link(
        {.label = config.label, .agent_version = std::string(program_version), .wait = poll_wait},
        {.manager = *manager, .trust = trust, .vms = vm_host.vms.get()});

    Result<void> served;
    {
        const std::jthread attesting([&](const std::stop_token& stop) { keep_trust(stop, trust, clock); });
        const std::jthread serving([&](const std::stop_token& stop) {
            served = ensure_joined(stop, config, state, address, *manager);
            if (served)
                serve_manager(stop, link);
            else
                (void)::kill(::getpid(), SIGTERM); // to the process: the main thread waits for it
        });
        fmt::print("ready vouchsafe-agentd {}\n", id);
        std::fflush(stdout);
        stop_signal.wait();
        cancellation.cancel(); // ends what waits for an answer; the threads are stopped and joined here
    }
    return served;
}

} // namespace vouchsafe::agentd

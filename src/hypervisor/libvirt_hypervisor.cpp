#include "hypervisor/hypervisor.h"
#include "hypervisor/libvirt_events.h"
#include "hypervisor/libvirt_table.h"
#include "hypervisor/swap.h"

#include <array>
#include <functional>
#include <utility>

namespace vouchsafe::hypervisor {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// A libvirtd that is frozen is noticed after interval * count.
constexpr int keep_alive_interval_seconds = 5;
constexpr unsigned keep_alive_count = 4;
constexpr std::chrono::seconds started_event_limit{30};

template <class T> using Owned = std::unique_ptr<T, std::function<void(T*)>>;
using Connection = std::shared_ptr<virConnect>; // shared: a call goes on with the one it began with
using Domain = Owned<virDomain>;

VmState state_from(int state) {
    switch (state) {
    case VIR_DOMAIN_SHUTOFF:
        return VmState::stopped;
    case VIR_DOMAIN_PAUSED:
    case VIR_DOMAIN_PMSUSPENDED:
        return VmState::paused;
    case VIR_DOMAIN_CRASHED:
        return VmState::crashed;
    default: // running, blocked, shutting down: a guest that is there
        return VmState::running;
    }
}

class LibvirtHypervisor final : public Hypervisor {
public:
    LibvirtHypervisor(std::string uri, const LibvirtTable& libvirt, std::shared_ptr<EventLoop> loop)
        : uri_(std::move(uri)), libvirt_(libvirt), loop_(std::move(loop)) {}

    Result<void> define(const DomainSpec& spec) override {
        VS_TRY(const std::string xml, domain_xml(spec));
        VS_TRY(const Connection connection, connected());
        const bool known =
            own(libvirt_.domain_lookup_by_uuid_string(connection.get(), spec.id.text.c_str())) != nullptr ||
            own(libvirt_.domain_lookup_by_name(connection.get(), spec.name.c_str())) != nullptr;
        if (known)
            return fail(Errc::exists, "hypervisor.define", "a VM of that id or name is defined already");
        if (own(libvirt_.domain_define_xml(connection.get(), xml.c_str())) == nullptr)
            return libvirt_.failure("hypervisor.define");
        return {};
    }

    Result<milliseconds> start(const VmId& vm, const Secret& passphrase) override {
        VS_TRY_VOID(require_no_plain_swap());
        VS_TRY(const Connection connection, connected());
        VS_TRY(const Domain domain, find(connection, vm));
        VS_TRY_VOID(require_startable(domain.get()));
        const auto started_before = events_->seen(vm.text).started;
        const auto begin = Clock::now();
        VS_TRY_VOID(give_secret(connection, vm, passphrase));
        const auto created = libvirt_.domain_create(domain.get()) == 0
                                 ? Result<void>{}
                                 : Result<void>(libvirt_.failure("hypervisor.start"));
        const auto taken_back = take_secret_back(connection, vm);
        if (!created)
            return std::unexpected(created.error());
        if (!taken_back) {
            (void)libvirt_.domain_destroy(domain.get());
            return std::unexpected(taken_back.error());
        }
        return wait_until_started(vm, started_before, begin);
    }

    Result<void> stop(const VmId& vm, StopMode mode, std::chrono::seconds patience) override {
        VS_TRY(const Connection connection, connected());
        VS_TRY(const Domain domain, find(connection, vm));
        VS_TRY(const VmState before, state_of(domain.get()));
        if (before == VmState::stopped)
            return {};
        if (mode == StopMode::force) {
            if (libvirt_.domain_destroy(domain.get()) < 0)
                return libvirt_.failure("hypervisor.stop");
            return {};
        }
        const auto stopped_before = events_->seen(vm.text).stopped;
        if (libvirt_.domain_shutdown(domain.get()) < 0)
            return libvirt_.failure("hypervisor.stop");
        (void)events_->wait(vm.text, Clock::now() + patience, [stopped_before](const auto& seen) {
            return seen.stopped > stopped_before;
        });
        VS_TRY(const VmState after, state_of(domain.get()));
        if (after != VmState::stopped)
            return fail(Errc::timed_out, "hypervisor.stop", "the guest did not shut down; it can be forced");
        return {};
    }

    Result<void> set_key_record(const VmId& vm, const std::string& record) override {
        VS_TRY(const Connection connection, connected());
        VS_TRY(const Domain domain, find(connection, vm));
        const std::string element = metadata_element(record);
        const std::string name(metadata_namespace);
        VS_TRY(const VmState state, state_of(domain.get()));
        const unsigned to = state == VmState::stopped ? VIR_DOMAIN_AFFECT_CONFIG
                                                      : VIR_DOMAIN_AFFECT_CONFIG | VIR_DOMAIN_AFFECT_LIVE;
        if (libvirt_.domain_set_metadata(
                domain.get(), VIR_DOMAIN_METADATA_ELEMENT, element.c_str(), "vouchsafe", name.c_str(), to) <
            0)
            return libvirt_.failure("hypervisor.metadata");
        return {};
    }

    Result<void> undefine(const VmId& vm) override {
        VS_TRY(const Connection connection, connected());
        VS_TRY(const Domain domain, find(connection, vm));
        VS_TRY(const VmState now, state_of(domain.get()));
        if (now != VmState::stopped)
            return fail(Errc::conflict, "hypervisor.undefine", "the VM runs; stop it first");
        if (libvirt_.domain_undefine_flags(
                domain.get(), VIR_DOMAIN_UNDEFINE_KEEP_NVRAM | VIR_DOMAIN_UNDEFINE_MANAGED_SAVE) < 0)
            return libvirt_.failure("hypervisor.undefine");
        return {};
    }

    Result<VmState> state(const VmId& vm) override {
        VS_TRY(const Connection connection, connected());
        VS_TRY(const Domain domain, find(connection, vm));
        return state_of(domain.get());
    }

    Result<std::vector<VmStatus>> list() override {
        VS_TRY(const Connection connection, connected());
        virDomainPtr* raw = nullptr;
        const int count = libvirt_.connect_list_all_domains(connection.get(), &raw, 0);
        if (count < 0)
            return libvirt_.failure("hypervisor.list");
        const std::unique_ptr<virDomainPtr, decltype(&::free)> array(raw, &::free);
        std::vector<Domain> domains;
        for (int i = 0; i < count; ++i)
            domains.push_back(own(raw[i]));
        std::vector<VmStatus> out;
        for (const Domain& domain : domains) {
            if (auto status = status_of(domain.get()))
                out.push_back(std::move(*status));
        }
        return out;
    }

    /// A secret that an agent left behind when it was killed in the middle of a start.
    Result<void> take_back_all_secrets() {
        VS_TRY(const auto vms, list());
        VS_TRY(const Connection connection, connected());
        for (const VmStatus& vm : vms)
            VS_TRY_VOID(take_secret_back(connection, vm.id));
        return {};
    }

private:
    Domain own(virDomainPtr domain) const {
        return {domain, [this](virDomainPtr freed) { (void)libvirt_.domain_free(freed); }};
    }

    Owned<virSecret> own(virSecretPtr secret) const {
        return {secret, [this](virSecretPtr freed) { (void)libvirt_.secret_free(freed); }};
    }

    /// The connection, opened again when libvirtd was restarted.
    Result<Connection> connected() {
        const std::scoped_lock lock(mutex_);
        if (connection_ && libvirt_.connect_is_alive(connection_.get()) == 1)
            return connection_;
        connection_.reset();
        const Connection fresh(libvirt_.connect_open(uri_.c_str()), [this](virConnectPtr closed) {
            if (closed != nullptr)
                (void)libvirt_.connect_close(closed);
        });
        if (!fresh)
            return libvirt_.failure("hypervisor.connect");
        (void)libvirt_.connect_set_keep_alive(fresh.get(), keep_alive_interval_seconds, keep_alive_count);
        if (subscribe(libvirt_, fresh.get(), events_) < 0)
            return libvirt_.failure("hypervisor.events");
        connection_ = fresh;
        return fresh;
    }

    /// Whether the domain carries our metadata: no other is touched.
    bool is_ours(virDomainPtr domain) const {
        const std::string name(metadata_namespace);
        char* text = libvirt_.domain_get_metadata(
            domain, VIR_DOMAIN_METADATA_ELEMENT, name.c_str(), VIR_DOMAIN_AFFECT_CURRENT);
        const std::unique_ptr<char, decltype(&::free)> owned(text, &::free);
        return owned != nullptr;
    }

    Result<Domain> find(const Connection& connection, const VmId& vm) const {
        Domain domain = own(libvirt_.domain_lookup_by_uuid_string(connection.get(), vm.text.c_str()));
        if (!domain)
            return libvirt_.failure("hypervisor.vm");
        if (!is_ours(domain.get()))
            return fail(Errc::not_found, "hypervisor.vm", "the domain of that id was not made by this agent");
        return domain;
    }

    Result<VmState> state_of(virDomainPtr domain) const {
        int state = 0;
        if (libvirt_.domain_get_state(domain, &state, nullptr, 0) < 0)
            return libvirt_.failure("hypervisor.state");
        return state_from(state);
    }

    /// Nothing for a domain that is not ours or has just gone.
    Result<VmStatus> status_of(virDomainPtr domain) const {
        std::array<char, VIR_UUID_STRING_BUFLEN> uuid{};
        const char* name = libvirt_.domain_get_name(domain);
        if (!is_ours(domain) || name == nullptr || libvirt_.domain_get_uuid_string(domain, uuid.data()) < 0)
            return fail(Errc::not_found, "hypervisor.vm");
        VS_TRY(const VmState now, state_of(domain));
        return VmStatus{.id = {uuid.data()}, .name = name, .state = now};
    }

    Result<void> require_startable(virDomainPtr domain) const {
        VS_TRY(const VmState now, state_of(domain));
        if (now != VmState::stopped)
            return fail(Errc::conflict, "hypervisor.running", "the VM runs already");
        const int saved = libvirt_.domain_has_managed_save_image(domain, 0);
        if (saved < 0)
            return libvirt_.failure("hypervisor.managed_save");
        if (saved > 0)
            return fail(Errc::conflict,
                        "hypervisor.managed_save",
                        "the VM's memory lies on disk in plain (managed save); remove that image first");
        return {};
    }

    Result<void> give_secret(const Connection& connection, const VmId& vm, const Secret& passphrase) const {
        VS_TRY_VOID(take_secret_back(connection, vm)); // one that was left behind
        const auto secret = own(libvirt_.secret_define_xml(connection.get(), secret_xml(vm).c_str(), 0));
        if (!secret)
            return libvirt_.failure("hypervisor.secret");
        const int set = passphrase.expose([&](Bytes bytes) {
            return libvirt_.secret_set_value(secret.get(), bytes.data(), bytes.size(), 0);
        });
        if (set == 0)
            return {};
        auto failure = libvirt_.failure("hypervisor.secret");
        (void)libvirt_.secret_undefine(secret.get());
        return failure;
    }

    /// Afterwards libvirt has no secret of this VM; that there was none is no error.
    Result<void> take_secret_back(const Connection& connection, const VmId& vm) const {
        const auto secret = own(libvirt_.secret_lookup_by_uuid_string(connection.get(), vm.text.c_str()));
        if (secret && libvirt_.secret_undefine(secret.get()) == 0)
            return {};
        const auto failure = libvirt_.failure("hypervisor.secret_left");
        if (failure.error().code == Errc::not_found)
            return {};
        return failure;
    }

    Result<milliseconds>
    wait_until_started(const VmId& vm, std::uint64_t started_before, Clock::time_point begin) const {
        const auto seen =
            events_->wait(vm.text, Clock::now() + started_event_limit, [started_before](const auto& now) {
                return now.started > started_before;
            });
        if (seen.started <= started_before)
            return fail(Errc::timed_out, "hypervisor.started", "libvirt did not say that the VM started");
        return std::chrono::duration_cast<milliseconds>(seen.last_start - begin);
    }

    const std::string uri_;
    const LibvirtTable& libvirt_;
    const std::shared_ptr<EventLoop> loop_; // shared by every connection of the process
    const std::shared_ptr<DomainEvents> events_ = std::make_shared<DomainEvents>(); // shared with libvirt
    std::mutex mutex_;
    Connection connection_;
};

} // namespace

std::string_view to_string(VmState state) {
    switch (state) {
    case VmState::stopped:
        return "stopped";
    case VmState::running:
        return "running";
    case VmState::paused:
        return "paused";
    case VmState::crashed:
        return "crashed";
    }
    std::unreachable();
}

Result<std::unique_ptr<Hypervisor>> connect_libvirt(const std::string& uri) {
    VS_TRY(const LibvirtTable* const libvirt, LibvirtTable::load());
    VS_TRY(auto loop, EventLoop::get(*libvirt));
    auto hypervisor = std::make_unique<LibvirtHypervisor>(uri, *libvirt, std::move(loop));
    VS_TRY_VOID(hypervisor->take_back_all_secrets());
    return hypervisor;
}

} // namespace vouchsafe::hypervisor

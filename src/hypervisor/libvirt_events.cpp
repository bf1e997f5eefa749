#include "hypervisor/libvirt_events.h"

#include <array>

namespace vouchsafe::hypervisor {

namespace {

constexpr int tick_milliseconds = 1000;

void on_tick(int, void*) {}

void run(const std::stop_token& stop, const LibvirtTable& libvirt) {
    static std::mutex one_loop; // a new one may begin while the last is ending
    const std::scoped_lock lock(one_loop);
    while (!stop.stop_requested()) {
        if (libvirt.event_run_default_impl() < 0)
            std::this_thread::sleep_for(std::chrono::milliseconds(tick_milliseconds));
    }
}

/// What libvirt carries for us with a subscription.
struct Subscription {
    const LibvirtTable& libvirt;
    std::shared_ptr<DomainEvents>
        events; // shared with the hypervisor, which may end before libvirt's last call
};

void free_subscription(void* opaque) {
    const std::unique_ptr<Subscription> owned(static_cast<Subscription*>(opaque));
}

int on_lifecycle(virConnectPtr, virDomainPtr domain, int event, int, void* opaque) {
    const auto* subscription = static_cast<const Subscription*>(opaque);
    std::array<char, VIR_UUID_STRING_BUFLEN> uuid{};
    if (subscription->libvirt.domain_get_uuid_string(domain, uuid.data()) == 0)
        subscription->events->on_event(uuid.data(), event);
    return 0;
}

} // namespace

Result<std::shared_ptr<EventLoop>> EventLoop::get(const LibvirtTable& libvirt) {
    static std::mutex mutex;
    static std::weak_ptr<EventLoop> current;
    const std::scoped_lock lock(mutex);
    if (auto loop = current.lock())
        return loop;
    const int timer = libvirt.event_add_timeout(tick_milliseconds, on_tick, nullptr, nullptr);
    if (timer < 0)
        return libvirt.failure("hypervisor.event_loop");
    auto loop = std::make_shared<EventLoop>(libvirt, timer);
    current = loop;
    return loop;
}

EventLoop::EventLoop(const LibvirtTable& libvirt, int timer)
    : libvirt_(libvirt), timer_(timer),
      thread_([&libvirt](const std::stop_token& stop) { run(stop, libvirt); }) {}

EventLoop::~EventLoop() {
    thread_.request_stop();
    libvirt_.event_update_timeout(timer_, 0); // wakes the loop
    thread_.join();
    libvirt_.event_remove_timeout(timer_);
}

void DomainEvents::on_event(const std::string& uuid, int event) {
    {
        const std::scoped_lock lock(mutex_);
        Seen& seen = seen_[uuid];
        if (event == VIR_DOMAIN_EVENT_STARTED) {
            ++seen.started;
            seen.last_start = std::chrono::steady_clock::now();
        } else if (event == VIR_DOMAIN_EVENT_STOPPED) {
            ++seen.stopped;
        } else if (event == VIR_DOMAIN_EVENT_UNDEFINED) {
            seen_.erase(uuid);
        }
    }
    changed_.notify_all();
}

DomainEvents::Seen DomainEvents::seen(const std::string& uuid) const {
    const std::scoped_lock lock(mutex_);
    const auto found = seen_.find(uuid);
    return found == seen_.end() ? Seen{} : found->second;
}

int subscribe(const LibvirtTable& libvirt, virConnectPtr connection, std::shared_ptr<DomainEvents> events) {
    auto subscription =
        std::make_unique<Subscription>(Subscription{.libvirt = libvirt, .events = std::move(events)});
    // Every event callback is passed under the generic type, as libvirt's VIR_DOMAIN_EVENT_CALLBACK does.
    const int id = libvirt.connect_domain_event_register_any(
        connection,
        nullptr,
        VIR_DOMAIN_EVENT_ID_LIFECYCLE,
        reinterpret_cast<virConnectDomainEventGenericCallback>(reinterpret_cast<void (*)()>(&on_lifecycle)),
        subscription.get(),
        free_subscription);
    if (id >= 0)
        (void)subscription.release(); // libvirt's now; it calls free_subscription
    return id;
}

} // namespace vouchsafe::hypervisor

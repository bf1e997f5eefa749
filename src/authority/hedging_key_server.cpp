#include "authority/hedging_key_server.h"

#include <array>
#include <optional>
#include <utility>

namespace vouchsafe::authority {

/// Two runners at most; the first good answer, or the last bad one.
template <class Out> struct HedgingKeyServer::Race {
    void land(Result<Out> result) {
        {
            const std::scoped_lock lock(mutex);
            --running;
            if (!answer || !*answer)
                answer = std::move(result);
        }
        landed.notify_all();
    }

    bool over() const { return running == 0 || (answer && *answer); }

    std::mutex mutex{};
    std::condition_variable landed{};
    int running = 1;
    std::optional<Result<Out>> answer{};
};

void HedgingKeyServer::run(std::function<void()> work) {
    const std::scoped_lock lock(mutex_);
    runners_.remove_if([](const Runner& runner) { return runner.done.load(); });
    Runner& runner = runners_.emplace_back();
    runner.thread = std::jthread([&runner, work = std::move(work)] {
        work();
        runner.done = true;
    });
}

template <class Out>
Result<Out> HedgingKeyServer::hedge(const inventory::Provider& provider,
                                    const inventory::Generation& generation,
                                    const Read<Out>& read) {
    const BootTime begun = clock_.boot_now();
    const auto wait = hedging_.begin(provider.uid);
    const auto servers = server_.servers_for(provider);
    if (!wait || !servers || servers->size() < 2) {
        auto out = read(provider, generation);
        if (out)
            hedging_.answered(provider.uid, clock_.boot_now() - begun);
        return out;
    }
    // Shared with a runner that is still waiting when the other has answered, as are the copies.
    const auto race = std::make_shared<Race<Out>>();
    const auto start = [&](inventory::Provider asked) {
        run([race, read, asked = std::move(asked), generation] { race->land(read(asked, generation)); });
    };
    start(provider);
    std::unique_lock lock(race->mutex);
    const auto over = [&race] { return race->over(); };
    const bool slow = !race->landed.wait_for(lock, *wait, over);
    if (slow && !hedging_.take(provider.uid)) {
        ++over_budget_;
    } else if (slow) {
        inventory::Provider others = provider;
        std::erase(others.servers, servers->front()); // which is the one that is slow
        ++race->running;
        ++hedged_;
        lock.unlock();
        start(std::move(others));
        lock.lock();
    }
    race->landed.wait(lock, over);
    Result<Out> out = *std::exchange(race->answer, std::nullopt);
    lock.unlock();
    if (out)
        hedging_.answered(provider.uid, clock_.boot_now() - begun);
    return out;
}

Result<keyprovider::FetchedKey> HedgingKeyServer::fetch(const inventory::Provider& provider,
                                                        const inventory::Generation& generation) {
    if (!generation.check_value)
        return server_.fetch(provider, generation);
    return hedge<keyprovider::FetchedKey>(
        provider,
        generation,
        [&server = server_](const inventory::Provider& asked, const inventory::Generation& of) {
            return server.fetch(asked, of);
        });
}

Result<kmip::Attributes> HedgingKeyServer::attributes(const inventory::Provider& provider,
                                                      const inventory::Generation& generation) {
    return hedge<kmip::Attributes>(
        provider,
        generation,
        [&server = server_](const inventory::Provider& asked, const inventory::Generation& of) {
            return server.attributes(asked, of);
        });
}

} // namespace vouchsafe::authority

#include "authority/key_comparison.h"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace vouchsafe::authority {

void compare_keys(keyprovider::KmipKeyServer& key_server, const inventory::AuthorityState& state) {
    for (const auto& [name, provider] : state.providers)
        if (provider.servers.size() > 1)
            key_server.compare(provider, provider.generations.back());
}

KeyComparison::KeyComparison(keyprovider::KmipKeyServer& key_server,
                             State state,
                             std::chrono::milliseconds interval)
    : thread_([&key_server, state = std::move(state), interval](const std::stop_token& stop) {
          std::mutex mutex;
          std::condition_variable_any tick;
          std::unique_lock lock(mutex);
          while (true) {
              tick.wait_for(lock, stop, interval, [] { return false; });
              if (stop.stop_requested())
                  return;
              compare_keys(key_server, *state());
          }
      }) {}

} // namespace vouchsafe::authority

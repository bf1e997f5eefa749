// The key servers of each provider, compared now and then: all of them must hold the same primary key.
#pragma once

#include "inventory/state.h"
#include "keyprovider/kmip_key_server.h"

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

namespace vouchsafe::authority {

/// Compares the newest generation of every provider that has several key servers, on a thread of its own,
/// every `interval` until it ends. The first time is one interval after the start.
class KeyComparison {
public:
    using State = std::function<std::shared_ptr<const inventory::AuthorityState>()>;

    KeyComparison(keyprovider::KmipKeyServer& key_server,
                  State state,
                  std::chrono::milliseconds interval = std::chrono::minutes{1});

private:
    std::jthread thread_;
};

/// One round of it.
void compare_keys(keyprovider::KmipKeyServer& key_server, const inventory::AuthorityState& state);

} // namespace vouchsafe::authority

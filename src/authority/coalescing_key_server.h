// Equal unwraps under way at once are one question to the key server.
#pragma once

#include "authority/wrapping_key_server.h"

#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace vouchsafe::authority {

/// While a blob is being opened, whoever asks for the same one waits for that
/// answer. Nothing is kept once it is there. Whoever asks was let in by the gate, and is put on record, by
/// itself.
class CoalescingKeyServer final : public WrappingKeyServer {
public:
    using WrappingKeyServer::WrappingKeyServer;

    Result<Secret> open(const inventory::Provider& provider,
                        const inventory::Generation& generation,
                        const keyprovider::AeadInput& input,
                        Bytes sealed) override;

    /// How many wait for another's answer just now.
    std::size_t waiting() const;

private:
    struct Flight;

    mutable std::mutex mutex_;
    std::condition_variable landed_;
    std::map<std::string, std::shared_ptr<Flight>> flights_; ///< by digest of everything that is asked
    std::size_t waiting_ = 0;
};

} // namespace vouchsafe::authority

// Equal unwraps under way at once are one question to the key server.
#pragma once

#include "keyprovider/key_server.h"

#include <condition_variable>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace vouchsafe::authority {

/// Passes everything on; but while a blob is being opened, whoever asks for the same one waits for that
/// answer. Nothing is kept once it is there. Whoever asks was let in by the gate, and is put on record, by
/// itself.
class CoalescingKeyServer final : public keyprovider::KeyServer {
public:
    explicit CoalescingKeyServer(keyprovider::KeyServer& server) : server_(server) {}

    Result<keyprovider::FetchedKey> fetch(const inventory::Provider& provider,
                                          const inventory::Generation& generation) override {
        return server_.fetch(provider, generation);
    }

    Result<kmip::Attributes> attributes(const inventory::Provider& provider,
                                        const inventory::Generation& generation) override {
        return server_.attributes(provider, generation);
    }

    Result<Buffer> seal(const inventory::Provider& provider,
                        const inventory::Generation& generation,
                        const keyprovider::AeadInput& input,
                        const Secret& plain) override {
        return server_.seal(provider, generation, input, plain);
    }

    Result<Secret> open(const inventory::Provider& provider,
                        const inventory::Generation& generation,
                        const keyprovider::AeadInput& input,
                        Bytes sealed) override;

    /// How many wait for another's answer just now.
    std::size_t waiting() const;

private:
    struct Flight;

    keyprovider::KeyServer& server_;
    mutable std::mutex mutex_;
    std::condition_variable landed_;
    std::map<std::string, std::shared_ptr<Flight>> flights_; ///< by digest of everything that is asked
    std::size_t waiting_ = 0;
};

} // namespace vouchsafe::authority

// A key server in front of another: what it does not do itself it passes on.
#pragma once

#include "keyprovider/key_server.h"

namespace vouchsafe::authority {

class WrappingKeyServer : public keyprovider::KeyServer {
public:
    /// `wrapped` outlives it.
    explicit WrappingKeyServer(keyprovider::KeyServer& wrapped) : wrapped_(wrapped) {}

    Result<keyprovider::FetchedKey> fetch(const inventory::Provider& provider,
                                          const inventory::Generation& generation) override {
        return wrapped_.fetch(provider, generation);
    }

    Result<kmip::Attributes> attributes(const inventory::Provider& provider,
                                        const inventory::Generation& generation) override {
        return wrapped_.attributes(provider, generation);
    }

    Result<Buffer> seal(const inventory::Provider& provider,
                        const inventory::Generation& generation,
                        const keyprovider::AeadInput& input,
                        const Secret& plain) override {
        return wrapped_.seal(provider, generation, input, plain);
    }

    Result<Secret> open(const inventory::Provider& provider,
                        const inventory::Generation& generation,
                        const keyprovider::AeadInput& input,
                        Bytes sealed) override {
        return wrapped_.open(provider, generation, input, sealed);
    }

private:
    keyprovider::KeyServer& wrapped_;
};

} // namespace vouchsafe::authority

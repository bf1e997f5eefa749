#include "authority/coalescing_key_server.h"

#include "crypto/digest.h"
#include "json/write.h"

#include <optional>

namespace vouchsafe::authority {

struct CoalescingKeyServer::Flight {
    std::optional<Result<Secret>> result;
};

namespace {

// The whole provider is in it: a change of its servers or its policy is another question.
std::string question(const inventory::Provider& provider,
                     const inventory::Generation& generation,
                     const keyprovider::AeadInput& input,
                     Bytes sealed) {
    const json::Value asked = json::object({{"provider", provider.to_json()},
                                            {"generation", generation.number},
                                            {"nonce", to_hex(input.nonce)},
                                            {"data", to_hex(input.additional_data)},
                                            {"sealed", to_hex(sealed)}});
    return to_hex(crypto::sha256(as_bytes(json::canonical(asked))));
}

Result<Secret> copy_of(const Result<Secret>& result) {
    if (!result)
        return std::unexpected(result.error());
    return result->clone();
}

} // namespace

std::size_t CoalescingKeyServer::waiting() const {
    const std::scoped_lock lock(mutex_);
    return waiting_;
}

Result<Secret> CoalescingKeyServer::open(const inventory::Provider& provider,
                                         const inventory::Generation& generation,
                                         const keyprovider::AeadInput& input,
                                         Bytes sealed) {
    const std::string name = question(provider, generation, input, sealed);
    std::shared_ptr<Flight> flight; // shared: the last of those who wait outlives its place in the map
    {
        std::unique_lock lock(mutex_);
        const auto [found, leads] = flights_.try_emplace(name);
        if (!leads) {
            flight = found->second;
            ++waiting_;
            landed_.wait(lock, [&flight] { return flight->result.has_value(); });
            --waiting_;
            return copy_of(*flight->result);
        }
        flight = found->second = std::make_shared<Flight>();
    }
    Result<Secret> result = WrappingKeyServer::open(provider, generation, input, sealed);
    {
        const std::scoped_lock lock(mutex_);
        flight->result = copy_of(result);
        flights_.erase(name);
    }
    landed_.notify_all();
    return result;
}

} // namespace vouchsafe::authority

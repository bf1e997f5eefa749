#include "keyprovider/aead_trial.h"

#include "crypto/aead.h"
#include "crypto/digest.h"
#include "keyprovider/key_server_errors.h"

#include <optional>
#include <string_view>

namespace vouchsafe::keyprovider {

namespace {

constexpr std::size_t block_size = 32; // as a VM key

struct Tested {
    KeyServer& server;
    const inventory::Provider& provider;
    const inventory::Generation& generation;

    Result<void> refuses(const AeadInput& input, Bytes sealed, std::string_view where) const {
        const auto opened = server.open(provider, generation, input, sealed);
        if (opened)
            return fail(Errc::conflict,
                        where,
                        "the key server opens what was changed: its AEAD does not authenticate");
        if (opened.error().where == "blob.open")
            return {};
        return std::unexpected(opened.error());
    }
};

Buffer flipped(Bytes bytes) {
    Buffer out = to_buffer(bytes);
    out.back() ^= 1U;
    return out;
}

} // namespace

Result<void> test_aead(KeyServer& server,
                       const inventory::Provider& provider,
                       const inventory::Generation& generation,
                       SelfTest test,
                       Random& random) {
    const Tested tested{.server = server, .provider = provider, .generation = generation};
    const Buffer nonce = random.bytes(crypto::gcm_nonce_size);
    const Buffer data = to_buffer(as_bytes("vouchsafe/self-test/1"));
    const AeadInput input{.nonce = nonce, .additional_data = data};
    if (test == SelfTest::opening)
        return tested.refuses(input, random.bytes(block_size + crypto::gcm_tag_size), "primary_key.aead_tag");
    const Secret block = random.secret(block_size);
    VS_TRY(const Buffer sealed, server.seal(provider, generation, input, block));
    VS_TRY(const Secret opened, server.open(provider, generation, input, sealed));
    if (!crypto::equal(opened, block))
        return fail(Errc::conflict, "primary_key.aead", "the key server gives another block than was sealed");
    const Buffer other_data = flipped(data);
    const Buffer other_nonce = flipped(nonce);
    VS_TRY_VOID(tested.refuses(input, flipped(sealed), "primary_key.aead_tag"));
    VS_TRY_VOID(
        tested.refuses({.nonce = nonce, .additional_data = other_data}, sealed, "primary_key.aead_data"));
    return tested.refuses({.nonce = other_nonce, .additional_data = data}, sealed, "primary_key.aead_nonce");
}

Result<void> test_replicas(KeyServer& servers,
                           const inventory::Provider& provider,
                           const inventory::Generation& generation,
                           Random& random) {
    const Buffer nonce = random.bytes(crypto::gcm_nonce_size);
    const AeadInput input{.nonce = nonce, .additional_data = as_bytes("vouchsafe/replicas/1")};
    const Secret block = random.secret(block_size);
    std::optional<Buffer> sealed;
    for (const inventory::KmipServer& server : provider.servers) {
        inventory::Provider alone = provider;
        alone.servers = {server};
        if (const auto tested = test_aead(servers, alone, generation, SelfTest::whole, random); !tested)
            return std::unexpected(named(tested.error(), server));
        if (!sealed) {
            VS_TRY(sealed, servers.seal(alone, generation, input, block));
            continue;
        }
        const auto opened = servers.open(alone, generation, input, *sealed);
        if (!opened && opened.error().where != "blob.open")
            return std::unexpected(named(opened.error(), server));
        if (!opened)
            return std::unexpected(other_replica(server, opened.error().detail));
        if (!crypto::equal(*opened, block))
            return std::unexpected(other_replica(server, "it gives other bytes"));
    }
    return {};
}

} // namespace vouchsafe::keyprovider

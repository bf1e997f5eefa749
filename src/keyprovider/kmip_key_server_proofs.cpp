// Wrapping "remote": that all servers of a provider hold one key, told by what they open.
#include "crypto/aead.h"
#include "crypto/digest.h"
#include "keyprovider/aead_trial.h"
#include "keyprovider/key_server_errors.h"
#include "keyprovider/kmip_key_server.h"

#include <string_view>

namespace vouchsafe::keyprovider {

namespace {

constexpr std::string_view block_data = "vouchsafe/replicas/1";
constexpr std::size_t block_size = 32; // as a VM key

} // namespace

/// One server of a provider as the port that an AEAD is tried through.
class KmipKeyServer::OneServer final : public KeyServer {
public:
    OneServer(KmipKeyServer& of, const At& at) : of_(of), at_(at) {}

    Result<FetchedKey> fetch(const inventory::Provider&, const inventory::Generation&) override {
        return fail(Errc::unsupported, "key_server.fetch", "not for trials");
    }

    Result<kmip::Attributes> attributes(const inventory::Provider&, const inventory::Generation&) override {
        return fail(Errc::unsupported, "key_server.attributes", "not for trials");
    }

    Result<Buffer> seal(const inventory::Provider&,
                        const inventory::Generation& generation,
                        const AeadInput& input,
                        const Secret& plain) override {
        return of_.seal_at(at_, generation, input, plain);
    }

    Result<Secret> open(const inventory::Provider&,
                        const inventory::Generation& generation,
                        const AeadInput& input,
                        Bytes sealed) override {
        VS_TRY(Result<Secret> answer, of_.open_at(at_, generation, input, sealed));
        if (!answer)
            return std::unexpected(not_opened(answer.error()));
        return answer;
    }

private:
    KmipKeyServer& of_;
    const At& at_;
};

Result<void> KmipKeyServer::try_aead(const At& at, const inventory::Generation& generation) {
    OneServer one(*this, at);
    const auto tried = test_aead(one, at.provider, generation, SelfTest::whole, random_);
    if (tried || tried.error().code != Errc::conflict)
        return tried;
    const Error error = named(tried.error(), at.server);
    failover_.exclude(at.provider, at.server, error);
    return std::unexpected(error);
}

Result<ReferenceBlock> KmipKeyServer::make_block(const At& at, const inventory::Generation& generation) {
    ReferenceBlock out{
        .nonce = random_.bytes(crypto::gcm_nonce_size), .sealed = {}, .plain = random_.secret(block_size)};
    const AeadInput input{.nonce = out.nonce, .additional_data = as_bytes(block_data)};
    VS_TRY(out.sealed, seal_at(at, generation, input, out.plain));
    return out;
}

Result<std::optional<Error>> KmipKeyServer::difference(const At& at,
                                                       const inventory::Generation& generation,
                                                       const ReferenceBlock& block) {
    const AeadInput input{.nonce = block.nonce, .additional_data = as_bytes(block_data)};
    VS_TRY(const Result<Secret> opened, open_at(at, generation, input, block.sealed));
    if (!opened)
        return other_replica(at.server, opened.error().detail);
    if (!crypto::equal(*opened, block.plain))
        return other_replica(at.server, "it gives other bytes");
    return std::nullopt;
}

KmipKeyServer::Agreement KmipKeyServer::agreement(const inventory::Provider& provider,
                                                  const inventory::Generation& generation,
                                                  kmip::Deadline end) {
    Agreement out;
    for (const inventory::KmipServer& server : to_compare(provider)) {
        const At at{.provider = provider, .server = server, .end = end};
        if (!try_aead(at, generation))
            continue;
        if (!out.block) {
            auto made = make_block(at, generation);
            if (!made)
                continue;
            out.block = *std::move(made);
            out.servers.push_back(server);
            continue;
        }
        const auto differs = difference(at, generation, *out.block);
        if (differs && *differs)
            out.others.emplace_back(server, **differs);
        else if (differs)
            out.servers.push_back(server);
    }
    return out;
}

void KmipKeyServer::begin_proofs(const inventory::Provider& provider,
                                 const inventory::Generation& generation,
                                 kmip::Deadline end) {
    Agreement all = agreement(provider, generation, end);
    if (!all.others.empty()) { // nobody knows which of them is right
        for (const inventory::KmipServer& server : all.servers)
            failover_.exclude(
                provider, server, other_replica(server, "another one does not open what it seals"));
        for (const auto& [server, why] : all.others)
            failover_.exclude(provider, server, why);
        return;
    }
    if (!all.block)
        return;
    const Buffer sealed = all.block->sealed;
    const auto kept = proofs_.keep(provider, generation, *std::move(all.block));
    if (!same_bytes(kept->sealed, sealed)) // another thread was first: each is proven when it is used
        return;
    for (const inventory::KmipServer& server : all.servers) {
        proofs_.set_proven(provider, generation, server, true);
        failover_.admit(provider, server);
    }
}

void KmipKeyServer::compare_blocks(const inventory::Provider& provider,
                                   const inventory::Generation& generation,
                                   kmip::Deadline end) {
    const auto block = proofs_.block(provider, generation);
    if (block == nullptr)
        return begin_proofs(provider, generation, end);
    bool opened = false;
    std::vector<std::pair<inventory::KmipServer, Error>> others;
    for (const inventory::KmipServer& server : to_compare(provider)) {
        const At at{.provider = provider, .server = server, .end = end};
        if (!proofs_.proven(provider, generation, server) && !try_aead(at, generation))
            continue;
        const auto differs = difference(at, generation, *block);
        if (!differs)
            continue;
        proofs_.set_proven(provider, generation, server, !*differs);
        if (*differs) {
            others.emplace_back(server, **differs);
        } else {
            opened = true;
            failover_.admit(provider, server);
        }
    }
    if (!opened) // of a key that opens nothing any more, deactivated perhaps
        return;
    for (const auto& [server, why] : others)
        failover_.exclude(provider, server, why);
}

Result<void> KmipKeyServer::prove(const At& at, const inventory::Generation& generation) {
    if (proofs_.proven(at.provider, generation, at.server))
        return {};
    const auto block = proofs_.block(at.provider, generation);
    if (block == nullptr)
        return std::unexpected(named({.code = Errc::unavailable,
                                      .where = "primary_key.unproven",
                                      .detail = "has not shown that it holds the provider's key"},
                                     at.server));
    VS_TRY_VOID(try_aead(at, generation));
    VS_TRY(const std::optional<Error> differs, difference(at, generation, *block));
    if (differs) {
        failover_.exclude(at.provider, at.server, *differs);
        return std::unexpected(*differs);
    }
    proofs_.set_proven(at.provider, generation, at.server, true);
    return {};
}

} // namespace vouchsafe::keyprovider

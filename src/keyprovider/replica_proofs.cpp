#include "keyprovider/replica_proofs.h"

namespace vouchsafe::keyprovider {

using inventory::Generation;
using inventory::KmipServer;
using inventory::Provider;

ReplicaProofs::KeyName ReplicaProofs::key_name(const Provider& provider, const Generation& generation) {
    return {provider.uid, generation.primary_key};
}

ReplicaProofs::Name
ReplicaProofs::name_of(const Provider& provider, const Generation& generation, const KmipServer& server) {
    // Another address is another server.
    return {key_name(provider, generation),
            server.name + "\n" + server.address.hostname + "\n" + std::to_string(server.address.port)};
}

std::shared_ptr<const ReferenceBlock> ReplicaProofs::block(const Provider& provider,
                                                           const Generation& generation) const {
    const std::scoped_lock lock(mutex_);
    const auto found = blocks_.find(key_name(provider, generation));
    return found != blocks_.end() ? found->second : nullptr;
}

std::shared_ptr<const ReferenceBlock>
ReplicaProofs::keep(const Provider& provider, const Generation& generation, ReferenceBlock block) {
    const std::scoped_lock lock(mutex_);
    auto& kept = blocks_[key_name(provider, generation)];
    if (kept == nullptr)
        kept = std::make_shared<const ReferenceBlock>(std::move(block));
    return kept;
}

bool ReplicaProofs::proven(const Provider& provider,
                           const Generation& generation,
                           const KmipServer& server) const {
    const std::scoped_lock lock(mutex_);
    return proven_.contains(name_of(provider, generation, server));
}

void ReplicaProofs::set_proven(const Provider& provider,
                               const Generation& generation,
                               const KmipServer& server,
                               bool proven) {
    const std::scoped_lock lock(mutex_);
    if (proven)
        proven_.insert(name_of(provider, generation, server));
    else
        proven_.erase(name_of(provider, generation, server));
}

void ReplicaProofs::retain(const inventory::AuthorityState& state) {
    std::set<KeyName> keys;
    std::set<Name> names;
    for (const auto& [name, provider] : state.providers)
        for (const Generation& generation : provider.generations) {
            keys.insert(key_name(provider, generation));
            for (const KmipServer& server : provider.servers)
                names.insert(name_of(provider, generation, server));
        }
    const std::scoped_lock lock(mutex_);
    std::erase_if(blocks_, [&](const auto& entry) { return !keys.contains(entry.first); });
    std::erase_if(proven_, [&](const Name& name) { return !names.contains(name); });
}

} // namespace vouchsafe::keyprovider

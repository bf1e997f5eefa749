// Which key servers were seen to hold the primary key that the others hold, where the key itself is not seen
// (wrapping "remote"): each of them opened a block that one of them had sealed.
#pragma once

#include "base/bytes.h"
#include "base/secret.h"
#include "inventory/provider.h"
#include "inventory/state.h"

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace vouchsafe::keyprovider {

/// Random bytes under a primary key; whoever opens it has that key.
struct ReferenceBlock {
    Buffer nonce;
    Buffer sealed; ///< ciphertext and tag
    Secret plain;
};

/// For several threads.
class ReplicaProofs {
public:
    /// nullptr as long as no two servers agreed, or the only one that answered sealed one.
    std::shared_ptr<const ReferenceBlock> block(const inventory::Provider& provider,
                                                const inventory::Generation& generation) const;
    /// Keeps it unless there is one; the one that is kept.
    std::shared_ptr<const ReferenceBlock>
    keep(const inventory::Provider& provider, const inventory::Generation& generation, ReferenceBlock block);

    bool proven(const inventory::Provider& provider,
                const inventory::Generation& generation,
                const inventory::KmipServer& server) const;
    void set_proven(const inventory::Provider& provider,
                    const inventory::Generation& generation,
                    const inventory::KmipServer& server,
                    bool proven);

    /// Forgets what the state does not have any more.
    void retain(const inventory::AuthorityState& state);

private:
    using KeyName = std::pair<std::string, std::string>; ///< provider uid, primary key identifier
    using Name = std::tuple<KeyName, std::string>;       ///< and the server's name and address

    static KeyName key_name(const inventory::Provider& provider, const inventory::Generation& generation);
    static Name name_of(const inventory::Provider& provider,
                        const inventory::Generation& generation,
                        const inventory::KmipServer& server);

    mutable std::mutex mutex_;
    std::map<KeyName, std::shared_ptr<const ReferenceBlock>> blocks_;
    std::set<Name> proven_;
};

} // namespace vouchsafe::keyprovider

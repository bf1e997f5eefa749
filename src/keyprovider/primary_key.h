// Primary keys in memory (wrapping "fetch"): read from the key server once, held under a lease.
//
// A key is used only while the key server confirmed it within the lease, by Get or Get Attributes; past the
// lease nothing is released, whatever is in memory. A confirmation that shows a state which does not release
// any more, or another key under the same identifier, ends the use at once.
//
// Safe for several threads: the lock inside is never held while a key server is asked. Two threads may then
// fetch the same key at once; both get the same one.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "inventory/provider.h"
#include "inventory/state.h"
#include "keyprovider/gate.h"
#include "kmip/operations.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace vouchsafe::keyprovider {

/// A primary key as the key server gave it; nothing is checked yet.
struct FetchedKey {
    kmip::Attributes attributes;
    kmip::SymmetricKey key;
};

/// The port to a provider's key servers. Every call ends within a bounded time.
class KeyServer {
public:
    KeyServer() = default;
    KeyServer(const KeyServer&) = delete;
    KeyServer& operator=(const KeyServer&) = delete;
    virtual ~KeyServer() = default;

    virtual Result<FetchedKey> fetch(const inventory::Provider& provider,
                                     const inventory::Generation& generation) = 0;
    virtual Result<kmip::Attributes> attributes(const inventory::Provider& provider,
                                                const inventory::Generation& generation) = 0;
};

/// The state, Active or Deactivated. By `where`: primary_key.object (no symmetric key), primary_key.algorithm
/// (not AES-256), primary_key.usage (neither Encrypt and Decrypt nor Wrap and Unwrap), primary_key.state
/// (never activated, compromised or destroyed; or missing). Attributes that a server leaves out fail, but for
/// the object type.
Result<kmip::State> check_attributes(const kmip::Attributes& attributes);

/// A number that tells keys apart and says nothing else: HMAC-SHA-256 of a constant, the first 8 bytes, hex.
std::string check_value(const Secret& key);

/// A primary key ready for use.
struct PrimaryKey {
    std::shared_ptr<const Secret> key; ///< shared with the cache and other releases under way
    PrimaryKeyFacts facts;
};

struct CacheOptions {
    std::chrono::milliseconds lease{std::chrono::minutes{5}};
    std::chrono::milliseconds renew_after{std::chrono::minutes{1}};
    std::chrono::milliseconds pause_after_failure{std::chrono::seconds{2}}; ///< not asked again before
};

class PrimaryKeyCache {
public:
    PrimaryKeyCache(KeyServer& server, const Clock& clock, CacheOptions options = {});

    /// The key of that generation, fetched or confirmed as need be. Fails as the key server or the checks do,
    /// and with primary_key.check_value when the server gives another key than before. After a failure the
    /// server is left alone for a moment; the next call after that tries again.
    Result<PrimaryKey> obtain(const inventory::Provider& provider, const inventory::Generation& generation);

    /// Forgets keys of providers and generations that the state does not have, and those past their lease.
    /// To be called now and then.
    void retain(const inventory::AuthorityState& state);

    std::size_t size() const;

private:
    using Name = std::pair<std::string, std::string>; ///< provider uid, primary key identifier

    struct Entry {
        std::shared_ptr<const Secret> key; ///< nullptr: not held (any more)
        kmip::State state = kmip::State::pre_active;
        BootTime asked{};     ///< when the last question was put
        BootTime confirmed{}; ///< when the last question was put that the server answered well
        std::string check_value;
        std::optional<Error> failure;
        BootTime failed{};
    };

    Entry snapshot(const Name& name) const;
    static bool fresh(const Entry& entry, BootTime now, std::chrono::milliseconds limit);
    void store(const Name& name, const Entry& entry);
    Result<Entry>
    renewed(Entry entry, const inventory::Provider& provider, const inventory::Generation& generation) const;
    Result<Entry>
    fetched(Entry entry, const inventory::Provider& provider, const inventory::Generation& generation) const;
    PrimaryKey use(const Entry& entry, BootTime now) const;

    KeyServer& server_;
    const Clock& clock_;
    CacheOptions options_;
    mutable std::mutex mutex_;
    std::map<Name, Entry> entries_;
};

} // namespace vouchsafe::keyprovider

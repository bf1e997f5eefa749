// Primary keys under a lease: read from the key server once and held in memory (wrapping "fetch"), or left
// where they are and used through the key server, once its AEAD was tried (wrapping "remote").
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
#include "keyprovider/key_server.h"
#include "keyprovider/primary_key_use.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace vouchsafe::keyprovider {

/// What a primary key is judged by.
struct KeyWish {
    const inventory::ProviderPolicy& policy;
    SysTime server_time;
};

/// The state at that time of the key server's, Active or Deactivated, or by the policy Compromised. By
/// `where`: primary_key.object (no symmetric key), primary_key.algorithm (not AES-256), primary_key.usage
/// (neither Encrypt and Decrypt nor Wrap and Unwrap), primary_key.state (never activated, compromised or
/// destroyed; or missing). Attributes that a server leaves out fail, but for the object type.
Result<kmip::State> check_attributes(const kmip::Attributes& attributes, const KeyWish& wish);

/// The same of a key that was fetched; primary_key.material when it is no AES-256 key by its bytes, or by
/// what is said of them.
Result<kmip::State> check_fetched(const FetchedKey& fetched, const KeyWish& wish);

/// A number that tells keys apart and says nothing else: HMAC-SHA-256 of a constant, the first 8 bytes, hex.
std::string check_value(const Secret& key);

/// A primary key ready for use.
struct PrimaryKey {
    std::shared_ptr<const Secret> key; ///< shared with the cache and other releases under way; none of remote
    RemoteKey remote;                  ///< of the provider and the generation that were given
    PrimaryKeyFacts facts;

    PrimaryKeyUse use() const { return key ? PrimaryKeyUse(*key) : PrimaryKeyUse(remote); }
};

struct CacheOptions {
    std::chrono::milliseconds lease{std::chrono::minutes{5}};
    std::chrono::milliseconds renew_after{std::chrono::minutes{1}};
    std::chrono::milliseconds pause_after_failure{std::chrono::seconds{2}}; ///< not asked again before
};

class PrimaryKeyCache {
public:
    PrimaryKeyCache(KeyServer& server, const Clock& clock, Random& random, CacheOptions options = {});

    /// The key of that generation, fetched or confirmed as need be. Fails as the key server or the checks do,
    /// and with primary_key.check_value when the server gives another key than before, or than the generation
    /// says. After a failure the server is left alone for a moment; the next call after that tries again.
    Result<PrimaryKey> obtain(const inventory::Provider& provider, const inventory::Generation& generation);

    /// What obtain would give without asking anybody; nothing when it would ask, or use the key server.
    std::optional<PrimaryKey> at_hand(const inventory::Provider& provider,
                                      const inventory::Generation& generation) const;

    /// Forgets keys of providers and generations that the state does not have, or has retired, and those past
    /// their lease. To be called now and then.
    void retain(const inventory::AuthorityState& state);

    /// Of a key that was fetched and found good at some time.
    std::optional<std::string> known_check_value(const std::string& provider_uid,
                                                 const std::string& primary_key) const;

    std::size_t size() const; ///< keys in memory

private:
    using Name = std::pair<std::string, std::string>; ///< provider uid, primary key identifier

    struct Entry {
        std::shared_ptr<const Secret> key; ///< nullptr: not held (any more), or remote
        bool remote = false;               ///< tried, and to be used through its key server
        kmip::Attributes attributes;
        SysTime server_time;  ///< when it was confirmed
        BootTime asked{};     ///< when the last question was put
        BootTime confirmed{}; ///< when the last question was put that the server answered well
        std::string check_value;
        std::optional<Error> failure;
        BootTime failed{};
    };

    Entry snapshot(const Name& name) const;
    PrimaryKey use(const Entry& entry,
                   const inventory::Provider& provider,
                   const inventory::Generation& generation,
                   BootTime now) const;
    static bool fresh(const Entry& entry, BootTime now, std::chrono::milliseconds limit);
    bool rests(const Entry& entry, BootTime now) const;
    bool usable_unasked(const Entry& entry, BootTime now) const;
    void store(const Name& name, const Entry& entry);
    Result<Entry>
    renewed(Entry entry, const inventory::Provider& provider, const inventory::Generation& generation) const;
    Result<Entry>
    fetched(Entry entry, const inventory::Provider& provider, const inventory::Generation& generation) const;
    Result<Entry>
    tried(Entry entry, const inventory::Provider& provider, const inventory::Generation& generation) const;
    PrimaryKeyFacts facts(const Entry& entry, BootTime now) const;

    KeyServer& server_;
    const Clock& clock_;
    Random& random_;
    CacheOptions options_;
    mutable std::mutex mutex_;
    std::map<Name, Entry> entries_;
};

} // namespace vouchsafe::keyprovider

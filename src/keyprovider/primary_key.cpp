#include "keyprovider/primary_key.h"

#include "crypto/digest.h"
#include "crypto/mac.h"
#include "keyprovider/aead_trial.h"
#include "keyprovider/key_state.h"

#include <set>
#include <utility>

namespace vouchsafe::keyprovider {

namespace {

constexpr std::int32_t wanted_bits = 256;
constexpr std::size_t wanted_bytes = 32;

bool has_bits(std::uint32_t mask, std::uint32_t bits) {
    return (mask & bits) == bits;
}

/// Whether asking later can help: only then is the server given a rest and the key kept for its lease.
bool passing(const Error& error) {
    return error.code == Errc::unavailable || error.code == Errc::timed_out ||
           error.code == Errc::not_found || error.code == Errc::unauthenticated ||
           error.code == Errc::unsupported;
}

} // namespace

Result<kmip::State> check_attributes(const kmip::Attributes& attributes, const KeyWish& wish) {
    if (attributes.object_type && *attributes.object_type != kmip::ObjectType::symmetric_key)
        return fail(Errc::conflict, "primary_key.object", "the primary key is no symmetric key");
    if (attributes.algorithm != kmip::Algorithm::aes || attributes.length != wanted_bits)
        return fail(Errc::conflict, "primary_key.algorithm", "the primary key is not AES-256");
    const std::uint32_t mask = attributes.usage_mask.value_or(0);
    if (!has_bits(mask, kmip::usage::encrypt | kmip::usage::decrypt) &&
        !has_bits(mask, kmip::usage::wrap_key | kmip::usage::unwrap_key))
        return fail(Errc::conflict, "primary_key.usage", "the primary key may not encrypt and decrypt");
    const std::optional<kmip::State> state = state_at(attributes, wish.server_time);
    if (!state)
        return fail(Errc::conflict, "primary_key.state", "the key server does not say the key's state");
    if (!opens(*state, wish.policy))
        return fail(Errc::conflict, "primary_key.state", "the primary key is " + to_string(*state));
    return *state;
}

Result<kmip::State> check_fetched(const FetchedKey& fetched, const KeyWish& wish) {
    VS_TRY(const kmip::State state, check_attributes(fetched.attributes, wish));
    const kmip::SymmetricKey& key = fetched.key;
    if (key.material.size() != wanted_bytes || key.length.value_or(wanted_bits) != wanted_bits ||
        key.algorithm.value_or(kmip::Algorithm::aes) != kmip::Algorithm::aes)
        return fail(Errc::conflict, "primary_key.material", "the key server gave no AES-256 key");
    return state;
}

std::string check_value(const Secret& key) {
    constexpr std::size_t shown = 8;
    return to_hex(Bytes(crypto::hmac_sha256(key, as_bytes("vouchsafe/primary-key/1"))).first(shown));
}

PrimaryKeyCache::PrimaryKeyCache(KeyServer& server, const Clock& clock, Random& random, CacheOptions options)
    : server_(server), clock_(clock), random_(random), options_(options) {
    VS_CHECK(options_.renew_after <= options_.lease);
}

PrimaryKeyCache::Entry PrimaryKeyCache::snapshot(const Name& name) const {
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find(name);
    return found != entries_.end() ? found->second : Entry{};
}

std::size_t PrimaryKeyCache::size() const {
    const std::scoped_lock lock(mutex_);
    std::size_t held = 0;
    for (const auto& [name, entry] : entries_)
        held += entry.key ? 1U : 0U;
    return held;
}

bool PrimaryKeyCache::fresh(const Entry& entry, BootTime now, std::chrono::milliseconds limit) {
    return (entry.key || entry.remote) && now - entry.confirmed < limit;
}

PrimaryKeyFacts PrimaryKeyCache::facts(const Entry& entry, BootTime now) const {
    const Lease lease = fresh(entry, now, options_.lease) ? Lease::valid : Lease::lapsed;
    const SysTime server_time = entry.server_time + (now - entry.confirmed);
    return {.state = state_at(entry.attributes, server_time).value_or(kmip::State::pre_active),
            .lease = lease,
            .window = wrap_window_at(entry.attributes, server_time)};
}

/// The key server failed a moment ago, and is left alone.
bool PrimaryKeyCache::rests(const Entry& entry, BootTime now) const {
    return entry.failure && now - entry.failed < options_.pause_after_failure;
}

bool PrimaryKeyCache::usable_unasked(const Entry& entry, BootTime now) const {
    return fresh(entry, now, options_.renew_after) ||
           (rests(entry, now) && fresh(entry, now, options_.lease));
}

std::optional<PrimaryKey> PrimaryKeyCache::at_hand(const inventory::Provider& provider,
                                                   const inventory::Generation& generation) const {
    if (provider.policy.wrapping == inventory::Wrapping::remote)
        return std::nullopt;
    const BootTime now = clock_.boot_now();
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find({provider.uid, generation.primary_key});
    if (found == entries_.end() || !found->second.key || !usable_unasked(found->second, now))
        return std::nullopt;
    return use(found->second, provider, generation, now);
}

PrimaryKey PrimaryKeyCache::use(const Entry& entry,
                                const inventory::Provider& provider,
                                const inventory::Generation& generation,
                                BootTime now) const {
    return {.key = entry.key,
            .remote = {.server = &server_, .provider = &provider, .generation = &generation},
            .facts = facts(entry, now)};
}

Result<PrimaryKey> PrimaryKeyCache::obtain(const inventory::Provider& provider,
                                           const inventory::Generation& generation) {
    const Name name{provider.uid, generation.primary_key};
    const bool remote = provider.policy.wrapping == inventory::Wrapping::remote;
    Entry before = snapshot(name);
    if (before.remote != remote) { // it was used in the other way
        before.key.reset();
        before.remote = false;
    }
    const BootTime asked = clock_.boot_now(); // the lease counts from before the question
    if (usable_unasked(before, asked))
        return use(before, provider, generation, asked);
    if (rests(before, asked))
        return std::unexpected(*before.failure);
    const bool held = fresh(before, asked, options_.lease);
    const auto known = held     ? renewed(before, provider, generation)
                       : remote ? tried(before, provider, generation)
                                : fetched(before, provider, generation);
    if (known) {
        Entry after = *known;
        after.asked = asked;
        after.confirmed = asked;
        after.failure.reset();
        store(name, after);
        return use(after, provider, generation, clock_.boot_now());
    }
    Entry after = before;
    after.asked = asked;
    after.failed = clock_.boot_now();
    after.failure = known.error();
    if (!held || !passing(known.error())) { // lapsed, or the server said no
        after.key.reset();
        after.remote = false;
    }
    store(name, after);
    if (after.key || after.remote)
        return use(after, provider, generation, after.failed);
    return std::unexpected(known.error());
}

void PrimaryKeyCache::store(const Name& name, const Entry& entry) {
    const std::scoped_lock lock(mutex_);
    Entry& kept = entries_[name];
    if (kept.asked <= entry.asked) // else another thread knows something newer
        kept = entry;
}

Result<PrimaryKeyCache::Entry> PrimaryKeyCache::renewed(Entry entry,
                                                        const inventory::Provider& provider,
                                                        const inventory::Generation& generation) const {
    VS_TRY(entry.attributes, server_.attributes(provider, generation));
    entry.server_time = told_at(entry.attributes, clock_.now());
    VS_TRY([[maybe_unused]] const kmip::State state,
           check_attributes(entry.attributes, {.policy = provider.policy, .server_time = entry.server_time}));
    return entry;
}

Result<PrimaryKeyCache::Entry> PrimaryKeyCache::fetched(Entry entry,
                                                        const inventory::Provider& provider,
                                                        const inventory::Generation& generation) const {
    VS_TRY(FetchedKey got, server_.fetch(provider, generation));
    entry.attributes = got.attributes;
    entry.server_time = told_at(entry.attributes, clock_.now());
    VS_TRY([[maybe_unused]] const kmip::State state,
           check_fetched(got, {.policy = provider.policy, .server_time = entry.server_time}));
    const std::string value = check_value(got.key.material);
    if ((!entry.check_value.empty() && entry.check_value != value) ||
        generation.check_value.value_or(value) != value)
        return fail(Errc::conflict, "primary_key.check_value", "the key server gave another key than before");
    entry.check_value = value;
    entry.key = std::make_shared<const Secret>(std::move(got.key.material));
    return entry;
}

Result<PrimaryKeyCache::Entry> PrimaryKeyCache::tried(Entry entry,
                                                      const inventory::Provider& provider,
                                                      const inventory::Generation& generation) const {
    VS_TRY(entry, renewed(std::move(entry), provider, generation));
    const bool wraps = state_at(entry.attributes, entry.server_time) == kmip::State::active &&
                       wrap_window_at(entry.attributes, entry.server_time) == WrapWindow::open;
    VS_TRY_VOID(
        test_aead(server_, provider, generation, wraps ? SelfTest::whole : SelfTest::opening, random_));
    entry.remote = true;
    return entry;
}

std::optional<std::string> PrimaryKeyCache::known_check_value(const std::string& provider_uid,
                                                              const std::string& primary_key) const {
    const std::string value = snapshot({provider_uid, primary_key}).check_value;
    return value.empty() ? std::nullopt : std::optional(value);
}

void PrimaryKeyCache::retain(const inventory::AuthorityState& state) {
    const BootTime now = clock_.boot_now();
    std::set<Name> wanted;
    for (const auto& [name, provider] : state.providers)
        for (const inventory::Generation& generation : provider.generations)
            if (!generation.retired)
                wanted.emplace(provider.uid, generation.primary_key);
    const std::scoped_lock lock(mutex_);
    std::erase_if(entries_, [&](const auto& entry) { return !wanted.contains(entry.first); });
    for (auto& [name, entry] : entries_)
        if (!fresh(entry, now, options_.lease)) {
            entry.key.reset();
            entry.remote = false;
        }
}

} // namespace vouchsafe::keyprovider

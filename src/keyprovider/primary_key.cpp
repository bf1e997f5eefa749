#include "keyprovider/primary_key.h"

#include "crypto/digest.h"
#include "crypto/mac.h"

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

Result<kmip::State> check_attributes(const kmip::Attributes& attributes) {
    if (attributes.object_type && *attributes.object_type != kmip::ObjectType::symmetric_key)
        return fail(Errc::conflict, "primary_key.object", "the primary key is no symmetric key");
    if (attributes.algorithm != kmip::Algorithm::aes || attributes.length != wanted_bits)
        return fail(Errc::conflict, "primary_key.algorithm", "the primary key is not AES-256");
    const std::uint32_t mask = attributes.usage_mask.value_or(0);
    if (!has_bits(mask, kmip::usage::encrypt | kmip::usage::decrypt) &&
        !has_bits(mask, kmip::usage::wrap_key | kmip::usage::unwrap_key))
        return fail(Errc::conflict, "primary_key.usage", "the primary key may not encrypt and decrypt");
    if (!attributes.state)
        return fail(Errc::conflict, "primary_key.state", "the key server does not say the key's state");
    if (*attributes.state != kmip::State::active && *attributes.state != kmip::State::deactivated)
        return fail(
            Errc::conflict, "primary_key.state", "the primary key is " + to_string(*attributes.state));
    return *attributes.state;
}

std::string check_value(const Secret& key) {
    constexpr std::size_t shown = 8;
    return to_hex(Bytes(crypto::hmac_sha256(key, as_bytes("vouchsafe/primary-key/1"))).first(shown));
}

PrimaryKeyCache::PrimaryKeyCache(KeyServer& server, const Clock& clock, CacheOptions options)
    : server_(server), clock_(clock), options_(options) {
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
    return entry.key && now - entry.confirmed < limit;
}

PrimaryKey PrimaryKeyCache::use(const Entry& entry, BootTime now) const {
    const Lease lease = fresh(entry, now, options_.lease) ? Lease::valid : Lease::lapsed;
    return {.key = entry.key, .facts = {.state = entry.state, .lease = lease}};
}

Result<PrimaryKey> PrimaryKeyCache::obtain(const inventory::Provider& provider,
                                           const inventory::Generation& generation) {
    const Name name{provider.uid, generation.primary_key};
    const Entry before = snapshot(name);
    const BootTime asked = clock_.boot_now(); // the lease counts from before the question
    if (fresh(before, asked, options_.renew_after))
        return use(before, asked);
    const bool held = fresh(before, asked, options_.lease);
    if (before.failure && asked - before.failed < options_.pause_after_failure) {
        if (held)
            return use(before, asked);
        return std::unexpected(*before.failure);
    }
    const auto known = held ? renewed(before, provider, generation) : fetched(before, provider, generation);
    if (known) {
        Entry after = *known;
        after.asked = asked;
        after.confirmed = asked;
        after.failure.reset();
        store(name, after);
        return use(after, clock_.boot_now());
    }
    Entry after = before;
    after.asked = asked;
    after.failed = clock_.boot_now();
    after.failure = known.error();
    if (!held || !passing(known.error()))
        after.key.reset(); // lapsed, or the server said no
    store(name, after);
    if (after.key)
        return use(after, after.failed);
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
    VS_TRY(const kmip::Attributes attributes, server_.attributes(provider, generation));
    VS_TRY(entry.state, check_attributes(attributes));
    return entry;
}

Result<PrimaryKeyCache::Entry> PrimaryKeyCache::fetched(Entry entry,
                                                        const inventory::Provider& provider,
                                                        const inventory::Generation& generation) const {
    VS_TRY(FetchedKey got, server_.fetch(provider, generation));
    VS_TRY(entry.state, check_attributes(got.attributes));
    if (got.key.material.size() != wanted_bytes || got.key.length.value_or(wanted_bits) != wanted_bits ||
        got.key.algorithm.value_or(kmip::Algorithm::aes) != kmip::Algorithm::aes)
        return fail(Errc::conflict, "primary_key.material", "the key server gave no AES-256 key");
    const std::string value = check_value(got.key.material);
    if (!entry.check_value.empty() && entry.check_value != value)
        return fail(Errc::conflict, "primary_key.check_value", "the key server gave another key than before");
    entry.check_value = value;
    entry.key = std::make_shared<const Secret>(std::move(got.key.material));
    return entry;
}

void PrimaryKeyCache::retain(const inventory::AuthorityState& state) {
    const BootTime now = clock_.boot_now();
    std::set<Name> wanted;
    for (const auto& [name, provider] : state.providers)
        for (const inventory::Generation& generation : provider.generations)
            wanted.emplace(provider.uid, generation.primary_key);
    const std::scoped_lock lock(mutex_);
    std::erase_if(entries_, [&](const auto& entry) { return !wanted.contains(entry.first); });
    for (auto& [name, entry] : entries_)
        if (!fresh(entry, now, options_.lease))
            entry.key.reset();
}

} // namespace vouchsafe::keyprovider

#include "inventory/fold.h"

#include "inventory/json_parts.h"
#include "json/write.h"
#include "token/jwt.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace vouchsafe::inventory {

namespace {

/// How many of each the state holds at most: what is bounded is remembered by every authority host.
constexpr std::size_t max_cas = 1024;
constexpr std::size_t max_ca_certificates_in_all = 16'384;
constexpr std::size_t max_hosts = 100'000;
constexpr std::size_t max_images = 1024;
constexpr std::size_t max_document_bytes = std::size_t{4400} << 10U; ///< of a base image
constexpr std::size_t max_firmware_sets = 256;
constexpr std::size_t max_providers = 1024;
constexpr std::size_t max_issuers = 64;
constexpr std::size_t max_authority_hosts = 64;
constexpr std::size_t max_revocations = 100'000;

template <class Map, class Item>
Result<void> insert(Map& map, const std::string& key, Item item, std::size_t most, std::string_view where) {
    if (map.contains(key))
        return fail(Errc::exists, where, "there is one named " + key + " already");
    if (map.size() >= most)
        return fail(Errc::too_large, where, "there are too many");
    map.emplace(key, std::move(item));
    return {};
}

template <class Map> Result<void> erase(Map& map, std::string_view key, std::string_view where) {
    const auto found = map.find(key);
    if (found == map.end())
        return fail(Errc::not_found, where, "there is none named " + std::string(key));
    map.erase(found);
    return {};
}

template <class Map> auto* find_in(Map& map, std::string_view key) {
    const auto found = map.find(key);
    return found == map.end() ? nullptr : &found->second;
}

/// One key on a key server serves one provider: the bound of wraps under it is counted by provider.
Result<void> check_primary_keys(const AuthorityState& state, const Provider& wanted) {
    for (const auto& [name, other] : state.providers) {
        if (other.uid == wanted.uid)
            continue;
        const bool servers_shared = std::ranges::any_of(wanted.servers, [&](const KmipServer& server) {
            return std::ranges::find(other.servers, server.address, &KmipServer::address) !=
                   other.servers.end();
        });
        const bool keys_shared = std::ranges::any_of(wanted.generations, [&](const Generation& generation) {
            return std::ranges::find(other.generations, generation.primary_key, &Generation::primary_key) !=
                   other.generations.end();
        });
        if (servers_shared && keys_shared)
            return fail(Errc::conflict,
                        "provider.primary_key",
                        "key provider " + name + " has this primary key; make another one for this provider");
    }
    return {};
}

// One `perform` for each kind of change: checks it against the state, then alters the state.

Result<void> perform(AuthorityState& state, const AuthorityInit& change, SysTime) {
    if (state.revision != 0 || !state.anchor.empty())
        return fail(Errc::conflict, "authority.init.again", "an authority begins once");
    state.anchor = change.anchor;
    state.group = token::group_of(change.anchor);
    state.cluster = "trust-authority-" + state.group.substr(0, 8);
    state.cluster_name = change.cluster_name;
    state.administrator_issuer = change.administrator_issuer;
    state.authority_hosts.emplace(change.host.id.text, change.host);
    return {};
}

Result<void> perform(AuthorityState& state, const SettingsUpdate& change, SysTime) {
    const Settings& after = change.settings;
    const bool both_off = !after.require_endorsement_keys && !after.require_certificate_validation;
    if (both_off && !change.unsafe_no_endorsement)
        return fail(Errc::conflict,
                    "settings.update.endorsement",
                    "without both, any TPM would do; leave one of them on");
    state.settings = after;
    return {};
}

Result<void> perform(AuthorityState& state, const ClusterUpdate& change, SysTime) {
    state.cluster_name = change.cluster_name;
    state.cluster_state = change.state;
    return {};
}

Result<void> perform(AuthorityState& state, const CaImport& change, SysTime) {
    // The same CA once more, with another mark, changes the mark.
    CaCertificate* const before = find_in(state.cas, change.ca.name);
    if (before != nullptr && before->chain == change.ca.chain && before->lab != change.ca.lab) {
        before->lab = change.ca.lab;
        return {};
    }
    std::size_t certificates = change.ca.chain.size();
    for (const auto& [name, ca] : state.cas)
        certificates += ca.chain.size();
    if (certificates > max_ca_certificates_in_all)
        return fail(Errc::too_large, "ca.import.chain", "there are too many CA certificates");
    return insert(state.cas, change.ca.name, change.ca, max_cas, "ca.import.name");
}

Result<void> perform(AuthorityState& state, const CaRemove& change, SysTime) {
    return erase(state.cas, change.name, "ca.remove.name");
}

Result<void> perform(AuthorityState& state, const EndorsementKeyImport& change, SysTime) {
    if (const EndorsementKey* const known = state.endorsement_key_by_digest(change.key.ek_digest))
        return fail(Errc::exists, "endorsement_key.import.key", "this key is registered as " + known->name);
    return insert(
        state.endorsement_keys, change.key.name, change.key, max_hosts, "endorsement_key.import.name");
}

Result<void> perform(AuthorityState& state, const EndorsementKeyRemove& change, SysTime) {
    return erase(state.endorsement_keys, change.name, "endorsement_key.remove.name");
}

Result<void> perform(AuthorityState& state, const ImageImport& change, SysTime) {
    if (json::canonical(change.document).size() > max_document_bytes)
        return fail(Errc::too_large, "image.import.document", "over 4 MiB");
    VS_TRY(BaseImage image, BaseImage::from_document(change.document));
    if (state.is_revoked(RevocationKind::image, image.version.text))
        return fail(Errc::conflict, "image.import.revoked", "this version was revoked");
    const std::string version = image.version.text;
    return insert(state.images, version, std::move(image), max_images, "image.import.version");
}

Result<void> perform(AuthorityState& state, const ImageRemove& change, SysTime) {
    return erase(state.images, change.version.text, "image.remove.version");
}

Result<void> perform(AuthorityState& state, const FirmwareSetSet& change, SysTime) {
    if (FirmwareSet* const before = find_in(state.firmware_sets, change.set.name)) {
        *before = change.set;
        return {};
    }
    return insert(
        state.firmware_sets, change.set.name, change.set, max_firmware_sets, "firmware_set.set.name");
}

Result<void> perform(AuthorityState& state, const FirmwareSetRemove& change, SysTime) {
    return erase(state.firmware_sets, change.name, "firmware_set.remove.name");
}

Result<void> perform(AuthorityState& state, const ProviderCreate& change, SysTime) {
    if (state.provider_by_uid(change.provider.uid) != nullptr)
        return fail(Errc::exists, "provider.create.uid", "belongs to another provider");
    if (!state.providers.contains(change.provider.name))
        VS_TRY_VOID(check_primary_keys(state, change.provider));
    return insert(
        state.providers, change.provider.name, change.provider, max_providers, "provider.create.name");
}

Result<void> perform(AuthorityState& state, const ProviderUpdate& change, SysTime) {
    Provider* const provider = find_in(state.providers, change.provider.name);
    if (provider == nullptr)
        return fail(Errc::not_found, "provider.update.name", "there is none named " + change.provider.name);
    if (provider->uid != change.provider.uid)
        return fail(Errc::conflict, "provider.update.uid", "stays for ever");
    const auto& before = provider->generations;
    const auto& after = change.provider.generations;
    const auto same_key = [](const Generation& one, const Generation& other) {
        return one.number == other.number && one.primary_key == other.primary_key &&
               (!one.check_value || one.check_value == other.check_value);
    };
    if (after.size() < before.size() || !std::equal(before.begin(), before.end(), after.begin(), same_key))
        return fail(Errc::conflict, "provider.update.generations", "keys are wrapped under them");
    VS_TRY_VOID(check_primary_keys(state, change.provider));
    *provider = change.provider;
    return {};
}

Result<void> perform(AuthorityState& state, const ProviderDelete& change, SysTime) {
    return erase(state.providers, change.name, "provider.delete.name");
}

Result<void> perform(AuthorityState& state, const ProviderClientCertificate& change, SysTime) {
    Provider* const provider = find_in(state.providers, change.name);
    if (provider == nullptr)
        return fail(
            Errc::not_found, "provider.client_certificate.name", "there is none named " + change.name);
    if (!change.sealed_client_key && !(change.certificate && provider->sealed_client_key))
        return fail(Errc::conflict, "provider.client_certificate.key", "there is no key for it");
    if (change.sealed_client_key)
        provider->sealed_client_key = change.sealed_client_key;
    provider->client_certificate = change.certificate;
    return {};
}

Result<void> perform(AuthorityState& state, const ProviderPeerCertificates& change, SysTime) {
    Provider* const provider = find_in(state.providers, change.name);
    if (provider == nullptr)
        return fail(Errc::not_found, "provider.peer_certificates.name", "there is none named " + change.name);
    provider->trusted_peer_certificates = change.certificates;
    return {};
}

Result<void> perform(AuthorityState& state, const ProviderCheckValue& change, SysTime) {
    Provider* const provider = find_in(state.providers, change.name);
    if (provider == nullptr)
        return fail(Errc::not_found, "provider.check_value.name", "there is none named " + change.name);
    const auto generation = std::ranges::find(provider->generations, change.generation, &Generation::number);
    if (generation == provider->generations.end())
        return fail(Errc::not_found, "provider.check_value.generation", "there is no such generation");
    if (generation->check_value)
        return fail(Errc::conflict, "provider.check_value.value", "is known already");
    generation->check_value = change.check_value;
    return {};
}

Result<void> perform(AuthorityState& state, const IssuerSet& change, SysTime) {
    const Issuer& issuer = change.issuer;
    const bool administrator = issuer.role == IssuerRole::administrator;
    // Roles were fixed on the console: the issuer named there administers, every other one only reads.
    if (administrator != (issuer.issuer == state.administrator_issuer))
        return fail(Errc::denied, "issuer.set.role", "roles are given on the authority host's console");
    for (const auto& [name, other] : state.issuers)
        if (name != issuer.issuer && other.alias == issuer.alias)
            return fail(Errc::exists, "issuer.set.alias", "belongs to another issuer");
    if (state.issuers.size() >= max_issuers && !state.issuers.contains(issuer.issuer))
        return fail(Errc::too_large, "issuer.set.issuer", "there are too many");
    state.issuers.insert_or_assign(issuer.issuer, issuer);
    return {};
}

Result<void> perform(AuthorityState& state, const IssuerRemove& change, SysTime) {
    if (change.issuer == state.administrator_issuer)
        return fail(Errc::denied, "issuer.remove.role", "nobody would be left to administer");
    return erase(state.issuers, change.issuer, "issuer.remove.issuer");
}

Result<void> perform(AuthorityState& state, const EnrolmentCreate& change, SysTime) {
    const Enrolment& enrolment = change.enrolment;
    const Enrolment* const before = state.enrolment(enrolment.host);
    if (before != nullptr && before->state != EnrolmentState::removed)
        return fail(Errc::exists, "enrolment.create.host", "is enrolled");
    if (enrolment.state == EnrolmentState::removed)
        return fail(Errc::malformed, "enrolment.create.state", "begins pending or approved");
    if (enrolment.state == EnrolmentState::approved) {
        const bool beforehand = state.endorsement_key_by_digest(enrolment.ek_digest) != nullptr ||
                                state.settings.unsafe_auto_enrol;
        if (before != nullptr || !beforehand)
            return fail(Errc::conflict, "enrolment.create.approved", "nobody approved it beforehand");
        if (!enrolment.ak_name || !enrolment.ak_public)
            return fail(Errc::malformed, "enrolment.create.ak", "an approved host has one");
    }
    if (before == nullptr && state.enrolments.size() >= max_hosts)
        return fail(Errc::too_large, "enrolment.create.host", "there are too many");
    state.enrolments.insert_or_assign(enrolment.host.text, enrolment);
    return {};
}

/// An approved host's EK counts as registered, under the host's id.
Result<void> register_key(AuthorityState& state, const Enrolment& enrolment) {
    if (state.endorsement_key_by_digest(enrolment.ek_digest) != nullptr)
        return {};
    const std::string& name = enrolment.host.text;
    EndorsementKey key{.name = name, .ek_digest = enrolment.ek_digest, .public_key = {}, .certificate = {}};
    return insert(state.endorsement_keys, name, std::move(key), max_hosts, "enrolment.approve.key");
}

Result<void> perform(AuthorityState& state, const EnrolmentApprove& change, SysTime time) {
    Enrolment* const enrolment = find_in(state.enrolments, change.host.text);
    if (enrolment == nullptr)
        return fail(Errc::not_found, "enrolment.approve.host", "no such host has shown itself");
    if (enrolment->state == EnrolmentState::removed)
        return fail(Errc::conflict, "enrolment.approve.state", "was removed; it must enrol again first");
    if (change.ak_name.empty() || change.ak_public.empty())
        return fail(Errc::malformed, "enrolment.approve.ak", "an approved host has one");
    enrolment->state = EnrolmentState::approved;
    enrolment->label = change.label;
    enrolment->ak_name = change.ak_name;
    enrolment->ak_public = change.ak_public;
    enrolment->firmware = change.firmware;
    enrolment->counters = change.counters;
    enrolment->groups = change.groups;
    enrolment->changed = time;
    return register_key(state, *enrolment);
}

Result<void> perform(AuthorityState& state, const EnrolmentObserve& change, SysTime time) {
    Enrolment* const enrolment = find_in(state.enrolments, change.host.text);
    if (enrolment == nullptr)
        return fail(Errc::not_found, "enrolment.observe.host", "is not enrolled");
    if (enrolment->state != EnrolmentState::approved)
        return fail(Errc::conflict, "enrolment.observe.state", "only an approved host can fall back");
    enrolment->state = EnrolmentState::pending;
    enrolment->changed = time;
    return {};
}

Result<void> perform(AuthorityState& state, const EnrolmentRemove& change, SysTime time) {
    Enrolment* const enrolment = find_in(state.enrolments, change.host.text);
    if (enrolment == nullptr || enrolment->state == EnrolmentState::removed)
        return fail(Errc::not_found, "enrolment.remove.host", "is not enrolled");
    enrolment->state = EnrolmentState::removed;
    enrolment->changed = time;
    std::erase_if(state.endorsement_keys,
                  [&](const auto& item) { return item.second.ek_digest == enrolment->ek_digest; });
    return {};
}

Result<void> perform(AuthorityState& state, const RevocationAdd& change, SysTime) {
    auto& of_kind = state.revocations[change.revocation.kind];
    return insert(
        of_kind, change.revocation.value, change.revocation, max_revocations, "revocation.add.value");
}

Result<void> perform(AuthorityState& state, const AuthorityHostSet& change, SysTime) {
    const std::string& id = change.host.id.text;
    if (state.authority_hosts.size() >= max_authority_hosts && !state.authority_hosts.contains(id))
        return fail(Errc::too_large, "authority_host.set.id", "there are too many");
    state.authority_hosts.insert_or_assign(id, change.host);
    return {};
}

Result<void> perform(AuthorityState& state, const AuthorityHostRemove& change, SysTime) {
    if (state.authority_hosts.size() == 1)
        return fail(Errc::conflict, "authority_host.remove.last", "nobody would be left");
    return erase(state.authority_hosts, change.id.text, "authority_host.remove.id");
}

Result<void> perform(AuthorityState&, const EpochRaise&, SysTime) {
    return {};
}

Result<void> perform_any(AuthorityState& state, const Change& change, SysTime time) {
    if (state.revision == 0 && !std::holds_alternative<AuthorityInit>(change))
        return fail(Errc::untrusted, "change.first", "an authority begins with authority.init");
    return std::visit([&](const auto& alternative) { return perform(state, alternative, time); }, change);
}

std::int64_t epoch_after(const AuthorityState& state, const Change& change) {
    if (state.revision == 0)
        return 1;
    return state.epoch + (effect_of(state, change) == Effect::tightening ? 1 : 0);
}

} // namespace

Result<AuthorityState> preview(AuthorityState state, const Change& change, SysTime time) {
    VS_TRY_VOID(perform_any(state, change, time));
    return state;
}

Result<ChangeRecord> next_record(const AuthorityState& state, Change change, Acceptance acceptance) {
    const std::int64_t epoch = epoch_after(state, change);
    if (auto after = preview(state, change, acceptance.time); !after)
        return std::unexpected(std::move(after).error());
    const ChangeRecord record{.revision = state.revision + 1,
                              .previous = state.head,
                              .time = acceptance.time,
                              .author = std::move(acceptance.author),
                              .approvers = std::move(acceptance.approvers),
                              .authority_host = std::move(acceptance.authority_host),
                              .epoch = epoch,
                              .change = std::move(change)};
    // A record that could not be read again must not be signed.
    VS_TRY(ChangeRecord again, ChangeRecord::parse(record.encode()));
    return again;
}

Result<AuthorityState> apply(AuthorityState state, const VerifiedChange& change) {
    const ChangeRecord& record = change.record();
    if (record.revision != state.revision + 1)
        return fail(Errc::untrusted, "change.revision", "does not follow");
    if (record.previous != state.head)
        return fail(Errc::untrusted, "change.previous", "follows another record");
    if (record.epoch != epoch_after(state, record.change))
        return fail(Errc::untrusted, "change.epoch", "not the trust epoch after this change");
    VS_TRY_VOID(perform_any(state, record.change, record.time));
    state.revision = record.revision;
    state.epoch = record.epoch;
    state.head = change.digest();
    state.changed = record.time;
    return state;
}

Result<AuthorityState>
fold(std::span<const StoredChange> records, const token::KeySet& change_keys, std::string_view anchor) {
    AuthorityState state;
    for (const StoredChange& stored : records) {
        VS_TRY(const VerifiedChange change, verify_record(stored, change_keys));
        VS_TRY(state, apply(std::move(state), change));
        if (state.anchor != anchor)
            return fail(Errc::untrusted, "change.anchor", "records of another cluster");
    }
    if (state.revision == 0)
        return fail(Errc::untrusted, "change.first", "there is no record");
    return state;
}

} // namespace vouchsafe::inventory

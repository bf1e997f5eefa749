#include "keyprovider/gate.h"

#include "keyprovider/key_state.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace vouchsafe::keyprovider {

namespace {

using inventory::AuthorityState;
using inventory::Enrolment;
using inventory::RevocationKind;

/// May anybody be answered, and is this session still one?
Result<void> check_now(const Standing& at) {
    const token::KeyAccess& token = at.token.claims();
    if (at.lease != Lease::valid)
        return fail(Errc::unavailable, "gate.lease", "this authority host may not release at the moment");
    if (at.state.cluster_state != inventory::ClusterState::enabled)
        return fail(Errc::denied, "gate.cluster", "the trust authority cluster is disabled");
    if (at.now >= at.session.expires)
        return fail(Errc::expired, "gate.session", "the release session has expired");
    if (at.now >= token.times.expires)
        return fail(Errc::expired, "gate.token", "the key access token has expired: attest again");
    if (token.release_key.empty() || token.release_key != at.session.release_key ||
        token.group != at.state.group)
        return fail(Errc::untrusted, "gate.binding", "the session is not the token's");
    if (token.epoch != at.state.epoch || at.session.epoch != at.state.epoch)
        return fail(Errc::expired, "gate.epoch", "the trust epoch has moved: attest again");
    if (token.revision > at.state.revision)
        return fail(Errc::unavailable, "gate.revision", "this authority host's copy is behind the token");
    return {};
}

bool is_host_revoked(const Standing& at, const Enrolment& enrolment) {
    const token::KeyAccess& token = at.token.claims();
    const std::string model =
        enrolment.tpm.manufacturer + "/" + enrolment.tpm.model + "/" + enrolment.tpm.firmware_version;
    const std::pair<RevocationKind, std::string_view> names[] = {
        {RevocationKind::host, token.host.text},
        {RevocationKind::ek, token.ek_digest},
        {RevocationKind::ak, token.ak_name},
        {RevocationKind::image, token.base_image.text},
        {RevocationKind::tpm_model, model},
        {RevocationKind::authority_key, at.token.kid()},
        {RevocationKind::firmware, enrolment.firmware ? enrolment.firmware->pcr0 : std::string_view{}},
    };
    return std::ranges::any_of(names, [&](const auto& name) {
        return !name.second.empty() && at.state.is_revoked(name.first, name.second);
    });
}

/// Is the host still one that may have keys? CAs, file digests and firmware sets are appraised at
/// attestation, which a revocation forces anew by moving the epoch.
Result<const Enrolment*> check_host(const Standing& at) {
    const token::KeyAccess& token = at.token.claims();
    const Enrolment* const enrolment = at.state.enrolment(token.host);
    if (enrolment == nullptr || enrolment->state != inventory::EnrolmentState::approved)
        return fail(Errc::denied, "gate.enrolment", "the host is not enrolled and approved");
    if (enrolment->ek_digest != token.ek_digest || !enrolment->ak_name ||
        *enrolment->ak_name != token.ak_name)
        return fail(Errc::denied, "gate.identity", "the token's keys are not the enrolled ones");
    if (!at.state.images.contains(token.base_image.text))
        return fail(Errc::denied, "gate.image", "the base image is not trusted any more");
    if (is_host_revoked(at, *enrolment))
        return fail(Errc::denied, "gate.revoked", "the host, or what it booted, is revoked");
    return enrolment;
}

Result<void> check_policy(const Standing& at, const Enrolment& host, const inventory::Provider& provider) {
    const inventory::ProviderPolicy& policy = provider.policy;
    const token::KeyAccess& token = at.token.claims();
    const bool boot_only = token.executables == token::Executables::boot_only;
    const bool warned = token.tier == token::Tier::warning && (boot_only || token.weak_tpm);
    const bool reaches = (token.tier == token::Tier::affirming || warned) &&
                         (!boot_only || policy.unsafe_boot_only) &&
                         (!token.weak_tpm || at.state.settings.unsafe_accept_weak_tpms);
    if (!reaches)
        return fail(Errc::denied, "gate.tier", "the attestation does not reach what the provider asks for");
    const bool in_group = std::ranges::any_of(host.groups, [&](const std::string& group) {
        return std::ranges::find(policy.host_groups, group) != policy.host_groups.end();
    });
    if (!policy.host_groups.empty() && !in_group)
        return fail(Errc::denied, "gate.groups", "the provider does not serve this host's groups");
    if (!policy.base_images.empty() &&
        std::ranges::find(policy.base_images, token.base_image.text) == policy.base_images.end())
        return fail(Errc::denied, "gate.images", "the provider does not serve this base image");
    return {};
}

Result<void> check_freshness(const inventory::ProviderPolicy& policy, const Result<void>& quote) {
    return policy.freshness == inventory::Freshness::strict ? quote : Result<void>();
}

bool is_key_id(std::string_view text) {
    return text.size() == 32 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string blob_digest_of(const protocol::Operation& operation) {
    const Buffer* const blob = blob_of(operation);
    return blob != nullptr ? blob_digest(*blob) : std::string();
}

bool is_generation_revoked(const AuthorityState& state,
                           const inventory::Provider& provider,
                           std::uint32_t number) {
    return state.is_revoked(RevocationKind::generation, provider.uid + "/" + std::to_string(number));
}

Result<void>
check_key(const AuthorityState& state, const Target& target, const protocol::Operation& operation) {
    const protocol::Context& context = context_of(operation);
    if (!is_key_id(context.key_id) || !is_uuid(context.vm.text))
        return fail(Errc::malformed, "gate.context", "key id or VM is malformed");
    const std::string digest = blob_digest_of(operation);
    if (state.is_revoked(RevocationKind::key, context.key_id) ||
        is_generation_revoked(state, *target.provider, target.generation->number) ||
        (target.newest != nullptr && is_generation_revoked(state, *target.provider, target.newest->number)) ||
        (!digest.empty() && state.is_revoked(RevocationKind::blob, digest)))
        return fail(Errc::denied, "gate.key_revoked", "the key is revoked");
    return {};
}

/// What a primary key is wanted for.
enum class Wanted : std::uint8_t { wrap, unwrap };

struct KeyRule {
    Wanted wanted;
    const inventory::ProviderPolicy& policy;
    std::string_view where;
};

Result<void> check_primary_key(const PrimaryKeyFacts& key, const KeyRule& rule) {
    if (key.lease != Lease::valid)
        return fail(Errc::unavailable, rule.where, "the key server has not confirmed the primary key");
    const bool usable =
        rule.wanted == Wanted::wrap ? key.state == kmip::State::active : opens(key.state, rule.policy);
    if (!usable)
        return fail(Errc::denied,
                    rule.where,
                    "the primary key is " + kmip::to_string(key.state) +
                        (rule.wanted == Wanted::wrap ? ": rotate the provider" : ""));
    if (rule.wanted == Wanted::wrap && key.window != WrapWindow::open)
        return fail(Errc::denied,
                    rule.where,
                    "the primary key may not wrap at this time, by its Process Start and Protect Stop dates");
    return {};
}

Result<void>
check_primary_keys(const GateInput& input, GrantedUse use, const inventory::ProviderPolicy& policy) {
    KeyRule rule{.wanted = use == GrantedUse::generate ? Wanted::wrap : Wanted::unwrap,
                 .policy = policy,
                 .where = "gate.primary_key"};
    VS_TRY_VOID(check_primary_key(input.primary_key, rule));
    if (use != GrantedUse::rewrap)
        return {};
    rule.wanted = Wanted::wrap;
    rule.where = "gate.newest_key";
    return check_primary_key(input.newest_key.value_or(PrimaryKeyFacts{}), rule);
}

GrantedUse use_of(const protocol::Operation& operation) {
    if (std::holds_alternative<protocol::GenerateKey>(operation))
        return GrantedUse::generate;
    return std::holds_alternative<protocol::DecryptKey>(operation) ? GrantedUse::decrypt : GrantedUse::rewrap;
}

Result<const inventory::Generation*> find_generation(const inventory::Provider& provider,
                                                     std::uint32_t number) {
    const auto found = std::ranges::find(provider.generations, number, &inventory::Generation::number);
    if (found == provider.generations.end())
        return fail(Errc::denied, "gate.generation", "the provider has no such generation");
    if (found->retired)
        return fail(Errc::denied,
                    "gate.retired",
                    "the generation is retired; vouchsafe provider restore-generation brings it back");
    return &*found;
}

} // namespace

Result<void> no_quote() {
    return fail(Errc::denied, "gate.freshness", "the provider releases only to requests with a fresh quote");
}

Result<void> check_standing(const Standing& standing) {
    VS_TRY_VOID(check_now(standing));
    VS_TRY_VOID(check_host(standing));
    return {};
}

Result<Target> target(const AuthorityState& state, const protocol::Operation& operation) {
    const inventory::Provider* const provider = state.provider(provider_of(operation).text);
    if (provider == nullptr || provider->generations.empty())
        return fail(Errc::denied, "gate.provider", "there is no such key provider");
    const Buffer* const bytes = blob_of(operation);
    if (bytes == nullptr)
        return Target{.provider = provider, .generation = &provider->generations.back()};
    const auto blob = parse_blob(*bytes);
    if (!blob)
        return fail(Errc::malformed, "gate.blob", blob.error().where + ": " + blob.error().detail);
    if (to_hex(blob->key.provider) != provider->uid)
        return fail(Errc::denied, "gate.blob_provider", "the blob is of another key provider");
    VS_TRY(const inventory::Generation* const generation, find_generation(*provider, blob->key.generation));
    const bool anew = use_of(operation) == GrantedUse::rewrap;
    return Target{.provider = provider,
                  .generation = generation,
                  .newest = anew ? &provider->generations.back() : nullptr};
}

Result<ReleaseGrant> authorize_release(const GateInput& input) {
    const AuthorityState& state = input.standing.state;
    const token::KeyAccess& token = input.standing.token.claims();
    VS_TRY_VOID(check_now(input.standing));
    VS_TRY(const Enrolment* const enrolment, check_host(input.standing));
    VS_TRY(const Target about, target(state, input.operation));
    VS_TRY_VOID(check_policy(input.standing, *enrolment, *about.provider));
    VS_TRY_VOID(check_freshness(about.provider->policy, input.quote));
    VS_TRY_VOID(check_key(state, about, input.operation));
    const GrantedUse use = use_of(input.operation);
    VS_TRY_VOID(check_primary_keys(input, use, about.provider->policy));

    ReleaseGrant grant;
    grant.use_ = use;
    grant.host_ = token.host;
    grant.provider_ = {about.provider->name};
    VS_TRY(grant.blob_key_.provider, provider_uid_from_text(about.provider->uid));
    grant.blob_key_.generation = about.generation->number;
    grant.newest_key_ = {.provider = grant.blob_key_.provider,
                         .generation = about.provider->generations.back().number};
    grant.context_ = context_of(input.operation);
    grant.blob_digest_ = blob_digest_of(input.operation);
    grant.freshness_ = about.provider->policy.freshness;
    grant.epoch_ = state.epoch;
    grant.revision_ = state.revision;
    return grant;
}

Result<void> confirm_unmoved(const ReleaseGrant& grant, std::int64_t epoch, Lease lease) {
    if (grant.epoch() != epoch)
        return fail(Errc::expired, "gate.moved", "the trust epoch moved meanwhile: attest again");
    if (lease != Lease::valid)
        return fail(Errc::unavailable, "gate.lease", "the right to release lapsed meanwhile");
    return {};
}

} // namespace vouchsafe::keyprovider

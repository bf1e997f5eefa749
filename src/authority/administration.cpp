#include "authority/administration.h"

#include "access/privilege.h"
#include "api/operation.h"
#include "api/router.h"
#include "crypto/x509.h"
#include "json/members.h"
#include "json/parse.h"

#include <algorithm>
#include <set>

namespace vouchsafe::authority {

namespace {

constexpr std::size_t max_body = std::size_t{8} << 20U;

Result<void>
may(const inventory::Issuer& issuer, const token::Administrator& who, const api::Operation& operation) {
    const bool reads = operation.effect == api::Effect::read;
    if (issuer.role == inventory::IssuerRole::consumer) {
        const bool open_to_consumers = operation.privilege == access::Privilege::read_trusted_hosts ||
                                       operation.privilege == access::Privilege::read_kms_trust;
        if (!reads || !open_to_consumers)
            return fail(Errc::denied, "admin.consumer", "a consumer may only read");
        return {};
    }
    const std::set<std::string> groups(who.groups.begin(), who.groups.end());
    if (!access::allows(groups, operation.privilege))
        return fail(Errc::denied,
                    "admin.privilege",
                    who.subject + " lacks the privilege " +
                        std::string(access::to_string(operation.privilege)));
    if (!reads && !groups.contains(std::string(access::trusted_admins)))
        return fail(Errc::denied, "admin.trust", "only members of TrustedAdmins may change trust");
    return {};
}

} // namespace

Operate find_served(std::string_view service, std::string_view name) {
    for (const auto& rows : {attestation_operations(),
                             provider_operations(),
                             connection_operations(),
                             generation_operations(),
                             tpm_operations(),
                             revocation_operations(),
                             own_operations(),
                             audit_operations(),
                             policy_operations(),
                             firmware_operations()})
        for (const ServedOperation& row : rows)
            if (row.service == service && row.name == name)
                return row.operate;
    return nullptr;
}

Result<token::KeySet> sts_keys(const std::vector<std::string>& certificates) {
    token::KeySet keys;
    for (const std::string& pem : certificates) {
        VS_TRY(const crypto::Certificate certificate, crypto::Certificate::from_pem(pem));
        const auto key = certificate.public_key();
        const auto* const ec = key ? std::get_if<crypto::EcPublicKey>(&*key) : nullptr;
        if (ec != nullptr && ec->curve() == crypto::Curve::p256)
            keys.add(*ec);
    }
    return keys;
}

const std::string& Invocation::text(std::string_view member) const {
    const json::Value* const value = input.find(member);
    VS_CHECK(value != nullptr && value->is_string()); // the table was checked
    return value->as_string();
}

const json::Value* Invocation::find(std::string_view member) const {
    const json::Value* const value = input.find(member);
    return value == nullptr || value->is_null() ? nullptr : value;
}

Result<void> Invocation::check_cluster() const {
    if (text("cluster") != state.cluster)
        return fail(Errc::not_found, "cluster", "there is no trust authority cluster " + text("cluster"));
    return {};
}

namespace {

/// What primary keys were seen to be while the operation was at work is kept, and does not make it fail.
void adopt_check_values(const inventory::AuthorityState& now, inventory::Provider& provider) {
    const inventory::Provider* const known = now.provider(provider.name);
    if (known == nullptr)
        return;
    for (inventory::Generation& generation : provider.generations)
        for (const inventory::Generation& seen : known->generations)
            if (!generation.check_value && generation.number == seen.number &&
                generation.primary_key == seen.primary_key)
                generation.check_value = seen.check_value;
}

} // namespace

Result<json::Value> Invocation::commit(inventory::Change change) const {
    if (auto* const update = std::get_if<inventory::ProviderUpdate>(&change))
        adopt_check_values(*parts.core.state(), update->provider);
    VS_TRY([[maybe_unused]] const auto after, parts.core.commit(std::move(change), author));
    return json::Value();
}

Result<void> Administration::use_once(const token::VerifiedAdministrator& administrator) {
    const SysTime now = parts_.clock.now();
    const std::scoped_lock lock(mutex_);
    std::erase_if(used_, [now](const auto& used) { return used.second <= now; });
    if (!used_.emplace(administrator->id, administrator->times.expires).second)
        return fail(Errc::unauthenticated, "admin.replay", "this token was used already");
    return {};
}

std::shared_ptr<const token::IssuerKeys> Administration::issuer_keys(const inventory::AuthorityState& state) {
    const std::scoped_lock lock(mutex_);
    if (issuer_keys_ == nullptr || issuer_keys_revision_ != state.revision) {
        token::IssuerKeys keys;
        for (const auto& [name, issuer] : state.issuers)
            if (auto usable = sts_keys(issuer.certificates)) // one issuer's bad certificate is that issuer's
                keys.emplace(name, *std::move(usable));
        issuer_keys_ = std::make_shared<const token::IssuerKeys>(std::move(keys));
        issuer_keys_revision_ = state.revision;
    }
    return issuer_keys_;
}

Result<json::Value> Administration::invoke(std::string_view token, Bytes body) {
    const auto state = parts_.core.state();
    const auto issuers = issuer_keys(*state);
    const auto administrator = token::verify_administrator({.token = token,
                                                            .group = parts_.keys.identity().group,
                                                            .body = body,
                                                            .issuers = *issuers,
                                                            .now = parts_.clock.now()});
    // Strangers learn nothing of which issuers or keys there are.
    if (!administrator)
        return fail(Errc::unauthenticated, "admin.token", "this administrator token is not accepted");
    VS_TRY_VOID(use_once(*administrator));

    VS_TRY(const json::Value request, json::parse(as_text(body), {.bytes = max_body}));
    json::Members members(request, "invoke");
    VS_TRY_VOID(members.version(1));
    VS_TRY(const std::string service, members.string("service"));
    VS_TRY(const std::string name, members.string("operation"));
    VS_TRY(const json::Value* const input, members.value("input"));
    VS_TRY_VOID(members.finish());

    const api::Operation* const row = api::find_operation(service, name);
    const Operate operate = find_served(service, name);
    if (row == nullptr || operate == nullptr)
        return fail(
            Errc::not_found, "admin.operation", "an authority host has no operation " + service + " " + name);
    VS_TRY_VOID(may(state->issuers.at((*administrator)->issuer), administrator->claims(), *row));
    VS_TRY_VOID(api::check_input(*row, *input));
    return operate({.parts = parts_,
                    .state = *state,
                    .input = *input,
                    .author = {.issuer = (*administrator)->issuer, .subject = (*administrator)->subject}});
}

} // namespace vouchsafe::authority

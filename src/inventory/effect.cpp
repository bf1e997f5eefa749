// Which changes tighten: one row for each kind of change.
#include "inventory/fold.h"

#include <algorithm>
#include <array>
#include <ranges>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace vouchsafe::inventory {

namespace {

Effect tightening_if(bool narrowed) {
    return narrowed ? Effect::tightening : Effect::loosening;
}

/// Something in `before` is not in `after`.
template <class T> bool lost(const std::vector<T>& before, const std::vector<T>& after) {
    return std::ranges::any_of(
        before, [&after](const T& item) { return std::ranges::find(after, item) == after.end(); });
}

/// A list of those that may be served, where none means all.
bool served_narrowed(const std::vector<std::string>& before, const std::vector<std::string>& after) {
    if (after.empty())
        return false;
    return before.empty() || lost(before, after);
}

Effect settings_effect(const Settings& before, const Settings& after) {
    const bool narrowed = (!before.require_endorsement_keys && after.require_endorsement_keys) ||
                          (!before.require_certificate_validation && after.require_certificate_validation) ||
                          (before.unsafe_auto_enrol && !after.unsafe_auto_enrol) ||
                          (before.unsafe_ignore_firmware && !after.unsafe_ignore_firmware) ||
                          (before.unsafe_accept_weak_tpms && !after.unsafe_accept_weak_tpms) ||
                          after.key_access_life < before.key_access_life;
    return tightening_if(narrowed);
}

bool generation_retired(const Provider& before, const Provider& after) {
    return std::ranges::any_of(after.generations, [&before](const Generation& generation) {
        const auto was = std::ranges::find(before.generations, generation.number, &Generation::number);
        return generation.retired && was != before.generations.end() && !was->retired;
    });
}

/// Quotas are left out: they spread releases over time, and take trust from nobody.
Effect provider_effect(const Provider& before, const Provider& after) {
    const bool narrowed =
        served_narrowed(before.policy.host_groups, after.policy.host_groups) ||
        served_narrowed(before.policy.base_images, after.policy.base_images) ||
        (before.policy.freshness == Freshness::result && after.policy.freshness == Freshness::strict) ||
        (before.policy.unsafe_boot_only && !after.policy.unsafe_boot_only) ||
        (before.policy.unsafe_compromised_key && !after.policy.unsafe_compromised_key) ||
        generation_retired(before, after) || lost(before.servers, after.servers) ||
        lost(before.trusted_peer_certificates, after.trusted_peer_certificates);
    return tightening_if(narrowed);
}

/// Approving a host again may take away what it had: its AK, its firmware, a group.
Effect approve_effect(const Enrolment& before, const EnrolmentApprove& change) {
    if (before.state != EnrolmentState::approved)
        return Effect::loosening;
    return tightening_if(before.ak_name != change.ak_name || before.firmware != change.firmware ||
                         lost(before.groups, change.groups));
}

// The rows. A rule sees the state before the change; where the change names what is not there, apply
// refuses it and the effect does not matter.

Effect rule(const AuthorityState&, const AuthorityInit&) {
    return Effect::neutral;
}

Effect rule(const AuthorityState& state, const SettingsUpdate& change) {
    return settings_effect(state.settings, change.settings);
}

Effect rule(const AuthorityState& state, const ClusterUpdate& change) {
    return tightening_if(state.cluster_state == ClusterState::enabled &&
                         change.state == ClusterState::disabled);
}

Effect rule(const AuthorityState&, const CaImport&) {
    return Effect::loosening;
}

Effect rule(const AuthorityState&, const CaRemove&) {
    return Effect::tightening;
}

Effect rule(const AuthorityState&, const EndorsementKeyImport&) {
    return Effect::loosening;
}

Effect rule(const AuthorityState&, const EndorsementKeyRemove&) {
    return Effect::tightening;
}

Effect rule(const AuthorityState&, const ImageImport&) {
    return Effect::loosening;
}

Effect rule(const AuthorityState&, const ImageRemove&) {
    return Effect::tightening;
}

Effect rule(const AuthorityState& state, const FirmwareSetSet& change) {
    const auto before = state.firmware_sets.find(change.set.name);
    return tightening_if(
        before != state.firmware_sets.end() &&
        (before->second.bank != change.set.bank || lost(before->second.firmware, change.set.firmware)));
}

Effect rule(const AuthorityState&, const FirmwareSetRemove&) {
    return Effect::tightening;
}

Effect rule(const AuthorityState&, const ProviderCreate&) {
    return Effect::loosening;
}

Effect rule(const AuthorityState& state, const ProviderUpdate& change) {
    const Provider* const before = state.provider(change.provider.name);
    return before == nullptr ? Effect::neutral : provider_effect(*before, change.provider);
}

Effect rule(const AuthorityState&, const ProviderDelete&) {
    return Effect::tightening;
}

Effect rule(const AuthorityState&, const ProviderClientCertificate&) {
    return Effect::neutral;
}

Effect rule(const AuthorityState& state, const ProviderPeerCertificates& change) {
    const Provider* const before = state.provider(change.name);
    return tightening_if(before != nullptr && lost(before->trusted_peer_certificates, change.certificates));
}

Effect rule(const AuthorityState&, const ProviderCheckValue&) {
    return Effect::neutral;
}

Effect rule(const AuthorityState& state, const IssuerSet& change) {
    const auto before = state.issuers.find(change.issuer.issuer);
    return tightening_if(before != state.issuers.end() &&
                         lost(before->second.certificates, change.issuer.certificates));
}

Effect rule(const AuthorityState&, const IssuerRemove&) {
    return Effect::tightening;
}

Effect rule(const AuthorityState&, const EnrolmentCreate& change) {
    return change.enrolment.state == EnrolmentState::approved ? Effect::loosening : Effect::neutral;
}

Effect rule(const AuthorityState& state, const EnrolmentApprove& change) {
    const Enrolment* const before = state.enrolment(change.host);
    return before == nullptr ? Effect::neutral : approve_effect(*before, change);
}

Effect rule(const AuthorityState&, const EnrolmentObserve&) {
    return Effect::tightening;
}

Effect rule(const AuthorityState&, const EnrolmentRemove&) {
    return Effect::tightening;
}

Effect rule(const AuthorityState&, const RevocationAdd&) {
    return Effect::tightening;
}

Effect rule(const AuthorityState& state, const AuthorityHostSet& change) {
    const auto before = state.authority_hosts.find(change.host.id.text);
    return tightening_if(before != state.authority_hosts.end() &&
                         lost(before->second.key_certificates, change.host.key_certificates));
}

Effect rule(const AuthorityState&, const AuthorityHostRemove&) {
    return Effect::tightening;
}

Effect rule(const AuthorityState&, const EpochRaise&) {
    return Effect::tightening;
}

} // namespace

Effect effect_of(const AuthorityState& state, const Change& change) {
    return std::visit([&state](const auto& alternative) { return rule(state, alternative); }, change);
}

} // namespace vouchsafe::inventory

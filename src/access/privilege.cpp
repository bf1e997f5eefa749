#include "access/privilege.h"

#include <algorithm>
#include <array>
#include <utility>

namespace vouchsafe::access {

namespace {

using enum Privilege;

constexpr std::array all_groups = {administrators, trusted_admins, vm_administrators, auditors};

constexpr std::array administrators_may = {session, read_users, manage_users};

constexpr std::array trusted_admins_may = {session,
                                           read_trusted_hosts,
                                           manage_trusted_hosts,
                                           read_sts_info,
                                           read_kms_trust,
                                           manage_kms_trust,
                                           configure_host_certificates,
                                           configure_host_metadata,
                                           manage_attesting_sso,
                                           read_audit,
                                           read_vms};

constexpr std::array vm_administrators_may = {session, read_trusted_hosts, read_vms, manage_vms};

constexpr std::array auditors_may = {
    session, read_trusted_hosts, read_sts_info, read_kms_trust, read_audit, read_users, read_vms};

std::span<const Privilege> privileges_of(std::string_view group) {
    if (group == administrators)
        return administrators_may;
    if (group == trusted_admins)
        return trusted_admins_may;
    if (group == vm_administrators)
        return vm_administrators_may;
    if (group == auditors)
        return auditors_may;
    return {};
}

} // namespace

std::span<const std::string_view> group_names() {
    return all_groups;
}

bool allows(const std::set<std::string>& groups, Privilege privilege) {
    if (privilege == session)
        return true;
    return std::ranges::any_of(groups, [privilege](const std::string& group) {
        return std::ranges::find(privileges_of(group), privilege) != privileges_of(group).end();
    });
}

std::string_view to_string(Privilege privilege) {
    switch (privilege) {
    case open:
        return "none";
    case agent:
        return "trusted host";
    case session:
        return "System.View";
    case read_trusted_hosts:
        return "TrustedAdmin.ReadTrustedHosts";
    case manage_trusted_hosts:
        return "TrustedAdmin.ManageTrustedHosts";
    case read_sts_info:
        return "TrustedAdmin.ReadStsInfo";
    case read_kms_trust:
        return "TrustedAdmin.ReadKMSTrust";
    case manage_kms_trust:
        return "TrustedAdmin.ManageKMSTrust";
    case configure_host_certificates:
        return "TrustedAdmin.ConfigureHostCertificates";
    case configure_host_metadata:
        return "TrustedAdmin.ConfigureHostMetadata";
    case manage_attesting_sso:
        return "TrustedAdmin.ManageAttestingSSO";
    case read_audit:
        return "Vouchsafe.ReadAudit";
    case read_users:
        return "Vouchsafe.ReadUsers";
    case manage_users:
        return "Vouchsafe.ManageUsers";
    case read_vms:
        return "Vouchsafe.ReadVMs";
    case manage_vms:
        return "Vouchsafe.ManageVMs";
    }
    std::unreachable();
}

} // namespace vouchsafe::access

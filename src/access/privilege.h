// Privileges and the groups that have them.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>

namespace vouchsafe::access {

/// What an operation asks of its caller. The names in text are those of the administration API.
enum class Privilege : std::uint8_t {
    open,                 ///< needs no session: log-in itself
    agent,                ///< the caller is a trusted host, known by its client certificate or join token
    session,              ///< any user who is logged in
    read_trusted_hosts,   ///< TrustedAdmin.ReadTrustedHosts
    manage_trusted_hosts, ///< TrustedAdmin.ManageTrustedHosts
    read_sts_info,        ///< TrustedAdmin.ReadStsInfo
    read_kms_trust,       ///< TrustedAdmin.ReadKMSTrust
    manage_kms_trust,     ///< TrustedAdmin.ManageKMSTrust
    configure_host_certificates, ///< TrustedAdmin.ConfigureHostCertificates
    configure_host_metadata,     ///< TrustedAdmin.ConfigureHostMetadata
    manage_attesting_sso,        ///< TrustedAdmin.ManageAttestingSSO
    read_audit,                  ///< Vouchsafe.ReadAudit
    read_users,                  ///< Vouchsafe.ReadUsers
    manage_users,                ///< Vouchsafe.ManageUsers
    read_vms,                    ///< Vouchsafe.ReadVMs
    manage_vms,                  ///< Vouchsafe.ManageVMs
};

std::string_view to_string(Privilege privilege);

/// The groups that every management server has. Membership is the only source of privileges.
inline constexpr std::string_view administrators = "Administrators";      ///< users and groups, nothing else
inline constexpr std::string_view trusted_admins = "TrustedAdmins";       ///< alone change trust
inline constexpr std::string_view vm_administrators = "VMAdministrators"; ///< virtual machines
inline constexpr std::string_view auditors = "Auditors";                  ///< read everything, change nothing

std::span<const std::string_view> group_names();

/// Whether a member of these groups has the privilege. `open` and `agent` are never had by a user.
bool allows(const std::set<std::string>& groups, Privilege privilege);

} // namespace vouchsafe::access

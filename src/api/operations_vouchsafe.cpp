// What the administration API has no operation for, under /api/vouchsafe/v1: users, authority hosts,
// enrolments, services information, audit, trusted hosts, virtual machines, and the door for agents.
#include "api/operations_parts.h"
#include "api/shapes_common.h"

#include <array>

namespace vouchsafe::api {

namespace {

using enum access::Privilege;
using net::Method;

#define VS_V1 "/api/vouchsafe/v1"
constexpr Type documents = list(document);

constexpr std::array user_create_fields = {
    Field{"name", id}, Field{"password", secret}, Field{"groups", ids, Need::optional}};
constexpr Structure user_create{"vouchsafe.users.create_spec", user_create_fields};
constexpr std::array user_info_fields = {Field{"name", id}, Field{"groups", ids}};
constexpr Structure user_info{"vouchsafe.users.info", user_info_fields};
constexpr Type user_info_type = structure(user_info);
constexpr std::array password_fields = {Field{"password", secret}};
constexpr Structure password{"vouchsafe.users.password_spec", password_fields};
constexpr std::array member_fields = {Field{"user", id}};
constexpr Structure member{"vouchsafe.groups.member_spec", member_fields};
constexpr std::array group_info_fields = {
    Field{"name", id}, Field{"members", ids}, Field{"privileges", texts}};
constexpr Structure group_info{"vouchsafe.groups.info", group_info_fields};
constexpr Type group_info_type = structure(group_info);

constexpr std::array status_info_fields = {Field{"name", text},
                                           Field{"role", text},
                                           Field{"version", text},
                                           Field{"authority", document, Need::optional}};
constexpr Structure status_info{"vouchsafe.status.info", status_info_fields};

// --- authority role

constexpr std::array claim_fields = {Field{"url", text}, Field{"pin", id}, Field{"token", secret}};
constexpr Structure claim{"vouchsafe.authority_hosts.claim_spec", claim_fields};
constexpr std::array approve_fields = {Field{"groups", ids, Need::optional},
                                       Field{"ak_name", id, Need::optional}};
constexpr Structure approve{"vouchsafe.enrolments.approve_spec", approve_fields};
constexpr std::array mark_lab_fields = {Field{"lab", boolean}};
constexpr Structure mark_lab{"vouchsafe.tpm_cas.mark_spec", mark_lab_fields};
constexpr std::array import_cas_fields = {Field{"name", id}, Field{"bundle", binary}};
constexpr Structure import_cas{"vouchsafe.tpm_cas.import_spec", import_cas_fields};
constexpr std::array tpm_settings_fields = {Field{"unsafe_accept_weak_tpms", boolean}};
constexpr Structure tpm_settings{"vouchsafe.tpm_settings.spec", tpm_settings_fields};
constexpr std::array<std::string_view, 2> wrapping_words = {"fetch", "remote"};
constexpr std::array<std::string_view, 2> freshness_words = {"result", "strict"};
constexpr std::array policy_fields = {Field{"host_groups", ids, Need::optional},
                                      Field{"base_images", ids, Need::optional},
                                      Field{"freshness", word(freshness_words), Need::optional},
                                      Field{"wrapping", word(wrapping_words), Need::optional},
                                      Field{"unsafe_boot_only", boolean, Need::optional},
                                      Field{"unsafe_compromised_key", boolean, Need::optional},
                                      Field{"host_quota_burst", integer, Need::optional},
                                      Field{"host_quota_per_minute", integer, Need::optional},
                                      Field{"quota_burst", integer, Need::optional},
                                      Field{"quota_per_minute", integer, Need::optional}};
constexpr Structure policy{"vouchsafe.provider_policy.spec", policy_fields};
constexpr std::array device_fields = {Field{"serial_number", text, Need::optional},
                                      Field{"device_identifier", text, Need::optional},
                                      Field{"network_identifier", text, Need::optional},
                                      Field{"machine_identifier", text, Need::optional},
                                      Field{"media_identifier", text, Need::optional}};
constexpr Structure device{"vouchsafe.provider_connection.device", device_fields};
constexpr std::array connection_fields = {Field{"proxy_server", address_type, Need::optional},
                                          Field{"no_proxy_server", boolean, Need::optional},
                                          Field{"username", text, Need::optional},
                                          Field{"password", secret, Need::optional},
                                          Field{"no_username", boolean, Need::optional},
                                          Field{"device", structure(device), Need::optional},
                                          Field{"device_password", secret, Need::optional},
                                          Field{"no_device", boolean, Need::optional}};
constexpr Structure connection{"vouchsafe.provider_connection.spec", connection_fields};
constexpr std::array recover_fields = {
    Field{"provider", id}, Field{"uid", id}, Field{"generations", documents}, Field{"servers", documents}};
constexpr Structure recover{"vouchsafe.providers.recover_spec", recover_fields};
constexpr std::array rotate_fields = {Field{"master_key_id", id, Need::optional}};
constexpr Structure rotate{"vouchsafe.provider_generations.rotate_spec", rotate_fields};
constexpr std::array retire_fields = {Field{"unsafe_in_use", boolean, Need::optional}};
constexpr Structure retire{"vouchsafe.provider_generations.retire_spec", retire_fields};
constexpr std::array audit_query = {Field{"kind", texts, Need::optional},
                                    Field{"host", id, Need::optional},
                                    Field{"key", id, Need::optional},
                                    Field{"vm", text, Need::optional},
                                    Field{"provider", id, Need::optional},
                                    Field{"since", text, Need::optional},
                                    Field{"until", text, Need::optional},
                                    Field{"after", integer, Need::optional},
                                    Field{"before", integer, Need::optional},
                                    Field{"limit", integer, Need::optional}};
constexpr std::array revocation_fields = {
    Field{"kind", word(revocation_words)}, Field{"value", id}, Field{"reason", text, Need::optional}};
constexpr Structure revocation{"vouchsafe.revocations.create_spec", revocation_fields};
constexpr std::array firmware_fields = {Field{"host", id, Need::optional},
                                        Field{"pcr0", id, Need::optional},
                                        Field{"pcr2", id, Need::optional},
                                        Field{"bank", id, Need::optional},
                                        Field{"version", text, Need::optional},
                                        Field{"note", text, Need::optional}};
constexpr Structure firmware_add{"vouchsafe.firmware_sets.add_spec", firmware_fields};
constexpr std::array firmware_rule_fields = {Field{"unsafe_ignore_firmware", boolean}};
constexpr Structure firmware_rule{"vouchsafe.firmware_rule.spec", firmware_rule_fields};
constexpr std::array<std::string_view, 4> userspace_words = {"boot-image", "dm-verity", "ima", "boot-only"};
constexpr std::array export_query = {Field{"version", id, Need::optional},
                                     Field{"display_name", text, Need::optional},
                                     Field{"userspace", word(userspace_words), Need::optional}};

constexpr std::array evidence_query = {Field{"offset", integer, Need::optional}};
constexpr std::array evidence_fields = {Field{"digest", id}, Field{"size", integer}, Field{"bytes", binary}};
constexpr Structure evidence_part{"vouchsafe.enrolments.evidence_part", evidence_fields};
constexpr std::array what_if_fields = {Field{"remove_images", ids, Need::optional},
                                       Field{"add_images", documents, Need::optional},
                                       Field{"remove_cas", ids, Need::optional},
                                       Field{"require_endorsement_keys", boolean, Need::optional},
                                       Field{"require_certificate_validation", boolean, Need::optional},
                                       Field{"unsafe_ignore_firmware", boolean, Need::optional},
                                       Field{"require_secure_boot", boolean, Need::optional},
                                       Field{"after", id, Need::optional}};
constexpr Structure what_if{"vouchsafe.policy.what_if_spec", what_if_fields};

// --- workload role

constexpr std::array import_fields = {Field{"anchor", id}, Field{"document", document}};
constexpr Structure import_services{"vouchsafe.services_information.import_spec", import_fields};
constexpr std::array name_fields = {Field{"name", id}};
constexpr Structure cluster_create{"vouchsafe.clusters.create_spec", name_fields};
constexpr std::array join_token_fields = {Field{"cluster", id}, Field{"label", id, Need::optional}};
constexpr Structure join_token{"vouchsafe.join_tokens.create_spec", join_token_fields};
constexpr std::array vm_create_fields = {Field{"name", id},
                                         Field{"host", id},
                                         Field{"provider", id},
                                         Field{"memory_mib", integer, Need::optional},
                                         Field{"vcpus", integer, Need::optional},
                                         Field{"disk_mib", integer},
                                         Field{"image", id, Need::optional}};
constexpr Structure vm_create{"vouchsafe.vms.create_spec", vm_create_fields};

// clang-format off
constexpr std::array rows = {
Operation{.service = "vouchsafe.status", .name = "get", .method = Method::get, .path = VS_V1 "/status", .result = structure(status_info), .server = Server::both, .privilege = session},
Operation{.service = "vouchsafe.users", .name = "list", .method = Method::get, .path = VS_V1 "/users", .result = list(user_info_type), .server = Server::both, .privilege = read_users},
Operation{.service = "vouchsafe.users", .name = "create", .method = Method::post, .path = VS_V1 "/users", .body_name = "spec", .body = structure(user_create), .result = id, .server = Server::both, .status = 201, .privilege = manage_users, .effect = Effect::change},
Operation{.service = "vouchsafe.users", .name = "set_password", .method = Method::put, .path = VS_V1 "/users/{user}/password", .body_name = "spec", .body = structure(password), .server = Server::both, .status = 204, .privilege = manage_users, .effect = Effect::change},
Operation{.service = "vouchsafe.users", .name = "delete", .method = Method::delete_, .path = VS_V1 "/users/{user}", .server = Server::both, .status = 204, .privilege = manage_users, .effect = Effect::change},
Operation{.service = "vouchsafe.groups", .name = "list", .method = Method::get, .path = VS_V1 "/groups", .result = list(group_info_type), .server = Server::both, .privilege = read_users},
Operation{.service = "vouchsafe.groups", .name = "add_member", .method = Method::post, .path = VS_V1 "/groups/{group}/members", .body_name = "spec", .body = structure(member), .server = Server::both, .status = 204, .privilege = manage_users, .effect = Effect::change},
Operation{.service = "vouchsafe.groups", .name = "remove_member", .method = Method::delete_, .path = VS_V1 "/groups/{group}/members/{user}", .server = Server::both, .status = 204, .privilege = manage_users, .effect = Effect::change},

Operation{.service = "vouchsafe.authority_hosts", .name = "list", .method = Method::get, .path = VS_V1 "/authority-hosts", .result = documents, .server = Server::authority, .privilege = read_trusted_hosts},
Operation{.service = "vouchsafe.authority_hosts", .name = "claim", .method = Method::post, .path = VS_V1 "/authority-hosts", .body_name = "spec", .body = structure(claim), .result = document, .server = Server::authority, .status = 201, .privilege = manage_trusted_hosts, .effect = Effect::trust},
Operation{.service = "vouchsafe.enrolments", .name = "list", .method = Method::get, .path = VS_V1 "/enrolments", .result = documents, .server = Server::authority, .privilege = read_trusted_hosts},
Operation{.service = "vouchsafe.enrolments", .name = "get", .method = Method::get, .path = VS_V1 "/enrolments/{host}", .result = document, .server = Server::authority, .privilege = read_trusted_hosts},
Operation{.service = "vouchsafe.enrolments", .name = "approve", .method = Method::post, .path = VS_V1 "/enrolments/{host}", .action = "approve", .body_name = "spec", .body = structure(approve), .body_need = Need::optional, .server = Server::authority, .status = 204, .privilege = configure_host_certificates, .effect = Effect::trust},
Operation{.service = "vouchsafe.enrolments", .name = "delete", .method = Method::delete_, .path = VS_V1 "/enrolments/{host}", .server = Server::authority, .status = 204, .privilege = configure_host_certificates, .effect = Effect::trust},
Operation{.service = "vouchsafe.enrolments", .name = "explain", .method = Method::get, .path = VS_V1 "/enrolments/{host}/explanation", .result = document, .server = Server::authority, .privilege = read_trusted_hosts},
Operation{.service = "vouchsafe.enrolments", .name = "export_image", .method = Method::get, .path = VS_V1 "/enrolments/{host}/base-image", .query = export_query, .result = document, .server = Server::authority, .privilege = configure_host_metadata},
Operation{.service = "vouchsafe.enrolments", .name = "evidence", .method = Method::get, .path = VS_V1 "/enrolments/{host}/evidence", .query = evidence_query, .result = structure(evidence_part), .server = Server::authority, .privilege = read_audit},
Operation{.service = "vouchsafe.policy", .name = "get", .method = Method::get, .path = VS_V1 "/policy", .result = document, .server = Server::authority, .privilege = read_audit},
Operation{.service = "vouchsafe.policy", .name = "what_if", .method = Method::post, .path = VS_V1 "/policy", .action = "what-if", .body_name = "spec", .body = structure(what_if), .result = document, .server = Server::authority, .privilege = read_audit},
Operation{.service = "vouchsafe.tpm_cas", .name = "mark", .method = Method::put, .path = VS_V1 "/tpm-cas/{name}/lab", .body_name = "spec", .body = structure(mark_lab), .server = Server::authority, .status = 204, .privilege = configure_host_certificates, .effect = Effect::trust},
Operation{.service = "vouchsafe.tpm_cas", .name = "import", .method = Method::post, .path = VS_V1 "/tpm-cas", .body_name = "spec", .body = structure(import_cas), .result = document, .server = Server::authority, .status = 201, .privilege = configure_host_certificates, .effect = Effect::trust},
Operation{.service = "vouchsafe.tpm_settings", .name = "get", .method = Method::get, .path = VS_V1 "/tpm-settings", .result = document, .server = Server::authority, .privilege = read_trusted_hosts},
Operation{.service = "vouchsafe.tpm_settings", .name = "set", .method = Method::put, .path = VS_V1 "/tpm-settings", .body_name = "spec", .body = structure(tpm_settings), .server = Server::authority, .status = 204, .privilege = configure_host_certificates, .effect = Effect::trust},
Operation{.service = "vouchsafe.firmware_sets", .name = "list", .method = Method::get, .path = VS_V1 "/firmware-sets", .result = documents, .server = Server::authority, .privilege = read_trusted_hosts},
Operation{.service = "vouchsafe.firmware_sets", .name = "get", .method = Method::get, .path = VS_V1 "/firmware-sets/{name}", .result = document, .server = Server::authority, .privilege = read_trusted_hosts},
Operation{.service = "vouchsafe.firmware_sets", .name = "add", .method = Method::post, .path = VS_V1 "/firmware-sets/{name}", .action = "add", .body_name = "spec", .body = structure(firmware_add), .server = Server::authority, .status = 204, .privilege = configure_host_metadata, .effect = Effect::trust},
Operation{.service = "vouchsafe.firmware_sets", .name = "delete", .method = Method::delete_, .path = VS_V1 "/firmware-sets/{name}", .server = Server::authority, .status = 204, .privilege = configure_host_metadata, .effect = Effect::trust},
Operation{.service = "vouchsafe.firmware_rule", .name = "get", .method = Method::get, .path = VS_V1 "/firmware-rule", .result = document, .server = Server::authority, .privilege = read_trusted_hosts},
Operation{.service = "vouchsafe.firmware_rule", .name = "set", .method = Method::put, .path = VS_V1 "/firmware-rule", .body_name = "spec", .body = structure(firmware_rule), .server = Server::authority, .status = 204, .privilege = configure_host_metadata, .effect = Effect::trust},
Operation{.service = "vouchsafe.provider_policy", .name = "get", .method = Method::get, .path = VS_V1 "/providers/{provider}/policy", .result = document, .server = Server::authority, .privilege = read_kms_trust},
Operation{.service = "vouchsafe.provider_policy", .name = "set", .method = Method::put, .path = VS_V1 "/providers/{provider}/policy", .body_name = "spec", .body = structure(policy), .server = Server::authority, .status = 204, .privilege = manage_kms_trust, .effect = Effect::trust},
Operation{.service = "vouchsafe.provider_connection", .name = "get", .method = Method::get, .path = VS_V1 "/providers/{provider}/connection", .result = document, .server = Server::authority, .privilege = read_kms_trust},
Operation{.service = "vouchsafe.provider_connection", .name = "set", .method = Method::put, .path = VS_V1 "/providers/{provider}/connection", .body_name = "spec", .body = structure(connection), .server = Server::authority, .status = 204, .privilege = manage_kms_trust, .effect = Effect::trust},
Operation{.service = "vouchsafe.providers", .name = "recover", .method = Method::post, .path = VS_V1 "/providers", .action = "recover", .body_name = "spec", .body = structure(recover), .server = Server::authority, .status = 204, .privilege = manage_kms_trust, .effect = Effect::trust},
Operation{.service = "vouchsafe.provider_generations", .name = "list", .method = Method::get, .path = VS_V1 "/providers/{provider}/generations", .result = documents, .server = Server::authority, .privilege = read_kms_trust},
Operation{.service = "vouchsafe.provider_generations", .name = "rotate", .method = Method::post, .path = VS_V1 "/providers/{provider}/generations", .body_name = "spec", .body = structure(rotate), .body_need = Need::optional, .result = document, .server = Server::authority, .status = 201, .privilege = manage_kms_trust, .effect = Effect::trust},
Operation{.service = "vouchsafe.provider_generations", .name = "retire", .method = Method::post, .path = VS_V1 "/providers/{provider}/generations/{generation}", .action = "retire", .body_name = "spec", .body = structure(retire), .body_need = Need::optional, .server = Server::authority, .status = 204, .privilege = manage_kms_trust, .effect = Effect::trust},
Operation{.service = "vouchsafe.provider_generations", .name = "restore", .method = Method::post, .path = VS_V1 "/providers/{provider}/generations/{generation}", .action = "restore", .server = Server::authority, .status = 204, .privilege = manage_kms_trust, .effect = Effect::trust},
Operation{.service = "vouchsafe.audit", .name = "list", .method = Method::get, .path = VS_V1 "/audit", .query = audit_query, .result = documents, .server = Server::authority, .privilege = read_audit},
Operation{.service = "vouchsafe.revocations", .name = "list", .method = Method::get, .path = VS_V1 "/revocations", .result = documents, .server = Server::authority, .privilege = read_trusted_hosts},
Operation{.service = "vouchsafe.revocations", .name = "create", .method = Method::post, .path = VS_V1 "/revocations", .body_name = "spec", .body = structure(revocation), .server = Server::authority, .status = 204, .privilege = configure_host_metadata, .effect = Effect::trust},
Operation{.service = "vouchsafe.services_information", .name = "export", .method = Method::get, .path = VS_V1 "/services-information", .result = document, .server = Server::authority, .privilege = read_trusted_hosts},

Operation{.service = "vouchsafe.services_information", .name = "import", .method = Method::put, .path = VS_V1 "/services-information", .body_name = "spec", .body = structure(import_services), .result = document, .server = Server::workload, .privilege = manage_trusted_hosts, .effect = Effect::trust},
Operation{.service = "vouchsafe.services_information", .name = "get", .method = Method::get, .path = VS_V1 "/services-information/imported", .result = document, .server = Server::workload, .privilege = read_trusted_hosts},
Operation{.service = "vouchsafe.clusters", .name = "list", .method = Method::get, .path = VS_V1 "/clusters", .result = documents, .server = Server::workload, .privilege = read_trusted_hosts},
Operation{.service = "vouchsafe.clusters", .name = "create", .method = Method::post, .path = VS_V1 "/clusters", .body_name = "spec", .body = structure(cluster_create), .result = id, .server = Server::workload, .status = 201, .privilege = manage_trusted_hosts, .effect = Effect::trust},
Operation{.service = "vouchsafe.clusters", .name = "delete", .method = Method::delete_, .path = VS_V1 "/clusters/{cluster}", .server = Server::workload, .status = 204, .privilege = manage_trusted_hosts, .effect = Effect::trust},
Operation{.service = "vouchsafe.join_tokens", .name = "create", .method = Method::post, .path = VS_V1 "/join-tokens", .body_name = "spec", .body = structure(join_token), .result = secret, .server = Server::workload, .status = 201, .privilege = manage_trusted_hosts, .effect = Effect::trust},
Operation{.service = "vouchsafe.hosts", .name = "list", .method = Method::get, .path = VS_V1 "/hosts", .result = documents, .server = Server::workload, .privilege = read_trusted_hosts},
Operation{.service = "vouchsafe.hosts", .name = "get", .method = Method::get, .path = VS_V1 "/hosts/{host}", .result = document, .server = Server::workload, .privilege = read_trusted_hosts},
Operation{.service = "vouchsafe.hosts", .name = "attest", .method = Method::post, .path = VS_V1 "/hosts/{host}", .action = "attest", .result = document, .server = Server::workload, .answer = Answer::task, .privilege = manage_vms, .effect = Effect::change},
Operation{.service = "vouchsafe.hosts", .name = "delete", .method = Method::delete_, .path = VS_V1 "/hosts/{host}", .server = Server::workload, .status = 204, .privilege = manage_trusted_hosts, .effect = Effect::trust},
Operation{.service = "vouchsafe.vms", .name = "list", .method = Method::get, .path = VS_V1 "/vms", .result = documents, .server = Server::workload, .privilege = read_vms},
Operation{.service = "vouchsafe.vms", .name = "create", .method = Method::post, .path = VS_V1 "/vms", .body_name = "spec", .body = structure(vm_create), .result = document, .server = Server::workload, .answer = Answer::task, .privilege = manage_vms, .effect = Effect::change},
Operation{.service = "vouchsafe.vms", .name = "get", .method = Method::get, .path = VS_V1 "/vms/{vm}", .result = document, .server = Server::workload, .privilege = read_vms},
Operation{.service = "vouchsafe.vms", .name = "start", .method = Method::post, .path = VS_V1 "/vms/{vm}", .action = "start", .result = document, .server = Server::workload, .answer = Answer::task, .privilege = manage_vms, .effect = Effect::change},
Operation{.service = "vouchsafe.vms", .name = "stop", .method = Method::post, .path = VS_V1 "/vms/{vm}", .action = "stop", .result = document, .server = Server::workload, .answer = Answer::task, .privilege = manage_vms, .effect = Effect::change},
Operation{.service = "vouchsafe.vms", .name = "rewrap", .method = Method::post, .path = VS_V1 "/vms/{vm}", .action = "rewrap", .result = document, .server = Server::workload, .answer = Answer::task, .privilege = manage_vms, .effect = Effect::change},
Operation{.service = "vouchsafe.vms", .name = "delete", .method = Method::delete_, .path = VS_V1 "/vms/{vm}", .result = document, .server = Server::workload, .answer = Answer::task, .privilege = manage_vms, .effect = Effect::change},
Operation{.service = "vouchsafe.agents", .name = "join", .method = Method::post, .path = "/v1/host/join", .body_name = "request", .body = document, .result = document, .server = Server::workload, .privilege = agent, .effect = Effect::change},
Operation{.service = "vouchsafe.agents", .name = "poll", .method = Method::post, .path = "/v1/host/poll", .body_name = "request", .body = document, .result = document, .server = Server::workload, .privilege = agent, .effect = Effect::change},
};
// clang-format on

} // namespace

std::span<const Operation> vouchsafe_operations() {
    return rows;
}

} // namespace vouchsafe::api

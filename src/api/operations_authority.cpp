// The trust authority's side of `vcenter/trusted-infrastructure`: cluster state, attestation, principals, key
// providers, and what hosts export.
#include "api/operations_parts.h"
#include "api/shapes_common.h"

#include <array>

namespace vouchsafe::api {

namespace {

using enum access::Privilege;
using net::Method;

#define VS_TA "vcenter.trusted_infrastructure.trust_authority_clusters"
#define VS_TA_PATH "/api/vcenter/trusted-infrastructure/trust-authority-clusters"

// --- cluster state

constexpr std::array cluster_info_fields = {Field{"cluster", id}, Field{"state", state}};
constexpr Structure cluster_info{VS_TA ".info", cluster_info_fields};
constexpr Structure cluster_summary{VS_TA ".summary", cluster_info_fields};
constexpr Type cluster_summary_type = structure(cluster_summary);
constexpr std::array cluster_update_fields = {Field{"state", state, Need::optional}};
constexpr Structure cluster_update{VS_TA ".update_spec", cluster_update_fields};
constexpr std::array cluster_query = {Field{"cluster", ids, Need::optional},
                                      Field{"state", states, Need::optional}};

// --- attestation

#define VS_ATT VS_TA ".attestation"
constexpr Structure attestation_status{VS_ATT ".service_status.info", status_fields};

constexpr std::array image_query = {Field{"version", ids, Need::optional},
                                    Field{"display_name", texts, Need::optional},
                                    Field{"health", healths, Need::optional}};
constexpr std::array image_summary_fields = {
    Field{"version", id}, Field{"display_name", text}, Field{"health", health}};
constexpr Structure image_summary{VS_ATT ".os.esx.base_images.summary", image_summary_fields};
constexpr Type image_summary_type = structure(image_summary);
constexpr std::array image_info_fields = {Field{"display_name", text},
                                          Field{"last_attested_time", time, Need::optional},
                                          Field{"health", health},
                                          Field{"details", messages}};
constexpr Structure image_info{VS_ATT ".os.esx.base_images.info", image_info_fields};

constexpr std::array ca_create_fields = {Field{"name", id}, Field{"cert_chain", chain_type, Need::optional}};
constexpr Structure ca_create{VS_ATT ".tpm2.ca_certificates.create_spec", ca_create_fields};
constexpr std::array named_summary_fields = {Field{"name", id}, Field{"health", health}};
constexpr Structure ca_summary{VS_ATT ".tpm2.ca_certificates.summary", named_summary_fields};
constexpr Type ca_summary_type = structure(ca_summary);
constexpr std::array ca_info_fields = {
    Field{"cert_chain", chain_type}, Field{"health", health}, Field{"details", messages}};
constexpr Structure ca_info{VS_ATT ".tpm2.ca_certificates.info", ca_info_fields};

constexpr std::array ek_create_fields = {
    Field{"name", id}, Field{"public_key", text, Need::optional}, Field{"certificate", text, Need::optional}};
constexpr Structure ek_create{VS_ATT ".tpm2.endorsement_keys.create_spec", ek_create_fields};
constexpr Structure ek_summary{VS_ATT ".tpm2.endorsement_keys.summary", named_summary_fields};
constexpr Type ek_summary_type = structure(ek_summary);
constexpr std::array ek_info_fields = {
    Field{"public_key", text}, Field{"health", health}, Field{"details", messages}};
constexpr Structure ek_info{VS_ATT ".tpm2.endorsement_keys.info", ek_info_fields};

constexpr std::array settings_update_fields = {
    Field{"require_endorsement_keys", boolean, Need::optional},
    Field{"require_certificate_validation", boolean, Need::optional}};
constexpr Structure settings_update{VS_ATT ".tpm2.settings.update_spec", settings_update_fields};
constexpr std::array settings_info_fields = {Field{"require_endorsement_keys", boolean},
                                             Field{"require_certificate_validation", boolean},
                                             Field{"health", health},
                                             Field{"details", messages}};
constexpr Structure settings_info{VS_ATT ".tpm2.settings.info", settings_info_fields};

// --- consumer principals

#define VS_CP VS_TA ".consumer_principals"
constexpr std::array consumer_create_fields = {Field{"certificates", chains},
                                               Field{"issuer_alias", id},
                                               Field{"issuer", text},
                                               Field{"principal", principal_type}};
constexpr Structure consumer_create{VS_CP ".create_spec", consumer_create_fields};
constexpr std::array consumer_filter_fields = {Field{"id", ids, Need::optional},
                                               Field{"principals", principals, Need::optional},
                                               Field{"issuer", texts, Need::optional}};
constexpr Structure consumer_filter{VS_CP ".filter_spec", consumer_filter_fields};
constexpr std::array consumer_summary_fields = {
    Field{"id", id}, Field{"principal", principal_type}, Field{"issuer_alias", id}, Field{"issuer", text}};
constexpr Structure consumer_summary{VS_CP ".summary", consumer_summary_fields};
constexpr Type consumer_summary_type = structure(consumer_summary);
constexpr std::array consumer_info_fields = {Field{"id", id},
                                             Field{"principal", principal_type},
                                             Field{"issuer_alias", id},
                                             Field{"issuer", text},
                                             Field{"certificates", chains},
                                             Field{"health", health},
                                             Field{"message", message_type, Need::optional}};
constexpr Structure consumer_info{VS_CP ".info", consumer_info_fields};

// --- what authority hosts export

#define VS_TH "vcenter.trusted_infrastructure.trust_authority_hosts"
#define VS_TH_PATH "/api/vcenter/trusted-infrastructure/trust-authority-hosts"
constexpr std::array<std::string_view, 3> projection_words = {"FULL", "NORMAL", "BRIEF"};
constexpr std::array projection_query = {Field{"projection", word(projection_words), Need::optional}};
constexpr std::array host_filter_fields = {Field{"hosts", ids, Need::optional},
                                           Field{"clusters", ids, Need::optional},
                                           Field{"address", addresses, Need::optional},
                                           Field{"groups", texts, Need::optional}};
constexpr std::array host_summary_fields = {Field{"summary_type", word(projection_words)},
                                            Field{"host", id, Need::optional},
                                            Field{"address", address_type, Need::optional},
                                            Field{"group", text, Need::optional},
                                            Field{"cluster", text, Need::optional},
                                            Field{"trusted_CA", chain_type, Need::optional}};
constexpr std::array host_info_fields = {Field{"host", id},
                                         Field{"address", address_type},
                                         Field{"group", text},
                                         Field{"cluster", text},
                                         Field{"trusted_CA", chain_type}};
constexpr Structure attestation_filter{VS_TH ".attestation.filter_spec", host_filter_fields};
constexpr Structure attestation_summary{VS_TH ".attestation.summary", host_summary_fields};
constexpr Type attestation_summary_type = structure(attestation_summary);
constexpr Structure attestation_info{VS_TH ".attestation.info", host_info_fields};
constexpr Structure kms_filter{VS_TH ".kms.filter_spec", host_filter_fields};
constexpr Structure kms_summary{VS_TH ".kms.summary", host_summary_fields};
constexpr Type kms_summary_type = structure(kms_summary);
constexpr Structure kms_info{VS_TH ".kms.info", host_info_fields};

#define VS_IMAGES VS_TA_PATH "/{cluster}/attestation/os/esx/base-images"
#define VS_CAS VS_TA_PATH "/{cluster}/attestation/tpm2/ca-certificates"
#define VS_EKS VS_TA_PATH "/{cluster}/attestation/tpm2/endorsement-keys"
#define VS_SETTINGS VS_TA_PATH "/{cluster}/attestation/tpm2/settings"
#define VS_CONSUMERS VS_TA_PATH "/{cluster}/consumer-principals"

// clang-format off
constexpr std::array rows = {
Operation{.service = VS_TA, .name = "list", .method = Method::get, .path = VS_TA_PATH, .query = cluster_query, .result = list(cluster_summary_type), .server = Server::authority, .privilege = read_trusted_hosts},
Operation{.service = VS_TA, .name = "get", .method = Method::get, .path = VS_TA_PATH "/{cluster}", .result = structure(cluster_info), .server = Server::authority, .privilege = read_trusted_hosts},
Operation{.service = VS_TA, .name = "update", .method = Method::patch, .path = VS_TA_PATH "/{cluster}", .body_name = "spec", .body = structure(cluster_update), .server = Server::authority, .answer = Answer::task, .privilege = manage_trusted_hosts, .effect = Effect::trust},

Operation{.service = VS_ATT ".service_status", .name = "get", .method = Method::get, .path = VS_TA_PATH "/{cluster}/attestation/service-status", .result = structure(attestation_status), .server = Server::authority, .answer = Answer::task, .privilege = read_trusted_hosts},

Operation{.service = VS_ATT ".os.esx.base_images", .name = "import_from_imgdb", .method = Method::post, .path = VS_IMAGES, .action = "import-from-imgdb", .body_name = "imgdb", .body = binary, .result = id, .server = Server::authority, .answer = Answer::task, .privilege = configure_host_metadata, .effect = Effect::trust},
Operation{.service = VS_ATT ".os.esx.base_images", .name = "list", .method = Method::get, .path = VS_IMAGES, .query = image_query, .result = list(image_summary_type), .server = Server::authority, .answer = Answer::task, .privilege = read_trusted_hosts},
Operation{.service = VS_ATT ".os.esx.base_images", .name = "get", .method = Method::get, .path = VS_IMAGES "/{version}", .result = structure(image_info), .server = Server::authority, .answer = Answer::task, .privilege = read_trusted_hosts},
Operation{.service = VS_ATT ".os.esx.base_images", .name = "delete", .method = Method::delete_, .path = VS_IMAGES "/{version}", .server = Server::authority, .answer = Answer::task, .privilege = configure_host_metadata, .effect = Effect::trust},

Operation{.service = VS_ATT ".tpm2.ca_certificates", .name = "list", .method = Method::get, .path = VS_CAS, .result = list(ca_summary_type), .server = Server::authority, .answer = Answer::task, .privilege = read_trusted_hosts},
Operation{.service = VS_ATT ".tpm2.ca_certificates", .name = "create", .method = Method::post, .path = VS_CAS, .body_name = "spec", .body = structure(ca_create), .server = Server::authority, .answer = Answer::task, .privilege = configure_host_certificates, .effect = Effect::trust},
Operation{.service = VS_ATT ".tpm2.ca_certificates", .name = "get", .method = Method::get, .path = VS_CAS "/{name}", .result = structure(ca_info), .server = Server::authority, .answer = Answer::task, .privilege = read_trusted_hosts},
Operation{.service = VS_ATT ".tpm2.ca_certificates", .name = "delete", .method = Method::delete_, .path = VS_CAS "/{name}", .server = Server::authority, .answer = Answer::task, .privilege = configure_host_certificates, .effect = Effect::trust},

Operation{.service = VS_ATT ".tpm2.endorsement_keys", .name = "list", .method = Method::get, .path = VS_EKS, .result = list(ek_summary_type), .server = Server::authority, .answer = Answer::task, .privilege = read_trusted_hosts},
Operation{.service = VS_ATT ".tpm2.endorsement_keys", .name = "create", .method = Method::post, .path = VS_EKS, .body_name = "spec", .body = structure(ek_create), .server = Server::authority, .answer = Answer::task, .privilege = configure_host_certificates, .effect = Effect::trust},
Operation{.service = VS_ATT ".tpm2.endorsement_keys", .name = "get", .method = Method::get, .path = VS_EKS "/{name}", .result = structure(ek_info), .server = Server::authority, .answer = Answer::task, .privilege = read_trusted_hosts},
Operation{.service = VS_ATT ".tpm2.endorsement_keys", .name = "delete", .method = Method::delete_, .path = VS_EKS "/{name}", .server = Server::authority, .answer = Answer::task, .privilege = configure_host_certificates, .effect = Effect::trust},

Operation{.service = VS_ATT ".tpm2.settings", .name = "get", .method = Method::get, .path = VS_SETTINGS, .result = structure(settings_info), .server = Server::authority, .answer = Answer::task, .privilege = read_trusted_hosts},
Operation{.service = VS_ATT ".tpm2.settings", .name = "update", .method = Method::patch, .path = VS_SETTINGS, .body_name = "spec", .body = structure(settings_update), .server = Server::authority, .answer = Answer::task, .privilege = configure_host_certificates, .effect = Effect::trust},

Operation{.service = VS_CP, .name = "create", .method = Method::post, .path = VS_CONSUMERS, .body_name = "spec", .body = structure(consumer_create), .result = id, .server = Server::authority, .answer = Answer::task, .privilege = manage_attesting_sso, .effect = Effect::trust},
Operation{.service = VS_CP, .name = "list", .method = Method::post, .path = VS_CONSUMERS, .action = "query", .body_name = "spec", .body = structure(consumer_filter), .body_need = Need::optional, .result = list(consumer_summary_type), .server = Server::authority, .answer = Answer::task, .privilege = read_trusted_hosts},
Operation{.service = VS_CP, .name = "get", .method = Method::get, .path = VS_CONSUMERS "/{profile}", .result = structure(consumer_info), .server = Server::authority, .answer = Answer::task, .privilege = read_trusted_hosts},
Operation{.service = VS_CP, .name = "delete", .method = Method::delete_, .path = VS_CONSUMERS "/{profile}", .server = Server::authority, .answer = Answer::task, .privilege = manage_attesting_sso, .effect = Effect::trust},

Operation{.service = VS_TH ".attestation", .name = "list", .method = Method::post, .path = VS_TH_PATH "/attestation", .query = projection_query, .body_name = "spec", .body = structure(attestation_filter), .body_need = Need::optional, .result = list(attestation_summary_type), .server = Server::authority, .privilege = read_trusted_hosts},
Operation{.service = VS_TH ".attestation", .name = "list", .method = Method::post, .path = VS_TH_PATH "/attestation", .action = "query", .query = projection_query, .body_name = "spec", .body = structure(attestation_filter), .body_need = Need::optional, .result = list(attestation_summary_type), .server = Server::authority, .privilege = read_trusted_hosts},
Operation{.service = VS_TH ".attestation", .name = "get", .method = Method::get, .path = VS_TH_PATH "/{host}/attestation", .result = structure(attestation_info), .server = Server::authority, .privilege = read_trusted_hosts},
Operation{.service = VS_TH ".kms", .name = "list", .method = Method::post, .path = VS_TH_PATH "/kms", .action = "query", .query = projection_query, .body_name = "spec", .body = structure(kms_filter), .body_need = Need::optional, .result = list(kms_summary_type), .server = Server::authority, .privilege = read_trusted_hosts},
Operation{.service = VS_TH ".kms", .name = "get", .method = Method::get, .path = VS_TH_PATH "/{host}/kms", .result = structure(kms_info), .server = Server::authority, .privilege = read_trusted_hosts},
};
// clang-format on

} // namespace

std::span<const Operation> authority_operations() {
    return rows;
}

} // namespace vouchsafe::api

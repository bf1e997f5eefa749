// The workload side of `vcenter/trusted-infrastructure`: the principal, the registries of services, and the
// desired state of trusted clusters. And the session and task services, which both servers have.
#include "api/operations_parts.h"
#include "api/shapes_common.h"

#include <array>

namespace vouchsafe::api {

namespace {

using enum access::Privilege;
using net::Method;

// --- sessions and tasks

constexpr std::array session_fields = {
    Field{"user", id}, Field{"created_time", time}, Field{"last_accessed_time", time}};
constexpr Structure session_info{"cis.session.info", session_fields};
constexpr std::array<std::string_view, 5> status_words = {
    "PENDING", "RUNNING", "BLOCKED", "SUCCEEDED", "FAILED"};
constexpr Type task_status = word(status_words);
constexpr Type task_statuses = list(task_status);
constexpr std::array task_filter = {Field{"tasks", ids, Need::optional},
                                    Field{"services", ids, Need::optional},
                                    Field{"operations", ids, Need::optional},
                                    Field{"status", task_statuses, Need::optional},
                                    Field{"users", ids, Need::optional}};
constexpr std::array task_query = {Field{"return_all", boolean, Need::optional},
                                   Field{"exclude_result", boolean, Need::optional}};

// --- principal

#define VS_TI "vcenter.trusted_infrastructure"
#define VS_TI_PATH "/api/vcenter/trusted-infrastructure"
constexpr std::array principal_info_fields = {Field{"certificates", chains},
                                              Field{"issuer", text},
                                              Field{"principal", principal_type},
                                              Field{"name", text}};
constexpr Structure principal_info{VS_TI ".principal.info", principal_info_fields};

// --- registries: attestation.services and kms.services have the same shapes

constexpr std::array service_create_fields = {Field{"address", address_type},
                                              Field{"trusted_CA", chain_type},
                                              Field{"group", id},
                                              Field{"trust_authority_cluster", id}};
constexpr std::array service_filter_fields = {Field{"services", ids, Need::optional},
                                              Field{"address", addresses, Need::optional},
                                              Field{"group", texts, Need::optional},
                                              Field{"trust_authority_cluster", texts, Need::optional}};
constexpr std::array service_summary_fields = {Field{"service", id},
                                               Field{"address", address_type},
                                               Field{"group", text},
                                               Field{"trust_authority_cluster", text}};
constexpr Structure attestation_create{VS_TI ".attestation.services.create_spec", service_create_fields};
constexpr Structure attestation_filter{VS_TI ".attestation.services.filter_spec", service_filter_fields};
constexpr Structure attestation_summary{VS_TI ".attestation.services.summary", service_summary_fields};
constexpr Type attestation_summary_type = structure(attestation_summary);
constexpr Structure attestation_info{VS_TI ".attestation.services.info", service_create_fields};
constexpr Structure kms_create{VS_TI ".kms.services.create_spec", service_create_fields};
constexpr Structure kms_filter{VS_TI ".kms.services.filter_spec", service_filter_fields};
constexpr Structure kms_summary{VS_TI ".kms.services.summary", service_summary_fields};
constexpr Type kms_summary_type = structure(kms_summary);
constexpr Structure kms_info{VS_TI ".kms.services.info", service_create_fields};

// --- desired state of trusted clusters

constexpr std::array<std::string_view, 2> source_words = {"SERVICE", "CLUSTER"};
constexpr std::array desired_create_fields = {Field{"type", word(source_words)},
                                              Field{"service", id, Need::optional},
                                              Field{"trust_authority_cluster", id, Need::optional}};
constexpr Structure desired_attestation_create{VS_TI ".trusted_clusters.attestation.services.create_spec",
                                               desired_create_fields};
constexpr Structure desired_attestation_filter{VS_TI ".trusted_clusters.attestation.services.filter_spec",
                                               service_filter_fields};
constexpr Structure desired_attestation_summary{VS_TI ".trusted_clusters.attestation.services.summary",
                                                service_summary_fields};
constexpr Type desired_attestation_summary_type = structure(desired_attestation_summary);
constexpr Structure desired_attestation_info{VS_TI ".trusted_clusters.attestation.services.info",
                                             service_create_fields};
constexpr Structure desired_kms_create{VS_TI ".trusted_clusters.kms.services.create_spec",
                                       desired_create_fields};
constexpr Structure desired_kms_filter{VS_TI ".trusted_clusters.kms.services.filter_spec",
                                       service_filter_fields};
constexpr Structure desired_kms_summary{VS_TI ".trusted_clusters.kms.services.summary",
                                        service_summary_fields};
constexpr Type desired_kms_summary_type = structure(desired_kms_summary);
constexpr Structure desired_kms_info{VS_TI ".trusted_clusters.kms.services.info", service_create_fields};

#define VS_CLUSTER_PATH VS_TI_PATH "/trusted-clusters/{cluster}"

// clang-format off
constexpr std::array sessions = {
Operation{.service = "cis.session", .name = "create", .method = Method::post, .path = "/api/session", .result = secret, .server = Server::both, .status = 201, .privilege = open},
Operation{.service = "cis.session", .name = "get", .method = Method::get, .path = "/api/session", .result = structure(session_info), .server = Server::both, .privilege = session},
Operation{.service = "cis.session", .name = "delete", .method = Method::delete_, .path = "/api/session", .server = Server::both, .status = 204, .privilege = session},
Operation{.service = "cis.tasks", .name = "list", .method = Method::get, .path = "/api/cis/tasks", .query = task_filter, .result = document, .server = Server::both, .privilege = session},
Operation{.service = "cis.tasks", .name = "get", .method = Method::get, .path = "/api/cis/tasks/{task}", .query = task_query, .result = document, .server = Server::both, .privilege = session},
Operation{.service = "cis.tasks", .name = "cancel", .method = Method::post, .path = "/api/cis/tasks/{task}", .action = "cancel", .server = Server::both, .status = 204, .privilege = session, .effect = Effect::change},
};

constexpr std::array rows = {
Operation{.service = VS_TI ".principal", .name = "get", .method = Method::get, .path = VS_TI_PATH "/principal", .result = structure(principal_info), .server = Server::workload, .privilege = read_sts_info},

Operation{.service = VS_TI ".attestation.services", .name = "list", .method = Method::post, .path = VS_TI_PATH "/attestation/services", .action = "query", .body_name = "spec", .body = structure(attestation_filter), .body_need = Need::optional, .result = list(attestation_summary_type), .server = Server::workload, .privilege = read_trusted_hosts},
Operation{.service = VS_TI ".attestation.services", .name = "get", .method = Method::get, .path = VS_TI_PATH "/attestation/services/{service}", .result = structure(attestation_info), .server = Server::workload, .privilege = read_trusted_hosts},
Operation{.service = VS_TI ".attestation.services", .name = "create", .method = Method::post, .path = VS_TI_PATH "/attestation/services", .body_name = "spec", .body = structure(attestation_create), .result = id, .server = Server::workload, .status = 201, .privilege = manage_trusted_hosts, .effect = Effect::trust},
Operation{.service = VS_TI ".attestation.services", .name = "delete", .method = Method::delete_, .path = VS_TI_PATH "/attestation/services/{service}", .server = Server::workload, .status = 204, .privilege = manage_trusted_hosts, .effect = Effect::trust},
Operation{.service = VS_TI ".kms.services", .name = "list", .method = Method::post, .path = VS_TI_PATH "/kms/services", .action = "query", .body_name = "spec", .body = structure(kms_filter), .body_need = Need::optional, .result = list(kms_summary_type), .server = Server::workload, .privilege = read_trusted_hosts},
Operation{.service = VS_TI ".kms.services", .name = "get", .method = Method::get, .path = VS_TI_PATH "/kms/services/{service}", .result = structure(kms_info), .server = Server::workload, .privilege = read_trusted_hosts},
Operation{.service = VS_TI ".kms.services", .name = "create", .method = Method::post, .path = VS_TI_PATH "/kms/services", .body_name = "spec", .body = structure(kms_create), .result = id, .server = Server::workload, .status = 201, .privilege = manage_trusted_hosts, .effect = Effect::trust},
Operation{.service = VS_TI ".kms.services", .name = "delete", .method = Method::delete_, .path = VS_TI_PATH "/kms/services/{service}", .server = Server::workload, .status = 204, .privilege = manage_trusted_hosts, .effect = Effect::trust},

Operation{.service = VS_TI ".trusted_clusters.attestation.services", .name = "list", .method = Method::post, .path = VS_CLUSTER_PATH "/attestation/services", .action = "query", .body_name = "spec", .body = structure(desired_attestation_filter), .body_need = Need::optional, .result = list(desired_attestation_summary_type), .server = Server::workload, .privilege = read_trusted_hosts},
Operation{.service = VS_TI ".trusted_clusters.attestation.services", .name = "get", .method = Method::get, .path = VS_CLUSTER_PATH "/attestation/services/{service}", .result = structure(desired_attestation_info), .server = Server::workload, .privilege = read_trusted_hosts},
Operation{.service = VS_TI ".trusted_clusters.attestation.services", .name = "create", .method = Method::post, .path = VS_CLUSTER_PATH "/attestation/services", .body_name = "spec", .body = structure(desired_attestation_create), .result = id, .server = Server::workload, .answer = Answer::task, .privilege = manage_trusted_hosts, .effect = Effect::trust},
Operation{.service = VS_TI ".trusted_clusters.attestation.services", .name = "delete", .method = Method::delete_, .path = VS_CLUSTER_PATH "/attestation/services/{service}", .server = Server::workload, .answer = Answer::task, .privilege = manage_trusted_hosts, .effect = Effect::trust},
Operation{.service = VS_TI ".trusted_clusters.kms.services", .name = "list", .method = Method::post, .path = VS_CLUSTER_PATH "/kms/services", .action = "query", .body_name = "spec", .body = structure(desired_kms_filter), .body_need = Need::optional, .result = list(desired_kms_summary_type), .server = Server::workload, .privilege = read_trusted_hosts},
Operation{.service = VS_TI ".trusted_clusters.kms.services", .name = "get", .method = Method::get, .path = VS_CLUSTER_PATH "/kms/services/{service}", .result = structure(desired_kms_info), .server = Server::workload, .privilege = read_trusted_hosts},
Operation{.service = VS_TI ".trusted_clusters.kms.services", .name = "create", .method = Method::post, .path = VS_CLUSTER_PATH "/kms/services", .body_name = "spec", .body = structure(desired_kms_create), .result = id, .server = Server::workload, .answer = Answer::task, .privilege = manage_trusted_hosts, .effect = Effect::trust},
Operation{.service = VS_TI ".trusted_clusters.kms.services", .name = "delete", .method = Method::delete_, .path = VS_CLUSTER_PATH "/kms/services/{service}", .server = Server::workload, .answer = Answer::task, .privilege = manage_trusted_hosts, .effect = Effect::trust},
};
// clang-format on

} // namespace

std::span<const Operation> session_operations() {
    return sessions;
}

std::span<const Operation> workload_operations() {
    return rows;
}

} // namespace vouchsafe::api

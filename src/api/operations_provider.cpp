// Trusted key providers and the key servers behind them.
#include "api/operations_parts.h"
#include "api/shapes_common.h"

#include <array>

namespace vouchsafe::api {

namespace {

using enum access::Privilege;
using net::Method;

#define VS_KMS "vcenter.trusted_infrastructure.trust_authority_clusters.kms"
#define VS_PROVIDERS VS_KMS ".providers"
#define VS_KMS_PATH "/api/vcenter/trusted-infrastructure/trust-authority-clusters/{cluster}/kms"
#define VS_PROVIDER_PATH VS_KMS_PATH "/providers/{provider}"

constexpr std::array<std::string_view, 1> type_words = {"KMIP"};

constexpr std::array server_fields = {Field{"name", id}, Field{"address", address_type}};
constexpr Structure server{VS_PROVIDERS ".server", server_fields};
constexpr Type server_type = structure(server);

constexpr std::array kmip_create_fields = {Field{"servers", list(server_type)},
                                           Field{"username", text, Need::optional}};
constexpr Structure kmip_create{VS_PROVIDERS ".kmip_server_create_spec", kmip_create_fields};
constexpr Structure kmip_info{VS_PROVIDERS ".kmip_server_info", kmip_create_fields};
constexpr std::array kmip_update_fields = {Field{"servers", list(server_type), Need::optional},
                                           Field{"username", text, Need::optional}};
constexpr Structure kmip_update{VS_PROVIDERS ".kmip_server_update_spec", kmip_update_fields};

constexpr std::array key_server_create_fields = {
    Field{"type", word(type_words)},
    Field{"description", text, Need::optional},
    Field{"proxy_server", address_type, Need::optional},
    Field{"connection_timeout", integer, Need::optional},
    Field{"kmip_server", structure(kmip_create), Need::optional}};
constexpr Structure key_server_create{VS_PROVIDERS ".key_server_create_spec", key_server_create_fields};
constexpr std::array key_server_info_fields = {Field{"type", word(type_words)},
                                               Field{"description", text},
                                               Field{"proxy_server", address_type, Need::optional},
                                               Field{"connection_timeout", integer, Need::optional},
                                               Field{"kmip_server", structure(kmip_info), Need::optional}};
constexpr Structure key_server_info{VS_PROVIDERS ".key_server_info", key_server_info_fields};
constexpr std::array key_server_update_fields = {
    Field{"type", word(type_words), Need::optional},
    Field{"description", text, Need::optional},
    Field{"proxy_server", address_type, Need::optional},
    Field{"connection_timeout", integer, Need::optional},
    Field{"kmip_server", structure(kmip_update), Need::optional}};
constexpr Structure key_server_update{VS_PROVIDERS ".key_server_update_spec", key_server_update_fields};

constexpr std::array create_fields = {
    Field{"provider", id}, Field{"master_key_id", text}, Field{"key_server", structure(key_server_create)}};
constexpr Structure create{VS_PROVIDERS ".create_spec", create_fields};
constexpr std::array update_fields = {Field{"master_key_id", text, Need::optional},
                                      Field{"key_server", structure(key_server_update), Need::optional}};
constexpr Structure update{VS_PROVIDERS ".update_spec", update_fields};
constexpr std::array summary_fields = {Field{"provider", id}, Field{"health", health}};
constexpr Structure summary{VS_PROVIDERS ".summary", summary_fields};
constexpr Type summary_type = structure(summary);

constexpr std::array server_info_fields = {Field{"health", health},
                                           Field{"details", messages},
                                           Field{"client_trust_server", boolean},
                                           Field{"server_trust_client", boolean},
                                           Field{"name", text}};
constexpr Structure server_info{VS_PROVIDERS ".server_info", server_info_fields};
constexpr Type server_info_type = structure(server_info);
constexpr std::array provider_status_fields = {
    Field{"health", health}, Field{"details", messages}, Field{"servers", list(server_info_type)}};
constexpr Structure provider_status{VS_PROVIDERS ".status", provider_status_fields};
constexpr std::array info_fields = {Field{"master_key_id", text},
                                    Field{"key_server", structure(key_server_info)},
                                    Field{"status", structure(provider_status)}};
constexpr Structure info{VS_PROVIDERS ".info", info_fields};

constexpr Structure service_status{VS_KMS ".service_status.info", status_fields};

constexpr std::array certificate_fields = {Field{"certificate", text}};
constexpr Structure client_certificate{VS_PROVIDERS ".client_certificate.info", certificate_fields};

constexpr std::array peer_query = {Field{"server_names", texts, Need::optional},
                                   Field{"trusted", boolean, Need::optional}};
constexpr std::array peer_fields = {Field{"server_name", text},
                                    Field{"certificate", text, Need::optional},
                                    Field{"error_messages", messages},
                                    Field{"trusted", boolean}};
constexpr Structure peer{VS_PROVIDERS ".current_peer_certificates.summary", peer_fields};
constexpr Type peer_type = structure(peer);
constexpr std::array trusted_update_fields = {Field{"certificates", texts, Need::optional}};
constexpr Structure trusted_update{VS_PROVIDERS ".trusted_peer_certificates.update_spec",
                                   trusted_update_fields};
constexpr std::array trusted_info_fields = {Field{"certificates", texts}};
constexpr Structure trusted_info{VS_PROVIDERS ".trusted_peer_certificates.info", trusted_info_fields};

// clang-format off
constexpr std::array rows = {
Operation{.service = VS_KMS ".service_status", .name = "get", .method = Method::get, .path = VS_KMS_PATH "/service-status", .result = structure(service_status), .server = Server::authority, .answer = Answer::task, .privilege = read_kms_trust},

Operation{.service = VS_PROVIDERS, .name = "list", .method = Method::get, .path = VS_KMS_PATH "/providers", .result = list(summary_type), .server = Server::authority, .answer = Answer::task, .privilege = read_kms_trust},
Operation{.service = VS_PROVIDERS, .name = "create", .method = Method::post, .path = VS_KMS_PATH "/providers", .body_name = "spec", .body = structure(create), .server = Server::authority, .answer = Answer::task, .privilege = manage_kms_trust, .effect = Effect::trust},
Operation{.service = VS_PROVIDERS, .name = "get", .method = Method::get, .path = VS_PROVIDER_PATH, .result = structure(info), .server = Server::authority, .answer = Answer::task, .privilege = read_kms_trust},
Operation{.service = VS_PROVIDERS, .name = "update", .method = Method::patch, .path = VS_PROVIDER_PATH, .body_name = "spec", .body = structure(update), .server = Server::authority, .answer = Answer::task, .privilege = manage_kms_trust, .effect = Effect::trust},
Operation{.service = VS_PROVIDERS, .name = "delete", .method = Method::delete_, .path = VS_PROVIDER_PATH, .server = Server::authority, .answer = Answer::task, .privilege = manage_kms_trust, .effect = Effect::trust},

Operation{.service = VS_PROVIDERS ".credential", .name = "set", .method = Method::put, .path = VS_PROVIDER_PATH "/credential", .body_name = "credential", .body = secret, .server = Server::authority, .answer = Answer::task, .privilege = manage_kms_trust, .effect = Effect::trust},

Operation{.service = VS_PROVIDERS ".client_certificate", .name = "create", .method = Method::post, .path = VS_PROVIDER_PATH "/client-certificate", .server = Server::authority, .answer = Answer::task, .privilege = manage_kms_trust, .effect = Effect::trust},
Operation{.service = VS_PROVIDERS ".client_certificate", .name = "get", .method = Method::get, .path = VS_PROVIDER_PATH "/client-certificate", .result = structure(client_certificate), .server = Server::authority, .answer = Answer::task, .privilege = read_kms_trust},

Operation{.service = VS_PROVIDERS ".current_peer_certificates", .name = "list", .method = Method::get, .path = VS_PROVIDER_PATH "/peer-certs/current", .query = peer_query, .result = list(peer_type), .server = Server::authority, .answer = Answer::task, .privilege = read_kms_trust},
Operation{.service = VS_PROVIDERS ".trusted_peer_certificates", .name = "update", .method = Method::patch, .path = VS_PROVIDER_PATH "/peer-certs/trusted", .body_name = "spec", .body = structure(trusted_update), .server = Server::authority, .answer = Answer::task, .privilege = manage_kms_trust, .effect = Effect::trust},
Operation{.service = VS_PROVIDERS ".trusted_peer_certificates", .name = "get", .method = Method::get, .path = VS_PROVIDER_PATH "/peer-certs/trusted", .result = structure(trusted_info), .server = Server::authority, .answer = Answer::task, .privilege = read_kms_trust},
};
// clang-format on

} // namespace

std::span<const Operation> provider_operations() {
    return rows;
}

} // namespace vouchsafe::api

// A real authority host for tests: vouchsafe-authorityd in a state directory of its own, and its
// administrator.
#pragma once

#include "audit/record.h"
#include "crypto/ec_key.h"
#include "crypto/random.h"
#include "crypto/x509.h"
#include "json/value.h"
#include "net/https_client.h"
#include "net/system_clock.h"
#include "tests/support/daemon.h"
#include "tests/support/test_directory.h"
#include "token/identity.h"
#include "token/services.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::test {

inline constexpr const char* authority_name = "authority-1.localhost";
inline constexpr const char* administrator_issuer = "https://manager.localhost/openidconnect/vouchsafe";

/// The service names of the operations that tests use.
namespace service {
inline constexpr std::string_view clusters = "vcenter.trusted_infrastructure.trust_authority_clusters";
inline constexpr std::string_view cas =
    "vcenter.trusted_infrastructure.trust_authority_clusters.attestation.tpm2.ca_certificates";
inline constexpr std::string_view images =
    "vcenter.trusted_infrastructure.trust_authority_clusters.attestation.os.esx.base_images";
inline constexpr std::string_view providers =
    "vcenter.trusted_infrastructure.trust_authority_clusters.kms.providers";
inline constexpr std::string_view client_certificate =
    "vcenter.trusted_infrastructure.trust_authority_clusters.kms.providers.client_certificate";
inline constexpr std::string_view trusted_certificates =
    "vcenter.trusted_infrastructure.trust_authority_clusters.kms.providers.trusted_peer_certificates";
inline constexpr std::string_view current_certificates =
    "vcenter.trusted_infrastructure.trust_authority_clusters.kms.providers.current_peer_certificates";
inline constexpr std::string_view enrolments = "vouchsafe.enrolments";
inline constexpr std::string_view status = "vouchsafe.status";
} // namespace service

/// An issuer of administrator tokens: a management server's token service.
struct TokenIssuer {
    std::string issuer = administrator_issuer;
    crypto::EcPrivateKey key = crypto::EcPrivateKey::generate();
    std::vector<std::string> groups{"TrustedAdmins"};

    std::string certificate_pem() const;
    /// What a token for this body says; to be changed before it is issued.
    token::Administrator claims(std::string_view group, std::string_view body) const;
    std::string token(std::string_view group, std::string_view body) const;
};

/// The body of POST /v1/admin/invoke.
json::Value invoke_document(std::string_view service, std::string_view operation, json::Object input);

class AuthorityProcess {
public:
    /// Made by `init`, started, and not yet claimed. Fails a check when anything does not work.
    explicit AuthorityProcess(const std::string& program = program_path("vouchsafe-authorityd"),
                              const std::string& issuer = administrator_issuer);

    Daemon& daemon() { return daemon_; }

    const std::string& folder() const { return folder_.path(); }

    std::string state_folder() const { return folder_.path() + "/state"; }

    const std::string& anchor() const { return anchor_; }

    std::string group() const;

    const std::string& pin() const { return pin_; }

    const std::string& claim_token() const { return claim_token_; }

    const TokenIssuer& administrator() const { return administrator_; }

    /// Again, on the same state, at another port.
    void start();

    /// A client that knows the server by its pin. It is of one run of the daemon: ask again after start().
    net::HttpsClient& client() { return *client_; }

    /// Any status is an answer; no answer is a failed check.
    net::ClientResponse post(std::string_view path, std::string body, std::vector<net::Header> headers = {});

    json::Value claim_document() const;
    void claim();

    using Invoke = std::function<Result<json::Value>(
        std::string_view service, std::string_view operation, json::Object)>;

    /// From now on through somebody else: a management server.
    void administer_by(Invoke invoke) { by_ = std::move(invoke); }

    /// What an operation answers, as TrustedAdmins' member. Safe for several threads.
    Result<json::Value> invoke(std::string_view service, std::string_view operation, json::Object input);
    /// One that must work.
    json::Value must(std::string_view service, std::string_view operation, json::Object input);

    std::string cluster(); ///< its id
    std::int64_t revision();

    /// What hosts are given to know it by, verified from the anchor.
    token::VerifiedServices services();

    /// The audit records so far; a failed check when the chain is broken.
    std::vector<audit::AuditRecord> audit_records() const;

private:
    TestDirectory folder_;
    TokenIssuer administrator_;
    net::SystemClock clock_;
    std::vector<std::string> state_options_;
    Daemon daemon_;
    std::string anchor_;
    std::string pin_;
    std::string claim_token_;
    std::unique_ptr<net::HttpsClient> client_;
    Invoke by_; ///< nobody: the test itself
};

/// The id of an error answer's first message and its error_type, "INVALID_ARGUMENT json.depth"; "" when the
/// body does not have the shape that every error has.
std::string error_of(const net::ClientResponse& response);

} // namespace vouchsafe::test

// A trusted host played in the test, over real HTTPS: attestation, a release session, keys.
#pragma once

#include "net/https_client.h"
#include "protocol/release.h"
#include "protocol/release_session.h"
#include "tests/support/attestation_house.h"
#include "tests/support/authority_process.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace vouchsafe::test {

/// A key's context with fresh random names.
protocol::Context fresh_context();

/// An answer's JSON; a failed check when it has none.
json::Value json_of(const net::ClientResponse& response);

/// What a host knows of its cluster, and the way there. Hosts may share one.
struct ClusterLink {
    std::shared_ptr<net::HttpsClient> client;
    std::shared_ptr<const token::VerifiedServices> services;

    /// Learns the cluster; its client dials with the first request.
    static ClusterLink to(AuthorityProcess& authority);
    /// The same with a client that has not dialled yet.
    ClusterLink fresh() const;
};

/// One message of one operation. Nothing but a session that is used up fails.
Result<protocol::SealedRequest> seal(protocol::HostSession& session, const protocol::Operation& operation);
/// What came of it. A refusal is an error with its code in `where`.
Result<protocol::OperationResult> open_answer(protocol::HostSession& session,
                                              const protocol::SealedRequest& request,
                                              const net::ClientResponse& response);

class PlayedHost {
public:
    /// `machine` is "a" or "b"; its logs are those of the recorded boot.
    explicit PlayedHost(const std::string& machine_name = "a", const std::string& booted = "uki")
        : machine(machine_name, booted) {}

    explicit PlayedHost(AttestedMachine of) : machine(std::move(of)) {}

    /// Learns the cluster and dials it, as after each start of the authority host.
    void connect(AuthorityProcess& authority) { use(ClusterLink::to(authority)); }

    void use(ClusterLink link);

    Result<net::ClientResponse>
    send(std::string_view path, std::string body, std::string_view content_type = "application/json");

    /// Errors of the transport, and answers that are errors as api::error_from_answer has them.
    Result<protocol::Challenge> challenge();
    protocol::Evidence evidence(const protocol::Challenge& challenge) const; ///< everything true
    std::string evidence_body(const protocol::Challenge& challenge) const;
    Result<protocol::EvidenceAnswer> send(const protocol::Evidence& evidence);
    Result<protocol::EvidenceAnswer> attest(); ///< keeps the token when trusted

    protocol::SessionRequest session_request() const;
    Result<void> open_session();
    Result<protocol::HostSession> new_session(); ///< beside the open one

    bool has_session() const { return session_.has_value(); }

    void forget_session() { session_.reset(); }

    protocol::HostSession& session() { return *session_; }

    /// One message of one operation through the open session. A refusal is an error with its code in `where`.
    Result<protocol::ReleasedKey> release(const protocol::Operation& operation);
    /// Safe for several threads, each with a session of its own.
    Result<protocol::ReleasedKey> release(protocol::HostSession& session,
                                          const protocol::Operation& operation);

    /// The new blob, through the open session.
    Result<Buffer> rewrap(const protocol::RewrapKey& operation);

    const std::string& token() const { return token_; }

    AttestedMachine machine;

private:
    Result<protocol::OperationResult> ask(protocol::HostSession& session,
                                          const protocol::Operation& operation);

    ClusterLink link_;
    std::string token_;
    std::optional<protocol::HostSession> session_;
    net::SystemClock clock_;
};

/// Makes `host` an approved one: its CA imported, itself approved. It booted nothing that is known.
void introduce(AuthorityProcess& authority, PlayedHost& host);

/// Makes `host` one that the authority trusts: its CA imported, itself approved, its boot a base image.
void enrol(AuthorityProcess& authority, PlayedHost& host, const std::string& image_version);

} // namespace vouchsafe::test

#include "tests/support/played_host.h"

#include "api/errors.h"
#include "json/parse.h"
#include "json/write.h"

#include <cstdio>

namespace vouchsafe::test {

namespace {

constexpr std::chrono::seconds limit{60};

Result<json::Value> document_of(const net::ClientResponse& response) {
    VS_TRY(json::Value document,
           json::parse(as_text(response.body), {.bytes = protocol::max_evidence_answer_bytes}));
    if (response.status != 200)
        return std::unexpected(api::error_from_answer(response.status, document));
    return document;
}

} // namespace

protocol::Context fresh_context() {
    crypto::SystemRandom random;
    return {.key_id = to_hex(random.bytes(16)), .vm = {make_uuid(random)}};
}

json::Value json_of(const net::ClientResponse& response) {
    auto document = json::parse(as_text(response.body), {.bytes = std::size_t{8} << 20U});
    VS_CHECK(document.has_value());
    return *std::move(document);
}

ClusterLink ClusterLink::to(AuthorityProcess& authority) {
    ClusterLink link{.client = nullptr,
                     .services = std::make_shared<const token::VerifiedServices>(authority.services())};
    return link.fresh();
}

ClusterLink ClusterLink::fresh() const {
    const token::ServiceHost& host = services->hosts().front();
    auto made =
        net::HttpsClient::create({.server = {.host = host.hostname, .port = host.port},
                                  .trust = net::TrustedCa{.certificates_pem = services->root().pem()}});
    VS_CHECK(made.has_value());
    return {.client = std::make_shared<net::HttpsClient>(*std::move(made)), .services = services};
}

Result<protocol::SealedRequest> seal(protocol::HostSession& session, const protocol::Operation& operation) {
    crypto::SystemRandom random;
    return session.seal(random, protocol::ReleaseRequest{.operations = {operation}}.encode());
}

Result<protocol::OperationResult> open_answer(protocol::HostSession& session,
                                              const protocol::SealedRequest& request,
                                              const net::ClientResponse& response) {
    if (response.status != 200)
        return std::unexpected(document_of(response).error());
    VS_TRY(const Secret plain, session.open_answer(request, as_text(response.body)));
    VS_TRY(auto answer, protocol::ReleaseAnswer::parse(plain));
    VS_CHECK(answer.results.size() == 1);
    const auto* const refusal = std::get_if<protocol::ReleaseRefusal>(&answer.results.front());
    if (refusal == nullptr)
        return std::move(answer.results.front());
    return fail(refusal->error_type == "SERVICE_UNAVAILABLE" ? Errc::unavailable : Errc::denied,
                refusal->code,
                refusal->message);
}

void PlayedHost::use(ClusterLink link) {
    link_ = std::move(link);
    session_.reset();
}

Result<net::ClientResponse>
PlayedHost::send(std::string_view path, std::string body, std::string_view content_type) {
    return link_.client->send({.method = net::Method::post,
                               .target = std::string(path),
                               .content_type = std::string(content_type),
                               .body = std::move(body)},
                              limit);
}

Result<protocol::Challenge> PlayedHost::challenge() {
    VS_TRY(const auto response, send(protocol::challenge_path, json::canonical(machine.request().to_json())));
    VS_TRY(const json::Value document, document_of(response));
    return protocol::Challenge::from_json(document);
}

protocol::Evidence PlayedHost::evidence(const protocol::Challenge& challenge) const {
    return machine.evidence(challenge, machine.statement(link_.services->information().anchor));
}

std::string PlayedHost::evidence_body(const protocol::Challenge& challenge) const {
    return json::canonical(evidence(challenge).to_json());
}

Result<protocol::EvidenceAnswer> PlayedHost::send(const protocol::Evidence& evidence) {
    VS_TRY(const auto response, send(protocol::evidence_path, json::canonical(evidence.to_json())));
    VS_TRY(const json::Value document, document_of(response));
    return protocol::EvidenceAnswer::from_json(document);
}

Result<protocol::EvidenceAnswer> PlayedHost::attest() {
    machine.tpm.clock.clock += 1; // a TPM's clock goes on
    machine.release_key = crypto::EcPrivateKey::generate();
    token_.clear();
    session_.reset();
    VS_TRY(const protocol::Challenge asked, challenge());
    VS_TRY(auto answer, send(evidence(asked)));
    token_ = answer.key_access_token.value_or("");
    return answer;
}

protocol::SessionRequest PlayedHost::session_request() const {
    return {.token = token_,
            .release_key = machine.release_key.public_key(),
            .host_random = crypto::SystemRandom().bytes(protocol::host_random_size)};
}

Result<void> PlayedHost::open_session() {
    VS_TRY(session_, new_session());
    return {};
}

Result<protocol::HostSession> PlayedHost::new_session() {
    const protocol::SessionRequest request = session_request();
    VS_TRY(const auto response, send(protocol::session_path, json::canonical(request.to_json())));
    VS_TRY(const json::Value document, document_of(response));
    VS_TRY(const auto answer, protocol::SessionAnswer::from_json(document));
    const AuthorityHostId& host = link_.services->hosts().front().id;
    return protocol::HostSession::open({.release_key = machine.release_key,
                                        .request = request,
                                        .answer = answer,
                                        .group = link_.services->information().group,
                                        .authority_host = host,
                                        .session_keys = link_.services->keys(token::KeyUse::session, host),
                                        .now = clock_.now()});
}

Result<protocol::ReleasedKey> PlayedHost::release(const protocol::Operation& operation) {
    return release(*session_, operation);
}

Result<protocol::ReleasedKey> PlayedHost::release(protocol::HostSession& session,
                                                  const protocol::Operation& operation) {
    VS_TRY(auto result, ask(session, operation));
    return std::get<protocol::ReleasedKey>(std::move(result));
}

Result<Buffer> PlayedHost::rewrap(const protocol::RewrapKey& operation) {
    VS_TRY(auto result, ask(*session_, operation));
    return std::get<protocol::RewrappedKey>(std::move(result)).ciphertext;
}

Result<protocol::OperationResult> PlayedHost::ask(protocol::HostSession& session,
                                                  const protocol::Operation& operation) {
    VS_TRY(const auto sealed, seal(session, operation));
    VS_TRY(const auto response, send(protocol::release_path, sealed.text, "application/jose"));
    return open_answer(session, sealed, response);
}

void introduce(AuthorityProcess& authority, PlayedHost& host) {
    const std::string cluster = authority.cluster();
    if (authority.must(service::cas, "list", {{"cluster", cluster}}).as_array().empty())
        authority.must(service::cas,
                       "create",
                       {{"cluster", cluster},
                        {"spec",
                         json::object({{"name", "ek"},
                                       {"cert_chain",
                                        json::object({{"cert_chain",
                                                       json::array({json::Value(std::string(as_text(
                                                           read_vector("attestation/ek-ca.pem"))))})}})}})}});
    host.connect(authority);
    const std::string id = host.machine.host().text;
    const auto seen = host.attest();
    if (!seen)
        std::fprintf(stderr, "%s: %s\n", seen.error().where.c_str(), authority.daemon().log().c_str());
    VS_CHECK(seen && seen->outcome == protocol::Outcome::pending);
    authority.must(service::enrolments, "approve", {{"host", id}});
}

void enrol(AuthorityProcess& authority, PlayedHost& host, const std::string& image_version) {
    introduce(authority, host);
    const std::string cluster = authority.cluster();
    const std::string id = host.machine.host().text;
    const json::Value image =
        authority.must(service::enrolments, "export_image", {{"host", id}, {"version", image_version}});
    authority.must(service::images,
                   "import_from_imgdb",
                   {{"cluster", cluster}, {"imgdb", to_base64(as_bytes(json::canonical(image)))}});
    const auto trusted = host.attest();
    VS_CHECK(trusted && trusted->outcome == protocol::Outcome::trusted);
}

} // namespace vouchsafe::test

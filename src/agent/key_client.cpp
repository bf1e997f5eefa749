#include "agent/key_client.h"

#include "json/parse.h"
#include "json/write.h"
#include "protocol/session.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace vouchsafe::agent {

namespace {

constexpr std::chrono::seconds session_limit{20};
constexpr std::chrono::seconds release_limit{45}; // a slow key server is waited for at the other end

/// The session has ended at its other end, or here: opening another is cheap.
bool session_ended(const Error& error) {
    static constexpr std::array<std::string_view, 4> codes{
        "release.session", "gate.session", "session.expired", "session.exhausted"};
    return std::ranges::find(codes, error.where) != codes.end();
}

Errc code_of(std::string_view error_type) {
    if (error_type == "NOT_FOUND")
        return Errc::not_found;
    if (error_type == "SERVICE_UNAVAILABLE" || error_type == "TIMED_OUT")
        return Errc::unavailable;
    return Errc::denied;
}

Result<protocol::OperationResult> only_result(protocol::ReleaseAnswer answer) {
    if (answer.results.size() != 1)
        return fail(Errc::malformed, "release.results", "not one result for one operation");
    protocol::OperationResult& result = answer.results.front();
    if (const auto* const refusal = std::get_if<protocol::ReleaseRefusal>(&result))
        return std::unexpected(
            Error{.code = code_of(refusal->error_type), .where = refusal->code, .detail = refusal->message});
    return std::move(result);
}

} // namespace

Result<protocol::OperationResult> KeyClient::release(const ReleaseStanding& standing,
                                                     const protocol::Operation& operation) {
    const bool fresh = !session_ || session_->expires() <= clock_.now();
    if (fresh)
        VS_TRY_VOID(open(standing));
    auto released = ask(operation);
    if (released)
        return released;
    // After any failure the counters of both ends may differ: the session is not used again.
    session_.reset();
    if (fresh || !session_ended(released.error()))
        return released;
    VS_TRY_VOID(open(standing));
    return ask(operation);
}

Result<void> KeyClient::open(const ReleaseStanding& standing) {
    session_.reset();
    const protocol::SessionRequest request{.token = standing.key_access_token,
                                           .release_key = standing.release_key.public_key(),
                                           .host_random = random_.bytes(protocol::host_random_size)};
    VS_TRY(auto answer,
           authority_->post({.target = protocol::session_path,
                             .body = json::canonical(request.to_json()),
                             .limit = session_limit}));
    VS_TRY(const Buffer body, expect_ok(std::move(answer)));
    VS_TRY(const json::Value value, json::parse(as_text(body), {.bytes = protocol::max_session_bytes}));
    VS_TRY(const auto parsed, protocol::SessionAnswer::from_json(value));
    VS_TRY(session_,
           protocol::HostSession::open({.release_key = standing.release_key,
                                        .request = request,
                                        .answer = parsed,
                                        .group = standing.group,
                                        .authority_host = standing.authority_host,
                                        .session_keys = standing.session_keys,
                                        .now = clock_.now()}));
    return {};
}

Result<protocol::OperationResult> KeyClient::ask(const protocol::Operation& operation) {
    const protocol::ReleaseRequest request{.operations = {operation}};
    VS_TRY(const auto sealed, session_->seal(random_, request.encode()));
    VS_TRY(auto answer,
           authority_->post({.target = protocol::release_path,
                             .content_type = "application/jose",
                             .body = sealed.text,
                             .limit = release_limit}));
    VS_TRY(const Buffer body, expect_ok(std::move(answer)));
    VS_TRY(const Secret plain, session_->open_answer(sealed, as_text(body)));
    VS_TRY(auto results, protocol::ReleaseAnswer::parse(plain));
    return only_result(std::move(results));
}

} // namespace vouchsafe::agent

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
// Of the 30 that a nonce is good for: the rest is for the TPM, and for the way.
constexpr std::chrono::seconds nonce_begun_within{20};

/// The session has ended at its other end, or here: opening another is cheap.
bool session_ended(const Error& error) {
    static constexpr std::array<std::string_view, 4> codes{
        "release.session", "gate.session", "session.expired", "session.exhausted"};
    return std::ranges::find(codes, error.where) != codes.end();
}

/// The request was fine but for its quote, and the answer brought the nonce for one.
bool wants_quote(const Error& error) {
    return error.where == "gate.freshness" || error.where == "freshness.nonce";
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
    auto released = try_once(standing, operation);
    if (released || !wants_quote(released.error()))
        return released;
    parts_.strict.insert(provider_of(operation));
    return try_once(standing, operation);
}

bool KeyClient::is_usable(bool for_quote) const {
    return session_ && parts_.clock.now() < session_->expires() &&
           (!for_quote || parts_.clock.boot_now() - nonce_since_ < nonce_begun_within);
}

Result<protocol::OperationResult> KeyClient::try_once(const ReleaseStanding& standing,
                                                      const protocol::Operation& operation) {
    const bool fresh = !is_usable(parts_.strict.contains(provider_of(operation)));
    if (fresh)
        VS_TRY_VOID(open(standing));
    auto released = ask(standing, operation);
    if (released || wants_quote(released.error()))
        return released;
    // After any failure the counters of both ends may differ: the session is not used again.
    session_.reset();
    if (fresh || !session_ended(released.error()))
        return released;
    VS_TRY_VOID(open(standing));
    return ask(standing, operation);
}

Result<void> KeyClient::open(const ReleaseStanding& standing) {
    session_.reset();
    const protocol::SessionRequest request{.token = standing.key_access_token,
                                           .release_key = standing.release_key.public_key(),
                                           .host_random = parts_.random.bytes(protocol::host_random_size)};
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
                                        .now = parts_.clock.now()}));
    nonce_ = session_->first_nonce();
    nonce_since_ = parts_.clock.boot_now();
    return {};
}

Result<protocol::OperationResult> KeyClient::ask(const ReleaseStanding& standing,
                                                 const protocol::Operation& operation) {
    protocol::ReleaseRequest request{.operations = {operation}};
    if (parts_.strict.contains(provider_of(operation))) {
        VS_TRY(request.quote,
               parts_.attester.release_quote(nonce_,
                                             {.request = request.digest(), .session = session_->id()},
                                             standing.release_key.public_key()));
    }
    VS_TRY(const auto sealed, session_->seal(parts_.random, request.encode()));
    VS_TRY(auto answer,
           authority_->post({.target = protocol::release_path,
                             .content_type = "application/jose",
                             .body = sealed.text,
                             .limit = release_limit}));
    VS_TRY(const Buffer body, expect_ok(std::move(answer)));
    VS_TRY(const Secret plain, session_->open_answer(sealed, as_text(body)));
    VS_TRY(auto results, protocol::ReleaseAnswer::parse(plain));
    nonce_ = results.nonce;
    nonce_since_ = parts_.clock.boot_now();
    return only_result(std::move(results));
}

} // namespace vouchsafe::agent

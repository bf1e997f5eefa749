#include "authority/endpoints.h"

#include "api/errors.h"
#include "authority/release_door.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/challenge.h"
#include "protocol/evidence.h"
#include "protocol/release.h"
#include "protocol/session.h"

#include <memory>
#include <utility>

namespace vouchsafe::authority {

namespace {

constexpr std::string_view claim_path = "/v1/claim";
constexpr std::string_view invoke_path = "/v1/admin/invoke";
constexpr std::string_view health_path = "/v1/health";
constexpr std::string_view message_path = protocol::release_path;
constexpr std::string_view bearer = "Bearer ";
constexpr std::size_t max_invoke = std::size_t{8} << 20U;
constexpr std::size_t max_claim = std::size_t{64} << 10U;

template <class Message> Result<Message> read(const net::Request& request, const json::Limits& limits) {
    VS_TRY(const json::Value value, json::parse(as_text(request.body), limits));
    return Message::from_json(value);
}

class Server : public std::enable_shared_from_this<Server> {
public:
    Server(Endpoints endpoints, net::WorkerPool& pool)
        : endpoints_(std::move(endpoints)), pool_(pool),
          door_(std::make_shared<ReleaseDoor>(endpoints_.release, endpoints_.audit, pool)) {}

    /// Of messages the door says whose turn they take; others take that of where they come from.
    void handle(net::Request request, net::Reply reply) {
        if (request.path() == message_path && request.method == net::Method::post)
            return door_->take(std::move(request), std::move(reply));
        const std::string turn = address_of(request);
        net::reply_in(pool_,
                      turn,
                      std::move(reply),
                      [self = shared_from_this(), request = std::move(request)](net::Reply answer) {
                          answer.send(self->answer(request));
                      });
    }

    void end_round() { door_->end_round(); }

private:
    net::Response answer(const net::Request& request) {
        auto response = respond(request);
        return response ? *std::move(response) : api::error_answer(response.error());
    }

    Result<net::Response> respond(const net::Request& request) {
        const std::string_view path = request.path();
        if (path == health_path && request.method == net::Method::get)
            return api::json_answer(200, json::object({{"version", 1}, {"status", "serving"}}));
        const auto handler = handler_of(path);
        if (handler == nullptr && path != message_path)
            return fail(Errc::not_found, "route.path", "there is nothing at this path");
        if (request.method != net::Method::post)
            return fail(Errc::unsupported, "route.method", "this path takes POST");
        return (this->*handler)(request);
    }

    using Member = Result<net::Response> (Server::*)(const net::Request&);

    static Member handler_of(std::string_view path) {
        if (path == protocol::challenge_path)
            return &Server::challenge;
        if (path == protocol::evidence_path)
            return &Server::evidence;
        if (path == protocol::session_path)
            return &Server::open_session;
        if (path == invoke_path)
            return &Server::invoke;
        if (path == claim_path)
            return &Server::claim;
        return nullptr;
    }

    template <class Message>
    Result<net::Response> answer_host(std::string_view what, attestation::Reply<Message> reply) {
        if (reply.cause)
            endpoints_.log(what, *reply.cause);
        VS_TRY(const Message message, std::move(reply.answer));
        return api::json_answer(200, message.to_json());
    }

    Result<net::Response> challenge(const net::Request& request) {
        VS_TRY(const auto message,
               read<protocol::ChallengeRequest>(request, {.bytes = protocol::max_challenge_bytes}));
        return answer_host("challenge", endpoints_.attestation.challenge(message));
    }

    Result<net::Response> evidence(const net::Request& request) {
        VS_TRY(const auto message, read<protocol::Evidence>(request, protocol::evidence_limits));
        return answer_host("evidence", endpoints_.attestation.evidence(message, request.body));
    }

    Result<net::Response> open_session(const net::Request& request) {
        VS_TRY(const auto message,
               read<protocol::SessionRequest>(request, {.bytes = protocol::max_session_bytes}));
        VS_TRY(const protocol::SessionAnswer answer, endpoints_.release.open_session(message));
        return api::json_answer(200, answer.to_json());
    }

    Result<net::Response> invoke(const net::Request& request) {
        const std::string_view header = request.header("authorization");
        if (!header.starts_with(bearer))
            return fail(Errc::unauthenticated, "admin.token", "an administrator token is missing");
        VS_TRY(json::Value result,
               endpoints_.administration.invoke(header.substr(bearer.size()), request.body));
        return api::json_answer(200, json::object({{"version", 1}, {"result", std::move(result)}}));
    }

    Result<net::Response> claim(const net::Request& request) {
        VS_TRY(const json::Value value, json::parse(as_text(request.body), {.bytes = max_claim}));
        VS_TRY(const json::Value answer, endpoints_.claim.accept(value));
        return api::json_answer(200, answer);
    }

    Endpoints endpoints_;
    net::WorkerPool& pool_;
    std::shared_ptr<ReleaseDoor> door_; ///< shared with its jobs
};

} // namespace

Serving serve(Endpoints endpoints, net::WorkerPool& pool) {
    const auto server = std::make_shared<Server>(std::move(endpoints), pool); // shared with its jobs
    return {.handler = [server](net::Request request,
                                net::Reply reply) { server->handle(std::move(request), std::move(reply)); },
            .after_round = [server] { server->end_round(); }};
}

std::size_t body_limit(net::Method, std::string_view target) {
    if (target == protocol::evidence_path)
        return protocol::max_evidence_bytes;
    if (target == invoke_path)
        return max_invoke;
    if (target == message_path)
        return std::size_t{256} << 10U;
    if (target == protocol::session_path)
        return protocol::max_session_bytes;
    if (target == claim_path)
        return max_claim;
    return protocol::max_challenge_bytes;
}

} // namespace vouchsafe::authority

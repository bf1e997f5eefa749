#include "agent/peer.h"

#include "json/members.h"
#include "json/parse.h"

#include <utility>

namespace vouchsafe::agent {

namespace {

constexpr std::size_t error_body_max = 64U << 10U;

Errc code_of(int status) {
    switch (status) {
    case 400:
        return Errc::malformed;
    case 401:
        return Errc::unauthenticated;
    case 403:
        return Errc::denied;
    case 404:
        return Errc::not_found;
    case 409:
        return Errc::conflict;
    case 413:
        return Errc::too_large;
    default:
        return status >= 500 ? Errc::unavailable : Errc::internal;
    }
}

/// {"error_type":..,"messages":[{"id","default_message","args"}]}; other services may add members.
struct Message {
    std::string id, text;
};

Message first_message(Bytes body) {
    const auto value = json::parse(as_text(body), {.bytes = error_body_max, .depth = 8, .items = 1024});
    const json::Value* messages = value ? value->find("messages") : nullptr;
    if (messages == nullptr || !messages->is_array() || messages->as_array().empty())
        return {};
    const json::Value& first = messages->as_array().front();
    const json::Value* id = first.find("id");
    const json::Value* text = first.find("default_message");
    if (id == nullptr || text == nullptr || !id->is_string() || !text->is_string())
        return {};
    return {.id = id->as_string(), .text = text->as_string()};
}

} // namespace

Result<Buffer> expect_ok(PeerAnswer answer) {
    if (answer.status == 200)
        return std::move(answer.body);
    Message message = first_message(answer.body);
    if (message.id.empty())
        message = {.id = "peer.status", .text = "answered with status " + std::to_string(answer.status)};
    return std::unexpected(Error{
        .code = code_of(answer.status), .where = std::move(message.id), .detail = std::move(message.text)});
}

bool is_unreachable(const Error& error) {
    return error.code == Errc::unavailable || error.code == Errc::timed_out ||
           error.where.starts_with("net.");
}

} // namespace vouchsafe::agent

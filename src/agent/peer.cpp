#include "agent/peer.h"

#include "json/parse.h"
#include "protocol/error_body.h"

#include <utility>

namespace vouchsafe::agent {

namespace {

constexpr std::size_t error_body_max = 64U << 10U;

} // namespace

Result<Buffer> expect_ok(PeerAnswer answer) {
    if (answer.status == 200)
        return std::move(answer.body);
    const auto value =
        json::parse(as_text(answer.body), {.bytes = error_body_max, .depth = 8, .items = 1024});
    auto body = value ? protocol::ErrorBody::from_json(*value) : protocol::ErrorBody{};
    if (body.id.empty() || body.message.empty())
        body = {.error_type = {},
                .id = "peer.status",
                .message = "answered with status " + std::to_string(answer.status)};
    // Whatever a broken peer says, another may be asked.
    const Errc code = answer.status >= 500 ? Errc::unavailable : protocol::code_for_status(answer.status);
    return std::unexpected(
        Error{.code = code, .where = std::move(body.id), .detail = std::move(body.message)});
}

bool is_unreachable(const Error& error) {
    return error.code == Errc::unavailable || error.code == Errc::timed_out ||
           error.where.starts_with("net.");
}

} // namespace vouchsafe::agent

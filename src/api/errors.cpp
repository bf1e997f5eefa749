#include "api/errors.h"

#include "json/write.h"
#include "protocol/error_body.h"

#include <array>
#include <optional>

namespace vouchsafe::api {

namespace {

constexpr std::array all_codes = {Errc::malformed,
                                  Errc::too_large,
                                  Errc::untrusted,
                                  Errc::denied,
                                  Errc::unauthenticated,
                                  Errc::not_found,
                                  Errc::exists,
                                  Errc::conflict,
                                  Errc::busy,
                                  Errc::expired,
                                  Errc::unavailable,
                                  Errc::timed_out,
                                  Errc::unsupported,
                                  Errc::internal};

// The code that a word means; the status tells apart those that share a word. What `untrusted` and `expired`
// share with `denied` and `unauthenticated`, these two say to a client.
std::optional<Errc> code_for_word(std::string_view word, int status) {
    std::optional<Errc> found;
    for (const Errc code : all_codes) {
        if (code == Errc::untrusted || code == Errc::expired || wire_error(code).error_type != word)
            continue;
        if (!found || wire_error(code).status == status)
            found = code;
    }
    return found;
}

void read_body(Error& error, int status, const json::Value& document) {
    const auto body = protocol::ErrorBody::from_json(document);
    error.code = code_for_word(body.error_type, status).value_or(error.code);
    if (!body.id.empty())
        error.where = body.id;
    if (!body.message.empty())
        error.detail = body.message;
}

} // namespace

WireError wire_error(Errc code) {
    switch (code) {
    case Errc::malformed:
        return {"INVALID_ARGUMENT", 400};
    case Errc::too_large:
        return {"INVALID_ARGUMENT", 413};
    case Errc::untrusted:
        return {"UNAUTHORIZED", 403};
    case Errc::denied:
        return {"UNAUTHORIZED", 403};
    case Errc::unauthenticated:
        return {"UNAUTHENTICATED", 401};
    case Errc::not_found:
        return {"NOT_FOUND", 404};
    case Errc::exists:
        return {"ALREADY_EXISTS", 400};
    case Errc::conflict:
        return {"NOT_ALLOWED_IN_CURRENT_STATE", 400};
    case Errc::busy:
        return {"RESOURCE_BUSY", 500};
    case Errc::expired:
        return {"UNAUTHENTICATED", 401};
    case Errc::unavailable:
        return {"SERVICE_UNAVAILABLE", 503};
    case Errc::timed_out:
        return {"TIMED_OUT", 504};
    case Errc::unsupported:
        return {"UNSUPPORTED", 400};
    case Errc::internal:
        return {"INTERNAL_SERVER_ERROR", 500};
    }
    std::unreachable();
}

json::Value error_document(const Error& error) {
    const bool inside = error.code == Errc::internal;
    const std::string message = inside                 ? "an internal error; the server's log says more"
                                : error.detail.empty() ? error.where
                                                       : error.detail;
    return protocol::ErrorBody{.error_type = std::string(wire_error(error.code).error_type),
                               .id = inside ? "internal" : error.where,
                               .message = message}
        .to_json();
}

net::Response json_answer(int status, const json::Value& value) {
    return {.status = status, .body = value.is_null() ? std::string() : json::canonical(value)};
}

net::Response error_answer(const Error& error) {
    return json_answer(wire_error(error.code).status, error_document(error));
}

Error error_from_answer(int status, const json::Value& document) {
    Error error{.code = protocol::code_for_status(status),
                .where = "server.status",
                .detail = "the server answered with HTTP status " + std::to_string(status)};
    read_body(error, status, document);
    return error;
}

Error error_from_task(const json::Value& document) {
    Error error{.code = Errc::internal, .where = "server.task", .detail = "the server's task failed"};
    read_body(error, 0, document);
    return error;
}

} // namespace vouchsafe::api

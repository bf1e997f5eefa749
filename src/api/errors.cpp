#include "api/errors.h"

#include "json/write.h"

#include <array>

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
                                  Errc::expired,
                                  Errc::unavailable,
                                  Errc::timed_out,
                                  Errc::unsupported,
                                  Errc::internal};

Errc code_for_status(int status) {
    switch (status) {
    case 401:
        return Errc::unauthenticated;
    case 403:
        return Errc::denied;
    case 404:
        return Errc::not_found;
    case 408:
    case 504:
        return Errc::timed_out;
    case 409:
        return Errc::conflict;
    case 413:
        return Errc::too_large;
    case 503:
        return Errc::unavailable;
    default:
        return status >= 500 ? Errc::internal : Errc::malformed;
    }
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
    return json::object({{"error_type", wire_error(error.code).error_type},
                         {"messages",
                          json::array({json::object({{"id", inside ? std::string("internal") : error.where},
                                                     {"default_message", message},
                                                     {"args", json::Array{}}})})}});
}

net::Response json_answer(int status, const json::Value& value) {
    return {.status = status, .body = value.is_null() ? std::string() : json::canonical(value)};
}

net::Response error_answer(const Error& error) {
    return json_answer(wire_error(error.code).status, error_document(error));
}

Error error_from_answer(int status, const json::Value& document) {
    Error error{.code = code_for_status(status),
                .where = "server.status",
                .detail = "the server answered with HTTP status " + std::to_string(status)};
    const json::Value* const type = document.find("error_type");
    const json::Value* const messages = document.find("messages");
    if (type == nullptr || !type->is_string() || messages == nullptr || !messages->is_array())
        return error;
    for (const Errc code : all_codes)
        if (wire_error(code).error_type == type->as_string() && wire_error(code).status == status)
            error.code = code;
    // Untrusted and expired share their words with denied and unauthenticated, which say it to a client.
    if (error.code == Errc::untrusted)
        error.code = Errc::denied;
    if (error.code == Errc::expired)
        error.code = Errc::unauthenticated;
    if (messages->as_array().empty())
        return error;
    const json::Value& first = messages->as_array().front();
    if (const json::Value* const where = first.find("id"); where != nullptr && where->is_string())
        error.where = where->as_string();
    if (const json::Value* const detail = first.find("default_message");
        detail != nullptr && detail->is_string())
        error.detail = detail->as_string();
    return error;
}

} // namespace vouchsafe::api

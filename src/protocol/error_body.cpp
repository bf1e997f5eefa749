#include "protocol/error_body.h"

#include <string_view>

namespace vouchsafe::protocol {

namespace {

std::string text(const json::Value& object, std::string_view member) {
    const json::Value* const found = object.find(member);
    return found != nullptr && found->is_string() ? found->as_string() : std::string();
}

} // namespace

json::Value ErrorBody::to_json() const {
    return json::object(
        {{"error_type", error_type},
         {"messages",
          json::array({json::object({{"id", id}, {"default_message", message}, {"args", json::Array{}}})})}});
}

ErrorBody ErrorBody::from_json(const json::Value& value) {
    ErrorBody body{.error_type = text(value, "error_type"), .id = {}, .message = {}};
    const json::Value* const messages = value.find("messages");
    if (messages == nullptr || !messages->is_array() || messages->as_array().empty())
        return body;
    body.id = text(messages->as_array().front(), "id");
    body.message = text(messages->as_array().front(), "default_message");
    return body;
}

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

} // namespace vouchsafe::protocol

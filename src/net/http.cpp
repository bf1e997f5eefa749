#include "net/http.h"

#include "base/secret.h"

#include <algorithm>
#include <array>
#include <span>

namespace vouchsafe::net {

namespace {

struct MethodName {
    Method method;
    std::string_view name;
};

constexpr std::array method_names{
    MethodName{Method::get, "GET"},
    MethodName{Method::head, "HEAD"},
    MethodName{Method::post, "POST"},
    MethodName{Method::put, "PUT"},
    MethodName{Method::patch, "PATCH"},
    MethodName{Method::delete_, "DELETE"},
};

std::string_view error_type_of(int status) {
    switch (status) {
    case 401:
        return "UNAUTHENTICATED";
    case 403:
        return "UNAUTHORIZED";
    case 404:
        return "NOT_FOUND";
    case 405:
        return "OPERATION_NOT_FOUND";
    case 408:
        return "TIMED_OUT";
    case 500:
        return "INTERNAL_SERVER_ERROR";
    case 501:
        return "UNSUPPORTED";
    case 503:
        return "SERVICE_UNAVAILABLE";
    default:
        return "INVALID_ARGUMENT";
    }
}

// As percent_decode; in queries '+' is a blank too.
Result<std::string> form_decode(std::string_view text) {
    std::string blanks(text);
    std::ranges::replace(blanks, '+', ' ');
    return percent_decode(blanks);
}

bool is_unreserved(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

} // namespace

std::string_view to_string(Method method) {
    for (const MethodName& row : method_names)
        if (row.method == method)
            return row.name;
    std::unreachable();
}

std::optional<Method> method_from(std::string_view name) {
    for (const MethodName& row : method_names)
        if (row.name == name)
            return row.method;
    return std::nullopt;
}

Request::~Request() {
    wipe(std::span(body));
    for (Header& entry : headers)
        wipe(entry.value);
}

std::string_view Request::header(std::string_view name) const {
    const Header* found = nullptr;
    for (const Header& entry : headers) {
        if (entry.name != name)
            continue;
        if (found != nullptr)
            return {};
        found = &entry;
    }
    return found == nullptr ? std::string_view{} : found->value;
}

std::string_view Request::path() const {
    return std::string_view(target).substr(0, target.find('?'));
}

std::string_view Request::query() const {
    const auto mark = target.find('?');
    return mark == std::string::npos ? std::string_view{} : std::string_view(target).substr(mark + 1);
}

Response error_response(int status, std::string_view id, std::string_view message) {
    Response response{.status = status};
    response.body.append(R"({"error_type":")")
        .append(error_type_of(status))
        .append(R"(","messages":[{"args":[],"default_message":")")
        .append(message)
        .append(R"(","id":")")
        .append(id)
        .append(R"("}]})");
    return response;
}

Result<std::string> percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out.push_back(text[i]);
            continue;
        }
        const auto escaped = from_hex(text.substr(i + 1, 2));
        if (!escaped || escaped->size() != 1 || escaped->front() == 0)
            return fail(Errc::malformed, "http.escape", "a broken % escape in the address");
        out.push_back(static_cast<char>(escaped->front()));
        i += 2;
    }
    if (!is_utf8(out))
        return fail(Errc::malformed, "http.escape", "the address is not UTF-8");
    return out;
}

std::string percent_encode(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        if (is_unreserved(c)) {
            out.push_back(c);
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out.append({'%', digits[byte >> 4U], digits[byte & 0x0FU]});
    }
    return out;
}

Result<std::vector<QueryItem>> parse_query(std::string_view query) {
    std::vector<QueryItem> items;
    while (!query.empty()) {
        if (items.size() == 64)
            return fail(Errc::too_large, "http.query", "more than 64 query parameters");
        const std::string_view item = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(item.size() + 1, query.size()));
        const auto equals = item.find('=');
        VS_TRY(std::string name, form_decode(item.substr(0, equals)));
        VS_TRY(std::string value,
               form_decode(equals == std::string_view::npos ? std::string_view{} : item.substr(equals + 1)));
        items.push_back({.name = std::move(name), .value = std::move(value)});
    }
    return items;
}

} // namespace vouchsafe::net

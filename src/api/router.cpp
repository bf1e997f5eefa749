#include "api/router.h"

#include "json/members.h"
#include "json/parse.h"
#include "json/write.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

namespace vouchsafe::api {

namespace {

std::vector<std::string_view> segments(std::string_view path) {
    std::vector<std::string_view> out;
    while (!path.empty()) {
        const auto slash = path.find('/', 1);
        out.push_back(path.substr(1, slash == std::string_view::npos ? slash : slash - 1));
        path = slash == std::string_view::npos ? std::string_view{} : path.substr(slash);
    }
    while (!out.empty() && out.back().empty())
        out.pop_back();
    return out;
}

bool is_parameter(std::string_view segment) {
    return segment.starts_with('{');
}

std::string_view parameter_name(std::string_view segment) {
    return segment.substr(1, segment.size() - 2);
}

bool fits(std::string_view path_template, const std::vector<std::string_view>& path) {
    const auto wanted = segments(path_template);
    return std::ranges::equal(wanted, path, [](std::string_view want, std::string_view have) {
        return is_parameter(want) ? !have.empty() : want == have;
    });
}

struct Target {
    std::vector<std::string_view> path;
    std::vector<net::QueryItem> query;
    std::string action;
};

Result<Target> read_target(std::string_view target) {
    const auto mark = target.find('?');
    const std::string_view path = target.substr(0, mark);
    if (!path.starts_with('/'))
        return fail(Errc::malformed, "route.path");
    Target out{.path = segments(path), .query = {}, .action = {}};
    if (mark != std::string_view::npos) {
        VS_TRY(out.query, net::parse_query(target.substr(mark + 1)));
    }
    bool given = false;
    for (const net::QueryItem& item : out.query) {
        if (item.name != "action")
            continue;
        if (std::exchange(given, true))
            return fail(Errc::malformed, "query.action", "query.action: is given twice");
        out.action = item.value;
    }
    return out;
}

Result<json::Value> query_value(const Field& field, const std::vector<std::string>& values) {
    const Kind kind = field.type.kind;
    if (kind == Kind::list) {
        json::Array items;
        for (const std::string& value : values)
            items.emplace_back(value);
        return json::Value(std::move(items));
    }
    const std::string where = "query." + std::string(field.name);
    if (values.size() != 1)
        return fail(Errc::malformed, where, where + ": is given twice");
    const std::string& text = values.front();
    if (kind == Kind::boolean) {
        if (text != "true" && text != "false")
            return fail(Errc::malformed, where, where + ": expected true or false");
        return json::Value(text == "true");
    }
    if (kind == Kind::integer) {
        std::int64_t number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc{} || end != text.data() + text.size())
            return fail(Errc::malformed, where, where + ": expected an integer");
        return json::Value(number);
    }
    return json::Value(text);
}

Result<void>
read_query(const Operation& operation, const std::vector<net::QueryItem>& query, json::Object& input) {
    bool as_task = false;
    for (const net::QueryItem& item : query) {
        if (item.name == "action")
            continue;
        if (item.name == "vmw-task" && item.value == "true" && operation.answer == Answer::task) {
            as_task = true;
            continue;
        }
        if (std::ranges::find(operation.query, std::string_view(item.name), &Field::name) ==
            operation.query.end())
            return fail(
                Errc::malformed, "query." + item.name, "query." + item.name + ": there is no such parameter");
    }
    if (operation.answer == Answer::task && !as_task)
        return fail(
            Errc::unsupported, "query.vmw-task", "this operation answers as a task: add vmw-task=true");
    for (const Field& field : operation.query) {
        std::vector<std::string> values;
        for (const net::QueryItem& item : query)
            if (item.name == field.name)
                values.push_back(item.value);
        if (values.empty())
            continue;
        VS_TRY(json::Value value, query_value(field, values));
        input.emplace(field.name, std::move(value));
    }
    return {};
}

Result<std::optional<json::Value>> read_body(const Operation& operation, const net::Request& request) {
    const bool without = request.method == net::Method::get || request.method == net::Method::delete_;
    if (without || operation.body_name.empty()) {
        const bool empty = request.body.empty() || as_text(request.body) == "{}" || without;
        if (!empty)
            return fail(Errc::malformed, "body", "this operation takes no body");
        return std::nullopt;
    }
    if (request.body.empty()) {
        if (operation.body_need == Need::required)
            return fail(Errc::malformed, "body", "this operation needs a body");
        return std::nullopt;
    }
    VS_TRY(json::Value body, json::parse(as_text(request.body), {.bytes = std::size_t{8} << 20U}));
    return body;
}

bool is_path_parameter(const Operation& operation, std::string_view name) {
    return std::ranges::any_of(segments(operation.path), [name](std::string_view segment) {
        return is_parameter(segment) && parameter_name(segment) == name;
    });
}

} // namespace

Result<const Operation*> find_route(net::Method method, std::string_view target) {
    VS_TRY(const Target wanted, read_target(target));
    bool path_known = false;
    for (const Operation& row : operations()) {
        if (!fits(row.path, wanted.path))
            continue;
        path_known = true;
        if (row.method == method && row.action == wanted.action)
            return &row;
    }
    if (path_known)
        return fail(Errc::unsupported, "route.method", "this path has no such method or action");
    return fail(Errc::not_found, "route.path", "there is nothing at this path");
}

Result<void> check_input(const Operation& operation, const json::Value& input) {
    if (!input.is_object())
        return fail(Errc::malformed, "input", "input: expected an object");
    for (const auto& [name, value] : input.as_object()) {
        if (is_path_parameter(operation, name)) {
            VS_TRY_VOID(check_shape(value, id, name));
        } else if (!operation.body_name.empty() && name == operation.body_name) {
            VS_TRY_VOID(check_shape(value, operation.body, "body"));
        } else {
            const auto field = std::ranges::find(operation.query, std::string_view(name), &Field::name);
            if (field == operation.query.end())
                return fail(Errc::malformed, "input." + name, "input." + name + ": there is no such member");
            VS_TRY_VOID(check_shape(value, field->type, name));
        }
    }
    for (const std::string_view segment : segments(operation.path))
        if (is_parameter(segment) && input.find(parameter_name(segment)) == nullptr)
            return fail(Errc::malformed, "input", std::string(parameter_name(segment)) + ": is missing");
    for (const Field& field : operation.query)
        if (field.need == Need::required && input.find(field.name) == nullptr)
            return fail(Errc::malformed, "query", std::string(field.name) + ": is missing");
    if (!operation.body_name.empty() && operation.body_need == Need::required &&
        input.find(operation.body_name) == nullptr)
        return fail(Errc::malformed, "body", "this operation needs a body");
    return {};
}

Result<json::Value> read_input(const Operation& operation, const net::Request& request) {
    VS_TRY(const Target target, read_target(request.target));
    json::Object input;
    const auto wanted = segments(operation.path);
    VS_CHECK(wanted.size() == target.path.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (!is_parameter(wanted[i]))
            continue;
        VS_TRY(std::string value, net::percent_decode(target.path[i]));
        input.emplace(parameter_name(wanted[i]), std::move(value));
    }
    VS_TRY_VOID(read_query(operation, target.query, input));
    VS_TRY(std::optional<json::Value> body, read_body(operation, request));
    if (body)
        input.emplace(operation.body_name, *std::move(body));
    json::Value whole(std::move(input));
    VS_TRY_VOID(check_input(operation, whole));
    return whole;
}

Result<WireCall> write_call(const Operation& operation, const json::Value& input) {
    VS_TRY_VOID(check_input(operation, input));
    WireCall out;
    for (const std::string_view segment : segments(operation.path)) {
        out.target += '/';
        out.target += is_parameter(segment)
                          ? net::percent_encode(input.find(parameter_name(segment))->as_string())
                          : std::string(segment);
    }
    char joint = '?';
    const auto add = [&](std::string_view name, std::string_view value) {
        out.target += joint + std::string(name) + "=" + net::percent_encode(value);
        joint = '&';
    };
    if (!operation.action.empty())
        add("action", operation.action);
    if (operation.answer == Answer::task)
        add("vmw-task", "true");
    for (const Field& field : operation.query) {
        const json::Value* const value = input.find(field.name);
        if (value == nullptr || value->is_null())
            continue;
        if (value->is_array()) {
            for (const json::Value& item : value->as_array())
                add(field.name, item.as_string());
        } else {
            add(field.name, value->is_string() ? value->as_string() : json::canonical(*value));
        }
    }
    if (const json::Value* const body =
            operation.body_name.empty() ? nullptr : input.find(operation.body_name))
        out.body = json::canonical(*body);
    return out;
}

} // namespace vouchsafe::api

// From an HTTP request to an operation with a checked input, and from an operation to an HTTP request.
#pragma once

#include "api/operation.h"
#include "base/result.h"
#include "json/value.h"
#include "net/http.h"

#include <string>

namespace vouchsafe::api {

/// An operation and its input: an object with a member for each path parameter and query parameter, and the
/// body under the row's body_name. The same object travels to an authority host and comes from JSON-RPC.
struct Call {
    const Operation* operation = nullptr;
    json::Value input;
};

/// Finds the row by method, path (with or without a slash at the end) and action, then checks query and body
/// against its shapes. `not_found` at "route.path", `unsupported` at "route.method"; otherwise as
/// check_shape. `vmw-task=true` is taken where the row is a task, and required there.
Result<const Operation*> find_route(net::Method method, std::string_view target);
Result<json::Value> read_input(const Operation& operation, const net::Request& request);

/// The inverse for clients: target and body of the request that makes this call.
struct WireCall {
    std::string target;
    std::string body;
};

Result<WireCall> write_call(const Operation& operation, const json::Value& input);

/// Checks an input object that did not come by HTTP.
Result<void> check_input(const Operation& operation, const json::Value& input);

} // namespace vouchsafe::api

// One table from our error codes to what the API's clients expect.
#pragma once

#include "base/result.h"
#include "json/value.h"
#include "net/http.h"

#include <string_view>

namespace vouchsafe::api {

/// The API's word ("NOT_FOUND") and HTTP status of a code.
struct WireError {
    std::string_view error_type;
    int status;
};

WireError wire_error(Errc code);

/// {"error_type", "messages": [{"id", "default_message", "args"}]}. An `internal` error's detail stays
/// inside.
json::Value error_document(const Error& error);

/// The same as an answer.
net::Response error_answer(const Error& error);

/// What a server said, read back by a client: the code comes from the word, or from the status where there is
/// none.
Error error_from_answer(int status, const json::Value& document);

/// The same of a task's `error`, which has no status.
Error error_from_task(const json::Value& document);

net::Response json_answer(int status, const json::Value& value);

} // namespace vouchsafe::api

// The body of every answer that is an error, from any service of the house:
// {"error_type":"NOT_FOUND","messages":[{"args":[],"default_message":"...","id":"image.unknown"}]}
#pragma once

#include "base/result.h"
#include "json/value.h"

#include <string>

namespace vouchsafe::protocol {

struct ErrorBody {
    std::string error_type;
    std::string id;      ///< Error::where
    std::string message; ///< for people

    json::Value to_json() const;
    /// Reads what is there: a member that is missing, or is no text, stays empty.
    static ErrorBody from_json(const json::Value& value);

    friend bool operator==(const ErrorBody&, const ErrorBody&) = default;
};

/// What the HTTP status of an error says where its body says no more.
Errc code_for_status(int status);

} // namespace vouchsafe::protocol

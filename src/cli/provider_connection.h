// What commands of providers share about the way to their key servers.
#pragma once

#include "base/result.h"
#include "json/value.h"

#include <string>

namespace vouchsafe::cli {

/// HOST[:PORT] of a proxy as the API's network address.
Result<json::Value> proxy_address(const std::string& text);

/// The API's answer in lines for people.
json::Value connection_summary(const json::Value& connection);

} // namespace vouchsafe::cli

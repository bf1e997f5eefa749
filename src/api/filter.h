// Filters of lists, as the API writes them: a list of what is wanted; an absent one wants everything.
#pragma once

#include "json/value.h"

#include <string_view>

namespace vouchsafe::api {

/// Whether `filter.member` wants the value. Absent or null, the filter or its member, it wants every value;
/// an empty list wants none.
bool wants(const json::Value* filter, std::string_view member, const json::Value& value);

} // namespace vouchsafe::api

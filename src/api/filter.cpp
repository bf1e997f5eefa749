#include "api/filter.h"

#include <algorithm>

namespace vouchsafe::api {

bool wants(const json::Value* filter, std::string_view member, const json::Value& value) {
    const json::Value* const list = filter == nullptr ? nullptr : filter->find(member);
    return list == nullptr || list->is_null() ||
           (list->is_array() && std::ranges::find(list->as_array(), value) != list->as_array().end());
}

} // namespace vouchsafe::api

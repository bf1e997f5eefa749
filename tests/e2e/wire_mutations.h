// Bad input made from good input: what is wrong with any JSON document, and with any document of a shape.
#pragma once

#include "api/shape.h"
#include "json/value.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::test {

struct BadBody {
    std::string what; ///< for people
    std::string text;
    int status = 400; ///< that it is refused with: 413 where a limit of depth is what it breaks
};

/// Texts that are no JSON that we take: cut off, nested too deep, with a name twice, not UTF-8, fractions.
std::vector<BadBody> broken_json(const json::Value& good);

/// Every member gone, of another type, and one too many. Members in `optional` may be gone or null.
std::vector<BadBody> wrong_members(const json::Value& good, const std::set<std::string>& optional = {});

/// A document that the shape takes.
json::Value sample(const api::Type& type);

struct BadValue {
    std::string what;
    json::Value value;
};

/// Documents that it must not take: at every place another kind, nothing, a word or member that there is not.
std::vector<BadValue> wrong_values(const api::Type& type);

} // namespace vouchsafe::test

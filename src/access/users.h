// Users and their groups, as a management server keeps them.
#pragma once

#include "access/privilege.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "json/value.h"

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace vouchsafe::access {

inline constexpr std::size_t least_password = 12; ///< bytes
inline constexpr std::size_t most_password = 256;

struct User {
    std::string name;     ///< 1 to 64 of a-z 0-9 . _ -, beginning with a letter or digit
    std::string password; ///< scrypt text (crypto::hash_password)
    std::set<std::string> groups;

    json::Value to_json() const;
    static Result<User> from_json(const json::Value& value);

    friend bool operator==(const User&, const User&) = default;
};

/// `malformed` at "user.name".
Result<void> check_user_name(std::string_view name);

/// `malformed` at "user.password": too short or too long. What is in it is the user's business.
Result<void> check_password(const Secret& password);

/// `not_found` at "user.group".
Result<void> check_group(std::string_view group);

/// 20 characters of base32 from 100 random bits, in groups of five: for the first administrator.
Secret generate_password(Random& random);

} // namespace vouchsafe::access

// Users, groups and log-ins of one management server, on its documents.
#pragma once

#include "access/sessions.h"
#include "access/users.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "inventory/ports.h"
#include "json/value.h"

#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace vouchsafe::manager {

struct Caller {
    std::string user;
    std::set<std::string> groups;
};

/// Safe for several threads.
class Directory {
public:
    Directory(inventory::Documents& documents, const Clock& clock, Random& random)
        : documents_(documents), clock_(clock), random_(random) {}

    /// Where there is no user yet: makes "administrator" in the group Administrators, and returns the
    /// generated password, to be shown once.
    Result<std::optional<Secret>> create_first_administrator();

    /// A session id for the right password.
    Result<std::string> log_in(std::string_view user, const Secret& password);
    /// Who a session belongs to, with the groups of this moment.
    Result<Caller> caller(std::string_view session);
    Result<json::Value> session_info(std::string_view session);
    void log_out(std::string_view session);

    Result<json::Value> list_users();
    Result<json::Value>
    create_user(std::string_view name, const Secret& password, const std::set<std::string>& groups);
    Result<void> set_password(std::string_view name, const Secret& password);
    /// `conflict` for the last member of Administrators.
    Result<void> delete_user(std::string_view name);
    Result<json::Value> list_groups();
    Result<void> add_member(std::string_view group, std::string_view user);
    Result<void> remove_member(std::string_view group, std::string_view user);

private:
    struct Stored {
        access::User user;
        std::int64_t revision;
    };

    Result<Stored> load(std::string_view name);
    Result<void> save(const access::User& user, std::int64_t expected);
    Result<std::vector<access::User>> all();
    Result<void> not_the_last_administrator(std::string_view leaving);

    inventory::Documents& documents_;
    const Clock& clock_;
    Random& random_;
    std::mutex changes_; ///< taken first: one change at a time where several users count
    std::mutex mutex_;   ///< guards sessions and brake; never held while a password is hashed
    access::Sessions sessions_;
    access::LoginBrake brake_;
};

} // namespace vouchsafe::manager

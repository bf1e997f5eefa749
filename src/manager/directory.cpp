#include "manager/directory.h"

#include "crypto/password.h"

#include <algorithm>

namespace vouchsafe::manager {

namespace {

constexpr std::string_view kind = "user";
constexpr std::string_view first_name = "administrator";

// What an unknown user's password is compared with, so that the answer takes as long as for a known one.
const std::string& nobodys_hash(Random& random) {
    static const std::string hash =
        crypto::hash_password(Secret(as_bytes("nobody has this password")), random);
    return hash;
}

} // namespace

Result<Directory::Stored> Directory::load(std::string_view name) {
    VS_TRY(const auto document, documents_.get(kind, name));
    if (!document)
        return fail(Errc::not_found, "user", "there is no user " + std::string(name));
    VS_TRY(access::User user, access::User::from_json(document->value));
    return Stored{.user = std::move(user), .revision = document->revision};
}

Result<void> Directory::save(const access::User& user, std::int64_t expected) {
    VS_TRY([[maybe_unused]] const auto revision, documents_.put(kind, user.name, user.to_json(), expected));
    return {};
}

Result<std::vector<access::User>> Directory::all() {
    VS_TRY(const auto documents, documents_.list(kind));
    std::vector<access::User> users;
    for (const inventory::Document& document : documents) {
        VS_TRY(access::User user, access::User::from_json(document.value));
        users.push_back(std::move(user));
    }
    return users;
}

Result<std::optional<Secret>> Directory::create_first_administrator() {
    VS_TRY(const auto users, all());
    if (!users.empty())
        return std::nullopt;
    Secret password = access::generate_password(random_);
    VS_TRY_VOID(save({.name = std::string(first_name),
                      .password = crypto::hash_password(password, random_),
                      .groups = {std::string(access::administrators)}},
                     0));
    return password;
}

Result<std::string> Directory::log_in(std::string_view user, const Secret& password) {
    {
        const std::scoped_lock lock(mutex_);
        VS_TRY_VOID(brake_.check(user, clock_.boot_now()));
    }
    const auto stored = load(user);
    const auto verified =
        crypto::verify_password(password, stored ? stored->user.password : nobodys_hash(random_));
    const std::scoped_lock lock(mutex_);
    // Once more: whoever gave the user another password meanwhile ends the sessions of the old one after
    // this.
    const auto still = load(user);
    if (!stored || !verified || !still || still->user.password != stored->user.password) {
        brake_.failed(user, clock_.boot_now());
        return fail(Errc::unauthenticated, "login.wrong", "the name or the password is wrong");
    }
    brake_.succeeded(user);
    return sessions_.open(user, clock_, random_);
}

Result<Caller> Directory::caller(std::string_view session) {
    std::string user;
    {
        const std::scoped_lock lock(mutex_);
        VS_TRY(const access::Session found, sessions_.use(session, clock_));
        user = found.user;
    }
    VS_TRY(const Stored stored, load(user));
    return Caller{.user = user, .groups = stored.user.groups};
}

Result<json::Value> Directory::session_info(std::string_view session) {
    const std::scoped_lock lock(mutex_);
    VS_TRY(const access::Session found, sessions_.use(session, clock_));
    return json::object({{"user", found.user},
                         {"created_time", to_text(found.created)},
                         {"last_accessed_time", to_text(found.last_used)}});
}

void Directory::log_out(std::string_view session) {
    const std::scoped_lock lock(mutex_);
    sessions_.close(session);
}

Result<json::Value> Directory::list_users() {
    VS_TRY(const auto users, all());
    return json::array_of(users, [](const access::User& user) {
        return json::object({{"name", user.name}, {"groups", json::array_of(user.groups)}});
    });
}

Result<json::Value>
Directory::create_user(std::string_view name, const Secret& password, const std::set<std::string>& groups) {
    VS_TRY_VOID(access::check_user_name(name));
    VS_TRY_VOID(access::check_password(password));
    for (const std::string& group : groups)
        VS_TRY_VOID(access::check_group(group));
    const access::User user{
        .name = std::string(name), .password = crypto::hash_password(password, random_), .groups = groups};
    const auto saved = save(user, 0);
    if (!saved && saved.error().code == Errc::conflict)
        return fail(Errc::exists, "user", "there is a user " + user.name + " already");
    VS_TRY_VOID(saved);
    return json::Value(user.name);
}

Result<void> Directory::set_password(std::string_view name, const Secret& password) {
    VS_TRY_VOID(access::check_password(password));
    VS_TRY(Stored stored, load(name));
    stored.user.password = crypto::hash_password(password, random_);
    VS_TRY_VOID(save(stored.user, stored.revision));
    const std::scoped_lock lock(mutex_);
    sessions_.close_all_of(name);
    return {};
}

Result<void> Directory::not_the_last_administrator(std::string_view leaving) {
    VS_TRY(const auto users, all());
    const bool another = std::ranges::any_of(users, [leaving](const access::User& user) {
        return user.name != leaving && user.groups.contains(std::string(access::administrators));
    });
    if (!another)
        return fail(Errc::conflict, "user.last", "the last member of Administrators must stay");
    return {};
}

Result<void> Directory::delete_user(std::string_view name) {
    const std::scoped_lock change(changes_);
    VS_TRY(const Stored stored, load(name));
    if (stored.user.groups.contains(std::string(access::administrators))) {
        VS_TRY_VOID(not_the_last_administrator(name));
    }
    VS_TRY_VOID(documents_.remove(kind, name));
    const std::scoped_lock lock(mutex_);
    sessions_.close_all_of(name);
    return {};
}

Result<json::Value> Directory::list_groups() {
    VS_TRY(const auto users, all());
    return json::array_of(access::group_names(), [&users](std::string_view group) {
        json::Array members;
        for (const access::User& user : users)
            if (user.groups.contains(std::string(group)))
                members.emplace_back(user.name);
        json::Array privileges;
        for (int i = 0; i <= static_cast<int>(access::Privilege::manage_vms); ++i)
            if (const auto privilege = static_cast<access::Privilege>(i);
                access::allows({std::string(group)}, privilege))
                privileges.emplace_back(access::to_string(privilege));
        return json::object(
            {{"name", group}, {"members", std::move(members)}, {"privileges", std::move(privileges)}});
    });
}

Result<void> Directory::add_member(std::string_view group, std::string_view user) {
    VS_TRY_VOID(access::check_group(group));
    VS_TRY(Stored stored, load(user));
    stored.user.groups.insert(std::string(group));
    return save(stored.user, stored.revision);
}

Result<void> Directory::remove_member(std::string_view group, std::string_view user) {
    VS_TRY_VOID(access::check_group(group));
    const std::scoped_lock change(changes_);
    VS_TRY(Stored stored, load(user));
    if (group == access::administrators) {
        VS_TRY_VOID(not_the_last_administrator(user));
    }
    stored.user.groups.erase(std::string(group));
    return save(stored.user, stored.revision);
}

} // namespace vouchsafe::manager

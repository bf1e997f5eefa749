#include "access/users.h"

#include "json/members.h"

#include <algorithm>

namespace vouchsafe::access {

namespace {

constexpr std::size_t longest_name = 64;

bool is_name_start(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

} // namespace

json::Value User::to_json() const {
    return json::object(
        {{"version", 1}, {"name", name}, {"password", password}, {"groups", json::array_of(groups)}});
}

Result<User> User::from_json(const json::Value& value) {
    json::Members members(value, "user");
    VS_TRY_VOID(members.version(1));
    VS_TRY(std::string name, members.string("name"));
    VS_TRY(std::string password, members.string("password"));
    VS_TRY(const std::vector<std::string> groups, members.strings("groups"));
    VS_TRY_VOID(members.finish());
    return User{
        .name = std::move(name), .password = std::move(password), .groups = {groups.begin(), groups.end()}};
}

Result<void> check_user_name(std::string_view name) {
    const bool good = !name.empty() && name.size() <= longest_name && is_name_start(name.front()) &&
                      std::ranges::all_of(
                          name, [](char c) { return is_name_start(c) || c == '.' || c == '_' || c == '-'; });
    if (!good)
        return fail(Errc::malformed, "user.name", "a user's name is 1 to 64 of a-z 0-9 . _ -");
    return {};
}

Result<void> check_password(const Secret& password) {
    if (password.size() < least_password || password.size() > most_password)
        return fail(Errc::malformed, "user.password", "a password has 12 to 256 bytes");
    return {};
}

Result<void> check_group(std::string_view group) {
    if (std::ranges::find(group_names(), group) == group_names().end())
        return fail(Errc::not_found, "user.group", "there is no group " + std::string(group));
    return {};
}

Secret generate_password(Random& random) {
    constexpr std::string_view alphabet = "abcdefghijkmnpqrstuvwxyz23456789";
    static_assert(alphabet.size() == 32);
    constexpr std::size_t letters = 20;
    constexpr std::size_t group = 5;
    const Secret raw = random.secret(letters);
    Secret out(letters + letters / group - 1);
    out.fill([&](std::span<std::uint8_t> text) {
        raw.expose([&](Bytes bytes) {
            std::size_t at = 0;
            for (std::size_t i = 0; i < letters; ++i) {
                if (i != 0 && i % group == 0)
                    text[at++] = '-';
                text[at++] = static_cast<std::uint8_t>(alphabet[bytes[i] % alphabet.size()]);
            }
        });
    });
    return out;
}

} // namespace vouchsafe::access

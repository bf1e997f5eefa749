#include "api/operation.h"
#include "api/shape.h"
#include "manager/directory.h"
#include "tests/support/manager_world.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>

namespace vouchsafe::manager {
namespace {

Secret secret(std::string_view text) {
    return Secret(as_bytes(text));
}

constexpr std::string_view adas = "ada's long password";
constexpr std::string_view bobs = "bob's long password";

/// Documents where something happens right after a look at one.
class Meanwhile final : public inventory::Documents {
public:
    Result<std::optional<inventory::Document>> get(std::string_view kind, std::string_view id) override {
        auto found = documents.get(kind, id);
        if (const auto act = std::exchange(then, nullptr))
            act();
        return found;
    }

    Result<std::int64_t> put(std::string_view kind,
                             std::string_view id,
                             const json::Value& value,
                             std::int64_t expected) override {
        return documents.put(kind, id, value, expected);
    }

    Result<void> remove(std::string_view kind, std::string_view id) override {
        return documents.remove(kind, id);
    }

    Result<std::vector<inventory::Document>> list(std::string_view kind) override {
        return documents.list(kind);
    }

    test::MemoryDocuments documents;
    std::function<void()> then;
};

class DirectoryTest : public testing::Test {
protected:
    void create(std::string_view name, std::string_view password, const std::set<std::string>& groups = {}) {
        ASSERT_TRUE(directory_.create_user(name, secret(password), groups));
    }

    std::string log_in(std::string_view name, std::string_view password) {
        return directory_.log_in(name, secret(password)).value();
    }

    Error failed_log_in(std::string_view name, std::string_view password) {
        const auto session = directory_.log_in(name, secret(password));
        return session ? Error{} : session.error();
    }

    bool is_open(const std::string& session) { return directory_.caller(session).has_value(); }

    const std::set<std::string> administrators_{std::string(access::administrators)};
    Meanwhile documents_;
    test::ManualClock clock_;
    crypto::SystemRandom random_;
    Directory directory_{documents_, clock_, random_};
};

TEST_F(DirectoryTest, TheFirstAdministratorIsMadeOnce) {
    const auto first = directory_.create_first_administrator();
    ASSERT_TRUE(first && *first);
    const auto session = directory_.log_in("administrator", **first);
    ASSERT_TRUE(session);
    EXPECT_EQ(directory_.caller(*session)->groups, administrators_);

    const auto again = directory_.create_first_administrator();
    ASSERT_TRUE(again);
    EXPECT_FALSE(*again);
}

TEST_F(DirectoryTest, NoFirstAdministratorWhereThereAreUsers) {
    create("ada", adas);
    const auto first = directory_.create_first_administrator();
    ASSERT_TRUE(first);
    EXPECT_FALSE(*first);
}

TEST_F(DirectoryTest, PasswordsAreKeptAsScryptAlone) {
    create("ada", adas);
    const auto document = documents_.documents.get("user", "ada").value();
    ASSERT_TRUE(document);
    EXPECT_TRUE(document->value.find("password")->as_string().starts_with("scrypt$"));
    EXPECT_EQ(json::canonical(document->value).find(adas), std::string::npos);
    EXPECT_EQ(json::canonical(directory_.list_users().value()).find("scrypt"), std::string::npos);
}

TEST_F(DirectoryTest, StrangersAndWrongPasswordsGetOneAnswer) {
    create("ada", adas);
    log_in("ada", adas);
    const Error wrong = failed_log_in("ada", bobs);
    EXPECT_EQ(wrong.code, Errc::unauthenticated);
    EXPECT_EQ(wrong.where, "login.wrong");
    EXPECT_EQ(failed_log_in("nobody", bobs), wrong);
    EXPECT_EQ(failed_log_in("", ""), wrong);
    EXPECT_EQ(failed_log_in("ADA", adas), wrong);
}

TEST_F(DirectoryTest, GuessingIsBraked) {
    create("ada", adas);
    for (int i = 0; i < 6; ++i)
        EXPECT_EQ(failed_log_in("ada", bobs).where, "login.wrong");
    EXPECT_EQ(failed_log_in("ada", adas).where, "login.wait") << "not even the right one counts now";
    clock_.advance(std::chrono::minutes(2));
    EXPECT_TRUE(directory_.log_in("ada", secret(adas)));
    EXPECT_EQ(failed_log_in("ada", bobs).where, "login.wrong") << "a success starts the count anew";
    EXPECT_TRUE(directory_.log_in("ada", secret(adas)));
}

TEST_F(DirectoryTest, SessionsEndWithoutUse) {
    create("ada", adas);
    const std::string session = log_in("ada", adas);
    clock_.advance(access::Sessions::idle_limit - std::chrono::seconds(1));
    EXPECT_TRUE(is_open(session));
    clock_.advance(access::Sessions::idle_limit - std::chrono::seconds(1));
    EXPECT_TRUE(is_open(session)) << "a use begins the time anew";
    clock_.advance(access::Sessions::idle_limit + std::chrono::seconds(1));
    const auto caller = directory_.caller(session);
    ASSERT_FALSE(caller);
    EXPECT_EQ(caller.error().code, Errc::unauthenticated);
}

TEST_F(DirectoryTest, SessionsEndWithTheLogOut) {
    create("ada", adas);
    const std::string one = log_in("ada", adas);
    const std::string other = log_in("ada", adas);
    EXPECT_NE(one, other);
    directory_.log_out(one);
    EXPECT_FALSE(is_open(one));
    EXPECT_FALSE(directory_.session_info(one));
    EXPECT_TRUE(is_open(other));
    EXPECT_FALSE(is_open(""));
    EXPECT_FALSE(is_open("guessed"));
}

TEST_F(DirectoryTest, SessionsEndWithTheUserOrThePassword) {
    create("ada", adas);
    create("bob", bobs);
    const std::string of_ada = log_in("ada", adas);
    const std::string of_bob = log_in("bob", bobs);
    ASSERT_TRUE(directory_.set_password("ada", secret("another long password")));
    EXPECT_FALSE(is_open(of_ada));
    EXPECT_EQ(failed_log_in("ada", adas).where, "login.wrong");
    log_in("ada", "another long password");
    ASSERT_TRUE(is_open(of_bob));
    ASSERT_TRUE(directory_.delete_user("bob"));
    EXPECT_FALSE(is_open(of_bob));
    create("bob", bobs);
    EXPECT_FALSE(is_open(of_bob)) << "another user of the same name";
}

TEST_F(DirectoryTest, ALogInUnderAPasswordThatChangesMeanwhileFails) {
    create("ada", adas);
    documents_.then = [this] {
        EXPECT_TRUE(directory_.set_password("ada", secret("another long password")));
    };
    EXPECT_EQ(failed_log_in("ada", adas).where, "login.wrong");
    documents_.then = [this] { EXPECT_TRUE(directory_.delete_user("ada")); };
    EXPECT_EQ(failed_log_in("ada", "another long password").where, "login.wrong");
}

TEST_F(DirectoryTest, GroupsCountFromTheNextCallOn) {
    create("ada", adas);
    const std::string session = log_in("ada", adas);
    EXPECT_TRUE(directory_.caller(session)->groups.empty());
    ASSERT_TRUE(directory_.add_member(access::trusted_admins, "ada"));
    EXPECT_TRUE(directory_.caller(session)->groups.contains(std::string(access::trusted_admins)));
    ASSERT_TRUE(directory_.remove_member(access::trusted_admins, "ada"));
    EXPECT_TRUE(directory_.caller(session)->groups.empty());
}

TEST_F(DirectoryTest, TheLastAdministratorStays) {
    create("ada", adas, administrators_);
    create("bob", bobs);
    for (const auto& refused :
         {directory_.delete_user("ada"), directory_.remove_member(access::administrators, "ada")}) {
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, Errc::conflict);
        EXPECT_EQ(refused.error().where, "user.last");
    }
    ASSERT_TRUE(directory_.add_member(access::administrators, "bob"));
    EXPECT_TRUE(directory_.remove_member(access::administrators, "ada"));
    EXPECT_FALSE(directory_.delete_user("bob"));
    EXPECT_TRUE(directory_.delete_user("ada"));
}

TEST_F(DirectoryTest, RefusesWhatIsNoUser) {
    create("ada", adas);
    const std::string short_password = "short";
    const std::pair<Result<json::Value>, std::pair<Errc, std::string_view>> creations[] = {
        {directory_.create_user("ada", secret(bobs), {}), {Errc::exists, "user"}},
        {directory_.create_user("Ada", secret(bobs), {}), {Errc::malformed, "user.name"}},
        {directory_.create_user("", secret(bobs), {}), {Errc::malformed, "user.name"}},
        {directory_.create_user("a/b", secret(bobs), {}), {Errc::malformed, "user.name"}},
        {directory_.create_user("bob", secret(short_password), {}), {Errc::malformed, "user.password"}},
        {directory_.create_user("bob", secret(bobs), {"Wheel"}), {Errc::not_found, "user.group"}},
    };
    for (const auto& [result, expected] : creations) {
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().code, expected.first);
        EXPECT_EQ(result.error().where, expected.second);
    }
    EXPECT_EQ(directory_.list_users()->as_array().size(), 1U);
    log_in("ada", adas); // who was there already keeps the password

    EXPECT_EQ(directory_.set_password("ada", secret(short_password)).error().where, "user.password");
    EXPECT_EQ(directory_.set_password("bob", secret(bobs)).error().code, Errc::not_found);
    EXPECT_EQ(directory_.delete_user("bob").error().code, Errc::not_found);
    EXPECT_EQ(directory_.add_member("Wheel", "ada").error().where, "user.group");
    EXPECT_EQ(directory_.add_member(access::auditors, "bob").error().code, Errc::not_found);
    EXPECT_EQ(directory_.remove_member("Wheel", "ada").error().where, "user.group");
}

TEST_F(DirectoryTest, ListsHaveTheShapesOfTheTable) {
    create("ada", adas, administrators_);
    const std::string session = log_in("ada", adas);
    const auto has_shape = [](const json::Value& value, std::string_view service, std::string_view name) {
        const auto checked = api::check_shape(value, api::find_operation(service, name)->result, "result");
        EXPECT_TRUE(checked) << checked.error().detail;
    };
    has_shape(directory_.list_users().value(), "vouchsafe.users", "list");
    has_shape(directory_.list_groups().value(), "vouchsafe.groups", "list");
    has_shape(directory_.session_info(session).value(), "cis.session", "get");
    const json::Value groups = directory_.list_groups().value();
    for (const json::Value& group : groups.as_array())
        EXPECT_EQ(group.find("members")->as_array().size(),
                  group.find("name")->as_string() == access::administrators ? 1U : 0U);
}

} // namespace
} // namespace vouchsafe::manager

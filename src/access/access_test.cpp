#include "access/privilege.h"
#include "access/sessions.h"
#include "access/users.h"
#include "crypto/random.h"

#include <gtest/gtest.h>

namespace vouchsafe::access {
namespace {

struct HandClock final : Clock {
    BootTime boot{0};

    SysTime now() const override { return SysTime(boot); }

    BootTime boot_now() const override { return boot; }
};

struct CountingRandom final : Random {
    std::uint8_t next = 0;

    void fill(std::span<std::uint8_t> out) override {
        for (auto& byte : out)
            byte = next++;
    }
};

constexpr std::array trust_privileges = {Privilege::manage_trusted_hosts,
                                         Privilege::manage_kms_trust,
                                         Privilege::configure_host_certificates,
                                         Privilege::configure_host_metadata,
                                         Privilege::manage_attesting_sso};

TEST(Privileges, OnlyTrustedAdminsChangeTrust) {
    for (const Privilege privilege : trust_privileges)
        for (const std::string_view group : group_names())
            EXPECT_EQ(allows({std::string(group)}, privilege), group == trusted_admins)
                << group << " " << to_string(privilege);
}

TEST(Privileges, AdministratorsManageUsersAndNoVms) {
    EXPECT_TRUE(allows({std::string(administrators)}, Privilege::manage_users));
    EXPECT_FALSE(allows({std::string(administrators)}, Privilege::manage_vms));
    EXPECT_FALSE(allows({std::string(trusted_admins)}, Privilege::manage_users));
    EXPECT_FALSE(allows({std::string(vm_administrators)}, Privilege::manage_users));
}

TEST(Privileges, NobodyIsAHost) {
    for (const std::string_view group : group_names()) {
        EXPECT_FALSE(allows({std::string(group)}, Privilege::agent));
        EXPECT_FALSE(allows({std::string(group)}, Privilege::open));
    }
    EXPECT_FALSE(allows({}, Privilege::read_vms));
    EXPECT_FALSE(allows({"Unknown"}, Privilege::read_vms));
}

TEST(Users, ComeBackFromJson) {
    const User user{.name = "ada", .password = "scrypt$x", .groups = {"Auditors"}};
    EXPECT_EQ(*User::from_json(user.to_json()), user);
}

TEST(Users, HavePlainNamesAndLongPasswords) {
    EXPECT_TRUE(check_user_name("trust-admin.1"));
    for (const auto* bad : {"", "Ada", "-a", "a b", "a\n", "a/b"})
        EXPECT_FALSE(check_user_name(bad)) << bad;
    EXPECT_FALSE(check_user_name(std::string(65, 'a')));
    EXPECT_TRUE(check_password(Secret(as_bytes("twelve bytes"))));
    EXPECT_FALSE(check_password(Secret(as_bytes("eleven byte"))));
    EXPECT_FALSE(check_password(Secret(257)));
}

TEST(GeneratedPassword, IsGroupedAndLong) {
    CountingRandom random;
    const Secret password = generate_password(random);
    EXPECT_TRUE(check_password(password));
    password.expose([](Bytes bytes) { EXPECT_EQ(as_text(bytes), "abcde-fghij-kmnpq-rstuv"); });
}

class SessionsTest : public ::testing::Test {
protected:
    HandClock clock_;
    crypto::SystemRandom random_;
    Sessions sessions_;
};

TEST_F(SessionsTest, KnowTheirUserUntilClosed) {
    const std::string id = sessions_.open("ada", clock_, random_);
    EXPECT_EQ(sessions_.use(id, clock_)->user, "ada");
    EXPECT_EQ(sessions_.use(id + "0", clock_).error().where, "session.unknown");
    sessions_.close(id);
    EXPECT_FALSE(sessions_.use(id, clock_));
}

TEST_F(SessionsTest, EndWhenIdle) {
    const std::string id = sessions_.open("ada", clock_, random_);
    clock_.boot += Sessions::idle_limit;
    EXPECT_TRUE(sessions_.use(id, clock_));
    clock_.boot += Sessions::idle_limit + std::chrono::milliseconds(1);
    EXPECT_FALSE(sessions_.use(id, clock_));
}

TEST_F(SessionsTest, EndAfterTwelveHoursHoweverBusy) {
    const std::string id = sessions_.open("ada", clock_, random_);
    for (int i = 0; i < 24; ++i) {
        clock_.boot += Sessions::idle_limit;
        EXPECT_TRUE(sessions_.use(id, clock_)) << i;
    }
    clock_.boot += std::chrono::milliseconds(1);
    EXPECT_FALSE(sessions_.use(id, clock_));
}

TEST_F(SessionsTest, OfOneUserAreBounded) {
    const std::string first = sessions_.open("ada", clock_, random_);
    const std::string other = sessions_.open("bob", clock_, random_);
    for (std::size_t i = 0; i < Sessions::most_of_one; ++i) {
        clock_.boot += std::chrono::milliseconds(1);
        (void)sessions_.open("ada", clock_, random_);
    }
    EXPECT_FALSE(sessions_.use(first, clock_));
    EXPECT_TRUE(sessions_.use(other, clock_));
    sessions_.close_all_of("bob");
    EXPECT_FALSE(sessions_.use(other, clock_));
}

TEST(LoginBrake, MakesGuessersWait) {
    LoginBrake brake;
    BootTime now{0};
    for (int i = 0; i < 5; ++i) {
        EXPECT_TRUE(brake.check("ada", now));
        brake.failed("ada", now);
    }
    EXPECT_TRUE(brake.check("ada", now));
    brake.failed("ada", now);
    EXPECT_EQ(brake.check("ada", now).error().where, "login.wait");
    EXPECT_EQ(brake.check("ada", now).error().code, Errc::unavailable); // 503: the session service has no 403
    EXPECT_TRUE(brake.check("bob", now));
    EXPECT_TRUE(brake.check("ada", now + std::chrono::seconds(1)));
    brake.succeeded("ada");
    EXPECT_TRUE(brake.check("ada", now));
}

} // namespace
} // namespace vouchsafe::access

#include "base/clock.h"
#include "json/parse.h"
#include "json/write.h"
#include "tests/support/authority_keys.h"
#include "tests/support/command_run.h"
#include "tests/support/test_directory.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::cli {
namespace {

const SysTime now = from_seconds(1'800'000'000);

class InspectTokenCommand : public testing::Test {
protected:
    std::string file(const std::string& name, std::string_view text) const {
        std::string path = directory_.path() + "/" + name;
        std::ofstream(path) << text;
        return path;
    }

    static test::CommandRun inspect(std::vector<std::string> words, SysTime at = now) {
        words.insert(words.begin(), {"inspect", "token"});
        words.insert(words.end(), {"--at", to_text(at)});
        return test::run_command(std::move(words));
    }

    test::CommandRun
    with_services(const std::string& token, const std::string& anchor, SysTime at = now) const {
        const std::string services = file("services.json", json::canonical(keys_.services(1)));
        return inspect({file("token", token + "\n"), "--services", services, "--anchor", anchor}, at);
    }

    std::string report() const { return keys_.signed_report(keys_.report("h-1", token::HostState::trusted)); }

    test::TestDirectory directory_;
    test::AuthorityKeys keys_{now};
};

TEST_F(InspectTokenCommand, VerifiesUnderTheAnchor) {
    const test::CommandRun verified = with_services(report(), keys_.anchor());
    EXPECT_EQ(verified.exit, 0) << verified.out << verified.err;
    EXPECT_TRUE(verified.out.ends_with("\nverified: reporting token\n")) << verified.out;
    EXPECT_NE(verified.out.find("vouchsafe/base_image"), std::string::npos) << verified.out;
    EXPECT_NE(verified.out.find("2027-01-15T08:00:00.000Z"), std::string::npos) << "times for people";
}

TEST_F(InspectTokenCommand, RefusesAnotherAnchor) {
    const test::CommandRun refused = with_services(report(), test::AuthorityKeys(now).anchor());
    EXPECT_EQ(refused.exit, 1);
    EXPECT_NE(refused.out.find("not verified: services.root"), std::string::npos) << refused.out;
}

TEST_F(InspectTokenCommand, RefusesAnotherClustersToken) {
    const test::AuthorityKeys other(now);
    const std::string theirs = other.signed_report(other.report("h-1", token::HostState::trusted));
    const test::CommandRun refused = with_services(theirs, keys_.anchor());
    EXPECT_EQ(refused.exit, 1);
    EXPECT_NE(refused.out.find("not verified: token.kid"), std::string::npos) << refused.out;
}

TEST_F(InspectTokenCommand, RefusesWhatHasExpired) {
    const test::CommandRun refused = with_services(report(), keys_.anchor(), now + std::chrono::hours(2));
    EXPECT_EQ(refused.exit, 1);
    EXPECT_NE(refused.out.find("not verified: token.expired"), std::string::npos) << refused.out;
}

TEST_F(InspectTokenCommand, ShowsWithoutKeysAndSaysSo) {
    const test::CommandRun shown = inspect({file("token", report())});
    EXPECT_EQ(shown.exit, 1);
    EXPECT_NE(shown.out.find("h-1"), std::string::npos) << shown.out;
    EXPECT_NE(shown.out.find("not verified: token.unchecked"), std::string::npos) << shown.out;
}

TEST_F(InspectTokenCommand, TakesOneKey) {
    const auto vector = json::parse(as_text(test::read_vector("token/good-key-access.json")));
    ASSERT_TRUE(vector);
    const std::string key = file("key.jwk", json::canonical(*vector->find("key")));
    std::string text = vector->find("token")->as_string();
    const test::CommandRun good = inspect({file("token", text), "--key", key, "--output", "json"});
    EXPECT_EQ(good.exit, 0) << good.out << good.err;
    const auto found = json::parse(good.out);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->find("kind")->as_string(), "key-access");
    EXPECT_EQ(found->find("claims")->find("vouchsafe")->find("base_image")->as_string(), "debian-12.1");

    text[text.rfind('.') + 1] ^= 1; // another signature, still base64url
    const test::CommandRun altered = inspect({file("token", text), "--key", key});
    EXPECT_EQ(altered.exit, 1);
    EXPECT_NE(altered.out.find("not verified: token.signature"), std::string::npos) << altered.out;
}

TEST_F(InspectTokenCommand, TellsMalformedFromUnverified) {
    EXPECT_EQ(inspect({file("token", "a.b")}).exit, 2);
    EXPECT_EQ(inspect({file("token", "e30.e30.AA")}).exit, 1) << "another kind of JWT";
    EXPECT_EQ(inspect({"/nonexistent/token"}).exit, 3);
    EXPECT_EQ(
        inspect({file("token", report()), "--services", "/nonexistent/services", "--anchor", "00"}).exit, 3);
    EXPECT_EQ(inspect({file("token", report()), "--anchor", "00"}).exit, 2) << "an anchor alone";
}

} // namespace
} // namespace vouchsafe::cli

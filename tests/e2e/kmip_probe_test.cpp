// `vouchsafe kmip probe` against a foreign key server, PyKMIP.
#include "json/parse.h"
#include "tests/support/connect_proxy.h"
#include "tests/support/shell.h"
#include "tests/support/test_directory.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <fstream>
#include <string>

namespace vouchsafe {
namespace {

using test::content;
using test::shell;
using test::Shell;

class KmipProbeTest : public testing::Test {
protected:
    void SetUp() override {
        ASSERT_EQ(tool("start").status, 0);
        ASSERT_EQ(shell("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj "
                        "/CN=probe -addext extendedKeyUsage=clientAuth -keyout " +
                        file("client.key") + " -out " + file("client.pem"))
                      .status,
                  0);
        ASSERT_EQ(tool("trust", "--client-cert " + file("client.pem")).status, 0);
        std::ifstream(file("address")) >> host_ >> port_;
    }

    void TearDown() override { EXPECT_EQ(tool("stop").status, 0); }

    Shell tool(const std::string& command, const std::string& arguments = {}) const {
        return shell(std::string(VS_TOOLS) + "/lab/kmip-server " + command + " " + folder_.path() + " " +
                     arguments);
    }

    /// With the exit code as its status.
    Shell probe(const std::string& options) const {
        Shell ran = shell(std::string(VS_VOUCHSAFE) + " kmip probe " + host_ + ":" + port_ + " --cert " +
                          file("client.pem") + " --key " + file("client.key") + " " + options);
        ran.status = WEXITSTATUS(ran.status);
        return ran;
    }

    std::string fingerprint() const {
        const std::string printed =
            shell("openssl x509 -in " + file("server.pem") + " -noout -fingerprint -sha256").output;
        return printed.substr(printed.find('=') + 1, 95); // 32 bytes with colons
    }

    std::string file(const std::string& name) const { return folder_.path() + "/" + name; }

private:
    test::TestDirectory folder_;
    std::string host_, port_;
};

TEST_F(KmipProbeTest, TriesAllThatAProviderNeeds) {
    const Shell ran = probe("--pin " + fingerprint() + " --output json");
    ASSERT_EQ(ran.status, 0) << ran.output;
    const auto found = json::parse(ran.output);
    ASSERT_TRUE(found) << ran.output;
    EXPECT_EQ(found->find("version")->as_string(), "2.0");
    EXPECT_EQ(found->find("profile")->find("name")->as_string(), "PyKMIP");
    EXPECT_EQ(found->find("provider")->find("fetch")->find("possible")->as_string(), "yes");
    EXPECT_EQ(found->find("provider")->find("remote")->find("possible")->as_string(), "yes");
    EXPECT_TRUE(found->find("left_behind")->is_null());
    for (const json::Value& tried : found->find("tried")->as_array())
        EXPECT_EQ(tried.find("outcome")->as_string(), "works") << ran.output;
}

TEST_F(KmipProbeTest, ShowsTablesAndWritesNothingWhenOnlyReading) {
    const Shell ran = probe("--ca " + file("ca.pem") + " --read-only");
    EXPECT_EQ(ran.status, 0) << ran.output;
    EXPECT_NE(ran.output.find("destroy"), std::string::npos);
    EXPECT_NE(ran.output.find("not tried"), std::string::npos);
    EXPECT_EQ(ran.output.find("works"), std::string::npos);
}

TEST_F(KmipProbeTest, BelievesNoOtherServer) {
    EXPECT_EQ(probe("--pin " + std::string(64, '0')).status, 1);
    EXPECT_EQ(probe("--ca " + file("client.pem")).status, 1);
    EXPECT_EQ(probe("--pin 12").status, 2);
    EXPECT_EQ(probe("").status, 2); // neither
}

TEST_F(KmipProbeTest, GoesThroughAProxyWithADeviceCredential) {
    test::ConnectProxy proxy;
    const std::string options = "--pin " + fingerprint() + " --device-serial SN-17 --device-machine host-3" +
                                " --proxy localhost:" + std::to_string(proxy.port());
    const Shell ran = probe(options);
    EXPECT_EQ(ran.status, 0) << ran.output;
    EXPECT_GE(proxy.asked().size(), 2U); // for the certificate, and to try
    proxy.answer_with("HTTP/1.1 403 Forbidden\r\n\r\n");
    const Shell refused = probe(options);
    EXPECT_EQ(refused.status, 4) << refused.output;
    EXPECT_NE(refused.output.find("status 403"), std::string::npos) << refused.output;
}

TEST_F(KmipProbeTest, SaysThatNobodyAnswers) {
    ASSERT_EQ(tool("kill").status, 0);
    EXPECT_EQ(probe("--ca " + file("ca.pem")).status, 4);
    ASSERT_EQ(tool("start").status, 0);
}

} // namespace
} // namespace vouchsafe

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    if (vouchsafe::shell("/usr/bin/python3 -c 'import kmip.services.server'").status != 0) {
        std::puts("skipped: python3-pykmip is not installed");
        return 77;
    }
    return RUN_ALL_TESTS();
}

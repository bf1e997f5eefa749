#include "cli/commands.h"
#include "json/parse.h"
#include "tests/support/test_directory.h"

#include <CLI/CLI.hpp>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

namespace vouchsafe::cli {
namespace {

/// As the program does it; without log-ins, unless the test makes some.
class Program : public testing::Test {
protected:
    Program() { ::setenv("VOUCHSAFE_HOME", directory_.path().c_str(), 1); }

    int run(std::vector<std::string> words) {
        words.insert(words.begin(), "vouchsafe");
        std::vector<char*> argv;
        for (std::string& word : words)
            argv.push_back(word.data());
        testing::internal::CaptureStdout();
        testing::internal::CaptureStderr();
        const int exit = cli::main(static_cast<int>(argv.size()), argv.data());
        out = testing::internal::GetCapturedStdout();
        err = testing::internal::GetCapturedStderr();
        return exit;
    }

    test::TestDirectory directory_;
    std::string out, err;
};

void each_command(CLI::App& app,
                  const std::string& path,
                  const std::function<void(CLI::App&, const std::string&)>& visit) {
    visit(app, path);
    for (CLI::App* const command : app.get_subcommands({}))
        each_command(*command, path + " " + command->get_name(), visit);
}

TEST(Tree, DescribesEveryCommandAndOption) {
    CLI::App app;
    Context context;
    add_commands(app, context);
    int leaves = 0;
    each_command(app, "vouchsafe", [&](CLI::App& command, const std::string& path) {
        EXPECT_TRUE(&command == &app || !command.get_description().empty()) << path;
        for (const CLI::Option* const option : command.get_options())
            EXPECT_FALSE(option->get_description().empty()) << path << " " << option->get_name();
        leaves += command.get_subcommands({}).empty() ? 1 : 0;
    });
    EXPECT_GT(leaves, 40);
}

TEST_F(Program, HelpIsThereForEveryCommand) {
    CLI::App app;
    Context context;
    add_commands(app, context);
    std::vector<std::vector<std::string>> paths;
    each_command(app, "", [&](CLI::App& command, const std::string& path) {
        std::vector<std::string> words;
        for (std::size_t at = 0; at < path.size(); at = path.find(' ', at + 1))
            words.push_back(path.substr(at + 1, path.find(' ', at + 1) - at - 1));
        words.emplace_back("--help");
        paths.push_back(words);
        EXPECT_EQ(run(words), 0) << path;
        for (const CLI::Option* const option : command.get_options())
            EXPECT_NE(out.find(option->get_description()), std::string::npos)
                << path << " " << option->get_name();
    });
    EXPECT_GT(paths.size(), 50U);
}

struct Line {
    std::vector<std::string> words;
    int exit;
};

// 5: understood, and it goes no further without a log-in. 2: not understood.
TEST_F(Program, UnderstandsItsCommands) {
    const Line lines[] = {
        {{"user", "list", "--server", "authority"}, 5},
        {{"user", "delete", "--server", "workload", "ada"}, 5},
        {{"group", "list", "--server", "authority"}, 5},
        {{"group", "add", "--server", "authority", "TrustedAdmins", "ada"}, 5},
        {{"group", "remove", "--server", "authority", "TrustedAdmins", "ada"}, 5},
        {{"authority", "list"}, 5},
        {{"authority", "enable"}, 5},
        {{"authority", "disable"}, 5},
        {{"ca", "list"}, 5},
        {{"ca", "import", "lab", "/dev/null"}, 5},
        {{"ca", "show", "lab"}, 5},
        {{"ca", "remove", "lab"}, 5},
        {{"ek", "show", "a"}, 5},
        {{"ek", "list"}, 5},
        {{"ek", "import", "a", "/dev/null"}, 5},
        {{"ek", "remove", "a"}, 5},
        {{"settings", "show"}, 5},
        {{"settings", "weak-tpms"}, 5},
        {{"provider", "rotate"}, 2},
        {{"provider", "rotate", "gold"}, 5},
        {{"provider", "retire-generation", "gold"}, 2},
        {{"provider", "retire-generation", "gold", "1", "--unsafe-in-use"}, 5},
        {{"provider", "recover", "gold", "--uid", "aa", "--generation", "1=pk", "--server", "kms"}, 5},
        {{"provider", "set", "gold", "--host-burst", "10"}, 5},
        {{"provider", "set", "gold", "--host-burst", "0"}, 2},
        {{"provider", "set", "gold", "--host-group", "a", "--any-host-group"}, 2},
        {{"provider", "set", "gold", "--unsafe-boot-only", "perhaps"}, 2},
        {{"vm", "rewrap", "db-1"}, 5},
        {{"settings", "set", "--unsafe-accept-weak-tpms", "yes"}, 5},
        {{"settings", "set", "--unsafe-accept-weak-tpms", "maybe"}, 2},
        {{"settings", "set", "--require-endorsement-keys", "yes"}, 5},
        {{"connect", "domain-1", "--anchor", "ab"}, 5},
        {{"revoke", "image", "1.0", "--reason", "leaked"}, 5},
        {{"revoke", "tpm_model", "IFX/SLB9670/7.63"}, 5},
        {{"revocations"}, 5},
        {{"image", "list"}, 5},
        {{"image", "retire", "1.0"}, 5},
        {{"image", "retire", "1.0", "--dry-run"}, 5},
        {{"image", "retire", "1.0", "--yes"}, 5},
        {{"evidence", "save", "host-a", "--out", "/dev/null"}, 5},
        {{"policy", "export"}, 5},
        {{"policy", "what-if", "--remove-image", "1.0"}, 5},
        {{"policy", "what-if", "--require-secure-boot", "--require-endorsement-keys", "no"}, 5},
        {{"provider", "list"}, 5},
        {{"provider", "create", "gold", "--key-id", "1", "--server", "kms:5696", "--server", "kms2"}, 5},
        {{"provider", "certificate", "gold", "--create"}, 5},
        {{"provider", "trust", "gold", "--expect-fingerprint", "ab"}, 5},
        {{"provider", "status", "gold"}, 5},
        {{"provider", "delete", "gold"}, 5},
        {{"enrolment", "list"}, 5},
        {{"enrolment", "approve", "host-a", "--group", "g"}, 5},
        {{"enrolment", "approve", "host-a", "--expect-ak", "000b"}, 5},
        {{"enrolment", "remove", "host-a"}, 5},
        {{"cluster", "list"}, 5},
        {{"cluster", "create", "one"}, 5},
        {{"cluster", "delete", "one"}, 5},
        {{"cluster", "join-token", "one"}, 5},
        {{"host", "list"}, 5},
        {{"host", "show", "host-a"}, 5},
        {{"host", "attest", "host-a"}, 5},
        {{"host", "remove", "host-a"}, 5},
        {{"host", "explain", "host-a"}, 5},
        {{"host", "export-image", "host-a", "--version", "1", "--name", "n"}, 5},
        {{"vm", "list"}, 5},
        {{"vm", "list", "--output", "json"}, 5},
        {{"--output", "json", "vm", "list"}, 5},
        {{"vm",
          "create",
          "db-1",
          "--host",
          "a",
          "--provider",
          "gold",
          "--disk",
          "64",
          "--memory",
          "64",
          "--vcpus",
          "2",
          "--image",
          "i"},
         5},
        {{"vm", "show", "db-1"}, 5},
        {{"vm", "start", "db-1"}, 5},
        {{"vm", "stop", "db-1"}, 5},
        {{"vm", "delete", "db-1"}, 5},
        {{"audit", "list", "--kind", "release", "--kind", "withheld", "--vm", "x", "--limit", "5"}, 5},
        {{"audit", "list", "--since", "2027-03", "--until", "2027-03-14", "--host", "h-1"}, 5},
        {{"audit", "show", "7"}, 5},
        {{"audit", "readers", "x", "--since", "2027-03", "--until", "2027-03"}, 5},
        {{"audit", "export"}, 5},
        {{"whoami"}, 0},
        {{"logout", "authority"}, 0},
        {{"--version"}, 0},
        {{"audit", "verify", "/nonexistent/audit"}, 3},
        {{"image", "show", "/nonexistent/image"}, 3},
        {{"evidence", "appraise", "/nonexistent/evidence", "--policy", "/dev/null"}, 3},
        {{"evidence", "appraise", "/dev/null", "--policy", "/dev/null"}, 2},
        {{"evidence", "appraise", "/dev/null"}, 2},
        {{"policy", "what-if"}, 2},
        {{"policy", "what-if", "--add-image", "/nonexistent/image"}, 3},
        {{"image", "digest", "/dev/null"}, 2},
        {{"image", "import", "/dev/null"}, 2},
        {{"image", "build", "--uki", "/dev/null", "--version", "1"}, 2},
        {{"image", "build", "--uki", "/x", "--secure-boot-from", "/nonexistent/log", "--version", "1"}, 3},
        {{"inspect", "eventlog", "/nonexistent/log"}, 3},
        {{"inspect", "eventlog", "/dev/null"}, 2},

        {{}, 2},
        {{"vm"}, 2},
        {{"explode"}, 2},
        {{"vm", "explode"}, 2},
        {{"vm", "start"}, 2},
        {{"vm", "start", "a", "b"}, 2},
        {{"vm", "list", "--force"}, 2},
        {{"vm", "list", "--output", "xml"}, 2},
        {{"vm", "create", "db-1", "--host", "a", "--provider", "gold"}, 2},
        {{"vm", "create", "db-1", "--host", "a", "--provider", "gold", "--disk", "big"}, 2},
        {{"user", "list"}, 2},
        {{"user", "list", "--server", "both"}, 2},
        {{"settings", "set"}, 2},
        {{"settings", "set", "--require-endorsement-keys", "yes", "--require-certificate-validation", "no"},
         5},
        {{"settings", "set", "--require-endorsement-keys", "maybe"}, 2},
        {{"revoke", "everything", "x"}, 2},
        {{"login", "authority", "https://localhost:1", "--user", "ada"}, 2},
        {{"logout", "elsewhere"}, 2},
        {{"audit", "verify", "/dev/null", "--known", "3"}, 2},
        {{"audit", "verify", "/dev/null", "--known", "0:" + std::string(64, '0')}, 2},
        {{"audit", "verify", "/dev/null", "--known", "1:" + std::string(62, '0')}, 2},
        {{"login", "elsewhere", "https://localhost:1", "--user", "ada", "--pin", "ab"}, 2},
        {{"audit", "list", "--limit", "x"}, 2},
        {{"audit", "list", "--limit", "10001"}, 2},
        {{"audit", "list", "--since", "March"}, 2},
        {{"audit", "show", "0"}, 2},
        {{"audit", "readers"}, 2},
        {{"audit", "verify", "/dev/null", "--anchor", "ab"}, 2},
        {{"audit", "verify", "/dev/null", "--key", "/dev/null"}, 2},
        {{"audit", "verify", "/dev/null", "--key", "x", "--anchor", "y"}, 2},
        {{"audit", "list", "--file", "/nonexistent/audit"}, 3},
    };
    for (const Line& line : lines) {
        std::string text;
        for (const std::string& word : line.words)
            text += word + " ";
        EXPECT_EQ(run(line.words), line.exit) << text << err;
    }
}

TEST_F(Program, ShowsNothingOfALogThatIsNone) {
    EXPECT_EQ(run({"inspect", "eventlog", "/dev/null"}), 2);
    EXPECT_EQ(out, "finding eventlog.empty: the log has no bytes\n");
}

TEST_F(Program, NamesACommandThatIsNotThere) {
    EXPECT_EQ(run({"authority", "show"}), 2);
    EXPECT_NE(err.find("there is no command 'show' here"), std::string::npos) << err;
    EXPECT_EQ(run({"authority"}), 2);
    EXPECT_EQ(err.find("there is no command"), std::string::npos) << err;
}

// Rule 8: what others on the machine see of a process.
TEST(Tree, TakesNoSecretAsAnArgument) {
    CLI::App app;
    Context context;
    add_commands(app, context);
    each_command(app, "vouchsafe", [](CLI::App& command, const std::string& path) {
        for (const CLI::Option* const option : command.get_options())
            for (const auto* const name : {"--password", "--token", "--secret"})
                EXPECT_FALSE(option->check_name(name)) << path;
    });
}

} // namespace
} // namespace vouchsafe::cli

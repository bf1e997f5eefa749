#include "hypervisor/child_process.h"

#include <gtest/gtest.h>

namespace vouchsafe::hypervisor {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

struct Ran {
    Result<ChildExit> exit;
    std::string output;
};

Ran run_shell(const std::string& script, const Secret* secret = nullptr, milliseconds limit = 30s) {
    Ran ran{.exit = ChildExit{}, .output = {}};
    ran.exit = run_child({
        .program = "/bin/sh",
        .arguments = {"-c", script},
        .secret = secret,
        .time_limit = limit,
        .on_output = [&ran](std::string_view piece) { ran.output += piece; },
    });
    return ran;
}

TEST(RunChild, GivesStatusOutputAndErrors) {
    const Ran ran = run_shell("echo out; echo err >&2; exit 7");
    ASSERT_TRUE(ran.exit);
    EXPECT_EQ(ran.exit->status, 7);
    EXPECT_EQ(ran.output, "out\n");
    EXPECT_EQ(ran.exit->errors, "err\n");
}

TEST(RunChild, HandsTheSecretOverByDescriptorAndNowhereElse) {
    const Secret secret(as_bytes("horse battery staple"));
    const Ran ran = run_shell(
        "cat /dev/fd/3; tr '\\0' '\\n' < /proc/$$/environ >&2; tr '\\0' ' ' < /proc/$$/cmdline >&2", &secret);
    ASSERT_TRUE(ran.exit);
    EXPECT_EQ(ran.output, "horse battery staple");
    EXPECT_FALSE(ran.exit->errors.contains("horse"));
    EXPECT_TRUE(ran.exit->errors.contains("PATH=/usr/bin:/bin\nLC_ALL=C\n")) << ran.exit->errors;
}

TEST(RunChild, GivesNoDescriptorOfOurs) {
    const Ran with = run_shell("ls /proc/self/fd | tr '\\n' ' '");
    ASSERT_TRUE(with.exit);
    EXPECT_EQ(with.output, "0 1 2 3 "); // 3 is ls's own, for the directory
}

TEST(RunChild, KillsAtItsLimit) {
    const Ran ran = run_shell("exec sleep 1000", nullptr, 50ms);
    ASSERT_FALSE(ran.exit);
    EXPECT_EQ(ran.exit.error().code, Errc::timed_out);
}

TEST(RunChild, KillsAChildThatClosedItsOutputs) {
    const Ran ran = run_shell("exec sleep 1000 >/dev/null 2>&1", nullptr, 50ms);
    ASSERT_FALSE(ran.exit);
    EXPECT_EQ(ran.exit.error().code, Errc::timed_out);
}

TEST(RunChild, TellsADeathBySignal) {
    const Ran ran = run_shell("kill -TERM $$");
    ASSERT_TRUE(ran.exit);
    EXPECT_EQ(ran.exit->status, 128 + 15);
}

TEST(RunChild, KeepsOnlyTheEndOfManyErrors) {
    const Ran ran = run_shell("i=0; while [ $i -lt 2000 ]; do echo line-$i >&2; i=$((i+1)); done");
    ASSERT_TRUE(ran.exit);
    EXPECT_LE(ran.exit->errors.size(), 2000U);
    EXPECT_TRUE(ran.exit->errors.ends_with("line-1999\n"));
}

TEST(RunChild, SaysWhenThereIsNoSuchProgram) {
    const auto exit = run_child({.program = "/nonexistent/qemu-img",
                                 .arguments = {},
                                 .secret = nullptr,
                                 .time_limit = 1s,
                                 .on_output = {}});
    ASSERT_FALSE(exit);
    EXPECT_EQ(exit.error().where, "child.start");
}

} // namespace
} // namespace vouchsafe::hypervisor

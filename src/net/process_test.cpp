#include "net/cancel.h"
#include "net/process.h"
#include "net/system_clock.h"
#include "tests/support/test_directory.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <string>

namespace vouchsafe::net {
namespace {

// What hardens or signals a process is tried in a child of its own; its exit status is the verdict.
int in_child(int (*work)()) {
    const pid_t child = ::fork();
    if (child == 0)
        ::_exit(work());
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(HardenProcess, TakesAwayCoreDumpsAndTracing) {
    EXPECT_EQ(in_child([] {
                  if (!harden_process())
                      return 1;
                  rlimit core{};
                  if (::getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0)
                      return 2;
                  if (::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
                      return 3;
                  return ::umask(0) == 077 ? 0 : 4;
              }),
              0);
}

TEST(StopSignal, WaitsForSigterm) {
    EXPECT_EQ(in_child([] {
                  StopSignal stop;
                  ::kill(::getpid(), SIGTERM); // blocked until it is waited for
                  stop.wait();
                  return 0;
              }),
              0);
}

TEST(WritePortFile, WritesTheWholeNumber) {
    const test::TestDirectory directory;
    const std::string path = directory.path() + "/port";
    ASSERT_TRUE(write_port_file(path, 54321));
    std::string text;
    std::getline(std::ifstream(path), text);
    EXPECT_EQ(text, "54321");
    const auto refused = write_port_file(directory.path() + "/missing/port", 1);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().where, "process.port_file");
}

TEST(SystemClock, ShowsTheMachinesTime) {
    const SystemClock clock;
    const auto before = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    const SysTime now = clock.now();
    EXPECT_LE(before, now);
    EXPECT_LE(now, std::chrono::system_clock::now());
    const BootTime boot = clock.boot_now();
    EXPECT_GT(boot.count(), 0);
    EXPECT_LE(boot, clock.boot_now());
}

TEST(Cancellation, StaysThrown) {
    Cancellation cancellation;
    EXPECT_FALSE(cancellation.cancelled());
    cancellation.cancel();
    cancellation.cancel();
    EXPECT_TRUE(cancellation.cancelled());
    EXPECT_TRUE(cancellation.cancelled());
}

} // namespace
} // namespace vouchsafe::net

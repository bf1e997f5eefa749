#include "store/files.h"
#include "store/state_key.h"
#include "tests/support/test_directory.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <optional>

namespace vouchsafe::store {
namespace {

class StateKeySources : public ::testing::Test {
protected:
    StateKeySources() { ::unsetenv(variable); }

    ~StateKeySources() override { ::unsetenv(variable); }

    // A file with a key of 64 times this digit.
    std::string file(const std::string& name, char digit) {
        const std::string path = directory_.path() + "/" + name;
        EXPECT_TRUE(write_file(path, as_bytes(std::string(64, digit) + "\n")));
        return path;
    }

    static std::string hex(const Result<Secret>& key) {
        return key ? key->expose([](Bytes bytes) { return to_hex(bytes); }) : key.error().where;
    }

    static constexpr const char* variable = "CREDENTIALS_DIRECTORY";
    test::TestDirectory directory_;
};

TEST_F(StateKeySources, NoneIsRefused) {
    EXPECT_EQ(hex(read_state_key({})), "state_key");
}

TEST_F(StateKeySources, DescriptorOfAPipe) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
    const std::string text(64, 'd');
    ASSERT_EQ(::write(ends[1], text.data(), text.size()), 64);
    ::close(ends[1]);
    EXPECT_EQ(hex(read_state_key({.fd = ends[0], .unsafe_plaintext_file = {}})), text);
    ::close(ends[0]);
}

TEST_F(StateKeySources, SystemdCredential) {
    file("vouchsafe-state-key", 'c');
    ::setenv(variable, directory_.path().c_str(), 1);
    EXPECT_EQ(hex(read_state_key({})), std::string(64, 'c'));
    ::setenv(variable, (directory_.path() + "/none").c_str(), 1);
    EXPECT_EQ(read_state_key({}).error().code, Errc::not_found);
}

TEST_F(StateKeySources, PlainFileOnlyWhereItIsNamed) {
    const std::string path = file("key", 'a');
    EXPECT_EQ(hex(read_state_key({.fd = -1, .unsafe_plaintext_file = path})), std::string(64, 'a'));
    EXPECT_EQ(hex(read_state_key({.fd = -1, .unsafe_plaintext_file = path + "-none"})), "state_key.file");
}

TEST_F(StateKeySources, PlainFileThatOthersMayOpenIsRefused) {
    const std::string path = file("key", 'a');
    for (const mode_t mode : {0640U, 0604U, 0620U, 0601U, 0610U}) {
        ASSERT_EQ(::chmod(path.c_str(), mode), 0);
        EXPECT_EQ(hex(read_state_key({.fd = -1, .unsafe_plaintext_file = path})), "state_key.mode") << mode;
    }
    ASSERT_EQ(::chmod(path.c_str(), 0400), 0);
    EXPECT_EQ(hex(read_state_key({.fd = -1, .unsafe_plaintext_file = path})), std::string(64, 'a'));
}

TEST_F(StateKeySources, EarlierOneWins) {
    file("vouchsafe-state-key", 'c');
    ::setenv(variable, directory_.path().c_str(), 1);
    const std::string path = file("key", 'a');
    EXPECT_EQ(hex(read_state_key({.fd = -1, .unsafe_plaintext_file = path})), std::string(64, 'a'));
    const int fd = ::open(file("fd", 'd').c_str(), O_RDONLY | O_CLOEXEC);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(hex(read_state_key({.fd = fd, .unsafe_plaintext_file = path})), std::string(64, 'd'));
    ::close(fd);
}

TEST_F(StateKeySources, KeysOfAnotherSizeAreRefused) {
    const std::string path = directory_.path() + "/key";
    for (const std::size_t size : {0U, 31U, 33U, 63U, 66U, 128U}) {
        ASSERT_TRUE(write_file(path, as_bytes(std::string(size, 'a'))));
        EXPECT_EQ(hex(read_state_key({.fd = -1, .unsafe_plaintext_file = path})), "state_key.size") << size;
    }
    ASSERT_TRUE(write_file(path, as_bytes(std::string(129, 'a'))));
    EXPECT_EQ(hex(read_state_key({.fd = -1, .unsafe_plaintext_file = path})), "file.size");
}

} // namespace
} // namespace vouchsafe::store

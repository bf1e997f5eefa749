#include "crypto/random.h"
#include "store/files.h"
#include "store/sealed_files.h"
#include "tests/support/test_directory.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace vouchsafe::store {
namespace {

TEST(Files, ComeBackAsTheyWereWritten) {
    const test::TestDirectory directory;
    const std::string path = directory.path() + "/a";
    ASSERT_TRUE(write_file(path, as_bytes("one")));
    ASSERT_TRUE(write_file(path, as_bytes("two and more")));
    EXPECT_EQ(as_text(*read_file(path, 100)), "two and more");
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST(Files, AreBounded) {
    const test::TestDirectory directory;
    const std::string path = directory.path() + "/a";
    ASSERT_TRUE(write_file(path, as_bytes("12345")));
    EXPECT_TRUE(read_file(path, 5));
    EXPECT_EQ(read_file(path, 4).error().code, Errc::too_large);
    EXPECT_EQ(read_secret_file(path, 4).error().code, Errc::too_large);
    EXPECT_EQ(read_file(directory.path() + "/none", 5).error().code, Errc::not_found);
}

TEST(Files, AreReadInPieces) {
    const test::TestDirectory directory;
    const std::string path = directory.path() + "/a";
    Buffer content(200'001);
    for (std::size_t i = 0; i < content.size(); ++i)
        content[i] = static_cast<std::uint8_t>(i * 7 / 3);
    ASSERT_TRUE(write_file(path, content));
    const auto read = read_file(path, std::size_t{1} << 30U);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, content);
    EXPECT_LE(read->capacity(), std::size_t{1} << 20U) << "what is allowed is not what is taken";
    EXPECT_EQ(*read_file(path, content.size()), content);
    EXPECT_EQ(read_file(path, content.size() - 1).error().code, Errc::too_large);
    ASSERT_TRUE(write_file(path, {}));
    EXPECT_TRUE(read_file(path, 0)->empty());
}

TEST(Files, PrivateDirectoryRefusesOpenDoors) {
    const test::TestDirectory directory;
    const std::string path = directory.path() + "/state";
    EXPECT_TRUE(make_private_directory(path));
    EXPECT_TRUE(make_private_directory(path));
    ASSERT_EQ(::chmod(path.c_str(), 0750), 0);
    EXPECT_EQ(make_private_directory(path).error().where, "directory.mode");
}

class SealedFilesTest : public ::testing::Test {
protected:
    test::TestDirectory directory_;
    crypto::SystemRandom random_;
    Secret key_{as_bytes("0123456789abcdef0123456789abcdef")};
    SealedFiles files_{directory_.path(), key_.clone(), random_};
    Secret secret_{as_bytes("not for others")};
};

TEST_F(SealedFilesTest, OpensWhatItSealed) {
    ASSERT_TRUE(files_.save("root", secret_));
    const auto loaded = files_.load("root");
    ASSERT_TRUE(loaded);
    loaded->expose([](Bytes bytes) { EXPECT_EQ(as_text(bytes), "not for others"); });
    EXPECT_EQ(files_.load("none").error().code, Errc::not_found);
}

TEST_F(SealedFilesTest, HoldsNoPlainText) {
    ASSERT_TRUE(files_.save("root", secret_));
    const auto raw = read_file(directory_.path() + "/root.sealed", 1000);
    ASSERT_TRUE(raw);
    EXPECT_EQ(as_text(*raw).find("not for"), std::string_view::npos);
}

TEST_F(SealedFilesTest, RefusesAnyChangedBit) {
    const Buffer sealed = files_.seal("root", secret_);
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        Buffer changed = sealed;
        changed[i] ^= 1U;
        EXPECT_FALSE(files_.open("root", changed)) << i;
        EXPECT_FALSE(files_.open("root", Bytes(sealed).first(i))) << i;
    }
}

TEST_F(SealedFilesTest, RefusesAnotherNameAndAnotherKey) {
    const Buffer sealed = files_.seal("root", secret_);
    EXPECT_EQ(files_.open("token", sealed).error().where, "sealed.open");
    const SealedFiles other(directory_.path(), Secret(as_bytes("another key, of the same length!")), random_);
    EXPECT_EQ(other.open("root", sealed).error().where, "sealed.open");
}

TEST(StateKey, IsRawOrHex) {
    EXPECT_TRUE(parse_state_key(Secret(as_bytes("0123456789abcdef0123456789abcde!"))));
    const std::string hex(64, 'a');
    const auto key = parse_state_key(Secret(as_bytes(hex + "\n")));
    ASSERT_TRUE(key);
    key->expose([](Bytes bytes) { EXPECT_EQ(to_hex(bytes), std::string(64, 'a')); });
    EXPECT_EQ(parse_state_key(Secret(as_bytes("short"))).error().where, "state_key.size");
    EXPECT_EQ(parse_state_key(Secret(as_bytes(std::string(64, 'x')))).error().where, "state_key.digit");
}

} // namespace
} // namespace vouchsafe::store

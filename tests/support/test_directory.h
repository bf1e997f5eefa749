// A directory for one test, removed with what is in it.
#pragma once

#include "base/result.h"

#include <cstdlib>
#include <filesystem>
#include <string>

namespace vouchsafe::test {

class TestDirectory {
public:
    TestDirectory() {
        std::string pattern = (std::filesystem::temp_directory_path() / "vs-XXXXXX").string();
        VS_CHECK(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }

    TestDirectory(const TestDirectory&) = delete;
    TestDirectory& operator=(const TestDirectory&) = delete;

    ~TestDirectory() { std::filesystem::remove_all(path_); }

    const std::string& path() const { return path_; }

private:
    std::string path_;
};

} // namespace vouchsafe::test

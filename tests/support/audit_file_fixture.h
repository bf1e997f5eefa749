// For the tests of the audit file: a log in a folder of its own, on a disk that fails where a test says so.
#pragma once

#include "store/audit_file.h"
#include "store/files.h"
#include "tests/support/stepped_clock.h"
#include "tests/support/test_directory.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::store {

/// Fails where a test says so, as a disk would.
struct FaultyDisk {
    bool write_fails = false;
    bool sync_fails = false;
    bool cut_fails = false;
    int renames_until_failure = -1; ///< -1: none fails
    std::atomic<int> syncs = 0;

    DiskCalls calls() {
        const DiskCalls real = DiskCalls::real();
        return {.write =
                    [this, real](int fd, const char* bytes, std::size_t size, off_t at) {
                        // Half of it arrives, as on a disk that fills up.
                        return write_fails && size < 2
                                   ? failed()
                                   : real.write(fd, bytes, write_fails ? size / 2 : size, at);
                    },
                .sync =
                    [this, real](int fd) {
                        ++syncs;
                        return sync_fails ? failed() : real.sync(fd);
                    },
                .cut = [this, real](int fd, off_t size) { return cut_fails ? failed() : real.cut(fd, size); },
                .rename =
                    [this, real](const char* from, const char* to) {
                        return renames_until_failure >= 0 && renames_until_failure-- == 0
                                   ? failed()
                                   : real.rename(from, to);
                    }};
    }

private:
    static int failed() {
        errno = EIO;
        return -1;
    }
};

class AuditFileTest : public ::testing::Test {
protected:
    Result<std::unique_ptr<AuditFile>> open() {
        return AuditFile::open({.path = path_,
                                .host = AuthorityHostId{"authority-1"},
                                .clock = clock_,
                                .sign = sign_,
                                .limits = limits_,
                                .disk = disk_.calls()});
    }

    static std::vector<std::string> kinds(const AuditFile& file) {
        std::vector<std::string> out;
        const auto records = file.read({});
        for (const auto& record : records.value())
            out.push_back(record.kind);
        return out;
    }

    std::vector<std::string> files() {
        std::vector<std::string> out;
        for (const auto& entry : std::filesystem::directory_iterator(directory_.path()))
            if (entry.path().extension() == ".jsonl")
                out.push_back(entry.path().filename().string());
        std::ranges::sort(out);
        return out;
    }

    /// Every file of the log, oldest first, as an auditor reads it.
    std::expected<void, audit::Break> verify_all() {
        audit::ChainVerifier chain;
        std::vector<std::string> names = files();
        std::ranges::sort(names, {}, [](const std::string& name) {
            return std::pair(name == "audit.jsonl", name); // the one that is written is the newest
        });
        for (const std::string& name : names)
            if (auto fed = chain.feed(as_text(*read_file(directory_.path() + "/" + name, 1 << 24))); !fed)
                return fed;
        return chain.finish();
    }

    std::string content() { return std::string(as_text(*read_file(path_, 1 << 24))); }

    void overwrite(const std::string& text) { std::ofstream(path_, std::ios::trunc) << text; }

    test::TestDirectory directory_;
    std::string path_ = directory_.path() + "/audit.jsonl";
    test::SteppedClock clock_;
    FaultyDisk disk_;
    AuditLimits limits_;
    AuditFile::Sign sign_;
};

inline json::Object release_of(const std::string& vm) {
    return {{"vm", vm}, {"host", "h-1"}};
}

// A disk with so much room, while it lives: writing past it fails as on a full one.
class FileSizeLimit {
public:
    explicit FileSizeLimit(std::size_t bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }

    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;

    ~FileSizeLimit() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, handler_);
    }

private:
    rlimit before_{};
    void (*handler_)(int) = std::signal(SIGXFSZ, SIG_IGN);
};

} // namespace vouchsafe::store

// A resource manager in user space in front of a TPM: tpm2-abrmd by tools/lab/resource-manager. Its user
// needs DBUS_SESSION_BUS_ADDRESS, which a process reads once: one of these is for a whole program.
#pragma once

#include "tests/support/shell.h"
#include "tests/support/test_directory.h"

#include <cstdio>
#include <cstdlib>
#include <string>

namespace vouchsafe::test {

class ResourceManager {
public:
    /// False, with the reason on standard output, where it cannot be had.
    static bool fetch() {
        const Shell fetched = shell(program() + " fetch '" + cache() + "'");
        if (fetched.status != 0)
            std::printf("skipped: %s", fetched.output.c_str());
        return fetched.status == 0;
    }

    /// For the TPM at `tpm`; not started.
    explicit ResourceManager(std::string tpm) : tpm_(std::move(tpm)) {}

    ResourceManager(const ResourceManager&) = delete;
    ResourceManager& operator=(const ResourceManager&) = delete;

    ~ResourceManager() { shell(tool("stop")); }

    /// With tpm2-abrmd's own options; on the same bus when it ran before.
    void start(const std::string& options = "") {
        const Shell started = shell(tool("start") + " '" + cache() + "' '" + tpm_ + "' " + options);
        if (started.status != 0)
            std::fputs(started.output.c_str(), stderr);
        VS_CHECK(started.status == 0);
        const auto line = started.output.find('\n');
        tcti_ = started.output.substr(0, line);
        const std::string bus = started.output.substr(line + 1);
        ::setenv("DBUS_SESSION_BUS_ADDRESS", bus.substr(0, bus.find('\n')).c_str(), 1);
    }

    void kill() const { VS_CHECK(shell(tool("kill")).status == 0); }

    const std::string& tcti() const { return tcti_; }

private:
    static std::string program() { return std::string(VS_TOOLS) + "/lab/resource-manager"; }

    static std::string cache() {
        const char* const folder = std::getenv("VS_CACHE");
        VS_CHECK(folder != nullptr);
        return std::string(folder) + "/resource-manager";
    }

    std::string tool(const std::string& verb) const {
        return program() + " " + verb + " '" + directory_.path() + "/rm'";
    }

    TestDirectory directory_;
    std::string tpm_;
    std::string tcti_;
};

} // namespace vouchsafe::test

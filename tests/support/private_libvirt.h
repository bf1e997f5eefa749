// A libvirtd of its own, by tools/lab/libvirt, with a directory for what belongs to its VMs. Needs root.
#pragma once

#include "tests/support/shell.h"
#include "tests/support/test_directory.h"

#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

namespace vouchsafe::test {

class PrivateLibvirt {
public:
    PrivateLibvirt() {
        const Shell started = shell(tool("start") + " </dev/null 2>'" + path("libvirt.err").native() + "'");
        if (started.status != 0)
            std::fputs(content(path("libvirt.err")).c_str(), stderr);
        VS_CHECK(started.status == 0);
        uri_ = started.output.substr(0, started.output.find('\n'));
    }

    PrivateLibvirt(const PrivateLibvirt&) = delete;
    PrivateLibvirt& operator=(const PrivateLibvirt&) = delete;

    ~PrivateLibvirt() { shell(tool("stop")); } // its domains too

    std::filesystem::path path(std::string_view name) const {
        return std::filesystem::path(directory_.path()) / name;
    }

    const std::string& uri() const { return uri_; }

private:
    std::string tool(const std::string& verb) const {
        return std::string(VS_TOOLS) + "/lab/libvirt " + verb + " '" + path("libvirt").native() + "'";
    }

    TestDirectory directory_;
    std::string uri_;
};

} // namespace vouchsafe::test

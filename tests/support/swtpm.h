// A real TPM in software (swtpm), for suites.
#pragma once

#include "tests/support/shell.h"
#include "tests/support/test_directory.h"
#include "tpmdev/tpm_device.h"

#include <string>
#include <utility>

namespace vouchsafe::test {

/// A software TPM in a directory of its own, ended with the test.
class Swtpm {
public:
    /// `options` of tools/lab/swtpm.
    explicit Swtpm(const std::string& options) {
        const Shell made = shell(tool("create") + options);
        VS_CHECK(made.status == 0);
        start();
    }

    Swtpm(const Swtpm&) = delete;
    Swtpm& operator=(const Swtpm&) = delete;

    ~Swtpm() { shell(tool("stop")); }

    void start() {
        const Shell started = shell(tool("start"));
        VS_CHECK(started.status == 0);
        tcti_ = started.output.substr(0, started.output.find('\n'));
    }

    void restart() {
        shell(tool("stop"));
        start();
    }

    /// The TPM's memory as it is now, to be put back with `restore`.
    void keep_state() const { VS_CHECK(shell(in_directory("cp -a state kept")).status == 0); }

    void restore_state() {
        shell(tool("stop"));
        VS_CHECK(shell(in_directory("rm -r state && cp -a kept state")).status == 0);
        start();
    }

    /// The machine loses its power: no TPM2_Shutdown.
    void cut_power() {
        VS_CHECK(shell(in_directory("kill -9 $(cat swtpm.pid)")).status == 0);
        restart();
    }

    const std::string& tcti() const { return tcti_; }

    /// The socket in the TCTI.
    std::string socket() const { return tcti_.substr(tcti_.find('/')); }

    tpmdev::TpmDevice open() const {
        auto device = tpmdev::TpmDevice::open(tcti_);
        VS_CHECK(device.has_value());
        return *std::move(device);
    }

    std::string ca_pem() const { return content(directory_.path() + "/tpm/ek-ca.pem"); }

    /// A command of tpm2-tools with this TPM.
    Shell tool_with(const std::string& command) const {
        return shell("TPM2TOOLS_TCTI=" + tcti_ + " " + command);
    }

private:
    std::string tool(const std::string& verb) const {
        return std::string(VS_TOOLS) + "/lab/swtpm " + verb + " " + directory_.path() + "/tpm ";
    }

    std::string in_directory(const std::string& command) const {
        return "cd " + directory_.path() + "/tpm && " + command;
    }

    TestDirectory directory_;
    std::string tcti_;
};

} // namespace vouchsafe::test

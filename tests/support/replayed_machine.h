// A machine that booted the recorded "uki": its log replayed into a software TPM, its logs in files.
#pragma once

#include "agent/host.h"
#include "appraisal/replay.h"
#include "crypto/digest.h"
#include "tests/support/ima_list.h"
#include "tests/support/recorded_boot.h"
#include "tests/support/swtpm.h"
#include "tpm/pcr.h"

#include <array>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vouchsafe::test {

class ReplayedMachine {
public:
    ReplayedMachine() {
        const auto log = eventlog::parse_firmware_log(boot_.firmware_log);
        VS_CHECK(log && log->startup_locality == 0);
        for (const eventlog::Event& event : log->events) {
            if (!event.extends())
                continue;
            std::vector<std::pair<crypto::HashAlg, Buffer>> digests;
            for (const crypto::HashAlg bank : banks)
                digests.emplace_back(bank, to_buffer(*event.digest(algorithm(bank))));
            VS_CHECK(device_->extend(event.pcr, digests).has_value());
        }
        write("firmware", boot_.firmware_log);
        list(boot_.ima_log);
    }

    /// The kernel lists these entries, and extends PCR 10 by each.
    void list(const Buffer& entries) {
        ima_.insert(ima_.end(), entries.begin(), entries.end());
        write("ima", ima_);
        const auto parsed = eventlog::parse_ima_list(entries);
        VS_CHECK(parsed.has_value());
        for (const eventlog::ImaEntry& entry : parsed->entries)
            extend(10, entry.template_data);
    }

    void use_file(std::string_view path, std::string_view content) {
        list(ima_entry({.name = std::string(path), .digest = digest_of(content)}));
    }

    static Buffer digest_of(std::string_view content) { return to_buffer(crypto::sha256(as_bytes(content))); }

    void extend(unsigned pcr, Bytes measured) {
        std::vector<std::pair<crypto::HashAlg, Buffer>> digests;
        for (const crypto::HashAlg bank : banks)
            digests.emplace_back(bank, crypto::digest(bank, measured));
        VS_CHECK(device_->extend(pcr, digests).has_value());
    }

    const RecordedBoot& boot() const { return boot_; }

    std::string ca_pem() const { return swtpm_.ca_pem(); }

    /// The agent's ports, for an agent in the test.
    agent::Tpm& tpm() { return *tpm_; }

    agent::Platform& platform() { return *platform_; }

    /// For an agent that is a process of its own: swtpm serves one connection at a time. Nothing can be
    /// extended afterwards.
    const std::string& hand_over_tpm() {
        tpm_.reset();
        device_.reset();
        return swtpm_.tcti();
    }

    agent::LogPaths logs() const {
        return {.firmware = folder_.path() + "/firmware",
                .ima = folder_.path() + "/ima",
                .userspace = folder_.path() + "/none"};
    }

private:
    static constexpr std::array banks{crypto::HashAlg::sha256}; // that the boot was recorded in

    static appraisal::Algorithm algorithm(crypto::HashAlg bank) {
        return static_cast<appraisal::Algorithm>(std::to_underlying(tpm::to_alg_id(bank)));
    }

    void write(const std::string& name, const Buffer& bytes) const {
        std::ofstream out(folder_.path() + "/" + name, std::ios::binary);
        out << as_text(bytes);
        VS_CHECK(out.good());
    }

    TestDirectory folder_;
    RecordedBoot boot_ = load_boot("uki");
    Buffer ima_;
    Swtpm swtpm_{"--banks sha256 --p256"};
    std::shared_ptr<tpmdev::TpmDevice> device_ = std::make_shared<tpmdev::TpmDevice>(swtpm_.open());
    std::unique_ptr<agent::Tpm> tpm_ = agent::make_tpm(device_);
    std::unique_ptr<agent::Platform> platform_ = agent::make_linux_platform(logs());
};

} // namespace vouchsafe::test

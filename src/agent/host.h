// Ports to this machine: its TPM, and the logs of what it booted.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "tpmdev/tpm_device.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace vouchsafe::agent {

/// Port: the TPM, as tpmdev::TpmDevice has it. Used by one thread at a time.
class Tpm {
public:
    Tpm() = default;
    Tpm(const Tpm&) = delete;
    Tpm& operator=(const Tpm&) = delete;
    virtual ~Tpm() = default;

    virtual Result<tpmdev::TpmFacts> facts() = 0;
    virtual Result<tpmdev::Endorsement> endorsement() = 0;
    virtual Result<Buffer> load_attestation_key(const tpmdev::AttestationKeySeed& seed) = 0;
    virtual Result<Secret> activate_credential(const tpm::Credential& credential) = 0;
    virtual Result<tpmdev::QuoteAnswer> quote(const tpm::PcrSelectionList& selection, Bytes qualifying) = 0;
};

/// The TPM behind a TCTI. Whoever shares the device uses it from the same thread.
std::unique_ptr<Tpm> make_tpm(std::shared_ptr<tpmdev::TpmDevice> device);

/// What was measured, as it stands; absent where the machine has no such log.
struct Logs {
    std::optional<Buffer> firmware;
    std::optional<Buffer> ima;
    std::optional<Buffer> userspace;

    friend bool operator==(const Logs&, const Logs&) = default;
};

/// Port: the running system.
class Platform {
public:
    Platform() = default;
    Platform(const Platform&) = delete;
    Platform& operator=(const Platform&) = delete;
    virtual ~Platform() = default;

    virtual Result<Logs> logs() = 0;
    virtual Result<std::string> boot_id() = 0; ///< UUID
};

struct LogPaths {
    std::filesystem::path firmware;
    std::filesystem::path ima;
    std::filesystem::path userspace;
};

std::unique_ptr<Platform> make_linux_platform(LogPaths paths);

} // namespace vouchsafe::agent

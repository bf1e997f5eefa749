#include "agent/host.h"

#include "base/clock.h"
#include "protocol/evidence.h"
#include "store/files.h"

#include <utility>

namespace vouchsafe::agent {

namespace {

constexpr std::string_view boot_id_file = "/proc/sys/kernel/random/boot_id";

class DeviceTpm final : public Tpm {
public:
    explicit DeviceTpm(std::shared_ptr<tpmdev::TpmDevice> device) : device_(std::move(device)) {}

    Result<tpmdev::TpmFacts> facts() override { return device_->facts(); }

    Result<tpmdev::Endorsement> endorsement() override { return device_->endorsement(); }

    Result<Buffer> load_attestation_key(const tpmdev::AttestationKeySeed& seed) override {
        return device_->load_attestation_key(seed);
    }

    Result<Secret> activate_credential(const tpm::Credential& credential) override {
        return device_->activate_credential(credential);
    }

    Result<tpmdev::QuoteAnswer> quote(const tpm::PcrSelectionList& selection, Bytes qualifying) override {
        return device_->quote(selection, qualifying);
    }

private:
    std::shared_ptr<tpmdev::TpmDevice> device_;
};

Result<std::optional<Buffer>> read_log(const std::filesystem::path& path, std::size_t most) {
    auto content = store::read_file(path, most);
    if (content)
        return std::move(*content);
    if (content.error().code == Errc::not_found)
        return std::nullopt;
    return std::unexpected(content.error());
}

class LinuxPlatform final : public Platform {
public:
    explicit LinuxPlatform(LogPaths paths) : paths_(std::move(paths)) {}

    Result<Logs> logs() override {
        Logs out;
        VS_TRY(out.firmware, read_log(paths_.firmware, protocol::max_firmware_log_bytes));
        VS_TRY(out.ima, read_log(paths_.ima, protocol::max_ima_log_bytes));
        VS_TRY(out.userspace, read_log(paths_.userspace, protocol::max_userspace_log_bytes));
        return out;
    }

    Result<std::string> boot_id() override {
        VS_TRY(const Buffer content, store::read_file(std::string(boot_id_file), 64));
        std::string text(as_text(content));
        if (!text.empty() && text.back() == '\n')
            text.pop_back();
        if (!is_uuid(text))
            return fail(Errc::malformed, "platform.boot_id", "the kernel's boot id is no UUID");
        return text;
    }

private:
    LogPaths paths_;
};

} // namespace

std::unique_ptr<Tpm> make_tpm(std::shared_ptr<tpmdev::TpmDevice> device) {
    return std::make_unique<DeviceTpm>(std::move(device));
}

std::unique_ptr<Platform> make_linux_platform(LogPaths paths) {
    return std::make_unique<LinuxPlatform>(std::move(paths));
}

} // namespace vouchsafe::agent

#include "hypervisor/swap.h"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace vouchsafe::hypervisor {

namespace {

constexpr std::size_t proc_swaps_max = 64U << 10U;

/// The device's own name in /sys: "/dev/mapper/swap" is a link to "/dev/dm-1".
std::string kernel_name(std::string_view device) {
    std::error_code error;
    const auto path = std::filesystem::canonical(std::string(device), error);
    return error ? std::string() : path.filename().string();
}

bool stays_in_memory_or_is_encrypted(std::string_view device) {
    const std::string name = kernel_name(device);
    if (name.starts_with("zram"))
        return true;
    std::ifstream file("/sys/block/" + name + "/dm/uuid");
    std::string uuid;
    return !name.empty() && std::getline(file, uuid) && uuid.starts_with("CRYPT-");
}

} // namespace

Result<std::vector<std::string>> plain_swaps(std::string_view proc_swaps, const SwapIsSafe& is_safe) {
    if (proc_swaps.size() > proc_swaps_max)
        return fail(Errc::too_large, "hypervisor.proc_swaps");
    std::istringstream lines{std::string(proc_swaps)};
    std::string line;
    if (!std::getline(lines, line) || !line.starts_with("Filename"))
        return fail(Errc::malformed, "hypervisor.proc_swaps", "does not begin with its heading");
    std::vector<std::string> plain;
    while (std::getline(lines, line)) {
        std::string device = line.substr(0, line.find_first_of(" \t"));
        if (device.empty())
            return fail(Errc::malformed, "hypervisor.proc_swaps", "a line without a device");
        if (!is_safe(device))
            plain.push_back(std::move(device));
    }
    return plain;
}

Result<void> require_no_plain_swap() {
    std::ifstream file("/proc/swaps");
    std::ostringstream text;
    if (!file || !(text << file.rdbuf()))
        return fail(Errc::unavailable, "hypervisor.proc_swaps", "cannot read /proc/swaps");
    VS_TRY(const auto plain, plain_swaps(text.str(), stays_in_memory_or_is_encrypted));
    if (plain.empty())
        return {};
    std::string devices;
    for (const std::string& device : plain)
        devices += " " + device;
    return fail(Errc::conflict,
                "hypervisor.plain_swap",
                "swap without encryption is on:" + devices +
                    "; turn it off (swapoff) or encrypt it before an encrypted VM is started");
}

} // namespace vouchsafe::hypervisor

// The recorded boots of tests/vectors/eventlog, as bytes and values.
#pragma once

#include "base/bytes.h"
#include "eventlog/algorithm.h"
#include "eventlog/firmware.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

namespace vouchsafe::test {

inline Buffer read_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    VS_CHECK(in.good());
    const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    return to_buffer(as_bytes(text));
}

struct RecordedBoot {
    Buffer firmware_log;
    Buffer ima_log;
    std::map<eventlog::Algorithm, std::map<std::uint32_t, Buffer>> pcrs; ///< bank → index → value
    std::string command_line;
};

/// load_boot("uki") reads good-uki/.
inline RecordedBoot load_boot(const std::string& name) {
    const std::filesystem::path folder = std::filesystem::path(VS_VECTORS) / "eventlog" / ("good-" + name);
    RecordedBoot boot;
    boot.firmware_log = read_file(folder / "binary_bios_measurements");
    boot.ima_log = read_file(folder / "ima_binary");
    std::ifstream pcrs(folder / "pcrs");
    for (std::string bank, value; pcrs >> bank >> value;) {
        const auto equals = value.find('=');
        const auto algorithm = eventlog::algorithm_from_text(bank);
        auto bytes = from_hex(std::string_view(value).substr(equals + 1));
        VS_CHECK(algorithm && bytes);
        const auto index = static_cast<std::uint32_t>(std::stoul(value.substr(0, equals)));
        boot.pcrs[*algorithm][index] = *std::move(bytes);
    }
    std::ifstream command_line(folder / "cmdline");
    std::getline(command_line, boot.command_line);
    return boot;
}

/// Hex SHA-256 of the first section that systemd-stub measured of its UKI: the kernel. The boot must be of
/// one.
inline std::string measured_kernel(const RecordedBoot& boot) {
    constexpr std::uint32_t uki_pcr = 11;
    const auto log = eventlog::parse_firmware_log(boot.firmware_log);
    const auto name = std::ranges::find(log->events, uki_pcr, &eventlog::Event::pcr);
    return to_hex(*std::next(name)->digest(eventlog::Algorithm::sha256));
}

} // namespace vouchsafe::test

// What tools/lab/guest recorded of a boot.
#pragma once

#include "tests/support/recorded_boot.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace vouchsafe::test {

/// A folder with firmware.log, ima.log, cmdline, and pcrs: "BANK INDEX VALUE", one a line.
inline RecordedBoot load_record(const std::filesystem::path& folder) {
    RecordedBoot boot{.firmware_log = read_file(folder / "firmware.log"),
                      .ima_log = read_file(folder / "ima.log"),
                      .pcrs = {},
                      .command_line = {}};
    std::ifstream pcrs(folder / "pcrs");
    std::string bank;
    std::string value;
    std::uint32_t index = 0;
    while (pcrs >> bank >> index >> value) {
        const auto algorithm = eventlog::algorithm_from_text(bank);
        auto bytes = from_hex(value);
        VS_CHECK(algorithm && bytes);
        boot.pcrs[*algorithm][index] = *std::move(bytes);
    }
    VS_CHECK(!boot.pcrs.empty());
    std::ifstream command_line(folder / "cmdline");
    std::getline(command_line, boot.command_line);
    return boot;
}

} // namespace vouchsafe::test

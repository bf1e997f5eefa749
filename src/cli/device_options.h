// A KMIP Device credential on the command line: what it says, and where its password is read from.
#pragma once

#include <CLI/CLI.hpp>

#include <string>

namespace vouchsafe::cli {

struct DeviceOptions {
    std::string serial_number;
    std::string device_identifier;
    std::string network_identifier;
    std::string machine_identifier;
    std::string media_identifier;
    std::string password_file;

    bool any() const {
        return !serial_number.empty() || !device_identifier.empty() || !network_identifier.empty() ||
               !machine_identifier.empty() || !media_identifier.empty();
    }
};

/// --device-serial and the others.
void add_device_options(CLI::App& command, DeviceOptions& options);

} // namespace vouchsafe::cli

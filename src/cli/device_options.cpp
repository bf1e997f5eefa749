#include "cli/device_options.h"

namespace vouchsafe::cli {

void add_device_options(CLI::App& command, DeviceOptions& options) {
    command.add_option("--device-serial",
                       options.serial_number,
                       "Device credential: serial number; goes with each request, as do the others");
    command.add_option("--device-id", options.device_identifier, "device identifier");
    command.add_option("--device-network", options.network_identifier, "network identifier");
    command.add_option("--device-machine", options.machine_identifier, "machine identifier");
    command.add_option("--device-media", options.media_identifier, "media identifier");
    command.add_option("--device-password-file",
                       options.password_file,
                       "read the device's password from a file, or - for standard input");
}

} // namespace vouchsafe::cli

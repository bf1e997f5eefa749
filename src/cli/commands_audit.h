// The parts of `vouchsafe audit` that have files of their own.
#pragma once

#include "cli/commands.h"

namespace vouchsafe::cli {

void add_audit_verify_command(CLI::App& audit, Context& context);

} // namespace vouchsafe::cli

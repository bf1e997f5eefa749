// The commands below `vouchsafe inspect`, a file for each kind of evidence.
#pragma once

#include "appraisal/inspect.h"
#include "cli/commands.h"

namespace vouchsafe::cli {

void add_inspect_blob(CLI::App& inspect_group, Context& context);
void add_inspect_certificate(CLI::App& inspect_group, Context& context);
void add_inspect_ima(CLI::App& inspect_group, Context& context);
void add_inspect_quote(CLI::App& inspect_group, Context& context);
void add_inspect_token(CLI::App& inspect_group, Context& context);
void add_inspect_ttlv(CLI::App& inspect_group, Context& context);

/// 0 fine, 1 does not verify, 2 malformed.
Exit exit_for(appraisal::Verdict verdict);

/// Shows what was found, as JSON or by `show`; its member "verified" says how the command ends.
Exit show_verified(const Context& context,
                   const Result<json::Value>& found,
                   void (*show)(const json::Value&));

} // namespace vouchsafe::cli

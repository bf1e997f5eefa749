// The kernel's IMA measurement list as text ("ascii_runtime_measurements"): a line for each entry,
//     PCR template-digest template-name fields...
#pragma once

#include "eventlog/ima.h"

namespace vouchsafe::eventlog {

struct ImaBytes {
    std::size_t digest_bytes = 0; ///< of template digests; the text shows it
    Buffer list;                  ///< the same list in the binary form, for parse_ima_list
};

/// Whether these are the first bytes of a list as text; a binary one begins with a PCR index under 24.
bool is_ima_text(Bytes list);

/// Takes the templates ima, ima-ng, ima-ngv2, ima-sig, ima-sigv2, ima-buf and ima-modsig; `unsupported` at
/// "ima.template_name" for others, whose fields cannot be told from the text. A name may hold spaces. Lines
/// end in LF, or in CR LF where the first does. The limits are those of the binary form. An error's `where`
/// is "ima.<field>", its `detail` names the line.
Result<ImaBytes> ima_list_from_text(std::string_view text, const ImaLimits& limits = {});

} // namespace vouchsafe::eventlog

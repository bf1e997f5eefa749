// A machine's Secure Boot keys, and what its firmware measures of them into PCR 7: for images that are made
// before any machine has booted them.
#pragma once

#include "appraisal/pe_image.h"
#include "base/bytes.h"
#include "base/result.h"
#include "crypto/x509.h"
#include "eventlog/firmware.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::appraisal {

/// Contents of the variables: lists of signatures. Empty: the machine does not have the variable.
struct SecureBootKeys {
    Buffer pk;
    Buffer kek;
    Buffer db;
    Buffer dbx;
};

inline constexpr std::size_t most_key_file = std::size_t{1} << 20U;

/// What a file adds to such a variable: lists of signatures (.esl), the same as a signed update (.auth, whose
/// signature is not looked at) or as efivarfs has the variable, or one certificate, DER or PEM, which becomes
/// a list of its own with this owner (a GUID). `malformed` at "platform.keys".
Result<Buffer> read_key_file(Bytes file, std::string_view owner);

/// An event of PCR 7, whose data is what is measured.
struct SecureBootEvent {
    std::uint32_t type = 0;
    std::string description;
    Buffer data;
};

struct Platform {
    std::vector<SecureBootEvent> events; ///< of PCR 7, before any boot option is tried
    Buffer db;
    Buffer dbx;
    bool secure_boot = false;
};

/// The events in the order SecureBoot, PK, KEK, db, dbx, as firmware without other variables of
/// Secure Boot measures them. Refuses keys without PK or db, with which Secure Boot is not on:
/// "platform.keys".
Result<Platform> platform_of(const SecureBootKeys& keys);

/// As the log of a boot shows them, whatever was booted: the signatures that admitted boot options are left
/// out, those that admitted drivers before are not. `untrusted` at "platform.secure_boot" where an event does
/// not show what was measured.
Result<Platform> platform_of(const eventlog::FirmwareLog& log);

/// The event that shows by which entry of db the firmware admits a program; none with Secure Boot off, or
/// where the entry was measured before: firmware measures each once. `untrusted` at "platform.admission"
/// where it would not start the program: its signatures lead to no certificate of db, or dbx has it.
Result<std::optional<SecureBootEvent>> admission(const Platform& platform, const PeImage& program);

/// One of the program's signatures is over its digest, and leads to the anchor: `untrusted` otherwise.
Result<void> check_signed_below(const PeImage& program, const crypto::Certificate& anchor);

/// What is measured when this variable's entry admits a program.
SecureBootEvent
authority_event(std::string_view variable_guid, std::string_view variable, Bytes signature_data);

} // namespace vouchsafe::appraisal

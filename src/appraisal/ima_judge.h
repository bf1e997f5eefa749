// Entries of an IMA list against a base image that covers userspace by IMA. For this library's own use.
#pragma once

#include "appraisal/base_image.h"
#include "appraisal/pcrs.h"
#include "appraisal/reason.h"
#include "eventlog/ima.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace vouchsafe::appraisal {

struct ImaQuestion {
    const BaseImage& image; ///< with an ImaRule
    const eventlog::ImaList& list;
    std::size_t begin;         ///< entries before the list
    const QuotedPcrs& at_boot; ///< as the boot aggregate is over them
};

/// Every entry, also those that no quote covers yet, is one of
///  - the boot aggregate: the first (which check_boot_aggregate has seen), or another kernel's, of the same
///  PCRs
///  - a file whose digest, better than SHA-1, is the image's            else "ima.file"
///  - a file whose fs-verity digest is one of the image's of that kind         "ima.file"
///  - a file that one of the image's keys signed, where signatures suffice: its digest, its fs-verity digest,
///    or with a signature appended to it                                       "ima.signature"
///  - a key that the image lists                                        else "ima.key"
///  - another buffer (a command line, a policy) whose digest is the image's     "ima.file"
///  - a violation, where the image accepts them                         else "ima.violation"
/// and of a known template, "ima.template". What fails is reported entry by entry, and beyond `most_refused`
/// as a number, "ima.more".
std::vector<Reason> judge_ima(const ImaQuestion& question);

inline constexpr std::size_t most_refused = 32;
/// Appended signatures that are tried; no host has so many modules.
inline constexpr std::size_t most_appended = 2048;

/// The algorithm of a digest that may decide something: known, better than SHA-1, of the right size.
std::optional<Algorithm> deciding_algorithm(const eventlog::ImaFile& file);

/// SubjectPublicKeyInfo of a buffer that is one, or a certificate of one: what the kernel measures when a key
/// is added to a keyring.
std::optional<Buffer> measured_key(Bytes buffer);

} // namespace vouchsafe::appraisal

// Offline inspection of an IMA measurement list: what is in it, what it leads to, and what is wrong with it.
#pragma once

#include "appraisal/inspect.h"

namespace vouchsafe::appraisal {

/// The list in its binary form or as text, at most 16 MiB and 64 MiB. `json` is
///   {"entries","templates":{name:count},"violations","pcrs":{bank:{"N":hex}},
///    "findings":[{"code","message","severity"}]}
/// `pcrs` is what the whole list leads to in every bank that can be computed. Where template digests are
/// SHA-1, "<bank>-zero-padded-sha1" is what a kernel without the bank's hash leads to (one before 5.8, where
/// there are violations). A template digest that is not the hash of its data gives `does_not_verify`;
/// violations are counted, they are no fault of the list, and bytes after the last whole entry are a warning.
/// A list without entries, or that cannot be read, gives `malformed` and no PCRs.
InspectReport inspect_ima(Bytes bytes);

} // namespace vouchsafe::appraisal

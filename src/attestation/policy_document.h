// The rules of an authority cluster as a document: what offline judgement of evidence goes by.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "inventory/state.h"
#include "json/value.h"

#include <cstddef>

namespace vouchsafe::attestation {

inline constexpr std::size_t max_policy_bytes = std::size_t{16} << 20U;

/// What of a state decides on evidence: settings, CAs, endorsement keys, base images, revocations.
/// Enrolments are not among it: evidence that is kept carries its own.
json::Value policy_of(const inventory::AuthorityState& state);

/// parse_policy establishes, `malformed` otherwise:
///  1 at most 16 MiB of JSON, format "vouchsafe-policy", version 1, exactly its members
///  2 every part is what the authority itself would read, and has its name once
///  3 every base image is one (appraisal::parse_base_image)
/// People may have indented it. The state has no anchor, hosts or enrolments.
Result<inventory::AuthorityState> parse_policy(Bytes document);

} // namespace vouchsafe::attestation

// Enrolments as several commands need them: found by name, their evidence fetched, their reasons shown.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "cli/connection.h"
#include "json/value.h"

#include <string>

namespace vouchsafe::cli {

/// By id, or by label where only one enrolment has it.
Result<std::string> enrolment_id(Connection& connection, const std::string& name);

/// The evidence that a host left last, as the bytes of a file (attestation::parse_kept_evidence). It comes in
/// parts; `conflict` at "evidence.moved" when the host left other evidence meanwhile.
Result<Buffer> fetch_evidence(Connection& connection, const std::string& host);

/// The member `reasons` for people, some lines each.
void print_reasons(const json::Value& item);

} // namespace vouchsafe::cli

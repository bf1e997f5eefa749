// Where audit records come from: the authority management server, or files of a log.
#pragma once

#include "audit/filter.h"
#include "audit/record.h"
#include "auditlog/verifier.h"
#include "base/result.h"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace vouchsafe::cli {

using OnRecord = std::function<void(const audit::AuditRecord&)>;

/// Each path is a file, or a folder with a log's files (audit*.jsonl); in the order of the chain, without
/// those that are empty. `not_found` where there is nothing to read.
Result<std::vector<std::string>> log_files(const std::vector<std::string>& paths);

/// The log of one authority host.
struct HostLog {
    std::string authority_host;     ///< by its first record; empty for standard input alone
    std::vector<std::string> files; ///< in the order of the chain
};

/// The same where the paths may be of several authority hosts, each of which has a chain of its own.
Result<std::vector<HostLog>> logs_by_host(const std::vector<std::string>& paths);

/// Verifies the chain through the files, in the order given, and the checkpoints where somebody is trusted.
/// A break is an error that names file, record and byte: `untrusted` where the log does not verify,
/// `malformed` where a line is no record or has no end.
Result<auditlog::Extent> read_log(const std::vector<std::string>& files,
                                  std::optional<auditlog::CheckpointTrust> trust,
                                  const OnRecord& on_record);

/// Records that match, in order: from the files, or from the server where there are none.
Result<void> for_each_record(const std::vector<std::string>& files,
                             const audit::Filter& filter,
                             const OnRecord& on_record);

/// The last `limit` of them.
Result<std::vector<audit::AuditRecord>>
last_records(const std::vector<std::string>& files, const audit::Filter& filter, std::size_t limit);

} // namespace vouchsafe::cli

// The ports that stores implement. In-memory fakes for tests: tests/support/inventory_fakes.h.
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "inventory/change.h"
#include "inventory/enrolment.h"
#include "inventory/generation_use.h"
#include "json/value.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::inventory {

/// The change records of an authority cluster, in order.
class ChangeLog {
public:
    ChangeLog() = default;
    ChangeLog(const ChangeLog&) = delete;
    ChangeLog& operator=(const ChangeLog&) = delete;
    virtual ~ChangeLog() = default;

    virtual Result<std::vector<StoredChange>> load() = 0;

    /// Durable on return; `conflict` at "change_log.revision" unless the last revision is `expected` (0:
    /// none yet) and the record's is the next.
    virtual Result<void> append(const StoredChange& change, std::int64_t expected) = 0;

    /// One transaction: notes that the host was alive at that time of its own boot, and reads the last
    /// revision.
    virtual Result<std::int64_t> heartbeat(const AuthorityHostId& host, BootTime sent) = 0;
};

/// What attestations leave behind. Loss costs another attestation, never trust.
class AuthorityRecords {
public:
    AuthorityRecords() = default;
    AuthorityRecords(const AuthorityRecords&) = delete;
    AuthorityRecords& operator=(const AuthorityRecords&) = delete;
    virtual ~AuthorityRecords() = default;

    virtual Result<std::optional<HostObservation>> observation(const HostId& host) = 0;
    virtual Result<void> save_observation(const HostObservation& observation) = 0;
    virtual Result<std::vector<HostObservation>> observations() = 0; ///< in order of host id
    /// The evidence last received from a proven host, as it came, for explanation and what-if.
    virtual Result<std::optional<Buffer>> evidence(const HostId& host) = 0;
    virtual Result<void> save_evidence(const HostId& host, Bytes evidence) = 0;
    /// Forgets observation and evidence; fine when there are none.
    virtual Result<void> forget(const HostId& host) = 0;

    virtual Result<std::vector<GenerationUse>> generation_uses() = 0; ///< by provider, generation, day
    /// In place of what was kept of the same days; days before `oldest` are forgotten.
    virtual Result<void> save_generation_uses(const std::vector<GenerationUse>& uses,
                                              std::int64_t oldest) = 0;
};

/// A JSON document of a management server, with the revision that guards against lost updates.
struct Document {
    std::string id;
    json::Value value;
    std::int64_t revision = 0; ///< from 1, one more at each put

    friend bool operator==(const Document&, const Document&) = default;
};

inline constexpr std::int64_t any_revision = -1;

/// Documents by kind and id.
class Documents {
public:
    Documents() = default;
    Documents(const Documents&) = delete;
    Documents& operator=(const Documents&) = delete;
    virtual ~Documents() = default;

    virtual Result<std::optional<Document>> get(std::string_view kind, std::string_view id) = 0;

    /// Durable on return; gives the new revision. `expected` 0: must not exist yet; any_revision: as it is.
    /// Else `conflict` at "documents.revision".
    virtual Result<std::int64_t>
    put(std::string_view kind, std::string_view id, const json::Value& value, std::int64_t expected) = 0;

    /// `not_found` at "documents.id" when there is none.
    virtual Result<void> remove(std::string_view kind, std::string_view id) = 0;

    virtual Result<std::vector<Document>> list(std::string_view kind) = 0; ///< in order of id
};

} // namespace vouchsafe::inventory

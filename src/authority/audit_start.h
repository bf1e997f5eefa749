// What an audit must show when an authority host starts: everything that it had before.
#pragma once

#include "audit/chain.h"
#include "audit/record.h"
#include "base/result.h"

#include <cstdint>
#include <optional>

namespace vouchsafe::authority {

/// Takes the records of the log in their order, as it is opened.
class AuditStart {
public:
    /// `expected`: how far the log went when the store was last told.
    explicit AuditStart(std::optional<audit::ChainHead> expected) : expected_(expected) {}

    void take(const audit::AuditRecord& record);

    /// When all were taken: `untrusted` at "audit.cut_back" unless the log holds what was expected. Somebody
    /// took records away, or put another log in its place.
    Result<void> check() const;

    /// The highest revision that the log tells of.
    std::int64_t audited_revision() const { return audited_revision_; }

private:
    std::optional<audit::ChainHead> expected_;
    bool held_ = false; ///< the last record that was told of is there
    std::int64_t last_ = 0;
    std::int64_t audited_revision_ = 0;
};

} // namespace vouchsafe::authority

// From change records to state: total, checked, and the one place that says what tightens.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "inventory/change.h"
#include "inventory/state.h"
#include "token/keys.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace vouchsafe::inventory {

/// What a change does to what may be released.
enum class Effect : std::uint8_t {
    neutral,
    loosening,
    tightening, ///< something removed, revoked or narrowed: the trust epoch rises by one
};

/// The effect of a change on this state; of a change that apply would refuse, any.
Effect effect_of(const AuthorityState& state, const Change& change);

/// Who and when of a new record.
struct Acceptance {
    Author author;
    std::vector<Author> approvers;
    AuthorityHostId authority_host;
    SysTime time;
};

/// The record that carries `change` on from `state`: revision, previous digest and epoch follow from it.
/// Fails as apply would.
Result<ChangeRecord> next_record(const AuthorityState& state, Change change, Acceptance acceptance);

/// The state after a verified record, which must follow on: "change.revision", "change.previous",
/// "change.epoch", "change.first" (`untrusted`). A change that does not fit the state is `not_found`,
/// `exists`, `conflict`, `too_large` or `malformed` at "<type>.<what>".
Result<AuthorityState> apply(AuthorityState state, const VerifiedChange& change);

/// Would the change be accepted? For a dry run; what it leads to has the old revision, epoch and head.
Result<AuthorityState> preview(AuthorityState state, const Change& change, SysTime time);

/// verify_record and apply over all records, from nothing. "change.anchor" when the first one is of another
/// cluster; "change.first" when there is none.
Result<AuthorityState>
fold(std::span<const StoredChange> records, const token::KeySet& change_keys, std::string_view anchor);

} // namespace vouchsafe::inventory

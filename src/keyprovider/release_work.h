// Within keyprovider: one request of a release session on its way through the service.
#pragma once

#include "inventory/state.h"
#include "json/value.h"
#include "keyprovider/gate.h"
#include "keyprovider/primary_key.h"
#include "keyprovider/quotas.h"
#include "keyprovider/release.h"
#include "keyprovider/sessions.h"
#include "keyprovider/under_way.h"
#include "protocol/release.h"
#include "protocol/release_session.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace vouchsafe::keyprovider {

/// The primary keys that an operation uses: the second is of rewrap.
struct KeysInUse {
    PrimaryKey primary;
    std::optional<PrimaryKey> newest;
};

/// What came of one operation.
struct Decision {
    const protocol::Operation& operation;
    Result<Target> about;
    std::optional<KeysInUse> at_hand{}; ///< where nobody has to be asked for them; until it is decided
    std::optional<OverQuota> over{};    ///< where a quota says to wait
    std::optional<kmip::State> key_state{};
    std::optional<ReleaseGrant> grant{}; ///< while the result is none of a refusal
    protocol::OperationResult result{protocol::ReleaseRefusal{}};
    std::string blob{};        ///< digest of the blob that was opened or made; empty when there is none
    std::string new_blob{};    ///< of rewrap: digest of what was made
    std::int64_t recorded = 0; ///< sequence of the record of the release; 0 before there is one

    bool refused() const { return std::holds_alternative<protocol::ReleaseRefusal>(result); }

    /// Of one that is about something.
    bool wants_quote() const { return about->provider->policy.freshness == inventory::Freshness::strict; }

    /// Wipes the key, if there is one.
    void refuse(const Error& error);

    /// By the operation and its result.
    void name_blobs();
};

struct ReleaseWork {
    std::optional<UnderWay::Request> under_way; ///< none while it waits for its turn
    std::shared_ptr<const SessionOwner> owner;  ///< shared with the session, which counts its requests so
    protocol::OpenedRequest opened;
    protocol::ReleaseRequest request;
    std::optional<Buffer> nonce; ///< for the request's quote
    bool takes_turns = false;
    std::optional<Result<void>> quote{}; ///< once somebody asked for it
    std::vector<Decision> decisions{};
    std::atomic<std::size_t> unrecorded{0}; ///< decisions whose records are on the way
    ReleaseService::OnRecord then{};

    const inventory::AuthorityState& state() const { return *under_way->state(); }

    const token::KeyAccess& token() const { return owner->token.claims(); }

    Standing standing(Lease lease, SysTime now) const {
        return {.state = state(), .lease = lease, .session = owner->facts, .token = owner->token, .now = now};
    }

    /// Whether deciding it, once prepared, takes a key server or the judgement of a quote.
    bool waits_for_others() const;

    /// What the record of a decision says.
    json::Object audit_fields(const Decision& decision) const;
};

/// Makes of the grant what it allows. Fails as the key server and the blob do.
Result<protocol::OperationResult> use_grant(const ReleaseGrant& grant,
                                            const KeysInUse& keys,
                                            const protocol::Operation& operation,
                                            Random& random);

} // namespace vouchsafe::keyprovider

// keyprovider: the Key Provider Service as decisions. It makes, wraps and unwraps VM keys, and lets one out
// only through the gate of this header; key servers, disks, clocks and sockets are ports.
//
// What it promises: no unwrapping without a ReleaseGrant, and only authorize_release makes one; the audit
// record of a release is durable before the key is sealed for the host; an epoch or lease that moved
// meanwhile holds the key back. What it does not promise: that a host keeps a key to itself.
#pragma once

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "inventory/state.h"
#include "keyprovider/blob_format.h"
#include "kmip/enums.h"
#include "protocol/release.h"
#include "token/results.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace vouchsafe::keyprovider {

/// The authority host's right to release, by its last heartbeat.
enum class Lease : std::uint8_t { valid, lapsed };

/// A release session as the gate sees it.
struct SessionFacts {
    std::string id;
    std::string release_key; ///< RFC 7638 thumbprint of the key that answers are sealed to
    std::int64_t epoch = 0;  ///< at opening
    SysTime expires;
};

/// Whether a primary key's dates allow new wraps: from Process Start to Protect Stop.
enum class WrapWindow : std::uint8_t { open, closed };

/// The primary key that an operation would use.
struct PrimaryKeyFacts {
    kmip::State state = kmip::State::pre_active;
    Lease lease =
        Lease::lapsed; ///< of the key in memory: lapsed when the key server did not confirm it for too long
    WrapWindow window = WrapWindow::closed;
};

/// Who asks, and whether anybody may be answered now.
struct Standing {
    const inventory::AuthorityState& state;
    Lease lease = Lease::lapsed;
    const SessionFacts& session;
    const token::VerifiedKeyAccess& token;
    SysTime now;
};

/// check_standing establishes, in this order of `where`:
///  gate.lease       the authority host may release                                (`unavailable`)
///  gate.cluster     the trust authority cluster is enabled
///  gate.session     the session has not expired                                   (`expired`)
///  gate.token       the key access token has not expired                          (`expired`)
///  gate.binding     the session delivers to the release key that the token names  (`untrusted`)
///  gate.epoch       token and session are of the current trust epoch              (`expired`)
///  gate.revision    our copy has reached the revision that the token was made at  (`unavailable`)
///  gate.enrolment   the host is enrolled and approved
///  gate.identity    EK and AK are those enrolled
///  gate.image       the base image is still imported
///  gate.revoked     none of host, EK, AK, image, firmware, TPM model, token key is revoked
/// A failure without a code in brackets is `denied`.
Result<void> check_standing(const Standing& standing);

/// Of a request without a quote: `denied` at "gate.freshness".
Result<void> no_quote();

/// What the operation is about.
struct GateInput {
    Standing standing;
    const protocol::Operation& operation;
    const PrimaryKeyFacts& primary_key;                       ///< of the generation that target() names
    std::optional<PrimaryKeyFacts> newest_key = std::nullopt; ///< of rewrap: of the newest generation
    Result<void> quote = no_quote(); ///< whether the request's own quote shows the host as it attested
};

/// The provider and generation that an operation means, found before the primary key is fetched.
struct Target {
    const inventory::Provider* provider = nullptr;     ///< lives as long as the state
    const inventory::Generation* generation = nullptr; ///< of that provider
    const inventory::Generation* newest = nullptr;     ///< of rewrap: the one that wraps anew
};

/// Establishes gate.provider (there is such a provider), gate.blob (it parses), gate.blob_provider (it names
/// this provider, by uid), gate.generation (the provider has it) and gate.retired (it is in use).
Result<Target> target(const inventory::AuthorityState& state, const protocol::Operation& operation);

enum class GrantedUse : std::uint8_t { generate, decrypt, rewrap };

/// The right to let one key out to one host, or to wrap one anew for it, for one operation. Only the gate
/// makes one.
class ReleaseGrant {
public:
    GrantedUse use() const { return use_; }

    const HostId& host() const { return host_; }

    const KeyProviderId& provider() const { return provider_; }

    const BlobKey& blob_key() const { return blob_key_; }

    /// Of rewrap: under which primary key the new blob is made.
    const BlobKey& newest_key() const { return newest_key_; }

    const protocol::Context& context() const { return context_; }

    /// Hex; the blob that may be opened, of generate empty.
    const std::string& blob_digest() const { return blob_digest_; }

    /// What the provider asked for, and was kept.
    inventory::Freshness freshness() const { return freshness_; }

    std::int64_t epoch() const { return epoch_; }

    std::int64_t revision() const { return revision_; }

private:
    friend Result<ReleaseGrant> authorize_release(const GateInput& input);
    ReleaseGrant() = default;

    GrantedUse use_ = GrantedUse::generate;
    HostId host_;
    KeyProviderId provider_;
    BlobKey blob_key_;
    BlobKey newest_key_;
    protocol::Context context_;
    std::string blob_digest_;
    inventory::Freshness freshness_ = inventory::Freshness::result;
    std::int64_t epoch_ = 0;
    std::int64_t revision_ = 0;
};

/// authorize_release establishes what check_standing and target do, and then:
///  gate.tier         affirming; or boot only, where the provider has unsafe_boot_only
///  gate.groups       the host is in one of the provider's host groups, where it names any
///  gate.images       the base image is one of those that the provider names, where it names any
///  gate.freshness    where the provider wants it strict, the request came with a quote that holds; of one
///                    that does not hold the failure is its own ("freshness.*")
///  gate.context      key id and VM are well-formed
///  gate.key_revoked  neither key id, blob nor generation is revoked
///  gate.primary_key  its lease is valid (`unavailable`); to wrap, it is Active and within its dates; to
///                    open a blob, it is Active or Deactivated, or Compromised with unsafe_compromised_key
///  gate.newest_key   of rewrap: the same of the newest generation's, which has to wrap
Result<ReleaseGrant> authorize_release(const GateInput& input);

/// Immediately before the answer: `expired` at "gate.moved" when the trust epoch is another, `unavailable`
/// at "gate.lease" when the lease has lapsed.
Result<void> confirm_unmoved(const ReleaseGrant& grant, std::int64_t epoch, Lease lease);

} // namespace vouchsafe::keyprovider

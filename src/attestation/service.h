// attestation: the Attestation Service as decisions. It challenges a host, believes its evidence only after
// every check, judges it, and issues tokens; stores, sockets and clocks are ports.
//
// What it promises: a challenge is answered once, by the host it was made for; nothing is issued on the
// strength of an endorsement, enrolment, image or epoch that the state of this moment does not hold; a proven
// host is told why it is refused, anybody else hears one word. What it does not promise: anything about what
// happens on a host after it booted what it showed.
#pragma once

#include "attestation/known_tpms.h"
#include "attestation/references.h"
#include "attestation/release_quote.h"
#include "attestation/results.h"
#include "attestation/sealed_challenge.h"
#include "attestation/used_challenges.h"
#include "audit/sink.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/ec_key.h"
#include "inventory/change.h"
#include "inventory/ports.h"
#include "inventory/state.h"
#include "protocol/challenge.h"
#include "protocol/evidence.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

namespace vouchsafe::attestation {

/// The authority state, and the door through which changes to it go. Called by several threads.
class Authority {
public:
    using State = std::shared_ptr<const inventory::AuthorityState>; ///< never nullptr

    Authority() = default;
    Authority(const Authority&) = delete;
    Authority& operator=(const Authority&) = delete;
    virtual ~Authority() = default;

    virtual State state() const = 0;

    /// Signs and stores a change that this authority host makes by itself; the state with it.
    virtual Result<State> commit(inventory::Change change) = 0;
};

struct AttestationConfig {
    AuthorityHostId self;
    crypto::EcPrivateKey token_key;  ///< certified for use "token"
    crypto::EcPrivateKey report_key; ///< certified for use "report"
    std::chrono::seconds challenge_life{60};
    std::chrono::seconds reporting_life{std::chrono::hours{1}};     ///< where there is no key access token
    const appraisal::WeakTpms* weak_tpms = &appraisal::weak_tpms(); ///< outlives the service
};

/// The parts that the service works with; they outlive it.
struct AttestationParts {
    Authority& authority;
    inventory::AuthorityRecords& records;
    audit::AuditSink& audit;
    const Clock& clock;
    Random& random; ///< safe for several threads
};

/// An answer, and what only this authority host's log may know: why a stranger was refused. A stranger's
/// answer is the error `denied` at "refused", whatever the cause; `unavailable` means that the authority host
/// itself cannot serve now.
template <class Message> struct Reply {
    Result<Message> answer;
    std::optional<Error> cause;
};

using ChallengeReply = Reply<protocol::Challenge>;
using EvidenceReply = Reply<protocol::EvidenceAnswer>;

/// Safe for several threads.
class AttestationService {
public:
    AttestationService(AttestationConfig config, AttestationParts parts);

    /// challenge establishes, before it makes one:
    ///  1 the EK follows a template of the TCG's, the AK is an attestation key     "ek.*", "ak.*"
    ///  2 the TPM has banks, each named once. Whether the policy bank is among them is judged with the
    ///    evidence: who asks for a challenge has proven nothing that would let it be told "challenge.banks"
    ///  3 the EK is endorsed as the settings want it, or the host is enrolled with
    ///    this EK and AK (then the evidence is refused with the reason)            "endorsement.*"
    /// The IMA list is asked for from the position that the host names, if that is the one kept with its
    /// accepted result (see agreed_position); else from its beginning.
    /// A credential is asked for unless the AK is the enrolled one of an approved host.
    ChallengeReply challenge(const protocol::ChallengeRequest& request);

    /// evidence establishes, in this order; `body` is the message as it came.
    ///  1 the challenge state is this process's, used now and never before         "challenge.*"
    ///  2 it has not expired, and the trust epoch has not moved                    "challenge.*"
    ///  3 the quote verifies (tpm::verify_quote), its qualifying data made from the
    ///    nonce and the statement                                                  "quote.*"
    ///  4 the credential was activated, where it was asked for                     "activation"
    ///    -- from here on the host is proven --
    ///  5 the statement is about this: purpose, anchor, host, release key, digest of
    ///    each log                                                                 "statement.*"
    ///  6 neither host, EK, AK nor TPM model is revoked                            "revoked.*"
    ///  7 the enrolment is there and approved, else it is made or stays pending    "enrolment.*"
    ///  8 AK and counters go on from the enrolment's, else it becomes pending      "enrolment.*"
    ///  9 boot id goes with the counters                                           "boot.kexec"
    /// 10 the endorsement holds                                                    "endorsement.*"
    ///    and a list that goes on from a position is of the same boot               "ima.position"
    /// 11 no fault of its TPM is published, unless the settings accept that      "tpm.weak"
    /// 12 no entries of the IMA list wait for their quote since 5 minutes          "ima.pending"
    /// 13 the appraisal (appraisal::appraise)
    /// Failures of 1 to 4 make a stranger; a proven machine without an enrolment that fails 5 or 6 is one
    /// too.
    EvidenceReply evidence(const protocol::Evidence& evidence, Bytes body);

    /// check_release_quote against what is kept of the host. `denied` at "freshness.attested" where it is not
    /// enrolled with an AK; `unavailable` where what is kept cannot be read.
    Result<void> release_quote(const ReleaseQuoteQuestion& question);

private:
    struct Case; ///< one host's evidence under judgement

    Result<protocol::Challenge> make_challenge(const protocol::ChallengeRequest& request);
    Result<KnownTpms::Known> presented(const protocol::ChallengeRequest& request,
                                       const inventory::AuthorityState& state);
    Result<std::shared_ptr<const tpm::AttestationKey>> attestation_key(Bytes ak_public);
    Result<std::optional<inventory::LogPosition>> known_position(const protocol::ChallengeRequest& request,
                                                                 const inventory::Enrolment& enrolment,
                                                                 const inventory::AuthorityState& state);
    Result<ChallengeState> take_challenge(Bytes sealed, std::int64_t epoch);
    Result<ProvenHost>
    prove(const protocol::Evidence& evidence, Bytes body, const inventory::AuthorityState& state);
    Result<protocol::EvidenceAnswer> answer(const protocol::Evidence& evidence, Bytes body);
    Result<void> enrol(Case& now);
    Result<void> check_continuity(Case& now);
    Result<void> commit(Case& now, inventory::Change change);
    Result<void> record(std::string_view kind, json::Object fields);
    Result<protocol::EvidenceAnswer> conclude(const Case& now, const Verdict& verdict);
    std::shared_ptr<const References> references(const inventory::AuthorityState& state);

    AttestationConfig config_;
    AttestationParts parts_;
    Secret process_key_; ///< seals challenge states; lives as long as the process
    std::mutex mutex_;   ///< guards what follows; held for moments only
    UsedChallenges used_;
    KnownTpms known_;
    std::shared_ptr<const References> references_;
};

} // namespace vouchsafe::attestation

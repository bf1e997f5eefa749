// One attestation: who this host is, what it booted, and a fresh release key, proved to one authority host.
#pragma once

#include "agent/host.h"
#include "agent/peer.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "crypto/ec_key.h"
#include "protocol/challenge.h"
#include "protocol/evidence.h"
#include "protocol/release_quote.h"
#include "protocol/statement.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace vouchsafe::agent {

/// What does not change while the agent runs.
struct HostIdentity {
    HostId id; ///< derived from the EK
    tpmdev::TpmFacts tpm;
    tpmdev::Endorsement endorsement;
    Buffer ak_public; ///< TPMT_PUBLIC
};

/// The TPM's facts and EK, and the AK loaded from its seed.
Result<HostIdentity> identify(Tpm& tpm, const tpmdev::AttestationKeySeed& seed);

struct Attested {
    protocol::EvidenceAnswer answer;
    crypto::EcPrivateKey release_key; ///< made for this attestation
};

class Attester {
public:
    struct Facts {
        std::string anchor;
        std::string label;
        std::string agent_version;
    };

    /// The ports outlive it. Used by one thread at a time.
    Attester(Facts facts, HostIdentity identity, Tpm& tpm, Platform& platform);

    const HostIdentity& identity() const { return identity_; }

    /// Challenge, quote, evidence, answer. Of the IMA list only what the authority does not know is sent;
    /// where that does not lead to trust, the whole is, and that answer counts. Logs are read before the
    /// quote, because the statement names their digests, and again after it: when they grew meanwhile, the
    /// quote is made again.
    Result<Attested> attest(Peer& authority);

    /// A quote for a release request, by the selection of the last attestation; of the IMA list it covers
    /// what is new since then. Errors that another attestation mends are at "freshness.*": `conflict` where
    /// there was none, `too_large` where too much is new.
    Result<protocol::ReleaseQuote>
    release_quote(Bytes nonce, protocol::ReleasePart about, const crypto::EcPublicKey& release_key);

private:
    struct Ask;
    struct Quoted;
    struct Round;

    Result<Round> attest_once(Peer& authority);
    Result<Logs> logs(const Ask& ask) const;
    Result<protocol::Challenge> ask_challenge(Peer& authority) const;
    Result<Quoted> quote(const Ask& ask);
    Result<Quoted> quote_over(const Ask& ask, Logs logs);
    Result<protocol::Evidence> make_evidence(const protocol::Challenge& challenge,
                                             const crypto::EcPublicKey& release_key);

    Facts facts_;
    HostIdentity identity_;
    Tpm& tpm_;
    Platform& platform_;
    /// Where the accepted logs of this boot ended, as the authority said: the process ends with the boot.
    std::map<std::string, protocol::KnownPosition> known_;
    std::vector<protocol::BankSelection> selection_; ///< of the last challenge
};

} // namespace vouchsafe::agent

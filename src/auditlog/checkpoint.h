// auditlog: the audit as others read it. Checkpoints are made (this header), a log of one or many files is
// verified with no more than the files and a public key (verifier.h), and the hosts that got a VM's key are
// listed (readers.h). The chain itself is `audit`; no files here.
//
// What it does not promise: that nothing is missing after the last record that one was shown.
#pragma once

#include "audit/chain.h"
#include "audit/record.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "crypto/ec_key.h"
#include "json/value.h"
#include "token/checkpoint.h"

#include <optional>
#include <string>

namespace vouchsafe::auditlog {

/// Who signs, and what lets others believe it from the anchor alone.
struct CheckpointSigner {
    AuthorityHostId host;
    crypto::EcPrivateKey key; ///< of use "checkpoint"
    std::string certificate;  ///< of the key, by the root
    crypto::EcPublicKey root;
};

/// The fields of a record of kind "checkpoint" that follows `head`: the signed token, the key's certificate,
/// the root's public key. `conflict` where there is no record to sign yet.
Result<json::Object>
make_checkpoint(const CheckpointSigner& signer, const audit::ChainHead& head, SysTime now);

/// Whose checkpoints are believed: those of one key, or of every key that the anchor's root certified.
class CheckpointTrust {
public:
    explicit CheckpointTrust(crypto::EcPublicKey key) : key_(std::move(key)) {}

    /// Hex SHA-256 of the root's SubjectPublicKeyInfo.
    explicit CheckpointTrust(std::string anchor) : anchor_(std::move(anchor)) {}

private:
    friend Result<void> verify_checkpoint(const audit::AuditRecord& record, const CheckpointTrust& trust);
    std::optional<crypto::EcPublicKey> key_;
    std::string anchor_; ///< empty: the key alone
};

/// verify_checkpoint establishes of a record of kind "checkpoint":
///  1 token, certificate and root are there, and nothing else              (`malformed`, "checkpoint.record")
///  2 the root is the one that the anchor names, where an anchor is trusted             ("checkpoint.anchor")
///  3 the root certified the key, at the record's time, where an anchor is trusted       ("token.*")
///  4 it certified it for checkpoints, and for the host that the record names            ("checkpoint.key")
///  5 the token verifies under that key, or under the one that is trusted                ("token.*")
///  6 it is the word of the host that the record names                                  ("checkpoint.host")
///  7 it speaks of the record before this one: its number and its digest                ("checkpoint.head")
Result<void> verify_checkpoint(const audit::AuditRecord& record, const CheckpointTrust& trust);

} // namespace vouchsafe::auditlog

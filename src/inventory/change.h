// Change records: every change of trust, in canonical bytes, chained and signed by the authority host that
// accepted it.
#pragma once

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "crypto/ec_key.h"
#include "inventory/state.h"
#include "json/value.h"
#include "token/keys.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace vouchsafe::inventory {

inline constexpr std::size_t max_change_bytes = std::size_t{6} << 20U;

// The changes. Each is named on the wire by the word in its comment.

/// "authority.init": the first record, and only that.
struct AuthorityInit {
    std::string anchor;
    std::string cluster_name;
    std::string administrator_issuer;
    AuthorityHost host;

    friend bool operator==(const AuthorityInit&, const AuthorityInit&) = default;
};

/// "settings.update": all settings at once.
struct SettingsUpdate {
    Settings settings;
    /// Must be said to turn both endorsement switches off.
    bool unsafe_no_endorsement = false;

    friend bool operator==(const SettingsUpdate&, const SettingsUpdate&) = default;
};

/// "cluster.update": name for people, enabled or not.
struct ClusterUpdate {
    std::string cluster_name;
    ClusterState state = ClusterState::enabled;

    friend bool operator==(const ClusterUpdate&, const ClusterUpdate&) = default;
};

/// "ca.import": a new one, or another mark (`lab`) of one that is there.
struct CaImport {
    CaCertificate ca;

    friend bool operator==(const CaImport&, const CaImport&) = default;
};

/// "ca.remove"
struct CaRemove {
    std::string name;

    friend bool operator==(const CaRemove&, const CaRemove&) = default;
};

/// "endorsement_key.import"
struct EndorsementKeyImport {
    EndorsementKey key;

    friend bool operator==(const EndorsementKeyImport&, const EndorsementKeyImport&) = default;
};

/// "endorsement_key.remove"
struct EndorsementKeyRemove {
    std::string name;

    friend bool operator==(const EndorsementKeyRemove&, const EndorsementKeyRemove&) = default;
};

/// "image.import"
struct ImageImport {
    json::Value document;

    friend bool operator==(const ImageImport&, const ImageImport&) = default;
};

/// "image.remove"
struct ImageRemove {
    ImageVersion version;

    friend bool operator==(const ImageRemove&, const ImageRemove&) = default;
};

/// "firmware_set.set": a new one, or all that one of this name has from now on.
struct FirmwareSetSet {
    FirmwareSet set;

    friend bool operator==(const FirmwareSetSet&, const FirmwareSetSet&) = default;
};

/// "firmware_set.remove"
struct FirmwareSetRemove {
    std::string name;

    friend bool operator==(const FirmwareSetRemove&, const FirmwareSetRemove&) = default;
};

/// "provider.create"
struct ProviderCreate {
    Provider provider;

    friend bool operator==(const ProviderCreate&, const ProviderCreate&) = default;
};

/// "provider.update": the whole provider; its uid and its generations so far stay.
struct ProviderUpdate {
    Provider provider;

    friend bool operator==(const ProviderUpdate&, const ProviderUpdate&) = default;
};

/// "provider.delete"
struct ProviderDelete {
    std::string name;

    friend bool operator==(const ProviderDelete&, const ProviderDelete&) = default;
};

/// "provider.client_certificate": with a key, a new pair; without, a certificate for the key that is there.
struct ProviderClientCertificate {
    std::string name;
    std::optional<std::string> certificate; ///< PEM; absent while a CSR waits for its certificate
    std::optional<Buffer> sealed_client_key;

    friend bool operator==(const ProviderClientCertificate&, const ProviderClientCertificate&) = default;
};

/// "provider.peer_certificates": all that are trusted from now on.
struct ProviderPeerCertificates {
    std::string name;
    std::vector<std::string> certificates; ///< PEM

    friend bool operator==(const ProviderPeerCertificates&, const ProviderPeerCertificates&) = default;
};

/// "provider.check_value": what the primary key of a generation was seen to be; said once for each.
struct ProviderCheckValue {
    std::string name;
    std::uint32_t generation = 0;
    std::string check_value; ///< 16 hex digits

    friend bool operator==(const ProviderCheckValue&, const ProviderCheckValue&) = default;
};

/// "issuer.set"
struct IssuerSet {
    Issuer issuer;

    friend bool operator==(const IssuerSet&, const IssuerSet&) = default;
};

/// "issuer.remove": consumers only.
struct IssuerRemove {
    std::string issuer;

    friend bool operator==(const IssuerRemove&, const IssuerRemove&) = default;
};

/// "enrolment.create": pending, or approved where the EK was registered beforehand (or unsafe_auto_enrol).
struct EnrolmentCreate {
    Enrolment enrolment;

    friend bool operator==(const EnrolmentCreate&, const EnrolmentCreate&) = default;
};

/// "enrolment.approve": the AK, firmware and groups that hold from now on; registers the EK.
struct EnrolmentApprove {
    HostId host;
    std::string label;
    std::string ak_name; ///< hex
    Buffer ak_public;
    std::optional<FirmwarePin> firmware;
    std::optional<Counters> counters;
    std::vector<std::string> groups;

    friend bool operator==(const EnrolmentApprove&, const EnrolmentApprove&) = default;
};

/// "enrolment.observe": the enrolment goes back to pending, because of what a host presented.
struct EnrolmentObserve {
    HostId host;
    std::string cause; ///< stable word: "ak_changed", "counters_went_back"

    friend bool operator==(const EnrolmentObserve&, const EnrolmentObserve&) = default;
};

/// "enrolment.remove": the enrolment stays as removed, so that the machine does not come back by itself; its
/// EK is no longer registered.
struct EnrolmentRemove {
    HostId host;

    friend bool operator==(const EnrolmentRemove&, const EnrolmentRemove&) = default;
};

/// "revocation.add"
struct RevocationAdd {
    Revocation revocation;

    friend bool operator==(const RevocationAdd&, const RevocationAdd&) = default;
};

/// "authority_host.set": admits an authority host, or moves one, or renews its keys.
struct AuthorityHostSet {
    AuthorityHost host;

    friend bool operator==(const AuthorityHostSet&, const AuthorityHostSet&) = default;
};

/// "authority_host.remove"
struct AuthorityHostRemove {
    AuthorityHostId id;

    friend bool operator==(const AuthorityHostRemove&, const AuthorityHostRemove&) = default;
};

/// "epoch.raise": nothing changed but the epoch (a state restored, or every host to attest anew).
struct EpochRaise {
    std::string reason;

    friend bool operator==(const EpochRaise&, const EpochRaise&) = default;
};

using Change = std::variant<AuthorityInit,
                            SettingsUpdate,
                            ClusterUpdate,
                            CaImport,
                            CaRemove,
                            EndorsementKeyImport,
                            EndorsementKeyRemove,
                            ImageImport,
                            ImageRemove,
                            FirmwareSetSet,
                            FirmwareSetRemove,
                            ProviderCreate,
                            ProviderUpdate,
                            ProviderDelete,
                            ProviderClientCertificate,
                            ProviderPeerCertificates,
                            ProviderCheckValue,
                            IssuerSet,
                            IssuerRemove,
                            EnrolmentCreate,
                            EnrolmentApprove,
                            EnrolmentObserve,
                            EnrolmentRemove,
                            RevocationAdd,
                            AuthorityHostSet,
                            AuthorityHostRemove,
                            EpochRaise>;

/// Its word on the wire ("image.remove").
std::string_view change_type(const Change& change);
json::Value to_json(const Change& change);
Result<Change> change_from_json(const json::Value& value);

/// Who asked for a change: a user at an issuer, or the authority host itself (issuer empty).
struct Author {
    std::string issuer;
    std::string subject;

    friend bool operator==(const Author&, const Author&) = default;
};

struct ChangeRecord {
    std::int64_t revision = 0;
    crypto::Sha256Digest previous{};
    SysTime time;
    Author author;
    std::vector<Author> approvers;
    AuthorityHostId authority_host;
    std::int64_t epoch = 0; ///< after this change
    Change change;

    std::string encode() const; ///< canonical
    static Result<ChangeRecord> parse(std::string_view record);

    friend bool operator==(const ChangeRecord&, const ChangeRecord&) = default;
};

/// A record as a store keeps it.
struct StoredChange {
    std::int64_t revision = 0;
    std::string record; ///< canonical bytes
    std::string kid;    ///< of the change key
    Buffer signature;   ///< ES256 over "vouchsafe/change/1" ‖ record

    friend bool operator==(const StoredChange&, const StoredChange&) = default;
};

/// SHA-256 of the record's bytes, which the next record names.
crypto::Sha256Digest record_digest(std::string_view record);

StoredChange sign_record(const ChangeRecord& record, const crypto::EcPrivateKey& change_key);

/// A record whose signature by a certified change key holds.
class VerifiedChange {
public:
    const ChangeRecord& record() const { return record_; }

    const crypto::Sha256Digest& digest() const { return digest_; }

private:
    friend Result<VerifiedChange> verify_record(const StoredChange& stored, const token::KeySet& change_keys);

    VerifiedChange(ChangeRecord record, const crypto::Sha256Digest& digest)
        : record_(std::move(record)), digest_(digest) {}

    ChangeRecord record_;
    crypto::Sha256Digest digest_;
};

/// Where: "change.key", "change.signature" (`untrusted`), "change.*" for the form.
Result<VerifiedChange> verify_record(const StoredChange& stored, const token::KeySet& change_keys);

} // namespace vouchsafe::inventory

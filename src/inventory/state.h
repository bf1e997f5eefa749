// inventory: the trusted infrastructure as data.
//
// The authority's state (this header) is nothing but the fold of its change records (change.h, fold.h), so
// whoever holds the records and the authority hosts' keys can check every bit of it. What attestations leave
// behind (enrolment.h, HostObservation) is no trust decision and is kept apart. Ports to the stores are in
// ports.h; what the workload manager knows is in workload.h.
#pragma once

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "crypto/digest.h"
#include "inventory/enrolment.h"
#include "inventory/provider.h"
#include "json/value.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::inventory {

struct Settings {
    bool require_endorsement_keys = true;
    bool require_certificate_validation = true;
    bool unsafe_auto_enrol = false;
    bool unsafe_ignore_firmware = false;
    bool unsafe_accept_weak_tpms = false;       ///< TPMs with published faults warn instead of being refused
    std::chrono::seconds key_access_life{1800}; ///< 60 s to 8 h

    json::Value to_json() const;
    static Result<Settings> from_json(const json::Value& value, std::string_view where = "settings");

    friend bool operator==(const Settings&, const Settings&) = default;
};

/// CA certificates of TPM makers, or of software TPMs, that were imported together.
struct CaCertificate {
    std::string name;
    std::vector<std::string> chain; ///< PEM, one certificate each; crypto::roles_of says which are anchors
    bool lab = false;               ///< a CA of software TPMs

    json::Value to_json() const;
    static Result<CaCertificate> from_json(const json::Value& value, std::string_view where = "ca");

    friend bool operator==(const CaCertificate&, const CaCertificate&) = default;
};

/// An EK that was registered: its TPM may be a host's.
struct EndorsementKey {
    std::string name;
    std::string ek_digest;                  ///< hex SHA-256 of the SubjectPublicKeyInfo
    std::optional<std::string> public_key;  ///< PEM; absent when only the digest was given
    std::optional<std::string> certificate; ///< PEM

    json::Value to_json() const;
    static Result<EndorsementKey> from_json(const json::Value& value,
                                            std::string_view where = "endorsement_key");

    friend bool operator==(const EndorsementKey&, const EndorsementKey&) = default;
};

/// A base image document; what it says is appraisal's business.
struct BaseImage {
    ImageVersion version;
    std::string display_name;
    std::string digest;                          ///< hex SHA-256 of the canonical document
    std::shared_ptr<const json::Value> document; ///< large, so one for all states that have the image

    /// From a base image document: format, version 3 and image.version must be there.
    static Result<BaseImage> from_document(json::Value document);

    friend bool operator==(const BaseImage& a, const BaseImage& b) {
        return a.version == b.version && a.digest == b.digest; // the document is what the digest says
    }
};

inline constexpr std::size_t max_set_firmware = 256;

/// Firmware that any host may show besides what was pinned at its approval: an update that is being rolled
/// out, say.
struct FirmwareSet {
    std::string name;
    std::string note;                  ///< for people: maker, model
    std::string bank;                  ///< that the PCR values are of
    std::vector<FirmwarePin> firmware; ///< 1 to max_set_firmware, each once

    json::Value to_json() const;
    static Result<FirmwareSet> from_json(const json::Value& value, std::string_view where = "firmware_set");

    friend bool operator==(const FirmwareSet&, const FirmwareSet&) = default;
};

enum class IssuerRole : std::uint8_t { administrator, consumer };

std::string_view to_string(IssuerRole role);

struct Principal {
    std::string name;
    std::string domain;

    friend bool operator==(const Principal&, const Principal&) = default;
};

/// A management server whose administrator tokens are known, with one role for ever.
struct Issuer {
    std::string issuer; ///< the `iss` of its tokens
    IssuerRole role = IssuerRole::consumer;
    std::string alias;
    std::vector<std::string> certificates; ///< PEM, one each: of its STS
    std::optional<Principal> principal;

    json::Value to_json() const;
    static Result<Issuer> from_json(const json::Value& value, std::string_view where = "issuer");

    friend bool operator==(const Issuer&, const Issuer&) = default;
};

enum class RevocationKind : std::uint8_t {
    host,          ///< host id
    ek,            ///< EK digest
    ak,            ///< AK name, hex
    ca,            ///< SHA-256 of the CA certificate's DER
    image,         ///< base image version
    file,          ///< file digest, hex
    firmware,      ///< PCR 0 value, hex
    tpm_model,     ///< "manufacturer/model/firmware version"
    authority_key, ///< kid of an authority host's key
    generation,    ///< "provider uid/number"
    key,           ///< key id
    blob,          ///< hex SHA-256 of a blob
};

std::string_view to_string(RevocationKind kind);

struct Revocation {
    RevocationKind kind = RevocationKind::host;
    std::string value;
    std::string reason;

    json::Value to_json() const;
    static Result<Revocation> from_json(const json::Value& value, std::string_view where = "revocation");

    friend bool operator==(const Revocation&, const Revocation&) = default;
};

/// A trust authority host: its name, address and key certificates.
struct AuthorityHost {
    AuthorityHostId id;
    NetworkAddress address;
    std::vector<std::string> key_certificates; ///< JWTs under the root

    json::Value to_json() const;
    static Result<AuthorityHost> from_json(const json::Value& value,
                                           std::string_view where = "authority_host");

    friend bool operator==(const AuthorityHost&, const AuthorityHost&) = default;
};

enum class ClusterState : std::uint8_t { disabled, enabled };

std::string_view to_string(ClusterState state); ///< the API's words: "DISABLE", "ENABLE"

/// Everything that decides what is trusted. Made by fold and apply alone; a value to be read.
struct AuthorityState {
    std::string anchor; ///< hex; empty before the first record
    std::string group;
    std::string cluster;              ///< id: "trust-authority-" and 8 hex digits of the group
    std::string cluster_name;         ///< for people
    std::string administrator_issuer; ///< the one issuer that may become administrator
    ClusterState cluster_state = ClusterState::enabled;
    Settings settings;

    std::map<std::string, CaCertificate, std::less<>> cas;                                ///< by name
    std::map<std::string, EndorsementKey, std::less<>> endorsement_keys;                  ///< by name
    std::map<std::string, BaseImage, std::less<>> images;                                 ///< by version
    std::map<std::string, FirmwareSet, std::less<>> firmware_sets;                        ///< by name
    std::map<std::string, Provider, std::less<>> providers;                               ///< by name
    std::map<std::string, Issuer, std::less<>> issuers;                                   ///< by issuer
    std::map<std::string, Enrolment, std::less<>> enrolments;                             ///< by host id
    std::map<std::string, AuthorityHost, std::less<>> authority_hosts;                    ///< by id
    std::map<RevocationKind, std::map<std::string, Revocation, std::less<>>> revocations; ///< by value

    std::int64_t revision = 0;   ///< of the last record
    std::int64_t epoch = 0;      ///< trust epoch
    crypto::Sha256Digest head{}; ///< digest of the last record; zeros before the first
    SysTime changed;             ///< time of the last record

    // Questions that several services ask; nullptr when the answer is "none".
    const Enrolment* enrolment(const HostId& host) const;
    const EndorsementKey* endorsement_key_by_digest(std::string_view ek_digest) const;
    const Provider* provider(std::string_view name) const;
    const Provider* provider_by_uid(std::string_view uid) const;
    bool is_revoked(RevocationKind kind, std::string_view value) const;

    friend bool operator==(const AuthorityState&, const AuthorityState&) = default;
};

} // namespace vouchsafe::inventory

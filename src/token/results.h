// Attestation results: the key access token, which releases keys, and the reporting token, which shows.
//
// A key access token is an EAT Attestation Result (EAR, AR4SI claims) about one host, bound by cnf to the
// release key that the quote covered. A reporting token says the same to people and management servers; its
// typ and audience differ, so that it can never stand in for the other.
#pragma once

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "crypto/ec_key.h"
#include "json/value.h"
#include "token/jwt.h"
#include "token/keys.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::token {

inline constexpr std::string_view key_access_typ = "vouchsafe-key-access+jwt";
inline constexpr std::string_view reporting_typ = "vouchsafe-reporting+jwt";
inline constexpr std::string_view ear_profile = "tag:vouchsafe,2026:ear#2";
inline constexpr std::chrono::minutes default_key_access_life{30};
inline constexpr std::chrono::hours max_key_access_life{8};
inline constexpr std::chrono::hours max_reporting_life{24};

/// AR4SI trustworthiness tier; on the wire by its word, as EAR's ear.status.
enum class Tier : std::uint8_t { none, affirming, warning, contraindicated };

std::string_view to_string(Tier tier);
Result<Tier> tier_from_text(std::string_view text);

/// How userspace is covered by what was appraised.
enum class Executables : std::uint8_t { boot_image, dm_verity, ima, boot_only };

std::string_view to_string(Executables executables); ///< "boot-image", "dm-verity", "ima", "boot-only"
Result<Executables> executables_from_text(std::string_view text);

/// AR4SI trustworthiness vector; 0 makes no claim, 2..31 affirms, 32..95 warns, 96..127 speaks against.
struct TrustVector {
    std::int8_t instance_identity = 0;
    std::int8_t configuration = 0;
    std::int8_t executables = 0;
    std::int8_t file_system = 0;
    std::int8_t hardware = 0;
    std::int8_t runtime_opaque = 0;
    std::int8_t storage_opaque = 0;
    std::int8_t sourced_data = 0;

    friend bool operator==(const TrustVector&, const TrustVector&) = default;
};

struct KeyAccess {
    std::string group;
    HostId host;
    std::string id; ///< jti
    Times times;
    std::string release_key; ///< RFC 7638 thumbprint of the key that keys are delivered to
    Tier tier = Tier::none;
    TrustVector vector;
    ImageVersion base_image;
    std::string ek_digest; ///< hex SHA-256
    std::string ak_name;   ///< hex TPM name
    std::uint32_t reset_count = 0;
    std::uint32_t restart_count = 0;
    std::int64_t epoch = 0;
    std::int64_t revision = 0;
    std::string evidence_digest; ///< hex SHA-256
    Executables executables = Executables::boot_only;
    bool weak_tpm = false; ///< a fault of the TPM is published, and was tolerated by the settings
    bool lab = false;      ///< endorsed by a CA of software TPMs

    friend bool operator==(const KeyAccess&, const KeyAccess&) = default;
};

/// `conflict` at "key_access.tier" unless the tier is affirming, or warning because of boot-only (which only
/// providers with unsafe_boot_only release to) or of a weak TPM (while the settings accept those); at
/// "key_access.life" over 8 hours.
Result<std::string> issue_key_access(const crypto::EcPrivateKey& token_key, const KeyAccess& token);

/// A result that was good for keys and live at the time given, under one of the group's token keys.
class VerifiedKeyAccess {
public:
    const KeyAccess& claims() const { return claims_; }

    const KeyAccess* operator->() const { return &claims_; }

    const std::string& kid() const { return kid_; } ///< of the token key that signed it

private:
    friend Result<VerifiedKeyAccess>
    verify_key_access(std::string_view text, std::string_view group, const KeySet& token_keys, SysTime now);

    VerifiedKeyAccess(KeyAccess claims, std::string kid) : claims_(std::move(claims)), kid_(std::move(kid)) {}

    KeyAccess claims_;
    std::string kid_;
};

/// verify_jwt's checks, then "key_access.*": the form, the profile, one tier in both places, and such a tier
/// as may be issued.
Result<VerifiedKeyAccess>
verify_key_access(std::string_view text, std::string_view group, const KeySet& token_keys, SysTime now);

enum class HostState : std::uint8_t { trusted, pending, refused };

std::string_view to_string(HostState state);
Result<HostState> host_state_from_text(std::string_view text);

struct Reporting {
    std::string group;
    HostId host;
    std::string id; ///< jti
    Times times;
    HostState state = HostState::refused;
    Tier tier = Tier::none;
    TrustVector vector;
    std::optional<ImageVersion> base_image;
    std::optional<Executables> executables;
    json::Array reasons; ///< as protocol::Reason writes them
    std::string label;
    std::string ek_digest;
    std::optional<std::string> ak_name;
    std::vector<int> not_assessed; ///< PCRs that nothing judged
    std::int64_t epoch = 0;
    bool lab = false;

    friend bool operator==(const Reporting&, const Reporting&) = default;
};

Result<std::string> issue_reporting(const crypto::EcPrivateKey& report_key, const Reporting& token);

class VerifiedReporting {
public:
    const Reporting& claims() const { return claims_; }

    const Reporting* operator->() const { return &claims_; }

private:
    friend Result<VerifiedReporting>
    verify_reporting(std::string_view text, std::string_view group, const KeySet& report_keys, SysTime now);

    explicit VerifiedReporting(Reporting claims) : claims_(std::move(claims)) {}

    Reporting claims_;
};

Result<VerifiedReporting>
verify_reporting(std::string_view text, std::string_view group, const KeySet& report_keys, SysTime now);

} // namespace vouchsafe::token

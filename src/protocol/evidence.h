// The second exchange: evidence, and what the authority makes of it.
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "crypto/ec_key.h"
#include "json/parse.h"
#include "json/value.h"
#include "protocol/challenge.h"
#include "protocol/reason.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::protocol {

/// Holds every log at its longest, in base64. An IMA list of 100,000 entries has 10 to 16 MiB.
inline constexpr std::size_t max_evidence_bytes = std::size_t{25} << 20U;
inline constexpr std::size_t max_firmware_log_bytes = std::size_t{1} << 20U;
inline constexpr std::size_t max_ima_log_bytes = std::size_t{16} << 20U; ///< as eventlog::ImaLimits has it
inline constexpr std::size_t max_userspace_log_bytes = std::size_t{256} << 10U;
inline constexpr std::size_t max_evidence_answer_bytes = std::size_t{512} << 10U;
inline constexpr std::string_view evidence_path = "/v1/attestation/evidence";

static_assert((max_firmware_log_bytes + max_ima_log_bytes + max_userspace_log_bytes) / 3 * 4 +
                  (std::size_t{256} << 10U) <=
              max_evidence_bytes);

/// For json::parse of an evidence body.
inline constexpr json::Limits evidence_limits{.bytes = max_evidence_bytes, .depth = 8, .items = 4096};

inline constexpr std::size_t max_banks = 8;
inline constexpr std::size_t max_attest_bytes = 2048; ///< of TPMS_ATTEST, and of its TPMT_SIGNATURE

/// PCR values of one bank, by number.
struct PcrBank {
    std::string bank;
    std::map<std::uint32_t, Buffer> values;

    json::Value to_json() const;
    static Result<PcrBank> from_json(const json::Value& value, const std::string& where);

    friend bool operator==(const PcrBank&, const PcrBank&) = default;
};

struct Evidence {
    Buffer state;                     ///< from the challenge
    std::optional<Buffer> activation; ///< activation_proof of the credential secret
    Buffer attest;                    ///< TPMS_ATTEST
    Buffer signature;                 ///< TPMT_SIGNATURE
    std::vector<PcrBank> pcrs;
    std::string statement; ///< the bytes, as they were hashed
    crypto::EcPublicKey release_key;
    std::optional<Buffer> firmware_log;
    std::optional<Buffer> ima_log;
    std::optional<Buffer> userspace_log;
    std::map<std::string, std::string> facts; ///< what the host says of itself; believed by nobody

    json::Value to_json() const;
    static Result<Evidence> from_json(const json::Value& value);

    friend bool operator==(const Evidence&, const Evidence&) = default;
};

/// HMAC-SHA-256(credential secret, "vouchsafe/activation/1" ‖ qualifying data)
crypto::Sha256Digest activation_proof(const Secret& credential_secret, Bytes qualifying_data);

enum class Outcome : std::uint8_t { trusted, pending, refused };

std::string_view to_string(Outcome outcome);

struct EvidenceAnswer {
    Outcome outcome = Outcome::refused;
    std::vector<Reason> reasons;
    std::optional<std::string> key_access_token; ///< when trusted and asked for
    std::optional<std::string> reporting_token;
    std::optional<SysTime> expires; ///< of the tokens
    std::int64_t epoch = 0;
    /// From where the next attestation may go on, for the challenge request that begins it. By log: "ima"
    std::map<std::string, KnownPosition> log_positions = {};

    json::Value to_json() const;
    static Result<EvidenceAnswer> from_json(const json::Value& value);

    friend bool operator==(const EvidenceAnswer&, const EvidenceAnswer&) = default;
};

} // namespace vouchsafe::protocol

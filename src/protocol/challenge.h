// The first exchange of an attestation: who the host says it is, and what it is to prove.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "json/value.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::protocol {

inline constexpr std::size_t max_challenge_bytes = std::size_t{128} << 10U;
inline constexpr std::string_view challenge_path = "/v1/attestation/challenge";

/// Up to where the authority already knows a log, as the host remembers it.
struct KnownPosition {
    std::int64_t count = 0;                    ///< entries
    std::map<std::string, std::string> values; ///< PCR value by bank, hex

    friend bool operator==(const KnownPosition&, const KnownPosition&) = default;
};

struct ChallengeRequest {
    Buffer ek_public;                                   ///< TPMT_PUBLIC
    std::vector<Buffer> ek_certificates;                ///< DER, leaf first; may be empty
    Buffer ak_public;                                   ///< TPMT_PUBLIC
    std::vector<std::string> banks;                     ///< that the TPM implements
    std::map<std::string, KnownPosition> log_positions; ///< by log: "ima"
    std::vector<std::string> documents;                 ///< asked for: "key-access", "reporting"
    std::string label;                                  ///< at most 64 printable ASCII characters

    json::Value to_json() const;
    static Result<ChallengeRequest> from_json(const json::Value& value);

    friend bool operator==(const ChallengeRequest&, const ChallengeRequest&) = default;
};

struct BankSelection {
    std::string bank;
    std::vector<std::uint32_t> pcrs; ///< ascending

    friend bool operator==(const BankSelection&, const BankSelection&) = default;
};

/// What TPM2_MakeCredential gives.
struct CredentialChallenge {
    Buffer blob;   ///< TPM2B_ID_OBJECT
    Buffer secret; ///< TPM2B_ENCRYPTED_SECRET

    friend bool operator==(const CredentialChallenge&, const CredentialChallenge&) = default;
};

struct Challenge {
    Buffer state; ///< sealed by the authority host; opaque
    Buffer nonce; ///< 32 bytes
    std::vector<BankSelection> selection;
    std::optional<CredentialChallenge> credential; ///< absent: activation is not asked for
    std::int64_t ima_from = 0;                     ///< entries of the IMA list that the evidence leaves out
    std::int64_t expires_in = 60;                  ///< seconds

    json::Value to_json() const;
    static Result<Challenge> from_json(const json::Value& value);

    friend bool operator==(const Challenge&, const Challenge&) = default;
};

} // namespace vouchsafe::protocol

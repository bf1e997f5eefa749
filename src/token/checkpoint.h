// Audit checkpoints: an authority host's signed word on how far its audit chain reached at an instant.
//
// It lives here and not in `audit` because it is a token, and both stand on one floor.
#pragma once

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "crypto/ec_key.h"
#include "token/jwt.h"
#include "token/keys.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace vouchsafe::token {

inline constexpr std::string_view checkpoint_typ = "vouchsafe-checkpoint+jwt";

struct Checkpoint {
    std::string group;
    AuthorityHostId host;
    std::int64_t sequence = 0; ///< of the last record
    std::string digest;        ///< hex, of the last record
    std::string id;            ///< jti
    SysTime time;

    friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

Result<std::string> issue_checkpoint(const crypto::EcPrivateKey& checkpoint_key,
                                     const Checkpoint& checkpoint);

class VerifiedCheckpoint {
public:
    const Checkpoint& claims() const { return claims_; }

    const Checkpoint* operator->() const { return &claims_; }

private:
    friend Result<VerifiedCheckpoint>
    verify_checkpoint(std::string_view text, std::string_view group, const KeySet& checkpoint_keys);

    explicit VerifiedCheckpoint(Checkpoint claims) : claims_(std::move(claims)) {}

    Checkpoint claims_;
};

/// Takes no time: a checkpoint speaks of the past and is judged at the instant it names.
Result<VerifiedCheckpoint>
verify_checkpoint(std::string_view text, std::string_view group, const KeySet& checkpoint_keys);

} // namespace vouchsafe::token

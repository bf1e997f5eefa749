// Key certificates: the root key says which key of which authority host signs what. One key, one use.
#pragma once

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "crypto/ec_key.h"
#include "token/jwt.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace vouchsafe::token {

inline constexpr std::string_view key_certificate_typ = "vouchsafe-key+jwt";
inline constexpr std::chrono::days max_key_certificate_life{3653};

enum class KeyUse : std::uint8_t { token, report, session, checkpoint, services, change };

inline constexpr KeyUse all_key_uses[] = {
    KeyUse::token, KeyUse::report, KeyUse::session, KeyUse::checkpoint, KeyUse::services, KeyUse::change};

std::string_view to_string(KeyUse use);
Result<KeyUse> key_use_from_text(std::string_view text);

struct KeyCertificate {
    AuthorityHostId host;
    KeyUse use;
    crypto::EcPublicKey key;
    std::string id; ///< jti
    Times times;
};

Result<std::string> issue_key_certificate(const crypto::EcPrivateKey& root,
                                          const KeyCertificate& certificate);

class VerifiedKeyCertificate {
public:
    const KeyCertificate& claims() const { return claims_; }

    const KeyCertificate* operator->() const { return &claims_; }

private:
    friend Result<VerifiedKeyCertificate>
    verify_key_certificate(std::string_view text, const crypto::EcPublicKey& root, SysTime now);

    explicit VerifiedKeyCertificate(KeyCertificate claims) : claims_(std::move(claims)) {}

    KeyCertificate claims_;
};

Result<VerifiedKeyCertificate>
verify_key_certificate(std::string_view text, const crypto::EcPublicKey& root, SysTime now);

} // namespace vouchsafe::token

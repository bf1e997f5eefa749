// Administrator tokens: a management server's word that one of its users makes one request, now.
//
// The token binds the digest of the request's body and lives at most a minute; who verifies it remembers its
// id until it expires, so that it is used once.
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/ec_key.h"
#include "token/jwt.h"
#include "token/keys.h"

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::token {

inline constexpr std::string_view administrator_typ = "vouchsafe-admin+jwt";
inline constexpr std::chrono::seconds max_administrator_life{60};

struct Administrator {
    std::string issuer;
    std::string group;
    std::string subject;             ///< "user@domain"
    std::vector<std::string> groups; ///< of the user, at that issuer
    std::string request;             ///< hex SHA-256 of the body
    std::string id;                  ///< jti
    Times times;

    friend bool operator==(const Administrator&, const Administrator&) = default;
};

Result<std::string> issue_administrator(const crypto::EcPrivateKey& issuer_key, const Administrator& token);

/// Keys of each issuer that the verifier knows, by its name.
using IssuerKeys = std::map<std::string, KeySet, std::less<>>;

struct AdministratorRequest {
    std::string_view token;
    std::string_view group;
    Bytes body;
    const IssuerKeys& issuers;
    SysTime now;
};

class VerifiedAdministrator {
public:
    const Administrator& claims() const { return claims_; }

    const Administrator* operator->() const { return &claims_; }

private:
    friend Result<VerifiedAdministrator> verify_administrator(const AdministratorRequest& request);

    explicit VerifiedAdministrator(Administrator claims) : claims_(std::move(claims)) {}

    Administrator claims_;
};

/// verify_jwt's checks under the keys of the issuer it claims ("administrator.issuer" when that is unknown),
/// then "administrator.request": the body is the one that was signed for.
Result<VerifiedAdministrator> verify_administrator(const AdministratorRequest& request);

} // namespace vouchsafe::token

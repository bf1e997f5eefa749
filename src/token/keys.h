// Public keys by their kid, and their JWK form [RFC 7517].
//
// A kid in this house is always the key's RFC 7638 thumbprint, so it can neither lie nor point anywhere.
#pragma once

#include "base/result.h"
#include "crypto/ec_key.h"
#include "json/value.h"

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>

namespace vouchsafe::token {

/// Keys of one use, by thumbprint. Empty means that nothing verifies.
class KeySet {
public:
    KeySet() = default;
    KeySet(std::initializer_list<crypto::EcPublicKey> keys);

    void add(const crypto::EcPublicKey& key);
    /// nullptr when there is no such key.
    const crypto::EcPublicKey* find(std::string_view kid) const;

    std::size_t size() const { return keys_.size(); }

    bool empty() const { return keys_.empty(); }

    auto begin() const { return keys_.begin(); }

    auto end() const { return keys_.end(); }

private:
    std::map<std::string, crypto::EcPublicKey, std::less<>> keys_;
};

/// {"crv":"P-256","kty":"EC","x":..,"y":..}
json::Value jwk(const crypto::EcPublicKey& key);
/// Exactly those four members; anything else, "d" above all, is `malformed`.
Result<crypto::EcPublicKey> key_from_jwk(const json::Value& jwk, std::string_view where);

} // namespace vouchsafe::token

#include "token/keys.h"

#include "json/members.h"

namespace vouchsafe::token {

KeySet::KeySet(std::initializer_list<crypto::EcPublicKey> keys) {
    for (const crypto::EcPublicKey& key : keys)
        add(key);
}

void KeySet::add(const crypto::EcPublicKey& key) {
    keys_.insert_or_assign(key.thumbprint(), key);
}

const crypto::EcPublicKey* KeySet::find(std::string_view kid) const {
    const auto found = keys_.find(kid);
    return found == keys_.end() ? nullptr : &found->second;
}

json::Value jwk(const crypto::EcPublicKey& key) {
    return json::object({{"crv", crypto::to_string(key.curve())},
                         {"kty", "EC"},
                         {"x", to_base64url(key.x())},
                         {"y", to_base64url(key.y())}});
}

Result<crypto::EcPublicKey> key_from_jwk(const json::Value& jwk, std::string_view where) {
    json::Members m(jwk, std::string(where));
    VS_TRY(const auto curve, m.string("crv"));
    VS_TRY(const auto type, m.string("kty"));
    VS_TRY(const Buffer x, m.base64url("x"));
    VS_TRY(const Buffer y, m.base64url("y"));
    VS_TRY_VOID(m.finish());
    if (type != "EC" || curve != "P-256")
        return fail(Errc::malformed, where, "not an EC key on P-256");
    auto key = crypto::EcPublicKey::from_jwk(x, y);
    if (!key)
        return fail(Errc::malformed, where, "not a point on P-256");
    return key;
}

} // namespace vouchsafe::token

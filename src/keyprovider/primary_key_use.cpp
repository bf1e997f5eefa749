#include "keyprovider/primary_key_use.h"

#include "crypto/aead.h"

namespace vouchsafe::keyprovider {

Result<Buffer> PrimaryKeyUse::seal(const AeadInput& input, const Secret& plain) const {
    if (const auto* const remote = std::get_if<RemoteKey>(&where_))
        return remote->server->seal(*remote->provider, *remote->generation, input, plain);
    return crypto::aes256_gcm_seal(
        *std::get<const Secret*>(where_), input.nonce, input.additional_data, plain);
}

Result<Secret> PrimaryKeyUse::open(const AeadInput& input, Bytes sealed) const {
    if (const auto* const remote = std::get_if<RemoteKey>(&where_))
        return remote->server->open(*remote->provider, *remote->generation, input, sealed);
    auto key =
        crypto::aes256_gcm_open(*std::get<const Secret*>(where_), input.nonce, input.additional_data, sealed);
    if (!key)
        return fail(Errc::untrusted, "blob.open", "not wrapped so under this primary key and context");
    return key;
}

} // namespace vouchsafe::keyprovider

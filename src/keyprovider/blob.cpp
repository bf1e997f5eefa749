#include "keyprovider/blob.h"

#include "crypto/aead.h"
#include "crypto/digest.h"
#include "protocol/release.h"

#include <algorithm>

namespace vouchsafe::keyprovider {

namespace {

crypto::Sha256Digest additional_data(const Blob& blob, const protocol::Context& context) {
    const Buffer header = blob_header(blob);
    const std::string bound = context.canonical();
    return crypto::sha256({header, as_bytes(bound)});
}

} // namespace

NewVmKey generate_key(const ReleaseGrant& grant, const Secret& primary_key, Random& random) {
    VS_CHECK(grant.use() == GrantedUse::generate);
    Secret made = random.secret(protocol::key_size);
    Blob blob{.key = grant.blob_key()};
    random.fill(blob.nonce);
    const Buffer sealed =
        crypto::aes256_gcm_seal(primary_key, blob.nonce, additional_data(blob, grant.context()), made);
    VS_CHECK(sealed.size() == blob.sealed.size());
    std::ranges::copy(sealed, blob.sealed.begin());
    return {.blob = encode_blob(blob), .key = std::move(made)};
}

Result<Secret> unwrap(const ReleaseGrant& grant, const Secret& primary_key, Bytes blob) {
    VS_TRY(const Blob parsed, parse_blob(blob));
    if (grant.use() != GrantedUse::decrypt || grant.blob_key() != parsed.key ||
        grant.blob_digest() != blob_digest(blob))
        return fail(Errc::denied, "blob.grant", "granted was another blob");
    auto key = crypto::aes256_gcm_open(
        primary_key, parsed.nonce, additional_data(parsed, grant.context()), parsed.sealed);
    if (!key)
        return fail(Errc::untrusted, "blob.open", "not wrapped so under this primary key and context");
    return key;
}

} // namespace vouchsafe::keyprovider

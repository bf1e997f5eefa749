#include "keyprovider/blob.h"

#include "crypto/digest.h"
#include "protocol/release.h"

#include <algorithm>
#include <utility>

namespace vouchsafe::keyprovider {

namespace {

crypto::Sha256Digest additional_data(const Blob& blob, const protocol::Context& context) {
    const Buffer header = blob_header(blob);
    const std::string bound = context.canonical();
    return crypto::sha256({header, as_bytes(bound)});
}

/// The VM key under a primary key, with a fresh nonce.
struct Wrapping {
    BlobKey under;
    PrimaryKeyUse primary_key;
    const protocol::Context& context;
};

Result<Buffer> wrap(const Wrapping& wrapping, const Secret& key, Random& random) {
    Blob blob{.key = wrapping.under};
    random.fill(blob.nonce);
    const crypto::Sha256Digest bound = additional_data(blob, wrapping.context);
    VS_TRY(const Buffer sealed,
           wrapping.primary_key.seal({.nonce = blob.nonce, .additional_data = bound}, key));
    if (sealed.size() != blob.sealed.size())
        return fail(Errc::unavailable, "blob.sealed", "the key server sealed a key to another size");
    std::ranges::copy(sealed, blob.sealed.begin());
    return encode_blob(blob);
}

Result<Secret> open(const ReleaseGrant& grant, const PrimaryKeyUse& primary_key, Bytes blob) {
    VS_TRY(const Blob parsed, parse_blob(blob));
    if (grant.blob_key() != parsed.key || grant.blob_digest() != blob_digest(blob))
        return fail(Errc::denied, "blob.grant", "granted was another blob");
    const crypto::Sha256Digest bound = additional_data(parsed, grant.context());
    VS_TRY(Secret key, primary_key.open({.nonce = parsed.nonce, .additional_data = bound}, parsed.sealed));
    if (key.size() != protocol::key_size)
        return fail(Errc::untrusted, "blob.open", "not wrapped so under this primary key and context");
    return key;
}

} // namespace

Result<NewVmKey> generate_key(const ReleaseGrant& grant, const PrimaryKeyUse& primary_key, Random& random) {
    VS_CHECK(grant.use() == GrantedUse::generate);
    Secret made = random.secret(protocol::key_size);
    VS_TRY(Buffer blob,
           wrap({.under = grant.blob_key(), .primary_key = primary_key, .context = grant.context()},
                made,
                random));
    return NewVmKey{.blob = std::move(blob), .key = std::move(made)};
}

Result<Secret> unwrap(const ReleaseGrant& grant, const PrimaryKeyUse& primary_key, Bytes blob) {
    if (grant.use() != GrantedUse::decrypt)
        return fail(Errc::denied, "blob.grant", "granted was another use");
    return open(grant, primary_key, blob);
}

Result<Buffer> rewrap(const ReleaseGrant& grant, const RewrapKeys& keys, Bytes blob, Random& random) {
    if (grant.use() != GrantedUse::rewrap)
        return fail(Errc::denied, "blob.grant", "granted was another use");
    VS_TRY(const Secret key, open(grant, keys.primary_key, blob));
    return wrap({.under = grant.newest_key(), .primary_key = keys.newest_key, .context = grant.context()},
                key,
                random);
}

} // namespace vouchsafe::keyprovider

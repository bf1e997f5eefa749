#include "keyprovider/blob_format.h"

#include "base/reader.h"
#include "crypto/digest.h"

#include <algorithm>
#include <string_view>

namespace vouchsafe::keyprovider {

namespace {

constexpr std::string_view magic = "VSKB";
constexpr std::uint8_t version = 1;
constexpr std::uint8_t scheme_one_authority = 1;
constexpr std::uint8_t algorithm_aes256_gcm = 1;

Result<void> expect_byte(Reader& in, std::uint8_t expected, std::string_view where) {
    VS_TRY(const auto byte, in.big<std::uint8_t>(where));
    if (byte != expected)
        return fail(Errc::unsupported, where, "another value than this version knows");
    return {};
}

Result<void> expect_magic(Reader& in) {
    VS_TRY(const Bytes start, in.take(magic.size(), "blob.magic"));
    if (as_text(start) != magic)
        return fail(Errc::malformed, "blob.magic", "not a key blob");
    return {};
}

template <std::size_t N>
Result<void> take_array(Reader& in, std::array<std::uint8_t, N>& out, std::string_view where) {
    VS_TRY(const Bytes bytes, in.take(N, where));
    std::ranges::copy(bytes, out.begin());
    return {};
}

} // namespace

Result<Blob> parse_blob(Bytes bytes) {
    if (bytes.size() != blob_size)
        return fail(Errc::malformed, "blob.size", "a blob has " + std::to_string(blob_size) + " bytes");
    Reader in(bytes);
    VS_TRY_VOID(expect_magic(in));
    VS_TRY_VOID(expect_byte(in, version, "blob.version"));
    VS_TRY_VOID(expect_byte(in, scheme_one_authority, "blob.scheme"));
    Blob blob;
    VS_TRY_VOID(take_array(in, blob.key.provider, "blob.provider"));
    VS_TRY(blob.key.generation, in.big<std::uint32_t>("blob.generation"));
    if (blob.key.generation == 0)
        return fail(Errc::malformed, "blob.generation", "generations begin with 1");
    VS_TRY_VOID(expect_byte(in, algorithm_aes256_gcm, "blob.algorithm"));
    VS_TRY_VOID(take_array(in, blob.nonce, "blob.nonce"));
    VS_TRY_VOID(take_array(in, blob.sealed, "blob.sealed"));
    return blob; // the size was checked: nothing trails
}

Buffer blob_header(const Blob& blob) {
    Writer out;
    out.text(magic).big(version).big(scheme_one_authority).bytes(blob.key.provider);
    out.big(blob.key.generation).big(algorithm_aes256_gcm).bytes(blob.nonce);
    return out.done();
}

Buffer encode_blob(const Blob& blob) {
    Writer out;
    out.bytes(blob_header(blob)).bytes(blob.sealed);
    return out.done();
}

std::string blob_digest(Bytes encoded) {
    return to_hex(crypto::sha256(encoded));
}

Result<ProviderUid> provider_uid_from_text(std::string_view text) {
    ProviderUid out;
    VS_TRY(const Buffer raw, from_hex(text));
    if (raw.size() != out.size() || to_hex(raw) != text)
        return fail(Errc::malformed, "provider.uid", "32 lower-case hex digits are wanted");
    std::ranges::copy(raw, out.begin());
    return out;
}

} // namespace vouchsafe::keyprovider

#include "appraisal/ima_signature.h"

#include "appraisal/replay.h"
#include "base/reader.h"
#include "crypto/digest_signature.h"

#include <cstdint>
#include <optional>
#include <string>

namespace vouchsafe::appraisal {

namespace {

constexpr std::string_view where = "ima.signature";
constexpr std::uint8_t digital_signature = 3;
constexpr std::uint8_t signature_version = 2;
constexpr std::size_t key_id_size = 4;

/// By the kernel's numbers; none for what may not sign any more.
std::optional<Algorithm> algorithm_of(std::uint8_t number) {
    switch (number) {
    case 4:
        return Algorithm::sha256;
    case 5:
        return Algorithm::sha384;
    case 6:
        return Algorithm::sha512;
    default:
        return {};
    }
}

} // namespace

Result<ImaSignature> parse_ima_signature(Bytes bytes) {
    Reader in(bytes);
    VS_TRY(const auto type, in.big<std::uint8_t>(where));
    VS_TRY(const auto version, in.big<std::uint8_t>(where));
    if (type != digital_signature || version != signature_version)
        return fail(Errc::unsupported, where, "it is of an unknown kind");
    VS_TRY(const auto number, in.big<std::uint8_t>(where));
    const auto algorithm = algorithm_of(number);
    if (!algorithm)
        return fail(Errc::unsupported, where, "it is over a hash that may not sign");
    VS_TRY(const Bytes key_id, in.take(key_id_size, where));
    VS_TRY(const auto size, in.big<std::uint16_t>(where));
    VS_TRY(const Bytes signature, in.take(size, where));
    VS_TRY_VOID(in.finish(where));
    return ImaSignature{.algorithm = *algorithm, .key_id = to_buffer(key_id), .signature = signature};
}

ImaSigners::ImaSigners(std::span<const ImaKey> keys) {
    for (const ImaKey& key : keys)
        if (auto read = crypto::public_key_from_spki_der(key.public_key))
            keys_.emplace_back(key.key_id, *std::move(read));
}

Result<void> ImaSigners::verify(Bytes signature, Algorithm algorithm, Bytes digest) const {
    VS_TRY(const ImaSignature parts, parse_ima_signature(signature));
    if (parts.algorithm != algorithm)
        return fail(Errc::untrusted, where, "it is over another hash than the entry's");
    bool known = false;
    for (const auto& [key_id, key] : keys_) {
        if (key_id != parts.key_id)
            continue;
        known = true;
        if (crypto::verify_digest(key, hash_algorithm(algorithm), digest, parts.signature))
            return {};
    }
    if (!known)
        return fail(Errc::untrusted, where, "key " + to_hex(parts.key_id) + " is not one of the image's");
    return fail(Errc::untrusted, where, "it is not over this digest");
}

} // namespace vouchsafe::appraisal

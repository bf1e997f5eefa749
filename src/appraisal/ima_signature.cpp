#include "appraisal/ima_signature.h"

#include "appraisal/replay.h"
#include "base/reader.h"
#include "crypto/appended_signature.h"
#include "crypto/digest_signature.h"
#include "eventlog/firmware.h"

#include <cstdint>
#include <optional>
#include <string>

namespace vouchsafe::appraisal {

namespace {

constexpr std::string_view where = "ima.signature";
constexpr std::uint8_t digital_signature = 3;
constexpr std::uint8_t digest_version = 2;
constexpr std::uint8_t verity_signature = 6; ///< IMA_VERITY_DIGSIG
constexpr std::uint8_t verity_version = 3;
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

std::uint8_t number_of(Algorithm algorithm) {
    for (std::uint8_t number = 4; number <= 6; ++number)
        if (algorithm_of(number) == algorithm)
            return number;
    return 0;
}

/// struct ima_file_id: what a signature over fs-verity's digest is over.
Buffer file_id_digest(Algorithm algorithm, Bytes digest) {
    return hash(algorithm, Writer().big(verity_signature).big(number_of(algorithm)).bytes(digest).done());
}

} // namespace

Result<ImaSignature> parse_ima_signature(Bytes bytes) {
    Reader in(bytes);
    VS_TRY(const auto type, in.big<std::uint8_t>(where));
    VS_TRY(const auto version, in.big<std::uint8_t>(where));
    const bool verity = type == verity_signature && version == verity_version;
    if (!verity && (type != digital_signature || version != digest_version))
        return fail(Errc::unsupported, where, "it is of an unknown kind");
    VS_TRY(const auto number, in.big<std::uint8_t>(where));
    const auto algorithm = algorithm_of(number);
    if (!algorithm)
        return fail(Errc::unsupported, where, "it is over a hash that may not sign");
    VS_TRY(const Bytes key_id, in.take(key_id_size, where));
    VS_TRY(const auto size, in.big<std::uint16_t>(where));
    VS_TRY(const Bytes signature, in.take(size, where));
    VS_TRY_VOID(in.finish(where));
    return ImaSignature{
        .verity = verity, .algorithm = *algorithm, .key_id = to_buffer(key_id), .signature = signature};
}

ImaSigners::ImaSigners(std::span<const ImaKey> keys) {
    for (const ImaKey& key : keys)
        if (auto read = crypto::public_key_from_spki_der(key.public_key))
            keys_.emplace_back(key.key_id, *std::move(read));
}

Result<void> ImaSigners::verify(const eventlog::ImaFile& file, Algorithm algorithm) const {
    VS_TRY(const ImaSignature parts, parse_ima_signature(file.signature));
    if (parts.verity != file.verity)
        return fail(Errc::untrusted, where, "it is over another kind of digest than the entry's");
    if (parts.algorithm != algorithm)
        return fail(Errc::untrusted, where, "it is over another hash than the entry's");
    const Buffer of_tree = file.verity ? file_id_digest(algorithm, file.digest) : Buffer{};
    const Bytes digest = file.verity ? Bytes(of_tree) : file.digest;
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

Result<void> ImaSigners::verify_appended(const eventlog::ImaFile& file) const {
    VS_TRY(const auto appended, crypto::appended_signature(file.appended_signature));
    const auto algorithm = eventlog::algorithm_from_text(file.unsigned_algorithm);
    const bool same_hash = algorithm && can_hash(*algorithm) && hash_algorithm(*algorithm) == appended.hash;
    for (const auto& [unused, key] : keys_)
        if (same_hash && crypto::verify_digest(key, appended.hash, file.unsigned_digest, appended.signature))
            return {};
    return fail(Errc::untrusted,
                where,
                "the one that is appended is of none of the image's keys over the file without it");
}

} // namespace vouchsafe::appraisal

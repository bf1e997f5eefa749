#include "tpm/wire.h"

#include <cstdint>
#include <limits>

namespace vouchsafe::tpm {

AlgId to_alg_id(crypto::HashAlg hash) {
    switch (hash) {
    case crypto::HashAlg::sha1:
        return AlgId::sha1;
    case crypto::HashAlg::sha256:
        return AlgId::sha256;
    case crypto::HashAlg::sha384:
        return AlgId::sha384;
    case crypto::HashAlg::sha512:
        return AlgId::sha512;
    case crypto::HashAlg::sm3_256:
        return AlgId::sm3_256;
    }
    VS_CHECK(false);
}

namespace {

/// The identifier as one of ours. The switch names them all, so that a new one cannot be forgotten.
std::optional<AlgId> known(std::uint16_t raw) {
    const auto id = static_cast<AlgId>(raw);
    switch (id) {
    case AlgId::rsa:
    case AlgId::sha1:
    case AlgId::aes:
    case AlgId::sha256:
    case AlgId::sha384:
    case AlgId::sha512:
    case AlgId::null:
    case AlgId::sm3_256:
    case AlgId::rsassa:
    case AlgId::rsaes:
    case AlgId::rsapss:
    case AlgId::oaep:
    case AlgId::ecdsa:
    case AlgId::ecdh:
    case AlgId::ecc:
    case AlgId::cfb:
        return id;
    }
    return std::nullopt;
}

} // namespace

std::optional<crypto::HashAlg> to_hash(AlgId id) {
    for (const auto hash : {crypto::HashAlg::sha1,
                            crypto::HashAlg::sha256,
                            crypto::HashAlg::sha384,
                            crypto::HashAlg::sha512,
                            crypto::HashAlg::sm3_256})
        if (to_alg_id(hash) == id)
            return hash;
    return std::nullopt;
}

namespace wire {

Result<Buffer> read_sized(Reader& reader, std::size_t most, std::string_view field) {
    VS_TRY(const auto size, reader.big<std::uint16_t>(field));
    if (size > most)
        return fail(Errc::too_large, field, "longer than " + std::to_string(most) + " bytes");
    VS_TRY(const Bytes bytes, reader.take(size, field));
    return to_buffer(bytes);
}

Result<AlgId> read_alg(Reader& reader, std::string_view field) {
    VS_TRY(const auto raw, reader.big<std::uint16_t>(field));
    const auto id = known(raw);
    if (!id)
        return fail(Errc::unsupported, field, "an algorithm that is not known here");
    return *id;
}

Result<crypto::HashAlg> read_hash(Reader& reader, std::string_view field) {
    VS_TRY(const AlgId id, read_alg(reader, field));
    const auto hash = to_hash(id);
    if (!hash)
        return fail(Errc::malformed, field, "not a hash algorithm");
    return *hash;
}

void write_sized(Writer& writer, Bytes bytes) {
    VS_CHECK(bytes.size() <= std::numeric_limits<std::uint16_t>::max());
    writer.big(static_cast<std::uint16_t>(bytes.size())).bytes(bytes);
}

} // namespace wire

} // namespace vouchsafe::tpm

#include "tpm/public_area.h"

#include "base/reader.h"
#include "tpm/wire.h"

#include <cstddef>
#include <string>
#include <utility>

namespace vouchsafe::tpm {

namespace {

constexpr std::size_t most_bytes = 1024;
constexpr std::size_t most_policy = 64;               // SHA-512
constexpr std::size_t most_modulus = 512;             // RSA-4096
constexpr std::size_t most_coordinate = 66;           // P-521
constexpr std::uint32_t rh_endorsement = 0x4000000BU; // TPM_RH_ENDORSEMENT

Result<SymmetricDefinition> read_symmetric(Reader& reader) {
    SymmetricDefinition out;
    VS_TRY(out.algorithm, wire::read_alg(reader, "public.symmetric"));
    if (out.algorithm == AlgId::null)
        return out;
    if (out.algorithm != AlgId::aes)
        return fail(Errc::unsupported, "public.symmetric", "neither AES nor null");
    VS_TRY(out.key_bits, reader.big<std::uint16_t>("public.symmetric"));
    VS_TRY(out.mode, wire::read_alg(reader, "public.symmetric"));
    if (out.mode != AlgId::cfb)
        return fail(Errc::unsupported, "public.symmetric", "another mode than CFB");
    return out;
}

void write_symmetric(Writer& writer, const SymmetricDefinition& symmetric) {
    wire::write_alg(writer, symmetric.algorithm);
    if (symmetric.algorithm == AlgId::null)
        return;
    writer.big(symmetric.key_bits);
    wire::write_alg(writer, symmetric.mode);
}

// RSAES alone has no hash [TPM2 Part 2, TPMU_ASYM_SCHEME].
bool has_hash(AlgId scheme) {
    return scheme != AlgId::null && scheme != AlgId::rsaes;
}

Result<Scheme> read_scheme(Reader& reader, std::initializer_list<AlgId> allowed) {
    Scheme out;
    VS_TRY(out.algorithm, wire::read_alg(reader, "public.scheme"));
    bool known = out.algorithm == AlgId::null;
    for (const AlgId id : allowed)
        known = known || out.algorithm == id;
    if (!known)
        return fail(Errc::unsupported, "public.scheme", "not a scheme of this key type");
    if (has_hash(out.algorithm)) {
        VS_TRY(const crypto::HashAlg hash, wire::read_hash(reader, "public.scheme"));
        out.hash = to_alg_id(hash);
    }
    return out;
}

void write_scheme(Writer& writer, const Scheme& scheme) {
    wire::write_alg(writer, scheme.algorithm);
    if (has_hash(scheme.algorithm))
        wire::write_alg(writer, scheme.hash);
}

Result<RsaArea> read_rsa(Reader& reader) {
    RsaArea out;
    VS_TRY(out.symmetric, read_symmetric(reader));
    VS_TRY(out.scheme, read_scheme(reader, {AlgId::rsassa, AlgId::rsapss, AlgId::rsaes, AlgId::oaep}));
    VS_TRY(out.key_bits, reader.big<std::uint16_t>("public.key_bits"));
    VS_TRY(out.exponent, reader.big<std::uint32_t>("public.exponent"));
    VS_TRY(out.modulus, wire::read_sized(reader, most_modulus, "public.unique"));
    return out;
}

Result<EccCurve> read_curve(Reader& reader) {
    VS_TRY(const auto raw, reader.big<std::uint16_t>("public.curve"));
    for (const EccCurve curve : {EccCurve::nist_p256, EccCurve::nist_p384, EccCurve::nist_p521})
        if (raw == std::to_underlying(curve))
            return curve;
    return fail(Errc::unsupported, "public.curve", "not a NIST curve");
}

Result<EccArea> read_ecc(Reader& reader) {
    EccArea out;
    VS_TRY(out.symmetric, read_symmetric(reader));
    VS_TRY(out.scheme, read_scheme(reader, {AlgId::ecdsa, AlgId::ecdh}));
    VS_TRY(out.curve, read_curve(reader));
    VS_TRY(const AlgId kdf, wire::read_alg(reader, "public.kdf"));
    if (kdf != AlgId::null)
        return fail(Errc::unsupported, "public.kdf", "a key derivation scheme");
    VS_TRY(out.x, wire::read_sized(reader, most_coordinate, "public.unique"));
    VS_TRY(out.y, wire::read_sized(reader, most_coordinate, "public.unique"));
    return out;
}

void write_key(Writer& writer, const RsaArea& rsa) {
    write_symmetric(writer, rsa.symmetric);
    write_scheme(writer, rsa.scheme);
    writer.big(rsa.key_bits).big(rsa.exponent);
    wire::write_sized(writer, rsa.modulus);
}

void write_key(Writer& writer, const EccArea& ecc) {
    write_symmetric(writer, ecc.symmetric);
    write_scheme(writer, ecc.scheme);
    writer.big(std::to_underlying(ecc.curve));
    wire::write_alg(writer, AlgId::null); // KDF
    wire::write_sized(writer, ecc.x);
    wire::write_sized(writer, ecc.y);
}

Result<crypto::PublicKey> sound_key(const RsaArea& rsa) {
    if (rsa.key_bits < 2048 || rsa.modulus.size() * 8 != rsa.key_bits || rsa.modulus.front() < 0x80U)
        return fail(Errc::untrusted, "public.modulus", "not a modulus of the size stated, 2048 bits or more");
    if (rsa.exponent != 0 && rsa.exponent != 65537)
        return fail(Errc::untrusted, "public.exponent", "neither 0 nor 65537");
    auto key = crypto::RsaPublicKey::from_modulus(rsa.modulus);
    if (!key)
        return fail(Errc::untrusted, "public.modulus", key.error().detail);
    return crypto::PublicKey(*std::move(key));
}

Result<crypto::PublicKey> sound_key(const EccArea& ecc) {
    if (ecc.curve == EccCurve::nist_p521)
        return fail(Errc::unsupported, "public.curve", "P-521");
    const auto curve = ecc.curve == EccCurve::nist_p256 ? crypto::Curve::p256 : crypto::Curve::p384;
    auto key = crypto::EcPublicKey::from_coordinates(curve, ecc.x, ecc.y);
    if (!key)
        return fail(Errc::untrusted, "public.point", key.error().detail);
    return crypto::PublicKey(*std::move(key));
}

Buffer with_alg(crypto::HashAlg alg, Bytes digest) {
    Writer writer;
    wire::write_alg(writer, to_alg_id(alg));
    return writer.bytes(digest).done();
}

} // namespace

Result<PublicArea> parse_public_area(Bytes bytes) {
    if (bytes.size() > most_bytes)
        return fail(Errc::too_large, "public", "longer than a public area can be");
    Reader reader(bytes);
    PublicArea out;
    VS_TRY(const AlgId type, wire::read_alg(reader, "public.type"));
    if (type != AlgId::rsa && type != AlgId::ecc)
        return fail(Errc::unsupported, "public.type", "neither an RSA nor an ECC key");
    VS_TRY(out.name_alg, wire::read_hash(reader, "public.name_alg"));
    VS_TRY(out.attributes, reader.big<std::uint32_t>("public.attributes"));
    VS_TRY(out.auth_policy, wire::read_sized(reader, most_policy, "public.auth_policy"));
    if (type == AlgId::rsa) {
        VS_TRY(out.key, read_rsa(reader));
    } else {
        VS_TRY(out.key, read_ecc(reader));
    }
    VS_TRY_VOID(reader.finish("public"));
    return out;
}

Buffer encode(const PublicArea& area) {
    Writer writer;
    wire::write_alg(writer, std::holds_alternative<RsaArea>(area.key) ? AlgId::rsa : AlgId::ecc);
    wire::write_alg(writer, to_alg_id(area.name_alg));
    writer.big(area.attributes);
    wire::write_sized(writer, area.auth_policy);
    std::visit([&writer](const auto& key) { write_key(writer, key); }, area.key);
    return writer.done();
}

Buffer name_of(const PublicArea& area) {
    return with_alg(area.name_alg, crypto::digest(area.name_alg, encode(area)));
}

Buffer qualified_name_under_endorsement(const PublicArea& area) {
    const Buffer parent = Writer().big(rh_endorsement).done();
    return with_alg(area.name_alg, crypto::digest(area.name_alg, {parent, name_of(area)}));
}

Result<crypto::PublicKey> public_key_of(const PublicArea& area) {
    return std::visit([](const auto& key) { return sound_key(key); }, area.key);
}

} // namespace vouchsafe::tpm

#include "tpm/attest.h"

#include "base/reader.h"
#include "tpm/wire.h"

#include <cstddef>
#include <utility>

namespace vouchsafe::tpm {

namespace {

constexpr std::uint32_t generated = 0xFF544347U; // TPM_GENERATED_VALUE
constexpr std::uint16_t attest_quote = 0x8018U;  // TPM_ST_ATTEST_QUOTE
constexpr std::size_t most_attest = 2048;
constexpr std::size_t most_signature = 1024;
constexpr std::size_t most_name = 66; // algorithm and SHA-512
constexpr std::size_t most_digest = 64;
constexpr std::size_t most_rsa = 512;
constexpr std::size_t most_ecc = 66;

Result<ClockInfo> read_clock(Reader& reader) {
    ClockInfo out;
    VS_TRY(out.clock, reader.big<std::uint64_t>("attest.clock"));
    VS_TRY(out.reset_count, reader.big<std::uint32_t>("attest.reset_count"));
    VS_TRY(out.restart_count, reader.big<std::uint32_t>("attest.restart_count"));
    VS_TRY(const auto safe, reader.big<std::uint8_t>("attest.safe"));
    if (safe > 1)
        return fail(Errc::malformed, "attest.safe", "neither yes nor no");
    out.safe = safe == 1;
    return out;
}

} // namespace

Result<QuoteAttest> parse_quote_attest(Bytes bytes) {
    if (bytes.size() > most_attest)
        return fail(Errc::too_large, "attest", "longer than a quote can be");
    Reader reader(bytes);
    QuoteAttest out;
    VS_TRY(const auto magic, reader.big<std::uint32_t>("attest.magic"));
    if (magic != generated)
        return fail(Errc::untrusted, "attest.magic", "not made by a TPM");
    VS_TRY(const auto type, reader.big<std::uint16_t>("attest.type"));
    if (type != attest_quote)
        return fail(Errc::untrusted, "attest.type", "not a quote");
    VS_TRY(out.qualified_signer, wire::read_sized(reader, most_name, "attest.qualified_signer"));
    VS_TRY(out.extra_data, wire::read_sized(reader, most_digest, "attest.extra_data"));
    VS_TRY(out.clock, read_clock(reader));
    VS_TRY(out.firmware_version, reader.big<std::uint64_t>("attest.firmware_version"));
    VS_TRY(out.selection, read_selection(reader));
    VS_TRY(out.pcr_digest, wire::read_sized(reader, most_digest, "attest.pcr_digest"));
    VS_TRY_VOID(reader.finish("attest"));
    return out;
}

Buffer encode(const QuoteAttest& attest) {
    Writer writer;
    writer.big(generated).big(attest_quote);
    wire::write_sized(writer, attest.qualified_signer);
    wire::write_sized(writer, attest.extra_data);
    writer.big(attest.clock.clock).big(attest.clock.reset_count).big(attest.clock.restart_count);
    writer.big(static_cast<std::uint8_t>(attest.clock.safe ? 1 : 0)).big(attest.firmware_version);
    writer.bytes(encode(attest.selection));
    wire::write_sized(writer, attest.pcr_digest);
    return writer.done();
}

Result<Signature> parse_signature(Bytes bytes) {
    if (bytes.size() > most_signature)
        return fail(Errc::too_large, "signature", "longer than a signature can be");
    Reader reader(bytes);
    Signature out;
    VS_TRY(out.scheme, wire::read_alg(reader, "signature.scheme"));
    const bool rsa = out.scheme == AlgId::rsassa || out.scheme == AlgId::rsapss;
    if (!rsa && out.scheme != AlgId::ecdsa)
        return fail(Errc::unsupported, "signature.scheme", "neither RSASSA, RSAPSS nor ECDSA");
    VS_TRY(const crypto::HashAlg hash, wire::read_hash(reader, "signature.hash"));
    out.hash = to_alg_id(hash);
    if (rsa) {
        RsaSignature value;
        VS_TRY(value.bytes, wire::read_sized(reader, most_rsa, "signature.rsa"));
        out.value = std::move(value);
    } else {
        EcdsaSignature value;
        VS_TRY(value.r, wire::read_sized(reader, most_ecc, "signature.r"));
        VS_TRY(value.s, wire::read_sized(reader, most_ecc, "signature.s"));
        out.value = std::move(value);
    }
    VS_TRY_VOID(reader.finish("signature"));
    return out;
}

Buffer encode(const Signature& signature) {
    Writer writer;
    wire::write_alg(writer, signature.scheme);
    wire::write_alg(writer, signature.hash);
    if (const auto* rsa = std::get_if<RsaSignature>(&signature.value)) {
        wire::write_sized(writer, rsa->bytes);
    } else {
        const auto& ecdsa = std::get<EcdsaSignature>(signature.value);
        wire::write_sized(writer, ecdsa.r);
        wire::write_sized(writer, ecdsa.s);
    }
    return writer.done();
}

} // namespace vouchsafe::tpm

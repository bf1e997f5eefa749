#include "tpmdev/conversion.h"

#include "tpm/algorithm.h"

#include <tss2/tss2_mu.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string>

namespace vouchsafe::tpmdev {

namespace {

constexpr std::size_t half_unique = 32;

// Unmarshals exactly these bytes.
template <class T, class Unmarshal>
Result<T> unmarshal(Bytes bytes, std::string_view where, Unmarshal&& from_wire) {
    T out{};
    std::size_t offset = 0;
    if (from_wire(bytes.data(), bytes.size(), &offset, &out) != TSS2_RC_SUCCESS || offset != bytes.size())
        return fail(Errc::malformed, where, "not what it should be");
    return out;
}

template <class T, class Marshal>
Result<Buffer> marshal(const T& value, std::string_view where, Marshal&& to_wire) {
    Buffer out(sizeof(T) + 64);
    std::size_t size = 0;
    if (to_wire(&value, out.data(), out.size(), &size) != TSS2_RC_SUCCESS)
        return fail(Errc::internal, where, "cannot be marshalled");
    out.resize(size);
    return out;
}

std::optional<crypto::HashAlg> bank_of(TPMI_ALG_HASH id) {
    return tpm::to_hash(static_cast<tpm::AlgId>(id));
}

// Four characters in a number, as TPM properties carry text; what cannot be printed is left out.
std::string letters(std::uint32_t value) {
    std::string out;
    for (const unsigned shift : {24U, 16U, 8U, 0U})
        if (const auto letter = static_cast<unsigned char>(value >> shift); std::isprint(letter) != 0)
            out.push_back(static_cast<char>(letter));
    return out;
}

std::string version_text(std::uint32_t high, std::uint32_t low) {
    constexpr std::uint32_t half = 0xFFFF;
    return std::to_string(high >> 16U) + "." + std::to_string(high & half) + "." +
           std::to_string(low >> 16U) + "." + std::to_string(low & half);
}

void trim(std::string& text) {
    while (text.ends_with(' '))
        text.pop_back();
}

} // namespace

Result<TPM2B_PUBLIC> to_public(const tpm::PublicArea& area) {
    TPM2B_PUBLIC out{};
    VS_TRY(out.publicArea,
           unmarshal<TPMT_PUBLIC>(tpm::encode(area), "tpmdev.public", Tss2_MU_TPMT_PUBLIC_Unmarshal));
    return out;
}

Result<tpm::PublicArea> to_public_area(const TPMT_PUBLIC& area) {
    VS_TRY(const Buffer bytes, marshal(area, "tpmdev.public", Tss2_MU_TPMT_PUBLIC_Marshal));
    return tpm::parse_public_area(bytes);
}

Result<Buffer> to_bytes(const TPMT_SIGNATURE& signature) {
    return marshal(signature, "tpmdev.signature", Tss2_MU_TPMT_SIGNATURE_Marshal);
}

Result<TPM2B_ID_OBJECT> to_id_object(Bytes blob) {
    return unmarshal<TPM2B_ID_OBJECT>(blob, "tpmdev.credential", Tss2_MU_TPM2B_ID_OBJECT_Unmarshal);
}

Result<TPM2B_ENCRYPTED_SECRET> to_encrypted_secret(Bytes secret) {
    return unmarshal<TPM2B_ENCRYPTED_SECRET>(
        secret, "tpmdev.credential", Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal);
}

Result<TPM2B_DATA> to_data(Bytes bytes) {
    TPM2B_DATA out{};
    if (bytes.size() > sizeof out.buffer)
        return fail(Errc::too_large, "tpmdev.qualifying_data", "longer than a TPM takes");
    out.size = static_cast<std::uint16_t>(bytes.size());
    std::ranges::copy(bytes, out.buffer);
    return out;
}

Result<TPML_DIGEST_VALUES> to_digest_values(const std::vector<std::pair<crypto::HashAlg, Buffer>>& digests) {
    TPML_DIGEST_VALUES out{};
    if (digests.size() > std::size(out.digests))
        return fail(Errc::too_large, "tpmdev.extend", "more banks than a TPM has");
    for (const auto& [bank, digest] : digests) {
        if (digest.size() != crypto::digest_size(bank))
            return fail(Errc::malformed, "tpmdev.extend", "a digest of another size than its bank's");
        TPMT_HA& one = out.digests[out.count++];
        one.hashAlg = std::to_underlying(tpm::to_alg_id(bank));
        std::memcpy(&one.digest, digest.data(), digest.size());
    }
    return out;
}

TPML_PCR_SELECTION to_selection(const tpm::PcrSelectionList& selection) {
    TPML_PCR_SELECTION out{};
    VS_CHECK(selection.size() <= std::size(out.pcrSelections));
    for (const tpm::PcrSelection& one : selection) {
        TPMS_PCR_SELECTION& raw = out.pcrSelections[out.count++];
        raw.hash = std::to_underlying(tpm::to_alg_id(one.bank));
        raw.sizeofSelect = tpm::pcr_count / 8;
        for (unsigned octet = 0; octet < raw.sizeofSelect; ++octet)
            raw.pcrSelect[octet] = static_cast<std::uint8_t>(one.bits >> (8U * octet));
    }
    return out;
}

tpm::PcrSelectionList to_selection(const TPML_PCR_SELECTION& selection) {
    tpm::PcrSelectionList out;
    for (const TPMS_PCR_SELECTION& raw :
         std::span(selection.pcrSelections)
             .first(std::min<std::size_t>(selection.count, TPM2_NUM_PCR_BANKS))) {
        const auto bank = bank_of(raw.hash);
        if (!bank)
            continue;
        std::uint32_t bits = 0;
        for (unsigned octet = 0; octet < raw.sizeofSelect && octet < tpm::pcr_count / 8; ++octet)
            bits |= std::uint32_t{raw.pcrSelect[octet]} << (8U * octet);
        out.push_back({.bank = *bank, .bits = bits});
    }
    return out;
}

Result<void> take_values(const tpm::PcrSelectionList& read,
                         const TPML_DIGEST& values,
                         tpm::PcrSelectionList& rest,
                         tpm::PcrValues& out) {
    std::size_t next = 0;
    for (const tpm::PcrSelection& one : read) {
        const auto wanted = std::ranges::find(rest, one.bank, &tpm::PcrSelection::bank);
        for (unsigned pcr = 0; pcr < tpm::pcr_count; ++pcr) {
            if (!one.has(pcr))
                continue;
            if (next >= values.count || next >= std::size(values.digests) || wanted == rest.end() ||
                !wanted->has(pcr))
                return fail(Errc::unavailable, "tpmdev.read_pcrs", "the TPM answers something else");
            const TPM2B_DIGEST& value = values.digests[next++];
            out[one.bank][pcr] = Buffer(value.buffer, value.buffer + value.size);
            wanted->bits &= ~(1U << pcr);
        }
    }
    if (next == 0)
        return fail(Errc::unavailable, "tpmdev.read_pcrs", "the TPM answers nothing that was asked");
    return {};
}

void describe_properties(const TPML_TAGGED_TPM_PROPERTY& properties, TpmFacts& facts) {
    std::uint32_t version_high = 0;
    std::uint32_t version_low = 0;
    for (const TPMS_TAGGED_PROPERTY& property :
         std::span(properties.tpmProperty)
             .first(std::min<std::size_t>(properties.count, TPM2_MAX_TPM_PROPERTIES))) {
        switch (property.property) { // numbers of the specification, in ascending order
        case TPM2_PT_MANUFACTURER:
            facts.manufacturer = letters(property.value);
            break;
        case TPM2_PT_VENDOR_STRING_1:
        case TPM2_PT_VENDOR_STRING_2:
        case TPM2_PT_VENDOR_STRING_3:
        case TPM2_PT_VENDOR_STRING_4:
            facts.model += letters(property.value);
            break;
        case TPM2_PT_FIRMWARE_VERSION_1:
            version_high = property.value;
            break;
        case TPM2_PT_FIRMWARE_VERSION_2:
            version_low = property.value;
            break;
        default:
            break;
        }
    }
    facts.firmware_version = version_text(version_high, version_low);
    trim(facts.manufacturer);
    trim(facts.model);
}

void set_unique(TPMT_PUBLIC& area, const Secret& unique) {
    VS_CHECK(unique.size() == 2 * half_unique);
    unique.expose([&area](Bytes bytes) {
        if (area.type == TPM2_ALG_ECC) {
            area.unique.ecc.x.size = half_unique;
            area.unique.ecc.y.size = half_unique;
            std::ranges::copy(bytes.first(half_unique), area.unique.ecc.x.buffer);
            std::ranges::copy(bytes.subspan(half_unique), area.unique.ecc.y.buffer);
        } else {
            area.unique.rsa.size = 2 * half_unique;
            std::ranges::copy(bytes, area.unique.rsa.buffer);
        }
    });
}

void copy_secret(const Secret& secret, std::uint16_t& size, std::span<std::uint8_t> buffer) {
    VS_CHECK(secret.size() <= buffer.size());
    size = static_cast<std::uint16_t>(secret.size());
    secret.expose([buffer](Bytes bytes) { std::ranges::copy(bytes, buffer.begin()); });
}

} // namespace vouchsafe::tpmdev

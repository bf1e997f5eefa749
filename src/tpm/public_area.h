// A key's public area: TPMT_PUBLIC parsed from bytes, its Name, and its public key.
#pragma once

#include "base/bytes.h"
#include "crypto/signature.h"
#include "tpm/algorithm.h"

#include <cstdint>
#include <variant>

namespace vouchsafe::tpm {

/// [TPM2 Part 2, TPMA_OBJECT]: the bits.
namespace attribute {
inline constexpr std::uint32_t fixed_tpm = 1U << 1U;
inline constexpr std::uint32_t st_clear = 1U << 2U;
inline constexpr std::uint32_t fixed_parent = 1U << 4U;
inline constexpr std::uint32_t sensitive_data_origin = 1U << 5U;
inline constexpr std::uint32_t user_with_auth = 1U << 6U;
inline constexpr std::uint32_t admin_with_policy = 1U << 7U;
inline constexpr std::uint32_t no_da = 1U << 10U;
inline constexpr std::uint32_t encrypted_duplication = 1U << 11U;
inline constexpr std::uint32_t restricted = 1U << 16U;
inline constexpr std::uint32_t decrypt = 1U << 17U;
inline constexpr std::uint32_t sign = 1U << 18U;
} // namespace attribute

/// TPMT_SYM_DEF_OBJECT: null, or AES in CFB mode.
struct SymmetricDefinition {
    AlgId algorithm = AlgId::null;
    std::uint16_t key_bits = 0;
    AlgId mode = AlgId::null;

    friend bool operator==(const SymmetricDefinition&, const SymmetricDefinition&) = default;
};

/// TPMT_RSA_SCHEME, TPMT_ECC_SCHEME: null, or a scheme with its hash.
struct Scheme {
    AlgId algorithm = AlgId::null;
    AlgId hash = AlgId::null;

    friend bool operator==(const Scheme&, const Scheme&) = default;
};

struct RsaArea {
    SymmetricDefinition symmetric;
    Scheme scheme;
    std::uint16_t key_bits = 0;
    std::uint32_t exponent = 0; ///< 0 means 65537
    Buffer modulus;             ///< `unique`

    friend bool operator==(const RsaArea&, const RsaArea&) = default;
};

struct EccArea {
    SymmetricDefinition symmetric;
    Scheme scheme;
    EccCurve curve = EccCurve::nist_p256;
    Buffer x; ///< `unique`
    Buffer y;

    friend bool operator==(const EccArea&, const EccArea&) = default;
};

/// TPMT_PUBLIC of an asymmetric key.
struct PublicArea {
    crypto::HashAlg name_alg = crypto::HashAlg::sha256;
    std::uint32_t attributes = 0;
    Buffer auth_policy;
    std::variant<RsaArea, EccArea> key;

    friend bool operator==(const PublicArea&, const PublicArea&) = default;
};

/// The marshalled TPMT_PUBLIC (a TPM2B_PUBLIC without its size). Only RSA and ECC keys without a KDF, only
/// algorithms of AlgId; at most 1 KiB; no trailing bytes.
Result<PublicArea> parse_public_area(Bytes bytes);
/// The inverse; what was parsed encodes to the same bytes.
Buffer encode(const PublicArea& area);

/// nameAlg ‖ H_nameAlg(TPMT_PUBLIC)  [TPM2 Part 1, Names]
Buffer name_of(const PublicArea& area);
/// The qualified name of a primary key of the endorsement hierarchy:
/// nameAlg ‖ H_nameAlg(TPM_RH_ENDORSEMENT ‖ Name)  [TPM2 Part 1, Qualified Name]
Buffer qualified_name_under_endorsement(const PublicArea& area);

/// The key in the form that crypto verifies with; `untrusted` where it is no sound key (a point off its
/// curve, an RSA modulus under 2048 bits or of another size than it says, an odd exponent).
Result<crypto::PublicKey> public_key_of(const PublicArea& area);

} // namespace vouchsafe::tpm

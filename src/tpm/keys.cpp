#include "tpm/keys.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace vouchsafe::tpm {

namespace {

// PolicyA: PolicySecret(TPM_RH_ENDORSEMENT). PolicyB: PolicyA, or PolicyAuthorizeNV of the maker's index.
constexpr std::string_view policy_a_sha256 =
    "837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa";
constexpr std::string_view policy_b_sha256 =
    "ca3d0a99a2b93906f7a3342414efcfb3a385d44cd1fd459089d19b5071c0b7a0";
constexpr std::string_view policy_b_sha384 =
    "b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419ca"
    "cb47ba09699646150f9fc000f3f80e12";

constexpr std::uint32_t low_attributes = attribute::fixed_tpm | attribute::fixed_parent |
                                         attribute::sensitive_data_origin | attribute::admin_with_policy |
                                         attribute::restricted | attribute::decrypt;
constexpr std::uint32_t high_attributes = low_attributes | attribute::user_with_auth;

constexpr std::uint32_t ak_attributes = attribute::restricted | attribute::sign | attribute::fixed_tpm |
                                        attribute::fixed_parent | attribute::sensitive_data_origin |
                                        attribute::user_with_auth;

// Which key a template is for: RSA by its size, ECC by its curve.
struct KeyKind {
    std::uint16_t rsa_bits = 0;
    std::optional<EccCurve> curve = std::nullopt;

    friend bool operator==(const KeyKind&, const KeyKind&) = default;
};

struct Template {
    std::string_view name;
    KeyKind kind;
    crypto::HashAlg name_alg;
    std::uint32_t attributes;
    std::string_view policy; ///< hex
    std::uint16_t aes_bits;
};

constexpr auto sha256 = crypto::HashAlg::sha256;
constexpr auto sha384 = crypto::HashAlg::sha384;

// [TCG EK Credential Profile 2.5, annex B]
constexpr std::array templates = {
    Template{"L-1", {.rsa_bits = 2048}, sha256, low_attributes, policy_a_sha256, 128},
    Template{"L-2", {.curve = EccCurve::nist_p256}, sha256, low_attributes, policy_a_sha256, 128},
    Template{"H-1", {.rsa_bits = 2048}, sha256, high_attributes, policy_b_sha256, 128},
    Template{"H-2", {.curve = EccCurve::nist_p256}, sha256, high_attributes, policy_b_sha256, 128},
    Template{"H-3", {.curve = EccCurve::nist_p384}, sha384, high_attributes, policy_b_sha384, 256},
    Template{"H-6", {.rsa_bits = 3072}, sha384, high_attributes, policy_b_sha384, 256},
    Template{"H-7", {.rsa_bits = 4096}, sha384, high_attributes, policy_b_sha384, 256},
};

KeyKind kind_of(const PublicArea& area) {
    if (const auto* rsa = std::get_if<RsaArea>(&area.key))
        return {.rsa_bits = rsa->key_bits};
    return {.curve = std::get<EccArea>(area.key).curve};
}

const Scheme& scheme_of(const PublicArea& area) {
    return std::visit([](const auto& key) -> const Scheme& { return key.scheme; }, area.key);
}

const SymmetricDefinition& symmetric_of(const PublicArea& area) {
    return std::visit([](const auto& key) -> const SymmetricDefinition& { return key.symmetric; }, area.key);
}

// The first check in which an area and a template differ, and how far it came.
struct Disagreement {
    int step;
    std::string_view where;
};

std::optional<Disagreement> disagreement(const PublicArea& area, const Template& model) {
    if (kind_of(area) != model.kind)
        return Disagreement{1, "ek.key_kind"};
    if (area.name_alg != model.name_alg)
        return Disagreement{2, "ek.name_alg"};
    if (area.attributes != model.attributes)
        return Disagreement{3, "ek.attributes"};
    if (to_hex(area.auth_policy) != model.policy)
        return Disagreement{4, "ek.auth_policy"};
    if (symmetric_of(area) != SymmetricDefinition{AlgId::aes, model.aes_bits, AlgId::cfb})
        return Disagreement{5, "ek.symmetric"};
    if (scheme_of(area) != Scheme{})
        return Disagreement{6, "ek.scheme"};
    return std::nullopt;
}

EccArea signing_key(EccCurve curve, AlgId hash) {
    return {.symmetric = {}, .scheme = {AlgId::ecdsa, hash}, .curve = curve, .x = {}, .y = {}};
}

Result<void> check_ak_scheme(const PublicArea& area) {
    const Scheme& scheme = scheme_of(area);
    const auto* ecc = std::get_if<EccArea>(&area.key);
    const bool known = ecc != nullptr
                           ? scheme.algorithm == AlgId::ecdsa
                           : scheme.algorithm == AlgId::rsassa || scheme.algorithm == AlgId::rsapss;
    if (!known || (scheme.hash != AlgId::sha256 && scheme.hash != AlgId::sha384))
        return fail(Errc::untrusted,
                    "ak.scheme",
                    "the signing scheme is not ECDSA, RSASSA or RSAPSS by SHA-256 or SHA-384");
    const EccCurve curve = scheme.hash == AlgId::sha256 ? EccCurve::nist_p256 : EccCurve::nist_p384;
    if (ecc != nullptr && ecc->curve != curve)
        return fail(Errc::untrusted, "ak.curve", "the curve is not P-256 by SHA-256 or P-384 by SHA-384");
    if (symmetric_of(area) != SymmetricDefinition{})
        return fail(Errc::untrusted, "ak.symmetric", "a signing key with a symmetric algorithm");
    return {};
}

} // namespace

Result<EndorsementKey> EndorsementKey::from(PublicArea area) {
    Disagreement closest{0, {}}; // with the template that the area resembles most
    for (const Template& model : templates) {
        const auto differs = disagreement(area, model);
        if (!differs) {
            VS_TRY(crypto::PublicKey key, public_key_of(area));
            return EndorsementKey(std::move(area), std::move(key), model.name);
        }
        if (differs->step > closest.step)
            closest = *differs;
    }
    return fail(Errc::untrusted, closest.where, "the endorsement key follows none of the TCG's templates");
}

PublicArea ek_template(std::string_view name) {
    const auto* const model =
        std::ranges::find_if(templates, [name](const Template& one) { return one.name == name; });
    VS_CHECK(model != templates.end());
    PublicArea area{.name_alg = model->name_alg,
                    .attributes = model->attributes,
                    .auth_policy = *from_hex(model->policy),
                    .key = {}};
    const SymmetricDefinition symmetric{AlgId::aes, model->aes_bits, AlgId::cfb};
    const bool zeros = name.starts_with('L');
    if (model->kind.curve) {
        const std::size_t size = zeros ? 32 : 0;
        area.key = EccArea{.symmetric = symmetric,
                           .scheme = {},
                           .curve = *model->kind.curve,
                           .x = Buffer(size),
                           .y = Buffer(size)};
    } else {
        area.key = RsaArea{.symmetric = symmetric,
                           .scheme = {},
                           .key_bits = model->kind.rsa_bits,
                           .exponent = 0,
                           .modulus = Buffer(zeros ? 256 : 0)};
    }
    return area;
}

PublicArea ak_template(AkKind kind) {
    PublicArea area{
        .name_alg = sha256, .attributes = ak_attributes | attribute::no_da, .auth_policy = {}, .key = {}};
    switch (kind) {
    case AkKind::ecc_p256:
        area.key = signing_key(EccCurve::nist_p256, AlgId::sha256);
        break;
    case AkKind::ecc_p384:
        area.key = signing_key(EccCurve::nist_p384, AlgId::sha384);
        break;
    case AkKind::rsa_2048:
        area.key = RsaArea{.symmetric = {},
                           .scheme = {AlgId::rsassa, AlgId::sha256},
                           .key_bits = 2048,
                           .exponent = 0,
                           .modulus = {}};
        break;
    }
    return area;
}

Result<AttestationKey> AttestationKey::from(PublicArea area) {
    if ((area.attributes & ak_attributes) != ak_attributes)
        return fail(
            Errc::untrusted, "ak.attributes", "not a restricted signing key that its TPM made and keeps");
    if ((area.attributes & attribute::decrypt) != 0)
        return fail(Errc::untrusted, "ak.decrypt", "a key that also decrypts");
    if ((area.attributes & ~(ak_attributes | attribute::no_da)) != 0)
        return fail(Errc::untrusted, "ak.attributes", "an attribute that an attestation key must not have");
    if (!area.auth_policy.empty())
        return fail(Errc::untrusted, "ak.auth_policy", "an authorisation policy");
    if (area.name_alg != crypto::HashAlg::sha256)
        return fail(Errc::untrusted, "ak.name_alg", "the name algorithm is not SHA-256");
    VS_TRY_VOID(check_ak_scheme(area));
    VS_TRY(crypto::PublicKey key, public_key_of(area));
    return AttestationKey(std::move(area), std::move(key));
}

const Scheme& AttestationKey::scheme() const {
    return scheme_of(area_);
}

} // namespace vouchsafe::tpm

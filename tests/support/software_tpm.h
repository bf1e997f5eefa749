// A TPM in a few lines: keys, PCRs, quotes and credentials made with crypto keys, for tests of verifiers.
// It follows the structures of the real one (what tpmdev gets from swtpm), and can be told to lie.
#pragma once

#include "base/reader.h"
#include "crypto/ec_key.h"
#include "tpm/credential.h"
#include "tpm/quote.h"

#include <cstdint>
#include <map>
#include <utility>

namespace vouchsafe::test {

class SoftwareTpm {
public:
    SoftwareTpm() = default;

    /// With an EK that somebody certified.
    explicit SoftwareTpm(crypto::EcPrivateKey ek) : ek_(std::move(ek)) {}

    /// Template L-2.
    tpm::PublicArea ek_area() const {
        tpm::PublicArea area = ecc_area(ek_.public_key());
        area.attributes = 0x000300B2;
        area.auth_policy = *from_hex("837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa");
        std::get<tpm::EccArea>(area.key).symmetric = {tpm::AlgId::aes, 128, tpm::AlgId::cfb};
        return area;
    }

    tpm::PublicArea ak_area() const {
        tpm::PublicArea area = ecc_area(ak_.public_key());
        area.attributes = 0x00050072;
        std::get<tpm::EccArea>(area.key).scheme = {tpm::AlgId::ecdsa, tpm::AlgId::sha256};
        return area;
    }

    tpm::EndorsementKey ek() const {
        auto key = tpm::EndorsementKey::from(ek_area());
        VS_CHECK(key.has_value());
        return *std::move(key);
    }

    tpm::AttestationKey ak() const {
        auto key = tpm::AttestationKey::from(ak_area());
        VS_CHECK(key.has_value());
        return *std::move(key);
    }

    const crypto::EcPublicKey& ek_key() const { return ek_.public_key(); }

    /// Another AK under the same EK.
    void replace_ak() { ak_ = crypto::EcPrivateKey::generate(); }

    /// TPM2_ActivateCredential.
    Result<Secret> activate(const tpm::Credential& credential) const {
        Reader outer(credential.secret);
        VS_TRY(const auto size, outer.big<std::uint16_t>("secret"));
        VS_TRY(Reader point, outer.sub(size, "secret"));
        VS_TRY(const Buffer x, coordinate(point));
        VS_TRY(const Buffer y, coordinate(point));
        VS_TRY(const auto ephemeral, crypto::EcPublicKey::from_coordinates(crypto::Curve::p256, x, y));
        VS_TRY(const Secret z, crypto::ecdh_p256(ek_, ephemeral));
        const Buffer counter = Writer().big(std::uint32_t{1}).done();
        const Secret seed = z.expose([&](Bytes shared) {
            const std::string_view label("IDENTITY\0", 9);
            return Secret(Bytes(crypto::digest(crypto::HashAlg::sha256,
                                               {counter, shared, as_bytes(label), x, ek_.public_key().x()})));
        });
        return tpm::open_credential(ek_area(), seed, ak().name(), credential.blob);
    }

    struct SignedQuote {
        Buffer attest;
        Buffer signature;
        tpm::PcrValues values;
    };

    /// TPM2_Quote: banks that are asked for and not allocated come back without bits.
    SignedQuote quote(const tpm::PcrSelectionList& asked, Bytes qualifying_data) const {
        tpm::QuoteAttest attest{.qualified_signer = tpm::qualified_name_under_endorsement(ak_area()),
                                .extra_data = to_buffer(qualifying_data),
                                .clock = clock,
                                .firmware_version = firmware_version,
                                .selection = asked,
                                .pcr_digest = {}};
        SignedQuote out;
        for (tpm::PcrSelection& one : attest.selection) {
            const auto bank = pcrs.find(one.bank);
            if (bank == pcrs.end()) {
                one.bits = 0;
                continue;
            }
            for (unsigned pcr = 0; pcr < tpm::pcr_count; ++pcr)
                if (one.has(pcr))
                    out.values[one.bank][pcr] = bank->second.contains(pcr)
                                                    ? bank->second.at(pcr)
                                                    : Buffer(crypto::digest_size(one.bank));
        }
        auto digest = tpm::pcr_digest(crypto::HashAlg::sha256, attest.selection, out.values);
        VS_CHECK(digest.has_value());
        attest.pcr_digest = *std::move(digest);
        out.attest = tpm::encode(attest);
        out.signature = sign(out.attest);
        return out;
    }

    /// What no TPM would sign with this key, for tests.
    Buffer sign(Bytes attest) const {
        const crypto::Es256Signature raw = crypto::sign_es256(ak_, attest);
        return tpm::encode(
            tpm::Signature{.scheme = tpm::AlgId::ecdsa,
                           .hash = tpm::AlgId::sha256,
                           .value = tpm::EcdsaSignature{.r = Buffer(raw.begin(), raw.begin() + 32),
                                                        .s = Buffer(raw.begin() + 32, raw.end())}});
    }

    /// Allocated banks; a PCR that is not named is zero.
    tpm::PcrValues pcrs = {{crypto::HashAlg::sha256, {}}};
    tpm::ClockInfo clock{.clock = 100'000, .reset_count = 7, .restart_count = 0, .safe = true};
    std::uint64_t firmware_version = 0x2019102300163636U;

private:
    static tpm::PublicArea ecc_area(const crypto::EcPublicKey& key) {
        return {.name_alg = crypto::HashAlg::sha256,
                .attributes = 0,
                .auth_policy = {},
                .key = tpm::EccArea{.symmetric = {},
                                    .scheme = {},
                                    .curve = tpm::EccCurve::nist_p256,
                                    .x = key.x(),
                                    .y = key.y()}};
    }

    static Result<Buffer> coordinate(Reader& reader) {
        VS_TRY(const auto size, reader.big<std::uint16_t>("point"));
        VS_TRY(const Bytes bytes, reader.take(size, "point"));
        return to_buffer(bytes);
    }

    crypto::EcPrivateKey ek_ = crypto::EcPrivateKey::generate();
    crypto::EcPrivateKey ak_ = crypto::EcPrivateKey::generate();
};

} // namespace vouchsafe::test

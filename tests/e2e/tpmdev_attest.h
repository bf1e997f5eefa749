// All that an attestation asks of a TPM, judged by the library `tpm`.
#pragma once

#include "crypto/digest.h"
#include "crypto/random.h"
#include "tpm/quote.h"
#include "tpmdev/tpm_device.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace vouchsafe::tpmdev {

inline const tpm::PcrSelectionList asked = {{crypto::HashAlg::sha256, 0xFFFF}};

inline AttestationKeySeed seed(char letter = 'a') {
    return {.unique = Secret(as_bytes(std::string(64, letter))),
            .auth = Secret(as_bytes(std::string(32, 'p')))};
}

inline TpmDevice open(const std::string& tcti) {
    auto device = TpmDevice::open(tcti);
    VS_CHECK(device.has_value());
    return *std::move(device);
}

/// A quote over a fresh nonce, verified.
inline Result<void> quote(TpmDevice& device, const tpm::AttestationKey& ak) {
    const Buffer nonce = crypto::SystemRandom().bytes(32);
    VS_TRY(const QuoteAnswer answer, device.quote(asked, nonce));
    VS_TRY_VOID(tpm::verify_quote(
        {.attest = answer.attest, .signature = answer.signature, .values = answer.values},
        ak,
        {.qualifying_data = nonce, .selection = asked, .policy_bank = crypto::HashAlg::sha256}));
    return {};
}

/// The AK of the seed, loaded.
inline Result<tpm::AttestationKey>
load_key(TpmDevice& device, std::optional<tpm::AkKind> kind = {}, char letter = 'a') {
    VS_TRY(const Buffer made,
           kind ? device.load_attestation_key(seed(letter), *kind)
                : device.load_attestation_key(seed(letter)));
    VS_TRY(const auto area, tpm::parse_public_area(made));
    return tpm::AttestationKey::from(area);
}

/// The keys that it was done with.
struct Attested {
    std::string ek;
    tpm::Scheme ak;
};

/// Facts, endorsement, AK, credential, quote; or the first error.
inline Result<Attested> attest(TpmDevice& device, std::optional<tpm::AkKind> kind = {}, char letter = 'a') {
    crypto::SystemRandom random;
    VS_TRY_VOID(device.facts());
    VS_TRY(const Endorsement endorsement, device.endorsement());
    VS_TRY(const auto ek_area, tpm::parse_public_area(endorsement.ek_public));
    VS_TRY(const auto ek, tpm::EndorsementKey::from(ek_area));
    VS_TRY(const auto ak, load_key(device, kind, letter));
    const Secret secret = random.secret(32);
    VS_TRY(const auto credential, tpm::make_credential(ek, ak.name(), secret, random));
    VS_TRY(const Secret opened, device.activate_credential(credential));
    EXPECT_TRUE(crypto::equal(opened, secret));
    VS_TRY_VOID(quote(device, ak));
    return Attested{.ek = std::string(ek.template_name()), .ak = ak.scheme()};
}

inline Result<Attested> attest(const std::string& tcti, std::optional<tpm::AkKind> kind = {}) {
    TpmDevice device = open(tcti);
    return attest(device, kind);
}

template <class T> std::string error_of(const Result<T>& result) {
    return result ? "" : result.error().where + ": " + result.error().detail;
}

} // namespace vouchsafe::tpmdev

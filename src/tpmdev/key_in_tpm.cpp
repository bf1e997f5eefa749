#include "tpmdev/key_in_tpm.h"

#include "tpmdev/conversion.h"

#include <utility>

namespace vouchsafe::tpmdev {

namespace {

// Everything but the key itself.
bool same_kind(const tpm::PublicArea& a, const tpm::PublicArea& b) {
    const auto* const rsa_a = std::get_if<tpm::RsaArea>(&a.key);
    const auto* const rsa_b = std::get_if<tpm::RsaArea>(&b.key);
    return a.name_alg == b.name_alg && a.attributes == b.attributes && a.auth_policy == b.auth_policy &&
           rsa_a != nullptr && rsa_b != nullptr && rsa_a->symmetric == rsa_b->symmetric &&
           rsa_a->scheme == rsa_b->scheme && rsa_a->key_bits == rsa_b->key_bits;
}

Result<void> set_auth(ESYS_CONTEXT* esys, const Loaded& key, const TPM2B_AUTH& auth) {
    return check(Esys_TR_SetAuth(esys, key.handle(), &auth), "tpmdev.auth");
}

// Whether the key takes the authorisation value that it was given: tried with a quote of no PCR.
Result<void> try_auth(ESYS_CONTEXT* esys, const KeyInTpm& key) {
    const TPMT_SIG_SCHEME own_scheme{.scheme = TPM2_ALG_NULL, .details = {}};
    const TPML_PCR_SELECTION no_pcrs{};
    const TPM2B_DATA nothing{};
    TPM2B_ATTEST* attest = nullptr;
    TPMT_SIGNATURE* signature = nullptr;
    const auto done = check(Esys_Quote(esys,
                                       key.loaded.handle(),
                                       ESYS_TR_PASSWORD,
                                       ESYS_TR_NONE,
                                       ESYS_TR_NONE,
                                       &nothing,
                                       &own_scheme,
                                       &no_pcrs,
                                       &attest,
                                       &signature),
                            "tpmdev.kept_key");
    const Answer<TPM2B_ATTEST> free_attest(attest);
    const Answer<TPMT_SIGNATURE> free_signature(signature);
    return done;
}

// TPM2_EvictControl: keeps a key that is loaded, or forgets one that was kept.
Result<Loaded> evict_control(ESYS_CONTEXT* esys, const KeyInTpm& key, TPM2_HANDLE place) {
    ESYS_TR handle = ESYS_TR_NONE;
    VS_TRY_VOID(check(Esys_EvictControl(esys,
                                        ESYS_TR_RH_OWNER,
                                        key.loaded.handle(),
                                        ESYS_TR_PASSWORD,
                                        ESYS_TR_NONE,
                                        ESYS_TR_NONE,
                                        place,
                                        &handle),
                      "tpmdev.keep_key",
                      Hierarchy::owner));
    return Loaded(esys, handle, Loaded::Lifetime::stays);
}

} // namespace

Result<KeyInTpm>
create_primary(ESYS_CONTEXT* esys, TPM2B_SENSITIVE_CREATE& sensitive, const TPM2B_PUBLIC& model) {
    const TPM2B_DATA outside{};
    const TPML_PCR_SELECTION no_pcrs{};
    ESYS_TR handle = ESYS_TR_NONE;
    TPM2B_PUBLIC* made = nullptr;
    VS_TRY_VOID(check(Esys_CreatePrimary(esys,
                                         ESYS_TR_RH_ENDORSEMENT,
                                         ESYS_TR_PASSWORD,
                                         ESYS_TR_NONE,
                                         ESYS_TR_NONE,
                                         &sensitive,
                                         &model,
                                         &outside,
                                         &no_pcrs,
                                         &handle,
                                         &made,
                                         nullptr,
                                         nullptr,
                                         nullptr),
                      "tpmdev.create_primary",
                      Hierarchy::endorsement));
    const Answer<TPM2B_PUBLIC> made_public(made);
    Loaded loaded(esys, handle, Loaded::Lifetime::flush);
    VS_TRY(tpm::PublicArea area, to_public_area(made_public->publicArea));
    return KeyInTpm{.loaded = std::move(loaded), .area = std::move(area)};
}

Result<KeyInTpm> persistent_key(ESYS_CONTEXT* esys, TPM2_HANDLE place) {
    ESYS_TR handle = ESYS_TR_NONE;
    VS_TRY_VOID(check(Esys_TR_FromTPMPublic(esys, place, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &handle),
                      "tpmdev.persistent_key"));
    Loaded loaded(esys, handle, Loaded::Lifetime::stays);
    TPM2B_PUBLIC* found = nullptr;
    VS_TRY_VOID(check(
        Esys_ReadPublic(esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &found, nullptr, nullptr),
        "tpmdev.persistent_key"));
    const Answer<TPM2B_PUBLIC> found_public(found);
    VS_TRY(tpm::PublicArea area, to_public_area(found_public->publicArea));
    return KeyInTpm{.loaded = std::move(loaded), .area = std::move(area)};
}

Result<KeyInTpm>
made_attestation_key(ESYS_CONTEXT* esys, TPM2B_SENSITIVE_CREATE& sensitive, const TPM2B_PUBLIC& model) {
    VS_TRY(KeyInTpm made, create_primary(esys, sensitive, model));
    VS_TRY_VOID(set_auth(esys, made.loaded, sensitive.sensitive.userAuth));
    return made;
}

Result<KeyInTpm>
kept_attestation_key(ESYS_CONTEXT* esys, TPM2B_SENSITIVE_CREATE& sensitive, const TPM2B_PUBLIC& model) {
    const TPM2B_AUTH& auth = sensitive.sensitive.userAuth;
    VS_TRY(const tpm::PublicArea wanted, to_public_area(model.publicArea));
    auto kept = persistent_key(esys, kept_ak_handle);
    if (!kept && kept.error().code != Errc::not_found)
        return kept;
    if (kept && same_kind(kept->area, wanted)) {
        VS_TRY_VOID(set_auth(esys, kept->loaded, auth));
        // Nobody else knows the value: a key that takes it is the one made with it.
        const auto ours = try_auth(esys, *kept);
        if (ours)
            return kept;
        if (ours.error().code != Errc::denied)
            return std::unexpected(ours.error());
        if (evict_control(esys, *kept, kept_ak_handle))
            kept = fail(Errc::not_found, "tpmdev.kept_key", "forgotten");
    }
    VS_TRY(KeyInTpm made, made_attestation_key(esys, sensitive, model));
    if (!kept)
        if (auto keeping = evict_control(esys, made, kept_ak_handle))
            made.loaded = *std::move(keeping); // and what was loaded is flushed
    VS_TRY_VOID(set_auth(esys, made.loaded, auth));
    return made;
}

} // namespace vouchsafe::tpmdev

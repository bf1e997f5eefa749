#include "tpmdev/key_in_tpm.h"

#include "tpmdev/conversion.h"

#include <utility>

namespace vouchsafe::tpmdev {

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
                      "tpmdev.create_primary"));
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

} // namespace vouchsafe::tpmdev

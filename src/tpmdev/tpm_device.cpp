#include "tpmdev/tpm_device.h"

#include "crypto/signature.h"
#include "crypto/x509.h"
#include "tpm/attest.h"
#include "tpm/keys.h"
#include "tpmdev/conversion.h"
#include "tpmdev/esys.h"
#include "tpmdev/key_in_tpm.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace vouchsafe::tpmdev {

namespace {

// Where the TCG's profiles put an EK and its certificate [TCG EK Credential Profile; PC Client PTP].
struct EkPlace {
    std::string_view name; ///< of the template
    TPM2_HANDLE certificate;
    TPM2_HANDLE persistent;
};

constexpr std::array ek_places = {
    EkPlace{"L-1", 0x01C00002, 0x81010001},
    EkPlace{"L-2", 0x01C0000A, 0x81010002},
    EkPlace{"H-1", 0x01C00012, 0x81010012},
    EkPlace{"H-2", 0x01C00014, 0x81010014},
    EkPlace{"H-3", 0x01C00016, 0x81010016},
};

constexpr std::size_t most_certificate = 8192;
constexpr std::uint16_t nv_chunk = 512;
constexpr int most_quotes = 8; ///< tries while PCRs move between quote and reading

// What a certificate's NV index holds, without the padding, where it is this key's certificate.
std::optional<Buffer> certificate_of(const tpm::PublicArea& key, Bytes stored) {
    const auto certificate = crypto::Certificate::from_der(stored, crypto::Padding::tolerated);
    if (!certificate)
        return std::nullopt; // whatever else the maker left there
    const auto certified = certificate->public_key();
    const auto own = tpm::public_key_of(key);
    if (!certified || !own || crypto::spki_der(*certified) != crypto::spki_der(*own))
        return std::nullopt;
    return certificate->der();
}

// The EK that is kept at this place, where it is one by its template.
Result<KeyInTpm> kept_ek(ESYS_CONTEXT* esys, const EkPlace& place) {
    VS_TRY(KeyInTpm found, persistent_key(esys, place.persistent));
    VS_TRY(const auto key, tpm::EndorsementKey::from(found.area));
    if (key.template_name() != place.name)
        return fail(Errc::not_found, "tpmdev.persistent_key", "a key of another template");
    return found;
}

} // namespace

struct TpmDevice::Impl {
    explicit Impl(Esys opened) : connection(std::move(opened)), esys(connection.get()) {}

    Result<KeyInTpm> load_ek(const EkPlace& place);
    Result<Endorsement> endorsement_without_certificate();
    Result<Buffer> read_nv(TPM2_HANDLE index);
    Result<Loaded> endorsement_policy_session();
    Result<Answer<TPMS_CAPABILITY_DATA>> capability(TPM2_CAP kind, std::uint32_t first, std::uint32_t count);
    Result<QuoteAnswer> quote_once(const TPML_PCR_SELECTION& selection, const TPM2B_DATA& qualifying);

    Esys connection;
    ESYS_CONTEXT* esys;
    const EkPlace* ek_place = nullptr; ///< the one that `endorsement` chose
    Loaded ak;
    crypto::HashAlg ak_hash = crypto::HashAlg::sha256; ///< that it signs with
};

Result<KeyInTpm> TpmDevice::Impl::load_ek(const EkPlace& place) {
    if (auto found = kept_ek(esys, place))
        return found;
    VS_TRY(const TPM2B_PUBLIC model, to_public(tpm::ek_template(place.name)));
    TPM2B_SENSITIVE_CREATE sensitive{};
    return create_primary(esys, sensitive, model);
}

Result<Buffer> TpmDevice::Impl::read_nv(TPM2_HANDLE index) {
    ESYS_TR handle = ESYS_TR_NONE;
    VS_TRY_VOID(check(Esys_TR_FromTPMPublic(esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &handle),
                      "tpmdev.certificate"));
    const Loaded nv(esys, handle, Loaded::Lifetime::stays);
    TPM2B_NV_PUBLIC* raw_public = nullptr;
    VS_TRY_VOID(check(
        Esys_NV_ReadPublic(esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &raw_public, nullptr),
        "tpmdev.certificate"));
    const Answer<TPM2B_NV_PUBLIC> nv_public(raw_public);
    const std::size_t size = nv_public->nvPublic.dataSize;
    if (size > most_certificate)
        return fail(Errc::too_large, "tpmdev.certificate", "an NV index larger than any certificate");
    const bool by_itself = (nv_public->nvPublic.attributes & TPMA_NV_AUTHREAD) != 0;

    Buffer out;
    while (out.size() < size) {
        const auto chunk = static_cast<std::uint16_t>(std::min<std::size_t>(nv_chunk, size - out.size()));
        TPM2B_MAX_NV_BUFFER* raw = nullptr;
        VS_TRY_VOID(check(Esys_NV_Read(esys,
                                       by_itself ? handle : ESYS_TR_RH_OWNER,
                                       handle,
                                       ESYS_TR_PASSWORD,
                                       ESYS_TR_NONE,
                                       ESYS_TR_NONE,
                                       chunk,
                                       static_cast<std::uint16_t>(out.size()),
                                       &raw),
                          "tpmdev.certificate",
                          by_itself ? Hierarchy::none : Hierarchy::owner));
        const Answer<TPM2B_MAX_NV_BUFFER> piece(raw);
        if (piece->size == 0)
            return fail(Errc::unavailable, "tpmdev.certificate", "the TPM answers with nothing");
        out.insert(out.end(), piece->buffer, piece->buffer + piece->size);
    }
    return out;
}

Result<Loaded> TpmDevice::Impl::endorsement_policy_session() {
    const TPMT_SYM_DEF symmetric{.algorithm = TPM2_ALG_NULL, .keyBits = {}, .mode = {}};
    ESYS_TR handle = ESYS_TR_NONE;
    VS_TRY_VOID(check(Esys_StartAuthSession(esys,
                                            ESYS_TR_NONE,
                                            ESYS_TR_NONE,
                                            ESYS_TR_NONE,
                                            ESYS_TR_NONE,
                                            ESYS_TR_NONE,
                                            nullptr,
                                            TPM2_SE_POLICY,
                                            &symmetric,
                                            TPM2_ALG_SHA256,
                                            &handle),
                      "tpmdev.session"));
    Loaded session(esys, handle, Loaded::Lifetime::flush);
    VS_TRY_VOID(check(Esys_PolicySecret(esys,
                                        ESYS_TR_RH_ENDORSEMENT,
                                        handle,
                                        ESYS_TR_PASSWORD,
                                        ESYS_TR_NONE,
                                        ESYS_TR_NONE,
                                        nullptr,
                                        nullptr,
                                        nullptr,
                                        0,
                                        nullptr,
                                        nullptr),
                      "tpmdev.policy_secret",
                      Hierarchy::endorsement));
    return session;
}

Result<Answer<TPMS_CAPABILITY_DATA>>
TpmDevice::Impl::capability(TPM2_CAP kind, std::uint32_t first, std::uint32_t count) {
    TPMI_YES_NO more = TPM2_NO;
    TPMS_CAPABILITY_DATA* raw = nullptr;
    VS_TRY_VOID(check(
        Esys_GetCapability(esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, kind, first, count, &more, &raw),
        "tpmdev.capability"));
    return Answer<TPMS_CAPABILITY_DATA>(raw);
}

TpmDevice::TpmDevice(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

TpmDevice::TpmDevice(TpmDevice&&) noexcept = default;
TpmDevice& TpmDevice::operator=(TpmDevice&&) noexcept = default;
TpmDevice::~TpmDevice() = default;

Result<TpmDevice> TpmDevice::open(const std::string& tcti) {
    VS_TRY(Esys connection, Esys::open(tcti));
    return TpmDevice(std::make_unique<Impl>(std::move(connection)));
}

Result<TpmFacts> TpmDevice::facts() {
    TpmFacts out;
    VS_TRY(const auto properties,
           impl_->capability(TPM2_CAP_TPM_PROPERTIES, TPM2_PT_FIXED, TPM2_MAX_TPM_PROPERTIES));
    describe_properties(properties->data.tpmProperties, out);
    VS_TRY(const auto banks, impl_->capability(TPM2_CAP_PCRS, 0, 1));
    for (const tpm::PcrSelection& bank : to_selection(banks->data.assignedPCR)) {
        out.implemented_banks.push_back(bank.bank);
        if (bank.bits != 0)
            out.allocated.push_back(bank);
    }
    return out;
}

Result<Endorsement> TpmDevice::endorsement() {
    for (const EkPlace& place : ek_places) {
        const auto stored = impl_->read_nv(place.certificate);
        if (!stored && stored.error().code == Errc::not_found)
            continue; // no need to make its key
        if (!stored)
            return std::unexpected(stored.error());
        const auto key = impl_->load_ek(place);
        if (!key && key.error().code == Errc::unsupported)
            continue; // a certificate for what this TPM cannot make (any more)
        if (!key)
            return std::unexpected(key.error());
        if (auto certificate = certificate_of(key->area, *stored)) {
            impl_->ek_place = &place;
            return Endorsement{.ek_public = tpm::encode(key->area),
                               .certificates = {*std::move(certificate)}};
        }
    }
    return impl_->endorsement_without_certificate();
}

Result<Endorsement> TpmDevice::Impl::endorsement_without_certificate() {
    auto key = load_ek(ek_places.front());
    ek_place = &ek_places.front();
    for (const EkPlace& place : std::span(ek_places).subspan(1)) {
        if (key || key.error().code != Errc::unsupported)
            break;
        key = load_ek(place);
        ek_place = &place;
    }
    if (!key)
        return std::unexpected(key.error());
    return Endorsement{.ek_public = tpm::encode(key->area), .certificates = {}};
}

Result<std::vector<tpm::AkKind>> TpmDevice::attestation_key_kinds() {
    const auto curves = impl_->capability(TPM2_CAP_ECC_CURVES, 0, TPM2_MAX_ECC_CURVES);
    if (!curves && curves.error().code != Errc::unsupported) // a TPM without curves may not know the question
        return std::unexpected(curves.error());
    std::vector<tpm::AkKind> out;
    const auto add = [&](TPM2_ECC_CURVE curve, tpm::AkKind kind) {
        const auto& list = (*curves)->data.eccCurves;
        const auto* const end = list.eccCurves + std::min<std::size_t>(list.count, TPM2_MAX_ECC_CURVES);
        if (std::find(list.eccCurves, end, curve) != end)
            out.push_back(kind);
    };
    if (curves) {
        add(TPM2_ECC_NIST_P256, tpm::AkKind::ecc_p256);
        add(TPM2_ECC_NIST_P384, tpm::AkKind::ecc_p384);
    }
    out.push_back(tpm::AkKind::rsa_2048);
    return out;
}

Result<Buffer> TpmDevice::load_attestation_key(const AttestationKeySeed& seed) {
    VS_TRY(const auto kinds, attestation_key_kinds());
    Result<Buffer> made = fail(Errc::unsupported, "tpmdev.create_primary");
    for (const tpm::AkKind kind : kinds) {
        made = load_attestation_key(seed, kind);
        if (made || made.error().code != Errc::unsupported)
            break;
    }
    return made;
}

Result<Buffer> TpmDevice::load_attestation_key(const AttestationKeySeed& seed, tpm::AkKind kind) {
    impl_->ak = {};
    VS_TRY(TPM2B_PUBLIC model, to_public(tpm::ak_template(kind)));
    set_unique(model.publicArea, seed.unique);
    TPM2B_SENSITIVE_CREATE sensitive{};
    copy_secret(seed.auth, sensitive.sensitive.userAuth.size, sensitive.sensitive.userAuth.buffer);
    auto key = kind == tpm::AkKind::rsa_2048 ? kept_attestation_key(impl_->esys, sensitive, model)
                                             : made_attestation_key(impl_->esys, sensitive, model);
    wipe_value(model);
    wipe_value(sensitive);
    if (!key)
        return std::unexpected(std::move(key).error());
    impl_->ak = std::move(key->loaded);
    impl_->ak_hash = kind == tpm::AkKind::ecc_p384 ? crypto::HashAlg::sha384 : crypto::HashAlg::sha256;
    return tpm::encode(key->area);
}

Result<Secret> TpmDevice::activate_credential(const tpm::Credential& credential) {
    VS_CHECK(impl_->ak && impl_->ek_place != nullptr); // load_attestation_key and endorsement come first
    VS_TRY(const TPM2B_ID_OBJECT blob, to_id_object(credential.blob));
    VS_TRY(const TPM2B_ENCRYPTED_SECRET secret, to_encrypted_secret(credential.secret));
    VS_TRY(const KeyInTpm ek, impl_->load_ek(*impl_->ek_place));
    // A low template's key is used by policy alone, a high one's also by its (empty) password.
    Loaded session;
    if ((ek.area.attributes & tpm::attribute::user_with_auth) == 0) {
        VS_TRY(session, impl_->endorsement_policy_session());
    }
    TPM2B_DIGEST* raw = nullptr;
    VS_TRY_VOID(check(Esys_ActivateCredential(impl_->esys,
                                              impl_->ak.handle(),
                                              ek.loaded.handle(),
                                              ESYS_TR_PASSWORD,
                                              session ? session.handle() : ESYS_TR_PASSWORD,
                                              ESYS_TR_NONE,
                                              &blob,
                                              &secret,
                                              &raw),
                      "tpmdev.activate_credential"));
    const Answer<TPM2B_DIGEST> opened(raw);
    Secret out(Bytes(opened->buffer, opened->size));
    wipe_value(*opened);
    return out;
}

Result<QuoteAnswer> TpmDevice::Impl::quote_once(const TPML_PCR_SELECTION& selection,
                                                const TPM2B_DATA& qualifying) {
    const TPMT_SIG_SCHEME own_scheme{.scheme = TPM2_ALG_NULL, .details = {}};
    TPM2B_ATTEST* raw_attest = nullptr;
    TPMT_SIGNATURE* raw_signature = nullptr;
    VS_TRY_VOID(check(Esys_Quote(esys,
                                 ak.handle(),
                                 ESYS_TR_PASSWORD,
                                 ESYS_TR_NONE,
                                 ESYS_TR_NONE,
                                 &qualifying,
                                 &own_scheme,
                                 &selection,
                                 &raw_attest,
                                 &raw_signature),
                      "tpmdev.quote"));
    const Answer<TPM2B_ATTEST> attest(raw_attest);
    const Answer<TPMT_SIGNATURE> signature(raw_signature);
    VS_TRY(Buffer signature_bytes, to_bytes(*signature));
    return QuoteAnswer{.attest = Buffer(attest->attestationData, attest->attestationData + attest->size),
                       .signature = std::move(signature_bytes),
                       .values = {}};
}

Result<QuoteAnswer> TpmDevice::quote(const tpm::PcrSelectionList& selection, Bytes qualifying_data) {
    VS_CHECK(impl_->ak); // load_attestation_key comes first
    const TPML_PCR_SELECTION wanted = to_selection(selection);
    VS_TRY(const TPM2B_DATA qualifying, to_data(qualifying_data));
    for (int i = 0; i < most_quotes; ++i) {
        VS_TRY(QuoteAnswer answer, impl_->quote_once(wanted, qualifying));
        VS_TRY(const tpm::QuoteAttest attest, tpm::parse_quote_attest(answer.attest));
        VS_TRY(answer.values, read_pcrs(attest.selection));
        VS_TRY(const Buffer digest, tpm::pcr_digest(impl_->ak_hash, attest.selection, answer.values));
        if (digest == attest.pcr_digest)
            return answer;
    }
    return fail(Errc::unavailable, "tpmdev.quote", "PCRs keep changing while they are quoted");
}

Result<tpm::PcrValues> TpmDevice::read_pcrs(const tpm::PcrSelectionList& selection) {
    tpm::PcrSelectionList rest = selection;
    tpm::PcrValues out;
    while (true) { // a TPM gives at most eight values at a time
        const TPML_PCR_SELECTION wanted = to_selection(rest);
        TPML_PCR_SELECTION* raw_selection = nullptr;
        TPML_DIGEST* raw_values = nullptr;
        VS_TRY_VOID(check(Esys_PCR_Read(impl_->esys,
                                        ESYS_TR_NONE,
                                        ESYS_TR_NONE,
                                        ESYS_TR_NONE,
                                        &wanted,
                                        nullptr,
                                        &raw_selection,
                                        &raw_values),
                          "tpmdev.read_pcrs"));
        const Answer<TPML_PCR_SELECTION> read(raw_selection);
        const Answer<TPML_DIGEST> values(raw_values);
        if (values->count == 0)
            return out; // the rest is not allocated
        VS_TRY_VOID(take_values(to_selection(*read), *values, rest, out));
    }
}

Result<void> TpmDevice::extend(unsigned pcr, const std::vector<std::pair<crypto::HashAlg, Buffer>>& digests) {
    VS_CHECK(pcr < tpm::pcr_count);
    VS_TRY(const TPML_DIGEST_VALUES values, to_digest_values(digests));
    return check(Esys_PCR_Extend(
                     impl_->esys, ESYS_TR_PCR0 + pcr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &values),
                 "tpmdev.extend");
}

} // namespace vouchsafe::tpmdev

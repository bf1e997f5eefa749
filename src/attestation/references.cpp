#include "attestation/references.h"

#include "crypto/signature.h"
#include "json/write.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace vouchsafe::attestation {

namespace {

using inventory::RevocationKind;

constexpr std::size_t most_certificates = 16;

std::string fingerprint(const crypto::Certificate& certificate) {
    return to_hex(certificate.fingerprint());
}

// Roles come from the whole entry: an intermediate whose root is revoked does not become an anchor.
void add_ca(TrustedCas& cas, const inventory::CaCertificate& ca) {
    std::vector<crypto::Certificate> chain;
    for (const std::string& pem : ca.chain)
        if (auto certificate = crypto::Certificate::from_pem(pem))
            chain.push_back(*std::move(certificate));
    const auto roles = crypto::roles_of(chain);
    for (std::size_t index = 0; index < chain.size(); ++index) {
        const std::string digest = fingerprint(chain[index]);
        if (cas.revoked.contains(digest))
            continue;
        if (roles[index] == crypto::CaRole::anchor)
            cas.names[digest] = {.name = ca.name, .lab = ca.lab};
        cas.certificates.add(std::move(chain[index]), roles[index]);
    }
}

std::set<std::string> revoked_cas(const inventory::AuthorityState& state) {
    std::set<std::string> out;
    if (const auto kind = state.revocations.find(RevocationKind::ca); kind != state.revocations.end())
        for (const auto& [value, revocation] : kind->second)
            out.insert(value);
    return out;
}

std::shared_ptr<const TrustedCas> cas_of(const inventory::AuthorityState& state, const References* before) {
    if (before != nullptr && before->cas->imported == state.cas && before->cas->revoked == revoked_cas(state))
        return before->cas;
    return std::make_shared<const TrustedCas>(TrustedCas::of(state));
}

std::shared_ptr<const ApprovedImages> images_of(const inventory::AuthorityState& state,
                                                const References* before) {
    std::vector<const inventory::BaseImage*> approved;
    std::vector<std::string> digests;
    for (const auto& [version, image] : state.images)
        if (!state.is_revoked(RevocationKind::image, version)) {
            approved.push_back(&image);
            digests.push_back(image.digest);
        }
    if (before != nullptr && before->images->digests == digests)
        return before->images;
    auto out = std::make_shared<ApprovedImages>();
    out->digests = std::move(digests);
    for (const inventory::BaseImage* const image : approved)
        if (auto parsed = appraisal::parse_base_image(as_bytes(json::canonical(*image->document))))
            out->images.push_back(*std::move(parsed));
    out->index.emplace(out->images);
    return out;
}

// The EK's own certificate: the first one, and only if it is of this key.
std::optional<crypto::Certificate> own_certificate(const CertificationQuestion& question) {
    if (question.certificates.empty())
        return std::nullopt;
    auto certificate =
        crypto::Certificate::from_der(question.certificates.front(), crypto::Padding::tolerated);
    if (!certificate)
        return std::nullopt;
    const auto key = certificate->public_key();
    if (!key || crypto::spki_der(*key) != crypto::spki_der(question.ek.key()))
        return std::nullopt;
    return *std::move(certificate);
}

// The path from the certificate to a CA that was imported; one that has expired where there is no other.
Result<std::vector<crypto::Certificate>> path_of(const CertificationQuestion& question,
                                                 const crypto::Certificate& leaf) {
    std::vector<crypto::Certificate> intermediates;
    for (const Buffer& der : question.certificates.subspan(1)) {
        if (intermediates.size() == most_certificates)
            break;
        if (auto certificate = crypto::Certificate::from_der(der, crypto::Padding::tolerated))
            intermediates.push_back(*std::move(certificate));
    }
    crypto::EkChainRequest request{
        .leaf = leaf, .intermediates = intermediates, .cas = question.cas.certificates, .now = question.now};
    auto path = crypto::verify_ek_chain(request);
    if (!path && path.error().where == "x509.expired") {
        request.expiry = crypto::Expiry::tolerated;
        path = crypto::verify_ek_chain(request);
    }
    if (!path)
        return path;
    for (const crypto::Certificate& certificate : *path)
        if (question.state.is_revoked(RevocationKind::ca, fingerprint(certificate)))
            return fail(Errc::untrusted, "x509.revoked", "a CA on the path is revoked");
    return path;
}

crypto::Validity validity_of(std::span<const crypto::Certificate> path) {
    crypto::Validity out{.not_before = path.front().not_before(), .not_after = path.front().not_after()};
    for (const crypto::Certificate& certificate : path) {
        out.not_before = std::max(out.not_before, certificate.not_before());
        out.not_after = std::min(out.not_after, certificate.not_after());
    }
    return out;
}

inventory::TpmModel model_of(const crypto::Certificate& certificate) {
    const auto facts = crypto::ek_facts(certificate);
    if (!facts)
        return {};
    return {.manufacturer = crypto::manufacturer_name(facts->manufacturer),
            .model = facts->model,
            .firmware_version = facts->version};
}

// A revocation names a digest and no algorithm: it counts for every one of its length.
appraisal::FileDigests revoked_files_of(const inventory::AuthorityState& state) {
    using appraisal::Algorithm;
    std::map<Algorithm, std::vector<Buffer>> out;
    if (const auto kind = state.revocations.find(RevocationKind::file); kind != state.revocations.end())
        for (const auto& [value, revocation] : kind->second)
            if (const auto digest = from_hex(value))
                for (const auto algorithm :
                     {Algorithm::sha256, Algorithm::sm3_256, Algorithm::sha384, Algorithm::sha512})
                    if (eventlog::digest_size(algorithm) == digest->size())
                        out[algorithm].push_back(*digest);
    return appraisal::FileDigests::of(out);
}

SetFirmwareByBank firmware_of(const inventory::AuthorityState& state) {
    SetFirmwareByBank out;
    for (const auto& [name, set] : state.firmware_sets)
        for (const inventory::FirmwarePin& one : set.firmware)
            if (auto firmware = to_pin(one))
                out[set.bank].push_back({.set = name, .firmware = *std::move(firmware)});
    return out;
}

} // namespace

std::optional<appraisal::FirmwarePin> to_pin(const inventory::FirmwarePin& firmware) {
    auto pcr0 = from_hex(firmware.pcr0);
    auto pcr2 = from_hex(firmware.pcr2);
    if (!pcr0 || !pcr2)
        return std::nullopt;
    return appraisal::FirmwarePin{
        .pcr0 = *std::move(pcr0), .pcr2 = *std::move(pcr2), .version = firmware.version};
}

TrustedCas TrustedCas::of(const inventory::AuthorityState& state) {
    TrustedCas out;
    out.imported = state.cas;
    out.revoked = revoked_cas(state);
    for (const auto& [name, ca] : state.cas)
        add_ca(out, ca);
    return out;
}

References References::of(const inventory::AuthorityState& state, const References* before) {
    References out{.revision = state.revision,
                   .cas = cas_of(state, before),
                   .images = images_of(state, before),
                   .registered = {},
                   .firmware = firmware_of(state),
                   .revoked_files = revoked_files_of(state)};
    for (const auto& [name, key] : state.endorsement_keys)
        out.registered.insert(key.ek_digest);
    return out;
}

Result<Certification> certify(const CertificationQuestion& question) {
    const auto certificate = own_certificate(question);
    if (!certificate)
        return fail(Errc::untrusted, "endorsement.no_certificate");
    const auto path = path_of(question, *certificate);
    if (!path)
        return fail(Errc::untrusted, "endorsement.certificate");
    const auto name = question.cas.names.find(fingerprint(path->back()));
    VS_CHECK(name != question.cas.names.end()); // the path ends at an anchor
    return Certification{.ca = name->second,
                         .certificate = certificate->der(),
                         .tpm = model_of(*certificate),
                         .validity = validity_of(*path)};
}

Endorsement judge_endorsement(const EndorsementQuestion& question) {
    const inventory::Settings& settings = question.settings;
    const Result<Certification>& certification = question.certification;
    Endorsement out;
    out.registered = question.references.registered.contains(question.ek_digest);
    // TPMs outlive their certificates: once somebody registered the EK, it matters no more that one expired.
    const bool expired = certification && question.now > certification->validity.not_after && !out.registered;
    const bool certified = certification && !expired;
    if (certified) {
        out.ca = certification->ca.name;
        out.lab = certification->ca.lab;
        out.certificate = certification->certificate;
        out.tpm = certification->tpm;
    }
    if (!certified && settings.require_certificate_validation)
        out.failure = expired ? "endorsement.expired" : certification.error().where;
    else if (!certified && !out.registered && settings.require_endorsement_keys)
        out.failure = "endorsement.absent";
    return out;
}

bool lacks_registration(const inventory::Settings& settings,
                        const References& references,
                        const std::string& ek_digest) {
    return settings.require_endorsement_keys && !settings.unsafe_auto_enrol &&
           !references.registered.contains(ek_digest);
}

} // namespace vouchsafe::attestation

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

void add_ca(References& references,
            const inventory::CaCertificate& ca,
            const inventory::AuthorityState& state) {
    bool first = true;
    for (const std::string& pem : ca.chain) {
        const auto certificate = crypto::Certificate::from_pem(pem);
        const bool is_anchor = std::exchange(first, false);
        if (!certificate || state.is_revoked(RevocationKind::ca, fingerprint(*certificate)))
            continue;
        if (is_anchor) {
            references.names[fingerprint(*certificate)] = {.name = ca.name, .lab = ca.lab};
            references.anchors.push_back(*certificate);
        } else {
            references.intermediates.push_back(*certificate);
        }
    }
}

// The EK's own certificate: the first one, and only if it is of this key.
std::optional<crypto::Certificate> own_certificate(const EndorsementQuestion& question) {
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

// The CA that was imported and the certificate leads to.
std::optional<NamedCa> certified_by(const EndorsementQuestion& question, const crypto::Certificate& leaf) {
    const References& references = question.references;
    std::vector<crypto::Certificate> intermediates;
    for (const Buffer& der : question.certificates.subspan(1)) {
        if (intermediates.size() == most_certificates)
            break;
        if (auto certificate = crypto::Certificate::from_der(der, crypto::Padding::tolerated))
            intermediates.push_back(*std::move(certificate));
    }
    intermediates.insert(
        intermediates.end(), references.intermediates.begin(), references.intermediates.end());
    const auto path = crypto::verify_chain({.leaf = leaf,
                                            .intermediates = intermediates,
                                            .anchors = references.anchors,
                                            .now = question.now,
                                            .purpose = crypto::Purpose::ek});
    if (!path)
        return std::nullopt;
    for (const crypto::Certificate& certificate : *path)
        if (question.state.is_revoked(RevocationKind::ca, fingerprint(certificate)))
            return std::nullopt;
    const auto name = references.names.find(fingerprint(path->back()));
    VS_CHECK(name != references.names.end()); // the path ends at an anchor
    return name->second;
}

inventory::TpmModel model_of(const crypto::Certificate& certificate) {
    const auto facts = crypto::ek_facts(certificate);
    if (!facts)
        return {};
    return {.manufacturer = crypto::manufacturer_name(facts->manufacturer),
            .model = facts->model,
            .firmware_version = facts->version};
}

} // namespace

References References::of(const inventory::AuthorityState& state) {
    References out;
    out.revision = state.revision;
    for (const auto& [name, ca] : state.cas)
        add_ca(out, ca, state);
    for (const auto& [version, image] : state.images) {
        if (state.is_revoked(RevocationKind::image, version))
            continue;
        if (auto parsed = appraisal::parse_base_image(as_bytes(json::canonical(image.document))))
            out.images.push_back(*std::move(parsed));
    }
    return out;
}

Endorsement judge_endorsement(const EndorsementQuestion& question) {
    const inventory::Settings& settings = question.state.settings;
    Endorsement out;
    out.registered = question.state.endorsement_key_by_digest(question.ek_digest) != nullptr;
    const auto certificate = own_certificate(question);
    const auto ca = certificate ? certified_by(question, *certificate) : std::nullopt;
    if (ca) {
        out.ca = ca->name;
        out.lab = ca->lab;
        out.certificate = certificate->der();
        out.tpm = model_of(*certificate);
    }
    if (!ca && settings.require_certificate_validation)
        out.failure = certificate ? "endorsement.certificate" : "endorsement.no_certificate";
    else if (!ca && !out.registered && settings.require_endorsement_keys)
        out.failure = "endorsement.absent";
    return out;
}

bool lacks_registration(const inventory::AuthorityState& state, std::string_view ek_digest) {
    return state.settings.require_endorsement_keys && !state.settings.unsafe_auto_enrol &&
           state.endorsement_key_by_digest(ek_digest) == nullptr;
}

} // namespace vouchsafe::attestation

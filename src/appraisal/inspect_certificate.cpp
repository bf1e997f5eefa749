#include "appraisal/inspect_certificate.h"

#include "appraisal/weak_tpms.h"
#include "crypto/ca_set.h"
#include "crypto/x509_bundle.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace vouchsafe::appraisal {

namespace {

using crypto::Certificate;

Result<std::vector<Certificate>> read_certificates(Bytes file) {
    if (as_text(file).find("-----BEGIN") != std::string_view::npos)
        return crypto::certificates_from_pem(as_text(file));
    VS_TRY(Certificate one, Certificate::from_der(file, crypto::Padding::tolerated));
    return std::vector{std::move(one)};
}

Result<crypto::CaSet> read_cas(std::span<const Buffer> files) {
    crypto::CaSet out;
    for (std::size_t index = 0; index < files.size(); ++index) {
        const auto some = crypto::certificates_from_bundle(files[index]);
        if (!some) {
            Error error = some.error();
            error.detail = "CA file " + std::to_string(index + 1) + ": " + error.detail;
            return std::unexpected(std::move(error));
        }
        for (const auto& one : *some)
            if (one) // what does not parse trusts nothing
                out.add(*one, crypto::CaRole::anchor);
    }
    return out;
}

json::Value certificate_json(const Certificate& one) {
    return json::object({{"subject", one.subject()},
                         {"issuer", one.issuer()},
                         {"serial", one.serial()},
                         {"key", one.key_algorithm()},
                         {"not_before", to_text(one.not_before())},
                         {"not_after", to_text(one.not_after())},
                         {"sha256", to_hex(one.fingerprint())}});
}

json::Value tpm_json(const Certificate& leaf) {
    const auto facts = crypto::ek_facts(leaf);
    if (!facts)
        return {};
    return json::object({{"manufacturer", crypto::manufacturer_name(facts->manufacturer)},
                         {"model", facts->model},
                         {"version", facts->version}});
}

InspectReport report(Verdict verdict, json::Value path, json::Value reason, json::Value tpm) {
    return {.verdict = verdict,
            .json = json::object({{"verified", verdict == Verdict::fine},
                                  {"path", std::move(path)},
                                  {"reason", std::move(reason)},
                                  {"tpm", std::move(tpm)}})};
}

bool is_factorable(const Certificate& leaf) {
    const auto key = leaf.public_key();
    const auto* const rsa = key ? std::get_if<crypto::RsaPublicKey>(&*key) : nullptr;
    return rsa != nullptr && has_roca_fingerprint(rsa->modulus());
}

json::Value reason_json(const Error& error) {
    return json::object({{"code", error.where}, {"message", error.detail}});
}

} // namespace

InspectReport
inspect_ek_certificate(Bytes certificate, std::span<const Buffer> cas, SysTime now, crypto::Expiry expiry) {
    const auto given = read_certificates(certificate);
    if (!given)
        return report(Verdict::malformed, json::Array{}, reason_json(given.error()), {});
    const Certificate& leaf = given->front();
    if (is_factorable(leaf))
        return report(Verdict::does_not_verify,
                      json::Array{},
                      reason_json({.code = Errc::untrusted,
                                   .where = "tpm.weak",
                                   .detail = "the key was made by faulty firmware and can be factored "
                                             "(ROCA, CVE-2017-15361)"}),
                      tpm_json(leaf));
    const auto anchors = read_cas(cas);
    if (!anchors)
        return report(Verdict::malformed, json::Array{}, reason_json(anchors.error()), tpm_json(leaf));
    const auto path = crypto::verify_ek_chain({.leaf = leaf,
                                               .intermediates = std::span(*given).subspan(1),
                                               .cas = *anchors,
                                               .now = now,
                                               .expiry = expiry});
    if (!path)
        return report(Verdict::does_not_verify, json::Array{}, reason_json(path.error()), tpm_json(leaf));
    return report(Verdict::fine, json::array_of(*path, certificate_json), {}, tpm_json(leaf));
}

} // namespace vouchsafe::appraisal

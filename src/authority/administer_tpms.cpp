// TPM makers beyond the API: files of CA certificates, imported as a whole and reported one by one; faults of
// TPMs, and whether they are accepted.
#include "appraisal/weak_tpms.h"
#include "authority/administration.h"
#include "crypto/ca_set.h"
#include "crypto/x509_bundle.h"

#include <array>
#include <map>
#include <optional>
#include <utility>

namespace vouchsafe::authority {

namespace {

using crypto::Certificate;

constexpr std::string_view swtpm_name = "swtpm"; ///< software TPMs name themselves in their CAs

/// What became of one certificate of the file.
struct Outcome {
    std::string_view word; ///< "anchor", "intermediate", "repeated", "known", "refused"
    std::string detail;
};

json::Value to_json(std::size_t index, const Result<Certificate>& one, const Outcome& outcome) {
    json::Value row = json::object(
        {{"index", static_cast<std::int64_t>(index)}, {"outcome", outcome.word}, {"detail", outcome.detail}});
    if (!one)
        return row;
    json::Object& members = row.as_object();
    members.emplace("subject", one->subject());
    members.emplace("issuer", one->issuer());
    members.emplace("key", one->key_algorithm());
    members.emplace("not_after", to_text(one->not_after()));
    members.emplace("sha256", to_hex(one->fingerprint()));
    return row;
}

/// By the SHA-256 of each certificate that is imported already, the name of its entry.
std::map<std::string, std::string> known_certificates(const inventory::AuthorityState& state) {
    std::map<std::string, std::string> out;
    for (const auto& [name, ca] : state.cas)
        for (const std::string& pem : ca.chain)
            if (const auto certificate = Certificate::from_pem(pem))
                out.emplace(to_hex(certificate->fingerprint()), name);
    return out;
}

/// Why a certificate of the file is not imported; nothing where it is.
class Sieve {
public:
    explicit Sieve(const inventory::AuthorityState& state)
        : state_(state), known_(known_certificates(state)) {}

    std::optional<Outcome> reject(std::size_t index, const Result<Certificate>& one) {
        if (!one)
            return Outcome{"refused", "does not parse (" + one.error().where + ")"};
        if (!one->is_ca())
            return Outcome{"refused", "is no CA certificate"};
        if (const auto key = one->public_key(); !key)
            return Outcome{"refused", "its key is refused: " + key.error().detail};
        const std::string digest = to_hex(one->fingerprint());
        if (state_.is_revoked(inventory::RevocationKind::ca, digest))
            return Outcome{"refused", "is revoked"};
        if (const auto found = known_.find(digest); found != known_.end())
            return Outcome{"known", "is in the entry " + found->second};
        const auto [first, is_new] = seen_.emplace(digest, index);
        if (!is_new)
            return Outcome{"repeated", "is number " + std::to_string(first->second) + " of the file"};
        return std::nullopt;
    }

private:
    const inventory::AuthorityState& state_;
    std::map<std::string, std::string> known_;
    std::map<std::string, std::size_t> seen_; ///< the first place of each
};

/// EKs under an expired CA pass where they are registered, so such a CA is worth having.
std::string note_for(const Certificate& certificate, SysTime now) {
    return now > certificate.not_after() ? "has expired: serves registered endorsement keys only" : "";
}

Result<json::Value> import_cas(const Invocation& call) {
    const json::Value& spec = *call.find("spec");
    const std::string& name = spec.find("name")->as_string();
    if (call.state.cas.contains(name))
        return fail(Errc::exists, "ca.import.name", "there is a CA certificate of this name");
    VS_TRY(const Buffer file, from_base64(spec.find("bundle")->as_string()));
    VS_TRY(const auto bundle, crypto::certificates_from_bundle(file));

    Sieve sieve(call.state);
    std::vector<std::optional<Outcome>> rejected;
    std::vector<Certificate> chosen;
    for (std::size_t index = 0; index < bundle.size(); ++index) {
        rejected.push_back(sieve.reject(index + 1, bundle[index]));
        if (!rejected.back())
            chosen.push_back(*bundle[index]);
    }
    const auto roles = crypto::roles_of(chosen);
    const SysTime now = call.parts.clock.now();
    json::Array rows;
    std::size_t next = 0; // of the chosen
    for (std::size_t index = 0; index < bundle.size(); ++index) {
        if (rejected[index]) {
            rows.push_back(to_json(index + 1, bundle[index], *rejected[index]));
            continue;
        }
        const bool is_anchor = roles[next++] == crypto::CaRole::anchor;
        rows.push_back(to_json(index + 1,
                               bundle[index],
                               {is_anchor ? "anchor" : "intermediate", note_for(*bundle[index], now)}));
    }
    if (!chosen.empty()) {
        inventory::CaCertificate ca{.name = name, .chain = {}, .lab = false};
        for (const Certificate& certificate : chosen) {
            ca.chain.push_back(certificate.pem());
            ca.lab = ca.lab || certificate.subject().find(swtpm_name) != std::string::npos;
        }
        VS_TRY_VOID(call.commit(inventory::CaImport{.ca = std::move(ca)}));
    }
    return json::object({{"name", name},
                         {"imported", static_cast<std::int64_t>(chosen.size())},
                         {"certificates", std::move(rows)}});
}

std::string text_of(const std::vector<std::uint16_t>& version) {
    std::string out;
    for (const std::uint16_t number : version)
        out += (out.empty() ? "" : ".") + std::to_string(number);
    return out;
}

json::Value to_json(const appraisal::TpmFault& fault) {
    std::vector<std::string> firmware;
    for (const appraisal::VersionRange& range : fault.firmware)
        firmware.push_back(range.from == range.to ? text_of(range.from)
                                                  : text_of(range.from) + " to " + text_of(range.to));
    return json::object({{"manufacturer", fault.manufacturer},
                         {"title", fault.title},
                         {"advisories", json::array_of(fault.advisories)},
                         {"firmware", json::array_of(firmware)}});
}

Result<json::Value> get_tpm_settings(const Invocation& call) {
    const appraisal::WeakTpms& list = appraisal::weak_tpms();
    json::Array faults;
    for (const appraisal::TpmFault& fault : list.faults)
        faults.push_back(to_json(fault));
    return json::object({{"unsafe_accept_weak_tpms", call.state.settings.unsafe_accept_weak_tpms},
                         {"weak_tpms", json::object({{"date", list.date}, {"faults", std::move(faults)}})}});
}

Result<json::Value> set_tpm_settings(const Invocation& call) {
    inventory::Settings settings = call.state.settings;
    settings.unsafe_accept_weak_tpms = call.find("spec")->find("unsafe_accept_weak_tpms")->as_bool();
    return call.commit(inventory::SettingsUpdate{.settings = settings});
}

constexpr std::array rows = {
    ServedOperation{"vouchsafe.tpm_cas", "import", import_cas},
    ServedOperation{"vouchsafe.tpm_settings", "get", get_tpm_settings},
    ServedOperation{"vouchsafe.tpm_settings", "set", set_tpm_settings},
};

} // namespace

std::span<const ServedOperation> tpm_operations() {
    return rows;
}

} // namespace vouchsafe::authority

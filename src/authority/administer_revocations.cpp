// What is revoked for good: hosts, keys, images and all else that trust may rest on.
#include "authority/administration.h"

#include <algorithm>
#include <array>

namespace vouchsafe::authority {

namespace {

using inventory::RevocationKind;

bool is_hex(std::string_view text, std::size_t digits) {
    const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    return text.size() == digits && std::ranges::all_of(text, is_digit);
}

template <std::size_t Digits> bool is_hex_of(std::string_view text) {
    return is_hex(text, Digits);
}

/// SHA-256, SHA-384 or SHA-512; nothing rests on a SHA-1 digest alone.
bool is_digest(std::string_view text) {
    return is_hex(text, 64) || is_hex(text, 96) || is_hex(text, 128);
}

bool is_host_id(std::string_view text) {
    return text.starts_with("h-") && is_hex(text.substr(2), 32);
}

bool is_ak_name(std::string_view text) {
    return text.starts_with("000b") && is_hex(text.substr(4), 64);
}

bool is_any(std::string_view text) {
    return !text.empty();
}

bool is_tpm_model(std::string_view text) {
    return std::ranges::count(text, '/') >= 2 && !text.starts_with('/');
}

/// The RFC 7638 thumbprint that names a key: base64url of 32 bytes.
bool is_thumbprint(std::string_view text) {
    const auto bytes = from_base64url(text);
    return bytes && bytes->size() == 32;
}

bool is_generation(std::string_view text) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos || !is_hex(text.substr(0, slash), 32))
        return false;
    const std::string_view number = text.substr(slash + 1);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return !number.empty() && number.size() <= 10 && number.front() != '0' &&
           std::ranges::all_of(number, is_digit);
}

/// What can be revoked, in the words of the API, and the one form of what names it.
struct Revocable {
    std::string_view word;
    RevocationKind kind;
    bool (*has_form)(std::string_view value);
    std::string_view form;
};

constexpr std::array<Revocable, 12> revocables = {
    {{"host", RevocationKind::host, is_host_id, "the id of an enrolment (vouchsafe enrolment list)"},
     {"ek", RevocationKind::ek, is_hex_of<64>, "the SHA-256 of the EK's public key, in hex"},
     {"ak", RevocationKind::ak, is_ak_name, "the name of an attestation key, in hex"},
     {"ca", RevocationKind::ca, is_hex_of<64>, "the SHA-256 of a CA certificate's DER, in hex"},
     {"image", RevocationKind::image, is_any, "the version of a base image"},
     {"file",
      RevocationKind::file,
      is_digest,
      "the SHA-256, SHA-384 or SHA-512 of what was measured, in hex (vouchsafe inspect eventlog, inspect "
      "ima)"},
     {"firmware", RevocationKind::firmware, is_digest, "the value of PCR 0 in the policy bank, in hex"},
     {"tpm_model",
      RevocationKind::tpm_model,
      is_tpm_model,
      "manufacturer/model/firmware version (vouchsafe enrolment show)"},
     {"authority_key", RevocationKind::authority_key, is_thumbprint, "the kid of an authority host's key"},
     {"generation",
      RevocationKind::generation,
      is_generation,
      "a provider's uid and the number of its generation: uid/number"},
     {"key_id", RevocationKind::key, is_hex_of<32>, "the key id of a VM's context, in hex"},
     {"blob", RevocationKind::blob, is_hex_of<64>, "the SHA-256 of a blob, in hex"}}};

Result<json::Value> list_revocations(const Invocation& call) {
    json::Array out;
    for (const auto& [kind, by_value] : call.state.revocations) {
        const auto* const found = std::ranges::find(revocables, kind, &Revocable::kind);
        const std::string_view word = found == revocables.end() ? to_string(kind) : found->word;
        for (const auto& [value, revocation] : by_value)
            out.push_back(json::object({{"kind", word}, {"value", value}, {"reason", revocation.reason}}));
    }
    return json::Value(std::move(out));
}

Result<json::Value> create_revocation(const Invocation& call) {
    const json::Value& spec = *call.find("spec");
    const json::Value* const reason = spec.find("reason");
    const std::string& value = spec.find("value")->as_string();
    const auto* const found =
        std::ranges::find(revocables, std::string_view(spec.find("kind")->as_string()), &Revocable::word);
    if (found == revocables.end())
        return fail(Errc::malformed, "revocation.kind");
    // Who mistypes a name, or gives a label, would believe that something is revoked.
    if (!found->has_form(value))
        return fail(Errc::malformed,
                    "revocation.value",
                    "nothing is revoked: " + std::string(found->word) + " is " + std::string(found->form));
    return call.commit(inventory::RevocationAdd{
        .revocation = {.kind = found->kind,
                       .value = value,
                       .reason = reason == nullptr || reason->is_null() ? "" : reason->as_string()}});
}

constexpr std::array rows = {
    ServedOperation{"vouchsafe.revocations", "list", list_revocations},
    ServedOperation{"vouchsafe.revocations", "create", create_revocation},
};

} // namespace

std::span<const ServedOperation> revocation_operations() {
    return rows;
}

} // namespace vouchsafe::authority

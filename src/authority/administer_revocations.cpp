// What is revoked for good: hosts, keys, images and all else that trust may rest on.
#include "authority/administration.h"

#include <algorithm>
#include <array>

namespace vouchsafe::authority {

namespace {

/// What can be revoked, and the form of what names it: a prefix, and lower-case hex digits after it.
struct Revocable {
    std::string_view word;
    inventory::RevocationKind kind;
    std::string_view prefix;
    std::size_t digits; ///< 0: any name
    std::string_view form;
};

constexpr std::array<Revocable, 6> revocables = {
    {{"host", inventory::RevocationKind::host, "h-", 32, "the id of an enrolment (vouchsafe enrolment list)"},
     {"ek", inventory::RevocationKind::ek, "", 64, "the SHA-256 of the EK's public key, in hex"},
     {"ak", inventory::RevocationKind::ak, "000b", 64, "the name of an attestation key, in hex"},
     {"image", inventory::RevocationKind::image, "", 0, ""},
     {"key_id", inventory::RevocationKind::key, "", 32, "the key id of a VM's context, in hex"},
     {"blob", inventory::RevocationKind::blob, "", 64, "the SHA-256 of a blob, in hex"}}};

bool has_form(std::string_view value, const Revocable& of) {
    const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    return of.digits == 0 || (value.starts_with(of.prefix) && value.size() == of.prefix.size() + of.digits &&
                              std::ranges::all_of(value.substr(of.prefix.size()), is_digit));
}

Result<json::Value> list_revocations(const Invocation& call) {
    json::Array out;
    for (const auto& [kind, by_value] : call.state.revocations)
        for (const auto& [value, revocation] : by_value)
            out.push_back(revocation.to_json());
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
    if (!has_form(value, *found))
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

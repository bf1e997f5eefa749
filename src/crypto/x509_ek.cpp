// What EK certificates say of their TPMs [TCG EK Credential Profile §3.2.9].
#include "crypto/x509.h"
#include "crypto/x509_impl.h"

#include <algorithm>

namespace vouchsafe::crypto {

namespace {

/// The attribute of each fact.
std::string* fact_for(EkFacts& facts, std::string_view oid) {
    if (oid == "2.23.133.2.1")
        return &facts.manufacturer;
    if (oid == "2.23.133.2.2")
        return &facts.model;
    if (oid == "2.23.133.2.3")
        return &facts.version;
    return nullptr;
}

constexpr std::size_t longest_fact = 128;

} // namespace

Result<EkFacts> ek_facts(const Certificate& certificate) {
    X509& x509 = handle(certificate);
    EkFacts facts;
    VS_TRY(const auto usage, extended_key_usage(x509));
    facts.ek_usage = usage && std::ranges::find(*usage, "2.23.133.8.1") != usage->end();

    VS_TRY(const OwnedGeneralNames names, subject_alt_names(x509));
    for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        int kind = 0;
        const void* const value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &kind);
        if (kind != GEN_DIRNAME)
            continue;
        for (auto& attribute : name_attributes(*static_cast<const X509_NAME*>(value))) {
            std::string* const fact = fact_for(facts, attribute.oid);
            if (fact == nullptr)
                continue;
            if (!fact->empty() || attribute.value.size() > longest_fact)
                return fail(Errc::malformed, "ek.subject_alt_name", "an attribute twice, or too long");
            *fact = std::move(attribute.value);
        }
    }
    if (facts.manufacturer.empty() && facts.model.empty() && facts.version.empty())
        return fail(Errc::malformed, "ek.subject_alt_name", "names no TPM");
    return facts;
}

std::string manufacturer_name(std::string_view manufacturer) {
    constexpr std::string_view prefix = "id:";
    if (!manufacturer.starts_with(prefix) || manufacturer.size() != prefix.size() + 8)
        return std::string(manufacturer);
    const auto bytes = from_hex(manufacturer.substr(prefix.size()));
    if (!bytes)
        return std::string(manufacturer);
    std::string name(as_text(*bytes));
    while (!name.empty() && (name.back() == '\0' || name.back() == ' '))
        name.pop_back();
    const bool readable = std::ranges::all_of(name, [](char c) { return c >= ' ' && c <= '~'; });
    return readable && !name.empty() ? name : std::string(manufacturer);
}

} // namespace vouchsafe::crypto

#include "protocol/challenge.h"

#include "json/members.h"
#include "protocol/parts.h"
#include "protocol/statement.h"

#include <algorithm>
#include <array>

namespace vouchsafe::protocol {

namespace {

constexpr Bounds public_area{1, 2048};
constexpr Bounds certificate_bounds{1, 16384};
constexpr Bounds credential_bounds{1, 2048};
constexpr Bounds state_bounds{1, std::size_t{48} << 10U}; // with the EK's certificates in it
constexpr std::size_t max_certificates = 8;
constexpr std::size_t max_banks = 8;
constexpr std::size_t max_label = 64;
constexpr std::int64_t max_expiry = 600;
constexpr TextLimits bank_values{.items = 8, .bytes = 256};
constexpr std::array<std::string_view, 2> document_words{"key-access", "reporting"};

Result<std::string> bank_word(const json::Value& value, const std::string& where) {
    VS_TRY(std::string bank, json::to_string(value, where));
    if (bank.empty() || bank.size() > max_word_bytes)
        return fail(Errc::malformed, where, "no name of a bank");
    return bank;
}

Result<Buffer> certificate_bytes(const json::Value& value, const std::string& where) {
    VS_TRY(const std::string encoded, json::to_string(value, where));
    auto der = from_base64(encoded);
    if (!der)
        return fail(Errc::malformed, where, "not base64");
    if (der->empty() || der->size() > certificate_bounds.most)
        return fail(Errc::too_large, where, "no certificate, or too long a one");
    return der;
}

Result<std::string> document_word(const json::Value& value, const std::string& where) {
    VS_TRY(std::string word, json::to_string(value, where));
    if (std::ranges::find(document_words, word) == document_words.end())
        return fail(Errc::malformed, where, "no document of ours");
    return word;
}

template <class T> Result<void> once_each(std::vector<T> items, const std::string& where) {
    std::ranges::sort(items);
    if (std::ranges::adjacent_find(items) != items.end())
        return fail(Errc::malformed, where, "one of them twice");
    return {};
}

json::Value selection_to_json(const BankSelection& selection) {
    return json::object({{"bank", selection.bank}, {"pcrs", json::array_of(selection.pcrs)}});
}

Result<BankSelection> selection_from_json(const json::Value& value, const std::string& where) {
    json::Members m(value, where);
    BankSelection out;
    VS_TRY(out.bank, word(m, "bank"));
    VS_TRY(const json::Array* const pcrs, m.array("pcrs"));
    VS_TRY_VOID(m.finish());
    for (const json::Value& item : *pcrs) {
        VS_TRY(const auto pcr, json::to_integer(item, where + ".pcrs", {.least = 0, .most = max_pcr}));
        if (!out.pcrs.empty() && out.pcrs.back() >= pcr)
            return fail(Errc::malformed, where + ".pcrs", "not ascending");
        out.pcrs.push_back(static_cast<std::uint32_t>(pcr));
    }
    return out;
}

} // namespace

json::Value positions_to_json(const std::map<std::string, KnownPosition>& positions) {
    if (positions.empty())
        return {};
    json::Object out;
    for (const auto& [log, position] : positions)
        out.emplace(log,
                    json::object({{"count", position.count}, {"values", texts_to_json(position.values)}}));
    return json::Value(std::move(out));
}

Result<std::map<std::string, KnownPosition>> positions_from_json(json::Members& m, std::string_view member) {
    VS_TRY(auto positions, m.optional_object(member));
    std::map<std::string, KnownPosition> out;
    if (!positions)
        return out;
    for (const std::string_view log : {"ima", "userspace"}) {
        VS_TRY(auto position, positions->optional_object(log));
        if (!position)
            continue;
        KnownPosition known;
        VS_TRY(known.count, position->integer("count", {.least = 0}));
        VS_TRY(const json::Value* const values, position->value("values"));
        VS_TRY(known.values, texts_from_json(*values, position->where() + ".values", bank_values));
        VS_TRY_VOID(position->finish());
        out.emplace(log, std::move(known));
    }
    VS_TRY_VOID(positions->finish());
    return out;
}

json::Value ChallengeRequest::to_json() const {
    return json::object({{"version", 1},
                         {"ek_public", to_base64(ek_public)},
                         {"ek_certificates",
                          json::array_of(ek_certificates, [](const Buffer& der) { return to_base64(der); })},
                         {"ak_public", to_base64(ak_public)},
                         {"banks", json::array_of(banks)},
                         {"log_positions", positions_to_json(log_positions)},
                         {"documents", json::array_of(documents)},
                         {"label", label}});
}

Result<ChallengeRequest> ChallengeRequest::from_json(const json::Value& value) {
    json::Members m(value, "challenge_request");
    ChallengeRequest out;
    VS_TRY_VOID(m.version(1));
    VS_TRY(out.ek_public, bytes(m, "ek_public", public_area));
    VS_TRY(out.ek_certificates, m.list<Buffer>("ek_certificates", max_certificates, certificate_bytes));
    VS_TRY(out.ak_public, bytes(m, "ak_public", public_area));
    VS_TRY(out.banks, m.list<std::string>("banks", max_banks, bank_word));
    VS_TRY(out.log_positions, positions_from_json(m, "log_positions"));
    VS_TRY(out.documents, m.list<std::string>("documents", document_words.size(), document_word));
    VS_TRY(out.label, protocol::label(m, "label", max_label));
    VS_TRY_VOID(m.finish());
    VS_TRY_VOID(once_each(out.banks, at(m, "banks")));
    VS_TRY_VOID(once_each(out.documents, at(m, "documents")));
    if (out.banks.empty())
        return fail(Errc::malformed, at(m, "banks"), "none");
    return out;
}

json::Value Challenge::to_json() const {
    json::Value activation;
    if (credential)
        activation =
            json::object({{"blob", to_base64(credential->blob)}, {"secret", to_base64(credential->secret)}});
    return json::object({{"version", 2},
                         {"state", to_base64(state)},
                         {"nonce", to_base64(nonce)},
                         {"selection", json::array_of(selection, selection_to_json)},
                         {"credential", std::move(activation)},
                         {"ima_from", ima_from},
                         {"expires_in", expires_in}});
}

Result<Challenge> Challenge::from_json(const json::Value& value) {
    json::Members m(value, "challenge");
    Challenge out;
    VS_TRY_VOID(m.version(2));
    VS_TRY(out.state, bytes(m, "state", state_bounds));
    VS_TRY(out.nonce, bytes(m, "nonce", {nonce_size, nonce_size}));
    VS_TRY(out.selection, m.list<BankSelection>("selection", max_banks, selection_from_json));
    VS_TRY(auto activation, m.optional_object("credential"));
    VS_TRY(out.ima_from, m.integer("ima_from", {.least = 0}));
    VS_TRY(out.expires_in, m.integer("expires_in", {.least = 1, .most = max_expiry}));
    VS_TRY_VOID(m.finish());
    std::vector<std::string> banks;
    banks.reserve(out.selection.size());
    for (const BankSelection& bank : out.selection)
        banks.push_back(bank.bank);
    VS_TRY_VOID(once_each(banks, at(m, "selection")));
    if (banks.empty())
        return fail(Errc::malformed, at(m, "selection"), "none");
    if (activation) {
        out.credential.emplace();
        VS_TRY(out.credential->blob, bytes(*activation, "blob", credential_bounds));
        VS_TRY(out.credential->secret, bytes(*activation, "secret", credential_bounds));
        VS_TRY_VOID(activation->finish());
    }
    return out;
}

} // namespace vouchsafe::protocol

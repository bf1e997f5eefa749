#include "protocol/reason.h"

#include "json/members.h"
#include "protocol/parts.h"

namespace vouchsafe::protocol {

namespace {

constexpr std::size_t max_expected = 64;
constexpr std::size_t max_digest_digits = 128;

json::Value event_to_json(const ReasonEvent& event) {
    return json::object({{"index", event.index},
                         {"pcr", event.pcr},
                         {"type", event.type},
                         {"digest", event.digest},
                         {"bank", event.bank},
                         {"description", event.description}});
}

Result<ReasonEvent> read_event(json::Members m) {
    ReasonEvent out;
    VS_TRY(out.index, m.integer("index", {.least = 0}));
    VS_TRY(const auto pcr, m.integer("pcr", {.least = 0, .most = 0xFFFFFFFF}));
    VS_TRY(out.type, text(m, "type"));
    VS_TRY(out.digest, label(m, "digest", max_digest_digits));
    VS_TRY(out.bank, label(m, "bank", max_word_bytes));
    VS_TRY(out.description, text(m, "description"));
    VS_TRY_VOID(m.finish());
    out.pcr = static_cast<std::uint32_t>(pcr);
    return out;
}

json::Value expected_to_json(const ReasonExpected& expected) {
    return json::object(
        {{"digest", expected.digest}, {"description", expected.description}, {"image", expected.image}});
}

Result<ReasonExpected> expected_from_json(const json::Value& value, const std::string& where) {
    json::Members m(value, where);
    ReasonExpected out;
    VS_TRY(out.digest, label(m, "digest", max_digest_digits));
    VS_TRY(out.description, text(m, "description"));
    VS_TRY(out.image, text(m, "image"));
    VS_TRY_VOID(m.finish());
    return out;
}

} // namespace

json::Value Reason::to_json() const {
    return json::object({{"code", code},
                         {"message", message},
                         {"event", event ? event_to_json(*event) : json::Value()},
                         {"expected", json::array_of(expected, expected_to_json)},
                         {"hint", hint}});
}

Result<Reason> Reason::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    Reason out;
    VS_TRY(out.code, word(m, "code"));
    VS_TRY(out.message, text(m, "message"));
    VS_TRY(auto event_members, m.optional_object("event"));
    VS_TRY(out.expected, m.list<ReasonExpected>("expected", max_expected, expected_from_json));
    VS_TRY(out.hint, text(m, "hint"));
    VS_TRY_VOID(m.finish());
    if (event_members) {
        VS_TRY(out.event, read_event(*std::move(event_members)));
    }
    return out;
}

json::Array reasons_to_json(const std::vector<Reason>& reasons) {
    json::Array out;
    for (const Reason& reason : reasons)
        out.push_back(reason.to_json());
    return out;
}

Result<std::vector<Reason>> reasons_from_json(const json::Array& items, std::string_view where) {
    if (items.size() > max_reasons)
        return fail(Errc::too_large, where, "too many");
    std::vector<Reason> out;
    for (const json::Value& item : items) {
        VS_TRY(Reason reason, Reason::from_json(item, where));
        out.push_back(std::move(reason));
    }
    return out;
}

} // namespace vouchsafe::protocol

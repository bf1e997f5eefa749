#include "attestation/policy_document.h"

#include "appraisal/base_image.h"
#include "json/members.h"
#include "json/parse.h"
#include "json/write.h"

#include <string>
#include <string_view>
#include <utility>

namespace vouchsafe::attestation {

namespace {

using inventory::AuthorityState;

constexpr std::string_view format = "vouchsafe-policy";
constexpr std::size_t most_parts = 65'536;
constexpr json::Limits policy_limits{.bytes = max_policy_bytes, .depth = 16, .items = 1U << 20U};

template <class Map> json::Value values_of(const Map& map) {
    json::Array out;
    for (const auto& [name, item] : map)
        out.push_back(item.to_json());
    return json::Value(std::move(out));
}

template <class Item> Result<Item> read(const json::Value& value, const std::string& where) {
    return Item::from_json(value, where);
}

Result<inventory::BaseImage> read_image(const json::Value& value, const std::string&) {
    VS_TRY_VOID(appraisal::parse_base_image(as_bytes(json::canonical(value))));
    return inventory::BaseImage::from_document(value);
}

template <class Map, class Item>
Result<void> insert(Map& map, const std::string& name, Item item, std::string_view where) {
    if (!map.emplace(name, std::move(item)).second)
        return fail(Errc::malformed, where, name + " is there twice");
    return {};
}

Result<void> read_parts(json::Members& m, AuthorityState& out) {
    VS_TRY(auto cas, m.list<inventory::CaCertificate>("cas", most_parts, read<inventory::CaCertificate>));
    for (inventory::CaCertificate& ca : cas) {
        const std::string name = ca.name;
        VS_TRY_VOID(insert(out.cas, name, std::move(ca), "policy.cas"));
    }
    VS_TRY(
        auto keys,
        m.list<inventory::EndorsementKey>("endorsement_keys", most_parts, read<inventory::EndorsementKey>));
    for (inventory::EndorsementKey& key : keys) {
        const std::string name = key.name;
        VS_TRY_VOID(insert(out.endorsement_keys, name, std::move(key), "policy.endorsement_keys"));
    }
    VS_TRY(auto images, m.list<inventory::BaseImage>("images", most_parts, read_image));
    for (inventory::BaseImage& image : images) {
        const std::string version = image.version.text;
        VS_TRY_VOID(insert(out.images, version, std::move(image), "policy.images"));
    }
    VS_TRY(auto revocations,
           m.list<inventory::Revocation>("revocations", most_parts, read<inventory::Revocation>));
    for (inventory::Revocation& revocation : revocations) {
        const std::string value = revocation.value;
        auto& of_kind = out.revocations[revocation.kind];
        VS_TRY_VOID(insert(of_kind, value, std::move(revocation), "policy.revocations"));
    }
    return {};
}

} // namespace

json::Value policy_of(const AuthorityState& state) {
    json::Array images;
    for (const auto& [version, image] : state.images)
        images.push_back(*image.document);
    json::Array revocations;
    for (const auto& [kind, by_value] : state.revocations)
        for (const auto& [value, revocation] : by_value)
            revocations.push_back(revocation.to_json());
    return json::object({{"format", format},
                         {"version", 1},
                         {"cas", values_of(state.cas)},
                         {"endorsement_keys", values_of(state.endorsement_keys)},
                         {"images", std::move(images)},
                         {"revocations", std::move(revocations)},
                         {"settings", state.settings.to_json()}});
}

Result<AuthorityState> parse_policy(Bytes document) {
    VS_TRY(const json::Value value, json::parse(as_text(document), policy_limits));
    json::Members m(value, "policy");
    VS_TRY(const std::string named, m.string("format"));
    if (named != format)
        return fail(Errc::malformed, "policy.format", "this is no policy of a trust authority");
    VS_TRY_VOID(m.version(1));
    AuthorityState out;
    VS_TRY(const json::Value* const settings, m.value("settings"));
    VS_TRY(out.settings, inventory::Settings::from_json(*settings, "policy.settings"));
    VS_TRY_VOID(read_parts(m, out));
    VS_TRY_VOID(m.finish());
    return out;
}

} // namespace vouchsafe::attestation

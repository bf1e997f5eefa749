// Which firmware is approved besides what is pinned for each host: firmware sets, and the rule that ignores
// it.
#include "authority/administration.h"
#include "json/members.h"

#include <algorithm>
#include <array>

namespace vouchsafe::authority {

namespace {

using inventory::FirmwarePin;
using inventory::FirmwareSet;

Result<const FirmwareSet*> set_of(const Invocation& call) {
    const auto found = call.state.firmware_sets.find(call.text("name"));
    if (found == call.state.firmware_sets.end())
        return fail(Errc::not_found, "firmware set", "there is no firmware set " + call.text("name"));
    return &found->second;
}

Result<json::Value> list_sets(const Invocation& call) {
    return json::array_of(call.state.firmware_sets, [](const auto& entry) {
        const FirmwareSet& set = entry.second;
        return json::object(
            {{"name", set.name}, {"note", set.note}, {"bank", set.bank}, {"firmware", set.firmware.size()}});
    });
}

Result<json::Value> get_set(const Invocation& call) {
    VS_TRY(const FirmwareSet* const set, set_of(call));
    return set->to_json();
}

struct Wanted {
    FirmwarePin firmware;
    std::string bank;
};

/// What a host showed last, whether or not it was trusted with it.
Result<Wanted> shown_by(const Invocation& call, const std::string& host) {
    const inventory::Enrolment* const enrolment = call.state.enrolment({host});
    if (enrolment == nullptr)
        return fail(Errc::not_found, "enrolment", "there is no enrolment " + host);
    VS_TRY(const auto seen, call.parts.records.observation(enrolment->host));
    if (!seen || !seen->firmware)
        return fail(Errc::conflict, "observation", "this host has not attested yet");
    return Wanted{.firmware = *seen->firmware, .bank = enrolment->bank};
}

Result<Wanted> wanted_firmware(const Invocation& call, json::Members& spec) {
    VS_TRY(const auto host, spec.optional_string("host"));
    VS_TRY(auto pcr0, spec.optional_string("pcr0"));
    VS_TRY(auto pcr2, spec.optional_string("pcr2"));
    VS_TRY(auto bank, spec.optional_string("bank"));
    VS_TRY(auto version, spec.optional_string("version"));
    const bool given = pcr0 && pcr2 && bank;
    if (host.has_value() == given || (host && (pcr0 || pcr2 || bank)))
        return fail(Errc::malformed, "firmware", "give either host, or pcr0, pcr2 and bank");
    if (!host)
        return Wanted{.firmware = {.pcr0 = *std::move(pcr0),
                                   .pcr2 = *std::move(pcr2),
                                   .version = std::move(version).value_or("")},
                      .bank = *std::move(bank)};
    VS_TRY(Wanted shown, shown_by(call, *host));
    if (version)
        shown.firmware.version = *std::move(version);
    return shown;
}

/// Adds one firmware to a set, which begins with its first.
Result<json::Value> add_firmware(const Invocation& call) {
    json::Members spec(*call.find("spec"), "spec");
    VS_TRY(Wanted wanted, wanted_firmware(call, spec));
    VS_TRY(auto note, spec.optional_string("note"));
    FirmwareSet set{.name = call.text("name"), .note = {}, .bank = wanted.bank, .firmware = {}};
    if (const auto found = call.state.firmware_sets.find(set.name); found != call.state.firmware_sets.end())
        set = found->second;
    if (set.bank != wanted.bank)
        return fail(Errc::conflict,
                    "firmware.bank",
                    "the set is of bank " + set.bank + "; make another one for " + wanted.bank);
    const auto same = [&wanted](const FirmwarePin& one) {
        return one.pcr0 == wanted.firmware.pcr0 && one.pcr2 == wanted.firmware.pcr2;
    };
    if (std::ranges::any_of(set.firmware, same))
        return fail(Errc::exists, "firmware", "the set has this firmware already");
    set.firmware.push_back(std::move(wanted.firmware));
    if (note)
        set.note = *std::move(note);
    VS_TRY(set, FirmwareSet::from_json(set.to_json()));
    return call.commit(inventory::FirmwareSetSet{.set = std::move(set)});
}

Result<json::Value> delete_set(const Invocation& call) {
    return call.commit(inventory::FirmwareSetRemove{.name = call.text("name")});
}

Result<json::Value> get_rule(const Invocation& call) {
    return json::object({{"unsafe_ignore_firmware", call.state.settings.unsafe_ignore_firmware}});
}

Result<json::Value> set_rule(const Invocation& call) {
    inventory::Settings settings = call.state.settings;
    settings.unsafe_ignore_firmware = call.find("spec")->find("unsafe_ignore_firmware")->as_bool();
    return call.commit(inventory::SettingsUpdate{.settings = settings});
}

constexpr std::array rows = {
    ServedOperation{"vouchsafe.firmware_sets", "list", list_sets},
    ServedOperation{"vouchsafe.firmware_sets", "get", get_set},
    ServedOperation{"vouchsafe.firmware_sets", "add", add_firmware},
    ServedOperation{"vouchsafe.firmware_sets", "delete", delete_set},
    ServedOperation{"vouchsafe.firmware_rule", "get", get_rule},
    ServedOperation{"vouchsafe.firmware_rule", "set", set_rule},
};

} // namespace

std::span<const ServedOperation> firmware_operations() {
    return rows;
}

} // namespace vouchsafe::authority

#include "bench/load_controls.h"

#include "bench/generated_boot.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace vouchsafe::bench {

namespace {

using protocol::Challenge;
using protocol::Evidence;
using test::PlayedHost;

/// A stranger hears no reason; the authority host's log has it, in brackets at the end of its last line.
std::string cause_in_log(const std::string& log) {
    const auto open = log.rfind('(');
    const auto close = log.rfind(')');
    return open == std::string::npos || close < open ? std::string() : log.substr(open + 1, close - open - 1);
}

struct Spoiling {
    std::function<void(Challenge&)> challenge = [](Challenge&) {};
    std::function<void(Evidence&)> evidence = [](Evidence&) {};
};

std::string refusal(Fleet& fleet, const Spoiling& spoil) {
    PlayedHost& host = fleet.hosts().front();
    host.use(fleet.link());
    host.machine.tpm.clock.clock += 1;
    auto challenge = host.challenge();
    VS_CHECK(challenge.has_value());
    spoil.challenge(*challenge);
    Evidence evidence = host.evidence(*challenge);
    spoil.evidence(evidence);
    const auto answer = host.send(evidence);
    if (!answer)
        return cause_in_log(fleet.authority().daemon().log());
    return answer->reasons.empty() ? std::string() : answer->reasons.front().code;
}

std::string refusal_of_boot(Fleet& fleet, test::RecordedBoot boot) {
    test::AttestedMachine& machine = fleet.hosts().front().machine;
    test::RecordedBoot before = machine.boot;
    machine.boot_into(std::move(boot));
    std::string out = refusal(fleet, {});
    machine.boot_into(std::move(before));
    return out;
}

/// The last byte of the last event's digest: its data is the rest of the log.
test::RecordedBoot with_false_digest(test::RecordedBoot boot) {
    const auto log = eventlog::parse_firmware_log(boot.firmware_log);
    const std::size_t place =
        boot.firmware_log.size() - log->events.back().data.size() - sizeof(std::uint32_t) - 1;
    boot.firmware_log[place] ^= 1U;
    return boot;
}

} // namespace

json::Value to_json(const std::vector<Control>& controls) {
    return json::array_of(controls, [](const Control& one) {
        return json::object(
            {{"spoiled", one.spoiled}, {"refused", one.refused}, {"as_expected", one.as_expected}});
    });
}

std::vector<Control> run_controls(Fleet& fleet) {
    const std::size_t ima_entries = 1;
    std::vector<Control> out;
    const auto control = [&out](std::string what, std::string refused, std::string_view expected) {
        const bool good = refused.starts_with(expected);
        out.push_back({.spoiled = std::move(what), .refused = std::move(refused), .as_expected = good});
    };
    control("signature",
            refusal(fleet, {.evidence = [](Evidence& evidence) { evidence.signature.back() ^= 1U; }}),
            "quote.signature");
    control("nonce",
            refusal(fleet, {.challenge = [](Challenge& challenge) { challenge.nonce.back() ^= 1U; }}),
            "quote.qualifying_data");
    control(
        "PCR",
        refusal(fleet,
                {.evidence = [](Evidence& evidence) { evidence.pcrs.front().values.at(4).back() ^= 1U; }}),
        "quote.pcr_digest");
    control("log digest",
            refusal_of_boot(fleet, with_false_digest(fleet.hosts().front().machine.boot)),
            "eventlog.replay");
    control("reference value",
            refusal_of_boot(fleet, generated_boot({.ima_entries = ima_entries}, "not approved")),
            "image.");
    return out;
}

} // namespace vouchsafe::bench

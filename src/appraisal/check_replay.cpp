// Stages 3 and 4 of appraise: the log against every quoted bank.
#include "appraisal/boot.h"
#include "appraisal/check_ima.h"
#include "appraisal/check_userspace.h"
#include "appraisal/replay.h"
#include "eventlog/event_data.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <utility>

namespace vouchsafe::appraisal {

namespace {

using eventlog::Event;
using eventlog::FirmwareLog;
namespace type = eventlog::type;

constexpr std::uint32_t pcr_phases = 11;
constexpr std::uint32_t last_required = 14;

/// The first event of a PCR whose data must hash to its digest, and does not: where a log was changed.
const Event* suspect(const FirmwareLog& log, std::uint32_t pcr) {
    for (const Event& event : log.events) {
        const bool hashed = event.type == type::separator || event.type == type::efi_action ||
                            event.type == type::efi_variable_driver_config;
        if (event.pcr == pcr && hashed && !data_is_measured(event))
            return &event;
    }
    return nullptr;
}

struct Bank {
    Algorithm algorithm;
    const PcrBank& quoted;
};

Reason replay_reason(const FirmwareLog& log, const Bank& bank, std::uint32_t pcr, Bytes replayed) {
    Reason reason{.code = "eventlog.replay",
                  .message = "the firmware log does not lead to PCR " + std::to_string(pcr) + " of " +
                             to_string(bank.algorithm),
                  .event = {},
                  .expected = {},
                  .hint = "The log was changed or is not of this boot, or something extended the PCR "
                          "without an event."};
    if (const Event* const event = suspect(log, pcr))
        reason.event = event_ref(*event, bank.algorithm);
    reason.expected.push_back({.digest = to_hex(bank.quoted.at(pcr)),
                               .description = "the quoted value; the log leads to " + to_hex(replayed),
                               .image = ""});
    return reason;
}

/// What the log leads to in one bank; nothing, with a reason, where it does not cover the bank.
std::optional<PcrBank> replay_bank(const FirmwareLog& log, Algorithm bank, std::vector<Reason>& reasons) {
    auto replayed = replay_firmware(log, bank);
    const Event* const without = event_without(log, bank);
    if (replayed && without == nullptr)
        return *std::move(replayed);
    reasons.push_back(
        {.code = "eventlog.bank",
         .message = replayed ? "an event of the log has no digest of the allocated bank " + to_string(bank)
                             : replayed.error().detail,
         .event = {},
         .expected = {},
         .hint = "Every event must be in every bank that the TPM has allocated."});
    if (without != nullptr)
        reasons.back().event = event_ref(*without, bank);
    return {};
}

void check_coverage(const QuotedPcrs& quoted, std::vector<Reason>& reasons) {
    for (const auto& [algorithm, values] : quoted.banks)
        for (std::uint32_t pcr = 0; pcr <= last_required; ++pcr)
            if (!values.contains(pcr))
                reasons.push_back({.code = "policy.pcrs",
                                   .message = "PCR " + std::to_string(pcr) + " of " + to_string(algorithm) +
                                              " is not quoted",
                                   .event = {},
                                   .expected = {},
                                   .hint = "The quote must cover PCRs 0 to 14 of every allocated bank."});
}

/// Stages 3 and 4 for the PCRs that firmware alone extended; `others` are judged elsewhere, or by nothing.
void check_firmware(const FirmwareLog& log,
                    const Bank& bank,
                    const PcrBank& replayed,
                    const std::set<std::uint32_t>& others,
                    std::vector<Reason>& reasons) {
    for (const auto& [pcr, value] : replayed) {
        const auto quoted = bank.quoted.find(pcr);
        if (quoted != bank.quoted.end() && !others.contains(pcr) && !same_bytes(value, quoted->second))
            reasons.push_back(replay_reason(log, bank, pcr, value));
    }
    for (const std::uint32_t pcr : image_pcrs) {
        const auto quoted = bank.quoted.find(pcr);
        if (replayed.contains(pcr) || others.contains(pcr) || quoted == bank.quoted.end() ||
            is_zero(quoted->second))
            continue;
        reasons.push_back(
            {.code = "pcr.unexplained",
             .message = "PCR " + std::to_string(pcr) + " of " + to_string(bank.algorithm) +
                        " was extended, and no event says by what",
             .event = {},
             .expected = {},
             .hint = "Something measured without writing to a log that came with the evidence."});
    }
}

bool extended_by_firmware(const Banks& firmware, std::uint32_t pcr) {
    return std::ranges::all_of(firmware, [pcr](const auto& bank) { return bank.second.contains(pcr); });
}

/// Whether firmware's events of PCR 11 are followed by nothing but systemd 252's words.
bool has_phases(const Banks& firmware, const QuotedPcrs& quoted) {
    return extended_by_firmware(firmware, pcr_phases) && reached_by_phases(firmware, quoted);
}

/// Without PCR 10, in which nothing but IMA has a place.
std::set<std::uint32_t> others_of_ima(std::set<std::uint32_t> pcrs) {
    pcrs.erase(pcr_ima);
    return pcrs;
}

/// Lays the values of one over those of the other.
Banks laid_over(Banks under, const Banks& over) {
    for (const auto& [bank, values] : over)
        for (const auto& [pcr, value] : values)
            under[bank][pcr] = value;
    return under;
}

/// What the first entry of the IMA list may find: firmware's values, then userspace's.
ImaBegin ima_begin(const ReplayInput& input,
                   const Banks& firmware,
                   const LeftByUserspace& by_userspace,
                   const Banks& by_firmware) {
    ImaBegin out{.pcrs = input.ima_pcrs, .shared = {}, .starts = {}};
    const std::set<std::uint32_t> in_log = extended_pcrs(input.userspace);
    for (const std::uint32_t pcr : others_of_ima(input.ima_pcrs)) {
        const auto extends = [pcr](const auto& bank) { return bank.second.contains(pcr); };
        if (in_log.contains(pcr) || std::ranges::any_of(firmware, extends))
            out.shared.insert(pcr);
    }
    LeftByUserspace words{{}};
    if (out.shared.contains(pcr_phases) && !in_log.contains(pcr_phases))
        words = left_by_phases(firmware, input.quoted);
    Banks begin;
    for (const auto& [bank, values] : by_firmware)
        for (const std::uint32_t pcr : others_of_ima(input.ima_pcrs))
            if (const auto value = values.find(pcr); value != values.end())
                begin[bank].emplace(*value);
    for (const Banks& left : by_userspace)
        for (const Banks& after : words)
            if (out.starts.size() < most_left_by_userspace)
                out.starts.push_back(laid_over(laid_over(begin, left), after));
    return out;
}

} // namespace

ReplayCheck check_replay(const ReplayInput& input) {
    ReplayCheck out;
    check_coverage(input.quoted, out.reasons);
    Banks firmware;
    for (const auto& [algorithm, values] : input.quoted.banks)
        if (auto replayed = replay_bank(input.log, algorithm, out.reasons))
            firmware[algorithm] = *std::move(replayed);
    const std::set<std::uint32_t> after_firmware = extended_pcrs(input.userspace);
    const std::set<std::uint32_t> with_ima = others_of_ima(input.ima_pcrs);
    UserspaceReplay userspace = replay_userspace(input.userspace, firmware, input.quoted, with_ima);
    out.userspace_records = userspace.records;
    std::ranges::move(userspace.reasons, std::back_inserter(out.reasons));

    std::set<std::uint32_t> others = after_firmware;
    others.insert(with_ima.begin(), with_ima.end());
    out.left_by_firmware = values_before(firmware, others, input.quoted);
    out.ima = ima_begin(input, firmware, userspace.left, out.left_by_firmware);

    if (!others.contains(pcr_phases) && has_phases(firmware, input.quoted))
        others.insert(pcr_phases);
    others.insert(input.exempt.begin(), input.exempt.end());
    for (const auto& [algorithm, replayed] : firmware)
        check_firmware(input.log,
                       {.algorithm = algorithm, .quoted = input.quoted.banks.at(algorithm)},
                       replayed,
                       others,
                       out.reasons);
    return out;
}

} // namespace vouchsafe::appraisal

#include "appraisal/check_userspace.h"

#include "appraisal/replay.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace vouchsafe::appraisal {

namespace {

constexpr std::uint32_t pcr_nv_indices = 9;
constexpr std::uint32_t pcr_phases = 11;
constexpr std::uint32_t pcr_identity = 15;

/// systemd-pcrphase, in the order of a boot [systemd-pcrphase.service(8)].
constexpr std::array<std::string_view, 6> phases{
    "enter-initrd", "leave-initrd", "sysinit", "ready", "shutdown", "final"};
/// Where a boot begins whose initrd is without systemd.
constexpr std::size_t first_without_initrd = 2;

void extend_banks(Banks& banks, const UserspaceRecord& record) {
    for (auto& [bank, values] : banks) {
        const auto value = record.pcr ? values.find(*record.pcr) : values.end();
        if (value != values.end())
            value->second = extend(bank, value->second, record.digests.at(bank));
    }
}

bool is_quoted(const Banks& banks, const QuotedPcrs& quoted) {
    return std::ranges::all_of(banks, [&quoted](const auto& entry) {
        const PcrBank& expected = quoted.banks.at(entry.first);
        return std::ranges::all_of(entry.second, [&expected](const auto& pcr) {
            return same_bytes(pcr.second, expected.at(pcr.first));
        });
    });
}

/// A place of the log, and the shared PCRs there.
struct Place {
    std::size_t records;
    Banks shared;
};

/// Where the log leads from the values to the quoted ones, shared PCRs aside: the last place first, and of
/// places at which the shared ones are the same, the last.
std::vector<Place> places(const UserspaceLog& log, Banks banks, Banks shared, const QuotedPcrs& quoted) {
    std::vector<Place> found;
    for (std::size_t count = 0;; ++count) {
        if (is_quoted(banks, quoted)) {
            if (!found.empty() && found.front().shared == shared)
                found.front().records = count;
            else
                found.insert(found.begin(), {.records = count, .shared = shared});
        }
        if (found.size() > most_left_by_userspace)
            found.pop_back();
        if (count == log.size())
            return found;
        extend_banks(banks, log[count]);
        extend_banks(shared, log[count]);
    }
}

bool leads(const UserspaceLog& log, Banks banks, const QuotedPcrs& quoted) {
    return !places(log, std::move(banks), {}, quoted).empty();
}

/// Moves the PCRs out of the banks.
Banks take(Banks& banks, const std::set<std::uint32_t>& pcrs) {
    Banks out;
    for (auto& [bank, values] : banks)
        for (const std::uint32_t pcr : pcrs)
            if (auto taken = values.extract(pcr))
                out[bank].insert(std::move(taken));
    return out;
}

EventRef record_ref(const UserspaceRecord& record, Algorithm bank) {
    const auto digest = record.digests.find(bank);
    return {.index = record.index,
            .pcr = record.pcr.value_or(0),
            .type = "userspace",
            .digest = digest != record.digests.end() ? to_hex(digest->second) : "",
            .bank = to_string(bank),
            .description = record.kind.empty() ? record.text : record.kind + " " + record.text};
}

Reason replay_reason(std::string message) {
    return {.code = "userspace.replay",
            .message = std::move(message),
            .event = {},
            .expected = {},
            .hint = "The log was changed or cut, or something extended the PCR without a record."};
}

/// Every PCR and bank that the records do not lead to, each by itself.
std::vector<Reason> replay_reasons(const UserspaceLog& log, const Banks& before, const QuotedPcrs& quoted) {
    std::vector<Reason> reasons;
    for (const auto& [bank, values] : before)
        for (const auto& [pcr, value] : values) {
            if (leads(log, {{bank, {{pcr, value}}}}, quoted))
                continue;
            reasons.push_back(replay_reason("the userspace log does not lead from the firmware log to PCR " +
                                            std::to_string(pcr) + " of " + to_string(bank)));
            reasons.back().expected.push_back({.digest = to_hex(quoted.banks.at(bank).at(pcr)),
                                               .description = "the quoted value",
                                               .image = ""});
        }
    if (reasons.empty())
        reasons.push_back(replay_reason("the PCRs and banks end at different records of the userspace log"));
    return reasons;
}

bool text_is_measured(const UserspaceRecord& record) {
    return std::ranges::all_of(record.digests, [&record](const auto& digest) {
        return can_hash(digest.first) && same_bytes(hash(digest.first, as_bytes(record.text)), digest.second);
    });
}

/// The records of one boot, in order.
class Grammar {
public:
    bool accepts(const UserspaceRecord& record) {
        if (!record.pcr || *record.pcr >= pcr_identity)
            return true;
        if (!text_is_measured(record))
            return false;
        if (*record.pcr == pcr_phases)
            return accepts_phase(record.text);
        return *record.pcr == pcr_nv_indices && accepts_nv_index(record.text);
    }

private:
    /// The next phase, or the first; after the last of them userspace was replaced, by what no event says.
    bool accepts_phase(std::string_view text) {
        const auto phase = static_cast<std::size_t>(std::ranges::find(phases, text) - phases.begin());
        const bool first = !phase_ && (phase == 0 || phase == first_without_initrd);
        if (phase == phases.size() || (!first && phase_ != phase - 1))
            return false;
        phase_ = phase;
        return true;
    }

    bool accepts_nv_index(std::string_view text) {
        if (std::exchange(nv_separator_, nv_separator_ || text == "nvpcr-separator"))
            return false;
        return nv_separator_ || text.starts_with("nvpcr-init:");
    }

    std::optional<std::size_t> phase_;
    bool nv_separator_ = false;
};

/// Records of the words, as systemd 252 would have written them.
UserspaceLog records_of(std::span<const std::string_view> words, const Banks& banks) {
    UserspaceLog log;
    for (const std::string_view word : words) {
        UserspaceRecord record{.index = log.size(),
                               .pcr = pcr_phases,
                               .digests = {},
                               .kind = "phase",
                               .text = std::string(word)};
        for (const auto& [bank, values] : banks)
            record.digests[bank] = hash(bank, as_bytes(word));
        log.push_back(std::move(record));
    }
    return log;
}

} // namespace

std::set<std::uint32_t> extended_pcrs(const UserspaceLog& log) {
    std::set<std::uint32_t> pcrs;
    for (const UserspaceRecord& record : log)
        if (record.pcr && *record.pcr < first_resettable_pcr)
            pcrs.insert(*record.pcr);
    return pcrs;
}

Banks values_before(const Banks& firmware, const std::set<std::uint32_t>& pcrs, const QuotedPcrs& quoted) {
    Banks out;
    for (const auto& [bank, values] : firmware)
        for (const std::uint32_t pcr : pcrs)
            if (quoted.banks.at(bank).contains(pcr)) {
                const auto left = values.find(pcr);
                out[bank][pcr] = left != values.end() ? left->second : start_value(bank, pcr, 0);
            }
    return out;
}

UserspaceReplay replay_userspace(const UserspaceLog& log,
                                 const Banks& firmware,
                                 const QuotedPcrs& quoted,
                                 const std::set<std::uint32_t>& shared) {
    UserspaceReplay out;
    Banks before = values_before(firmware, extended_pcrs(log), quoted);
    for (const UserspaceRecord& record : log)
        for (const auto& [bank, values] : before)
            if (record.pcr && values.contains(*record.pcr) && !record.digests.contains(bank)) {
                out.reasons.push_back(
                    {.code = "userspace.bank",
                     .message = "a record of the userspace log has no digest of the allocated bank " +
                                to_string(bank),
                     .event = record_ref(record, bank),
                     .expected = {},
                     .hint = "Every record must be in every bank that the TPM has allocated."});
                return out;
            }
    const Banks with_ima = take(before, shared);
    const auto found = places(log, before, with_ima, quoted);
    if (found.empty()) {
        out.reasons = replay_reasons(log, before, quoted);
        return out;
    }
    out.records = found.front().records;
    for (const Place& place : found)
        out.left.push_back(place.shared);
    return out;
}

LeftByUserspace left_by_phases(const Banks& firmware, const QuotedPcrs& quoted) {
    const Banks before = values_before(firmware, {pcr_phases}, quoted);
    const std::span<const std::string_view> all(phases);
    LeftByUserspace left{before};
    for (const auto& words : {all, all.subspan(first_without_initrd)}) {
        Banks banks = before;
        for (const UserspaceRecord& word : records_of(words, before)) {
            extend_banks(banks, word);
            left.push_back(banks);
        }
    }
    return left;
}

bool reached_by_phases(const Banks& firmware, const QuotedPcrs& quoted) {
    const auto reached = [&quoted](const Banks& left) { return is_quoted(left, quoted); };
    // Without any word in nearly every boot: then none of them is hashed.
    return reached(values_before(firmware, {pcr_phases}, quoted)) ||
           std::ranges::any_of(left_by_phases(firmware, quoted), reached);
}

std::vector<Reason> check_userspace_grammar(const UserspaceLog& log, Algorithm bank) {
    std::vector<Reason> reasons;
    Grammar grammar;
    for (const UserspaceRecord& record : log)
        if (!grammar.accepts(record))
            reasons.push_back(
                {.code = "userspace.grammar",
                 .message = "userspace extended PCR " + std::to_string(*record.pcr) +
                            " by what has no place there: record " + std::to_string(record.index) +
                            " of its log" + (record.text.empty() ? "" : ", '" + record.text + "'"),
                 .event = record_ref(record, bank),
                 .expected = {},
                 .hint = "Of userspace, systemd's phases are expected in PCR 11 in their order and the "
                         "NV indices that it sets up in PCR 9; restart the host, and measure other things "
                         "into PCR 15."});
    return reasons;
}

} // namespace vouchsafe::appraisal

#include "appraisal/check_ima.h"

#include "appraisal/replay.h"

#include <algorithm>
#include <string>
#include <utility>

namespace vouchsafe::appraisal {

namespace {

std::string names_of(const std::set<std::uint32_t>& pcrs) {
    std::string out;
    for (const std::uint32_t pcr : pcrs)
        out += (out.empty() ? "PCR " : " and ") + std::to_string(pcr);
    return out;
}

Reason replay_reason(const std::set<std::uint32_t>& pcrs, const std::string& detail) {
    return plain("ima.replay",
                 "the IMA list does not lead to " + names_of(pcrs) + ": " + detail,
                 "The list was changed, cut, or is of another boot.");
}

Reason shared_reason(const std::set<std::uint32_t>& shared) {
    return plain(
        "ima.shared_pcr",
        "the IMA list does not lead on from what firmware and systemd left in " + names_of(shared),
        "Where a unified kernel image or systemd extends the same PCR while IMA does, no log says in "
        "which order: let the IMA policy measure into PCR 10, or into one from 12 to 15 that "
        "nothing else extends.");
}

bool may_be_ima(std::uint32_t pcr) {
    return pcr >= first_ima_pcr && pcr <= last_ima_pcr;
}

/// Data of every template but the oldest begin with a small length, which nothing does that a boot loader
/// measures: so an event that was left out of the firmware log cannot be shown as an entry.
bool is_surely_ima(const eventlog::ImaEntry& entry) {
    return !eventlog::is_oldest_template(entry) && eventlog::decode_ima_file(entry).has_value();
}

std::string why_misplaced(const eventlog::ImaEntry& entry) {
    const std::string pcr = "PCR " + std::to_string(entry.pcr);
    if (!may_be_ima(entry.pcr))
        return "the IMA policy measures into " + pcr +
               (entry.pcr > last_ima_pcr ? ", which can be reset while the system runs"
                                         : ", which is firmware's and the boot loader's");
    return "an entry of " + pcr + " has template " + std::string(entry.template_name) +
           ", which is taken in PCR 10 alone";
}

std::optional<Reason> misplaced_entry(const eventlog::ImaList& list, std::size_t before) {
    const auto found = std::ranges::find_if(list.entries, [](const eventlog::ImaEntry& entry) {
        return !may_be_ima(entry.pcr) || (entry.pcr != pcr_ima && !is_surely_ima(entry));
    });
    if (found == list.entries.end())
        return {};
    const auto file = eventlog::decode_ima_file(*found);
    Reason reason = plain("ima.pcr",
                          why_misplaced(*found),
                          "Let the IMA policy measure into PCR 10, or with a template of the kernel's "
                          "(ima-ng, ima-sig, ima-buf) into one from 11 to 15 that nothing else extends.");
    reason.event = EventRef{.index = before + static_cast<std::size_t>(found - list.entries.begin()),
                            .pcr = found->pcr,
                            .type = "ima",
                            .digest = file ? to_hex(file->digest) : "",
                            .bank = file ? file->algorithm : "",
                            .description = file ? std::string(file->name) : ""};
    return reason;
}

class Check {
public:
    explicit Check(const ImaQuoted& question) : question_(question) {}

    ImaCheck check() {
        if (auto reason = refusal()) {
            out_ = {};
            out_.reasons.push_back(*std::move(reason));
        }
        return std::move(out_);
    }

private:
    std::optional<Reason> refusal() {
        const std::size_t before = goes_on() ? question_.position->entries : 0;
        if (auto misplaced = misplaced_entry(question_.list, before))
            return misplaced;
        if (goes_on() && !question_.begin.shared.empty())
            return plain("ima.position",
                         "the IMA list goes on in " + names_of(question_.begin.shared) +
                             ", which firmware or systemd extends as well",
                         "Nothing: the host sends its whole list at the next attestation.");
        const auto list = check_template_digests(question_.list);
        if (!list)
            return replay_reason(question_.begin.pcrs, list.error().detail);
        for (const auto& [bank, values] : question_.quoted.banks)
            if (auto reason = check_bank(*list, bank, values))
                return reason;
        return {};
    }

    bool goes_on() const { return question_.position && question_.position->entries > 0; }

    std::optional<Reason> check_bank(const TrueImaList& list, Algorithm bank, const PcrBank& values) {
        ImaTarget target{.bank = bank, .quoted = {}, .starts = starts(bank)};
        for (const std::uint32_t pcr : question_.begin.pcrs) {
            const auto quoted = values.find(pcr);
            if (quoted == values.end())
                return replay_reason({pcr}, "it is not quoted");
            target.quoted.emplace(*quoted);
        }
        if (target.starts.empty())
            return replay_reason({pcr_ima}, "the accepted position is without bank " + to_string(bank));
        const auto replayed = replay_ima(list, target);
        if (!replayed && !question_.present)
            return plain("ima.absent",
                         names_of(question_.begin.pcrs) + " was extended, and there is no IMA list",
                         "The agent must send the kernel's list with the quote.");
        if (!replayed)
            return explain(list, std::move(target), replayed.error());
        if (place_ && *place_ != std::pair(replayed->entries, replayed->start))
            return replay_reason(question_.begin.pcrs, "the banks end at different entries");
        place_ = {replayed->entries, replayed->start};
        out_.entries = replayed->entries;
        if (question_.begin.shared.empty())
            out_.values[bank] = std::move(target.quoted);
        return {};
    }

    /// Before the first entry; none where the accepted position lacks the bank.
    std::vector<PcrBank> starts(Algorithm bank) const {
        std::vector<PcrBank> out;
        if (goes_on()) {
            const auto kept = question_.position->values.find(bank);
            if (kept != question_.position->values.end() && kept->second.contains(pcr_ima))
                out.push_back(kept->second);
            return out;
        }
        for (const auto& start : question_.begin.starts) {
            const auto found = start.find(bank);
            out.push_back(found != start.end() ? found->second : PcrBank{});
        }
        if (out.empty())
            out.emplace_back();
        return out;
    }

    /// Where the list leads to the PCRs that are IMA's alone, it is the order in the others that is unknown.
    Reason explain(const TrueImaList& list, ImaTarget target, const Error& error) const {
        const auto& shared = question_.begin.shared;
        for (const std::uint32_t pcr : shared)
            target.quoted.erase(pcr);
        if (!shared.empty() && replay_ima(list, target))
            return shared_reason(shared);
        return replay_reason(question_.begin.pcrs, error.detail);
    }

    const ImaQuoted& question_;
    ImaCheck out_;
    std::optional<std::pair<std::size_t, std::size_t>> place_; ///< of the banks so far: entries and start
};

} // namespace

std::set<std::uint32_t> ima_pcrs(const eventlog::ImaList& list, const std::optional<ImaPosition>& position) {
    std::set<std::uint32_t> out{pcr_ima};
    for (const eventlog::ImaEntry& entry : list.entries)
        out.insert(entry.pcr);
    if (position)
        for (const auto& [bank, values] : position->values)
            for (const auto& [pcr, value] : values)
                out.insert(pcr);
    std::erase_if(out, [](std::uint32_t pcr) { return !may_be_ima(pcr); });
    return out;
}

ImaCheck check_ima(const ImaQuoted& question) {
    return Check(question).check();
}

} // namespace vouchsafe::appraisal

// The rule of an IMA list that approves what a reference host has run.
#include "appraisal/base_image.h"
#include "appraisal/ima_judge.h"
#include "appraisal/replay.h"
#include "base/reader.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace vouchsafe::appraisal {

namespace {

constexpr std::uint32_t pcr_ima = 10;

/// Entries that every bank's quoted value covers.
Result<std::size_t> covered_entries(const eventlog::ImaList& list, const QuotedPcrs& quoted) {
    VS_TRY(const TrueImaList checked, check_template_digests(list));
    std::size_t covered = list.entries.size();
    for (const auto& [bank, values] : quoted.banks) {
        const auto value = values.find(pcr_ima);
        if (value == values.end())
            return fail(Errc::untrusted, "ima.replay", "PCR 10 is not quoted");
        VS_TRY(const ImaReplay replayed,
               replay_ima(checked, {.bank = bank, .pcr = pcr_ima, .quoted = value->second}));
        covered = std::min(covered, replayed.entries);
    }
    return covered;
}

} // namespace

Result<ImaRule> derive_ima_rule(const eventlog::ImaList& list, const QuotedPcrs& quoted) {
    VS_TRY(const std::size_t covered, covered_entries(list, quoted));
    VS_TRY_VOID(check_boot_aggregate(list, quoted));
    ImaRule rule;
    std::map<Algorithm, std::vector<Buffer>> digests;
    for (std::size_t i = 1; i < covered; ++i) {
        const auto file = eventlog::decode_ima_file(list.entries[i]);
        const auto algorithm = file ? deciding_algorithm(*file) : std::nullopt;
        if (!algorithm || file->verity || list.entries[i].violation())
            return fail(Errc::untrusted,
                        "ima.entry",
                        "entry " + std::to_string(i) +
                            " of the IMA list cannot be approved: a violation, a "
                            "SHA-1 or fs-verity digest, or an unknown template");
        if (auto key = file->buffer.empty() ? std::nullopt : measured_key(file->buffer)) {
            if (std::ranges::find(rule.keys, *key, &ImaKey::public_key) == rule.keys.end())
                rule.keys.push_back({.name = std::string(file->name),
                                     .key_id = ima_key_id(*key),
                                     .public_key = *std::move(key)});
            continue;
        }
        digests[*algorithm].push_back(to_buffer(file->digest));
    }
    rule.digests = FileDigests::of(digests);
    return rule;
}

} // namespace vouchsafe::appraisal

// The rule of an IMA list that approves what a reference host has run.
#include "appraisal/base_image.h"
#include "appraisal/boot.h"
#include "appraisal/check_ima.h"
#include "appraisal/ima_judge.h"
#include "appraisal/replay.h"
#include "base/reader.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace vouchsafe::appraisal {

namespace {

/// Entries that the quoted values cover, the first of which is the boot aggregate.
Result<std::size_t> covered_entries(const BootLogs& logs, const QuotedPcrs& quoted) {
    const ReplayCheck replayed = check_replay({.log = logs.firmware,
                                               .userspace = logs.userspace,
                                               .quoted = quoted,
                                               .exempt = {},
                                               .ima_pcrs = ima_pcrs(logs.ima, {})});
    const ImaCheck checked = check_ima(
        {.list = logs.ima, .present = true, .position = {}, .begin = replayed.ima, .quoted = quoted});
    for (const auto& reasons : {replayed.reasons, checked.reasons})
        if (!reasons.empty())
            return fail(Errc::untrusted, reasons.front().code, reasons.front().message);
    QuotedPcrs at_boot = quoted;
    for (const auto& [bank, values] : replayed.left_by_firmware)
        for (const auto& [pcr, value] : values)
            at_boot.banks.at(bank)[pcr] = value;
    VS_TRY_VOID(check_boot_aggregate(logs.ima, at_boot));
    return checked.entries;
}

} // namespace

Result<ImaRule> derive_ima_rule(const BootLogs& logs, const QuotedPcrs& quoted) {
    VS_TRY(const std::size_t covered, covered_entries(logs, quoted));
    const eventlog::ImaList& list = logs.ima;
    ImaRule rule;
    std::map<Algorithm, std::vector<Buffer>> digests;
    std::map<Algorithm, std::vector<Buffer>> verity;
    for (std::size_t i = 1; i < covered; ++i) {
        const auto file = eventlog::decode_ima_file(list.entries[i]);
        const auto algorithm = file ? deciding_algorithm(*file) : std::nullopt;
        if (!algorithm || list.entries[i].violation())
            return fail(Errc::untrusted,
                        "ima.entry",
                        "entry " + std::to_string(i) +
                            " of the IMA list cannot be approved: a violation, a "
                            "SHA-1 digest, or an unknown template");
        if (auto key = file->buffer.empty() ? std::nullopt : measured_key(file->buffer)) {
            if (std::ranges::find(rule.keys, *key, &ImaKey::public_key) == rule.keys.end())
                rule.keys.push_back({.name = std::string(file->name),
                                     .key_id = ima_key_id(*key),
                                     .public_key = *std::move(key)});
            continue;
        }
        (file->verity ? verity : digests)[*algorithm].push_back(to_buffer(file->digest));
    }
    rule.digests = FileDigests::of(digests);
    rule.verity = FileDigests::of(verity);
    return rule;
}

} // namespace vouchsafe::appraisal

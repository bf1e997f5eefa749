#include "appraisal/inspect_ima.h"

#include "appraisal/replay.h"
#include "eventlog/ima_ascii.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>

namespace vouchsafe::appraisal {

namespace {

using eventlog::ImaList;

constexpr std::size_t longest_text = std::size_t{64} << 20U;
constexpr std::array banks = {
    Algorithm::sha1, Algorithm::sha256, Algorithm::sha384, Algorithm::sha512, Algorithm::sm3_256};

json::Value finding(std::string_view severity, const Error& error) {
    return json::object({{"code", error.where}, {"message", error.detail}, {"severity", severity}});
}

json::Value templates_of(const ImaList& list) {
    std::map<std::string_view, std::int64_t> counts;
    for (const auto& entry : list.entries)
        ++counts[entry.template_name];
    json::Object out;
    for (const auto& [name, count] : counts)
        out[std::string(name)] = count;
    return out;
}

json::Value values_of(const PcrBank& pcrs) {
    json::Object out;
    for (const auto& [pcr, value] : pcrs)
        out[std::to_string(pcr)] = to_hex(value);
    return out;
}

Result<json::Value> pcrs_of(const ImaList& list) {
    json::Object out;
    for (const Algorithm bank : banks) {
        VS_TRY(const PcrBank pcrs, replay_whole_ima(list, bank, ImaForm::hashed));
        out[to_string(bank)] = values_of(pcrs);
        if (bank == Algorithm::sha1 || list.digest_bytes != eventlog::digest_size(Algorithm::sha1))
            continue;
        VS_TRY(const PcrBank padded, replay_whole_ima(list, bank, ImaForm::padded_sha1_old));
        out[to_string(bank) + "-zero-padded-sha1"] = values_of(padded);
    }
    return json::Value(std::move(out));
}

/// What `list` refers to stays in `binary`.
Result<ImaList> read_list(Bytes bytes, eventlog::ImaBytes& binary) {
    if (!eventlog::is_ima_text(bytes))
        return eventlog::parse_ima_list(bytes);
    if (bytes.size() > longest_text)
        return fail(Errc::too_large, "ima.list_bytes", std::to_string(bytes.size()) + " bytes");
    VS_TRY(binary, eventlog::ima_list_from_text(as_text(bytes)));
    return eventlog::parse_ima_list(binary.list, binary.digest_bytes);
}

InspectReport report(const ImaList& list, json::Value pcrs, Verdict verdict, json::Array findings) {
    const auto violations = std::ranges::count_if(list.entries, &eventlog::ImaEntry::violation);
    return {.verdict = verdict,
            .json = json::object({{"entries", list.entries.size()},
                                  {"templates", templates_of(list)},
                                  {"violations", static_cast<std::int64_t>(violations)},
                                  {"pcrs", std::move(pcrs)},
                                  {"findings", std::move(findings)}})};
}

InspectReport malformed(const Error& error) {
    return report({}, json::Object{}, Verdict::malformed, {finding("error", error)});
}

} // namespace

InspectReport inspect_ima(Bytes bytes) {
    eventlog::ImaBytes binary;
    const auto list = read_list(bytes, binary);
    if (!list)
        return malformed(list.error());
    if (list->entries.empty())
        return malformed({Errc::malformed, "ima.entries", "the list has no entry"});
    auto pcrs = pcrs_of(*list);
    if (!pcrs)
        return malformed(pcrs.error());
    json::Array findings;
    if (list->trailing != 0)
        findings.push_back(finding("warning",
                                   {Errc::malformed,
                                    "ima.trailing",
                                    std::to_string(list->trailing) + " bytes after the last whole entry"}));
    const auto digests = check_template_digests(*list);
    if (!digests)
        findings.push_back(finding("error", digests.error()));
    return report(
        *list, *std::move(pcrs), digests ? Verdict::fine : Verdict::does_not_verify, std::move(findings));
}

} // namespace vouchsafe::appraisal

#include "attestation/log_position.h"

#include "crypto/digest.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>

namespace vouchsafe::attestation {

namespace {

using appraisal::pcr_ima;

/// The name of a kept value: the bank's for PCR 10, "sha256:11" for another PCR.
std::string value_name(std::string_view bank, std::uint32_t pcr) {
    return std::string(bank) + (pcr == pcr_ima ? "" : ":" + std::to_string(pcr));
}

/// The PCR of such a name.
std::uint32_t pcr_of_name(std::string_view name) {
    const auto colon = name.find(':');
    std::uint32_t pcr = pcr_ima;
    if (colon != std::string_view::npos)
        std::from_chars(name.data() + colon + 1, name.data() + name.size(), pcr);
    return pcr;
}

bool still_holds(const std::string& image, const PositionQuestion& question) {
    return std::ranges::any_of(question.references.images->images, [&](const appraisal::BaseImage& one) {
        return one.version.text == image && one.valid_at(question.now);
    });
}

} // namespace

appraisal::Algorithm to_algorithm(crypto::HashAlg bank) {
    return static_cast<appraisal::Algorithm>(
        std::to_underlying(tpm::to_alg_id(bank))); // the TPM's numbers both
}

std::optional<inventory::LogPosition> agreed_position(const PositionQuestion& question) {
    const auto& last = question.last;
    if (!last || last->host != question.enrolment.host || last->ak_name != question.enrolment.ak_name)
        return std::nullopt;
    const auto kept = last->log_positions.find("ima");
    if (kept == last->log_positions.end() || kept->second.epoch != question.epoch ||
        to_known(kept->second) != question.claimed || !still_holds(kept->second.image, question))
        return std::nullopt;
    return kept->second;
}

Reasons check_position(const ProvenHost& host) {
    const auto& start = host.challenge.ima_start;
    const inventory::Counters counters = counters_of(host);
    if (!start || (start->counters.reset == counters.reset && start->counters.restart == counters.restart &&
                   start->boot_id == host.statement.boot_id))
        return {};
    return {reason("ima.position",
                   "the IMA list goes on from another boot, or from before the host slept",
                   "nothing: the host sends its whole list at the next attestation")};
}

inventory::LogPosition
accepted_position(const ProvenHost& host, const appraisal::Appraisal& appraisal, std::int64_t epoch) {
    inventory::LogPosition out{.counters = counters_of(host),
                               .boot_id = host.statement.boot_id,
                               .count = static_cast<std::int64_t>(appraisal.ima_end.entries),
                               .values = {},
                               .epoch = epoch,
                               .image = appraisal.ima_end.image};
    for (const auto& [bank, unused] : host.quote.pcrs())
        if (const auto values = appraisal.ima_end.values.find(to_algorithm(bank));
            values != appraisal.ima_end.values.end())
            for (const auto& [pcr, value] : values->second)
                out.values[value_name(crypto::to_string(bank), pcr)] = to_hex(value);
    return out;
}

protocol::KnownPosition to_known(const inventory::LogPosition& position) {
    protocol::KnownPosition out{.count = position.count, .values = position.values};
    std::erase_if(out.values, [](const auto& value) { return pcr_of_name(value.first) != pcr_ima; });
    return out;
}

std::optional<appraisal::ImaPosition> start_of(const std::optional<inventory::LogPosition>& position) {
    if (!position)
        return std::nullopt;
    appraisal::ImaPosition out{
        .entries = static_cast<std::size_t>(position->count), .values = {}, .image = position->image};
    for (const auto& [name, value] : position->values) {
        const auto bank = crypto::hash_alg_from_text(name.substr(0, name.find(':')));
        auto bytes = from_hex(value);
        if (bank && bytes) // a bank that is left out is refused by the appraisal
            out.values[to_algorithm(*bank)][pcr_of_name(name)] = *std::move(bytes);
    }
    return out;
}

} // namespace vouchsafe::attestation

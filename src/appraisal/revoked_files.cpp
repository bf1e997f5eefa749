#include "appraisal/revoked_files.h"

#include "appraisal/boot.h"
#include "appraisal/ima_judge.h"

#include <string>
#include <utility>

namespace vouchsafe::appraisal {

namespace {

Reason revoked(std::string what, EventRef event) {
    return {.code = "revoked.file",
            .message = "an administrator revoked " + std::move(what),
            .event = std::move(event),
            .expected = {},
            .hint = "Replace the file on the host, and start the host again."};
}

} // namespace

std::vector<Reason> check_revoked_files(const RevokedFilesQuestion& question) {
    std::vector<Reason> reasons;
    if (question.revoked.size() == 0)
        return reasons;
    for (const eventlog::Event& event : question.log.events)
        for (const auto& digest : event.digests)
            if (reasons.size() < most_refused && event.extends() &&
                question.revoked.contains(digest.algorithm, digest.value))
                reasons.push_back(revoked("what this event measured", event_ref(event, digest.algorithm)));
    std::size_t index = question.begin;
    for (const eventlog::ImaEntry& entry : question.list.entries) {
        const std::size_t place = index++;
        const auto file = eventlog::decode_ima_file(entry);
        const auto algorithm = file ? eventlog::algorithm_from_text(file->algorithm) : std::nullopt;
        if (reasons.size() < most_refused && algorithm && question.revoked.contains(*algorithm, file->digest))
            reasons.push_back(revoked("'" + std::string(file->name) + "', which the host used",
                                      {.index = place,
                                       .pcr = entry.pcr,
                                       .type = "ima",
                                       .digest = to_hex(file->digest),
                                       .bank = file->algorithm,
                                       .description = std::string(file->name)}));
    }
    return reasons;
}

} // namespace vouchsafe::appraisal

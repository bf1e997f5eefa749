#include "appraisal/nearest.h"

#include "appraisal/match.h"
#include "appraisal/variable_difference.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace vouchsafe::appraisal {

namespace {

constexpr std::size_t almost = 2; ///< added to the distance of the nearest
constexpr std::size_t most_alternatives = 3;

std::size_t weight(std::string_view code) {
    if (code == boot_kind_code)
        return 20; // of another kind, and of whatever else follows from that
    if (code == "image.kernel")
        return 5;
    if (code == "image.initrd")
        return 3;
    return code == "image.command_line" || code == "image.mismatch" ? 2 : 1;
}

// What a reason is about, in a sentence.
std::string_view thing(const Reason& reason) {
    if (reason.code == "image.kernel" || reason.code == boot_kind_code)
        return "kernel";
    if (reason.code == "image.initrd")
        return "initrd";
    return reason.code == "image.command_line" ? "command line" : "event";
}

bool has_event(const BaseImage& image, const EventRef& event, Algorithm bank) {
    return std::ranges::any_of(image.references, [&](const Reference& reference) {
        const auto digest = reference.digests.find(bank);
        return reference.pcr == event.pcr && digest != reference.digests.end() &&
               to_hex(digest->second) == event.digest;
    });
}

/// Completes the reasons of one image by what the others say.
class Completion {
public:
    Completion(const std::vector<Mismatch>& mismatches,
               std::span<const BaseImage> images,
               const eventlog::FirmwareLog& log,
               Algorithm bank)
        : mismatches_(mismatches), images_(images), log_(log), bank_(bank) {}

    void complete(Reason& reason, const Mismatch& nearest) const {
        std::string hint = "Compared with base image " + nearest.image->version.text + ".";
        if (reason.event) {
            add_alternatives(reason, nearest);
            hint += elsewhere(reason, nearest);
            describe_variable(reason, *nearest.image);
            if (reason.event->type == "EV_EFI_BOOT_SERVICES_APPLICATION")
                hint += " The digest is the Authenticode digest of a PE image, not that of the file.";
            if (reason.event->pcr == 14 && reason.event->description.starts_with("MokList"))
                hint += " Of shim's lists the log has the digest alone: see what changed with `mokutil "
                        "--list-enrolled` (MokListX: `mokutil --mokx --list-enrolled`).";
        }
        reason.hint = hint + " " + reason.hint;
    }

private:
    void add_alternatives(Reason& reason, const Mismatch& nearest) const {
        const std::size_t limit = distance(nearest.reasons) + almost;
        std::size_t added = 0;
        for (const Mismatch& other : mismatches_) {
            if (&other == &nearest || distance(other.reasons) > limit || added == most_alternatives)
                continue;
            const auto same = std::ranges::find_if(other.reasons, [&reason](const Reason& theirs) {
                return theirs.event && theirs.event->index == reason.event->index;
            });
            if (same == other.reasons.end() || same->expected.empty())
                continue;
            const auto known = [&](const Expected& expected) {
                return expected.digest == same->expected.front().digest;
            };
            if (std::ranges::any_of(reason.expected, known))
                continue;
            reason.expected.push_back(same->expected.front());
            ++added;
        }
    }

    std::string elsewhere(const Reason& reason, const Mismatch& nearest) const {
        for (const BaseImage& image : images_)
            if (image.version != nearest.image->version && has_event(image, *reason.event, bank_))
                return " This " + std::string(thing(reason)) + " is the one of base image " +
                       image.version.text + ".";
        return {};
    }

    /// What the image keeps of the variable that has this digest.
    const std::optional<Buffer>& data_of(const BaseImage& image, std::uint32_t pcr, Bytes digest) const {
        static const std::optional<Buffer> none;
        for (const Reference& reference : image.references) {
            const auto own = reference.digests.find(bank_);
            if (reference.pcr == pcr && reference.data && own != reference.digests.end() &&
                same_bytes(own->second, digest))
                return reference.data;
        }
        return none;
    }

    void describe_variable(Reason& reason, const BaseImage& image) const {
        if (reason.event->index >= log_.events.size() || reason.expected.empty())
            return;
        const auto approved = from_hex(reason.expected.front().digest);
        if (!approved || approved->empty())
            return;
        const auto difference =
            variable_difference(log_.events[reason.event->index],
                                bank_,
                                {.digest = *approved, .data = data_of(image, reason.event->pcr, *approved)});
        if (!difference.empty())
            reason.message += ": " + difference;
    }

    const std::vector<Mismatch>& mismatches_;
    std::span<const BaseImage> images_;
    const eventlog::FirmwareLog& log_;
    Algorithm bank_;
};

} // namespace

std::size_t distance(const std::vector<Reason>& reasons) {
    std::size_t sum = 0;
    for (const Reason& reason : reasons)
        sum += weight(reason.code);
    return sum;
}

std::vector<Reason> explain(const std::vector<Mismatch>& mismatches,
                            std::span<const BaseImage> images,
                            const eventlog::FirmwareLog& log,
                            Algorithm bank) {
    const auto nearest = std::ranges::min_element(
        mismatches, {}, [](const Mismatch& mismatch) { return distance(mismatch.reasons); });
    std::vector<Reason> out = nearest->reasons;
    const Completion completion(mismatches, images, log, bank);
    for (Reason& reason : out)
        completion.complete(reason, *nearest);
    return out;
}

} // namespace vouchsafe::appraisal

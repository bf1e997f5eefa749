#include "appraisal/match.h"

#include "appraisal/boot.h"
#include "appraisal/command_line.h"
#include "eventlog/event_data.h"

#include <algorithm>
#include <iterator>

namespace vouchsafe::appraisal {

namespace {

using eventlog::Event;

class Matcher {
public:
    Matcher(const BaseImage& image, const MatchInput& input) : image_(image), input_(input) {}

    std::vector<Reason> match() {
        for (std::size_t i = 0; i < image_pcrs.size(); ++i)
            match_pcr(image_pcrs[i], input_.events[i]);
        // Consequences (a changed file, a changed measurement of the whole) come after what was changed.
        std::vector<Reason> ordered;
        for (const bool first : {true, false})
            std::ranges::copy_if(reasons_, std::back_inserter(ordered), [first](const Reason& reason) {
                return first == concerns_a_role(reason);
            });
        return ordered;
    }

private:
    using References = std::vector<const Reference*>;
    using Events = std::vector<const Event*>;

    static bool concerns_a_role(const Reason& reason) {
        return reason.code == "image.command_line" || reason.code == "image.kernel" ||
               reason.code == "image.initrd";
    }

    bool equal(const Reference& reference, const Event& event) const {
        if (reference.type != event.type || !reference.digests.contains(input_.policy_bank))
            return false;
        return std::ranges::all_of(reference.digests, [&](const auto& entry) {
            const auto& [bank, expected] = entry;
            const auto actual = event.digest(bank);
            const bool quoted = input_.quoted.banks.contains(bank);
            return !quoted || (actual && same_bytes(*actual, expected));
        });
    }

    /// What is alike at both ends is set aside; the rest is compared place by place.
    void match_pcr(std::uint32_t pcr, Events events) {
        References references;
        for (const Reference& reference : image_.references)
            if (reference.pcr == pcr)
                references.push_back(&reference);
        while (!events.empty() && !references.empty() && equal(*references.back(), *events.back())) {
            events.pop_back();
            references.pop_back();
        }
        const std::size_t both = std::min(events.size(), references.size());
        std::size_t place = 0;
        while (place < both && equal(*references[place], *events[place]))
            ++place;
        for (; place < both; ++place)
            if (!equal(*references[place], *events[place]))
                reasons_.push_back(differs(*references[place], *events[place]));
        for (std::size_t i = both; i < events.size(); ++i)
            reasons_.push_back(unexpected(*events[i]));
        for (std::size_t i = both; i < references.size(); ++i)
            reasons_.push_back(missing(*references[i]));
    }

    Expected expected(const Reference& reference) const {
        const auto digest = reference.digests.find(input_.policy_bank);
        return {.digest = digest != reference.digests.end() ? to_hex(digest->second) : "",
                .description = reference.description,
                .image = image_.version.text};
    }

    Reason differs(const Reference& reference, const Event& event) const {
        Reason reason{.code = "image.mismatch",
                      .message = "PCR " + std::to_string(event.pcr) + ": " + eventlog::describe(event) +
                                 " is not the approved one",
                      .event = event_ref(event, input_.policy_bank),
                      .expected = {expected(reference)},
                      .hint = "Approve a base image of this build, or start the approved one."};
        if (!reference.role)
            return reason;
        switch (*reference.role) {
        case Role::kernel:
            reason.code = "image.kernel";
            reason.message = "the kernel is not the approved one";
            break;
        case Role::initrd:
            reason.code = "image.initrd";
            reason.message = "the initrd is not the approved one";
            break;
        case Role::command_line:
            reason.code = "image.command_line";
            reason.message = command_line_message(reference, event);
            break;
        }
        return reason;
    }

    std::string command_line_message(const Reference& reference, const Event& event) const {
        std::string plain = "the kernel command line is not the approved one";
        const auto actual = command_line_text(event, input_.command_line);
        const auto digest = reference.digests.find(input_.policy_bank);
        if (!actual || digest == reference.digests.end() ||
            !is_command_line(reference.description, digest->first, digest->second))
            return plain;
        return plain + ": " + command_line_difference(reference.description, *actual);
    }

    Reason unexpected(const Event& event) const {
        return {.code = "image.unexpected",
                .message = "PCR " + std::to_string(event.pcr) + ": " + eventlog::describe(event) +
                           " is not part of the approved boot",
                .event = event_ref(event, input_.policy_bank),
                .expected = {},
                .hint = "Approve a base image that has this event, or remove what causes it."};
    }

    Reason missing(const Reference& reference) const {
        return {.code = "image.missing",
                .message = "PCR " + std::to_string(reference.pcr) + ": " + reference.description +
                           " was not measured",
                .event = {},
                .expected = {expected(reference)},
                .hint = "The approved boot has an event here that this boot lacks."};
    }

    const BaseImage& image_;
    const MatchInput& input_;
    std::vector<Reason> reasons_;
};

} // namespace

std::vector<Reason> match(const BaseImage& image, const MatchInput& input) {
    return Matcher(image, input).match();
}

} // namespace vouchsafe::appraisal

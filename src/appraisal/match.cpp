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
        if (!reasons_.empty())
            tell_kinds_apart();
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
               reason.code == "image.initrd" || reason.code == boot_kind_code;
    }

    static bool is_of_loaders(std::uint32_t pcr) { return pcr == 8 || pcr == 9 || pcr == 11 || pcr == 12; }

    /// The reference that shows the kernel; an image that is valid has one.
    const Reference* kernel_reference() const {
        const auto found =
            std::ranges::find(image_.references, std::optional(Role::kernel), &Reference::role);
        return found == image_.references.end() ? nullptr : &*found;
    }

    /// By the PCR that shows the kernel.
    static std::string_view kind_of_boot(std::uint32_t kernel_pcr) {
        switch (kernel_pcr) {
        case 11:
            return "a unified kernel image (systemd-stub)";
        case 9:
            return "grub";
        default:
            return "the firmware alone (a kernel with its EFI stub)";
        }
    }

    /// Whether grub or systemd-stub measured, though it may be that what they say of the kernel is not known.
    bool has_loader() const {
        for (std::size_t i = 0; i < image_pcrs.size(); ++i)
            if ((image_pcrs[i] == 8 || image_pcrs[i] == 11) && !input_.events[i].empty())
                return true;
        return false;
    }

    /// Where the kinds of boot differ, places in the logs mean different things: one reason for all of it.
    void tell_kinds_apart() {
        const Reference* const approved = kernel_reference();
        const Event* const actual = input_.boot.kernel;
        if (approved == nullptr || actual == nullptr || approved->pcr == actual->pcr ||
            (actual->pcr == 4 && has_loader()))
            return;
        reasons_.clear();
        for (std::size_t i = 0; i < image_pcrs.size(); ++i)
            if (!is_of_loaders(image_pcrs[i]))
                match_pcr(image_pcrs[i], input_.events[i]);
        std::erase_if(reasons_, concerns_a_role);
        reasons_.insert(
            reasons_.begin(),
            {.code = std::string(boot_kind_code),
             .message = "the kinds of boot differ: this host was started by " +
                        std::string(kind_of_boot(actual->pcr)) + ", the approved image by " +
                        std::string(kind_of_boot(approved->pcr)),
             .event = event_ref(*actual, input_.policy_bank),
             .expected = {expected(*approved)},
             .hint = "Approve a base image of this kind of boot, or start the host as approved."});
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

    /// What is alike at both ends is set aside; of the rest, what shows a kernel, initrd or command line is
    /// compared with what shows the same, and everything else place by place.
    void match_pcr(std::uint32_t pcr, Events events) {
        References references;
        for (const Reference& reference : image_.references)
            if (reference.pcr == pcr)
                references.push_back(&reference);
        while (!events.empty() && !references.empty() && equal(*references.back(), *events.back())) {
            events.pop_back();
            references.pop_back();
        }
        const auto [reference, event] =
            std::ranges::mismatch(references, events, [this](const Reference* one, const Event* other) {
                return equal(*one, *other);
            });
        references.erase(references.begin(), reference);
        events.erase(events.begin(), event);
        match_roles(references, events);
        const std::size_t both = std::min(events.size(), references.size());
        for (std::size_t place = 0; place < both; ++place)
            if (!equal(*references[place], *events[place]))
                reasons_.push_back(differs(*references[place], *events[place]));
        for (std::size_t i = both; i < events.size(); ++i)
            reasons_.push_back(unexpected(*events[i]));
        for (std::size_t i = both; i < references.size(); ++i)
            reasons_.push_back(missing(*references[i]));
    }

    /// Takes out only pairs that differ, each with its reason: what is equal keeps its place to be judged.
    void match_roles(References& references, Events& events) {
        std::erase_if(references, [&](const Reference* reference) {
            const auto found = std::ranges::find_if(events, [&](const Event* event) {
                return reference->role && input_.boot.role(*event) == reference->role;
            });
            if (found == events.end() || equal(*reference, **found))
                return false;
            reasons_.push_back(differs(*reference, **found));
            events.erase(found);
            return true;
        });
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

// Why evidence was refused, for machines (code, digests) and for people (message, hint).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::appraisal {

/// The event or measurement that failed.
struct EventRef {
    std::size_t index = 0;
    std::uint32_t pcr = 0;
    std::string type;   ///< "EV_IPL"; "ima" for entries of the IMA list
    std::string digest; ///< hex
    std::string bank;
    std::string description; ///< what the log says about it; a label

    friend bool operator==(const EventRef&, const EventRef&) = default;
};

/// What would have been accepted in its place.
struct Expected {
    std::string digest; ///< hex
    std::string description;
    std::string image; ///< version of the base image, or "" where no image is meant

    friend bool operator==(const Expected&, const Expected&) = default;
};

struct Reason {
    std::string code; ///< stable, dotted: "eventlog.absent", "image.command_line"
    std::string message;
    std::optional<EventRef> event;
    std::vector<Expected> expected;
    std::string hint; ///< what an administrator would do about it

    friend bool operator==(const Reason&, const Reason&) = default;
};

/// A reason that no event is behind.
inline Reason plain(std::string code, std::string message, std::string hint) {
    return {.code = std::move(code),
            .message = std::move(message),
            .event = {},
            .expected = {},
            .hint = std::move(hint)};
}

} // namespace vouchsafe::appraisal

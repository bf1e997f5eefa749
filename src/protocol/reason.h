// protocol: what travels between agent, authority and management server, as types with JSON both ways, and
// the cryptography of release sessions that both ends share. Nothing here judges: services do.
//
// Every message has a version and refuses unknown members; to_json(from_json(x)) is x. Bodies are limited
// before they are parsed (max_*_bytes beside each message).
//
// This header: why evidence was refused.
#pragma once

#include "base/result.h"
#include "json/value.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::protocol {

/// The event or measurement that failed.
struct ReasonEvent {
    std::int64_t index = 0;
    std::uint32_t pcr = 0;
    std::string type;
    std::string digest; ///< hex
    std::string bank;
    std::string description;

    friend bool operator==(const ReasonEvent&, const ReasonEvent&) = default;
};

/// What would have been accepted in its place.
struct ReasonExpected {
    std::string digest; ///< hex
    std::string description;
    std::string image; ///< version of a base image, or empty

    friend bool operator==(const ReasonExpected&, const ReasonExpected&) = default;
};

struct Reason {
    std::string code;    ///< stable, dotted
    std::string message; ///< for people
    std::optional<ReasonEvent> event;
    std::vector<ReasonExpected> expected;
    std::string hint; ///< what would fix it

    json::Value to_json() const;
    static Result<Reason> from_json(const json::Value& value, std::string_view where = "reason");

    friend bool operator==(const Reason&, const Reason&) = default;
};

inline constexpr std::size_t max_reasons = 256;

json::Array reasons_to_json(const std::vector<Reason>& reasons);
Result<std::vector<Reason>> reasons_from_json(const json::Array& items, std::string_view where = "reasons");

} // namespace vouchsafe::protocol

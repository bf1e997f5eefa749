// Protocol versions, and how client and server find one: a state machine without a wire.
//
// Servers answer the wrong question in the wrong version: PyKMIP answers an unknown header version with a
// 1.0 error, and a 1.0 server knows no Discover Versions. So a bad answer only means: ask with another
// header. What ends the search early is a server that cannot be reached or does not accept the client.
#pragma once

#include "base/result.h"

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace vouchsafe::kmip {

struct ProtocolVersion {
    std::int32_t major = 0;
    std::int32_t minor = 0;

    auto operator<=>(const ProtocolVersion&) const = default;
};

std::string to_string(ProtocolVersion version);

/// What we speak, the best first.
inline constexpr std::array supported_versions = {
    ProtocolVersion{2, 1},
    ProtocolVersion{2, 0},
    ProtocolVersion{1, 4},
    ProtocolVersion{1, 3},
    ProtocolVersion{1, 2},
    ProtocolVersion{1, 1},
    ProtocolVersion{1, 0},
};

/// Ask the server: Discover Versions under this header, or Query where the header is 1.0.
struct Probe {
    ProtocolVersion header;

    bool discovers() const { return header > ProtocolVersion{1, 0}; }

    friend bool operator==(const Probe&, const Probe&) = default;
};

/// Both speak it.
struct Agreed {
    ProtocolVersion version;

    friend bool operator==(const Agreed&, const Agreed&) = default;
};

using ServerVersions = std::vector<ProtocolVersion>;

class Negotiation {
public:
    /// `last_good` is what worked with this server before: it is asked first. Nothing above `newest` is
    /// offered.
    explicit Negotiation(std::optional<ProtocolVersion> last_good = {},
                         ProtocolVersion newest = supported_versions.front());

    /// What to ask now.
    Probe probe() const { return Probe{headers_.at(at_)}; }

    /// The versions to offer in Discover Versions, the best first.
    std::span<const ProtocolVersion> offered() const { return offered_; }

    /// Takes the answer to probe(): the versions of the server (none are listed by an answer to Query), or
    /// the failure. Gives the version agreed on, nothing yet (ask probe() again), or the final failure.
    Result<std::optional<Agreed>> on_answer(const Result<ServerVersions>& answer);

private:
    Result<std::optional<Agreed>> next_header(const Error& last);

    std::vector<ProtocolVersion> offered_;
    std::vector<ProtocolVersion> headers_;
    std::size_t at_ = 0;
};

} // namespace vouchsafe::kmip

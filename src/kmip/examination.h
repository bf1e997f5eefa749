// What a key server can do, by trying: the operations of a provider on a key that is thrown away afterwards.
//
//     const auto found = examine(client, {.name = "vouchsafe-probe-1f0c", ...});
//
// It says what was seen, and judges what a provider on that server can do; it sets nothing up. The key is
// destroyed whatever happens, as far as the server lets us: `left_behind` says where it did not. Nothing is
// ever destroyed but what Create said it made: a server that locates loosely would have us destroy another's.
#pragma once

#include "base/result.h"
#include "base/secret.h"
#include "kmip/client.h"
#include "kmip/profile.h"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::kmip {

/// What is tried, in this order.
enum class Step : std::uint8_t {
    create,
    activate,
    get_attributes,
    get,
    batch,
    locate,
    encrypt,
    decrypt,
    wrong_tag,
    wrong_data,
    wrong_nonce,
    revoke,
    destroy,
};

inline constexpr std::size_t steps = 13;

std::string_view to_string(Step step);

enum class Outcome : std::uint8_t {
    works,
    fails,     ///< refused, or no answer
    wrong,     ///< done, but not as the specification has it
    not_tried, ///< read-only, or something that it needs did not work
};

std::string_view to_string(Outcome outcome);

struct Tried {
    Outcome outcome = Outcome::not_tried;
    std::string detail; ///< why it fails or is wrong; for people
};

enum class Verdict : std::uint8_t { yes, no, untested };

std::string_view to_string(Verdict verdict);

/// Whether a provider with that wrapping can stand on the server, and the reason where that is not a yes.
struct Ability {
    Verdict verdict = Verdict::untested;
    std::string why;
};

struct Examination {
    ServerVersions versions; ///< what the server lists; the one that answered where it lists none
    ProtocolVersion agreed;
    ServerFacts facts;
    std::array<Tried, steps> tried;
    const Profile* profile; ///< never nullptr
    Ability fetch;
    Ability remote;
    std::optional<std::string> left_behind; ///< what an administrator may have to remove there

    const Tried& at(Step step) const { return tried.at(static_cast<std::size_t>(step)); }
};

enum class Trial : std::uint8_t {
    whole,
    read_only, ///< nothing that writes: versions and operations alone
};

struct ExaminationInput {
    std::string name; ///< of the key that is made; unique, for some servers allow a name once
    Secret plain;     ///< 32 random bytes to encrypt
    Buffer nonce;     ///< 12 random bytes
    Trial trial = Trial::whole;
    std::function<Deadline()> deadline; ///< of a request that is sent now
};

/// Fails only where the server cannot be reached, does not accept us, or speaks no version of ours.
Result<Examination> examine(Client& client, const ExaminationInput& input);

} // namespace vouchsafe::kmip

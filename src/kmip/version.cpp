#include "kmip/version.h"

#include "kmip/failure.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace vouchsafe::kmip {

namespace {

// 1.4 is what most servers speak, and sane newer ones answer it too; then what else is met in the field, then
// the rest. 1.0 comes last, because there an answer to Query settles it.
constexpr std::array probing_headers = {
    ProtocolVersion{1, 4},
    ProtocolVersion{1, 2},
    ProtocolVersion{1, 1},
    ProtocolVersion{2, 1},
    ProtocolVersion{2, 0},
    ProtocolVersion{1, 3},
    ProtocolVersion{1, 0},
};
static_assert(probing_headers.size() == supported_versions.size());

/// Whether asking under another header may give a better answer.
bool worth_another_header(FailureClass failure_class) {
    switch (failure_class) {
    case FailureClass::protocol:
    case FailureClass::server_fault:
    case FailureClass::final:
        return true;
    case FailureClass::transport:
    case FailureClass::misconfigured:
    case FailureClass::replica_lag:
        return false;
    }
    std::unreachable();
}

} // namespace

std::string to_string(ProtocolVersion version) {
    return std::to_string(version.major) + "." + std::to_string(version.minor);
}

Negotiation::Negotiation(std::optional<ProtocolVersion> last_good, ProtocolVersion newest) {
    std::ranges::copy_if(supported_versions, std::back_inserter(offered_), [newest](auto version) {
        return version <= newest;
    });
    const auto is_offered = [this](ProtocolVersion version) {
        return std::ranges::find(offered_, version) != offered_.end();
    };
    if (last_good && is_offered(*last_good))
        headers_.push_back(*last_good);
    for (const ProtocolVersion header : probing_headers)
        if (is_offered(header) && header != last_good)
            headers_.push_back(header);
    VS_CHECK(!headers_.empty());
}

Result<std::optional<Agreed>> Negotiation::on_answer(const Result<ServerVersions>& answer) {
    VS_CHECK(at_ < headers_.size());
    if (!answer) {
        if (!worth_another_header(failure_class(answer.error())))
            return std::unexpected(answer.error());
        return next_header(answer.error());
    }
    if (!probe().discovers())
        return Agreed{probe().header};
    for (const ProtocolVersion ours : offered_)
        if (std::ranges::find(*answer, ours) != answer->end())
            return Agreed{ours};
    return next_header(failure(FailureClass::protocol, "the key server speaks no version of ours"));
}

Result<std::optional<Agreed>> Negotiation::next_header(const Error& last) {
    if (at_ + 1 == headers_.size())
        return std::unexpected(
            failure(FailureClass::protocol, "no common KMIP version; last: " + last.detail));
    ++at_;
    return std::nullopt;
}

} // namespace vouchsafe::kmip

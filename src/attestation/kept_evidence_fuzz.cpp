// Files of kept evidence: what is accepted is the one encoding, and proving or judging it ends well.
#include "attestation/reappraisal.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const Bytes bytes(data, size);
    const auto kept = attestation::parse_kept_evidence(bytes);
    if (!kept)
        return 0;
    VS_CHECK(same_bytes(attestation::encode(*kept), bytes));
    auto evidence = attestation::reprove(*kept);
    if (!evidence)
        return 0;
    inventory::AuthorityState state;
    state.anchor = kept->anchor;
    state.enrolments.emplace(kept->enrolment.host.text, kept->enrolment);
    const auto references = attestation::References::of(state);
    const auto verdict = attestation::reappraise(
        *evidence, *kept, {.state = state, .references = references, .now = kept->received});
    VS_CHECK(verdict.outcome != protocol::Outcome::trusted); // by rules that trust nothing
    VS_CHECK(!attestation::steps_of(*evidence, *kept, verdict).as_array().empty());
    return 0;
}

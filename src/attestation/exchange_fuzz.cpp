// The whole exchange against the service: true messages of a machine, changed as the input says. Whatever the
// change is, nothing ends the process, and no other evidence than the true one makes the host trusted.
#include "tests/support/attestation_house.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace {

using namespace vouchsafe;

/// Takes the input apart; zeros at its end.
class Input {
public:
    explicit Input(Bytes bytes) : bytes_(bytes) {}

    std::uint8_t octet() {
        if (bytes_.empty())
            return 0;
        const std::uint8_t out = bytes_.front();
        bytes_ = bytes_.subspan(1);
        return out;
    }

    std::size_t number() {
        const std::size_t high = octet();
        return high << 8U | octet();
    }

    bool empty() const { return bytes_.empty(); }

private:
    Bytes bytes_;
};

/// Flips bits, cuts, repeats or inserts.
template <class Text> void spoil(Text& text, Input& input) {
    using Item = typename Text::value_type;
    const std::uint8_t how = input.octet() % 4;
    const std::size_t at = text.empty() ? 0 : input.number() % text.size();
    const std::uint8_t octet = input.octet();
    if (how == 0 && !text.empty())
        text[at] = static_cast<Item>(static_cast<std::uint8_t>(text[at]) ^ octet);
    else if (how == 1)
        text.resize(at);
    else if (how == 2)
        text.insert(text.end(), octet, static_cast<Item>(octet));
    else
        text.insert(text.begin() + static_cast<std::ptrdiff_t>(at), static_cast<Item>(octet));
}

void spoil(std::optional<Buffer>& bytes, Input& input) {
    if (!bytes)
        bytes.emplace();
    else if (input.octet() % 8 == 0)
        bytes.reset();
    else
        spoil(*bytes, input);
}

void spoil(protocol::Evidence& evidence, Input& input) {
    switch (input.octet() % 11) {
    case 0:
        return spoil(evidence.state, input);
    case 1:
        return spoil(evidence.activation, input);
    case 2:
        return spoil(evidence.attest, input);
    case 3:
        return spoil(evidence.signature, input);
    case 4:
        return spoil(evidence.statement, input);
    case 5:
        return spoil(evidence.firmware_log, input);
    case 6:
        return spoil(evidence.ima_log, input);
    case 7:
        return spoil(evidence.userspace_log, input);
    case 8:
        if (evidence.pcrs.empty())
            return;
        return spoil(evidence.pcrs[input.octet() % evidence.pcrs.size()].values[input.octet() % 24U], input);
    case 9:
        if (!evidence.pcrs.empty())
            return spoil(evidence.pcrs[input.octet() % evidence.pcrs.size()].bank, input);
        return;
    default: // facts are believed by nobody: the one part that may change without a refusal
        return spoil(evidence.facts["command_line"], input);
    }
}

void spoil(protocol::ChallengeRequest& request, Input& input) {
    switch (input.octet() % 5) {
    case 0:
        return spoil(request.ek_public, input);
    case 1:
        return spoil(request.ak_public, input);
    case 2:
        if (!request.ek_certificates.empty())
            return spoil(request.ek_certificates.front(), input);
        return;
    case 3:
        return spoil(request.banks[input.octet() % request.banks.size()], input);
    default:
        return spoil(request.label, input);
    }
}

struct Scene {
    Scene() {
        house.enrol(machine);
        house.enrol(other);
    }

    // Approving is not repeated for each input, so what attestations leave must not pile up.
    void clean() {
        house.audit.lines.clear();
        house.clock.boot += std::chrono::seconds(61); // used challenges are forgotten
    }

    test::AttestationHouse house;
    test::AttestedMachine machine{"a"};
    test::AttestedMachine other{"b"};
};

bool is_trusted(const attestation::EvidenceReply& reply) {
    return reply.answer && reply.answer->key_access_token.has_value();
}

/// Without the parts of which nothing follows: `facts`, and a proof of activation that was not asked for.
protocol::Evidence believed(protocol::Evidence evidence, const protocol::Challenge& challenge) {
    evidence.facts.clear();
    if (!challenge.credential)
        evidence.activation.reset();
    return evidence;
}

void check(Scene& scene, Input input) {
    protocol::ChallengeRequest request = scene.machine.request();
    if (input.octet() % 4 == 0)
        spoil(request, input);
    const auto challenge = scene.house.service.challenge(request);
    if (!challenge.answer)
        return;
    const auto statement = scene.machine.statement(scene.house.history.anchor);
    const protocol::Evidence truth = scene.machine.evidence(*challenge.answer, statement);
    protocol::Evidence evidence = truth;
    if (input.octet() % 8 == 0) { // another machine's evidence for this challenge
        evidence = scene.other.evidence(*challenge.answer, scene.other.statement(scene.house.history.anchor));
    }
    for (int changes = 0; changes < 4 && !input.empty(); ++changes)
        spoil(evidence, input);
    if (is_trusted(scene.house.send(evidence)))
        VS_CHECK(believed(evidence, *challenge.answer) == believed(truth, *challenge.answer));
    if (evidence.state == truth.state)
        VS_CHECK(!is_trusted(scene.house.send(truth))); // the challenge is used up
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Scene scene;
    check(scene, Input(Bytes(data, size)));
    // Whatever came before, the host is still trusted for the truth; where a changed challenge request made
    // it pending (another AK), it is approved again.
    if (!is_trusted(scene.house.attest(scene.machine))) {
        VS_CHECK(scene.house.enrolment(scene.machine).state == inventory::EnrolmentState::pending);
        scene.house.approve(scene.machine);
        VS_CHECK(is_trusted(scene.house.attest(scene.machine)));
    }
    scene.clean();
    return 0;
}

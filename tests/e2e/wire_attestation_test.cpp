// Challenges and evidence that are wrong: in form, in every part, in the challenge they answer.
#include "json/parse.h"
#include "json/write.h"
#include "protocol/evidence.h"
#include "tests/e2e/wire_house.h"
#include "tests/e2e/wire_mutations.h"

namespace vouchsafe::test {
namespace {

class WireAttestation : public WireTest {
protected:
    net::ClientResponse send(std::string_view path, std::string body) {
        auto response = host.send(path, std::move(body));
        VS_CHECK(response.has_value());
        return *std::move(response);
    }

    protocol::Challenge challenge() {
        auto out = host.challenge();
        VS_CHECK(out.has_value());
        return *std::move(out);
    }

    protocol::Evidence evidence() {
        auto parsed = json::parse(host.evidence_body(challenge()), protocol::evidence_limits);
        auto out = protocol::Evidence::from_json(*parsed);
        VS_CHECK(out.has_value());
        return *std::move(out);
    }
};

TEST_F(WireAttestation, RefusesChallengesOfAnotherForm) {
    const json::Value good = host.machine.request().to_json();
    for (const auto& bodies : {broken_json(good), wrong_members(good, {"log_positions"})})
        for (const BadBody& body : bodies) {
            SCOPED_TRACE(body.what);
            EXPECT_TRUE(says(send(protocol::challenge_path, body.text), {body.status, "INVALID_ARGUMENT"}));
        }
}

TEST_F(WireAttestation, RefusesEvidenceOfAnotherForm) {
    const json::Value good = evidence().to_json();
    const std::set<std::string> optional{"activation", "firmware_log", "ima_log", "userspace_log"};
    for (const auto& bodies : {broken_json(good), wrong_members(good, optional)})
        for (const BadBody& body : bodies) {
            SCOPED_TRACE(body.what);
            EXPECT_TRUE(says(send(protocol::evidence_path, body.text), {body.status, "INVALID_ARGUMENT"}));
        }
}

TEST_F(WireAttestation, TellsStrangersOneWord) {
    struct Row {
        const char* what;
        std::function<void(protocol::ChallengeRequest&)> spoil;
    };

    const auto flip = [](Buffer& bytes) { bytes[bytes.size() / 2] ^= 1U; };
    const std::vector<Row> rows{
        {"no EK", [](auto& request) { request.ek_public = {1, 2, 3}; }},
        {"EK cut off", [](auto& request) { request.ek_public.pop_back(); }},
        {"EK and AK swapped", [](auto& request) { std::swap(request.ek_public, request.ak_public); }},
        {"no AK", [](auto& request) { request.ak_public = {0}; }},
        {"AK with more behind it", [](auto& request) { request.ak_public.push_back(0); }},
        {"another EK than certified",
         [](auto& request) { request.ek_public = tpm::encode(SoftwareTpm().ek_area()); }},
        {"a bank that there is not", [](auto& request) { request.banks.emplace_back("md5"); }},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.what);
        protocol::ChallengeRequest request = host.machine.request();
        row.spoil(request);
        const auto response = send(protocol::challenge_path, json::canonical(request.to_json()));
        EXPECT_TRUE(says(response, {403, "UNAUTHORIZED refused"}));
    }
    // A machine whose EK nobody knows has to have a certificate that holds.
    PlayedHost stranger("b");
    stranger.connect(authority);
    flip(stranger.machine.certificates.front());
    const auto response =
        stranger.send(protocol::challenge_path, json::canonical(stranger.machine.request().to_json()));
    EXPECT_TRUE(says(*response, {403, "UNAUTHORIZED refused"}));
}

// Each part of the evidence, spoiled in every way, with a challenge of its own each time: never trusted, and
// never an error of ours.
TEST_F(WireAttestation, BelievesNoPartThatIsNotWhole) {
    struct Part {
        const char* name;
        std::function<Buffer&(protocol::Evidence&)> of;
    };

    const std::vector<Part> parts{
        {"state", [](auto& e) -> Buffer& { return e.state; }},
        {"attest", [](auto& e) -> Buffer& { return e.attest; }},
        {"signature", [](auto& e) -> Buffer& { return e.signature; }},
        {"PCR value", [](auto& e) -> Buffer& { return e.pcrs.front().values.at(4); }},
        {"firmware log", [](auto& e) -> Buffer& { return *e.firmware_log; }},
        {"IMA list", [](auto& e) -> Buffer& { return *e.ima_log; }},
    };

    struct Spoiler {
        const char* what;
        std::function<void(Buffer&)> spoil;
    };

    const std::vector<Spoiler> spoilers{
        {"without its last byte", [](Buffer& bytes) { bytes.pop_back(); }},
        {"half", [](Buffer& bytes) { bytes.resize(bytes.size() / 2); }},
        {"empty", [](Buffer& bytes) { bytes.clear(); }},
        {"with a byte more", [](Buffer& bytes) { bytes.push_back(0); }},
        {"first bit", [](Buffer& bytes) { bytes.front() ^= 0x80U; }},
        {"a bit in a third", [](Buffer& bytes) { bytes[bytes.size() / 3] ^= 0x10U; }},
        {"a bit in the middle", [](Buffer& bytes) { bytes[bytes.size() / 2] ^= 1U; }},
        {"last bit", [](Buffer& bytes) { bytes.back() ^= 1U; }},
    };
    for (const Part& part : parts)
        for (const Spoiler& spoiler : spoilers) {
            SCOPED_TRACE(std::string(part.name) + " " + spoiler.what);
            protocol::Evidence spoiled = evidence();
            spoiler.spoil(part.of(spoiled));
            const auto response = send(protocol::evidence_path, json::canonical(spoiled.to_json()));
            if (response.status == 200) {
                const auto answer = protocol::EvidenceAnswer::from_json(json_of(response));
                ASSERT_TRUE(answer);
                EXPECT_EQ(answer->outcome, protocol::Outcome::refused);
                EXPECT_FALSE(answer->key_access_token);
                EXPECT_FALSE(answer->reasons.empty());
            } else {
                EXPECT_TRUE(says(response, {403, "UNAUTHORIZED refused"}) ||
                            says(response, {400, "INVALID_ARGUMENT"}))
                    << response.status << " " << error_of(response);
            }
        }
}

TEST_F(WireAttestation, BelievesNoPartOfAnotherAttestation) {
    struct Row {
        const char* what;
        std::function<void(protocol::Evidence&, const protocol::Evidence&)> swap;
        int status; ///< 200: the quote is the enrolled host's own, so it is told why
    };

    const std::vector<Row> rows{
        {"state", [](auto& e, const auto& other) { e.state = other.state; }, 403},
        {"quote",
         [](auto& e, const auto& other) {
             e.attest = other.attest;
             e.signature = other.signature;
         },
         403},
        {"signature", [](auto& e, const auto& other) { e.signature = other.signature; }, 403},
        {"statement", [](auto& e, const auto& other) { e.statement = other.statement; }, 403},
        {"release key",
         [](auto& e, const auto&) { e.release_key = crypto::EcPrivateKey::generate().public_key(); },
         200},
        {"logs exchanged", [](auto& e, const auto&) { std::swap(e.firmware_log, e.ima_log); }, 200},
        {"no firmware log", [](auto& e, const auto&) { e.firmware_log.reset(); }, 200},
        {"no IMA list", [](auto& e, const auto&) { e.ima_log.reset(); }, 200},
        {"no PCR values", [](auto& e, const auto&) { e.pcrs.clear(); }, 403},
        {"PCR values under another bank's name",
         [](auto& e, const auto&) { e.pcrs.front().bank = "sha384"; },
         403},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.what);
        host.machine.release_key = crypto::EcPrivateKey::generate();
        const protocol::Evidence other = evidence();
        host.machine.release_key = crypto::EcPrivateKey::generate();
        protocol::Evidence spoiled = evidence();
        row.swap(spoiled, other);
        const auto response = send(protocol::evidence_path, json::canonical(spoiled.to_json()));
        EXPECT_EQ(response.status, row.status) << as_text(response.body).substr(0, 400);
        if (response.status == 200) {
            EXPECT_EQ(protocol::EvidenceAnswer::from_json(json_of(response))->outcome,
                      protocol::Outcome::refused);
        }
    }
}

TEST_F(WireAttestation, TakesAChallengeOnceAndOnlyItsOwn) {
    const std::string body = host.evidence_body(challenge());
    EXPECT_EQ(send(protocol::evidence_path, body).status, 200);
    EXPECT_TRUE(says(send(protocol::evidence_path, body), {403, "UNAUTHORIZED refused"}));

    // A challenge that was answered wrongly is used up too.
    const protocol::Challenge spent = challenge();
    auto wrong =
        protocol::Evidence::from_json(*json::parse(host.evidence_body(spent), protocol::evidence_limits));
    wrong->signature.back() ^= 1U;
    EXPECT_EQ(send(protocol::evidence_path, json::canonical(wrong->to_json())).status, 403);
    EXPECT_TRUE(says(send(protocol::evidence_path, host.evidence_body(spent)), {403, "UNAUTHORIZED"}));

    // Another machine cannot answer it.
    PlayedHost other("b");
    other.connect(authority);
    const auto response = other.send(protocol::evidence_path, other.evidence_body(challenge()));
    EXPECT_TRUE(says(*response, {403, "UNAUTHORIZED refused"}));

    // Nor does another authority host know it.
    AuthorityProcess foreign;
    const auto elsewhere = foreign.post(protocol::evidence_path, host.evidence_body(challenge()));
    EXPECT_TRUE(says(elsewhere, {403, "UNAUTHORIZED refused"}));
    EXPECT_EQ(foreign.daemon().stop(), 0);
    EXPECT_EQ(sanitizer_report(foreign.daemon().log()), "");
}

TEST_F(WireAttestation, RefusesBodiesThatAreTooLong) {
    const std::string long_challenge(protocol::max_challenge_bytes + 1, ' ');
    EXPECT_TRUE(says(send(protocol::challenge_path, long_challenge), {413, "INVALID_ARGUMENT"}));
    const std::string long_evidence(protocol::max_evidence_bytes + 1, ' ');
    EXPECT_TRUE(says(send(protocol::evidence_path, long_evidence), {413, "INVALID_ARGUMENT"}));
    // At the limit it is read, and then refused for what it is.
    EXPECT_TRUE(says(send(protocol::challenge_path, std::string(protocol::max_challenge_bytes, ' ')),
                     {400, "INVALID_ARGUMENT"}));
}

} // namespace
} // namespace vouchsafe::test

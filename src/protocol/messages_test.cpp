#include "base/bytes.h"
#include "crypto/mac.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/challenge.h"
#include "protocol/evidence.h"
#include "protocol/session.h"
#include "protocol/statement.h"
#include "tests/support/message_checks.h"
#include "tests/support/vector_file.h"
#include "token/keys.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace vouchsafe::protocol {
namespace {

const SysTime now = from_seconds(1'800'000'000);

using test::expect_refused;
using test::expect_round_trip;

Statement statement() {
    return Statement{.agent_version = "0.1.0",
                     .anchor = std::string(64, '4'),
                     .boot_id = "11111111-2222-4333-8444-555555555555",
                     .host = HostId{"h-" + std::string(32, '0')},
                     .logs = {.firmware = std::string(64, '5'), .ima = {}, .userspace = {}},
                     .release_key = std::string(43, 'k'),
                     .purpose = QuotePurpose::attest,
                     .release = {}};
}

TEST(Statement, IsWhatAnotherImplementationWrites) {
    const auto v = json::parse(as_text(test::read_vector("protocol/good-statement.json")));
    ASSERT_TRUE(v);
    const std::string& text = v->find("statement")->as_string();
    const auto parsed = Statement::parse(text);
    ASSERT_TRUE(parsed);
    Statement expected = statement();
    expected.release_key = parsed->release_key;
    EXPECT_EQ(*parsed, expected);
    EXPECT_EQ(expected.encode(), text);
    const auto nonce = from_hex(v->find("nonce")->as_string());
    EXPECT_EQ(to_hex(qualifying_data(*nonce, text)), v->find("qualifying_data")->as_string());
}

TEST(Statement, ForAReleaseNamesSessionAndRequest) {
    Statement release = statement();
    release.purpose = QuotePurpose::release;
    release.release = ReleasePart{.request = std::string(64, '6'), .session = std::string(32, '7')};
    EXPECT_EQ(Statement::parse(release.encode()), Result<Statement>(release));
}

struct Bad {
    std::string_view name;
    std::string_view from;
    std::string_view to;
    std::string_view where;
};

class BadStatements : public testing::TestWithParam<Bad> {};

TEST_P(BadStatements, AreRefused) {
    std::string text = statement().encode();
    const std::size_t place = text.find(GetParam().from);
    ASSERT_NE(place, text.npos);
    text.replace(place, GetParam().from.size(), GetParam().to);
    const auto parsed = Statement::parse(text);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().where, GetParam().where);
}

INSTANTIATE_TEST_SUITE_P(
    Statement,
    BadStatements,
    testing::Values(Bad{"ReservedPurpose", "attest", "migrate", "statement.purpose"},
                    Bad{"ReleaseWithoutRequest", "attest", "release", "statement.request"},
                    Bad{"AttestWithRequest", R"(,"version")", R"(,"request":"aa","version")", "statement"},
                    Bad{"OtherVersion", R"("version":1)", R"("version":2)", "statement.version"},
                    Bad{"NoAnchor", R"("anchor":"44)", R"("anchor":")", "statement.anchor"},
                    Bad{"NoBootId", "11111111-", "1111111-", "statement.boot_id"},
                    Bad{"LogAbsentInsteadOfNull", R"("ima":null,)", "", "statement.canonical"},
                    Bad{"LogOfAnotherKind", R"("ima":null)", R"("ima":1)", "statement.logs.ima"},
                    Bad{"UnknownLog", R"("ima":null)", R"("ima":null,"kernel":null)", "statement.logs"},
                    Bad{"Spaces", R"("host":)", R"("host": )", "json.canonical"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Statement, IsShort) {
    Statement long_one = statement();
    long_one.agent_version = std::string(max_statement_bytes, 'x');
    EXPECT_EQ(Statement::parse(long_one.encode()).error().where, "json.limit");
}

ChallengeRequest challenge_request() {
    ChallengeRequest out;
    out.ek_public = {1, 2};
    out.ek_certificates = {{3}, {4, 5}};
    out.ak_public = {6};
    out.banks = {"sha1", "sha256"};
    out.log_positions.emplace("ima", KnownPosition{.count = 5, .values = {{"sha256", "aa"}}});
    out.documents = {"key-access", "reporting"};
    out.label = "host-a";
    return out;
}

TEST(ChallengeRequest, ComesBackAsSent) {
    expect_round_trip(challenge_request());
    ChallengeRequest least = challenge_request();
    least.ek_certificates.clear();
    least.log_positions.clear();
    least.documents.clear();
    least.label.clear();
    expect_round_trip(least);
}

TEST(ChallengeRequest, RefusesWhatIsOutOfBounds) {
    const ChallengeRequest good = challenge_request();
    const auto refused = [&good](std::string_view member, json::Value value, std::string_view where) {
        expect_refused(good, member, std::move(value), where);
    };
    refused("version", 2, "challenge_request.version");
    refused("ek_public", "", "challenge_request.ek_public");
    refused("ek_public", to_base64(Buffer(2049)), "challenge_request.ek_public");
    refused("ek_certificates", json::array({"!"}), "challenge_request.ek_certificates");
    refused("ek_certificates", json::Array(9, json::Value("AA==")), "challenge_request.ek_certificates");
    refused("banks", json::array({}), "challenge_request.banks");
    refused("banks", json::array({"sha1", "sha1"}), "challenge_request.banks");
    refused("documents", json::array({"root-password"}), "challenge_request.documents");
    refused("documents", json::array({"reporting", "reporting"}), "challenge_request.documents");
    refused("label", std::string(65, 'x'), "challenge_request.label");
    refused("label", "\x1b[2J", "challenge_request.label");
    refused("log_positions", json::object({{"dmesg", json::object({})}}), "challenge_request.log_positions");
    refused("ak_public", nullptr, "challenge_request.ak_public");
}

Challenge challenge() {
    return Challenge{.state = {1, 2, 3},
                     .nonce = Buffer(nonce_size, 9),
                     .selection = {{.bank = "sha256", .pcrs = {0, 7, 23}}},
                     .credential = CredentialChallenge{.blob = {1}, .secret = {2}},
                     .ima_from = 100,
                     .expires_in = 60};
}

TEST(Challenge, ComesBackAsSent) {
    expect_round_trip(challenge());
    Challenge without = challenge();
    without.credential.reset();
    expect_round_trip(without);
}

TEST(Challenge, RefusesWhatIsOutOfBounds) {
    const auto selection = [](json::Value pcrs) {
        return json::array({json::object({{"bank", "sha256"}, {"pcrs", std::move(pcrs)}})});
    };
    expect_refused(challenge(), "nonce", to_base64(Buffer(31)), "challenge.nonce");
    expect_refused(challenge(), "selection", json::array({}), "challenge.selection");
    expect_refused(challenge(), "selection", selection(json::array({24})), "challenge.selection.pcrs");
    expect_refused(challenge(), "selection", selection(json::array({7, 7})), "challenge.selection.pcrs");
    json::Array twice(2, selection(json::array({1})).as_array().front());
    expect_refused(challenge(), "selection", json::Value(twice), "challenge.selection");
    expect_refused(challenge(), "ima_from", -1, "challenge.ima_from");
    expect_refused(challenge(), "expires_in", 0, "challenge.expires_in");
    expect_refused(
        challenge(), "credential", json::object({{"blob", "AA=="}}), "challenge.credential.secret");
}

Evidence evidence() {
    static const auto key = crypto::EcPrivateKey::generate();
    return Evidence{.state = {1},
                    .activation = Buffer(32, 2),
                    .attest = {3},
                    .signature = {4},
                    .pcrs = {{.bank = "sha256", .values = {{0, Buffer(32, 1)}, {23, Buffer(32, 2)}}}},
                    .statement = statement().encode(),
                    .release_key = key.public_key(),
                    .firmware_log = Buffer{5},
                    .ima_log = {},
                    .userspace_log = {},
                    .facts = {{"firmware_version", "edk2"}}};
}

TEST(Evidence, ComesBackAsSent) {
    expect_round_trip(evidence());
    Evidence least = evidence();
    least.activation.reset();
    least.firmware_log.reset();
    least.facts.clear();
    expect_round_trip(least);
    Evidence most = evidence();
    most.firmware_log = Buffer(max_firmware_log_bytes, 1);
    most.ima_log = Buffer{};
    expect_round_trip(most);
}

TEST(Evidence, RefusesWhatIsOutOfBounds) {
    const auto pcrs = [](std::string_view number, json::Value value) {
        json::Object values;
        values.emplace(number, std::move(value));
        return json::array({json::object({{"bank", "sha256"}, {"values", json::Value(values)}})});
    };
    const Evidence good = evidence();
    expect_refused(good, "activation", to_base64(Buffer(31)), "evidence.activation");
    expect_refused(good, "statement", to_base64(Buffer(max_statement_bytes + 1)), "evidence.statement");
    expect_refused(good, "pcrs", pcrs("24", "aa"), "evidence.pcrs.values");
    expect_refused(good, "pcrs", pcrs("07", "aa"), "evidence.pcrs.values");
    expect_refused(good, "pcrs", pcrs("-1", "aa"), "evidence.pcrs.values");
    expect_refused(good, "pcrs", pcrs("7x", "aa"), "evidence.pcrs.values");
    expect_refused(good, "pcrs", pcrs("7", ""), "evidence.pcrs.values");
    expect_refused(good, "pcrs", pcrs("7", to_hex(Buffer(65))), "evidence.pcrs.values");
    expect_refused(
        good, "firmware_log", to_base64(Buffer(max_firmware_log_bytes + 1)), "evidence.firmware_log");
    expect_refused(
        good, "userspace_log", to_base64(Buffer(max_userspace_log_bytes + 1)), "evidence.userspace_log");
    json::Value private_key = token::jwk(good.release_key);
    private_key.as_object().emplace("d", "AA");
    expect_refused(good, "release_key", private_key, "evidence.release_key");
    expect_refused(good, "facts", json::object({{"a", std::string(1025, 'x')}}), "evidence.facts");
    expect_refused(good, "facts", json::object({{"a", 1}}), "evidence.facts");
    expect_refused(good, "version", 2, "evidence.version");
}

TEST(ActivationProof, IsAnHmacOverWhatTheQuoteCovers) {
    const Secret secret(Buffer(32, 1));
    const Buffer data(32, 2);
    Buffer message = to_buffer(as_bytes("vouchsafe/activation/1"));
    message.insert(message.end(), data.begin(), data.end());
    EXPECT_EQ(activation_proof(secret, data), crypto::hmac_sha256(secret, message));
    EXPECT_NE(activation_proof(secret, Buffer(32, 3)), crypto::hmac_sha256(secret, message));
}

Reason reason() {
    return Reason{.code = "image.command_line",
                  .message = "The kernel command line is not approved.",
                  .event = ReasonEvent{.index = 12,
                                       .pcr = 12,
                                       .type = "EV_IPL",
                                       .digest = std::string(64, 'a'),
                                       .bank = "sha256",
                                       .description = "quiet"},
                  .expected = {{.digest = std::string(64, 'b'), .description = "quiet", .image = "1"}},
                  .hint = "Approve it."};
}

TEST(Reason, ComesBackAsSent) {
    expect_round_trip(reason());
    expect_round_trip(
        Reason{.code = "eventlog.absent", .message = "", .event = {}, .expected = {}, .hint = ""});
    expect_refused(reason(), "code", "", "reason.code");
    expect_refused(reason(), "message", std::string(4097, 'x'), "reason.message");
    expect_refused(reason(), "event", json::object({}), "reason.event.index");
    expect_refused(reason(), "expected", json::object({}), "reason.expected");
}

TEST(EvidenceAnswer, ComesBackAsSent) {
    const EvidenceAnswer trusted{.outcome = Outcome::trusted,
                                 .reasons = {},
                                 .key_access_token = "a.b.c",
                                 .reporting_token = "d.e.f",
                                 .expires = now,
                                 .epoch = 3,
                                 .log_positions = {{"ima", {.count = 5, .values = {{"sha256", "aa"}}}}}};
    expect_round_trip(trusted);
    EvidenceAnswer refused = trusted;
    refused.outcome = Outcome::refused;
    refused.key_access_token.reset();
    refused.log_positions.clear();
    refused.reasons = {reason()};
    expect_round_trip(refused);
    expect_refused(refused, "key_access_token", "a.b.c", "evidence_answer.key_access_token");
    expect_refused(refused, "outcome", "maybe", "evidence_answer.outcome");
    expect_refused(trusted,
                   "log_positions",
                   json::object({{"dmesg", json::object({})}}),
                   "evidence_answer.log_positions");
    expect_refused(refused,
                   "reasons",
                   json::Value(json::Array(max_reasons + 1, reason().to_json())),
                   "evidence_answer.reasons");
}

TEST(SessionMessages, ComeBackAsSent) {
    const auto key = crypto::EcPrivateKey::generate();
    const SessionRequest request{
        .token = "a.b.c", .release_key = key.public_key(), .host_random = Buffer(host_random_size, 1)};
    expect_round_trip(request);
    expect_refused(request, "host_random", to_base64(Buffer(33)), "session_request.host_random");
    expect_refused(request, "release_key", json::object({}), "session_request.release_key.crv");
    const SessionAnswer answer{.authority_host = AuthorityHostId{"authority-1"},
                               .session = std::string(32, '0'),
                               .ephemeral_key = key.public_key(),
                               .expires = now,
                               .signature = Buffer(64, 1)};
    expect_round_trip(answer);
    expect_refused(answer, "session", "x", "session_answer.session");
    expect_refused(answer, "signature", to_base64(Buffer(63)), "session_answer.signature");
    expect_refused(answer, "authority_host", "", "session_answer.authority_host");
}

} // namespace
} // namespace vouchsafe::protocol

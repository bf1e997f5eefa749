#include "keyprovider/blob_format.h"
#include "keyprovider/release.h"
#include "tests/support/release_house.h"

#include <gtest/gtest.h>

namespace vouchsafe::keyprovider {
namespace {

using namespace std::chrono_literals;
using protocol::DecryptKey;
using protocol::GenerateKey;
using protocol::ReleasedKey;
using protocol::ReleaseRefusal;

using Kinds = std::vector<std::string>;

struct ReleaseTest : testing::Test {
    test::ReleaseHouse house;
    GenerateKey generate{{"gold"}, test::key_context};

    protocol::HostSession session() {
        auto opened = house.open(house.claims());
        VS_CHECK(opened.has_value());
        return std::move(*opened);
    }

    static const ReleasedKey* released(const protocol::ReleaseAnswer& answer, std::size_t at = 0) {
        return std::get_if<ReleasedKey>(&answer.results.at(at));
    }

    /// The code of the refusal; empty when a key came.
    static std::string refusal(const Result<protocol::ReleaseAnswer>& answer, std::size_t at = 0) {
        VS_CHECK(answer.has_value());
        const auto* const refused = std::get_if<ReleaseRefusal>(&answer->results.at(at));
        return refused != nullptr ? refused->code : std::string();
    }
};

TEST_F(ReleaseTest, MakesAKeyAndGivesItAgain) {
    auto host = session();
    const auto made = house.ask(host, {generate});
    ASSERT_TRUE(made);
    ASSERT_TRUE(released(*made) && released(*made)->ciphertext);
    const auto again =
        house.ask(host, {DecryptKey{{"gold"}, *released(*made)->ciphertext, test::key_context}});
    ASSERT_TRUE(again);
    ASSERT_TRUE(released(*again));
    EXPECT_FALSE(released(*again)->ciphertext);
    EXPECT_TRUE(crypto::equal(released(*made)->key, released(*again)->key));
}

TEST_F(ReleaseTest, OpensBlobsOfOlderGenerations) {
    auto host = session();
    const inventory::Generation second = house.provider().generations.back();
    house.provider().generations.pop_back();
    const auto made = house.ask(host, {generate});
    ASSERT_TRUE(made && released(*made));
    const Buffer blob = *released(*made)->ciphertext;
    EXPECT_EQ(parse_blob(blob)->key.generation, 1U);
    house.provider().generations.push_back(second);
    EXPECT_EQ(refusal(house.ask(host, {DecryptKey{{"gold"}, blob, test::key_context}})), "");
}

TEST_F(ReleaseTest, AnswersEveryOperationByItself) {
    auto host = session();
    const auto answer = house.ask(host,
                                  {generate,
                                   DecryptKey{{"gold"}, Buffer(87, 0), test::key_context},
                                   GenerateKey{{"no"}, test::key_context}});
    ASSERT_TRUE(answer);
    EXPECT_EQ(refusal(answer, 0), "");
    EXPECT_EQ(refusal(answer, 1), "gate.blob");
    EXPECT_EQ(refusal(answer, 2), "gate.provider");
    EXPECT_EQ(house.audit.kinds(), (Kinds{"release", "refused", "refused"}));
}

TEST_F(ReleaseTest, RecordsWhoGotWhatAndNoKey) {
    auto host = session();
    const auto answer = house.ask(host, {generate});
    ASSERT_TRUE(answer && released(*answer));
    ASSERT_EQ(house.audit.kinds(), Kinds{"release"});
    json::Object fields = house.audit.lines.front().fields;
    EXPECT_EQ(fields.extract("session").mapped(), json::Value(host.id()));
    EXPECT_EQ(fields,
              (json::Object{{"host", test::host_id.text},
                            {"operation", "generate-key"},
                            {"provider", "gold"},
                            {"generation", 2},
                            {"freshness", "result"},
                            {"key_id", test::key_context.key_id},
                            {"vm", test::key_context.vm.text},
                            {"blob", blob_digest(*released(*answer)->ciphertext)},
                            {"image", "1.0"},
                            {"epoch", 7},
                            {"revision", 40},
                            {"token", "token-1"},
                            {"evidence_digest", std::string(64, 'd')}}));
}

TEST_F(ReleaseTest, GivesNothingThatIsNotOnRecord) {
    auto host = session();
    house.audit.full = true;
    EXPECT_EQ(refusal(house.ask(host, {generate})), "release.audit");
    house.audit.full = false;
    EXPECT_EQ(refusal(house.ask(host, {generate})), "");
}

TEST_F(ReleaseTest, WithholdsWhenTheEpochMovesWhileRecording) {
    auto host = session();
    house.audit.after_append = [this] { house.authority.epoch = 8; };
    const auto answer = house.ask(host, {generate, generate});
    EXPECT_EQ(refusal(answer, 0), "gate.moved");
    EXPECT_EQ(refusal(answer, 1), "gate.moved");
    EXPECT_EQ(house.audit.kinds(), (Kinds{"release", "release", "withheld", "withheld"}));
    EXPECT_EQ(house.audit.lines.back().fields.at("reason"), json::Value("gate.moved"));
    EXPECT_EQ(house.audit.lines.back().fields.at("blob"), house.audit.lines[1].fields.at("blob"));
    EXPECT_EQ(house.audit.lines.back().fields.at("release"), json::Value(2));
}

TEST_F(ReleaseTest, WithholdsWhenTheLeaseLapsesWhileRecording) {
    auto host = session();
    house.audit.after_append = [this] { house.lease = false; };
    EXPECT_EQ(refusal(house.ask(host, {generate})), "gate.lease");
    EXPECT_EQ(house.audit.kinds(), (Kinds{"release", "withheld"}));
}

TEST_F(ReleaseTest, WithholdsWhenTheSessionEndsWhileRecording) {
    auto host = session();
    house.audit.after_append = [this] { house.clock.pass(31min); };
    EXPECT_FALSE(house.ask(host, {generate}));
    EXPECT_EQ(house.audit.kinds(), (Kinds{"release", "withheld"}));
}

TEST_F(ReleaseTest, AnswersAMessageOnce) {
    auto host = session();
    const auto sealed = host.seal(house.random, protocol::ReleaseRequest{.operations = {generate}}.encode());
    ASSERT_TRUE(sealed);
    ASSERT_TRUE(house.answer_to(sealed->text));
    const auto again = house.answer_to(sealed->text);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().where, "session.number");
    EXPECT_EQ(house.audit.lines.size(), 1U);
}

TEST_F(ReleaseTest, KnowsNoForeignSessions) {
    auto host = session();
    const auto sealed = host.seal(house.random, protocol::ReleaseRequest{.operations = {generate}}.encode());
    test::ReleaseHouse other;
    EXPECT_EQ(other.answer_to(sealed->text).error().where, "release.session");
    EXPECT_FALSE(house.answer_to("no message"));
    EXPECT_TRUE(house.audit.lines.empty());
}

TEST_F(ReleaseTest, EndsSessionsWithTheEpoch) {
    auto host = session();
    house.authority.epoch = 8;
    const auto answer = house.ask(host, {generate});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::not_found);
    EXPECT_EQ(answer.error().where, "release.session");
}

TEST_F(ReleaseTest, RevokesWithinALivingSession) {
    auto host = session();
    EXPECT_EQ(refusal(house.ask(host, {generate})), "");
    house.enrolment().state = inventory::EnrolmentState::pending; // no tightening: the epoch stays
    EXPECT_EQ(refusal(house.ask(host, {generate})), "gate.enrolment");
}

TEST_F(ReleaseTest, OpensNoSessionWithoutStanding) {
    const token::KeyAccess good = house.claims();
    EXPECT_TRUE(house.open(good));
    house.lease = false;
    EXPECT_EQ(house.open(good).error().where, "gate.lease");
    house.lease = true;
    token::KeyAccess old = good;
    old.epoch = 6;
    EXPECT_EQ(house.open(old).error().where, "gate.epoch");
    house.enrolment().state = inventory::EnrolmentState::removed;
    EXPECT_EQ(house.open(good).error().where, "gate.enrolment");
}

TEST_F(ReleaseTest, OpensNoSessionForAnotherReleaseKeyOrTokenKey) {
    auto request = house.session_request(house.claims());
    request.release_key = crypto::EcPrivateKey::generate().public_key();
    EXPECT_EQ(house.service.open_session(request).error().where, "gate.binding");
    const auto good = house.session_request(house.claims());
    house.token_key = crypto::EcPrivateKey::generate();
    EXPECT_EQ(house.service.open_session(good).error().where, "token.kid");
}

TEST_F(ReleaseTest, KeepsFewSessionsForAHost) {
    auto first = session();
    auto second = session();
    for (int i = 0; i < 3; ++i)
        (void)session();
    EXPECT_EQ(house.ask(first, {generate}).error().where, "release.session");
    EXPECT_EQ(refusal(house.ask(second, {generate})), "");
}

TEST_F(ReleaseTest, EndsSessionsWithTheirToken) {
    auto host = session();
    house.clock.pass(30min);
    EXPECT_EQ(house.ask(host, {generate}).error().where, "release.session");
}

TEST_F(ReleaseTest, SaysThatTheKeyServerIsAtFaultNotTheHost) {
    auto host = session();
    house.kmip().fault = test::KmipFault::unauthenticated;
    const auto answer = house.ask(host, {generate});
    ASSERT_TRUE(answer);
    EXPECT_EQ(std::get<ReleaseRefusal>(answer->results.front()).error_type, "SERVICE_UNAVAILABLE");
    EXPECT_EQ(refusal(answer), "kmip.misconfigured");
}

TEST_F(ReleaseTest, WrapsNothingUnderADeactivatedKeyButOpens) {
    auto host = session();
    const auto made = house.ask(host, {generate});
    ASSERT_TRUE(made && released(*made));
    house.kmip().keys.at("pk-2").state = kmip::State::deactivated;
    house.clock.pass(2min);
    EXPECT_EQ(refusal(house.ask(host, {generate})), "gate.primary_key");
    const DecryptKey decrypt{{"gold"}, *released(*made)->ciphertext, test::key_context};
    EXPECT_EQ(refusal(house.ask(host, {decrypt})), "");
    EXPECT_EQ(house.audit.lines.front().fields.count("primary_key"), 0U);
    EXPECT_EQ(house.audit.lines.back().fields.at("primary_key"), json::Value("Deactivated"));
}

TEST_F(ReleaseTest, SaysWhichRevisionRequestsAreUnderWay) {
    auto host = session();
    EXPECT_FALSE(house.service.oldest_revision_under_way());
    std::optional<std::int64_t> seen;
    house.audit.after_append = [&] {
        house.authority.revision = 41;
        seen = house.service.oldest_revision_under_way();
    };
    EXPECT_EQ(refusal(house.ask(host, {generate})), "");
    EXPECT_EQ(seen, 40);
    EXPECT_FALSE(house.service.oldest_revision_under_way());
}

TEST(SessionTable, IsFullAtItsLimit) {
    test::ReleaseHouse house;
    ReleaseService small({.self = house.self,
                          .session_key = house.session_key.clone(),
                          .limits = {.sessions = 2, .per_host = 8}},
                         {.authority = house,
                          .keys = house.keys,
                          .uses = house.uses,
                          .quotas = house.quotas,
                          .quotes = house.quotes,
                          .audit = house.audit,
                          .clock = house.clock,
                          .random = house.random});
    const auto open = [&] { return small.open_session(house.session_request(house.claims())); };
    EXPECT_TRUE(open());
    EXPECT_TRUE(open());
    EXPECT_EQ(open().error().where, "release.sessions");
    house.clock.pass(30min); // they expire, and make room
    EXPECT_TRUE(open());
}

} // namespace
} // namespace vouchsafe::keyprovider

// Providers of freshness "strict": when a quote is asked for, over which nonce, and what becomes of it.
#include "keyprovider/freshness.h"
#include "keyprovider/release.h"
#include "tests/support/release_house.h"

#include <gtest/gtest.h>

namespace vouchsafe::keyprovider {
namespace {

using namespace std::chrono_literals;
using protocol::GenerateKey;

using Kinds = std::vector<std::string>;
using Codes = std::vector<std::string>;

const BootTime noon{43'200'000};

TEST(GivenNonce, IsTakenOnce) {
    GivenNonce nonce({1, 2}, noon);
    EXPECT_EQ(nonce.take(noon), (Buffer{1, 2}));
    EXPECT_EQ(nonce.take(noon), std::nullopt);
}

TEST(GivenNonce, IsGoodForThirtySeconds) {
    GivenNonce young({1}, noon);
    EXPECT_TRUE(young.take(noon + 30s - 1ms));
    GivenNonce old({1}, noon);
    EXPECT_FALSE(old.take(noon + 30s));
    EXPECT_FALSE(old.take(noon)); // used up all the same
}

struct StrictTest : testing::Test {
    StrictTest() {
        inventory::Provider another = house.provider();
        another.name = "strict";
        another.policy.freshness = inventory::Freshness::strict;
        house.authority.providers["strict"] = std::move(another);
    }

    protocol::ReleaseAnswer ask(const std::vector<protocol::Operation>& operations,
                                std::optional<protocol::ReleaseQuote> quote = test::some_quote) {
        auto answer = house.ask(session, operations, std::move(quote));
        VS_CHECK(answer.has_value());
        return std::move(*answer);
    }

    /// Of each operation the code of its refusal; empty where a key came.
    static Codes codes(const protocol::ReleaseAnswer& answer) {
        Codes out;
        for (const protocol::OperationResult& result : answer.results) {
            const auto* const refused = std::get_if<protocol::ReleaseRefusal>(&result);
            out.push_back(refused != nullptr ? refused->code : "");
        }
        return out;
    }

    test::ReleaseHouse house;
    protocol::HostSession session = std::move(*house.open(house.claims()));
    GenerateKey strict{{"strict"}, test::key_context};
    GenerateKey lenient{{"gold"}, test::key_context};
};

TEST_F(StrictTest, AsksForAQuote) {
    EXPECT_EQ(codes(ask({strict, lenient}, std::nullopt)), (Codes{"gate.freshness", ""}));
    EXPECT_TRUE(house.quotes.asked.empty());
    EXPECT_EQ(house.audit.kinds(), (Kinds{"refused", "release"}));
}

TEST_F(StrictTest, ReleasesToAQuoteThatHoldsAndSaysSo) {
    const std::vector<protocol::Operation> operations{strict, lenient};
    EXPECT_EQ(codes(ask(operations)), (Codes{"", ""}));
    ASSERT_EQ(house.quotes.asked.size(), 1U);
    const auto& asked = house.quotes.asked.front();
    EXPECT_EQ(asked.quote, test::some_quote);
    EXPECT_EQ(asked.nonce, session.first_nonce());
    EXPECT_EQ(asked.about.session, session.id());
    EXPECT_EQ(asked.about.request, protocol::ReleaseRequest{.operations = operations}.digest());
    EXPECT_EQ(asked.token, "token-1");
    EXPECT_EQ(house.audit.lines.at(0).fields.at("freshness"), json::Value("strict"));
    EXPECT_EQ(house.audit.lines.at(1).fields.at("freshness"), json::Value("result"));
}

TEST_F(StrictTest, RefusesForTheReasonThatTheQuoteGives) {
    house.quotes.verdict = fail(Errc::untrusted, "freshness.pcr", "PCR 4 of sha256 changed");
    const auto answer = ask({strict, lenient});
    EXPECT_EQ(codes(answer), (Codes{"freshness.pcr", ""})); // a live token suffices for the other
    EXPECT_EQ(std::get<protocol::ReleaseRefusal>(answer.results.front()).message, "PCR 4 of sha256 changed");
    EXPECT_EQ(house.audit.kinds(), (Kinds{"refused", "release"}));
    EXPECT_EQ(house.audit.lines.front().fields.at("reason"), json::Value("freshness.pcr"));
    EXPECT_FALSE(house.audit.lines.front().fields.contains("freshness")); // none was kept
}

TEST_F(StrictTest, JudgesOneQuoteForAllOperations) {
    EXPECT_EQ(codes(ask({strict, strict, strict})), Codes(3));
    EXPECT_EQ(house.quotes.asked.size(), 1U);
}

TEST_F(StrictTest, JudgesNoQuoteThatNobodyAskedFor) {
    EXPECT_EQ(codes(ask({lenient})), Codes{""});
    EXPECT_TRUE(house.quotes.asked.empty());
}

TEST_F(StrictTest, GivesAnotherNonceWithEachAnswer) {
    const auto first = ask({strict});
    const auto second = ask({lenient}, std::nullopt);
    EXPECT_NE(first.nonce, second.nonce);
    EXPECT_EQ(codes(ask({strict})), Codes{""});
    EXPECT_EQ(house.quotes.asked.back().nonce, second.nonce);
}

TEST_F(StrictTest, TakesAQuoteOverANonceForThirtySecondsOnly) {
    house.clock.pass(30s);
    const auto late = ask({strict});
    EXPECT_EQ(codes(late), Codes{"freshness.nonce"});
    EXPECT_TRUE(house.quotes.asked.empty());
    house.clock.pass(30s - 1ms);
    EXPECT_EQ(codes(ask({strict})), Codes{""}); // over the one that came with the refusal
    EXPECT_EQ(house.quotes.asked.back().nonce, late.nonce);
}

TEST_F(StrictTest, TakesOneQuoteForEachNonce) {
    // Two requests at once: the second meets a nonce that is used, before an answer brings another.
    const auto quoted = [&] {
        return session
            .seal(house.random,
                  protocol::ReleaseRequest{.operations = {strict}, .quote = test::some_quote}.encode())
            .value();
    };
    const auto first = quoted();
    const auto second = quoted();
    std::string overtaking;
    house.audit.after_append = [&] {
        if (overtaking.empty()) {
            overtaking = "on its way"; // not for its own record
            overtaking = house.answer_to(second.text).value();
        }
    };
    const auto answer = house.answer_to(first.text);
    ASSERT_TRUE(answer);
    EXPECT_EQ(house.quotes.asked.size(), 1U);
    const auto plain = session.open_answer(second, overtaking);
    ASSERT_TRUE(plain);
    EXPECT_EQ(codes(*protocol::ReleaseAnswer::parse(*plain)), Codes{"freshness.nonce"});
}

TEST_F(StrictTest, AsksTheVerifierForNobodyInBadStanding) {
    house.lease = false;
    EXPECT_EQ(codes(ask({strict})), Codes{"gate.lease"});
    EXPECT_TRUE(house.quotes.asked.empty());
}

} // namespace
} // namespace vouchsafe::keyprovider

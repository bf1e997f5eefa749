#include "kmip/examination.h"
#include "tests/support/kmip_server.h"

#include <gtest/gtest.h>

namespace vouchsafe::kmip {
namespace {

using test::KmipFault;
using test::KmipServer;

struct ExamineTest : testing::Test {
    KmipServer server;

    ExamineTest() {
        server.versions = {{1, 4}, {1, 2}};
        server.operations = {
            Operation::get, Operation::get_attributes, Operation::encrypt, Operation::decrypt};
    }

    Result<Examination> examined(Trial trial = Trial::whole) {
        Client client(server);
        return examine(client,
                       {.name = "probe-1",
                        .plain = Secret(Bytes(Buffer(32, 0x42))),
                        .nonce = Buffer(aead_nonce_size, 0x24),
                        .trial = trial,
                        .deadline = [] { return Deadline::max(); }});
    }

    /// With a fault from after negotiation on, in that operation alone.
    Examination with_fault(KmipFault fault, Operation operation) {
        server.fault = fault;
        server.fault_only = operation;
        return examined().value();
    }
};

TEST_F(ExamineTest, FindsThatAGoodServerDoesAll) {
    const auto found = examined();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->versions, (ServerVersions{{1, 4}, {1, 2}}));
    EXPECT_EQ(found->agreed, (ProtocolVersion{1, 4}));
    for (const Tried& tried : found->tried)
        EXPECT_EQ(tried.outcome, Outcome::works) << tried.detail;
    EXPECT_EQ(found->fetch.verdict, Verdict::yes);
    EXPECT_EQ(found->remote.verdict, Verdict::yes);
    EXPECT_EQ(found->profile->name, "generic");
    EXPECT_FALSE(found->left_behind);
    EXPECT_TRUE(server.keys.empty());
}

TEST_F(ExamineTest, WritesNothingWhenOnlyReading) {
    const auto found = examined(Trial::read_only);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->fetch.verdict, Verdict::untested);
    EXPECT_EQ(found->remote.verdict, Verdict::untested);
    for (const Operation operation : {Operation::create, Operation::activate, Operation::destroy})
        EXPECT_EQ(server.count(operation), 0U);
    server.operations = {Operation::get, Operation::get_attributes}; // as some say, and truly
    EXPECT_EQ(examined(Trial::read_only)->remote.verdict, Verdict::no);
    EXPECT_EQ(examined(Trial::read_only)->fetch.verdict, Verdict::untested);
    server.operations = {Operation::encrypt};
    EXPECT_EQ(examined(Trial::read_only)->fetch.verdict, Verdict::no);
}

TEST_F(ExamineTest, KnowsThatOldVersionsLoseTheTag) {
    server.versions = {{1, 2}};
    const auto found = examined();
    EXPECT_EQ(found->fetch.verdict, Verdict::yes);
    EXPECT_EQ(found->remote.verdict, Verdict::no);
    EXPECT_NE(found->remote.why.find("1.2"), std::string::npos);
    EXPECT_EQ(server.count(Operation::encrypt), 0U);
}

struct Flaw {
    const char* name;
    KmipFault fault;
    Operation operation;
    Step step;
    Outcome outcome;
    Verdict fetch;
    Verdict remote;
};

constexpr Flaw flaws[] = {
    {"NoCreate",
     KmipFault::general_failure,
     Operation::create,
     Step::create,
     Outcome::fails,
     Verdict::no,
     Verdict::no},
    {"NoActivate",
     KmipFault::general_failure,
     Operation::activate,
     Step::activate,
     Outcome::fails,
     Verdict::no,
     Verdict::no},
    {"NoState",
     KmipFault::missing_attributes,
     Operation::get_attributes,
     Step::get_attributes,
     Outcome::wrong,
     Verdict::no,
     Verdict::no},
    {"WrappedKey",
     KmipFault::wrapped_key,
     Operation::get,
     Step::get,
     Outcome::fails,
     Verdict::no,
     Verdict::yes},
    {"NoEncryption",
     KmipFault::no_decryption,
     Operation::encrypt,
     Step::encrypt,
     Outcome::fails,
     Verdict::yes,
     Verdict::no},
    {"NoDecryption",
     KmipFault::no_decryption,
     Operation::decrypt,
     Step::decrypt,
     Outcome::fails,
     Verdict::yes,
     Verdict::no},
    {"NoTag",
     KmipFault::no_tag,
     Operation::encrypt,
     Step::encrypt,
     Outcome::fails,
     Verdict::yes,
     Verdict::no},
    {"OwnNonce",
     KmipFault::own_nonce,
     Operation::encrypt,
     Step::encrypt,
     Outcome::wrong,
     Verdict::yes,
     Verdict::no},
    {"NoAdditionalData",
     KmipFault::no_additional_data,
     Operation::encrypt,
     Step::encrypt,
     Outcome::wrong,
     Verdict::yes,
     Verdict::no},
    {"AnyTag",
     KmipFault::any_tag,
     Operation::decrypt,
     Step::wrong_tag,
     Outcome::wrong,
     Verdict::yes,
     Verdict::no},
    {"ForgeryUnanswered",
     KmipFault::timeout,
     Operation::decrypt,
     Step::wrong_nonce,
     Outcome::fails,
     Verdict::yes,
     Verdict::no},
    {"GivesDestroyedKeys",
     KmipFault::undestroyed,
     Operation::destroy,
     Step::destroy,
     Outcome::wrong,
     Verdict::yes,
     Verdict::yes},
};

class Flawed : public ExamineTest, public testing::WithParamInterface<Flaw> {};

TEST_P(Flawed, IsSeen) {
    const Flaw& flaw = GetParam();
    const Examination found = with_fault(flaw.fault, flaw.operation);
    EXPECT_EQ(found.at(flaw.step).outcome, flaw.outcome) << found.at(flaw.step).detail;
    EXPECT_EQ(found.fetch.verdict, flaw.fetch) << found.fetch.why;
    EXPECT_EQ(found.remote.verdict, flaw.remote) << found.remote.why;
    EXPECT_FALSE(found.at(flaw.step).detail.empty());
    EXPECT_EQ(server.keys.empty(), flaw.fault != KmipFault::undestroyed); // cleaned up whatever failed
}

INSTANTIATE_TEST_SUITE_P(Servers, Flawed, testing::ValuesIn(flaws), [](const auto& row) {
    return std::string(row.param.name);
});

TEST_F(ExamineTest, ComparesKeysOnlyWhereItCanGetThem) {
    server.fault = KmipFault::wrapped_key; // in every operation; only Get has a key
    EXPECT_EQ(examined()->remote.verdict, Verdict::yes);
}

TEST_F(ExamineTest, SeesLooseLocates) {
    server.keys["another"] = {.material = Buffer(32, 1), .name = "probe-1"};
    const auto found = examined();
    EXPECT_EQ(found->at(Step::locate).outcome, Outcome::wrong);
    EXPECT_TRUE(server.keys.contains("another")); // never touched
    EXPECT_EQ(server.keys.size(), 1U);
}

TEST_F(ExamineTest, SaysWhatItLeftBehind) {
    EXPECT_NE(with_fault(KmipFault::general_failure, Operation::destroy).left_behind->find("probe-1"),
              std::string::npos);
    EXPECT_EQ(server.keys.size(), 1U);
    server.keys.clear();
    EXPECT_NE(with_fault(KmipFault::timeout, Operation::create).left_behind->find("probe-1"),
              std::string::npos);
    EXPECT_FALSE(with_fault(KmipFault::general_failure, Operation::create).left_behind);
}

TEST_F(ExamineTest, FailsWhereThereIsNoServer) {
    server.fault = KmipFault::timeout;
    EXPECT_EQ(examined().error().where, "kmip.transport");
    server.fault = KmipFault::unauthenticated;
    EXPECT_EQ(examined().error().where, "kmip.misconfigured");
}

TEST(ProfileFor, GoesByTheVendorsWords) {
    EXPECT_EQ(profile_for("PyKMIP 0.10.0 Software Server").name, "PyKMIP");
    EXPECT_EQ(profile_for("IBM GKLM").name, "IBM GKLM");
    EXPECT_EQ(profile_for("").name, "generic");
    EXPECT_EQ(profile_for("somebody").name, "generic");
    for (const Profile& profile : profiles()) {
        EXPECT_FALSE(profile.consequences.empty());
        for (const std::string_view word : profile.vendor_words)
            EXPECT_EQ(&profile_for(word), &profile); // no row hides another
    }
}

} // namespace
} // namespace vouchsafe::kmip

#include "audit/filter.h"
#include "auditlog/readers.h"
#include "auditlog/verifier.h"
#include "json/parse.h"
#include "tests/support/audit_log.h"

#include <gtest/gtest.h>

namespace vouchsafe::auditlog {
namespace {

using test::AuditLog;
using test::CheckpointHouse;

const CheckpointHouse& house() {
    static const CheckpointHouse one;
    return one;
}

CheckpointTrust anchor_trust() {
    return CheckpointTrust(house().anchor());
}

AuditLog good_log() {
    AuditLog log;
    log.add(audit::kind::start);
    log.release("h-1");
    log.checkpoint(house().signer);
    log.release("h-2");
    return log;
}

struct Outcome {
    std::string where; ///< of the break; empty: none
    std::int64_t sequence = 0;
    std::uint64_t offset = 0;
    Extent extent;
};

Outcome verify(std::string_view text, std::optional<CheckpointTrust> trust, audit::ChainHead from = {}) {
    LogVerifier verifier(from, std::move(trust));
    auto good = verifier.feed(text, [](const audit::AuditRecord&) {});
    if (good)
        good = verifier.finish();
    if (!good)
        return {.where = std::string(good.error().cause.where),
                .sequence = good.error().sequence,
                .offset = good.error().offset,
                .extent = verifier.extent()};
    return {.where = {}, .sequence = 0, .offset = 0, .extent = verifier.extent()};
}

// --- a log as a whole

TEST(LogVerifier, SaysHowFarALogGoesAndHowFarItIsVouchedFor) {
    const AuditLog log = good_log();
    for (const CheckpointTrust& trust : {anchor_trust(), CheckpointTrust(house().signer.key.public_key())}) {
        const Outcome outcome = verify(log.text(), trust);
        EXPECT_EQ(outcome.where, "");
        EXPECT_EQ(outcome.extent.first, 1);
        EXPECT_EQ(outcome.extent.last, 4);
        EXPECT_EQ(outcome.extent.checkpoints, 1);
        EXPECT_EQ(outcome.extent.vouched_until, 2);
        EXPECT_EQ(outcome.extent.times_went_back, 0);
        EXPECT_EQ(outcome.extent.head, log.head);
    }
}

TEST(LogVerifier, VouchesForNothingWithoutTrust) {
    const Outcome outcome = verify(good_log().text(), std::nullopt);
    EXPECT_EQ(outcome.where, "");
    EXPECT_EQ(outcome.extent.vouched_until, 0);
}

TEST(LogVerifier, BeginsWhereALaterFileBegins) {
    const AuditLog log = good_log();
    const std::string rest = log.text(2);
    const auto from = head_at(rest);
    ASSERT_TRUE(from);
    EXPECT_EQ(from->next, 3);
    const Outcome outcome = verify(rest, anchor_trust(), *from);
    EXPECT_EQ(outcome.where, "");
    EXPECT_EQ(outcome.extent.first, 3);
    EXPECT_EQ(outcome.extent.vouched_until, 2);
    EXPECT_EQ(head_at("").error().where, "chain.torn");
    EXPECT_EQ(head_at("{").error().where, "chain.torn");
    EXPECT_EQ(head_at(std::string(audit::max_line_bytes, ' ')).error().where, "audit.size");
    EXPECT_FALSE(head_at("{}\n"));
}

TEST(LogVerifier, BreaksWhereARecordIsOfAnotherHost) {
    AuditLog log = good_log();
    log.host = {"authority-2"};
    const std::size_t before = log.text().size();
    log.add(audit::kind::start);
    const Outcome outcome = verify(log.text(), anchor_trust());
    EXPECT_EQ(outcome.where, "log.host");
    EXPECT_EQ(outcome.sequence, 5);
    EXPECT_EQ(outcome.offset, before);
}

TEST(LogVerifier, StaysBroken) {
    AuditLog log = good_log();
    log.host = {"authority-2"};
    log.add(audit::kind::start);
    log.host = {"authority-1"};
    log.add(audit::kind::stop);
    LogVerifier verifier({}, anchor_trust());
    int seen = 0;
    for (const std::string& line : log.lines)
        std::ignore = verifier.feed(line, [&](const audit::AuditRecord&) { ++seen; });
    EXPECT_EQ(seen, 4);
}

TEST(LogVerifier, CountsTimesThatWentBack) {
    AuditLog log = good_log();
    log.time -= std::chrono::hours(1);
    log.release("h-1");
    log.release("h-1");
    const Outcome outcome = verify(log.text(), anchor_trust());
    EXPECT_EQ(outcome.where, "");
    EXPECT_EQ(outcome.extent.times_went_back, 1);
}

// Whoever changes a file can compute the chain anew; the signature is what they lack.
TEST(LogVerifier, SeesAHistoryWrittenAnew) {
    AuditLog log;
    log.add(audit::kind::start);
    log.release("h-1");
    AuditLog other;
    other.add(audit::kind::start);
    other.release("h-3");
    const json::Object true_word = make_checkpoint(house().signer, log.head, log.time).value();
    other.add(audit::kind::checkpoint, true_word);
    EXPECT_EQ(verify(other.text(), std::nullopt).where, "");
    EXPECT_EQ(verify(other.text(), anchor_trust()).where, "checkpoint.head");
    log.add(audit::kind::checkpoint, true_word);
    EXPECT_EQ(verify(log.text(), anchor_trust()).where, "");
}

// --- checkpoints: each numbered check

struct CheckpointTest : testing::Test {
    CheckpointTest() {
        log.add(audit::kind::start);
        fields = make_checkpoint(house().signer, log.head, log.time).value();
    }

    /// What is said to a log that ends with `fields`.
    std::string verdict(const CheckpointTrust& trust) const {
        AuditLog with = log;
        with.add(audit::kind::checkpoint, fields);
        return verify(with.text(), trust).where;
    }

    void sign_with(const CheckpointSigner& signer) {
        fields = make_checkpoint(signer, log.head, log.time).value();
    }

    AuditLog log;
    json::Object fields;
};

TEST_F(CheckpointTest, Verifies) {
    EXPECT_EQ(verdict(anchor_trust()), "");
    EXPECT_EQ(verdict(CheckpointTrust(house().signer.key.public_key())), "");
}

TEST_F(CheckpointTest, HasThreeMembers) {
    for (const char* const name : {"token", "certificate", "root"}) {
        const json::Object before = fields;
        fields.erase(name);
        EXPECT_EQ(verdict(anchor_trust()), std::string("checkpoint.record.") + name);
        fields = before;
    }
    fields.emplace("more", 1);
    EXPECT_EQ(verdict(anchor_trust()), "checkpoint.record");
}

TEST_F(CheckpointTest, IsOfTheAnchorsRoot) {
    const CheckpointHouse other;
    sign_with(other.signer);
    EXPECT_EQ(verdict(anchor_trust()), "checkpoint.anchor");
    EXPECT_EQ(verdict(CheckpointTrust(other.anchor())), "");
}

TEST_F(CheckpointTest, HasAKeyThatTheRootCertified) {
    const CheckpointHouse other;
    CheckpointSigner forged{.host = {"authority-1"},
                            .key = other.signer.key.clone(),
                            .certificate = other.signer.certificate,
                            .root = house().root.public_key()};
    sign_with(forged);
    EXPECT_NE(verdict(anchor_trust()), "");
}

TEST_F(CheckpointTest, IsMadeWhileTheCertificateIsValid) {
    log.time = from_seconds(1'700'000'000);
    sign_with(house().signer);
    EXPECT_EQ(verdict(anchor_trust()), "token.early");
}

TEST_F(CheckpointTest, HasAKeyForCheckpoints) {
    sign_with(house().make_signer(token::KeyUse::token, {"authority-1"}));
    EXPECT_EQ(verdict(anchor_trust()), "checkpoint.key");
}

TEST_F(CheckpointTest, HasAKeyOfTheHost) {
    CheckpointSigner other = house().make_signer(token::KeyUse::checkpoint, {"authority-2"});
    other.host = {"authority-1"};
    sign_with(other);
    EXPECT_EQ(verdict(anchor_trust()), "checkpoint.key");
}

TEST_F(CheckpointTest, VerifiesUnderTheKey) {
    EXPECT_EQ(verdict(CheckpointTrust(crypto::EcPrivateKey::generate().public_key())), "token.kid");
    CheckpointSigner stranger{.host = {"authority-1"},
                              .key = crypto::EcPrivateKey::generate(),
                              .certificate = house().signer.certificate,
                              .root = house().root.public_key()};
    sign_with(stranger);
    EXPECT_EQ(verdict(anchor_trust()), "token.kid");
}

TEST_F(CheckpointTest, IsNotSignedByTheRootItself) {
    CheckpointSigner root{.host = {"authority-1"},
                          .key = house().root.clone(),
                          .certificate = house().signer.certificate,
                          .root = house().root.public_key()};
    sign_with(root);
    EXPECT_EQ(verdict(anchor_trust()), "token.kid");
}

TEST_F(CheckpointTest, IsTheHostsWord) {
    CheckpointSigner other{.host = {"authority-2"},
                           .key = house().signer.key.clone(),
                           .certificate = house().signer.certificate,
                           .root = house().root.public_key()};
    sign_with(other);
    EXPECT_EQ(verdict(anchor_trust()), "checkpoint.host");
}

TEST_F(CheckpointTest, SpeaksOfTheRecordBefore) {
    log.add(audit::kind::stop);
    EXPECT_EQ(verdict(anchor_trust()), "checkpoint.head");
    audit::ChainHead same_digest = log.head;
    ++same_digest.next;
    fields = make_checkpoint(house().signer, same_digest, log.time).value();
    EXPECT_EQ(verdict(anchor_trust()), "checkpoint.head");
    audit::ChainHead same_number = log.head;
    same_number.previous[0] ^= 1U;
    fields = make_checkpoint(house().signer, same_number, log.time).value();
    EXPECT_EQ(verdict(anchor_trust()), "checkpoint.head");
    EXPECT_EQ(make_checkpoint(house().signer, {}, log.time).error().where, "checkpoint.head");
}

// --- who could read a virtual machine

std::vector<audit::AuditRecord> records_of(const AuditLog& log) {
    std::vector<audit::AuditRecord> out;
    audit::ChainVerifier chain;
    VS_CHECK(
        chain.feed(log.text(), [&](const audit::AuditRecord& record) { out.push_back(record); }).has_value());
    return out;
}

ReaderList readers_of(const AuditLog& log) {
    ReaderList readers;
    for (const audit::AuditRecord& record : records_of(log))
        readers.take(record);
    return readers;
}

constexpr SysTime ever = SysTime::max();

TEST(Readers, AreHostsByImageAndKeyInTheOrderTheyCame) {
    AuditLog log;
    log.release("h-2");
    log.release("h-1");
    log.release("h-2");
    log.release("h-2", "2.0");
    const auto readers = readers_of(log).within({}, ever);
    ASSERT_EQ(readers.size(), 3U);
    EXPECT_EQ(readers[0],
              (Reader{.host = "h-2",
                      .image = "1.0",
                      .key = std::string(32, 'c'),
                      .provider = "gold",
                      .first = from_seconds(1'800'000'001),
                      .last = from_seconds(1'800'000'003),
                      .releases = 2}));
    EXPECT_EQ(readers[1].host, "h-1");
    EXPECT_EQ(readers[2].image, "2.0");
}

TEST(Readers, AreNotThoseFromWhomTheKeyWasWithheld) {
    AuditLog log;
    log.release("h-1");
    log.release("h-2");
    log.add(audit::kind::withheld, {{"release", 2}, {"host", "h-2"}});
    log.add(audit::kind::refused, {{"host", "h-3"}, {"operation", "decrypt"}});
    log.add(audit::kind::release, {{"host", "h-4"}, {"operation", "rewrap"}});
    const auto readers = readers_of(log).within({}, ever);
    ASSERT_EQ(readers.size(), 1U);
    EXPECT_EQ(readers[0].host, "h-1");
}

TEST(Readers, AreThoseOfAllAuthorityHosts) {
    AuditLog first;
    first.release("h-1");
    first.release("h-2");
    AuditLog second{.host = {"authority-2"}};
    second.release("h-2");
    second.release("h-3");
    // Its number 2, which is not the other's.
    second.add(audit::kind::withheld, {{"release", 2}, {"host", "h-3"}});
    ReaderList list;
    for (const AuditLog* const log : {&first, &second})
        for (const audit::AuditRecord& record : records_of(*log))
            list.take(record);
    const auto readers = list.within({}, ever);
    ASSERT_EQ(readers.size(), 2U);
    EXPECT_EQ(readers[0].host, "h-1");
    EXPECT_EQ(readers[1].host, "h-2");
    EXPECT_EQ(readers[1].releases, 2); // one of each
}

TEST(Readers, AreAskedForByTime) {
    AuditLog log;
    log.release("h-1");
    log.release("h-2");
    log.release("h-3");
    const SysTime second = from_seconds(1'800'000'002);
    const auto readers = readers_of(log).within(second, second + std::chrono::seconds(1));
    ASSERT_EQ(readers.size(), 1U);
    EXPECT_EQ(readers[0].host, "h-2");
    EXPECT_EQ(readers_of(log).hosts_before(second), 1U);
    EXPECT_EQ(readers_of(log).hosts_before(SysTime{}), 0U);
}

} // namespace
} // namespace vouchsafe::auditlog

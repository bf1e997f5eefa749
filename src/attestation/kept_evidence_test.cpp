// Evidence as bytes that explain themselves: what an attestation leaves can be read, proven and judged again.
#include "attestation/kept_evidence.h"
#include "json/members.h"
#include "tests/support/attestation_house.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace vouchsafe::attestation {
namespace {

using test::AttestationHouse;
using test::AttestedMachine;

class KeptEvidenceTest : public testing::Test {
protected:
    KeptEvidenceTest() {
        house.enrol(machine);
        EXPECT_EQ(house.must_attest(machine).outcome, protocol::Outcome::trusted);
        bytes = house.records.evidence_by_host.at(machine.host().text);
    }

    KeptEvidence kept() const {
        auto parsed = parse_kept_evidence(bytes);
        VS_CHECK(parsed.has_value());
        return *std::move(parsed);
    }

    /// Where parsing fails once the circumstances were changed.
    std::string refused(const std::function<void(json::Object&)>& change) const {
        Reader reader(bytes);
        const Buffer head = to_buffer(*reader.take(5, "head"));
        const auto size = *reader.big<std::uint32_t>("size");
        auto value = json::parse(as_text(*reader.take(size, "circumstances")));
        change(value->as_object());
        const std::string text = json::canonical(*value);
        const auto parsed = parse_kept_evidence(Writer()
                                                    .bytes(head)
                                                    .big(static_cast<std::uint32_t>(text.size()))
                                                    .text(text)
                                                    .bytes(reader.rest())
                                                    .done());
        return parsed ? "" : parsed.error().where;
    }

    static std::string unproven(const KeptEvidence& evidence) {
        const auto proven = reprove(evidence);
        return proven ? "" : proven.error().where;
    }

    AttestationHouse house;
    AttestedMachine machine;
    Buffer bytes;
};

TEST_F(KeptEvidenceTest, IsTheOneEncodingOfWhatWasJudged) {
    const KeptEvidence read = kept();
    EXPECT_EQ(encode(read), bytes);
    EXPECT_EQ(read.anchor, house.history.anchor);
    EXPECT_EQ(read.received, house.clock.time);
    EXPECT_EQ(read.outcome, protocol::Outcome::trusted);
    EXPECT_FALSE(read.activated); // this AK was enrolled
    EXPECT_EQ(read.enrolment, house.enrolment(machine));
    EXPECT_EQ(read.challenge.ek_certificates, machine.certificates);
    ASSERT_TRUE(read.last); // the attestation before
    EXPECT_EQ(read.last->state, "pending");
    EXPECT_FALSE(read.last->reporting_token);
}

TEST_F(KeptEvidenceTest, TellsOfActivation) {
    const AttestedMachine other("b");
    EXPECT_EQ(house.must_attest(other).outcome, protocol::Outcome::pending);
    const auto first = parse_kept_evidence(house.records.evidence_by_host.at(other.host().text));
    ASSERT_TRUE(first);
    EXPECT_TRUE(first->activated);
    EXPECT_FALSE(first->last);
}

TEST_F(KeptEvidenceTest, IsRefusedWhenDamaged) {
    struct Case {
        const char* name;
        std::function<void(Buffer&)> damage;
        std::string_view where;
    };

    const Case cases[] = {
        {"nothing", [](Buffer& b) { b.clear(); }, "kept_evidence.magic"},
        {"another magic", [](Buffer& b) { b[0] = 'W'; }, "kept_evidence.magic"},
        {"another version", [](Buffer& b) { b[4] = 2; }, "kept_evidence.version"},
        {"ends in its size", [](Buffer& b) { b.resize(7); }, "kept_evidence.size"},
        {"ends in the circumstances", [](Buffer& b) { b.resize(40); }, "kept_evidence.circumstances"},
        {"a huge size", [](Buffer& b) { b[5] = 0xff; }, "kept_evidence.size"},
        {"not JSON", [](Buffer& b) { b[9] = 'x'; }, "json.syntax"},
    };
    for (const Case& one : cases) {
        Buffer spoilt = bytes;
        one.damage(spoilt);
        const auto parsed = parse_kept_evidence(spoilt);
        ASSERT_FALSE(parsed) << one.name;
        EXPECT_EQ(parsed.error().where, one.where) << one.name;
    }
}

TEST_F(KeptEvidenceTest, HasALimit) {
    Buffer large = bytes;
    large.resize(large.size() + protocol::max_evidence_bytes);
    EXPECT_EQ(parse_kept_evidence(large).error().code, Errc::too_large);
}

TEST_F(KeptEvidenceTest, HasExactlyItsMembers) {
    EXPECT_EQ(refused([](json::Object&) {}), "");
    EXPECT_EQ(refused([](json::Object& o) { o.emplace("more", 1); }), "kept_evidence");
    for (const char* const name : {"activated", "anchor", "challenge", "enrolment", "outcome", "received"})
        EXPECT_EQ(refused([name](json::Object& o) { o.erase(name); }), std::string("kept_evidence.") + name);
    EXPECT_EQ(refused([](json::Object& o) { o.find("outcome")->second = "fine"; }), "kept_evidence.outcome");
    EXPECT_EQ(refused([](json::Object& o) {
                  o.find("challenge")->second.as_object().find("purpose")->second = "release";
              }),
              "kept_evidence.purpose");
    EXPECT_EQ(refused([](json::Object& o) {
                  o.find("last")->second.as_object().find("host")->second = "h-" + std::string(32, '0');
              }),
              "kept_evidence.last");
}

TEST_F(KeptEvidenceTest, ProvesItself) {
    const auto proven = reprove(kept());
    ASSERT_TRUE(proven) << proven.error().where;
    EXPECT_EQ(proven->host.challenge.host, machine.host());
    EXPECT_EQ(proven->host.challenge.ek_digest, machine.ek_digest());
    EXPECT_EQ(proven->host.ak_name, machine.ak_name());
    EXPECT_EQ(proven->host.evidence_digest, to_hex(crypto::sha256(kept().message)));
}

TEST_F(KeptEvidenceTest, DoesNotProveWhatWasChanged) {
    const AttestedMachine other("b");

    struct Case {
        const char* name;
        std::function<void(KeptEvidence&)> change;
        std::string_view where;
    };

    const Case cases[] = {
        {"nonce", [](KeptEvidence& k) { k.challenge.nonce.front() ^= 1U; }, "quote.qualifying_data"},
        {"short nonce", [](KeptEvidence& k) { k.challenge.nonce.pop_back(); }, "kept_evidence.nonce"},
        {"selection", [](KeptEvidence& k) { k.challenge.selection.at(1).bits ^= 1U; }, "quote.selection"},
        {"AK",
         [&other](KeptEvidence& k) { k.challenge.ak_public = tpm::encode(other.tpm.ak_area()); },
         "quote.signature"},
        {"EK",
         [&other](KeptEvidence& k) { k.challenge.ek_public = tpm::encode(other.tpm.ek_area()); },
         "kept_evidence.enrolment"},
        {"enrolment",
         [&other](KeptEvidence& k) { k.enrolment.ek_digest = other.ek_digest(); },
         "kept_evidence.enrolment"},
        {"message", [](KeptEvidence& k) { k.message.pop_back(); }, "json.syntax"},
    };
    for (const Case& one : cases) {
        KeptEvidence spoilt = kept();
        one.change(spoilt);
        EXPECT_EQ(unproven(spoilt), one.where) << one.name;
    }
}

} // namespace
} // namespace vouchsafe::attestation

// The quote of a release request: what it must be about, and what may have changed since the attestation.
#include "appraisal/replay.h"
#include "attestation/release_quote.h"
#include "tests/support/attestation_house.h"
#include "tests/support/ima_list.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace vouchsafe::attestation {
namespace {

using protocol::Outcome;
using test::AttestationHouse;
using test::AttestedMachine;

Buffer digest_of(std::string_view content) {
    return to_buffer(crypto::sha256(as_bytes(content)));
}

/// A host that attested and holds the token, and its next release request; a test spoils one thing.
class ReleaseQuoteTest : public testing::Test {
protected:
    ReleaseQuoteTest() {
        house.import_ima_image("uki-cmdline", {digest_of("ok")});
        house.enrol(machine);
        attest();
        machine.tpm.clock.clock += 1'000;
    }

    void attest() {
        auto answer = house.must_attest(machine);
        VS_CHECK(answer.outcome == Outcome::trusted);
        const auto verified = token::verify_key_access(*answer.key_access_token,
                                                       house.history.state.group,
                                                       {house.token_key.public_key()},
                                                       house.clock.time);
        VS_CHECK(verified.has_value());
        token = verified->claims();
    }

    protocol::Statement statement() const {
        return machine.release_statement(house.history.anchor, about, list);
    }

    /// Where the quote over this statement is refused; empty when it holds.
    std::string refusal(const protocol::Statement& of) {
        const auto judged = judge(machine.release_quote(nonce, of, list));
        if (!judged) {
            EXPECT_EQ(judged.error().code, Errc::untrusted);
        }
        return judged ? std::string() : judged.error().where;
    }

    std::string refusal() { return refusal(statement()); }

    Result<void> judge(const protocol::ReleaseQuote& quote) {
        return house.service.release_quote({.quote = quote,
                                            .nonce = nonce,
                                            .about = about,
                                            .token = token,
                                            .state = house.history.state,
                                            .now = house.clock.time});
    }

    inventory::HostObservation& kept() { return house.records.by_host.at(machine.host().text); }

    /// IMA lists a file, and the TPM extends PCR 10 by it.
    void use_file(std::string_view path, std::string_view content) {
        const Buffer entry = test::ima_entry({.name = std::string(path), .digest = digest_of(content)});
        if (!list)
            list.emplace();
        list->insert(list->end(), entry.begin(), entry.end());
        const auto parsed = eventlog::parse_ima_list(entry);
        const Bytes data = parsed->entries.front().template_data;
        for (auto& [bank, values] : machine.tpm.pcrs)
            values.at(10) = crypto::digest(bank, {values.at(10), crypto::digest(bank, data)});
    }

    void extend(std::uint32_t pcr) {
        for (auto& [bank, values] : machine.tpm.pcrs) {
            Buffer& value = values.try_emplace(pcr, Buffer(crypto::digest_size(bank))).first->second;
            value = crypto::digest(bank, {value, crypto::digest(bank, as_bytes("unapproved"))});
        }
    }

    AttestationHouse house;
    AttestedMachine machine{"a", "uki-cmdline"}; // of three banks
    token::KeyAccess token;
    Buffer nonce = Buffer(protocol::nonce_size, 7);
    protocol::ReleasePart about{.request = std::string(64, 'a'), .session = std::string(32, 'b')};
    std::optional<Buffer> list; ///< what the request sends of it
};

TEST_F(ReleaseQuoteTest, HoldsWhereNothingChanged) {
    EXPECT_EQ(refusal(), "");
    list.emplace(); // "nothing new" may be said, too
    EXPECT_EQ(refusal(), "");
}

TEST_F(ReleaseQuoteTest, IsOverTheNonceThatWasGivenOut) {
    const protocol::ReleaseQuote replayed = machine.release_quote(nonce, statement());
    ASSERT_TRUE(judge(replayed));
    nonce.front() ^= 1U; // the session's next one, or another session's
    const auto judged = judge(replayed);
    ASSERT_FALSE(judged);
    EXPECT_EQ(judged.error().where, "freshness.quote");
    EXPECT_TRUE(judged.error().detail.starts_with("quote.qualifying_data"));
}

TEST_F(ReleaseQuoteTest, IsByTheEnrolledKeyAlone) {
    machine.tpm.replace_ak();
    const auto judged = judge(machine.release_quote(nonce, statement()));
    ASSERT_FALSE(judged);
    EXPECT_EQ(judged.error().where, "freshness.quote");
}

TEST_F(ReleaseQuoteTest, CoversTheValuesThatWereSent) {
    protocol::ReleaseQuote quote = machine.release_quote(nonce, statement());
    quote.pcrs.back().values.at(0).front() ^= 1U;
    EXPECT_EQ(judge(quote).error().where, "freshness.quote");
    quote = machine.release_quote(nonce, statement());
    quote.pcrs.push_back(quote.pcrs.front());
    EXPECT_EQ(judge(quote).error().where, "freshness.quote");
}

TEST_F(ReleaseQuoteTest, HasTheSelectionOfTheAttestation) {
    const std::string text = statement().encode();
    const auto quoted = machine.tpm.quote({{.bank = crypto::HashAlg::sha256, .bits = 0x4FF}},
                                          protocol::qualifying_data(nonce, text));
    const protocol::ReleaseQuote fewer{.attest = quoted.attest,
                                       .signature = quoted.signature,
                                       .pcrs = AttestedMachine::banks_of(quoted.values),
                                       .statement = text,
                                       .ima_log = {}};
    EXPECT_TRUE(judge(fewer).error().detail.starts_with("quote.selection"));
}

struct Claim {
    std::string_view where;
    std::function<void(protocol::Statement&)> change;
};

TEST_F(ReleaseQuoteTest, SaysWhatItIsFor) {
    const std::vector<Claim> claims{
        {"freshness.purpose",
         [](auto& s) {
             s.purpose = protocol::QuotePurpose::attest;
             s.release.reset();
         }},
        {"freshness.session", [](auto& s) { s.release->session = std::string(32, 'c'); }},
        {"freshness.request", [](auto& s) { s.release->request = std::string(64, 'c'); }},
        {"freshness.anchor", [](auto& s) { s.anchor = std::string(64, 'c'); }},
        {"freshness.host", [](auto& s) { s.host.text = "h-" + std::string(32, 'c'); }},
        {"freshness.release_key", [](auto& s) { s.release_key = std::string(43, 'c'); }},
        {"freshness.boot", [](auto& s) { s.boot_id.back() ^= 1; }},
        {"freshness.log", [](auto& s) { s.logs.ima = std::string(64, 'c'); }},
        {"freshness.log", [](auto& s) { s.logs.firmware = std::string(64, 'c'); }},
        {"freshness.log", [](auto& s) { s.logs.userspace = std::string(64, 'c'); }},
    };
    for (const Claim& claim : claims) {
        protocol::Statement changed = statement();
        claim.change(changed);
        EXPECT_EQ(refusal(changed), claim.where);
    }
    EXPECT_EQ(refusal(), "");
}

TEST_F(ReleaseQuoteTest, HasAStatementOfItsOneForm) {
    const std::string text = statement().encode() + " ";
    constexpr std::uint32_t every = 0xFFFF;
    const auto quoted = machine.tpm.quote({{.bank = crypto::HashAlg::sha1, .bits = every},
                                           {.bank = crypto::HashAlg::sha256, .bits = every},
                                           {.bank = crypto::HashAlg::sha384, .bits = every}},
                                          protocol::qualifying_data(nonce, text));
    EXPECT_EQ(judge({.attest = quoted.attest,
                     .signature = quoted.signature,
                     .pcrs = AttestedMachine::banks_of(quoted.values),
                     .statement = text,
                     .ima_log = {}})
                  .error()
                  .where,
              "freshness.statement");
}

TEST_F(ReleaseQuoteTest, IsOfTheAttestationThatMadeTheToken) {
    token.evidence_digest = std::string(64, 'c');
    EXPECT_EQ(refusal(), "freshness.attested");
    attest();
    EXPECT_EQ(refusal(), "");
    attest(); // the older token is not held against the newer attestation
    const auto newer = token.evidence_digest;
    machine.tpm.clock.clock += 1;
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::trusted);
    EXPECT_EQ(token.evidence_digest, newer);
    EXPECT_EQ(refusal(), "freshness.attested");
    house.records.by_host.clear();
    EXPECT_EQ(refusal(), "freshness.attested");
}

TEST_F(ReleaseQuoteTest, NeedsAnAttestationThatWasAccepted) {
    extend(4);
    EXPECT_EQ(house.must_attest(machine).outcome, Outcome::refused);
    EXPECT_FALSE(kept().accepted);
    EXPECT_EQ(refusal(), "freshness.attested");
}

TEST_F(ReleaseQuoteTest, NeedsAnEnrolment) {
    token.host.text = "h-" + std::string(32, '0');
    const auto judged = judge(machine.release_quote(nonce, statement()));
    EXPECT_EQ(judged.error(), (Error{Errc::denied, "freshness.attested", judged.error().detail}));
}

TEST_F(ReleaseQuoteTest, IsByTheSameFirmwareOfTheTpm) {
    machine.tpm.firmware_version += 1;
    EXPECT_EQ(refusal(), "freshness.firmware");
}

TEST_F(ReleaseQuoteTest, HasTheCountersOfTheAttestation) {
    const tpm::ClockInfo good = machine.tpm.clock;
    machine.tpm.clock.reset_count += 1;
    EXPECT_EQ(refusal(), "freshness.counters");
    machine.tpm.clock = good;
    machine.tpm.clock.restart_count += 1;
    EXPECT_EQ(refusal(), "freshness.counters");
    machine.tpm.clock = good;
    machine.tpm.clock.clock -= 2'000; // behind the attestation
    EXPECT_EQ(refusal(), "freshness.counters");
    machine.tpm.clock = good;
    machine.tpm.clock.clock += 3'600'000;
    EXPECT_EQ(refusal(), "");
}

TEST_F(ReleaseQuoteTest, IsRefusedForAPcrThatChanged) {
    for (const std::uint32_t pcr : {0U, 4U, 7U, 8U, 11U, 14U, 15U}) {
        const auto before = machine.tpm.pcrs;
        extend(pcr);
        EXPECT_EQ(refusal(), "freshness.pcr") << pcr;
        machine.tpm.pcrs = before;
    }
    machine.tpm.pcrs.at(crypto::HashAlg::sha1).at(4).front() ^= 1U; // in a bank that nobody judges
    const auto judged = judge(machine.release_quote(nonce, statement()));
    EXPECT_TRUE(judged.error().detail.starts_with("PCR 4 of sha1"));
}

TEST_F(ReleaseQuoteTest, IsRefusedWhereABankIsGone) {
    machine.tpm.pcrs.erase(crypto::HashAlg::sha384);
    EXPECT_EQ(refusal(), "freshness.pcr");
}

TEST_F(ReleaseQuoteTest, ExplainsWhatImaListedSince) {
    use_file("/usr/bin/a", "ok");
    use_file("/usr/bin/b", "ok");
    EXPECT_EQ(refusal(), "");
    EXPECT_EQ(refusal(), ""); // from the same position each time
}

TEST_F(ReleaseQuoteTest, IsRefusedForAFileThatIsNotApproved) {
    use_file("/usr/bin/a", "ok");
    use_file("/tmp/other", "other");
    const auto judged = judge(machine.release_quote(nonce, statement(), list));
    ASSERT_FALSE(judged);
    EXPECT_EQ(judged.error().where, "freshness.ima");
    EXPECT_EQ(judged.error().detail, "ima.file: entry 2 of the IMA list: '/tmp/other' is not approved");
}

TEST_F(ReleaseQuoteTest, IsRefusedWhereTheListIsLeftOut) {
    use_file("/usr/bin/a", "ok");
    list.reset();
    EXPECT_EQ(refusal(), "freshness.ima");
}

TEST_F(ReleaseQuoteTest, IsRefusedForARevokedFile) {
    use_file("/usr/bin/a", "ok");
    inventory::AuthorityState state = house.history.state;
    state.revision += 1;
    const std::string value = to_hex(digest_of("ok"));
    state.revocations[inventory::RevocationKind::file][value] = {
        .kind = inventory::RevocationKind::file, .value = value, .reason = ""};
    const auto quote = machine.release_quote(nonce, statement(), list);
    const auto judged = house.service.release_quote({.quote = quote,
                                                     .nonce = nonce,
                                                     .about = about,
                                                     .token = token,
                                                     .state = state,
                                                     .now = house.clock.time});
    ASSERT_FALSE(judged);
    EXPECT_TRUE(judged.error().detail.starts_with("revoked.file"));
}

TEST_F(ReleaseQuoteTest, HasNoListWhereNoPositionIsKept) {
    kept().log_positions.clear();
    EXPECT_EQ(refusal(), "");
    list.emplace();
    EXPECT_EQ(refusal(), "freshness.ima");
    list.reset();
    extend(10);
    EXPECT_EQ(refusal(), "freshness.pcr");
}

} // namespace
} // namespace vouchsafe::attestation

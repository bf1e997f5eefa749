// Kept evidence under other rules: each rule that the service has, and each change that one may think of.
#include "attestation/policy_document.h"
#include "attestation/reappraisal.h"
#include "attestation/what_if.h"
#include "tests/support/attestation_house.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace vouchsafe::attestation {
namespace {

using protocol::Outcome;
using test::AttestationHouse;
using test::AttestedMachine;

class ReappraisalTest : public testing::Test {
protected:
    ReappraisalTest() {
        house.enrol(machine);
        attest();
    }

    void attest() {
        (void)house.must_attest(machine);
        auto parsed = parse_kept_evidence(house.records.evidence_by_host.at(machine.host().text));
        VS_CHECK(parsed.has_value());
        kept = *std::move(parsed);
    }

    Verdict judge(const inventory::AuthorityState& state) {
        auto evidence = reprove(kept);
        VS_CHECK(evidence.has_value());
        const References references = References::of(state);
        return reappraise(*evidence, kept, {.state = state, .references = references, .now = now});
    }

    Verdict judge() { return judge(house.history.state); }

    HostOutcome what_if(const Supposition& what) {
        const inventory::AuthorityState& state = house.history.state;
        const References references = References::of(state);
        const auto supposed = suppose(state, what, now);
        VS_CHECK(supposed.has_value());
        auto outcome = compare(kept,
                               {.state = state, .references = references, .now = now},
                               {.state = supposed->state, .references = supposed->references, .now = now});
        VS_CHECK(outcome.has_value());
        return *std::move(outcome);
    }

    static std::string first(const Verdict& verdict) {
        return verdict.reasons.empty() ? "" : verdict.reasons.front().code;
    }

    AttestationHouse house;
    AttestedMachine machine;
    KeptEvidence kept;
    SysTime now = house.clock.time + std::chrono::hours(1);
};

TEST_F(ReappraisalTest, SaysWhatTheServiceSaid) {
    const Verdict verdict = judge();
    EXPECT_EQ(verdict.outcome, Outcome::trusted) << first(verdict);
    EXPECT_EQ(verdict.appraisal.base_image->text, "uki");
    EXPECT_EQ(verdict.appraisal.tier, appraisal::Tier::affirming);
}

TEST_F(ReappraisalTest, SaysForARefusedHostWhatTheServiceSaid) {
    machine.restart();
    machine.boot_into("uki-cmdline");
    const auto answer = house.must_attest(machine);
    attest();
    const Verdict verdict = judge();
    EXPECT_EQ(verdict.outcome, Outcome::refused);
    EXPECT_EQ(verdict.reasons, answer.reasons);
    EXPECT_EQ(first(verdict), "image.command_line");
}

TEST_F(ReappraisalTest, GoesByTheRulesThatItIsGiven) {
    struct Case {
        std::string_view code;
        std::function<void(inventory::AuthorityState&)> change;
        Outcome outcome = Outcome::refused;
    };

    const std::string host = machine.host().text;
    const auto revoked = [](inventory::RevocationKind kind, std::string value) {
        return [kind, value](inventory::AuthorityState& s) {
            s.revocations[kind][value] = {.kind = kind, .value = value, .reason = ""};
        };
    };
    const Case cases[] = {
        {"image.none", [](auto& s) { s.images.clear(); }},
        {"image.none", revoked(inventory::RevocationKind::image, "uki")},
        {"revoked.host", revoked(inventory::RevocationKind::host, host)},
        {"revoked.ak", revoked(inventory::RevocationKind::ak, machine.ak_name())},
        {"endorsement.certificate", [](auto& s) { s.cas.clear(); }},
        {"endorsement.not_registered", [](auto& s) { s.endorsement_keys.clear(); }},
        {"statement.anchor", [](auto& s) { s.anchor = std::string(64, '0'); }},
        {"enrolment.absent", [](auto& s) { s.enrolments.clear(); }},
        {"enrolment.removed",
         [&host](auto& s) { s.enrolments.at(host).state = inventory::EnrolmentState::removed; }},
        {"enrolment.ak_changed",
         [&host](auto& s) { s.enrolments.at(host).ak_name = "000b" + std::string(64, '0'); },
         Outcome::pending},
        {"enrolment.counters_went_back",
         [&host](auto& s) { s.enrolments.at(host).counters->reset += 1; },
         Outcome::pending},
        {"",
         [&host](auto& s) { s.enrolments.at(host).state = inventory::EnrolmentState::pending; },
         Outcome::pending},
        {"firmware.changed",
         [&host](auto& s) { s.enrolments.at(host).firmware->pcr0 = std::string(64, '0'); }},
    };
    for (const Case& one : cases) {
        inventory::AuthorityState state = house.history.state;
        one.change(state);
        const Verdict verdict = judge(state);
        EXPECT_EQ(verdict.outcome, one.outcome) << one.code;
        EXPECT_EQ(first(verdict), one.code);
    }
}

TEST_F(ReappraisalTest, JudgesWaitingEntriesAsOfTheirTime) {
    kept.last->ima_pending = {.count = 1'000'000, .since = kept.received - std::chrono::minutes(4)};
    kept.last->counters = inventory::Counters{
        .reset = machine.tpm.clock.reset_count, .restart = machine.tpm.clock.restart_count, .clock = 1};
    kept.last->boot_id = machine.boot_id;
    kept.last->ak_name = machine.ak_name();
    EXPECT_EQ(first(judge()), ""); // an hour later nothing else is known
    kept.last->ima_pending->since = kept.received - std::chrono::minutes(5);
    EXPECT_EQ(first(judge()), "ima.pending");
}

TEST_F(ReappraisalTest, ShowsItsSteps) {
    const auto result_of = [this](const inventory::AuthorityState& state, std::string_view name) {
        auto evidence = reprove(kept);
        const References references = References::of(state);
        const Verdict verdict =
            reappraise(*evidence, kept, {.state = state, .references = references, .now = now});
        const json::Value steps = steps_of(*evidence, kept, verdict);
        for (const json::Value& step : steps.as_array())
            if (step.find("name")->as_string() == name)
                return step.find("result")->as_string();
        return std::string("none");
    };
    inventory::AuthorityState state = house.history.state;
    EXPECT_EQ(result_of(state, "base image"), "yes");
    EXPECT_EQ(result_of(state, "firmware"), "yes");
    state.images.clear();
    EXPECT_EQ(result_of(state, "measured operating system"), "yes");
    EXPECT_EQ(result_of(state, "base image"), "no");
    EXPECT_EQ(result_of(state, "firmware"), "not reached");
    state.anchor = std::string(64, '0');
    EXPECT_EQ(result_of(state, "statement is about this evidence"), "no");
    EXPECT_EQ(result_of(state, "base image"), "not reached");
}

// --- what-if

TEST_F(ReappraisalTest, TellsWhoWouldLoseTrust) {
    struct Case {
        Supposition what;
        TrustChange change;
        std::string_view code;
    };

    const Case cases[] = {
        {{}, TrustChange::none, ""},
        {{.remove_images = {"uki"}}, TrustChange::loses, "image.none"},
        {{.remove_cas = {"ek"}}, TrustChange::loses, "endorsement.certificate"},
        {{.remove_cas = {"ek"}, .require_certificate_validation = false}, TrustChange::none, ""},
        {{.require_secure_boot = true}, TrustChange::none, ""},
    };
    for (const Case& one : cases) {
        const HostOutcome outcome = what_if(one.what);
        EXPECT_EQ(outcome.change, one.change) << one.code;
        EXPECT_EQ(outcome.before.outcome, Outcome::trusted);
        EXPECT_EQ(first(outcome.after), one.code);
    }
}

TEST_F(ReappraisalTest, TellsWhoWouldGainTrust) {
    machine.restart();
    machine.boot_into("uki-cmdline");
    attest();
    test::AttestationHouse other; // where the document comes from
    other.import_image("uki-cmdline");
    const json::Value document = *other.history.state.images.at("uki-cmdline").document;
    EXPECT_EQ(what_if({.add_images = {document}}).change, TrustChange::gains);
    EXPECT_EQ(what_if({}).change, TrustChange::none);
}

TEST_F(ReappraisalTest, TellsWhoWouldBeTrustedByAnotherImage) {
    json::Value document = *house.history.state.images.at("uki").document;
    document.as_object().find("image")->second.as_object().find("version")->second = "uki-2";
    const HostOutcome outcome = what_if({.remove_images = {"uki"}, .add_images = {document}});
    EXPECT_EQ(outcome.change, TrustChange::other_image);
    EXPECT_EQ(outcome.after.appraisal.base_image->text, "uki-2");
}

TEST_F(ReappraisalTest, RaisesSecureBootForEveryImage) {
    inventory::AuthorityState state = house.history.state;
    const auto supposed = suppose(state, {.require_secure_boot = true}, now);
    ASSERT_TRUE(supposed);
    for (const appraisal::BaseImage& image : supposed->references.images->images)
        EXPECT_EQ(image.secure_boot, appraisal::SecureBootRule::required);
}

TEST_F(ReappraisalTest, SupposesOnlyWhatCouldBeDone) {
    const inventory::AuthorityState& state = house.history.state;
    EXPECT_EQ(suppose(state, {.remove_images = {"none"}}, now).error().code, Errc::not_found);
    EXPECT_EQ(suppose(state, {.remove_cas = {"none"}}, now).error().code, Errc::not_found);
    EXPECT_FALSE(suppose(state, {.add_images = {json::object({{"format", "x"}})}}, now));
    EXPECT_EQ(suppose(state, {.add_images = {*state.images.at("uki").document}}, now).error().code,
              Errc::exists);
}

// --- the rules as a document

TEST_F(ReappraisalTest, PolicyDocumentsGiveTheSameVerdict) {
    house.revoke(inventory::RevocationKind::blob, std::string(64, 'a'));
    const json::Value document = policy_of(house.history.state);
    auto policy = parse_policy(as_bytes(json::pretty(document)));
    ASSERT_TRUE(policy) << policy.error().where;
    EXPECT_EQ(json::canonical(policy_of(*policy)), json::canonical(document));
    policy->anchor = kept.anchor;
    policy->enrolments.emplace(kept.enrolment.host.text, kept.enrolment);
    EXPECT_EQ(judge(*policy).outcome, Outcome::trusted);
    policy->images.clear();
    EXPECT_EQ(judge(*policy).outcome, Outcome::refused);
}

TEST_F(ReappraisalTest, PolicyDocumentsAreStrict) {
    const auto refused = [this](const std::function<void(json::Object&)>& change) {
        json::Value document = policy_of(house.history.state);
        change(document.as_object());
        const auto parsed = parse_policy(as_bytes(json::canonical(document)));
        return parsed ? std::string() : parsed.error().where;
    };
    EXPECT_EQ(refused([](json::Object&) {}), "");
    EXPECT_EQ(refused([](json::Object& o) { o.find("format")->second = "policy"; }), "policy.format");
    EXPECT_EQ(refused([](json::Object& o) { o.find("version")->second = 2; }), "policy.version");
    EXPECT_EQ(refused([](json::Object& o) { o.emplace("more", 1); }), "policy");
    EXPECT_EQ(refused([](json::Object& o) { o.erase("settings"); }), "policy.settings");
    for (const char* const list : {"cas", "images", "endorsement_keys"}) {
        const auto twice = [list](json::Object& o) {
            json::Array& items = o.find(list)->second.as_array();
            items.push_back(items.front());
        };
        EXPECT_EQ(refused(twice), std::string("policy.") + list);
    }
    EXPECT_NE(refused([](json::Object& o) {
                  o.find("images")->second.as_array().front().as_object().erase("references");
              }),
              "");
}

} // namespace
} // namespace vouchsafe::attestation

// Evidence for administrators, rules as a document, and what a change of them would do.
#include "attestation/image_export.h"
#include "attestation/policy_document.h"
#include "tests/support/attestation_house.h"
#include "tests/support/authority_house.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace vouchsafe::authority {
namespace {

constexpr std::string_view enrolments = "vouchsafe.enrolments";
constexpr std::string_view policy = "vouchsafe.policy";
constexpr std::string_view images =
    "vcenter.trusted_infrastructure.trust_authority_clusters.attestation.os.esx.base_images";

class PolicyOperations : public ::testing::Test {
protected:
    PolicyOperations() {
        inventory::CaCertificate ca{.name = "ek", .chain = {}, .lab = true};
        const auto chain = crypto::certificates_from_pem(as_text(test::read_vector("attestation/ek-ca.pem")));
        for (const crypto::Certificate& certificate : chain.value())
            ca.chain.push_back(certificate.pem());
        house_.must(inventory::CaImport{.ca = std::move(ca)});
        (void)attest(machine_);
        VS_CHECK(house_.call(enrolments, "approve", on(machine_)).has_value());
        const json::Value document = good(house_.call(enrolments, "export_image", on(machine_)));
        version_ = document.find("image")->find("version")->as_string();
        house_.must(inventory::ImageImport{.document = document});
        VS_CHECK(attest(machine_).outcome == protocol::Outcome::trusted);
    }

    protocol::EvidenceAnswer attest(const test::AttestedMachine& machine) {
        auto challenge = service_.challenge(machine.request());
        VS_CHECK(challenge.answer.has_value());
        const protocol::Evidence evidence =
            machine.evidence(*challenge.answer, machine.statement(house_.keys.identity().anchor));
        auto reply = service_.evidence(evidence, as_bytes(json::canonical(evidence.to_json())));
        VS_CHECK(reply.answer.has_value());
        return *std::move(reply.answer);
    }

    static json::Value on(const test::AttestedMachine& machine) {
        return json::object({{"host", machine.host().text}});
    }

    Result<json::Value> what_if(json::Object spec) {
        return house_.call(policy, "what_if", json::object({{"spec", json::Value(std::move(spec))}}));
    }

    static json::Value good(Result<json::Value> answer) {
        return test::AuthorityHouse::good(std::move(answer));
    }

    static std::int64_t number(const json::Value& answer, std::string_view name) {
        return answer.find(name)->as_integer();
    }

    Buffer& stored() { return house_.records.evidence_by_host.at(machine_.host().text); }

    test::AuthorityHouse house_;
    test::AttestedMachine machine_;
    attestation::AttestationService service_{{.self = house_.keys.config().host,
                                              .token_key = house_.keys.key(token::KeyUse::token).clone(),
                                              .report_key = house_.keys.key(token::KeyUse::report).clone()},
                                             {.authority = *house_.core,
                                              .records = house_.records,
                                              .audit = *house_.audit,
                                              .clock = house_.clock,
                                              .random = house_.random}};
    std::string version_;
};

TEST_F(PolicyOperations, GiveEvidenceThatProvesItself) {
    const json::Value part = good(house_.call(enrolments, "evidence", on(machine_)));
    const auto bytes = from_base64(part.find("bytes")->as_string());
    ASSERT_TRUE(bytes);
    EXPECT_EQ(number(part, "size"), static_cast<std::int64_t>(bytes->size()));
    EXPECT_EQ(part.find("digest")->as_string(), to_hex(crypto::sha256(*bytes)));
    const auto kept = attestation::parse_kept_evidence(*bytes);
    ASSERT_TRUE(kept);
    EXPECT_TRUE(attestation::reprove(*kept));
    EXPECT_EQ(kept->enrolment.host, machine_.host());
}

// An approval comes after the evidence that it is of.
TEST_F(PolicyOperations, GiveEvidenceWithTheEnrolmentOfNow) {
    const test::AttestedMachine other("b");
    (void)attest(other);
    ASSERT_TRUE(house_.call(enrolments, "approve", on(other)));
    const json::Value part = good(house_.call(enrolments, "evidence", on(other)));
    const auto kept = attestation::parse_kept_evidence(*from_base64(part.find("bytes")->as_string()));
    ASSERT_TRUE(kept);
    EXPECT_EQ(kept->outcome, protocol::Outcome::pending);
    EXPECT_EQ(kept->enrolment.state, inventory::EnrolmentState::approved);
}

TEST_F(PolicyOperations, GiveEvidenceInParts) {
    auto kept = attestation::parse_kept_evidence(stored());
    ASSERT_TRUE(kept);
    kept->message.resize((std::size_t{5} << 20U) + 3, ' ');
    stored() = attestation::encode(*kept);
    Buffer whole;
    std::string digest;
    for (int parts = 0; parts < 3; ++parts) {
        json::Value input = on(machine_);
        input.as_object().emplace("offset", whole.size());
        const json::Value part = good(house_.call(enrolments, "evidence", input));
        const auto bytes = from_base64(part.find("bytes")->as_string());
        whole.insert(whole.end(), bytes->begin(), bytes->end());
        digest = part.find("digest")->as_string();
    }
    EXPECT_EQ(to_hex(crypto::sha256(whole)), digest);
    json::Value beyond = on(machine_);
    beyond.as_object().emplace("offset", whole.size() + 1);
    EXPECT_EQ(house_.call(enrolments, "evidence", beyond).error().where, "query.offset");
}

TEST_F(PolicyOperations, KnowNoOtherHost) {
    for (const char* const name : {"evidence", "export_image"}) {
        EXPECT_EQ(house_.call(enrolments, name, on(test::AttestedMachine("b"))).error().code, Errc::not_found)
            << name;
    }
    house_.records.evidence_by_host.clear();
    EXPECT_EQ(house_.call(enrolments, "evidence", on(machine_)).error().where, "evidence");
}

TEST_F(PolicyOperations, DoNotExportWhatTheEvidenceDoesNotProve) {
    auto kept = attestation::parse_kept_evidence(stored());
    ASSERT_TRUE(kept);
    kept->challenge.nonce.front() ^= 1U;
    stored() = attestation::encode(*kept);
    EXPECT_EQ(house_.call(enrolments, "export_image", on(machine_)).error().where, "quote.qualifying_data");
}

TEST_F(PolicyOperations, WriteTheRulesDown) {
    const json::Value document = good(house_.call(policy, "get"));
    const auto rules = attestation::parse_policy(as_bytes(json::canonical(document)));
    ASSERT_TRUE(rules) << rules.error().where;
    EXPECT_EQ(rules->images, house_.core->state()->images);
    EXPECT_EQ(rules->cas, house_.core->state()->cas);
}

TEST_F(PolicyOperations, SayWhoWouldLoseTrust) {
    const auto before = house_.core->state();
    const json::Value found = good(what_if({{"remove_images", json::array({version_})}}));
    EXPECT_EQ(number(found, "judged"), 1);
    EXPECT_EQ(number(found, "trusted_before"), 1);
    EXPECT_EQ(number(found, "trusted_after"), 0);
    EXPECT_TRUE(found.find("next")->is_null());
    ASSERT_EQ(found.find("hosts")->as_array().size(), 1U);
    const json::Value& host = found.find("hosts")->as_array().front();
    EXPECT_EQ(*host.find("host"), json::Value(machine_.host().text));
    EXPECT_EQ(*host.find("change"), json::Value("loses"));
    EXPECT_EQ(*host.find("before")->find("base_image"), json::Value(version_));
    EXPECT_EQ(*host.find("reasons")->as_array().front().find("code"), json::Value("image.none"));
    EXPECT_EQ(house_.core->state(), before); // nothing was changed
}

TEST_F(PolicyOperations, SayWhoWouldNot) {
    const json::Value found =
        good(what_if({{"require_endorsement_keys", false}, {"require_secure_boot", true}}));
    EXPECT_EQ(number(found, "trusted_after"), 1);
    EXPECT_TRUE(found.find("hosts")->as_array().empty());
}

// During a roll-out the old and the new image count side by side, and the old one can go when nobody needs
// it.
TEST_F(PolicyOperations, FollowARollOut) {
    const test::AttestedMachine other("b");
    (void)attest(other);
    ASSERT_TRUE(house_.call(enrolments, "approve", on(other)));
    machine_.restart();
    machine_.boot_into("uki-cmdline");
    ASSERT_EQ(attest(machine_).outcome, protocol::Outcome::refused);
    json::Value input = on(machine_);
    input.as_object().emplace("version", "new");
    const json::Value document = good(house_.call(enrolments, "export_image", input));
    const json::Value gain = good(what_if({{"add_images", json::array({document})}}));
    EXPECT_EQ(*gain.find("hosts")->as_array().front().find("change"), json::Value("gains"));
    house_.must(inventory::ImageImport{.document = document});

    EXPECT_EQ(attest(machine_).outcome, protocol::Outcome::trusted); // the new one
    EXPECT_EQ(attest(other).outcome, protocol::Outcome::trusted);    // the old one
    for (const std::string& version : {version_, std::string("new")}) {
        EXPECT_NE(good(house_.on_cluster(images, "get", {{"version", version}})).find("last_attested_time"),
                  nullptr)
            << version;
        const json::Value found = good(what_if({{"remove_images", json::array({version})}}));
        EXPECT_EQ(number(found, "trusted_before"), 2);
        EXPECT_EQ(number(found, "trusted_after"), 1);
    }
}

TEST_F(PolicyOperations, GoOnAfterAHost) {
    const test::AttestedMachine other("b");
    (void)attest(other);
    ASSERT_TRUE(house_.call(enrolments, "approve", on(other)));
    const std::string first = std::min(machine_.host().text, other.host().text);
    const std::string last = std::max(machine_.host().text, other.host().text);
    EXPECT_EQ(number(good(what_if({{"require_secure_boot", true}})), "judged"), 2);
    EXPECT_EQ(number(good(what_if({{"require_secure_boot", true}, {"after", first}})), "judged"), 1);
    EXPECT_EQ(number(good(what_if({{"require_secure_boot", true}, {"after", last}})), "judged"), 0);
}

TEST_F(PolicyOperations, SayOfWhomNothingIsKnown) {
    stored().front() ^= 1U;
    const json::Value damaged = good(what_if({{"require_secure_boot", true}}));
    EXPECT_EQ(number(damaged, "judged"), 0);
    EXPECT_EQ(damaged.find("unknown")->as_array().size(), 1U);
    house_.records.evidence_by_host.clear();
    const json::Value none = good(what_if({{"require_secure_boot", true}}));
    EXPECT_EQ(*none.find("unknown")->as_array().front().find("problem"), json::Value("no evidence"));
}

TEST_F(PolicyOperations, SupposeOnlyWhatCouldBeDone) {
    EXPECT_EQ(what_if({{"remove_images", json::array({"none"})}}).error().code, Errc::not_found);
    EXPECT_EQ(what_if({{"remove_cas", json::array({"none"})}}).error().code, Errc::not_found);
    json::Array many(257, json::Value("x"));
    EXPECT_EQ(what_if({{"remove_images", many}}).error().code, Errc::too_large);
}

TEST_F(PolicyOperations, AreForTrustedAdminsAndAuditors) {
    const json::Value spec = json::object({{"spec", json::object({{"require_secure_boot", true}})}});
    const std::vector<std::pair<test::AuthorityHouse::Caller, bool>> callers{
        {{}, true},
        {{.issuer = test::manager_issuer, .groups = {"Auditors"}}, true},
        {{.issuer = test::manager_issuer, .groups = {"VMAdministrators"}}, false},
        {{.issuer = test::consumer_issuer, .groups = {"TrustedAdmins"}}, false}};
    for (const auto& [caller, allowed] : callers) {
        EXPECT_EQ(house_.call_as(caller, policy, "what_if", spec).has_value(), allowed);
        EXPECT_EQ(house_.call_as(caller, policy, "get").has_value(), allowed);
        EXPECT_EQ(house_.call_as(caller, enrolments, "evidence", on(machine_)).has_value(), allowed);
    }
}

} // namespace
} // namespace vouchsafe::authority

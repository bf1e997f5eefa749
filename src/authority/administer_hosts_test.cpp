// Enrolments, explanation, images out of running hosts, audit and what hosts need to know.
#include "appraisal/base_image.h"
#include "base/version.h"
#include "tests/support/attestation_house.h"
#include "tests/support/authority_house.h"
#include "token/services.h"

#include <gtest/gtest.h>

namespace vouchsafe::authority {
namespace {

#define VS_TH "vcenter.trusted_infrastructure.trust_authority_hosts"
constexpr std::string_view enrolments = "vouchsafe.enrolments";
constexpr std::string_view firmware_sets = "vouchsafe.firmware_sets";

class HostOperations : public ::testing::Test {
protected:
    HostOperations() {
        inventory::CaCertificate ca{.name = "ek", .chain = {}, .lab = true};
        const auto chain = crypto::certificates_from_pem(as_text(test::read_vector("attestation/ek-ca.pem")));
        for (const crypto::Certificate& certificate : chain.value())
            ca.chain.push_back(certificate.pem());
        house_.must(inventory::CaImport{.ca = std::move(ca)});
    }

    // A whole attestation against this authority; the outcome is the service's business.
    protocol::EvidenceAnswer attest() {
        auto challenge = service_.challenge(machine_.request());
        VS_CHECK(challenge.answer.has_value());
        const protocol::Evidence evidence =
            machine_.evidence(*challenge.answer, machine_.statement(house_.keys.identity().anchor));
        auto reply = service_.evidence(evidence, as_bytes(json::canonical(evidence.to_json())));
        VS_CHECK(reply.answer.has_value());
        return *std::move(reply.answer);
    }

    std::string host() const { return machine_.host().text; }

    Result<json::Value> on(std::string_view name, json::Object input = {}) {
        input.emplace("host", host());
        return house_.call(enrolments, name, json::Value(std::move(input)));
    }

    static json::Value good(Result<json::Value> answer) {
        return test::AuthorityHouse::good(std::move(answer));
    }

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
};

TEST_F(HostOperations, KnowNoOtherHost) {
    for (const char* const name : {"get", "approve", "delete", "explain", "export_image", "evidence"})
        EXPECT_EQ(on(name).error().code, Errc::not_found) << name;
    EXPECT_TRUE(good(house_.call(enrolments, "list")).as_array().empty());
}

TEST_F(HostOperations, ApproveWhatAHostProved) {
    ASSERT_EQ(attest().outcome, protocol::Outcome::pending);
    const json::Value before = good(on("get"));
    EXPECT_EQ(*before.find("state"), json::Value("pending"));
    EXPECT_EQ(*before.find("lab"), json::Value(true));
    ASSERT_TRUE(on("approve", {{"spec", json::object({{"groups", json::array({"blue"})}})}}));
    const json::Value after = good(on("get"));
    EXPECT_EQ(*after.find("state"), json::Value("approved"));
    EXPECT_EQ(*after.find("groups"), json::array({"blue"}));
    const auto state = house_.core->state();
    const inventory::Enrolment& enrolment = *state->enrolment(machine_.host());
    EXPECT_EQ(enrolment.ak_name, machine_.ak_name());
    ASSERT_TRUE(enrolment.firmware);
    EXPECT_EQ(enrolment.firmware->pcr0, to_hex(machine_.boot.pcrs.at(eventlog::Algorithm::sha256).at(0)));
    EXPECT_NE(state->endorsement_key_by_digest(machine_.ek_digest()), nullptr);
    EXPECT_EQ(good(house_.call(enrolments, "list")).as_array().size(), 1U);
}

TEST_F(HostOperations, DoNotApproveWhatWasNeverProven) {
    ASSERT_EQ(attest().outcome, protocol::Outcome::pending);
    house_.records.by_host.clear();
    const auto approved = on("approve");
    ASSERT_FALSE(approved);
    EXPECT_EQ(approved.error().where, "enrolment.unproven");
    EXPECT_EQ(on("explain").error().where, "observation");
    EXPECT_EQ(*good(on("get")).find("state"), json::Value("pending"));
}

TEST_F(HostOperations, ShowWhyAHostWithoutThePolicyBankIsNotApproved) {
    machine_.boot_into("uki-cmdline"); // in several banks
    machine_.tpm.pcrs.erase(crypto::HashAlg::sha256);
    ASSERT_EQ(attest().outcome, protocol::Outcome::pending);
    for (const json::Value& shown :
         {good(on("explain")), good(house_.call(enrolments, "list")).as_array().front()}) {
        const json::Array& reasons = shown.find("reasons")->as_array();
        ASSERT_EQ(reasons.size(), 2U);
        EXPECT_EQ(*reasons[0].find("code"), json::Value("endorsement.not_registered")); // nobody approved it
        EXPECT_EQ(*reasons[1].find("code"), json::Value("policy.bank"));
        EXPECT_TRUE(reasons[1].find("hint")->as_string().contains("tpm2_pcrallocate sha256:all"));
    }
    const auto approved = on("approve");
    ASSERT_FALSE(approved);
    EXPECT_EQ(approved.error().where, "enrolment.firmware");
    EXPECT_EQ(*good(on("get")).find("state"), json::Value("pending"));
    machine_.boot_into("uki-cmdline"); // the bank is there again
    ASSERT_EQ(attest().outcome, protocol::Outcome::pending);
    EXPECT_TRUE(on("approve"));
}

// Between the look and the word another key may have been proven.
TEST_F(HostOperations, ApproveOnlyTheKeyThatWasLookedAt) {
    (void)attest();
    EXPECT_EQ(*good(on("get")).find("ak_name"), json::Value(machine_.ak_name()));
    const auto approve = [&](const std::string& ak_name) {
        return on("approve", {{"spec", json::object({{"ak_name", ak_name}})}});
    };
    const auto other = approve("000b" + std::string(64, '0'));
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().where, "enrolment.ak_name");
    EXPECT_EQ(*good(on("get")).find("state"), json::Value("pending"));
    ASSERT_TRUE(approve(machine_.ak_name()));
    EXPECT_EQ(*good(on("get")).find("state"), json::Value("approved"));
}

TEST_F(HostOperations, KeepGroupsThatWereNotSaid) {
    (void)attest();
    ASSERT_TRUE(on("approve", {{"spec", json::object({{"groups", json::array({"blue"})}})}}));
    ASSERT_TRUE(on("approve"));
    EXPECT_EQ(*good(on("get")).find("groups"), json::array({"blue"}));
}

TEST_F(HostOperations, ForgetARemovedHost) {
    (void)attest();
    ASSERT_TRUE(on("approve"));
    const std::int64_t epoch = house_.core->state()->epoch;
    ASSERT_TRUE(on("delete"));
    EXPECT_EQ(house_.core->state()->epoch, epoch + 1);
    EXPECT_TRUE(house_.records.by_host.empty());
    EXPECT_TRUE(house_.records.evidence_by_host.empty());
    EXPECT_EQ(*good(on("get")).find("state"), json::Value("removed")); // does not come back by itself
    EXPECT_EQ(on("delete").error().code, Errc::not_found);
    EXPECT_FALSE(on("approve"));
}

TEST_F(HostOperations, MakeAFirmwareSetOfWhatAHostShows) {
    const auto add = [this](json::Object spec) {
        return house_.call(firmware_sets,
                           "add",
                           json::object({{"name", "updates"}, {"spec", json::Value(std::move(spec))}}));
    };
    EXPECT_EQ(add({{"host", host()}}).error().code, Errc::not_found);
    (void)attest();
    ASSERT_TRUE(add({{"host", host()}, {"note", "maker"}}));
    EXPECT_EQ(add({{"host", host()}}).error().code, Errc::exists);
    const json::Object other{
        {"pcr0", std::string(64, 'a')}, {"pcr2", std::string(64, 'b')}, {"version", "2"}};
    EXPECT_EQ(add(other).error().where, "firmware"); // of which bank?
    json::Object whole = other;
    whole.emplace("bank", "sha1");
    EXPECT_EQ(add(whole).error().where, "firmware.bank");
    whole["bank"] = "sha256";
    ASSERT_TRUE(add(whole));
    whole.emplace("host", host());
    EXPECT_EQ(add(whole).error().where, "firmware");
    EXPECT_EQ(add({}).error().where, "firmware");

    const json::Value set = good(house_.call(firmware_sets, "get", json::object({{"name", "updates"}})));
    EXPECT_EQ(*set.find("note"), json::Value("maker"));
    const json::Array& firmware = set.find("firmware")->as_array();
    ASSERT_EQ(firmware.size(), 2U);
    EXPECT_EQ(*firmware[0].find("pcr0"),
              json::Value(to_hex(machine_.boot.pcrs.at(eventlog::Algorithm::sha256).at(0))));
    EXPECT_EQ(*firmware[1].find("version"), json::Value("2"));
    EXPECT_EQ(good(house_.call(firmware_sets, "list")).as_array().size(), 1U);

    const std::int64_t epoch = house_.core->state()->epoch;
    ASSERT_TRUE(house_.call(firmware_sets, "delete", json::object({{"name", "updates"}})));
    EXPECT_EQ(house_.core->state()->epoch, epoch + 1);
    for (const char* const name : {"get", "delete"})
        EXPECT_EQ(house_.call(firmware_sets, name, json::object({{"name", "updates"}})).error().code,
                  Errc::not_found);
}

TEST_F(HostOperations, IgnoreFirmwareOnlyWhenToldTo) {
    const auto ignored = [this] {
        return good(house_.call("vouchsafe.firmware_rule", "get")).find("unsafe_ignore_firmware")->as_bool();
    };
    const auto set = [this](bool ignore) {
        return house_.call("vouchsafe.firmware_rule",
                           "set",
                           json::object({{"spec", json::object({{"unsafe_ignore_firmware", ignore}})}}));
    };
    EXPECT_FALSE(ignored());
    ASSERT_TRUE(set(true));
    EXPECT_TRUE(ignored());
    EXPECT_TRUE(house_.core->state()->settings.unsafe_ignore_firmware);
    const std::int64_t epoch = house_.core->state()->epoch;
    ASSERT_TRUE(set(false));
    EXPECT_FALSE(ignored());
    EXPECT_EQ(house_.core->state()->epoch, epoch + 1);
}

TEST_F(HostOperations, ExplainWhyAHostIsRefused) {
    (void)attest();
    ASSERT_TRUE(on("approve"));
    ASSERT_EQ(attest().outcome, protocol::Outcome::refused); // no image is imported
    const json::Value explained = good(on("explain"));
    EXPECT_EQ(*explained.find("attestation"), json::Value("refused"));
    EXPECT_FALSE(explained.find("reasons")->as_array().empty());
    EXPECT_NE(explained.find("firmware_approved"), nullptr);
}

// The image that a host exports is one that it then matches.
TEST_F(HostOperations, ExportAnImageThatTheHostMatches) {
    (void)attest();
    ASSERT_TRUE(on("approve"));
    const json::Value document = good(on("export_image", {{"version", "9.9"}, {"display_name", "Nine"}}));
    const Buffer bytes = to_buffer(as_bytes(json::canonical(document)));
    const auto image = appraisal::parse_base_image(bytes);
    ASSERT_TRUE(image);
    EXPECT_EQ(image->version.text, "9.9");
    EXPECT_EQ(image->display_name, "Nine");
    ASSERT_TRUE(
        house_.on_cluster("vcenter.trusted_infrastructure.trust_authority_clusters.attestation.os.esx."
                          "base_images",
                          "import_from_imgdb",
                          {{"imgdb", to_base64(bytes)}}));
    EXPECT_EQ(attest().outcome, protocol::Outcome::trusted);
    EXPECT_EQ(*good(on("get")).find("base_image"), json::Value("9.9"));
    EXPECT_TRUE(good(on("export_image")).find("image") != nullptr); // with a version made up
}

// --- what is exported

TEST_F(HostOperations, ExportServicesInformationUnderTheAnchor) {
    const json::Value exported = good(house_.call("vouchsafe.services_information", "export"));
    const auto verified = token::verify_services({.document = *exported.find("document"),
                                                  .anchor = exported.find("anchor")->as_string(),
                                                  .least_version = 0,
                                                  .now = house_.clock.time});
    ASSERT_TRUE(verified) << verified.error().where;
    EXPECT_EQ(verified->hosts().front().port, 8443);
    EXPECT_EQ(verified->information().version, house_.core->state()->revision);
    EXPECT_EQ(exported.find("anchor")->as_string(), house_.keys.identity().anchor);
}

TEST_F(HostOperations, DescribeTheAuthorityHost) {
    for (const std::string_view service : {VS_TH ".attestation", VS_TH ".kms"}) {
        const auto list = [&](json::Object input) {
            return good(house_.call(service, "list", json::Value(std::move(input)))).as_array();
        };
        EXPECT_EQ(*good(house_.call(service, "get", json::object({{"host", "authority-1"}}))).find("group"),
                  json::Value(house_.keys.identity().group));
        EXPECT_EQ(house_.call(service, "get", json::object({{"host", "authority-2"}})).error().code,
                  Errc::not_found);
        EXPECT_EQ(list({}).size(), 1U);
        EXPECT_EQ(list({{"projection", "BRIEF"}}).front().find("group"), nullptr);
        EXPECT_EQ(list({{"projection", "NORMAL"}}).front().find("trusted_CA"), nullptr);
        EXPECT_NE(list({{"projection", "FULL"}}).front().find("trusted_CA"), nullptr);
        EXPECT_TRUE(list({{"spec", json::object({{"groups", json::array({"other"})}})}}).empty());
        EXPECT_TRUE(list({{"spec", json::object({{"hosts", json::array({"other"})}})}}).empty());
        EXPECT_TRUE(list({{"spec", json::object({{"clusters", json::array({"other"})}})}}).empty());
    }
}

TEST_F(HostOperations, SayWhetherTheHostMayRelease) {
    const auto releasing = [&] {
        return good(house_.call("vouchsafe.status", "get")).find("authority")->find("releasing")->as_bool();
    };
    EXPECT_FALSE(releasing());
    ASSERT_TRUE(house_.core->heartbeat());
    EXPECT_TRUE(releasing());
    EXPECT_EQ(*good(house_.call("vouchsafe.status", "get")).find("version"), json::Value(program_version));
}

} // namespace
} // namespace vouchsafe::authority

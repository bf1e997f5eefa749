// What trust consists of: cluster state, base images, TPM CAs, endorsement keys, settings, consumers.
#include "appraisal/base_image.h"
#include "authority/health.h"
#include "eventlog/firmware.h"
#include "tests/support/authority_house.h"
#include "tests/support/recorded_boot.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>

namespace vouchsafe::authority {
namespace {

#define VS_TA "vcenter.trusted_infrastructure.trust_authority_clusters"
constexpr std::string_view clusters = VS_TA;
constexpr std::string_view images = VS_TA ".attestation.os.esx.base_images";
constexpr std::string_view cas = VS_TA ".attestation.tpm2.ca_certificates";
constexpr std::string_view eks = VS_TA ".attestation.tpm2.endorsement_keys";
constexpr std::string_view settings = VS_TA ".attestation.tpm2.settings";
constexpr std::string_view consumers = VS_TA ".consumer_principals";

json::Value spec(json::Object members) {
    return json::Value(std::move(members));
}

std::string ek_ca() {
    return std::string(as_text(test::read_vector("attestation/ek-ca.pem")));
}

std::string ek_certificate() {
    return crypto::Certificate::from_der(test::read_vector("attestation/ek-a.der"))->pem();
}

Buffer image_document() {
    const test::RecordedBoot boot = test::load_boot("uki");
    const auto log = eventlog::parse_firmware_log(boot.firmware_log);
    return appraisal::encode(*appraisal::derive(*log,
                                                {.banks = boot.pcrs},
                                                {.version = {"1.0"},
                                                 .display_name = "Image",
                                                 .vendor = "test",
                                                 .not_before = {},
                                                 .not_after = {},
                                                 .host_groups = {},
                                                 .command_line = boot.command_line}));
}

// openssl genrsa 1024 | openssl rsa -pubout
constexpr std::string_view small_rsa_key =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDcV7WvYJm2m0WVxzRsN1d2SiwF\n"
    "lVOmksnTkwa2OZWGCZY6kgqXskE3awW3ViFmmTmCHbkcPPgg+RqaCgX4NEgh27op\n"
    "5/l3YokL4yXetGP/bV61vwIMjWeT0bF9D5h9fhpQvSBe7Kd/P/oH4LhZxoleDcpP\n"
    "M62HVf0QyjustLetAQIDAQAB\n"
    "-----END PUBLIC KEY-----\n";

class TrustOperations : public ::testing::Test {
protected:
    std::int64_t epoch() const { return house_.core->state()->epoch; }

    Result<json::Value> create_ca(const std::string& name, const std::string& pem) {
        return house_.on_cluster(
            cas,
            "create",
            {{"spec", spec({{"name", name}, {"cert_chain", spec({{"cert_chain", json::array({pem})}})}})}});
    }

    Result<json::Value> create_ek(json::Object members) {
        members.emplace("name", "machine-a");
        return house_.on_cluster(eks, "create", {{"spec", spec(std::move(members))}});
    }

    Result<json::Value> import_image() {
        return house_.on_cluster(images, "import_from_imgdb", {{"imgdb", to_base64(image_document())}});
    }

    json::Object consumer_spec(const std::string& issuer, const std::string& alias, const std::string& pem) {
        return {{"issuer", issuer},
                {"issuer_alias", alias},
                {"certificates", json::array({spec({{"cert_chain", json::array({pem})}})})},
                {"principal",
                 spec({{"id", spec({{"name", "sts"}, {"domain", "local"}})}, {"type", "STS_USER"}})}};
    }

    static json::Value good(Result<json::Value> answer) {
        return test::AuthorityHouse::good(std::move(answer));
    }

    test::AuthorityHouse house_;
};

// --- every operation that names the cluster

TEST_F(TrustOperations, KnowNoOtherCluster) {
    int named = 0;
    for (const auto& rows : {attestation_operations(), provider_operations()})
        for (const ServedOperation& row : rows) {
            const api::Operation* const operation = api::find_operation(row.service, row.name);
            if (operation->path.find("{cluster}") == std::string_view::npos ||
                !operation->body_name.empty() ||
                operation->path.find('{', operation->path.find("{cluster}") + 1) != std::string_view::npos)
                continue;
            const auto answer = house_.call(row.service, row.name, json::object({{"cluster", "other"}}));
            ASSERT_FALSE(answer) << row.service << " " << row.name;
            EXPECT_EQ(answer.error().code, Errc::not_found) << row.service << " " << row.name;
            ++named;
        }
    EXPECT_GE(named, 7);
}

// --- cluster state

TEST_F(TrustOperations, ListAndFilterTheCluster) {
    const auto count = [&](const json::Value& input) {
        return good(house_.call(clusters, "list", input)).as_array().size();
    };
    EXPECT_EQ(count(json::Value(json::Object{})), 1U);
    EXPECT_EQ(count(json::object({{"cluster", json::array({house_.cluster()})}})), 1U);
    EXPECT_EQ(count(json::object({{"cluster", json::array({"other"})}})), 0U);
    EXPECT_EQ(count(json::object({{"state", json::array({"DISABLE"})}})), 0U);
}

TEST_F(TrustOperations, DisableAndEnableTheCluster) {
    const std::int64_t before = epoch();
    const auto update = [&](const char* state) {
        return house_.on_cluster(clusters, "update", {{"spec", spec({{"state", state}})}});
    };
    ASSERT_TRUE(update("DISABLE"));
    EXPECT_EQ(*good(house_.on_cluster(clusters, "get")).find("state"), json::Value("DISABLE"));
    EXPECT_EQ(epoch(), before + 1);
    ASSERT_TRUE(update("ENABLE"));
    EXPECT_EQ(*good(house_.on_cluster(clusters, "get")).find("state"), json::Value("ENABLE"));
    EXPECT_EQ(update("BROKEN").error().code, Errc::malformed);
    const std::int64_t revision = house_.core->state()->revision;
    EXPECT_TRUE(house_.on_cluster(clusters, "update", {{"spec", spec({})}}));
    EXPECT_EQ(house_.core->state()->revision, revision);
}

TEST_F(TrustOperations, SayWhetherTheServicesMayRelease) {
    const auto health = [&](std::string_view service) {
        return good(house_.on_cluster(service, "get")).find("health")->as_string();
    };
    for (const std::string_view service :
         {VS_TA ".attestation.service_status", VS_TA ".kms.service_status"}) {
        EXPECT_EQ(health(service), "ERROR");
        ASSERT_TRUE(house_.core->heartbeat());
        EXPECT_EQ(health(service), "OK");
        house_.clock.pass(std::chrono::seconds(10));
    }
}

// --- base images

TEST_F(TrustOperations, ImportShowAndDeleteAnImage) {
    EXPECT_EQ(good(import_image()).as_string(), "1.0");
    EXPECT_EQ(import_image().error().code, Errc::exists);
    EXPECT_EQ(good(house_.on_cluster(images, "list")).as_array().size(), 1U);
    EXPECT_TRUE(
        good(house_.on_cluster(images, "list", {{"version", json::array({"2.0"})}})).as_array().empty());
    EXPECT_TRUE(
        good(house_.on_cluster(images, "list", {{"health", json::array({"ERROR"})}})).as_array().empty());
    EXPECT_EQ(*good(house_.on_cluster(images, "get", {{"version", "1.0"}})).find("display_name"),
              json::Value("Image"));
    const std::int64_t before = epoch();
    EXPECT_TRUE(house_.on_cluster(images, "delete", {{"version", "1.0"}}));
    EXPECT_EQ(epoch(), before + 1);
    for (const char* const operation : {"get", "delete"})
        EXPECT_EQ(house_.on_cluster(images, operation, {{"version", "1.0"}}).error().code, Errc::not_found);
}

TEST_F(TrustOperations, SayWhenAnImageWasSeenLast) {
    ASSERT_TRUE(import_image());
    EXPECT_EQ(good(house_.on_cluster(images, "get", {{"version", "1.0"}})).find("last_attested_time"),
              nullptr);
    const auto seen = [&](const char* host, const char* state, std::int64_t seconds) {
        inventory::HostObservation& out = house_.records.by_host[host];
        out.host = {host};
        out.state = state;
        out.base_image = "1.0";
        out.last_attested = from_seconds(seconds);
    };
    seen("h-1", "trusted", 1'700'000'000);
    seen("h-2", "trusted", 1'700'000'060);
    seen("h-3", "refused", 1'700'000'120);
    EXPECT_EQ(*good(house_.on_cluster(images, "get", {{"version", "1.0"}})).find("last_attested_time"),
              json::Value(to_text(from_seconds(1'700'000'060))));
}

// What `host export-image` prints for people is what they post.
TEST_F(TrustOperations, ImportADocumentThatIsIndented) {
    const auto document = json::parse(as_text(image_document()));
    const std::string indented = json::pretty(*document) + "\n";
    ASSERT_TRUE(house_.on_cluster(images, "import_from_imgdb", {{"imgdb", to_base64(as_bytes(indented))}}));
    const auto kept = house_.core->state()->images.at("1.0");
    EXPECT_EQ(import_image().error().code, Errc::exists);
    test::AuthorityHouse other;
    ASSERT_TRUE(other.on_cluster(images, "import_from_imgdb", {{"imgdb", to_base64(image_document())}}));
    EXPECT_EQ(other.core->state()->images.at("1.0"), kept);
}

TEST_F(TrustOperations, RefuseWhatIsNoImage) {
    const auto import = [&](const std::string& base64) {
        return house_.on_cluster(images, "import_from_imgdb", {{"imgdb", base64}});
    };
    EXPECT_EQ(import("no base64!").error().code, Errc::malformed);
    EXPECT_EQ(import(to_base64(as_bytes("{}"))).error().code, Errc::malformed);
    std::string more = std::string(as_text(image_document()));
    more.insert(1, R"("aa":1,)");
    EXPECT_EQ(import(to_base64(as_bytes(more))).error().where, "base_image");
    Buffer document = image_document();
    document.pop_back();
    EXPECT_FALSE(import(to_base64(document)));
    EXPECT_TRUE(house_.core->state()->images.empty());
}

// --- TPM CAs

TEST_F(TrustOperations, ImportShowAndDeleteACa) {
    ASSERT_TRUE(create_ca("lab", ek_ca()));
    EXPECT_EQ(create_ca("lab", ek_ca()).error().code, Errc::exists);
    const auto info = house_.on_cluster(cas, "get", {{"name", "lab"}});
    EXPECT_EQ(info->find("cert_chain")->find("cert_chain")->as_array().size(), 2U); // a bundle, taken apart
    EXPECT_EQ(good(house_.on_cluster(cas, "list")).as_array().size(), 1U);
    const std::int64_t before = epoch();
    EXPECT_TRUE(house_.on_cluster(cas, "delete", {{"name", "lab"}}));
    EXPECT_EQ(epoch(), before + 1);
    for (const char* const operation : {"get", "delete"})
        EXPECT_EQ(house_.on_cluster(cas, operation, {{"name", "lab"}}).error().code, Errc::not_found);
}

TEST_F(TrustOperations, RefuseWhatIsNoCa) {
    EXPECT_EQ(create_ca("leaf", house_.sts.certificate).error().code, Errc::malformed);
    EXPECT_EQ(create_ca("text", "no PEM").error().code, Errc::malformed);
    EXPECT_EQ(house_.on_cluster(cas, "create", {{"spec", spec({{"name", "none"}})}}).error().where,
              "cert_chain");
    EXPECT_EQ(create_ca("", ek_ca()).error().code, Errc::malformed);
    EXPECT_TRUE(house_.core->state()->cas.empty());
}

TEST_F(TrustOperations, ImportABundleAndSayWhatBecameOfEachCertificate) {
    const auto import = [&](const char* name, const std::string& bundle) {
        return house_.call(
            "vouchsafe.tpm_cas",
            "import",
            json::object({{"spec", spec({{"name", name}, {"bundle", to_base64(as_bytes(bundle))}})}}));
    };
    const auto outcomes = [](const json::Value& answer) {
        std::string out;
        for (const json::Value& row : answer.find("certificates")->as_array())
            out += row.find("outcome")->as_string() + " ";
        return out;
    };
    const std::string broken = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";
    const auto done = import("lab", ek_ca() + ek_ca() + ek_certificate() + broken);
    ASSERT_TRUE(done);
    EXPECT_EQ(outcomes(*done), "anchor intermediate repeated repeated refused refused ");
    EXPECT_EQ(*done->find("imported"), json::Value(2));
    const auto& entry = house_.core->state()->cas.at("lab");
    EXPECT_EQ(entry.chain.size(), 2U);
    EXPECT_TRUE(entry.lab);
    ASSERT_TRUE(create_ek({{"certificate", ek_certificate()}})); // it leads through the intermediate

    const auto again = import("again", ek_ca());
    ASSERT_TRUE(again);
    EXPECT_EQ(outcomes(*again), "known known ");
    EXPECT_FALSE(house_.core->state()->cas.contains("again")); // nothing was left to import
    EXPECT_EQ(import("lab", ek_ca()).error().code, Errc::exists);
    EXPECT_EQ(import("text", "no certificates").error().code, Errc::malformed);
}

TEST_F(TrustOperations, MarkACaAsOneOfSoftwareTpms) {
    ASSERT_TRUE(create_ca("lab", ek_ca()));
    const auto health = [&] {
        return good(house_.on_cluster(cas, "get", {{"name", "lab"}})).find("health")->as_string();
    };
    const auto mark = [&](const char* name, bool lab) {
        return house_.call(
            "vouchsafe.tpm_cas", "mark", json::object({{"name", name}, {"spec", spec({{"lab", lab}})}}));
    };
    const bool marked = health() == "WARNING";
    ASSERT_TRUE(mark("lab", !marked));
    EXPECT_EQ(health(), marked ? "OK" : "WARNING");
    EXPECT_EQ(mark("none", true).error().code, Errc::not_found);
    EXPECT_EQ(create_ca("lab", ek_ca()).error().code, Errc::exists); // and does not undo the mark
    EXPECT_EQ(health(), marked ? "OK" : "WARNING");
}

// --- weak TPMs

TEST_F(TrustOperations, AcceptWeakTpmsOnlyWhenToldTo) {
    const auto shown = [&] { return good(house_.call("vouchsafe.tpm_settings", "get", json::object({}))); };
    const auto set = [&](bool accepted) {
        return house_.call("vouchsafe.tpm_settings",
                           "set",
                           json::object({{"spec", spec({{"unsafe_accept_weak_tpms", accepted}})}}));
    };
    EXPECT_EQ(*shown().find("unsafe_accept_weak_tpms"), json::Value(false));
    EXPECT_GE(shown().find("weak_tpms")->find("faults")->as_array().size(), 4U);
    ASSERT_TRUE(set(true));
    EXPECT_EQ(*shown().find("unsafe_accept_weak_tpms"), json::Value(true));
    EXPECT_EQ(*good(house_.on_cluster(settings, "get")).find("health"), json::Value("WARNING"));
    const std::int64_t before = epoch();
    ASSERT_TRUE(set(false));
    EXPECT_EQ(epoch(), before + 1);
}

// --- endorsement keys

TEST_F(TrustOperations, RegisterAnEndorsementKey) {
    const auto key = crypto::EcPrivateKey::generate();
    const std::string pem = pem_from_spki(key.public_key().spki_der());
    ASSERT_TRUE(create_ek({{"public_key", pem}}));
    EXPECT_EQ(*good(house_.on_cluster(eks, "get", {{"name", "machine-a"}})).find("public_key"),
              json::Value(pem));
    EXPECT_EQ(good(house_.on_cluster(eks, "list")).as_array().size(), 1U);
    EXPECT_EQ(create_ek({{"public_key", pem}}).error().code, Errc::exists);
    const std::int64_t before = epoch();
    EXPECT_TRUE(house_.on_cluster(eks, "delete", {{"name", "machine-a"}}));
    EXPECT_EQ(epoch(), before + 1);
    for (const char* const operation : {"get", "delete"})
        EXPECT_EQ(house_.on_cluster(eks, operation, {{"name", "machine-a"}}).error().code, Errc::not_found);
}

TEST_F(TrustOperations, RegisterAnEkCertificateOfAKnownCaOnly) {
    const auto unknown = create_ek({{"certificate", ek_certificate()}});
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, Errc::malformed); // the request is wrong, not the caller
    EXPECT_EQ(unknown.error().detail, "certificate: no path to a trusted CA");
    ASSERT_TRUE(create_ca("lab", ek_ca()));
    ASSERT_TRUE(create_ek({{"certificate", ek_certificate()}}));
    const auto parsed = crypto::Certificate::from_pem(ek_certificate());
    EXPECT_EQ(*good(house_.on_cluster(eks, "get", {{"name", "machine-a"}})).find("public_key"),
              json::Value(pem_from_spki(parsed->spki_der())));
    EXPECT_EQ(house_.core->state()->endorsement_keys.at("machine-a").ek_digest,
              to_hex(crypto::sha256(parsed->spki_der())));
}

TEST_F(TrustOperations, RegisterAnEndorsementKeyByItsDigest) {
    const std::string digest = to_hex(crypto::sha256(as_bytes("a key")));
    ASSERT_TRUE(create_ek({{"public_key", "sha256:" + digest}}));
    EXPECT_EQ(house_.core->state()->endorsement_keys.at("machine-a").ek_digest, digest);
    EXPECT_EQ(*good(house_.on_cluster(eks, "get", {{"name", "machine-a"}})).find("public_key"),
              json::Value("sha256:" + digest));
    EXPECT_EQ(create_ek({{"public_key", "sha256:" + digest}}).error().code, Errc::exists);
    EXPECT_EQ(create_ek({{"public_key", "sha256:" + digest.substr(2)}}).error().code, Errc::malformed);
    EXPECT_EQ(create_ek({{"public_key", "sha256:" + digest + "00"}}).error().code, Errc::malformed);
    EXPECT_EQ(create_ek({{"public_key", "sha256:none"}}).error().code, Errc::malformed);
}

TEST_F(TrustOperations, RefuseWhatIsNoEndorsementKey) {
    const std::string pem = pem_from_spki(crypto::EcPrivateKey::generate().public_key().spki_der());
    EXPECT_EQ(create_ek({}).error().where, "endorsement_key");
    EXPECT_EQ(create_ek({{"public_key", pem}, {"certificate", ek_certificate()}}).error().where,
              "endorsement_key");
    EXPECT_EQ(create_ek({{"public_key", "no PEM"}}).error().code, Errc::malformed);
    EXPECT_EQ(create_ek({{"certificate", "no PEM"}}).error().code, Errc::malformed);
    const auto small = create_ek({{"public_key", std::string(small_rsa_key)}});
    ASSERT_FALSE(small);
    EXPECT_EQ(small.error().code, Errc::malformed);
    EXPECT_EQ(small.error().detail, "public_key: an RSA key of fewer than 2048 bits");
    EXPECT_TRUE(house_.core->state()->endorsement_keys.empty());
}

// --- settings

TEST_F(TrustOperations, ChangeOneSettingAtATime) {
    const auto update = [&](json::Object members) {
        return house_.on_cluster(settings, "update", {{"spec", spec(std::move(members))}});
    };
    const auto get = [&](const char* name) {
        return good(house_.on_cluster(settings, "get")).find(name)->as_bool();
    };
    EXPECT_TRUE(get("require_endorsement_keys") && get("require_certificate_validation"));
    ASSERT_TRUE(update({{"require_endorsement_keys", false}}));
    EXPECT_FALSE(get("require_endorsement_keys"));
    EXPECT_TRUE(get("require_certificate_validation"));
    const auto both = update({{"require_certificate_validation", false}});
    ASSERT_FALSE(both);
    EXPECT_EQ(both.error().where, "settings.update.endorsement");
    EXPECT_TRUE(get("require_certificate_validation"));
    const std::int64_t before = epoch();
    ASSERT_TRUE(update({{"require_endorsement_keys", true}}));
    EXPECT_EQ(epoch(), before + 1);
    ASSERT_TRUE(update({{"require_certificate_validation", false}}));
    EXPECT_EQ(update({{"require_endorsement_keys", "no"}}).error().code, Errc::malformed);
}

// --- consumers

TEST_F(TrustOperations, AdmitShowAndRemoveAConsumer) {
    const test::Sts other;
    const auto profile = house_.on_cluster(
        consumers,
        "create",
        {{"spec", json::Value(consumer_spec("https://other", "other", other.certificate))}});
    ASSERT_TRUE(profile) << profile.error().where;
    EXPECT_EQ(house_.core->state()->issuers.at("https://other").role, inventory::IssuerRole::consumer);
    const auto info = house_.on_cluster(consumers, "get", {{"profile", *profile}});
    ASSERT_TRUE(info);
    EXPECT_EQ(*info->find("issuer"), json::Value("https://other"));
    EXPECT_TRUE(house_.on_cluster(consumers, "delete", {{"profile", *profile}}));
    for (const char* const operation : {"get", "delete"})
        EXPECT_EQ(house_.on_cluster(consumers, operation, {{"profile", *profile}}).error().code,
                  Errc::not_found);
}

TEST_F(TrustOperations, FilterConsumers) {
    const auto count = [&](json::Object filter) {
        return house_.on_cluster(consumers, "list", {{"spec", json::Value(std::move(filter))}})
            ->as_array()
            .size();
    };
    EXPECT_EQ(good(house_.on_cluster(consumers, "list")).as_array().size(), 1U); // the administrator is none
    EXPECT_EQ(count({{"issuer", json::array({test::consumer_issuer})}}), 1U);
    EXPECT_EQ(count({{"issuer", json::array({"https://other"})}}), 0U);
    EXPECT_EQ(count({{"id", json::array({"0"})}}), 0U);
}

TEST_F(TrustOperations, NoCallMakesAnAdministrator) {
    const test::Sts other;
    const auto create = [&](const std::string& issuer, const std::string& alias, const std::string& pem) {
        return house_.on_cluster(
            consumers, "create", {{"spec", json::Value(consumer_spec(issuer, alias, pem))}});
    };
    EXPECT_EQ(create(test::manager_issuer, "new", other.certificate).error().code, Errc::exists);
    EXPECT_EQ(create(test::consumer_issuer, "new", other.certificate).error().code, Errc::exists);
    EXPECT_EQ(create("https://other", "workload", other.certificate).error().code, Errc::exists); // the alias
    EXPECT_FALSE(create("https://other", "other", "no PEM"));
    EXPECT_EQ(house_.core->state()->issuers.size(), 2U);
    EXPECT_EQ(house_.core->state()->issuers.at(test::manager_issuer).certificates.front(),
              house_.sts.certificate);
}

} // namespace
} // namespace vouchsafe::authority

#include "inventory/state.h"
#include "inventory/workload.h"
#include "json/write.h"
#include "tests/support/authority_history.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace vouchsafe::inventory {
namespace {

const SysTime then = from_seconds(1'800'000'000);

template <class Document> void expect_round_trip(const Document& document) {
    const auto back = Document::from_json(document.to_json());
    ASSERT_TRUE(back) << back.error().where << ": " << back.error().detail;
    EXPECT_EQ(*back, document);
    json::Value more = document.to_json();
    more.as_object().emplace("zz", 1);
    EXPECT_FALSE(Document::from_json(more));
}

template <class Document>
void expect_refused(const Document& document,
                    const std::function<void(json::Object&)>& alter,
                    std::string_view where) {
    json::Value bad = document.to_json();
    alter(bad.as_object());
    const auto result = Document::from_json(bad);
    ASSERT_FALSE(result) << where;
    EXPECT_EQ(result.error().where, where);
}

auto set(std::string_view member, json::Value value) {
    return [member, value = std::move(value)](json::Object& document) {
        document.insert_or_assign(std::string(member), value);
    };
}

auto erase(std::string_view member) {
    return [member](json::Object& document) { document.erase(document.find(member)); };
}

TEST(HostIdFromEk, IsDerivedAndNothingElse) {
    // printf 'vouchsafe/host/1' and 32 bytes 0xEE | sha256sum
    const auto id = host_id_from_ek(test::example_ek_digest());
    ASSERT_TRUE(id);
    EXPECT_EQ(id->text, "h-5db045c2daa1d0f3ff508604cf965d47");
    EXPECT_FALSE(host_id_from_ek("ee"));
    EXPECT_FALSE(host_id_from_ek(std::string(64, 'E')));
    EXPECT_FALSE(host_id_from_ek(std::string(64, 'x')));
}

TEST(Counters, ContinueOnlyForward) {
    const Counters base{.reset = 3, .restart = 2, .clock = 1000};
    EXPECT_TRUE(continues(base, base));
    EXPECT_TRUE(continues(base, {.reset = 3, .restart = 2, .clock = 1001}));
    EXPECT_TRUE(continues(base, {.reset = 4, .restart = 0, .clock = 5000}));
    EXPECT_FALSE(continues(base, {.reset = 3, .restart = 2, .clock = 999}));
    EXPECT_FALSE(continues(base, {.reset = 3, .restart = 1, .clock = 5000}));
    EXPECT_FALSE(continues(base, {.reset = 0, .restart = 0, .clock = 0})); // a cleared TPM
}

TEST(Enrolment, IsOneDocument) {
    Enrolment full = test::example_enrolment();
    full.ek_certificate = Buffer{9};
    full.ca = "lab ca";
    full.lab = true;
    full.firmware = FirmwarePin{.pcr0 = "00aa", .pcr2 = "02", .version = "edk2"};
    full.counters = Counters{.reset = 1, .restart = 2, .clock = 3};
    full.state = EnrolmentState::approved;
    full.groups = {"production", "test"};
    expect_round_trip(full);
    expect_round_trip(test::example_enrolment());

    expect_refused(full, set("version", 2), "enrolment.version");
    expect_refused(full, set("host", "h-00"), "enrolment.host"); // not derived from this EK
    expect_refused(full, set("ek_digest", "aa"), "enrolment.ek_digest");
    expect_refused(full, set("state", "trusted"), "enrolment.state");
    expect_refused(full, set("label", "tab\there"), "enrolment.label");
    expect_refused(full, set("label", std::string(65, 'x')), "enrolment.label");
    expect_refused(full, set("groups", json::array({"a", "a"})), "enrolment.groups");
    expect_refused(full, set("groups", json::array({"a/b"})), "enrolment.groups");
    expect_refused(full, set("ak_name", "000B"), "enrolment.ak_name"); // upper case
    expect_refused(full, erase("lab"), "enrolment.lab");
}

TEST(HostObservation, IsOneDocument) {
    HostObservation full;
    full.host = test::example_enrolment().host;
    full.counters = Counters{.reset = 1, .restart = 2, .clock = 3};
    full.boot_id = "11111111-2222-4333-8444-555555555555";
    full.log_positions.emplace("ima",
                               LogPosition{.counters = *full.counters,
                                           .boot_id = *full.boot_id,
                                           .count = 7,
                                           .values = {{"sha256", "aa"}},
                                           .epoch = 2,
                                           .image = "debian-12.1"});
    full.accepted =
        AcceptedQuote{.evidence_digest = std::string(64, 'd'),
                      .counters = *full.counters,
                      .boot_id = *full.boot_id,
                      .tpm_firmware = "2019102300163636",
                      .pcrs = {{.bank = "sha1", .values = {}},
                               {.bank = "sha256", .values = {{0, Buffer(32, 1)}, {10, Buffer(32, 2)}}}}};
    full.ima_pending = PendingEntries{.count = 9, .since = then};
    full.tpm_firmware = "2019102300163636";
    full.last_attested = then;
    full.state = "trusted";
    full.tier = "affirming";
    full.base_image = "debian-12.1";
    full.reasons.push_back(json::object({{"code", "x"}}));
    full.firmware = FirmwarePin{.pcr0 = "00", .pcr2 = "02", .version = ""};
    full.firmware_set = "updates";
    full.ak_name = "000b";
    full.ak_public = Buffer{1};
    full.reporting_token = "a.b.c";
    expect_round_trip(full);
    HostObservation empty;
    empty.host = full.host;
    expect_round_trip(empty);
    expect_refused(full, set("log_positions", json::array({})), "observation.log_positions");
    expect_refused(full, erase("tier"), "observation.tier");
}

TEST(HostObservation, OfTheVersionBeforeIsRead) {
    HostObservation before;
    before.host = test::example_enrolment().host;
    json::Value document = before.to_json();
    document.as_object().erase("accepted");
    document.as_object().insert_or_assign("version", 2);
    EXPECT_EQ(HostObservation::from_json(document), Result<HostObservation>(before));
    document.as_object().emplace("accepted", json::Value());
    EXPECT_FALSE(HostObservation::from_json(document));
}

TEST(AcceptedQuote, HasOneValueForEachPcr) {
    const auto read = [](std::int64_t mask, const std::string& values) {
        const AcceptedQuote some{.evidence_digest = std::string(64, 'd'),
                                 .counters = {},
                                 .boot_id = "b",
                                 .tpm_firmware = "00",
                                 .pcrs = {}};
        json::Value document = some.to_json();
        document.as_object().insert_or_assign(
            "pcrs", json::array({json::object({{"bank", "sha256"}, {"pcrs", mask}, {"values", values}})}));
        const auto parsed = AcceptedQuote::from_json(document);
        return parsed ? std::string() : parsed.error().where;
    };
    EXPECT_EQ(read(3, "aabb"), "");
    EXPECT_EQ(read(0, ""), "");
    EXPECT_EQ(read(3, "aabbcc"), "accepted_quote.pcrs.values");
    EXPECT_EQ(read(3, ""), "accepted_quote.pcrs.values");
    EXPECT_EQ(read(0, "aa"), "accepted_quote.pcrs.values");
    EXPECT_EQ(read(std::int64_t{1} << 24U, "aa"), "accepted_quote.pcrs.pcrs");
}

TEST(Provider, IsOneDocument) {
    Provider full = test::example_provider();
    full.generations.front().retired = true;
    full.generations.front().check_value = "0011223344556677";
    full.generations.push_back({.number = 2, .primary_key = "key-2"});
    full.connection_timeout = 30;
    full.proxy_server = NetworkAddress{.hostname = "proxy", .port = 3128};
    full.username = "vouchsafe";
    full.sealed_password = Buffer{1};
    full.device = KmipDevice{.serial_number = "s", .network_identifier = "n"};
    full.sealed_device_password = Buffer{3};
    full.sealed_client_key = Buffer{2};
    full.client_certificate = test::example_pem("c");
    full.policy = {.freshness = Freshness::strict,
                   .wrapping = Wrapping::remote,
                   .host_groups = {"a"},
                   .base_images = {"1.0"},
                   .unsafe_boot_only = true,
                   .unsafe_compromised_key = true,
                   .host_quota = {.burst = 1, .per_minute = max_quota},
                   .quota = {.burst = max_quota, .per_minute = 1}};
    expect_round_trip(full);
    expect_round_trip(test::example_provider());

    expect_refused(full, set("uid", "aa"), "provider.uid");
    expect_refused(full, set("name", "a/b"), "provider.name");
    expect_refused(full, set("name", ""), "provider.name");
    expect_refused(full, set("servers", json::array({})), "provider.servers");
    expect_refused(full, set("generations", json::array({})), "provider.generations");
    expect_refused(full, set("client_certificate", "not PEM"), "provider.client_certificate");
    expect_refused(full, set("connection_timeout", 0), "provider.connection_timeout");
    Provider bad = full;
    bad.generations = {full.generations.at(1), full.generations.at(0)};
    expect_refused(bad, [](auto&) {}, "provider.generations");
    bad = full;
    bad.generations.at(1).primary_key = "key-1"; // one KMIP key under two numbers
    expect_refused(bad, [](auto&) {}, "provider.generations");
    bad = full;
    bad.generations.at(1).retired = true; // and no other to wrap under
    expect_refused(bad, [](auto&) {}, "provider.generations");
    bad = full;
    bad.generations.front().check_value = "00";
    expect_refused(bad, [](auto&) {}, "provider.generations.check_value");
    bad = full;
    bad.policy.quota.burst = 0;
    expect_refused(bad, [](auto&) {}, "provider.policy.quota.burst");
    bad = full;
    bad.policy.host_quota.per_minute = max_quota + 1;
    expect_refused(bad, [](auto&) {}, "provider.policy.host_quota.per_minute");
    bad = full;
    bad.device = KmipDevice{};
    expect_refused(bad, [](auto&) {}, "provider.device");
    bad = full;
    bad.device.reset();
    expect_refused(bad, [](auto&) {}, "provider.sealed_device_password");
    bad = full;
    bad.proxy_server->hostname.clear();
    expect_refused(bad, [](auto&) {}, "provider.proxy_server.hostname");
    bad = full;
    bad.servers.push_back(bad.servers.front());
    expect_refused(bad, [](auto&) {}, "provider.servers");
    bad = full;
    bad.servers.front().address.hostname.clear();
    expect_refused(bad, [](auto&) {}, "provider.servers.address.hostname");
    const auto without_policy_member = [](json::Object& document) {
        document.find("policy")->second.as_object().erase("unsafe_boot_only");
    };
    expect_refused(full, without_policy_member, "provider.policy.unsafe_boot_only");
}

TEST(Settings, AreOneDocument) {
    expect_round_trip(Settings{});
    expect_refused(Settings{}, set("key_access_life", 59), "settings.key_access_life");
    expect_refused(Settings{}, set("key_access_life", 8 * 3600 + 1), "settings.key_access_life");
    expect_refused(Settings{}, erase("require_endorsement_keys"), "settings.require_endorsement_keys");
}

TEST(SmallDocuments, AreRead) {
    const CaCertificate ca{.name = "ca", .chain = {test::example_pem("a")}, .lab = true};
    expect_round_trip(ca);
    expect_refused(ca, set("chain", json::array({})), "ca.chain");
    expect_refused(ca, set("chain", json::array({"x"})), "ca.chain");
    const EndorsementKey key{.name = "ek",
                             .ek_digest = test::example_ek_digest(),
                             .public_key = test::example_pem("p"),
                             .certificate = {}};
    expect_round_trip(key);
    expect_refused(key, set("ek_digest", "zz"), "endorsement_key.ek_digest");
    const Issuer issuer = test::example_issuer(IssuerRole::administrator);
    expect_round_trip(issuer);
    expect_refused(issuer, set("role", "owner"), "issuer.role");
    expect_refused(issuer, set("certificates", json::array({})), "issuer.issuer");
    const Revocation revocation{.kind = RevocationKind::tpm_model, .value = "x/y/z", .reason = "bug"};
    expect_round_trip(revocation);
    expect_refused(revocation, set("kind", "person"), "revocation.kind");
    expect_refused(revocation, set("value", ""), "revocation.value");
}

TEST(BaseImage, IsNamedByItsDocument) {
    const auto image = BaseImage::from_document(test::example_image());
    ASSERT_TRUE(image);
    EXPECT_EQ(image->version.text, "debian-12.1");
    EXPECT_EQ(image->display_name, "Debian 12.1");
    EXPECT_EQ(image->digest, to_hex(crypto::sha256(as_bytes(json::canonical(test::example_image())))));
    EXPECT_EQ(BaseImage::from_document(test::example_image("")).error().where, "image.version");
    json::Value other = test::example_image();
    other.as_object().insert_or_assign("version", 2);
    EXPECT_EQ(BaseImage::from_document(other).error().where, "image.format");
    EXPECT_EQ(BaseImage::from_document(json::Value("x")).error().where, "image.format");
}

TEST(WorkloadDocuments, AreRead) {
    expect_round_trip(TrustedCluster{.id = "domain-c1",
                                     .name = "Cluster",
                                     .enabled = true,
                                     .services = {"service-1"},
                                     .desired_version = 2,
                                     .created = then});
    ManagedHost host;
    host.id = "host-1";
    host.name = "host-a";
    host.cluster = "domain-c1";
    host.client_key = "thumb";
    host.state = "unknown";
    host.joined = then;
    expect_round_trip(host);
    host.attested_id = HostId{"h-1"};
    host.reporting_token = "a.b.c";
    host.base_image = "debian-12.1";
    host.agent_version = "0.1.0";
    host.last_seen = then;
    expect_round_trip(host);

    Vm vm;
    vm.id = VmId{"11111111-2222-4333-8444-555555555555"};
    vm.name = "web";
    vm.host = "host-1";
    vm.provider = "gold";
    vm.memory_mib = 512;
    vm.vcpus = 1;
    vm.disk_mib = 1024;
    vm.created = then;
    vm.changed = then;
    expect_round_trip(vm);
    vm.state = VmState::failed;
    vm.problem = "no key";
    vm.blob = "AAAA";
    vm.context = json::object({{"version", 1}});
    expect_round_trip(vm);
    expect_refused(vm, set("id", "1"), "vm.id");
    expect_refused(vm, set("state", "asleep"), "vm.state");
    expect_refused(vm, set("vcpus", 0), "vm.vcpus");

    Order order{.id = "order-1",
                .kind = "vm.start",
                .host = "host-1",
                .data = json::object({}),
                .state = OrderState::sent,
                .result = {},
                .task = "task-1",
                .created = then,
                .changed = then};
    expect_round_trip(order);
    order.result = json::object({{"order", "order-1"}});
    expect_round_trip(order);
    expect_refused(order, set("state", "lost"), "order.state");

    const ServiceEntry entry{.id = "service-1",
                             .kind = "attestation",
                             .address = {.hostname = "authority-1.localhost", .port = 443},
                             .group = "00",
                             .trust_authority_cluster = "trust-authority-00",
                             .trusted_ca = {test::example_pem("ca")},
                             .services_information = json::object({})};
    expect_round_trip(entry);
    expect_refused(entry, set("kind", "dns"), "service.kind");
}

} // namespace
} // namespace vouchsafe::inventory

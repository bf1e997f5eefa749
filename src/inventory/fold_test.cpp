#include "inventory/fold.h"
#include "json/write.h"
#include "tests/support/authority_history.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace vouchsafe::inventory {
namespace {

using test::AuthorityHistory;

void expect_refused(AuthorityHistory& history, Change change, Errc code, std::string_view where) {
    const AuthorityState before = history.state;
    const auto result = history.add(std::move(change));
    ASSERT_FALSE(result) << where;
    EXPECT_EQ(result.error().code, code);
    EXPECT_EQ(result.error().where, where);
    EXPECT_EQ(history.state, before);
}

/// The change is accepted, and the epoch rises exactly when it tightens.
void expect_effect(AuthorityHistory& history, Change change, Effect effect) {
    EXPECT_EQ(effect_of(history.state, change), effect) << change_type(change);
    const std::int64_t before = history.state.epoch;
    ASSERT_TRUE(history.add(change)) << change_type(change);
    EXPECT_EQ(history.state.epoch, before + (effect == Effect::tightening ? 1 : 0)) << change_type(change);
}

AuthorityHistory busy_history() {
    AuthorityHistory history;
    history.must(IssuerSet{test::example_issuer(IssuerRole::administrator)});
    history.must(IssuerSet{test::example_issuer(IssuerRole::consumer)});
    history.must(CaImport{{.name = "lab ca", .chain = {test::example_pem("ca")}, .lab = true}});
    history.must(ImageImport{test::example_image()});
    history.must(ProviderCreate{test::example_provider()});
    Enrolment pending = test::example_enrolment();
    pending.ak_name.reset();
    pending.ak_public.reset();
    history.must(EnrolmentCreate{pending});
    history.must(EnrolmentApprove{test::example_approval()});
    return history;
}

TEST(Fold, IsTheStateThatTheRecordsMade) {
    const AuthorityHistory history = busy_history();
    const auto folded = fold(history.records, history.keys(), history.anchor);
    ASSERT_TRUE(folded);
    EXPECT_EQ(*folded, history.state);
    EXPECT_EQ(folded->revision, 8);
    EXPECT_EQ(folded->epoch, 1);
    EXPECT_EQ(folded->group, history.anchor.substr(0, 32));
}

TEST(Fold, OfNothingIsRefused) {
    const AuthorityHistory history;
    const auto folded = fold({}, history.keys(), history.anchor);
    ASSERT_FALSE(folded);
    EXPECT_EQ(folded.error().where, "change.first");
}

TEST(Fold, RefusesAnotherClustersRecords) {
    const AuthorityHistory history;
    const auto folded = fold(history.records, history.keys(), std::string(64, '0'));
    ASSERT_FALSE(folded);
    EXPECT_EQ(folded.error().where, "change.anchor");
}

TEST(Fold, RefusesADroppedRecord) {
    AuthorityHistory history = busy_history();
    history.records.erase(history.records.begin() + 2);
    const auto folded = fold(history.records, history.keys(), history.anchor);
    ASSERT_FALSE(folded);
    EXPECT_EQ(folded.error().where, "change.revision");
}

TEST(Fold, RefusesAnUnknownKeyAndAFlippedBit) {
    AuthorityHistory history = busy_history();
    const auto stranger = crypto::EcPrivateKey::generate();
    EXPECT_EQ(fold(history.records, token::KeySet{stranger.public_key()}, history.anchor).error().where,
              "change.key");
    history.records.at(3).signature.at(5) ^= 1U;
    EXPECT_EQ(fold(history.records, history.keys(), history.anchor).error().where, "change.signature");
}

/// The record that a dishonest authority host would sign.
Result<AuthorityState> apply_forged(const AuthorityHistory& history, ChangeRecord record) {
    VS_TRY(const auto verified, verify_record(sign_record(record, history.key), history.keys()));
    return apply(history.state, verified);
}

TEST(Apply, RefusesRecordsThatDoNotFollow) {
    const AuthorityHistory history = busy_history();
    const auto honest = next_record(history.state,
                                    EpochRaise{"test"},
                                    {.author = {.issuer = "", .subject = "console"},
                                     .approvers = {},
                                     .authority_host = AuthorityHostId{"authority-1"},
                                     .time = from_seconds(1'800'000'100)});
    ASSERT_TRUE(honest);
    EXPECT_TRUE(apply_forged(history, *honest));

    ChangeRecord record = *honest;
    record.revision += 1;
    EXPECT_EQ(apply_forged(history, record).error().where, "change.revision");
    record = *honest;
    record.previous.fill(0);
    EXPECT_EQ(apply_forged(history, record).error().where, "change.previous");
    record = *honest;
    record.epoch -= 1; // a tightening change that would leave old tokens good
    EXPECT_EQ(apply_forged(history, record).error().where, "change.epoch");
    record = *honest;
    record.change = ImageRemove{ImageVersion{"no such"}};
    EXPECT_EQ(apply_forged(history, record).error().where, "image.remove.version");
}

TEST(Apply, BeginsWithInitAndHasItOnce) {
    AuthorityHistory history;
    expect_refused(history,
                   AuthorityInit{.anchor = history.anchor,
                                 .cluster_name = "Again",
                                 .administrator_issuer = "x",
                                 .host = history.state.authority_hosts.begin()->second},
                   Errc::conflict,
                   "authority.init.again");
    const auto first = preview(AuthorityState{}, EpochRaise{"x"}, SysTime{});
    ASSERT_FALSE(first);
    EXPECT_EQ(first.error().where, "change.first");
}

TEST(Effect, OfSettings) {
    AuthorityHistory history;
    Settings settings;
    settings.require_certificate_validation = false;
    settings.unsafe_auto_enrol = true;
    expect_effect(history, SettingsUpdate{.settings = settings}, Effect::loosening);
    expect_effect(history, SettingsUpdate{.settings = settings}, Effect::loosening);
    settings.require_certificate_validation = true;
    expect_effect(history, SettingsUpdate{.settings = settings}, Effect::tightening);
    settings.unsafe_auto_enrol = false;
    expect_effect(history, SettingsUpdate{.settings = settings}, Effect::tightening);
    settings.unsafe_ignore_firmware = true;
    expect_effect(history, SettingsUpdate{.settings = settings}, Effect::loosening);
    settings.unsafe_ignore_firmware = false;
    expect_effect(history, SettingsUpdate{.settings = settings}, Effect::tightening);
    settings.unsafe_accept_weak_tpms = true;
    expect_effect(history, SettingsUpdate{.settings = settings}, Effect::loosening);
    settings.unsafe_accept_weak_tpms = false;
    expect_effect(history, SettingsUpdate{.settings = settings}, Effect::tightening);
    settings.key_access_life = std::chrono::seconds(60);
    expect_effect(history, SettingsUpdate{.settings = settings}, Effect::tightening);
    settings.key_access_life = std::chrono::hours(8);
    expect_effect(history, SettingsUpdate{.settings = settings}, Effect::loosening);
}

TEST(Apply, RefusesBothEndorsementSwitchesOffUnlessSaidUnsafe) {
    AuthorityHistory history;
    Settings none;
    none.require_endorsement_keys = false;
    none.require_certificate_validation = false;
    expect_refused(history, SettingsUpdate{.settings = none}, Errc::conflict, "settings.update.endorsement");
    EXPECT_TRUE(history.add(SettingsUpdate{.settings = none, .unsafe_no_endorsement = true}));
    EXPECT_FALSE(history.state.settings.require_endorsement_keys);
}

TEST(Effect, OfWhatIsImportedAndRemoved) {
    AuthorityHistory history;
    expect_effect(history,
                  CaImport{{.name = "ca", .chain = {test::example_pem("ca")}, .lab = false}},
                  Effect::loosening);
    expect_effect(history, CaRemove{"ca"}, Effect::tightening);
    const EndorsementKey key{
        .name = "ek", .ek_digest = test::example_ek_digest(), .public_key = {}, .certificate = {}};
    expect_effect(history, EndorsementKeyImport{key}, Effect::loosening);
    expect_effect(history, EndorsementKeyRemove{"ek"}, Effect::tightening);
    expect_effect(history, ImageImport{test::example_image()}, Effect::loosening);
    expect_effect(history, ImageRemove{ImageVersion{"debian-12.1"}}, Effect::tightening);
    expect_effect(history,
                  RevocationAdd{{.kind = RevocationKind::key, .value = "k", .reason = "lost"}},
                  Effect::tightening);
    EXPECT_TRUE(history.state.is_revoked(RevocationKind::key, "k"));
    EXPECT_FALSE(history.state.is_revoked(RevocationKind::blob, "k"));
    expect_effect(history, EpochRaise{"restored"}, Effect::tightening);
}

TEST(Effect, OfFirmwareSets) {
    AuthorityHistory history;
    const auto set = [](std::string_view digits) {
        return FirmwareSetSet{test::example_firmware_set(digits)};
    };
    expect_effect(history, set("a"), Effect::loosening);
    expect_effect(history, set("ab"), Effect::loosening);
    expect_effect(history, set("bc"), Effect::tightening); // a is gone
    FirmwareSetSet other_note = set("bc");
    other_note.set.note = "the same firmware";
    expect_effect(history, other_note, Effect::loosening);
    EXPECT_EQ(history.state.firmware_sets.at("updates").firmware.size(), 2U);
    expect_effect(history, FirmwareSetRemove{"updates"}, Effect::tightening);
    expect_refused(history, FirmwareSetRemove{"updates"}, Errc::not_found, "firmware_set.remove.name");
}

TEST(FirmwareSets, HaveFirmwareOfTheirBankEachOnce) {
    const auto read = [](FirmwareSet set) { return FirmwareSet::from_json(set.to_json()); };
    const FirmwareSet good = test::example_firmware_set("ab");
    EXPECT_EQ(*read(good), good);
    FirmwareSet bad = good;
    bad.bank = "sha384";
    EXPECT_EQ(read(bad).error().where, "firmware_set.firmware");
    bad.bank = "md5";
    EXPECT_EQ(read(bad).error().where, "firmware_set.bank");
    bad = good;
    bad.firmware[1].pcr0 = bad.firmware[0].pcr0;
    EXPECT_EQ(read(bad).error().where, "firmware_set.firmware");
    bad.firmware.clear();
    EXPECT_EQ(read(bad).error().where, "firmware_set.firmware");
    bad = test::example_firmware_set(std::string(max_set_firmware + 1, 'a'));
    EXPECT_EQ(read(bad).error().code, Errc::too_large);
}

TEST(Apply, RefusesTwiceAndNever) {
    AuthorityHistory history = busy_history();
    expect_refused(history,
                   CaImport{{.name = "lab ca", .chain = {test::example_pem("x")}, .lab = false}},
                   Errc::exists,
                   "ca.import.name");
    expect_refused(history, CaRemove{"other"}, Errc::not_found, "ca.remove.name");
    expect_refused(history, ImageImport{test::example_image()}, Errc::exists, "image.import.version");
    expect_refused(history, ImageRemove{ImageVersion{"x"}}, Errc::not_found, "image.remove.version");
    expect_refused(history, EndorsementKeyRemove{"x"}, Errc::not_found, "endorsement_key.remove.name");
    expect_refused(
        history,
        EndorsementKeyImport{
            {.name = "again", .ek_digest = test::example_ek_digest(), .public_key = {}, .certificate = {}}},
        Errc::exists,
        "endorsement_key.import.key");
    const RevocationAdd revoked{{.kind = RevocationKind::image, .value = "bad-1", .reason = ""}};
    EXPECT_TRUE(history.add(revoked));
    expect_refused(history, revoked, Errc::exists, "revocation.add.value");
    expect_refused(
        history, ImageImport{test::example_image("bad-1")}, Errc::conflict, "image.import.revoked");
    expect_refused(
        history, ImageImport{json::object({{"format", "other"}})}, Errc::malformed, "image.format");
}

TEST(Apply, GivesACaAnotherMarkAndNothingElse) {
    AuthorityHistory history = busy_history();
    const CaCertificate ca = history.state.cas.at("lab ca");
    expect_effect(history, CaImport{{.name = ca.name, .chain = ca.chain, .lab = false}}, Effect::loosening);
    EXPECT_FALSE(history.state.cas.at("lab ca").lab);
    const auto same = history.add(CaImport{{.name = ca.name, .chain = ca.chain, .lab = false}});
    ASSERT_FALSE(same);
    EXPECT_EQ(same.error().code, Errc::exists);
    const auto other =
        history.add(CaImport{{.name = ca.name, .chain = {test::example_pem("x")}, .lab = true}});
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().where, "ca.import.name");
    EXPECT_EQ(history.state.cas.at("lab ca").chain, ca.chain);
}

TEST(Effect, OfProviders) {
    AuthorityHistory history;
    Provider provider = test::example_provider();
    expect_effect(history, ProviderCreate{provider}, Effect::loosening);
    provider.policy.unsafe_boot_only = true;
    expect_effect(history, ProviderUpdate{provider}, Effect::loosening);
    provider.policy.host_groups = {"a", "b"};
    expect_effect(history, ProviderUpdate{provider}, Effect::tightening); // from all to two
    provider.policy.host_groups = {"a", "b", "c"};
    expect_effect(history, ProviderUpdate{provider}, Effect::loosening);
    provider.policy.host_groups = {"a", "c"};
    expect_effect(history, ProviderUpdate{provider}, Effect::tightening);
    provider.policy.host_groups = {};
    expect_effect(history, ProviderUpdate{provider}, Effect::loosening);
    provider.policy.freshness = Freshness::strict;
    expect_effect(history, ProviderUpdate{provider}, Effect::tightening);
    provider.policy.unsafe_boot_only = false;
    expect_effect(history, ProviderUpdate{provider}, Effect::tightening);
    provider.policy.unsafe_compromised_key = true;
    expect_effect(history, ProviderUpdate{provider}, Effect::loosening);
    provider.policy.unsafe_compromised_key = false;
    expect_effect(history, ProviderUpdate{provider}, Effect::tightening);
    provider.policy.base_images = {"1.0"};
    expect_effect(history, ProviderUpdate{provider}, Effect::tightening);
    provider.policy.base_images = {};
    expect_effect(history, ProviderUpdate{provider}, Effect::loosening);
    provider.policy.quota.burst = 1; // spreads releases over time, and ends none
    expect_effect(history, ProviderUpdate{provider}, Effect::loosening);
    provider.generations.push_back({.number = 2, .primary_key = "key-2"});
    expect_effect(history, ProviderUpdate{provider}, Effect::loosening);
    provider.generations.front().retired = true;
    expect_effect(history, ProviderUpdate{provider}, Effect::tightening);
    provider.generations.front().retired = false;
    expect_effect(history, ProviderUpdate{provider}, Effect::loosening);
    provider.servers.push_back({.name = "s2", .address = {.hostname = "k2", .port = 5696}});
    expect_effect(history, ProviderUpdate{provider}, Effect::loosening);
    provider.servers.erase(provider.servers.begin());
    expect_effect(history, ProviderUpdate{provider}, Effect::tightening);

    const ProviderClientCertificate pair{
        .name = "gold", .certificate = test::example_pem("c"), .sealed_client_key = Buffer{1}};
    expect_effect(history, pair, Effect::neutral);
    ProviderPeerCertificates peers{.name = "gold",
                                   .certificates = {test::example_pem("peer"), test::example_pem("2")}};
    expect_effect(history, peers, Effect::loosening);
    peers.certificates.erase(peers.certificates.begin());
    expect_effect(history, peers, Effect::tightening);
    expect_effect(history, ProviderDelete{"gold"}, Effect::tightening);
}

TEST(Apply, KeepsAProvidersIdentity) {
    AuthorityHistory history = busy_history();
    Provider provider = test::example_provider();
    provider.uid = std::string(32, 'b');
    expect_refused(history, ProviderUpdate{provider}, Errc::conflict, "provider.update.uid");
    provider = test::example_provider();
    provider.generations = {{.number = 2, .primary_key = "key-2"}};
    expect_refused(history, ProviderUpdate{provider}, Errc::conflict, "provider.update.generations");
    provider = test::example_provider();
    provider.generations.push_back({.number = 2, .primary_key = "key-2"});
    provider.generations.front().check_value = "0011223344556677";
    EXPECT_TRUE(history.add(ProviderUpdate{provider}));
    provider.generations.front().check_value = "0011223344556678";
    expect_refused(history, ProviderUpdate{provider}, Errc::conflict, "provider.update.generations");
    provider.generations.front().check_value.reset();
    expect_refused(history, ProviderUpdate{provider}, Errc::conflict, "provider.update.generations");
    expect_refused(
        history, ProviderCreate{test::example_provider("other")}, Errc::exists, "provider.create.uid");
    expect_refused(
        history, ProviderUpdate{test::example_provider("other")}, Errc::not_found, "provider.update.name");
    expect_refused(history, ProviderDelete{"other"}, Errc::not_found, "provider.delete.name");
    const auto certificate_alone = ProviderClientCertificate{
        .name = "gold", .certificate = test::example_pem("c"), .sealed_client_key = {}};
    expect_refused(history, certificate_alone, Errc::conflict, "provider.client_certificate.key");
}

TEST(Apply, KeepsACheckValueForGood) {
    AuthorityHistory history = busy_history();
    ProviderCheckValue seen{.name = "gold", .generation = 1, .check_value = "0011223344556677"};
    expect_effect(history, seen, Effect::neutral);
    EXPECT_EQ(history.state.providers.at("gold").generations.front().check_value, seen.check_value);
    seen.check_value = "0011223344556678";
    expect_refused(history, seen, Errc::conflict, "provider.check_value.value");
    seen.generation = 9;
    expect_refused(history, seen, Errc::not_found, "provider.check_value.generation");
    seen.name = "other";
    expect_refused(history, seen, Errc::not_found, "provider.check_value.name");
}

TEST(Apply, GivesRolesByTheConsoleAlone) {
    AuthorityHistory history = busy_history();
    Issuer usurper = test::example_issuer(IssuerRole::consumer);
    usurper.role = IssuerRole::administrator;
    expect_refused(history, IssuerSet{usurper}, Errc::denied, "issuer.set.role");
    Issuer demoted = test::example_issuer(IssuerRole::administrator);
    demoted.role = IssuerRole::consumer;
    expect_refused(history, IssuerSet{demoted}, Errc::denied, "issuer.set.role");
    expect_refused(history, IssuerRemove{"https://authority-manager"}, Errc::denied, "issuer.remove.role");
    Issuer twin = test::example_issuer(IssuerRole::consumer);
    twin.issuer = "https://third";
    expect_refused(history, IssuerSet{twin}, Errc::exists, "issuer.set.alias");
    expect_effect(history, IssuerRemove{"https://workload-manager"}, Effect::tightening);
}

TEST(Effect, OfEnrolments) {
    AuthorityHistory history;
    const HostId host = test::example_enrolment().host;
    expect_effect(history, EnrolmentCreate{test::example_enrolment()}, Effect::neutral);
    EnrolmentApprove approval = test::example_approval();
    expect_effect(history, approval, Effect::loosening);
    EXPECT_NE(history.state.endorsement_key_by_digest(test::example_ek_digest()), nullptr);
    expect_effect(history, approval, Effect::loosening); // the same again takes nothing away
    approval.groups.push_back("more");
    expect_effect(history, approval, Effect::loosening);
    approval.groups = {};
    expect_effect(history, approval, Effect::tightening);
    approval.firmware->version = "2";
    expect_effect(history, approval, Effect::tightening);
    expect_effect(history, EnrolmentObserve{.host = host, .cause = "ak_changed"}, Effect::tightening);
    EXPECT_EQ(history.state.enrolment(host)->state, EnrolmentState::pending);
    approval.ak_name = "000bff";
    expect_effect(history, approval, Effect::loosening);
    expect_effect(history, EnrolmentRemove{host}, Effect::tightening);
    EXPECT_EQ(history.state.endorsement_key_by_digest(test::example_ek_digest()), nullptr);
}

TEST(Apply, KeepsARemovedHostOutUntilItIsApprovedAnew) {
    AuthorityHistory history = busy_history();
    const HostId host = test::example_enrolment().host;
    expect_refused(
        history, EnrolmentCreate{test::example_enrolment()}, Errc::exists, "enrolment.create.host");
    EXPECT_TRUE(history.add(EnrolmentRemove{host}));
    expect_refused(history, test::example_approval(), Errc::conflict, "enrolment.approve.state");
    expect_refused(history, EnrolmentRemove{host}, Errc::not_found, "enrolment.remove.host");

    // Registered again beforehand, it still does not come back approved by itself.
    EXPECT_TRUE(history.add(EndorsementKeyImport{
        {.name = "ek", .ek_digest = test::example_ek_digest(), .public_key = {}, .certificate = {}}}));
    Enrolment approved = test::example_enrolment();
    approved.state = EnrolmentState::approved;
    expect_refused(history, EnrolmentCreate{approved}, Errc::conflict, "enrolment.create.approved");
    EXPECT_TRUE(history.add(EnrolmentCreate{test::example_enrolment()}));
    EXPECT_TRUE(history.add(test::example_approval()));
}

TEST(Apply, EnrolsApprovedOnlyWhatWasRegisteredBeforehand) {
    AuthorityHistory history;
    Enrolment approved = test::example_enrolment();
    approved.state = EnrolmentState::approved;
    expect_refused(history, EnrolmentCreate{approved}, Errc::conflict, "enrolment.create.approved");
    EXPECT_TRUE(history.add(EndorsementKeyImport{
        {.name = "ek", .ek_digest = approved.ek_digest, .public_key = {}, .certificate = {}}}));
    Enrolment without_ak = approved;
    without_ak.ak_name.reset();
    expect_refused(history, EnrolmentCreate{without_ak}, Errc::malformed, "enrolment.create.ak");
    EXPECT_TRUE(history.add(EnrolmentCreate{approved}));

    AuthorityHistory lax;
    Settings settings;
    settings.unsafe_auto_enrol = true;
    EXPECT_TRUE(lax.add(SettingsUpdate{.settings = settings}));
    EXPECT_TRUE(lax.add(EnrolmentCreate{approved}));
}

TEST(Apply, RefusesWhatAHostIsNot) {
    AuthorityHistory history;
    const HostId host = test::example_enrolment().host;
    expect_refused(history, test::example_approval(), Errc::not_found, "enrolment.approve.host");
    expect_refused(
        history, EnrolmentObserve{.host = host, .cause = "x"}, Errc::not_found, "enrolment.observe.host");
    EXPECT_TRUE(history.add(EnrolmentCreate{test::example_enrolment()}));
    expect_refused(
        history, EnrolmentObserve{.host = host, .cause = "x"}, Errc::conflict, "enrolment.observe.state");
    EnrolmentApprove without_ak = test::example_approval();
    without_ak.ak_public.clear();
    expect_refused(history, without_ak, Errc::malformed, "enrolment.approve.ak");
}

TEST(Effect, OfTheClusterAndItsHosts) {
    AuthorityHistory history;
    expect_effect(
        history, ClusterUpdate{.cluster_name = "Lab", .state = ClusterState::disabled}, Effect::tightening);
    expect_effect(history,
                  ClusterUpdate{.cluster_name = "New name", .state = ClusterState::enabled},
                  Effect::loosening);
    AuthorityHost second{.id = AuthorityHostId{"authority-2"},
                         .address = {.hostname = "authority-2.localhost", .port = 443},
                         .key_certificates = {"jwt-1"}};
    expect_effect(history, AuthorityHostSet{second}, Effect::loosening);
    second.key_certificates = {"jwt-2"};
    expect_effect(history, AuthorityHostSet{second}, Effect::tightening);
    expect_effect(history, AuthorityHostRemove{second.id}, Effect::tightening);
    expect_refused(history,
                   AuthorityHostRemove{AuthorityHostId{"authority-1"}},
                   Errc::conflict,
                   "authority_host.remove.last");
}

TEST(Preview, LeavesRevisionAndEpoch) {
    const AuthorityHistory history = busy_history();
    const auto after =
        preview(history.state, ImageRemove{ImageVersion{"debian-12.1"}}, from_seconds(1'800'000'999));
    ASSERT_TRUE(after);
    EXPECT_TRUE(after->images.empty());
    EXPECT_EQ(after->revision, history.state.revision);
    EXPECT_EQ(after->epoch, history.state.epoch);
}

} // namespace
} // namespace vouchsafe::inventory

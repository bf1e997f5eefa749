#include "inventory/change.h"
#include "json/parse.h"
#include "json/write.h"
#include "tests/support/authority_history.h"
#include "tests/support/inventory_fakes.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

namespace vouchsafe::inventory {
namespace {

/// One of each kind, in the order of the variant.
std::vector<Change> one_of_each() {
    const AuthorityHost host{.id = AuthorityHostId{"authority-1"},
                             .address = {.hostname = "authority-1.localhost", .port = 8443},
                             .key_certificates = {"jwt"}};
    const EndorsementKey key{.name = "ek",
                             .ek_digest = test::example_ek_digest(),
                             .public_key = test::example_pem("p"),
                             .certificate = {}};
    const HostId enrolled = test::example_enrolment().host;
    return {
        AuthorityInit{.anchor = std::string(64, '1'),
                      .cluster_name = "Lab",
                      .administrator_issuer = "https://m",
                      .host = host},
        SettingsUpdate{.settings = {}, .unsafe_no_endorsement = true},
        ClusterUpdate{.cluster_name = "Lab", .state = ClusterState::disabled},
        CaImport{{.name = "ca", .chain = {test::example_pem("ca")}, .lab = true}},
        CaRemove{"ca"},
        EndorsementKeyImport{key},
        EndorsementKeyRemove{"ek"},
        ImageImport{test::example_image()},
        ImageRemove{ImageVersion{"debian-12.1"}},
        FirmwareSetSet{test::example_firmware_set()},
        FirmwareSetRemove{"updates"},
        ProviderCreate{test::example_provider()},
        ProviderUpdate{test::example_provider()},
        ProviderDelete{"gold"},
        ProviderClientCertificate{
            .name = "gold", .certificate = test::example_pem("c"), .sealed_client_key = Buffer{1, 2}},
        ProviderPeerCertificates{.name = "gold", .certificates = {test::example_pem("p")}},
        ProviderCheckValue{.name = "gold", .generation = 1, .check_value = "0011223344556677"},
        IssuerSet{test::example_issuer(IssuerRole::consumer)},
        IssuerRemove{"https://workload-manager"},
        EnrolmentCreate{test::example_enrolment()},
        test::example_approval(),
        EnrolmentObserve{.host = enrolled, .cause = "ak_changed"},
        EnrolmentRemove{enrolled},
        RevocationAdd{{.kind = RevocationKind::blob, .value = "aa", .reason = "leaked"}},
        AuthorityHostSet{host},
        AuthorityHostRemove{host.id},
        EpochRaise{"restored"},
    };
}

ChangeRecord record_of(Change change) {
    return ChangeRecord{.revision = 7,
                        .previous = crypto::sha256(Bytes{}),
                        .time = from_seconds(1'800'000'000),
                        .author = {.issuer = "https://m", .subject = "ada@local"},
                        .approvers = {{.issuer = "https://m", .subject = "bob@local"}},
                        .authority_host = AuthorityHostId{"authority-1"},
                        .epoch = 2,
                        .change = std::move(change)};
}

TEST(Change, OfEachKindComesBackFromItsRecord) {
    const std::vector<Change> changes = one_of_each();
    ASSERT_EQ(changes.size(), std::variant_size_v<Change>);
    std::set<std::string_view> words;
    for (std::size_t i = 0; i < changes.size(); ++i) {
        EXPECT_EQ(changes.at(i).index(), i);
        EXPECT_TRUE(words.insert(change_type(changes.at(i))).second);
        const ChangeRecord record = record_of(changes.at(i));
        const auto back = ChangeRecord::parse(record.encode());
        ASSERT_TRUE(back) << change_type(changes.at(i)) << " " << back.error().where;
        EXPECT_EQ(*back, record);
    }
}

TEST(Change, OfEachKindRefusesOneMemberMoreOrLess) {
    for (const Change& change : one_of_each()) {
        const json::Value good = to_json(change);
        json::Value more = good;
        more.as_object().emplace("zz", 1);
        EXPECT_FALSE(change_from_json(more)) << change_type(change);
        json::Value less = good;
        auto& members = less.as_object();
        members.erase(members.begin()->first == "type" ? std::next(members.begin()) : members.begin());
        // What may be null may also be absent here: the record's one encoding refuses it (below).
        if (const auto read = change_from_json(less)) {
            EXPECT_NE(json::canonical(to_json(*read)), json::canonical(less)) << change_type(change);
        }
    }
}

TEST(ChangeRecord, HasOneEncoding) {
    EXPECT_EQ(record_of(ImageRemove{ImageVersion{"debian-12.1"}}).encode(),
              R"({"approvers":[{"issuer":"https://m","subject":"bob@local"}],)"
              R"("author":{"issuer":"https://m","subject":"ada@local"},"authority_host":"authority-1",)"
              R"("change":{"image":"debian-12.1","type":"image.remove"},"epoch":2,)"
              R"("prev":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","revision":7,)"
              R"("time":"2027-01-15T08:00:00.000Z","version":2})");
}

struct BadRecord {
    std::string_view name;
    std::string_view from;
    std::string_view to;
    std::string_view where;
};

class BadRecords : public testing::TestWithParam<BadRecord> {};

TEST_P(BadRecords, AreRefused) {
    std::string record = record_of(ImageRemove{ImageVersion{"debian-12.1"}}).encode();
    const std::size_t place = record.find(GetParam().from);
    ASSERT_NE(place, record.npos);
    record.replace(place, GetParam().from.size(), GetParam().to);
    const auto parsed = ChangeRecord::parse(record);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().where, GetParam().where);
}

INSTANTIATE_TEST_SUITE_P(
    ChangeRecord,
    BadRecords,
    testing::Values(BadRecord{"UnknownType", "image.remove", "image.forget", "change.type"},
                    BadRecord{"UnknownMember", R"("epoch":2)", R"("epoch":2,"note":1)", "change"},
                    BadRecord{"OtherVersion", R"("version":2)", R"("version":1)", "change.version"},
                    BadRecord{"RevisionZero", R"("revision":7)", R"("revision":0)", "change.revision"},
                    BadRecord{"EpochZero", R"("epoch":2)", R"("epoch":0)", "change.epoch"},
                    BadRecord{"ShortDigest", R"("prev":"e3)", R"("prev":")", "change.prev"},
                    BadRecord{"NobodyAsked", "ada@local", "", "change.author.subject"},
                    BadRecord{"TimeInWholeSeconds", "00.000Z", "00Z", "change.canonical"},
                    BadRecord{"NameOfAFile", "debian-12.1", "../debian", "image.remove.image"},
                    BadRecord{"Spaces", R"("epoch":2)", R"("epoch": 2)", "json.canonical"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(VerifyRecord, NamesTheKeyThatSigned) {
    const auto key = crypto::EcPrivateKey::generate();
    const auto other = crypto::EcPrivateKey::generate();
    const StoredChange stored = sign_record(record_of(EpochRaise{"x"}), key);
    const token::KeySet keys{key.public_key()};
    const auto verified = verify_record(stored, keys);
    ASSERT_TRUE(verified);
    EXPECT_EQ(verified->digest(), record_digest(stored.record));

    EXPECT_EQ(verify_record(stored, token::KeySet{other.public_key()}).error().where, "change.key");
    StoredChange bad = stored;
    bad.record.replace(bad.record.find("ada"), 3, "eve");
    EXPECT_EQ(verify_record(bad, keys).error().where, "change.signature");
    bad = stored;
    bad.revision = 8;
    EXPECT_EQ(verify_record(bad, keys).error().where, "change.revision");
    bad = stored;
    bad.record.assign(max_change_bytes + 1, ' ');
    EXPECT_EQ(verify_record(bad, keys).error().where, "change.size");
}

TEST(VerifyRecord, WantsThePrefixUnderTheSignature) {
    const auto key = crypto::EcPrivateKey::generate();
    StoredChange stored = sign_record(record_of(EpochRaise{"x"}), key);
    stored.signature = to_buffer(crypto::sign_es256(key, as_bytes(stored.record)));
    EXPECT_EQ(verify_record(stored, token::KeySet{key.public_key()}).error().where, "change.signature");
}

TEST(MemoryChangeLog, GuardsTheRevision) {
    test::AuthorityHistory history;
    history.must(EpochRaise{"x"});
    test::MemoryChangeLog log;
    ASSERT_TRUE(log.append(history.records.at(0), 0));
    EXPECT_EQ(log.append(history.records.at(0), 0).error().where, "change_log.revision");
    EXPECT_EQ(log.append(history.records.at(0), 1).error().where, "change_log.revision");
    ASSERT_TRUE(log.append(history.records.at(1), 1));
    EXPECT_EQ(log.load(), Result<std::vector<StoredChange>>(history.records));
    EXPECT_EQ(log.heartbeat(AuthorityHostId{"a"}, BootTime(5)), Result<std::int64_t>(2));
}

TEST(MemoryDocuments, GuardRevisions) {
    test::MemoryDocuments documents;
    EXPECT_EQ(documents.put("vm", "1", json::Value(1), 0), Result<std::int64_t>(1));
    EXPECT_EQ(documents.put("vm", "1", json::Value(2), 0).error().where, "documents.revision");
    EXPECT_EQ(documents.put("vm", "2", json::Value(2), 5).error().where, "documents.revision");
    EXPECT_EQ(documents.get("vm", "2"), Result<std::optional<Document>>(std::nullopt));
    EXPECT_EQ(documents.put("vm", "1", json::Value(2), 1), Result<std::int64_t>(2));
    EXPECT_EQ(documents.put("vm", "1", json::Value(3), any_revision), Result<std::int64_t>(3));
    EXPECT_EQ(documents.list("vm")->size(), 1U);
    EXPECT_TRUE(documents.list("host")->empty());
    EXPECT_TRUE(documents.remove("vm", "1"));
    EXPECT_EQ(documents.remove("vm", "1").error().where, "documents.id");
}

} // namespace
} // namespace vouchsafe::inventory

#include "kmip/client.h"
#include "tests/support/kmip_server.h"

#include <gtest/gtest.h>

namespace vouchsafe::kmip {
namespace {

using test::KmipFault;
using test::KmipServer;
using ttlv::Tag;

constexpr Deadline no_hurry = Deadline::max();

Buffer key_bytes() {
    return Buffer(32, 0x5A);
}

bool same(const Secret& secret, const Buffer& bytes) {
    return secret.expose([&](Bytes view) { return same_bytes(view, bytes); });
}

struct ClientTest : testing::TestWithParam<ProtocolVersion> {
    KmipServer server;

    ClientTest() {
        server.keys["pk"] = {.material = key_bytes(), .name = "primary"};
        server.versions = {GetParam()};
    }
};

// Every version, because shapes differ.
TEST_P(ClientTest, AgreesOnTheVersionAndUsesIt) {
    Client client(server);
    ASSERT_EQ(client.version(no_hurry), GetParam());
    ASSERT_TRUE(client.get({"pk"}, no_hurry));
    EXPECT_EQ(test::version_of(server.requests.back()), GetParam());
}

TEST_P(ClientTest, GetsTheKey) {
    Client client(server);
    const auto key = client.get({"pk"}, no_hurry);
    ASSERT_TRUE(key);
    EXPECT_TRUE(same(key->material, key_bytes()));
    EXPECT_EQ(key->algorithm, Algorithm::aes);
    EXPECT_EQ(key->length, 256);
}

TEST_P(ClientTest, ReadsAttributesInTheShapeOfTheVersion) {
    Client client(server);
    const auto read = client.get_attributes({"pk"}, no_hurry);
    ASSERT_TRUE(read);
    EXPECT_EQ(*read,
              (Attributes{.state = State::active,
                          .object_type = ObjectType::symmetric_key,
                          .algorithm = Algorithm::aes,
                          .length = 256,
                          .usage_mask = usage::encrypt | usage::decrypt,
                          .activation = 1'700'000'000,
                          .told_at = 1'700'000'000})); // the Time Stamp of the answer
}

TEST_P(ClientTest, LeadsAKeyThroughItsLife) {
    Client client(server);
    const auto id = client.create({.name = "new"}, no_hurry);
    ASSERT_TRUE(id);
    EXPECT_EQ(client.get_attributes(*id, no_hurry)->state, State::pre_active);
    EXPECT_TRUE(client.activate(*id, no_hurry));
    EXPECT_EQ(client.get_attributes(*id, no_hurry)->state, State::active);
    EXPECT_EQ(client.locate_by_name("new", 10, no_hurry), std::vector{*id});
    EXPECT_FALSE(client.destroy(*id, no_hurry)); // Active
    EXPECT_TRUE(client.revoke(*id, RevocationReason::cessation, no_hurry));
    EXPECT_TRUE(client.destroy(*id, no_hurry));
    EXPECT_EQ(failure_class(client.get(*id, no_hurry).error()), FailureClass::replica_lag);
    EXPECT_EQ(client.locate_by_name("new", 10, no_hurry), std::vector<KeyId>{});
}

TEST_P(ClientTest, BringsAKeyOfItsOwn) {
    Client client(server);
    const Secret material{Bytes(Buffer(32, 0x77))};
    const auto id = client.register_key({.material = material, .name = "brought"}, no_hurry);
    ASSERT_TRUE(id);
    EXPECT_EQ(server.keys.at(id->text).name, "brought");
    EXPECT_EQ(client.get_attributes(*id, no_hurry)->state, State::pre_active);
    EXPECT_TRUE(same(client.get(*id, no_hurry)->material, Buffer(32, 0x77)));
}

TEST_P(ClientTest, NotesAndListsAttributes) {
    Client client(server);
    ASSERT_TRUE(client.note({"pk"}, {.name = "provider", .text = "gold"}, no_hurry));
    EXPECT_EQ(server.keys.at("pk").notes.at("x-provider"), "gold");
    EXPECT_EQ(server.count(Operation::set_attribute), GetParam().major >= 2 ? 1U : 0U);
    EXPECT_EQ(client.get_attribute_list({"pk"}, no_hurry),
              (std::vector<std::string>{"State", "Cryptographic Length", "x-provider"}));
}

TEST_P(ClientTest, RekeysToAnotherKey) {
    Client client(server);
    const auto made = client.rekey({"pk"}, no_hurry);
    ASSERT_TRUE(made);
    EXPECT_TRUE(server.keys.contains(made->text));
    EXPECT_TRUE(same(client.get({"pk"}, no_hurry)->material, key_bytes())); // the old one stays
    server.fault = KmipFault::same_key_rekeyed;
    EXPECT_EQ(client.rekey({"pk"}, no_hurry).error().where, "kmip.protocol");
}

TEST_P(ClientTest, ChecksAUse) {
    Client client(server);
    EXPECT_TRUE(client.check({"pk"}, usage::encrypt | usage::decrypt, no_hurry));
    EXPECT_EQ(client.check({"pk"}, usage::wrap_key, no_hurry).error().where, "kmip.final");
    EXPECT_EQ(client.check({"absent"}, usage::encrypt, no_hurry).error().where, "kmip.replica_lag");
}

TEST_P(ClientTest, LocatesInPages) {
    for (int i = 0; i < 40; ++i)
        server.keys["many-" + std::to_string(100 + i)] = {.material = key_bytes(), .name = "many"};
    Client client(server);
    const bool has_pages = GetParam() >= ProtocolVersion{1, 3};
    EXPECT_EQ(client.locate_by_name("many", 100, no_hurry)->size(), has_pages ? 40U : 16U);
    EXPECT_EQ(client.locate_by_name("many", 20, no_hurry)->size(), has_pages ? 20U : 16U);
    EXPECT_EQ(client.locate_by_name("many", 3, no_hurry)->size(), 3U);
    server.fault = KmipFault::no_pages; // always the first ones: an end, and none of them twice
    EXPECT_EQ(client.locate_by_name("many", 100, no_hurry)->size(), 16U);
}

TEST_P(ClientTest, PollsWhatIsPending) {
    Client client(server);
    ASSERT_TRUE(client.version(no_hurry));
    for (const int polls : {1, 2}) {
        server.polls_needed = polls;
        EXPECT_TRUE(same(client.get({"pk"}, no_hurry)->material, key_bytes()));
    }
    EXPECT_EQ(server.count(Operation::poll), 3U);
    EXPECT_EQ(server.count(Operation::cancel), 0U);
}

TEST_P(ClientTest, CancelsWhatStaysPending) {
    Client client(server);
    ASSERT_TRUE(client.version(no_hurry));
    server.polls_needed = 3;
    EXPECT_EQ(client.get({"pk"}, no_hurry).error().where, "kmip.server_fault");
    EXPECT_EQ(server.count(Operation::poll), 2U);
    EXPECT_EQ(server.count(Operation::cancel), 1U);
    server.polls_needed = 0;
    EXPECT_TRUE(client.get({"pk"}, no_hurry));
}

/// Get Attributes and Get in one message.
Result<std::vector<Result<ttlv::Item>>> both(Client& client, const KeyId& id) {
    return client.batch(
        [&](ProtocolVersion agreed) { return std::vector{get_attributes(agreed, id), get(id)}; }, no_hurry);
}

TEST_P(ClientTest, AsksForSeveralThingsAtOnce) {
    Client client(server);
    for (const KmipFault fault : {KmipFault::none, KmipFault::reversed_batch}) {
        server.fault = fault;
        const auto answers = both(client, {"pk"});
        ASSERT_TRUE(answers && answers->size() == 2 && answers->at(0) && answers->at(1));
        EXPECT_EQ(read_get_attributes(*answers->at(0), {"pk"})->state, State::active);
        EXPECT_TRUE(same(read_get(*answers->at(1), {"pk"})->material, key_bytes()));
    }
    server.fault = KmipFault::no_batch_ids; // then by their order
    EXPECT_TRUE(read_get(*both(client, {"pk"})->at(1), {"pk"}));
}

TEST_P(ClientTest, SaysWhatABatchLeftOut) {
    Client client(server);
    const auto answers = both(client, {"absent"});
    ASSERT_TRUE(answers && answers->size() == 2);
    EXPECT_EQ(answers->at(0).error().where, "kmip.replica_lag");
    EXPECT_EQ(answers->at(1).error().where, "kmip.server_fault");
}

TEST_P(ClientTest, RefusesBatchesThatDoNotFit) {
    for (const KmipFault fault :
         {KmipFault::foreign_batch_id, KmipFault::two_items, KmipFault::other_operation}) {
        Client client(server);
        server.fault_only = Operation::get_attributes;
        server.fault = fault;
        const auto answers = both(client, {"pk"});
        ASSERT_FALSE(answers);
        EXPECT_EQ(answers.error().where, "kmip.transport");
    }
}

TEST_P(ClientTest, GivesItsCredentialWithEveryRequest) {
    server.login = {"fred", "p4ssw0rd"};
    const Credential credential{.username = "fred", .password = Secret(as_bytes("p4ssw0rd"))};
    Client client(server, {.credential = &credential});
    EXPECT_TRUE(client.get({"pk"}, no_hurry));
    EXPECT_GE(server.requests.size(), 2U); // negotiation too
    for (const ttlv::Item& request : server.requests)
        EXPECT_EQ(test::credential_of(request), server.login);
}

TEST_P(ClientTest, IsRefusedWithoutOrWithAnotherCredential) {
    server.login = {"fred", "p4ssw0rd"};
    const Credential wrong{.username = "fred", .password = Secret(as_bytes("guess"))};
    const Credential no_password{.username = "fred", .password = {}};
    for (const Credential* credential : {static_cast<const Credential*>(nullptr), &wrong, &no_password}) {
        Client client(server, {.credential = credential});
        const auto key = client.get({"pk"}, no_hurry);
        ASSERT_FALSE(key);
        EXPECT_EQ(failure_class(key.error()), FailureClass::misconfigured);
        EXPECT_EQ(key.error().detail.find("guess"), std::string::npos);
    }
}

INSTANTIATE_TEST_SUITE_P(Versions, ClientTest, testing::ValuesIn(supported_versions), [](const auto& row) {
    return "V" + std::to_string(row.param.major) + std::to_string(row.param.minor);
});

struct Misbehaviour {
    std::string_view name;
    KmipFault fault;
    FailureClass expected;
};

constexpr Misbehaviour misbehaviours[] = {
    {"Timeout", KmipFault::timeout, FailureClass::transport},
    {"Garbage", KmipFault::garbage, FailureClass::transport},
    {"RequestEchoed", KmipFault::request_echoed, FailureClass::transport},
    {"NoItems", KmipFault::no_items, FailureClass::transport},
    {"TwoItems", KmipFault::two_items, FailureClass::transport},
    {"OtherOperation", KmipFault::other_operation, FailureClass::transport},
    {"OtherObject", KmipFault::other_object, FailureClass::protocol},
    {"WrappedKey", KmipFault::wrapped_key, FailureClass::protocol},
    {"Pending", KmipFault::pending, FailureClass::server_fault},
    {"NoReason", KmipFault::no_reason, FailureClass::server_fault},
    {"GeneralFailure", KmipFault::general_failure, FailureClass::server_fault},
    {"Unauthenticated", KmipFault::unauthenticated, FailureClass::misconfigured},
};

struct Misbehaving : testing::TestWithParam<Misbehaviour> {
    KmipServer server;

    Misbehaving() { server.keys["pk"] = {.material = key_bytes()}; }
};

TEST_P(Misbehaving, FailsGetInItsClassAndRecovers) {
    Client client(server);
    ASSERT_TRUE(client.version(no_hurry));
    server.fault = GetParam().fault;
    const auto key = client.get({"pk"}, no_hurry);
    ASSERT_FALSE(key);
    EXPECT_EQ(failure_class(key.error()), GetParam().expected) << key.error().where << key.error().detail;
    server.fault = KmipFault::none;
    EXPECT_TRUE(client.get({"pk"}, no_hurry));
}

TEST_P(Misbehaving, NeverHangsNegotiation) {
    server.fault = GetParam().fault;
    Client client(server);
    (void)client.version(no_hurry);
    EXPECT_LE(server.requests.size(), supported_versions.size());
}

INSTANTIATE_TEST_SUITE_P(Servers, Misbehaving, testing::ValuesIn(misbehaviours), [](const auto& row) {
    return std::string(row.param.name);
});

struct Sloppy : testing::TestWithParam<KmipFault> {};

TEST_P(Sloppy, IsForgiven) {
    KmipServer server;
    server.keys["pk"] = {.material = key_bytes()};
    server.fault = GetParam();
    Client client(server);
    const auto key = client.get({"pk"}, no_hurry);
    ASSERT_TRUE(key);
    EXPECT_TRUE(same(key->material, key_bytes()));
}

INSTANTIATE_TEST_SUITE_P(Servers,
                         Sloppy,
                         testing::Values(KmipFault::dirty_padding,
                                         KmipFault::no_operation,
                                         KmipFault::transparent_key));

TEST(Client, SendsAgainOnAFreshConnectionWhatMayBeSentTwice) {
    KmipServer server;
    server.keys["pk"] = {.material = key_bytes(), .name = "n"};
    Client client(server);
    const Secret plain{Bytes(key_bytes())};
    ASSERT_TRUE(client.version(no_hurry));
    const auto asked = [&](auto ask) {
        server.requests.clear();
        server.fault = KmipFault::stale;
        return ask().has_value();
    };
    const Buffer nonce(12);
    EXPECT_TRUE(asked([&] { return client.get({"pk"}, no_hurry); }));
    EXPECT_TRUE(asked([&] { return client.get_attributes({"pk"}, no_hurry); }));
    EXPECT_TRUE(asked([&] { return client.query(no_hurry); }));
    EXPECT_TRUE(asked([&] { return client.locate_by_name("n", 1, no_hurry); }));
    EXPECT_TRUE(asked([&] {
        return client.encrypt({.key = {"pk"}, .nonce = nonce, .additional_data = {}}, plain, no_hurry);
    }));
    EXPECT_EQ(server.requests.size(), 2U);
}

TEST(Client, SendsOnceWhatMustNotBeDoneTwice) {
    KmipServer server;
    server.keys["pk"] = {.material = key_bytes(), .state = State::pre_active};
    Client client(server);
    const Secret material{Bytes(key_bytes())};
    ASSERT_TRUE(client.version(no_hurry));
    const auto refused_once = [&](auto ask) {
        server.requests.clear();
        server.fault = KmipFault::stale;
        const auto done = ask();
        return !done && done.error().where == "kmip.transport" && server.requests.size() == 1;
    };
    EXPECT_TRUE(refused_once([&] { return client.create({}, no_hurry); }));
    EXPECT_TRUE(
        refused_once([&] { return client.register_key({.material = material, .name = {}}, no_hurry); }));
    EXPECT_TRUE(refused_once([&] { return client.rekey({"pk"}, no_hurry); }));
    EXPECT_TRUE(refused_once([&] { return client.activate({"pk"}, no_hurry); }));
    EXPECT_TRUE(refused_once([&] { return client.revoke({"pk"}, RevocationReason::unspecified, no_hurry); }));
    EXPECT_TRUE(refused_once([&] { return client.destroy({"pk"}, no_hurry); }));
    EXPECT_EQ(server.keys.size(), 1U);
}

TEST(Client, SendsTheMinimalHeader) {
    KmipServer server;
    Client client(server);
    ASSERT_TRUE(client.query(no_hurry));
    for (const ttlv::Item& request : server.requests) {
        const auto* const header = request.find(Tag::request_header)->as<ttlv::Structure>();
        ASSERT_EQ(header->size(), 2U);
        EXPECT_EQ(header->at(0).tag, Tag::protocol_version);
        EXPECT_EQ(header->at(1), ttlv::integer(Tag::batch_count, 1));
    }
}

TEST(Client, NegotiatesOnceAndAgainAfterAProtocolError) {
    KmipServer server;
    server.keys["pk"] = {.material = key_bytes()};
    Client client(server);
    ASSERT_TRUE(client.query(no_hurry));
    ASSERT_TRUE(client.query(no_hurry));
    EXPECT_EQ(server.count(Operation::discover_versions), 1U);
    server.versions = {{1, 2}}; // replaced by an older server meanwhile
    EXPECT_EQ(failure_class(client.query(no_hurry).error()), FailureClass::protocol);
    ASSERT_TRUE(client.query(no_hurry));
    EXPECT_EQ(*client.version(no_hurry), (ProtocolVersion{1, 2}));
}

TEST(Client, AlwaysNamesTheObject) {
    KmipServer server;
    server.keys["pk"] = {.material = key_bytes()};
    Client client(server);
    (void)client.get({"pk"}, no_hurry);
    (void)client.get_attributes({"pk"}, no_hurry);
    (void)client.activate({"pk"}, no_hurry);
    (void)client.revoke({"pk"}, RevocationReason::unspecified, no_hurry);
    (void)client.destroy({"pk"}, no_hurry);
    ASSERT_EQ(server.requests.size(), 6U);
    for (std::size_t i = 1; i < server.requests.size(); ++i)
        EXPECT_EQ(test::payload_of(server.requests[i]).as<ttlv::Structure>()->front(),
                  ttlv::text(Tag::unique_identifier, "pk"));
}

TEST(Client, GoesNotAboveTheNewestVersionAllowed) {
    KmipServer server;
    Client client(server, {.newest = {1, 3}});
    EXPECT_EQ(*client.version(no_hurry), (ProtocolVersion{1, 3}));
    EXPECT_TRUE(client.query(no_hurry)->can(Operation::get));
    EXPECT_FALSE(client.query(no_hurry)->can(Operation::encrypt));
}

TEST(Client, LeavesTheServersTextOutOfErrors) {
    KmipServer server;
    Client client(server);
    const auto missing = client.get({"absent"}, no_hurry);
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.error(),
              (Error{Errc::not_found, "kmip.replica_lag", "Get refused by the key server: Item Not Found"}));
}

TEST(Failure, ClassifiesReasons) {
    EXPECT_EQ(classify(ResultReason::general_failure), FailureClass::server_fault);
    EXPECT_EQ(classify(ResultReason::object_not_found), FailureClass::replica_lag);
    EXPECT_EQ(classify(ResultReason::not_authorised), FailureClass::misconfigured);
    EXPECT_EQ(classify(ResultReason::invalid_message), FailureClass::protocol);
    EXPECT_EQ(classify(ResultReason::permission_denied), FailureClass::final);
    EXPECT_EQ(classify(ResultReason{0x8000'0001}), FailureClass::final);
    EXPECT_EQ(to_string(ResultReason{0x4D}), "0x0000004d");
    EXPECT_EQ(failure_class(Error{Errc::unavailable, "net.connect", ""}), FailureClass::transport);
}

} // namespace
} // namespace vouchsafe::kmip

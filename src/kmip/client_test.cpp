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
                          .activation = 1'700'000'000}));
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

// Who may ask an authority host for what.
#include "api/operation.h"
#include "authority/administration.h"
#include "json/parse.h"
#include "tests/support/authority_house.h"
#include "token/jwt.h"

#include <gtest/gtest.h>

namespace vouchsafe::authority {
namespace {

constexpr std::string_view clusters = "vcenter.trusted_infrastructure.trust_authority_clusters";

class AdministrationTest : public ::testing::Test {
protected:
    // A change and a read that are good in themselves.
    std::string change_body() const {
        return test::AuthorityHouse::body(
            clusters,
            "update",
            json::object({{"cluster", house_.cluster()}, {"spec", json::object({{"state", "DISABLE"}})}}));
    }

    bool changed() const { return house_.core->state()->cluster_state == inventory::ClusterState::disabled; }

    // Strangers get one code, whatever is wrong.
    void expect_stranger(const std::string& token, const std::string& body) {
        const auto answer = house_.administration.invoke(token, as_bytes(body));
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().code, Errc::unauthenticated);
        EXPECT_EQ(answer.error().where, "admin.token");
        EXPECT_EQ(answer.error().detail, "this administrator token is not accepted");
        EXPECT_FALSE(changed());
    }

    test::AuthorityHouse house_;
};

TEST_F(AdministrationTest, ObeysAGoodToken) {
    const std::string body = change_body();
    const auto answer = house_.administration.invoke(house_.token(body), as_bytes(body));
    ASSERT_TRUE(answer) << answer.error().where;
    EXPECT_TRUE(changed());
    EXPECT_EQ(house_.audit_kinds().back(), "change");
    EXPECT_EQ(house_.audit->read({.limit = 1})->front().fields.at("subject"), json::Value("ada@local"));
}

struct BadToken {
    const char* name;
    void (*spoil)(token::Administrator&, SysTime now);
};

class BadTokens : public AdministrationTest, public ::testing::WithParamInterface<BadToken> {};

TEST_P(BadTokens, AreStrangers) {
    const std::string body = change_body();
    expect_stranger(
        house_.token(body,
                     [&](token::Administrator& claims) { GetParam().spoil(claims, house_.clock.time); }),
        body);
}

INSTANTIATE_TEST_SUITE_P(
    Administration,
    BadTokens,
    ::testing::Values(
        BadToken{"unknown_issuer", [](auto& claims, SysTime) { claims.issuer = "https://mallory"; }},
        BadToken{"another_cluster", [](auto& claims, SysTime) { claims.group = std::string(32, '0'); }},
        BadToken{"another_body", [](auto& claims, SysTime) { claims.request = std::string(64, '0'); }},
        BadToken{"expired",
                 [](auto& claims, SysTime now) {
                     claims.times =
                         token::times_from(now - std::chrono::seconds(60), std::chrono::seconds(60));
                 }},
        BadToken{"not_yet",
                 [](auto& claims, SysTime now) {
                     claims.times =
                         token::times_from(now + std::chrono::seconds(61), std::chrono::seconds(30));
                 }}),
    [](const auto& row) { return row.param.name; });

// Our own key says all that an administrator token says, but it is another kind of token.
TEST_F(AdministrationTest, OtherTypsAndAudiencesAreStrangers) {
    const std::string body = change_body();
    const auto jwt = [&](std::string_view typ, std::string audience, std::chrono::seconds life) {
        return token::issue_jwt(house_.sts.key,
                                typ,
                                {.issuer = test::manager_issuer,
                                 .audience = std::move(audience),
                                 .subject = "ada@local",
                                 .id = "id-" + std::to_string(++house_.tokens),
                                 .times = token::times_from(house_.clock.time, life)},
                                {{"groups", json::array({"TrustedAdmins"})},
                                 {"request", to_hex(crypto::sha256(as_bytes(body)))}});
    };
    const std::string audience = token::group_audience("admin", house_.keys.identity().group);
    expect_stranger(jwt("vouchsafe-key+jwt", audience, std::chrono::seconds(30)), body);
    expect_stranger(jwt("JWT", audience, std::chrono::seconds(30)), body);
    expect_stranger(jwt(token::administrator_typ, "urn:vouchsafe:other", std::chrono::seconds(30)), body);
    expect_stranger(jwt(token::administrator_typ, audience, std::chrono::seconds(61)), body);
    // the twin: the same by the same hand is accepted
    EXPECT_TRUE(house_.administration.invoke(
        jwt(token::administrator_typ, audience, std::chrono::seconds(30)), as_bytes(body)));
}

TEST_F(AdministrationTest, AnotherKeyIsAStranger) {
    const std::string body = change_body();
    house_.sts.key = crypto::EcPrivateKey::generate();
    expect_stranger(house_.token(body), body);
    for (const char* const text : {"", "x", "a.b.c", "...."})
        expect_stranger(text, body);
}

TEST_F(AdministrationTest, OneIssuerDoesNotSpeakForAnother) {
    const std::string body = change_body();
    std::swap(house_.sts.key, house_.consumer_sts.key);
    expect_stranger(house_.token(body), body);
}

TEST_F(AdministrationTest, AChangedBodyIsAStranger) {
    const std::string body = change_body();
    const std::string token = house_.token(body);
    std::string other = body;
    other.replace(other.find("DISABLE"), 7, "ENABLE ");
    expect_stranger(token, other);
}

TEST_F(AdministrationTest, TokensAreUsedUpWhateverTheAnswer) {
    const std::string good = change_body();
    const std::string bad = test::AuthorityHouse::body("no.service", "get", json::Value(json::Object{}));
    for (const std::string& body : {good, bad}) {
        const std::string token = house_.token(body);
        (void)house_.administration.invoke(token, as_bytes(body));
        const auto again = house_.administration.invoke(token, as_bytes(body));
        ASSERT_FALSE(again);
        EXPECT_EQ(again.error().where, "admin.replay");
        EXPECT_EQ(again.error().code, Errc::unauthenticated);
    }
}

// Ids are forgotten only when the token that had them is no longer accepted by itself.
TEST_F(AdministrationTest, UsedTokensAreRememberedUntilTheyExpire) {
    const std::string body = test::AuthorityHouse::body(clusters, "list", json::Value(json::Object{}));
    const std::string token = house_.token(body);
    ASSERT_TRUE(house_.administration.invoke(token, as_bytes(body)));
    house_.clock.pass(std::chrono::seconds(29));
    ASSERT_TRUE(house_.call(clusters, "list"));
    EXPECT_EQ(house_.administration.invoke(token, as_bytes(body)).error().where, "admin.replay");
    house_.clock.pass(std::chrono::seconds(1));
    ASSERT_TRUE(house_.call(clusters, "list"));
    EXPECT_EQ(house_.administration.invoke(token, as_bytes(body)).error().where, "admin.token");
}

TEST_F(AdministrationTest, KeysFollowTheState) {
    ASSERT_TRUE(house_.call(clusters, "list"));
    const test::Sts renewed;
    inventory::Issuer issuer = house_.core->state()->issuers.at(test::manager_issuer);
    issuer.certificates = {renewed.certificate};
    house_.must(inventory::IssuerSet{.issuer = issuer});
    EXPECT_EQ(house_.call(clusters, "list").error().where, "admin.token");
    house_.sts.key = renewed.key.clone();
    EXPECT_TRUE(house_.call(clusters, "list"));
    house_.must(inventory::IssuerRemove{.issuer = test::consumer_issuer});
    EXPECT_EQ(house_.call_as({.issuer = test::consumer_issuer, .groups = {}}, clusters, "list").error().where,
              "admin.token");
}

// --- the request

TEST_F(AdministrationTest, RefusesAnotherForm) {
    const auto invoke = [&](const std::string& body) {
        return house_.administration.invoke(house_.token(body), as_bytes(body));
    };
    for (const char* const body :
         {"",
          "[]",
          R"({"version":1})",
          R"({"version":1,"service":"s","operation":"o","input":{},"more":1})",
          R"({"version":1,"service":"s","operation":"o","operation":"o","input":{}})"}) {
        const auto answer = invoke(body);
        ASSERT_FALSE(answer) << body;
        EXPECT_EQ(answer.error().code, Errc::malformed) << body;
    }
    EXPECT_EQ(invoke(R"({"version":2,"service":"s","operation":"o","input":{}})").error().where,
              "invoke.version");
    EXPECT_EQ(house_.call(clusters, "explode").error().where, "admin.operation");
    EXPECT_EQ(house_.call("vouchsafe.vms", "list").error().where, "admin.operation"); // of the other server
    EXPECT_EQ(house_.call(clusters, "get").error().code, Errc::malformed);            // no cluster
    EXPECT_EQ(house_.call(clusters, "list", json::object({{"extra", 1}})).error().code, Errc::malformed);
}

// --- roles and groups

bool may_read(const api::Operation& row) {
    return row.effect == api::Effect::read && (row.privilege == access::Privilege::read_trusted_hosts ||
                                               row.privilege == access::Privilege::read_kms_trust);
}

std::vector<ServedOperation> served() {
    std::vector<ServedOperation> out;
    for (const auto& rows : {attestation_operations(),
                             provider_operations(),
                             connection_operations(),
                             tpm_operations(),
                             revocation_operations(),
                             own_operations(),
                             policy_operations(),
                             firmware_operations()})
        out.insert(out.end(), rows.begin(), rows.end());
    return out;
}

// Input is judged after the caller, so none is needed to see who is refused.
TEST_F(AdministrationTest, ConsumersReadWhateverGroupsTheyClaim) {
    for (const ServedOperation& operation : served()) {
        const api::Operation* const row = api::find_operation(operation.service, operation.name);
        ASSERT_NE(row, nullptr) << operation.service << " " << operation.name;
        const auto answer =
            house_.call_as({.issuer = test::consumer_issuer,
                            .groups = {"TrustedAdmins", "Administrators", "VMAdministrators", "Auditors"}},
                           operation.service,
                           operation.name);
        const bool refused = !answer && answer.error().where == "admin.consumer";
        EXPECT_EQ(refused, !may_read(*row)) << operation.service << " " << operation.name;
    }
}

TEST_F(AdministrationTest, OnlyTrustedAdminsChangeTrust) {
    for (const std::vector<std::string>& groups : {std::vector<std::string>{},
                                                   {"Administrators"},
                                                   {"VMAdministrators"},
                                                   {"Auditors"},
                                                   {"trustedadmins"}})
        for (const ServedOperation& operation : served()) {
            const api::Operation* const row = api::find_operation(operation.service, operation.name);
            ASSERT_NE(row, nullptr);
            if (row->effect == api::Effect::read)
                continue;
            const auto answer = house_.call_as({.groups = groups}, operation.service, operation.name);
            ASSERT_FALSE(answer);
            EXPECT_EQ(answer.error().code, Errc::denied) << operation.service << " " << operation.name;
        }
}

TEST_F(AdministrationTest, ReadersNeedThePrivilege) {
    EXPECT_EQ(house_.call_as({.groups = {}}, clusters, "list").error().where, "admin.privilege");
    EXPECT_EQ(house_.call_as({.groups = {"Administrators"}}, clusters, "list").error().where,
              "admin.privilege");
    EXPECT_TRUE(house_.call_as({.groups = {"Auditors"}}, clusters, "list"));
    EXPECT_TRUE(house_.call_as({.groups = {"Auditors"}}, "vouchsafe.audit", "list"));
    EXPECT_EQ(house_.call_as({.groups = {"VMAdministrators"}}, "vouchsafe.audit", "list").error().where,
              "admin.privilege");
}

// --- the table

TEST(ServedOperations, AreRowsOfTheTable) {
    for (const ServedOperation& operation : served()) {
        const api::Operation* const row = api::find_operation(operation.service, operation.name);
        ASSERT_NE(row, nullptr) << operation.service << " " << operation.name;
        EXPECT_NE(row->server, api::Server::workload) << operation.service << " " << operation.name;
        EXPECT_NE(operation.operate, nullptr);
        EXPECT_EQ(find_served(operation.service, operation.name), operation.operate) << operation.service;
    }
}

// But for the list of authority hosts, which the manager keeps.
TEST(ServedOperations, AreAllOfTheAuthoritysSide) {
    for (const api::Operation& row : api::operations()) {
        if (row.server != api::Server::authority || row.service == "vouchsafe.authority_hosts")
            continue;
        EXPECT_NE(find_served(row.service, row.name), nullptr) << row.service << " " << row.name;
    }
}

} // namespace
} // namespace vouchsafe::authority

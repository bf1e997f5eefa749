#include "base/bytes.h"
#include "json/members.h"
#include "json/parse.h"
#include "tests/support/vector_file.h"
#include "token/results.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace vouchsafe::token {
namespace {

const SysTime now = from_seconds(1'800'000'000);
const std::string group = "00112233445566778899aabbccddeeff";

const crypto::EcPrivateKey& key() {
    static const auto made = crypto::EcPrivateKey::generate();
    return made;
}

KeySet keys() {
    return KeySet{key().public_key()};
}

KeyAccess key_access() {
    return KeyAccess{.group = group,
                     .host = HostId{"h-1"},
                     .id = "t-1",
                     .times = times_from(now, default_key_access_life),
                     .release_key = key().public_key().thumbprint(),
                     .tier = Tier::affirming,
                     .vector = {.instance_identity = 2, .configuration = 2, .executables = 3},
                     .base_image = ImageVersion{"debian-12.1"},
                     .ek_digest = std::string(64, 'a'),
                     .ak_name = "000b" + std::string(64, 'b'),
                     .reset_count = 4'294'967'295,
                     .restart_count = 1,
                     .epoch = 3,
                     .revision = 12,
                     .evidence_digest = std::string(64, 'c'),
                     .executables = Executables::boot_image,
                     .lab = true};
}

Reporting reporting() {
    Reporting out;
    out.group = group;
    out.host = HostId{"h-1"};
    out.id = "r-1";
    out.times = times_from(now, std::chrono::minutes(30));
    out.state = HostState::refused;
    out.tier = Tier::contraindicated;
    out.reasons.push_back(json::object({{"code", "image.command_line"}}));
    out.label = "host-a";
    out.ek_digest = std::string(64, 'a');
    out.not_assessed = {1, 3, 5};
    out.epoch = 4;
    return out;
}

TEST(KeyAccess, ReadsWhatAnotherImplementationIssued) {
    const auto vector = json::parse(as_text(test::read_vector("token/good-key-access.json")));
    ASSERT_TRUE(vector);
    const auto signer = key_from_jwk(*vector->find("key"), "key");
    ASSERT_TRUE(signer);
    const auto token = verify_key_access(vector->find("token")->as_string(),
                                         vector->find("group")->as_string(),
                                         KeySet{*signer},
                                         from_seconds(vector->find("now")->as_integer()));
    ASSERT_TRUE(token);
    EXPECT_EQ(token->claims().host.text, "h-" + std::string(32, '0'));
    EXPECT_EQ(token->claims().base_image.text, "debian-12.1");
    EXPECT_EQ(token->claims().reset_count, 7U);
    EXPECT_EQ(token->claims().vector.hardware, 2);
    EXPECT_TRUE(token->claims().lab);
}

TEST(KeyAccess, ComesBackAsIssued) {
    const auto text = issue_key_access(key(), key_access());
    ASSERT_TRUE(text);
    const auto token = verify_key_access(*text, group, keys(), now);
    ASSERT_TRUE(token);
    EXPECT_EQ(token->claims(), key_access());
    EXPECT_EQ(token->kid(), key().public_key().thumbprint());
}

TEST(KeyAccess, IsOfNoUseToAnotherGroup) {
    const auto text = issue_key_access(key(), key_access());
    const auto token = verify_key_access(*text, "ff", keys(), now);
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().where, "token.issuer");
}

TEST(KeyAccess, LivesAtMostEightHours) {
    KeyAccess claims = key_access();
    claims.times = times_from(now, max_key_access_life);
    EXPECT_TRUE(issue_key_access(key(), claims));
    claims.times = times_from(now, max_key_access_life + std::chrono::seconds(1));
    const auto text = issue_key_access(key(), claims);
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().where, "key_access.life");
}

TEST(KeyAccess, IsForTiersThatMayReleaseAlone) {
    const auto issues = [](Tier tier, Executables executables) {
        KeyAccess claims = key_access();
        claims.tier = tier;
        claims.executables = executables;
        return issue_key_access(key(), claims).has_value();
    };
    EXPECT_TRUE(issues(Tier::affirming, Executables::ima));
    EXPECT_TRUE(issues(Tier::warning, Executables::boot_only));
    EXPECT_FALSE(issues(Tier::warning, Executables::boot_image));
    EXPECT_FALSE(issues(Tier::none, Executables::boot_image));
    EXPECT_FALSE(issues(Tier::contraindicated, Executables::boot_only));
}

TEST(KeyAccess, WarnsOfAWeakTpm) {
    KeyAccess claims = key_access();
    claims.tier = Tier::warning;
    claims.weak_tpm = true;
    claims.vector.hardware = 32;
    const auto text = issue_key_access(key(), claims);
    ASSERT_TRUE(text);
    EXPECT_EQ(verify_key_access(*text, group, keys(), now)->claims(), claims);
}

/// A token with own claims altered, and signed all the same.
using Alter = std::function<void(json::Object&)>;

std::string
altered(std::string_view typ, std::string_view text, std::string_view audience, const Alter& alter) {
    const std::string issuer = group_issuer(group);
    const std::string meant_for = group_audience(audience, group);
    const JwtRules rules{
        .typ = typ, .issuer = issuer, .audience = meant_for, .max_life = std::chrono::hours(24)};
    const auto jwt = verify_jwt(text, rules, keys(), now);
    EXPECT_TRUE(jwt);
    json::Object own = jwt->own().as_object();
    alter(own);
    return issue_jwt(key(), typ, jwt->registered(), std::move(own));
}

struct BadClaims {
    std::string_view name;
    void (*alter)(json::Object&);
    std::string_view where;
};

json::Object& part(json::Object& own, std::string_view name) {
    return own.find(name)->second.as_object();
}

class BadKeyAccess : public testing::TestWithParam<BadClaims> {};

TEST_P(BadKeyAccess, IsRefused) {
    const auto good = issue_key_access(key(), key_access());
    ASSERT_TRUE(good);
    const std::string bad = altered(key_access_typ, *good, "release", GetParam().alter);
    const auto token = verify_key_access(bad, group, keys(), now);
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().where, GetParam().where);
}

INSTANTIATE_TEST_SUITE_P(
    KeyAccess,
    BadKeyAccess,
    testing::Values(
        BadClaims{"NoConfirmation", [](auto& own) { own.erase("cnf"); }, "key_access.cnf"},
        BadClaims{"KeyInsteadOfThumbprint",
                  [](auto& own) { part(own, "cnf").emplace("jwk", json::object({})); },
                  "key_access.cnf"},
        BadClaims{"OtherProfile",
                  [](auto& own) { own.insert_or_assign("eat_profile", "tag:other"); },
                  "key_access.eat_profile"},
        BadClaims{
            "NoVerifier", [](auto& own) { own.erase("ear.verifier-id"); }, "key_access.ear.verifier-id"},
        BadClaims{"WarningWithoutACause",
                  [](auto& own) {
                      part(own, "vouchsafe").insert_or_assign("tier", "warning");
                      part(part(own, "submods"), "host").insert_or_assign("ear.status", "warning");
                  },
                  "key_access.tier"},
        BadClaims{"OtherVersion",
                  [](auto& own) { part(own, "vouchsafe").insert_or_assign("version", 1); },
                  "key_access.vouchsafe.version"},
        BadClaims{"TwoTiers",
                  [](auto& own) { part(own, "vouchsafe").insert_or_assign("tier", "warning"); },
                  "key_access.tier"},
        BadClaims{"TierThatGetsNoKeys",
                  [](auto& own) {
                      part(own, "vouchsafe").insert_or_assign("tier", "none");
                      part(part(own, "submods"), "host").insert_or_assign("ear.status", "none");
                  },
                  "key_access.tier"},
        BadClaims{"NoEpoch",
                  [](auto& own) { part(own, "vouchsafe").erase("epoch"); },
                  "key_access.vouchsafe.epoch"},
        BadClaims{"ShortDigest",
                  [](auto& own) { part(own, "vouchsafe").insert_or_assign("ek_digest", "aa"); },
                  "key_access.vouchsafe.ek_digest"},
        BadClaims{"UnknownClaim", [](auto& own) { own.emplace("scope", "all"); }, "key_access"},
        BadClaims{"UnknownSubmodule",
                  [](auto& own) { part(own, "submods").emplace("gpu", json::object({})); },
                  "key_access.submods"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Reporting, ComesBackAsIssued) {
    const auto text = issue_reporting(key(), reporting());
    ASSERT_TRUE(text);
    const auto token = verify_reporting(*text, group, keys(), now);
    ASSERT_TRUE(token);
    EXPECT_EQ(token->claims(), reporting());

    Reporting trusted = reporting();
    trusted.state = HostState::trusted;
    trusted.tier = Tier::affirming;
    trusted.vector = {.instance_identity = 2, .executables = 3, .hardware = 2};
    trusted.base_image = ImageVersion{"debian-12.1"};
    trusted.executables = Executables::dm_verity;
    trusted.ak_name = "000b";
    trusted.reasons.clear();
    const auto again = issue_reporting(key(), trusted);
    EXPECT_EQ(verify_reporting(*again, group, keys(), now)->claims(), trusted);
}

class BadReporting : public testing::TestWithParam<BadClaims> {};

TEST_P(BadReporting, IsRefused) {
    const auto good = issue_reporting(key(), reporting());
    ASSERT_TRUE(good);
    const std::string bad = altered(reporting_typ, *good, "reporting", GetParam().alter);
    const auto token = verify_reporting(bad, group, keys(), now);
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().where, GetParam().where);
}

INSTANTIATE_TEST_SUITE_P(
    Reporting,
    BadReporting,
    testing::Values(
        BadClaims{
            "NoState", [](auto& own) { part(own, "vouchsafe").erase("state"); }, "reporting.vouchsafe.state"},
        BadClaims{"OtherProfile",
                  [](auto& own) { own.insert_or_assign("eat_profile", "tag:other"); },
                  "reporting.eat_profile"},
        BadClaims{"TwoTiers",
                  [](auto& own) { part(own, "vouchsafe").insert_or_assign("tier", "warning"); },
                  "reporting.tier"},
        BadClaims{"OtherState",
                  [](auto& own) { part(own, "vouchsafe").insert_or_assign("state", "fine"); },
                  "token.state"},
        BadClaims{"LongLabel",
                  [](auto& own) { part(own, "vouchsafe").insert_or_assign("label", std::string(65, 'x')); },
                  "reporting.label"},
        BadClaims{
            "NoSuchPcr",
            [](auto& own) { part(own, "vouchsafe").insert_or_assign("not_assessed", json::array({24})); },
            "reporting.vouchsafe.not_assessed"},
        BadClaims{"UnknownClaim", [](auto& own) { own.emplace("scope", "all"); }, "reporting"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(Results, NeverStandInForEachOther) {
    const auto access = issue_key_access(key(), key_access());
    const auto report = issue_reporting(key(), reporting());
    const auto as_access = verify_key_access(*report, group, keys(), now);
    const auto as_report = verify_reporting(*access, group, keys(), now);
    ASSERT_FALSE(as_access);
    ASSERT_FALSE(as_report);
    EXPECT_EQ(as_access.error().where, "token.typ");
    EXPECT_EQ(as_report.error().where, "token.typ");
}

} // namespace
} // namespace vouchsafe::token

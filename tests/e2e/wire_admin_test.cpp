// What managers send to an authority host: claims, administrator tokens, and every operation of the table.
#include "api/operation.h"
#include "json/write.h"
#include "tests/e2e/wire_house.h"
#include "tests/e2e/wire_mutations.h"
#include "tests/support/daemon.h"
#include "tests/support/test_directory.h"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace vouchsafe::test {
namespace {

constexpr std::string_view invoke_path = "/v1/admin/invoke";

class WireAdmin : public WireTest {
protected:
    net::ClientResponse invoke(const std::string& body, const std::string& token) {
        return authority.post(invoke_path, body, {{"authorization", "Bearer " + token}});
    }

    /// With a token that is good for exactly this body.
    net::ClientResponse invoke(const std::string& body) {
        return invoke(body, authority.administrator().token(authority.group(), body));
    }

    std::string status_body() const { return json::canonical(invoke_document(service::status, "get", {})); }

    std::string token(const std::function<void(token::Administrator&)>& change) const {
        token::Administrator claims = authority.administrator().claims(authority.group(), status_body());
        change(claims);
        return token::issue_administrator(authority.administrator().key, claims).value();
    }

    /// What our own issuer would not sign.
    std::string token_of_life(std::chrono::seconds life) const {
        const TokenIssuer& issuer = authority.administrator();
        const token::Administrator claims = issuer.claims(authority.group(), status_body());
        return token::issue_jwt(issuer.key,
                                token::administrator_typ,
                                {.issuer = claims.issuer,
                                 .audience = token::group_audience("admin", claims.group),
                                 .subject = claims.subject,
                                 .id = claims.id,
                                 .times = token::times_from(net::SystemClock().now(), life)},
                                {{"groups", json::array_of(claims.groups)}, {"request", claims.request}});
    }

    json::Object sample_input(const api::Operation& row) const {
        json::Object input;
        const std::string path(row.path);
        for (auto at = path.find('{'); at != std::string::npos; at = path.find('{', at + 1)) {
            const std::string name = path.substr(at + 1, path.find('}', at) - at - 1);
            input.emplace(name, name == "cluster" ? house.cluster : "no-such-thing");
        }
        if (!row.body_name.empty())
            input.emplace(row.body_name, sample(row.body));
        return input;
    }
};

TEST_F(WireAdmin, RefusesRequestsOfAnotherForm) {
    const json::Value good = invoke_document(service::status, "get", {});
    for (const auto& bodies : {broken_json(good), wrong_members(good)})
        for (const BadBody& body : bodies) {
            SCOPED_TRACE(body.what);
            EXPECT_TRUE(says(invoke(body.text), {body.status, "INVALID_ARGUMENT"}));
        }
    const std::string too_long((std::size_t{8} << 20U) + 1, ' ');
    EXPECT_TRUE(says(invoke(too_long), {413, "INVALID_ARGUMENT"}));
    const auto nothing = json::canonical(invoke_document("vouchsafe.nothing", "get", {}));
    EXPECT_TRUE(says(invoke(nothing), {404, "NOT_FOUND admin.operation"}));
}

TEST_F(WireAdmin, TakesTokensOfItsAdministratorsOnly) {
    const SysTime now = net::SystemClock().now();
    ASSERT_EQ(invoke(status_body(), token([](auto&) {})).status, 200);
    ASSERT_EQ(invoke(status_body(), token_of_life(std::chrono::seconds(60))).status, 200);

    struct Row {
        const char* what;
        std::function<void(token::Administrator&)> change;
    };

    const std::vector<Row> rows{
        {"expired",
         [now](auto& t) {
             t.times = token::times_from(now - std::chrono::minutes(5), std::chrono::seconds(30));
         }},
        {"not yet valid",
         [now](auto& t) {
             t.times = token::times_from(now + std::chrono::minutes(5), std::chrono::seconds(30));
         }},
        {"for another cluster", [](auto& t) { t.group = std::string(32, 'a'); }},
        {"for another body", [](auto& t) { t.request = std::string(64, '0'); }},
        {"of an issuer that nobody knows", [](auto& t) { t.issuer = "https://elsewhere.localhost"; }},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.what);
        EXPECT_TRUE(says(invoke(status_body(), token(row.change)), {401, "UNAUTHENTICATED admin.token"}));
    }
    EXPECT_TRUE(says(invoke(status_body(), token_of_life(std::chrono::seconds(61))),
                     {401, "UNAUTHENTICATED admin.token"}));
    const TokenIssuer forger; // says that it is the administrator
    EXPECT_TRUE(says(invoke(status_body(), forger.token(authority.group(), status_body())),
                     {401, "UNAUTHENTICATED admin.token"}));
    for (const char* const text : {"", "x", "a.b.c", "e30.e30.e30"})
        EXPECT_TRUE(says(invoke(status_body(), text), {401, "UNAUTHENTICATED admin.token"}));
    EXPECT_TRUE(says(authority.post(invoke_path, status_body()), {401, "UNAUTHENTICATED admin.token"}));
    EXPECT_TRUE(says(authority.post(invoke_path, status_body(), {{"authorization", "Basic YTpi"}}),
                     {401, "UNAUTHENTICATED admin.token"}));
    const std::string once = token([](auto&) {});
    const auto twice =
        authority.post(invoke_path,
                       status_body(),
                       {{"authorization", "Bearer " + once}, {"authorization", "Bearer " + once}});
    EXPECT_EQ(twice.status, 401);
}

TEST_F(WireAdmin, TakesATokenOnce) {
    const std::string body = status_body();
    const std::string once = authority.administrator().token(authority.group(), body);
    EXPECT_EQ(invoke(body, once).status, 200);
    EXPECT_TRUE(says(invoke(body, once), {401, "UNAUTHENTICATED admin.replay"}));
    // Also when what it was used for was refused.
    const std::string wrong = json::canonical(invoke_document("vouchsafe.nothing", "get", {}));
    const std::string spent = authority.administrator().token(authority.group(), wrong);
    EXPECT_EQ(invoke(wrong, spent).status, 404);
    EXPECT_TRUE(says(invoke(wrong, spent), {401, "UNAUTHENTICATED admin.replay"}));
}

TEST_F(WireAdmin, LetsNobodyButTrustedAdminsChangeTrust) {
    for (const api::Operation& row : api::operations()) {
        if (row.server != api::Server::authority || row.privilege == access::Privilege::agent)
            continue;
        SCOPED_TRACE(std::string(row.service) + " " + std::string(row.name));
        const std::string body = json::canonical(invoke_document(row.service, row.name, sample_input(row)));
        std::vector<std::vector<std::string>> without{{}, {"Administrators"}, {"trustedadmins"}};
        if (row.effect == api::Effect::trust)
            without.push_back({"Administrators", "VMAdministrators", "Auditors"});
        for (const std::vector<std::string>& groups : without) {
            token::Administrator claims = authority.administrator().claims(authority.group(), body);
            claims.groups = groups;
            const auto response =
                invoke(body, token::issue_administrator(authority.administrator().key, claims).value());
            // An operation that the manager carries out by itself is not there at all.
            EXPECT_TRUE(says(response, {403, "UNAUTHORIZED admin."}) ||
                        says(response, {404, "NOT_FOUND admin.operation"}))
                << response.status << " " << error_of(response);
        }
    }
}

// A new row of the table is covered by itself.
TEST_F(WireAdmin, RefusesWrongInputOfEveryOperation) {
    std::size_t sent = 0;
    for (const api::Operation& row : api::operations()) {
        if (row.server != api::Server::authority || row.privilege == access::Privilege::agent)
            continue;
        const auto wrong = [&](const std::string& what, json::Object input) {
            SCOPED_TRACE(std::string(row.service) + " " + std::string(row.name) + ": " + what);
            const auto response =
                invoke(json::canonical(invoke_document(row.service, row.name, std::move(input))));
            ++sent;
            EXPECT_TRUE(says(response, {400, "INVALID_ARGUMENT"}) ||
                        says(response, {404, "NOT_FOUND admin.operation"}))
                << response.status << " " << error_of(response);
        };
        const json::Object good = sample_input(row);
        json::Object more = good;
        more.emplace("no_such_member", 1);
        wrong("unknown member", std::move(more));
        for (const auto& [name, value] : good) {
            json::Object changed = good;
            if (name != row.body_name) {
                changed.insert_or_assign(name, 7);
                wrong(name + " of another type", changed);
                changed.erase(name);
                wrong("without " + name, std::move(changed));
                continue;
            }
            for (BadValue& bad : wrong_values(row.body)) {
                json::Object spoiled = good;
                spoiled.insert_or_assign(name, std::move(bad.value));
                wrong(bad.what, std::move(spoiled));
            }
        }
        for (const api::Field& field : row.query)
            for (BadValue& bad : wrong_values(field.type)) {
                json::Object spoiled = good;
                spoiled.insert_or_assign(std::string(field.name), std::move(bad.value));
                wrong(std::string(field.name) + ": " + bad.what, std::move(spoiled));
            }
    }
    EXPECT_GT(sent, 200U);
}

TEST_F(WireAdmin, IsClaimedOnce) {
    const auto again = authority.post("/v1/claim", json::canonical(authority.claim_document()));
    EXPECT_TRUE(says(again, {403, "UNAUTHORIZED claim.refused"}));
}

TEST(WireClaim, TakesOneClaimOfTheNamedIssuer) {
    AuthorityProcess authority;
    const json::Value good = authority.claim_document();
    for (const auto& bodies : {broken_json(good), wrong_members(good)})
        for (const BadBody& body : bodies) {
            SCOPED_TRACE(body.what);
            EXPECT_TRUE(says(authority.post("/v1/claim", body.text), {body.status, "INVALID_ARGUMENT"}));
        }
    const auto claim_with = [&](const std::string& member, json::Value value) {
        json::Object changed = good.as_object();
        changed.insert_or_assign(member, std::move(value));
        return authority.post("/v1/claim", json::canonical(json::Value(std::move(changed))));
    };
    EXPECT_TRUE(says(claim_with("issuer", "https://mine.localhost"), {403, "UNAUTHORIZED claim.refused"}));
    EXPECT_TRUE(says(claim_with("token", std::string(40, '0')), {403, "UNAUTHORIZED claim.refused"}));
    EXPECT_TRUE(
        says(claim_with("certificates", json::array({json::Value("no PEM")})), {400, "INVALID_ARGUMENT"}));
    EXPECT_TRUE(says(claim_with("certificates", json::Value(json::Array{})), {400, "INVALID_ARGUMENT"}));
    authority.claim();
    EXPECT_TRUE(
        says(authority.post("/v1/claim", json::canonical(good)), {403, "UNAUTHORIZED claim.refused"}));
    EXPECT_EQ(authority.daemon().stop(), 0);
    EXPECT_EQ(sanitizer_report(authority.daemon().log()), "");
}

TEST(WireClaim, MakesTheTokenVoidAfterTenWrongOnes) {
    AuthorityProcess authority;
    json::Object wrong = authority.claim_document().as_object();
    for (int i = 0; i < 10; ++i) {
        wrong.insert_or_assign("token", to_hex(crypto::SystemRandom().bytes(20)));
        EXPECT_EQ(authority.post("/v1/claim", json::canonical(json::Value(wrong))).status, 403);
    }
    const std::string right = json::canonical(authority.claim_document());
    EXPECT_TRUE(says(authority.post("/v1/claim", right), {403, "UNAUTHORIZED claim.refused"}));
}

// What is made at first start stays: a slip of the pen must not.
TEST(FirstStarts, MakeNothingThatNobodyCanReach) {
    struct Row {
        const char* program;
        std::vector<std::string> arguments;
        std::string_view said;
    };

    const std::vector<Row> rows{
        {"vouchsafe-authorityd", {"init", "--name", "a b", "--administrator", "https://m/x"}, "url.host"},
        {"vouchsafe-authorityd", {"init", "--name", "a:443", "--administrator", "https://m/x"}, "url.host"},
        {"vouchsafe-authorityd", {"init", "--name", "a", "--administrator", ""}, "init.administrator"},
        {"vouchsafe-authorityd", {"init", "--name", "a", "--administrator", "m"}, "init.administrator"},
        {"vouchsafe-managerd", {"--role", "workload", "--name", "a b", "--port", "0"}, "url.host"},
    };
    const TestDirectory folder;
    const std::string key = folder.path() + "/key";
    std::ofstream(key) << std::string(64, '0');
    std::filesystem::permissions(key, std::filesystem::perms::owner_read);
    for (const Row& row : rows) {
        SCOPED_TRACE(row.said);
        std::vector<std::string> command{program_path(row.program)};
        command.insert(command.end(), row.arguments.begin(), row.arguments.end());
        for (const std::string& more : {std::string("--state"),
                                        folder.path() + "/state",
                                        std::string("--unsafe-plaintext-key-file"),
                                        key})
            command.push_back(more);
        const std::string log = folder.path() + "/log";
        EXPECT_EQ(run_to_end(command, log).status, 1);
        std::ifstream file(log);
        EXPECT_NE(std::string(std::istreambuf_iterator<char>(file), {}).find(row.said), std::string::npos);
        EXPECT_FALSE(std::filesystem::exists(folder.path() + "/state"));
        std::filesystem::remove(log);
    }
}

} // namespace
} // namespace vouchsafe::test

// The authority host's doors: over a real HTTPS server on loopback.
#include "authority/attested_quotes.h"
#include "authority/endpoints.h"
#include "json/parse.h"
#include "net/https_client.h"
#include "protocol/challenge.h"
#include "protocol/evidence.h"
#include "protocol/session.h"
#include "tests/support/attestation_house.h"
#include "tests/support/authority_house.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <mutex>

namespace vouchsafe::authority {
namespace {

constexpr std::string_view clusters = "vcenter.trusted_infrastructure.trust_authority_clusters";

class EndpointsTest : public ::testing::Test {
protected:
    struct Answer {
        int status;
        json::Value body;

        std::string id() const { return body.find("messages")->as_array().front().find("id")->as_string(); }

        std::string type() const { return body.find("error_type")->as_string(); }
    };

    Answer send(net::ClientRequest request) {
        const auto answer = client_.send(request, std::chrono::seconds(20));
        VS_CHECK(answer.has_value());
        return {.status = answer->status, .body = json::parse(as_text(answer->body)).value_or(json::Value())};
    }

    Answer post(std::string_view target, std::string body, std::vector<net::Header> headers = {}) {
        return send({.method = net::Method::post,
                     .target = std::string(target),
                     .body = std::move(body),
                     .headers = std::move(headers)});
    }

    Answer invoke(const std::string& body) {
        return post("/v1/admin/invoke", body, {{"authorization", "Bearer " + house_.token(body)}});
    }

    std::vector<std::string> logged() {
        const std::scoped_lock lock(mutex_);
        return log_;
    }

    test::AuthorityHouse house_;
    std::mutex mutex_;
    std::vector<std::string> log_;
    attestation::AttestationService attestation_{
        {.self = house_.keys.config().host,
         .token_key = house_.keys.key(token::KeyUse::token).clone(),
         .report_key = house_.keys.key(token::KeyUse::report).clone()},
        {.authority = *house_.core,
         .records = house_.records,
         .audit = *house_.audit,
         .clock = house_.clock,
         .random = house_.random}};
    AttestedQuotes quotes_{attestation_};
    keyprovider::ReleaseService release_{
        {.self = house_.keys.config().host, .session_key = house_.keys.key(token::KeyUse::session).clone()},
        {.authority = *house_.core,
         .keys = house_.primary_keys,
         .uses = house_.uses,
         .quotas = house_.quotas,
         .quotes = quotes_,
         .audit = *house_.audit,
         .clock = house_.clock,
         .random = house_.random}};
    Claim claim_{*house_.core, house_.keys, house_.secrets};
    net::WorkerPool pool_{{.threads = 2, .queue = 16}};
    Serving serving_ = serve({.attestation = attestation_,
                              .release = release_,
                              .audit = *house_.audit,
                              .administration = house_.administration,
                              .claim = claim_,
                              .log =
                                  [this](std::string_view what, const Error& cause) {
                                      const std::scoped_lock lock(mutex_);
                                      log_.push_back(std::string(what) + " " + cause.where);
                                  }},
                             pool_);
    std::unique_ptr<net::HttpsServer> server_ =
        net::HttpsServer::listen(
            {.identity = {.certificate_pem = house_.keys.tls_certificate(house_.clock).value(),
                          .private_key = house_.keys.tls_key().to_secret_der()},
             .after_round = serving_.after_round,
             .body_limit = body_limit},
            serving_.handler)
            .value();
    net::HttpsClient client_ =
        net::HttpsClient::create({.server = {.host = "localhost", .port = server_->port()},
                                  .trust = net::PinnedKey{house_.keys.tls_pin()}})
            .value();
};

TEST_F(EndpointsTest, SayThatTheyServe) {
    const Answer answer = send({.target = "/v1/health"});
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(*answer.body.find("status"), json::Value("serving"));
}

TEST_F(EndpointsTest, HaveNoOtherPaths) {
    for (const char* const path : {"/", "/v1", "/v1/claim/", "/v1/admin", "/v2/claim", "/v1/CLAIM"})
        EXPECT_EQ(post(path, "{}").status, 404) << path;
}

class EachPath : public EndpointsTest, public ::testing::WithParamInterface<std::string_view> {};

TEST_P(EachPath, TakesPostAlone) {
    for (const net::Method method : {net::Method::get, net::Method::put, net::Method::delete_}) {
        const Answer answer = send({.method = method, .target = std::string(GetParam())});
        EXPECT_EQ(answer.id(), "route.method");
        EXPECT_EQ(answer.type(), "UNSUPPORTED");
    }
}

TEST_P(EachPath, RefusesWhatIsNoMessage) {
    for (const char* const body : {"", "{", "[]", "{\"a\":1,\"a\":1}", "{\"version\":1}", "\xFF"}) {
        const Answer answer = post(GetParam(), body, {{"authorization", "Bearer x"}});
        EXPECT_GE(answer.status, 400) << body;
        EXPECT_LT(answer.status, 500) << body;
        EXPECT_NE(answer.body.find("error_type"), nullptr) << body;
    }
}

TEST_P(EachPath, BoundsItsBody) {
    const std::size_t most = body_limit(net::Method::post, GetParam());
    EXPECT_EQ(post(GetParam(), std::string(most + 1, ' ')).status, 413);
    EXPECT_NE(post(GetParam(), std::string(most, ' ')).status, 413);
}

INSTANTIATE_TEST_SUITE_P(Endpoints,
                         EachPath,
                         ::testing::Values(protocol::challenge_path,
                                           protocol::evidence_path,
                                           protocol::session_path,
                                           protocol::release_path,
                                           "/v1/admin/invoke",
                                           "/v1/claim"),
                         [](const auto& row) {
                             std::string name(row.param);
                             std::ranges::replace_if(name, [](char c) { return c == '/'; }, '_');
                             return name;
                         });

TEST_F(EndpointsTest, AnswerAdministrators) {
    const Answer answer = invoke(test::AuthorityHouse::body(clusters, "list", json::Value(json::Object{})));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body.find("result")->as_array().size(), 1U);
    EXPECT_EQ(
        invoke(test::AuthorityHouse::body(clusters, "get", json::object({{"cluster", "other"}}))).status,
        404);
}

TEST_F(EndpointsTest, WantABearerToken) {
    const std::string body = test::AuthorityHouse::body(clusters, "list", json::Value(json::Object{}));
    for (const std::vector<net::Header>& headers :
         {std::vector<net::Header>{},
          {{"authorization", house_.token(body)}},
          {{"authorization", "Basic " + house_.token(body)}},
          {{"authorization", "Bearer " + house_.token(body + " ")}}}) {
        const Answer answer = post("/v1/admin/invoke", body, headers);
        EXPECT_EQ(answer.status, 401);
        EXPECT_EQ(answer.id(), "admin.token");
    }
}

TEST_F(EndpointsTest, RefuseAClaimWithOneCode) {
    const json::Value request = json::object({{"version", 1},
                                              {"token", "guess"},
                                              {"issuer", test::manager_issuer},
                                              {"certificates", json::array({house_.sts.certificate})}});
    const Answer answer = post("/v1/claim", json::canonical(request));
    EXPECT_EQ(answer.status, 403);
    EXPECT_EQ(answer.id(), "claim.refused");
}

// Whatever is wrong with it, a stranger hears the same; this host's log has the cause.
TEST_F(EndpointsTest, TellStrangersOneCode) {
    const test::AttestedMachine machine;
    const auto challenge = [&](const protocol::ChallengeRequest& request) {
        return post(protocol::challenge_path, json::canonical(request.to_json()));
    };
    const Answer unendorsed = challenge(machine.request()); // no CA is imported
    protocol::ChallengeRequest broken = machine.request();
    broken.ak_public = broken.ek_public;
    const Answer no_ak = challenge(broken);
    EXPECT_EQ(unendorsed.status, 403);
    EXPECT_EQ(unendorsed.id(), "refused");
    EXPECT_EQ(json::canonical(no_ak.body), json::canonical(unendorsed.body));
    const auto causes = logged();
    ASSERT_EQ(causes.size(), 2U);
    EXPECT_NE(causes.front(), causes.back());
    EXPECT_TRUE(causes.front().starts_with("challenge endorsement.")) << causes.front();
}

TEST_F(EndpointsTest, AttestAMachine) {
    inventory::CaCertificate ca{.name = "ek", .chain = {}, .lab = true};
    const auto chain = crypto::certificates_from_pem(as_text(test::read_vector("attestation/ek-ca.pem")));
    for (const crypto::Certificate& certificate : chain.value())
        ca.chain.push_back(certificate.pem());
    house_.must(inventory::CaImport{.ca = std::move(ca)});
    const test::AttestedMachine machine;
    const Answer challenge = post(protocol::challenge_path, json::canonical(machine.request().to_json()));
    ASSERT_EQ(challenge.status, 200);
    const auto parsed = protocol::Challenge::from_json(challenge.body);
    ASSERT_TRUE(parsed);
    const std::string evidence = json::canonical(
        machine.evidence(*parsed, machine.statement(house_.keys.identity().anchor)).to_json());
    const Answer pending = post(protocol::evidence_path, evidence);
    ASSERT_EQ(pending.status, 200);
    EXPECT_EQ(protocol::EvidenceAnswer::from_json(pending.body)->outcome, protocol::Outcome::pending);
    const Answer again = post(protocol::evidence_path, evidence); // the challenge is used up
    EXPECT_EQ(again.status, 403);
    EXPECT_EQ(again.id(), "refused");
}

TEST_F(EndpointsTest, KnowNoSessionThatWasNotOpened) {
    const Answer answer = post(protocol::release_path, "a.b.c.d.e");
    EXPECT_GE(answer.status, 400);
    EXPECT_LT(answer.status, 500);
}

} // namespace
} // namespace vouchsafe::authority

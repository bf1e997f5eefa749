#include "base/bytes.h"
#include "json/parse.h"
#include "protocol/release.h"
#include "protocol/release_session.h"
#include "protocol/statement.h"
#include "tests/support/counting_random.h"
#include "tests/support/vector_file.h"
#include "token/jwe.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace vouchsafe::protocol {
namespace {

const SysTime now = from_seconds(1'800'000'000);
const std::string group = "00112233445566778899aabbccddeeff";
const AuthorityHostId authority{"authority-1"};

std::string text_of(const Secret& secret) {
    return secret.expose([](Bytes bytes) { return std::string(as_text(bytes)); });
}

/// Both ends with their keys, and a session between them.
struct Ends {
    crypto::EcPrivateKey token_key = crypto::EcPrivateKey::generate();
    crypto::EcPrivateKey release_key = crypto::EcPrivateKey::generate();
    crypto::EcPrivateKey session_key = crypto::EcPrivateKey::generate();
    test::CountingRandom random;
    SessionRequest request{.token = issue(),
                           .release_key = release_key.public_key(),
                           .host_random = Buffer(host_random_size, 7)};

    std::string issue() const {
        token::KeyAccess claims;
        claims.group = group;
        claims.host = HostId{"h-1"};
        claims.id = "t-1";
        claims.times = token::times_from(now, token::default_key_access_life);
        claims.release_key = release_key.public_key().thumbprint();
        claims.tier = token::Tier::affirming;
        claims.base_image = ImageVersion{"debian-12.1"};
        claims.ek_digest = std::string(64, 'a');
        claims.ak_name = "000b";
        claims.evidence_digest = std::string(64, 'c');
        claims.executables = token::Executables::boot_image;
        return *token::issue_key_access(token_key, claims);
    }

    Result<AuthoritySession::Opened> accept(const SessionRequest& presented) {
        const auto verified =
            token::verify_key_access(presented.token, group, token::KeySet{token_key.public_key()}, now);
        EXPECT_TRUE(verified);
        return AuthoritySession::open({.token = *verified,
                                       .request = presented,
                                       .group = group,
                                       .authority_host = authority,
                                       .session_key = session_key,
                                       .expires = now + std::chrono::minutes(15)},
                                      random);
    }

    Result<HostSession> enter(const SessionAnswer& answer, SysTime at = now) const {
        return HostSession::open({.release_key = release_key,
                                  .request = request,
                                  .answer = answer,
                                  .group = group,
                                  .authority_host = authority,
                                  .session_keys = token::KeySet{session_key.public_key()},
                                  .now = at});
    }
};

struct Session {
    Ends ends;
    AuthoritySession::Opened opened = *ends.accept(ends.request);
    HostSession host = *ends.enter(opened.answer);

    AuthoritySession& authority_end() { return opened.session; }

    Result<OpenedRequest> open(std::string_view text, SysTime at = now) {
        VS_TRY(const auto message, SealedMessage::parse(text));
        return authority_end().open_request(message, at);
    }

    std::string answer_to(const SealedRequest& request, std::string_view plain = "answer") {
        const auto got = open(request.text);
        EXPECT_TRUE(got);
        return *authority_end().seal_answer(*got, ends.random, Secret(as_bytes(plain)));
    }
};

TEST(ReleaseSession, IsWhatAnotherImplementationComputes) {
    const auto v = json::parse(as_text(test::read_vector("protocol/good-session.json")));
    ASSERT_TRUE(v);
    const auto text = [&v](std::string_view name) { return v->find(name)->as_string(); };
    const auto release_key = crypto::EcPrivateKey::from_secret_der(Secret(*from_base64(text("release_key"))));
    const auto session_key = token::key_from_jwk(*v->find("session_key"), "session_key");
    const auto answer = SessionAnswer::from_json(*v->find("answer"));
    ASSERT_TRUE(release_key && session_key && answer);
    const SessionRequest request{.token = text("token"),
                                 .release_key = release_key->public_key(),
                                 .host_random = *from_base64(text("host_random"))};
    const auto transcript = Transcript{.group = group,
                                       .authority_host = answer->authority_host,
                                       .session = answer->session,
                                       .token = request.token,
                                       .release_key = request.release_key,
                                       .ephemeral_key = answer->ephemeral_key,
                                       .host_random = request.host_random,
                                       .expires = answer->expires};
    EXPECT_EQ(to_hex(transcript.digest()), text("transcript"));
    auto host = HostSession::open({.release_key = *release_key,
                                   .request = request,
                                   .answer = *answer,
                                   .group = group,
                                   .authority_host = authority,
                                   .session_keys = token::KeySet{*session_key},
                                   .now = from_seconds(v->find("now")->as_integer())});
    ASSERT_TRUE(host);
    EXPECT_EQ(to_hex(host->first_nonce()), text("first_nonce"));
    EXPECT_EQ(ReleaseRequest::parse(text("request_plain"))->digest(), text("request_digest"));
    test::CountingRandom random;
    const auto sealed = host->seal(random, text("request_plain"));
    ASSERT_TRUE(sealed);
    EXPECT_EQ(sealed->text, text("request"));
    const auto plain = host->open_answer(*sealed, text("message"));
    ASSERT_TRUE(plain);
    EXPECT_EQ(to_hex(as_bytes(text_of(*plain))), text("answer_plain"));
    const auto parsed = ReleaseAnswer::parse(*plain);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(std::get<ReleasedKey>(parsed->results.at(0)).key.size(), key_size);
}

TEST(ReleaseSession, HasAFirstNonceOfItsOwn) {
    Session s;
    EXPECT_EQ(s.host.first_nonce().size(), nonce_size);
    EXPECT_EQ(s.host.first_nonce(), s.authority_end().first_nonce());
    const auto another = s.ends.accept(s.ends.request); // by the same token, key and random bytes
    EXPECT_NE(another->session.first_nonce(), s.host.first_nonce());
}

TEST(ReleaseSession, CarriesRequestsAndAnswers) {
    Session s;
    for (int i = 1; i <= 3; ++i) {
        const auto request = s.host.seal(s.ends.random, "request");
        ASSERT_TRUE(request);
        EXPECT_EQ(request->number, i);
        EXPECT_EQ(claimed_session(request->text), Result<std::string>(s.host.id()));
        const std::string answer = s.answer_to(*request);
        EXPECT_EQ(text_of(*s.host.open_answer(*request, answer)), "answer");
    }
    EXPECT_EQ(s.authority_end().token().host.text, "h-1");
}

TEST(ReleaseSession, EndsNoLaterThanItsToken) {
    Ends ends;
    const auto verified =
        token::verify_key_access(ends.request.token, group, token::KeySet{ends.token_key.public_key()}, now);
    const auto opened = AuthoritySession::open({.token = *verified,
                                                .request = ends.request,
                                                .group = group,
                                                .authority_host = authority,
                                                .session_key = ends.session_key,
                                                .expires = now + std::chrono::hours(10)},
                                               ends.random);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->answer.expires, (*verified)->times.expires);
}

TEST(ReleaseSession, IsRefusedToAnotherReleaseKey) {
    Ends ends;
    SessionRequest stolen = ends.request; // the token of one host, the key of another
    stolen.release_key = crypto::EcPrivateKey::generate().public_key();
    const auto opened = ends.accept(stolen);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().where, "session.release_key");
}

TEST(ReleaseSession, IsNotEnteredOnAForgedAnswer) {
    Ends ends;
    const SessionAnswer good = ends.accept(ends.request)->answer;
    ASSERT_TRUE(ends.enter(good));
    const auto refused = [&](const std::function<void(SessionAnswer&)>& alter, std::string_view where) {
        SessionAnswer bad = good;
        alter(bad);
        const auto entered = ends.enter(bad);
        ASSERT_FALSE(entered) << where;
        EXPECT_EQ(entered.error().where, where);
    };
    refused([](auto& a) { a.authority_host.text = "authority-2"; }, "session.authority_host");
    refused([](auto& a) { a.expires = now; }, "session.expired");
    refused([](auto& a) { a.expires += std::chrono::milliseconds(1); }, "session.signature");
    refused([](auto& a) { a.session.front() ^= 1; }, "session.signature");
    refused([](auto& a) { a.ephemeral_key = crypto::EcPrivateKey::generate().public_key(); },
            "session.signature");
    refused([](auto& a) { a.signature.front() ^= 1U; }, "session.signature");
    ends.request.host_random.front() ^= 1U;
    EXPECT_EQ(ends.enter(good).error().where, "session.signature");
    ends.request.host_random.front() ^= 1U;
    ends.request.token += "x";
    EXPECT_EQ(ends.enter(good).error().where, "session.signature");
}

TEST(ReleaseSession, RefusesAReplayedRequest) {
    Session s;
    const auto request = s.host.seal(s.ends.random, "request");
    ASSERT_TRUE(s.open(request->text));
    EXPECT_EQ(s.open(request->text).error().where, "session.number");
}

TEST(ReleaseSession, RefusesReorderedRequests) {
    Session s;
    const auto first = s.host.seal(s.ends.random, "1");
    const auto second = s.host.seal(s.ends.random, "2");
    ASSERT_TRUE(s.open(second->text));
    EXPECT_EQ(s.open(first->text).error().where, "session.number");
}

TEST(ReleaseSession, CountsOnlyAuthenticNumbers) {
    Session s;
    const auto request = s.host.seal(s.ends.random, "request");
    std::string forged = request->text;
    forged.back() = forged.back() == 'A' ? 'Q' : 'A';
    EXPECT_FALSE(s.open(forged));
    EXPECT_TRUE(s.open(request->text)); // its number is still unused
}

TEST(ReleaseSession, RefusesRequestsAfterItsEnd) {
    Session s;
    const auto request = s.host.seal(s.ends.random, "request");
    const auto late = s.open(request->text, s.host.expires());
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code, Errc::expired);
    EXPECT_EQ(late.error().where, "session.expired");
}

TEST(ReleaseSession, RefusesAMessageOfAnotherSession) {
    Session s;
    Session other;
    const auto request = other.host.seal(other.ends.random, "request");
    const auto refused = s.open(request->text);
    ASSERT_FALSE(refused); // the ids of counting randomness are alike, the keys are not
    EXPECT_EQ(refused.error().where, "jwe.open");
}

TEST(ReleaseSession, RefusesARequestSentBackAsAnswer) {
    Session s;
    const auto request = s.host.seal(s.ends.random, "request");
    EXPECT_EQ(s.host.open_answer(*request, request->text).error().where, "session.header.re");
}

TEST(ReleaseSession, RefusesTheAnswerOfAnotherRequest) {
    Session s;
    const auto first = s.host.seal(s.ends.random, "1");
    const auto second = s.host.seal(s.ends.random, "2");
    const std::string to_first = s.answer_to(*first);
    EXPECT_EQ(s.host.open_answer(*second, to_first).error().where, "session.request");
}

TEST(ReleaseSession, RefusesAnAnswerToAnAlteredRequest) {
    Session s;
    auto request = s.host.seal(s.ends.random, "1");
    const std::string answer = s.answer_to(*request);
    request->text += "x"; // what the host believes to have sent is not what was answered
    EXPECT_EQ(s.host.open_answer(*request, answer).error().where, "session.request");
}

TEST(ReleaseSession, RefusesAReplayedAnswer) {
    Session s;
    const auto request = s.host.seal(s.ends.random, "1");
    const std::string answer = s.answer_to(*request);
    ASSERT_TRUE(s.host.open_answer(*request, answer));
    EXPECT_EQ(s.host.open_answer(*request, answer).error().where, "session.number");
}

TEST(ReleaseSession, RefusesAnotherHeader) {
    Session s;
    const auto header = [&s](std::string_view typ) {
        json::Object out;
        out.emplace("n", 1);
        out.emplace("sid", s.host.id());
        out.emplace("typ", typ);
        return out;
    };
    const auto where = [&s](json::Object sealed_header) {
        const std::string message =
            token::seal_jwe(Secret(32), s.ends.random, std::move(sealed_header), as_bytes("x"));
        return s.open(message).error().where;
    };
    EXPECT_EQ(where(header(release_typ)), "jwe.open");
    EXPECT_EQ(where(header("other+jwe")), "session.header.typ");
    json::Object more = header(release_typ);
    more.emplace("zip", "DEF");
    EXPECT_EQ(where(std::move(more)), "session.header");
    json::Object zero = header(release_typ);
    zero.insert_or_assign("n", 0);
    EXPECT_EQ(where(std::move(zero)), "session.header.n");
    json::Object elsewhere = header(release_typ);
    elsewhere.insert_or_assign("sid", std::string(32, 'f'));
    EXPECT_EQ(where(std::move(elsewhere)), "session.id");
}

} // namespace
} // namespace vouchsafe::protocol

// Release sessions and messages: tokens that are not good, messages that were changed, repeated or moved.
#include "authority/keyring.h"
#include "json/write.h"
#include "protocol/release.h"
#include "store/sealed_files.h"
#include "tests/e2e/wire_house.h"
#include "tests/e2e/wire_mutations.h"
#include "token/results.h"

#include <fstream>
#include <iterator>
#include <thread>

namespace vouchsafe::test {
namespace {

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

class WireRelease : public WireTest {
protected:
    WireRelease() {
        auto state_key = store::parse_state_key(Secret(as_bytes(content(authority.folder() + "/state-key"))));
        const store::SealedFiles files(authority.state_folder() + "/keys", *std::move(state_key), random_);
        auto keys = authority::Keyring::load(files, clock_);
        VS_CHECK(keys.has_value());
        keys_.emplace(*std::move(keys));
    }

    /// What the authority's own key would have signed: the host's token, changed.
    std::string token(const std::function<void(token::KeyAccess&)>& change) {
        const token::KeySet token_keys{keys_->key(token::KeyUse::token).public_key()};
        const auto verified =
            token::verify_key_access(host.token(), authority.group(), token_keys, clock_.now());
        VS_CHECK(verified.has_value());
        token::KeyAccess claims = verified->claims();
        change(claims);
        return token::issue_key_access(keys_->key(token::KeyUse::token), claims).value();
    }

    net::ClientResponse open(const std::string& token) {
        protocol::SessionRequest request = host.session_request();
        request.token = token;
        return *host.send(protocol::session_path, json::canonical(request.to_json()));
    }

    net::ClientResponse message(const std::string& text) {
        return *host.send(protocol::release_path, text, "application/jose");
    }

    protocol::SealedRequest seal(std::string_view plain) { return *host.session().seal(random_, plain); }

    static std::string generate() {
        return protocol::ReleaseRequest{
            .operations = {protocol::GenerateKey{.provider = {"gold"}, .context = fresh_context()}}}
            .encode();
    }

    crypto::SystemRandom random_;
    net::SystemClock clock_;
    std::optional<authority::Keyring> keys_;
};

TEST_F(WireRelease, RefusesSessionRequestsOfAnotherForm) {
    const json::Value good = host.session_request().to_json();
    for (const auto& bodies : {broken_json(good), wrong_members(good)})
        for (const BadBody& body : bodies) {
            SCOPED_TRACE(body.what);
            EXPECT_TRUE(
                says(*host.send(protocol::session_path, body.text), {body.status, "INVALID_ARGUMENT"}));
        }
    EXPECT_TRUE(says(*host.send(protocol::session_path, std::string(std::size_t{129} << 10U, ' ')),
                     {413, "INVALID_ARGUMENT"}));
}

TEST_F(WireRelease, OpensASessionForALiveTokenOfItsOwnOnly) {
    ASSERT_EQ(open(token([](auto&) {})).status, 200); // the forger's own work is not what fails below
    const SysTime now = clock_.now();

    struct Row {
        const char* what;
        std::function<void(token::KeyAccess&)> change;
        Said said;
    };

    const std::vector<Row> rows{
        {"expired",
         [now](auto& t) {
             t.times = token::times_from(now - std::chrono::hours(1), std::chrono::minutes(30));
         },
         {401, "UNAUTHENTICATED token.expired"}},
        {"not yet valid",
         [now](auto& t) {
             t.times = token::times_from(now + std::chrono::hours(1), std::chrono::minutes(30));
         },
         {403, "UNAUTHORIZED token."}},
        {"of another cluster",
         [](auto& t) { t.group = std::string(32, 'a'); },
         {403, "UNAUTHORIZED token.issuer"}},
        {"for another release key",
         [](auto& t) { t.release_key = crypto::EcPrivateKey::generate().public_key().thumbprint(); },
         {403, "UNAUTHORIZED "}},
        {"of another epoch", [](auto& t) { t.epoch -= 1; }, {401, "UNAUTHENTICATED gate.epoch"}},
        {"of an epoch to come", [](auto& t) { t.epoch += 1; }, {401, "UNAUTHENTICATED gate.epoch"}},
        {"of a host that nobody enrolled",
         [](auto& t) { t.host.text = "h-" + std::string(32, '0'); },
         {403, "UNAUTHORIZED gate."}},
        {"of another AK",
         [](auto& t) { t.ak_name = "000b" + std::string(64, '7'); },
         {403, "UNAUTHORIZED gate."}},
        {"for an image that there is not",
         [](auto& t) { t.base_image.text = "no such image"; },
         {403, "UNAUTHORIZED gate."}},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.what);
        EXPECT_TRUE(says(open(token(row.change)), row.said));
    }
    const auto stranger = crypto::EcPrivateKey::generate();
    const token::KeySet token_keys{keys_->key(token::KeyUse::token).public_key()};
    const auto claims = token::verify_key_access(host.token(), authority.group(), token_keys, now)->claims();
    EXPECT_TRUE(says(open(*token::issue_key_access(stranger, claims)), {403, "UNAUTHORIZED token.kid"}));
    for (const auto use : {token::KeyUse::report, token::KeyUse::session, token::KeyUse::change}) {
        EXPECT_TRUE(
            says(open(*token::issue_key_access(keys_->key(use), claims)), {403, "UNAUTHORIZED token.kid"}));
    }
}

TEST_F(WireRelease, OpensNoSessionForATokenThatWasChanged) {
    const std::string good = host.token();
    for (const std::size_t place : {std::size_t{3}, good.size() / 2, good.size() - 3}) {
        std::string changed = good;
        changed[place] = changed[place] == 'A' ? 'B' : 'A';
        const auto response = open(changed);
        EXPECT_TRUE(response.status == 400 || response.status == 403) << place << " " << response.status;
        EXPECT_FALSE(error_of(response).empty());
    }
    for (const std::string& text : {std::string(),
                                    std::string("a.b.c"),
                                    good + ".x",
                                    good.substr(0, 40),
                                    good.substr(0, good.rfind('.') + 1)}) {
        const auto response = open(text);
        EXPECT_TRUE(says(response, {400, "INVALID_ARGUMENT"}) || says(response, {403, "UNAUTHORIZED"}))
            << response.status;
    }
    // The reporting token says the same and opens nothing.
    const auto attested = host.attest();
    ASSERT_TRUE(attested && attested->reporting_token);
    EXPECT_NE(open(*attested->reporting_token).status, 200);
}

TEST_F(WireRelease, TakesEachMessageOnceAndInOrder) {
    ASSERT_TRUE(host.open_session());
    const auto first = seal(generate());
    const auto second = seal(generate());
    const auto third = seal(generate());
    EXPECT_EQ(message(second.text).status, 200);
    EXPECT_TRUE(says(message(second.text), {403, "UNAUTHORIZED session.number"}));
    EXPECT_TRUE(says(message(first.text), {403, "UNAUTHORIZED session.number"}));
    EXPECT_EQ(message(third.text).status, 200); // what was refused did not end the session
}

TEST_F(WireRelease, RefusesMessagesThatWereChanged) {
    ASSERT_TRUE(host.open_session());
    const auto sealed = seal(generate());
    for (std::size_t at = 0; at < sealed.text.size(); at += sealed.text.size() / 12) {
        std::string changed = sealed.text;
        if (changed[at] == '.')
            continue;
        changed[at] = changed[at] == 'A' ? 'B' : 'A';
        const auto response = message(changed);
        SCOPED_TRACE(at);
        EXPECT_TRUE(response.status == 400 || response.status == 403 || response.status == 404)
            << response.status;
        EXPECT_FALSE(error_of(response).empty());
    }
    EXPECT_EQ(message(sealed.text).status, 200); // none of them used up its number

    const std::string cut = sealed.text.substr(0, sealed.text.size() - 4);
    for (const std::string& text : {cut, std::string("hello"), std::string("...."), std::string("{}")})
        EXPECT_TRUE(says(message(text), {400, "INVALID_ARGUMENT"}) ||
                    says(message(text), {403, "UNAUTHORIZED"}));
    EXPECT_TRUE(says(message(std::string((std::size_t{256} << 10U) + 1, 'A')), {413, "INVALID_ARGUMENT"}));
}

TEST_F(WireRelease, KnowsItsOwnSessionsOnly) {
    ASSERT_TRUE(host.open_session());
    const auto mine = seal(generate());
    ASSERT_TRUE(host.open_session());
    const auto second = seal(generate());
    EXPECT_EQ(message(mine.text).status, 200); // two sessions stand side by side
    EXPECT_EQ(message(second.text).status, 200);

    AuthorityProcess foreign;
    const auto elsewhere = foreign.post(protocol::release_path, mine.text);
    EXPECT_TRUE(says(elsewhere, {404, "NOT_FOUND release.session"}));
    EXPECT_EQ(foreign.daemon().stop(), 0);
}

TEST_F(WireRelease, RefusesRequestsOfAnotherFormInsideAMessage) {
    ASSERT_TRUE(host.open_session());
    const std::string good = generate();
    std::string many = R"({"operations":[)";
    const std::string one = good.substr(good.find("[") + 1, good.rfind("]") - good.find("[") - 1);
    for (std::size_t i = 0; i <= protocol::max_operations; ++i)
        many += (i == 0 ? "" : ",") + one;
    many += R"(],"quote":null,"version":2})";
    const std::vector<std::string> bad{"",
                                       "hello",
                                       "{}",
                                       R"({"operations":[],"quote":null,"version":2})",
                                       R"({"operations":[{"op":"destroy"}],"quote":null,"version":2})",
                                       " " + good,
                                       many};
    for (const std::string& plain : bad) {
        SCOPED_TRACE(plain.substr(0, 60));
        EXPECT_TRUE(says(message(seal(plain).text), {400, "INVALID_ARGUMENT"}) ||
                    says(message(seal(plain).text), {413, "INVALID_ARGUMENT"}));
    }
    EXPECT_TRUE(says(message(seal(R"({"operations":[],"version":1})").text), {400, "UNSUPPORTED"}));
    EXPECT_EQ(message(seal(good).text).status, 200);
}

TEST_F(WireRelease, RefusesOperationsInsideTheAnswer) {
    ASSERT_TRUE(host.open_session());
    const protocol::Context context = fresh_context();
    const auto made = host.release(protocol::GenerateKey{.provider = {"gold"}, .context = context});
    ASSERT_TRUE(made);
    Buffer flipped = *made->ciphertext;
    flipped.back() ^= 1U;
    const Buffer cut(made->ciphertext->begin(), made->ciphertext->end() - 1);

    struct Row {
        const char* what;
        protocol::Operation operation;
    };

    const std::vector<Row> rows{
        {"no such provider", protocol::GenerateKey{.provider = {"lead"}, .context = context}},
        {"a blob that was changed",
         protocol::DecryptKey{.provider = {"gold"}, .ciphertext = flipped, .context = context}},
        {"a blob that was cut off",
         protocol::DecryptKey{.provider = {"gold"}, .ciphertext = cut, .context = context}},
        {"another key's context",
         protocol::DecryptKey{
             .provider = {"gold"}, .ciphertext = *made->ciphertext, .context = fresh_context()}},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.what);
        const auto refused = host.release(row.operation);
        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().where, "");
    }
    EXPECT_TRUE(host.release(
        protocol::DecryptKey{.provider = {"gold"}, .ciphertext = *made->ciphertext, .context = context}));
}

// A session ends with its token, whatever its own life would be.
TEST_F(WireRelease, EndsASessionWithItsToken) {
    const SysTime now = clock_.now();
    const std::string dying =
        token([now](auto& t) { t.times = token::times_from(now, std::chrono::seconds(3)); });
    protocol::SessionRequest request = host.session_request();
    request.token = dying;
    const auto response = *host.send(protocol::session_path, json::canonical(request.to_json()));
    ASSERT_EQ(response.status, 200);
    const auto answer = protocol::SessionAnswer::from_json(json_of(response));
    EXPECT_LE(answer->expires, now + std::chrono::seconds(3));
    const token::KeySet session_keys{keys_->key(token::KeyUse::session).public_key()};
    auto session = protocol::HostSession::open({.release_key = host.machine.release_key,
                                                .request = request,
                                                .answer = *answer,
                                                .group = authority.group(),
                                                .authority_host = answer->authority_host,
                                                .session_keys = session_keys,
                                                .now = now});
    ASSERT_TRUE(session);
    while (clock_.now() < answer->expires)
        std::this_thread::sleep_until(std::chrono::system_clock::time_point(answer->expires));
    const auto late = message(session->seal(random_, generate())->text);
    EXPECT_TRUE(says(late, {404, "NOT_FOUND release.session"}));
    EXPECT_TRUE(says(open(dying), {401, "UNAUTHENTICATED token.expired"}));
}

} // namespace
} // namespace vouchsafe::test

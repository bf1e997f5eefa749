#include "base/reader.h"
#include "protocol/release.h"
#include "protocol/statement.h"

#include <gtest/gtest.h>

#include <string>

namespace vouchsafe::protocol {
namespace {

Context context() {
    return Context{.key_id = std::string(32, 'a'), .vm = VmId{"11111111-2222-4333-8444-555555555555"}};
}

constexpr std::string_view context_text =
    R"({"key_id":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","version":1,"vm":"11111111-2222-4333-8444-555555555555"})";

TEST(Context, HasOneEncoding) {
    EXPECT_EQ(context().canonical(), context_text);
    EXPECT_EQ(Context::from_json(context().to_json()), Result<Context>(context()));
    const auto refused = [](std::string_view member, json::Value value) {
        json::Value bad = context().to_json();
        bad.as_object().insert_or_assign(std::string(member), std::move(value));
        const auto result = Context::from_json(bad);
        return result ? std::string() : result.error().where;
    };
    EXPECT_EQ(refused("key_id", "aa"), "context.key_id");
    EXPECT_EQ(refused("vm", "11111111-2222-4333-8444-55555555555X"), "context.vm");
    EXPECT_EQ(refused("version", 2), "context.version");
    EXPECT_EQ(refused("name", "x"), "context");
}

ReleaseRequest request() {
    return ReleaseRequest{
        .operations = {
            GenerateKey{.provider = KeyProviderId{"gold"}, .context = context()},
            DecryptKey{.provider = KeyProviderId{"gold"}, .ciphertext = {1, 2, 3}, .context = context()},
            RewrapKey{.provider = KeyProviderId{"gold"}, .ciphertext = {4, 5}, .context = context()}}};
}

ReleaseRequest quoted() {
    ReleaseRequest out = request();
    out.quote =
        ReleaseQuote{.attest = {1, 2},
                     .signature = {3},
                     .pcrs = {{.bank = "sha256", .values = {{0, Buffer(32, 1)}, {10, Buffer(32, 2)}}}},
                     .statement = "{}",
                     .ima_log = Buffer{9}};
    return out;
}

TEST(ReleaseRequest, ComesBackAsSent) {
    EXPECT_EQ(ReleaseRequest::parse(request().encode()), Result<ReleaseRequest>(request()));
    EXPECT_EQ(ReleaseRequest::parse(quoted().encode()), Result<ReleaseRequest>(quoted()));
}

TEST(ReleaseRequest, HasADigestThatNoQuoteChanges) {
    EXPECT_EQ(request().digest(), to_hex(crypto::sha256(as_bytes(request().encode()))));
    EXPECT_EQ(quoted().digest(), request().digest());
    ReleaseRequest other = request();
    other.operations.pop_back();
    EXPECT_NE(other.digest(), request().digest());
}

TEST(ReleaseRequest, BoundsEveryPartOfItsQuote) {
    const auto refused = [](const auto& spoil) {
        ReleaseRequest bad = quoted();
        spoil(*bad.quote);
        const auto parsed = ReleaseRequest::parse(bad.encode());
        return parsed ? std::string() : parsed.error().where;
    };
    const std::string at = "release_request.quote";
    EXPECT_EQ(refused([](auto& q) { q.attest.assign(max_attest_bytes + 1, 0); }), at + ".attest");
    EXPECT_EQ(refused([](auto& q) { q.signature.clear(); }), at + ".signature");
    EXPECT_EQ(refused([](auto& q) { q.pcrs.assign(max_banks + 1, q.pcrs.front()); }), at + ".pcrs");
    EXPECT_EQ(refused([](auto& q) { q.pcrs.front().values[24] = Buffer(32); }), at + ".pcrs.values");
    EXPECT_EQ(refused([](auto& q) { q.statement.assign(max_statement_bytes + 1, ' '); }), at + ".statement");
    EXPECT_EQ(refused([](auto& q) { q.ima_log->assign(max_ima_increment_bytes + 1, 0); }), at + ".ima_log");
    EXPECT_EQ(refused([](auto& q) { q.ima_log->assign(max_ima_increment_bytes, 0); }), "");
    EXPECT_EQ(refused([](auto& q) { q.ima_log.reset(); }), "");
}

struct Bad {
    std::string_view name;
    std::string_view from;
    std::string_view to;
    std::string_view where;
};

class BadReleaseRequests : public testing::TestWithParam<Bad> {};

TEST_P(BadReleaseRequests, AreRefused) {
    std::string text = request().encode();
    const std::size_t place = text.find(GetParam().from);
    ASSERT_NE(place, text.npos);
    text.replace(place, GetParam().from.size(), GetParam().to);
    const auto parsed = ReleaseRequest::parse(text);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().where, GetParam().where);
}

constexpr std::string_view at_operation = "release_request.operations";

INSTANTIATE_TEST_SUITE_P(
    ReleaseRequest,
    BadReleaseRequests,
    testing::Values(
        Bad{"UnknownOperation", "generate-key", "export-key", "release_request.operations.op"},
        Bad{"NoProvider", R"("provider":"gold")", R"("provider":"")", "release_request.operations.provider"},
        Bad{"NoCiphertext", R"("AQID")", R"("")", "release_request.operations.ciphertext"},
        Bad{"CiphertextOfGenerate", R"({"context")", R"({"ciphertext":"AQID","context")", at_operation},
        Bad{"OtherVersion", R"("version":2})", R"("version":1})", "release_request.version"},
        Bad{"NotCanonical", R"({"operations")", R"({ "operations")", "json.canonical"}),
    [](const auto& row) { return std::string(row.param.name); });

TEST(ReleaseRequest, HasOneToSixtyFourOperations) {
    ReleaseRequest many;
    many.operations.assign(max_operations, request().operations.front());
    EXPECT_TRUE(ReleaseRequest::parse(many.encode()));
    std::string more = many.encode();
    const std::size_t first = more.find('[') + 1;
    more.insert(first, more.substr(first, more.find("},{") + 2 - first));
    EXPECT_EQ(ReleaseRequest::parse(more).error().where, "release_request.operations");
    EXPECT_EQ(ReleaseRequest::parse(R"({"operations":[],"quote":null,"version":2})").error().where,
              "release_request.operations");
}

Secret key_of(std::uint8_t byte) {
    return Secret(Buffer(key_size, byte));
}

const Buffer nonce(nonce_size, 0);
constexpr std::string_view nonce_text = R"({"nonce":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",)";

ReleaseAnswer answer() {
    ReleaseAnswer out{.results = {}, .nonce = nonce};
    out.results.emplace_back(ReleasedKey{.ciphertext = Buffer{9}, .key = key_of(1)});
    out.results.emplace_back(
        ReleaseRefusal{.error_type = "UNAUTHORIZED", .code = "provider.group", .message = "not served"});
    out.results.emplace_back(ReleaseRefusal{
        .error_type = "SERVICE_UNAVAILABLE", .code = "quota", .message = "later", .retry_after = 7});
    out.results.emplace_back(RewrappedKey{.ciphertext = Buffer{7}});
    out.results.emplace_back(ReleasedKey{.ciphertext = {}, .key = key_of(2)});
    return out;
}

TEST(ReleaseAnswer, ComesBackAsSent) {
    const auto parsed = ReleaseAnswer::parse(answer().encode());
    ASSERT_TRUE(parsed);
    ASSERT_EQ(parsed->results.size(), 5U);
    EXPECT_EQ(parsed->nonce, nonce);
    const auto& made = std::get<ReleasedKey>(parsed->results.at(0));
    EXPECT_EQ(made.ciphertext, Buffer{9});
    made.key.expose([](Bytes key) { EXPECT_TRUE(same_bytes(key, Buffer(key_size, 1))); });
    EXPECT_EQ(std::get<ReleaseRefusal>(parsed->results.at(1)).code, "provider.group");
    EXPECT_EQ(std::get<ReleaseRefusal>(parsed->results.at(1)).retry_after, std::nullopt);
    EXPECT_EQ(std::get<ReleaseRefusal>(parsed->results.at(2)).retry_after, 7);
    EXPECT_EQ(std::get<RewrappedKey>(parsed->results.at(3)).ciphertext, Buffer{7});
    const auto& opened = std::get<ReleasedKey>(parsed->results.at(4));
    EXPECT_FALSE(opened.ciphertext);
    opened.key.expose([](Bytes key) { EXPECT_TRUE(same_bytes(key, Buffer(key_size, 2))); });
}

TEST(ReleaseAnswer, KeepsKeysOutOfTheJson) {
    answer().encode().expose([](Bytes bytes) {
        Reader reader(bytes);
        const auto size = reader.big<std::uint32_t>("size");
        const auto text = reader.take(*size, "json");
        EXPECT_EQ(as_text(*text),
                  std::string(nonce_text) +
                      R"("results":[{"ciphertext":"CQ==","key":0},{"error":{"code":"provider.group",)"
                      R"("error_type":"UNAUTHORIZED","message":"not served"}},{"error":{"code":"quota",)"
                      R"("error_type":"SERVICE_UNAVAILABLE","message":"later","retry_after":7}},)"
                      R"({"ciphertext":"Bw=="},{"key":1}],)"
                      R"("version":2})");
        EXPECT_EQ(reader.remaining(), 2 * key_size);
    });
}

std::string where_of(std::string_view members, std::size_t keys_bytes, std::string_view first = nonce_text) {
    const std::string json = std::string(first) + std::string(members);
    Writer writer;
    writer.big(static_cast<std::uint32_t>(json.size())).text(json).bytes(Buffer(keys_bytes));
    const auto parsed = ReleaseAnswer::parse(Secret(writer.view()));
    return parsed ? std::string() : parsed.error().where;
}

TEST(ReleaseAnswer, RefusesABrokenFrame) {
    EXPECT_EQ(where_of(R"("results":[{"key":0}],"version":2})", 32), "");
    EXPECT_EQ(where_of(R"("results":[{"key":0}],"version":2})", 31), "release_answer.keys");
    EXPECT_EQ(where_of(R"("results":[{"key":0}],"version":2})", 33), "release_answer.keys");
    EXPECT_EQ(where_of(R"("results":[{"key":1}],"version":2})", 64), "release_answer.key");
    EXPECT_EQ(where_of(R"("results":[{"key":0},{"key":0}],"version":2})", 32), "release_answer.key");
    EXPECT_EQ(where_of(R"("results":[{"key":0},{"key":1}],"version":2})", 64), "");
    EXPECT_EQ(where_of(R"("results":[],"version":2})", 0), "release_answer.results");
    EXPECT_EQ(where_of(R"("results":[{}],"version":2})", 0), "release_answer.result.key");
    EXPECT_EQ(where_of(R"("results":[{"ciphertext":"Bw=="}],"version":2})", 0), "");
    EXPECT_EQ(where_of(R"("results":[{"ciphertext":"Bw=="}],"version":2})", 32), "release_answer.keys");
    EXPECT_EQ(where_of(R"("results":[{"key":0}],"version":3})", 32), "release_answer.version");
    EXPECT_EQ(where_of(R"("results":[{"key":0,"secret":1}],"version":2})", 32), "release_answer.result");
    EXPECT_EQ(where_of(R"("results":[{"key":0}],"version":2})", 32, R"({)"), "release_answer.nonce");
    EXPECT_EQ(where_of(R"("results":[{"key":0}],"version":2})", 32, R"({"nonce":"AAAA",)"),
              "release_answer.nonce");
    EXPECT_EQ(ReleaseAnswer::parse(Secret(3)).error().where, "release_answer.size");
    EXPECT_EQ(ReleaseAnswer::parse(Secret(Buffer{0, 0, 0, 9})).error().where, "release_answer.json");
    EXPECT_EQ(ReleaseAnswer::parse(Secret(Buffer(8, 0xFF))).error().code, Errc::too_large);
}

} // namespace
} // namespace vouchsafe::protocol

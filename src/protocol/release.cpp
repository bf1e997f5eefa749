#include "protocol/release.h"

#include "base/reader.h"
#include "crypto/digest.h"
#include "json/members.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/parts.h"
#include "protocol/statement.h"

#include <algorithm>
#include <span>

namespace vouchsafe::protocol {

namespace {

constexpr Bounds ciphertext_bounds{1, max_ciphertext_bytes};
constexpr std::int64_t max_retry_after = 86'400;
constexpr std::size_t max_answer_json = std::size_t{512} << 10U;
constexpr json::Limits release_limits{.bytes = max_answer_json, .depth = 6, .items = 4096};
constexpr std::int64_t request_version = 2;
constexpr std::int64_t answer_version = 2;
constexpr Bounds nonce_bounds{nonce_size, nonce_size};

json::Value operation_to_json(const Operation& operation) {
    json::Object out = std::visit(
        [](const auto& any) {
            return json::Object{{"provider", any.provider.text}, {"context", any.context.to_json()}};
        },
        operation);
    out.emplace("op", operation_name(operation));
    if (const Buffer* const blob = blob_of(operation))
        out.emplace("ciphertext", to_base64(*blob));
    return json::Value(std::move(out));
}

Result<Operation> operation_from_json(const json::Value& value, const std::string& where) {
    json::Members m(value, where);
    VS_TRY(const auto name, m.string("op"));
    VS_TRY(auto provider, text(m, "provider", max_word_bytes));
    VS_TRY(const json::Value* const context_value, m.value("context"));
    VS_TRY(Context context, Context::from_json(*context_value, where + ".context"));
    if (provider.empty())
        return fail(Errc::malformed, where + ".provider", "empty");
    if (name == "generate-key") {
        VS_TRY_VOID(m.finish());
        return GenerateKey{.provider = KeyProviderId{std::move(provider)}, .context = std::move(context)};
    }
    if (name != "decrypt" && name != "rewrap")
        return fail(Errc::malformed, where + ".op", "no operation of ours");
    VS_TRY(Buffer ciphertext, bytes(m, "ciphertext", ciphertext_bounds));
    VS_TRY_VOID(m.finish());
    if (name == "rewrap")
        return RewrapKey{.provider = KeyProviderId{std::move(provider)},
                         .ciphertext = std::move(ciphertext),
                         .context = std::move(context)};
    return DecryptKey{.provider = KeyProviderId{std::move(provider)},
                      .ciphertext = std::move(ciphertext),
                      .context = std::move(context)};
}

json::Value refusal_to_json(const ReleaseRefusal& refusal) {
    json::Object error{
        {"error_type", refusal.error_type}, {"code", refusal.code}, {"message", refusal.message}};
    if (refusal.retry_after)
        error.emplace("retry_after", *refusal.retry_after);
    return json::object({{"error", json::Value(std::move(error))}});
}

Result<ReleaseRefusal> read_refusal(json::Members m) {
    ReleaseRefusal out;
    VS_TRY(out.error_type, word(m, "error_type"));
    VS_TRY(out.code, word(m, "code"));
    VS_TRY(out.message, text(m, "message"));
    VS_TRY(out.retry_after, m.optional_integer("retry_after", {.least = 1, .most = max_retry_after}));
    VS_TRY_VOID(m.finish());
    return out;
}

/// The next key of those that follow the JSON text; they are named by index, in order, each once.
Result<Secret> take_key(Reader& keys, std::int64_t index, std::size_t& taken) {
    if (!std::cmp_equal(index, taken))
        return fail(Errc::malformed, "release_answer.key", "not the next key");
    VS_TRY(const Bytes key, keys.take(key_size, "release_answer.keys"));
    ++taken;
    return Secret(key);
}

struct KeyReader {
    Reader keys;
    std::size_t taken = 0;
};

Result<OperationResult> read_result(const json::Value& value, KeyReader& keys) {
    json::Members m(value, "release_answer.result");
    VS_TRY(auto refusal, m.optional_object("error"));
    if (refusal) {
        VS_TRY_VOID(m.finish());
        VS_TRY(auto out, read_refusal(*std::move(refusal)));
        return OperationResult(std::move(out));
    }
    VS_TRY(auto ciphertext, optional_bytes(m, "ciphertext", ciphertext_bounds));
    VS_TRY(const auto index, m.optional_integer("key", {.least = 0, .most = max_operations}));
    VS_TRY_VOID(m.finish());
    if (!index && !ciphertext)
        return fail(Errc::malformed, "release_answer.result.key", "neither key nor blob");
    if (!index)
        return OperationResult(RewrappedKey{.ciphertext = *std::move(ciphertext)});
    VS_TRY(Secret key, take_key(keys.keys, *index, keys.taken));
    return OperationResult(ReleasedKey{.ciphertext = std::move(ciphertext), .key = std::move(key)});
}

Result<ReleaseAnswer> parse_answer(Bytes answer) {
    Reader reader(answer);
    VS_TRY(const auto size, reader.big<std::uint32_t>("release_answer.size"));
    if (size > max_answer_json)
        return fail(Errc::too_large, "release_answer.size", "more than an answer has");
    VS_TRY(const Bytes text, reader.take(size, "release_answer.json"));
    VS_TRY(const json::Value value, json::parse_canonical(text, release_limits));
    json::Members m(value, "release_answer");
    VS_TRY_VOID(m.version(answer_version));
    VS_TRY(const json::Array* const results, m.array("results"));
    VS_TRY(Buffer nonce, bytes(m, "nonce", nonce_bounds));
    VS_TRY_VOID(m.finish());
    if (results->empty() || results->size() > max_operations)
        return fail(Errc::malformed, "release_answer.results", "none, or too many");
    KeyReader keys{.keys = Reader(reader.rest())};
    ReleaseAnswer out{.results = {}, .nonce = std::move(nonce)};
    for (const json::Value& item : *results) {
        VS_TRY(OperationResult result, read_result(item, keys));
        out.results.push_back(std::move(result));
    }
    VS_TRY_VOID(keys.keys.finish("release_answer.keys"));
    return out;
}

json::Value request_to_json(const ReleaseRequest& request, const json::Value& quote) {
    return json::object({{"version", request_version},
                         {"operations", json::array_of(request.operations, operation_to_json)},
                         {"quote", quote}});
}

void copy_into(std::span<std::uint8_t>& room, Bytes bytes) {
    std::ranges::copy(bytes, room.begin());
    room = room.subspan(bytes.size());
}

} // namespace

json::Value Context::to_json() const {
    return json::object({{"version", 1}, {"key_id", key_id}, {"vm", vm.text}});
}

std::string Context::canonical() const {
    return json::canonical(to_json());
}

Result<Context> Context::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    Context out;
    VS_TRY_VOID(m.version(1));
    VS_TRY(out.key_id, id128(m, "key_id"));
    VS_TRY(out.vm.text, uuid(m, "vm"));
    VS_TRY_VOID(m.finish());
    return out;
}

std::string_view operation_name(const Operation& operation) {
    if (std::holds_alternative<GenerateKey>(operation))
        return "generate-key";
    return std::holds_alternative<DecryptKey>(operation) ? "decrypt" : "rewrap";
}

const Buffer* blob_of(const Operation& operation) {
    if (const auto* const decrypt = std::get_if<DecryptKey>(&operation))
        return &decrypt->ciphertext;
    const auto* const rewrap = std::get_if<RewrapKey>(&operation);
    return rewrap != nullptr ? &rewrap->ciphertext : nullptr;
}

const KeyProviderId& provider_of(const Operation& operation) {
    return std::visit([](const auto& any) -> const KeyProviderId& { return any.provider; }, operation);
}

const Context& context_of(const Operation& operation) {
    return std::visit([](const auto& any) -> const Context& { return any.context; }, operation);
}

std::string ReleaseRequest::encode() const {
    VS_CHECK(!operations.empty() && operations.size() <= max_operations);
    return json::canonical(request_to_json(*this, quote ? quote->to_json() : json::Value()));
}

std::string ReleaseRequest::digest() const {
    return to_hex(crypto::sha256(as_bytes(json::canonical(request_to_json(*this, {})))));
}

Result<ReleaseRequest> ReleaseRequest::parse(std::string_view text) {
    VS_TRY(const json::Value value, json::parse_canonical(text, release_limits));
    json::Members m(value, "release_request");
    ReleaseRequest out;
    VS_TRY_VOID(m.version(request_version));
    VS_TRY(out.operations, m.list<Operation>("operations", max_operations, operation_from_json));
    VS_TRY(const json::Value* const quote, m.optional_value("quote"));
    VS_TRY_VOID(m.finish());
    if (quote != nullptr) {
        VS_TRY(out.quote, ReleaseQuote::from_json(*quote, at(m, "quote")));
    }
    if (out.operations.empty())
        return fail(Errc::malformed, "release_request.operations", "none");
    return out;
}

Secret ReleaseAnswer::encode() const {
    VS_CHECK(!results.empty() && results.size() <= max_operations && nonce.size() == nonce_size);
    json::Array items;
    std::size_t keys = 0;
    for (const OperationResult& result : results) {
        if (const auto* const refusal = std::get_if<ReleaseRefusal>(&result)) {
            items.push_back(refusal_to_json(*refusal));
            continue;
        }
        if (const auto* const rewrapped = std::get_if<RewrappedKey>(&result)) {
            items.push_back(json::object({{"ciphertext", to_base64(rewrapped->ciphertext)}}));
            continue;
        }
        const auto& released = std::get<ReleasedKey>(result);
        VS_CHECK(released.key.size() == key_size);
        json::Object item;
        if (released.ciphertext)
            item.emplace("ciphertext", to_base64(*released.ciphertext));
        item.emplace("key", keys++);
        items.emplace_back(std::move(item));
    }
    const std::string text = json::canonical(json::object({{"version", answer_version},
                                                           {"nonce", to_base64(nonce)},
                                                           {"results", json::Value(std::move(items))}}));
    const Buffer size = Writer().big(static_cast<std::uint32_t>(text.size())).done();

    Secret out(size.size() + text.size() + keys * key_size);
    out.fill([&](std::span<std::uint8_t> room) {
        copy_into(room, size);
        copy_into(room, as_bytes(text));
        for (const OperationResult& result : results)
            if (const auto* const released = std::get_if<ReleasedKey>(&result))
                released->key.expose([&room](Bytes key) { copy_into(room, key); });
    });
    return out;
}

Result<ReleaseAnswer> ReleaseAnswer::parse(const Secret& bytes) {
    return bytes.expose([](Bytes plain) { return parse_answer(plain); });
}

} // namespace vouchsafe::protocol

#include "token/jwe.h"

#include "base/bytes.h"
#include "crypto/aead.h"
#include "json/parse.h"
#include "json/write.h"

#include <array>

namespace vouchsafe::token {

namespace {

constexpr std::string_view key_management = "dir";
constexpr std::string_view encryption = "A256GCM";

std::string encode_header(json::Object header) {
    VS_CHECK(header.contains("typ") && !header.contains("alg") && !header.contains("enc"));
    header.emplace("alg", key_management);
    header.emplace("enc", encryption);
    return to_base64url(as_bytes(json::canonical(json::Value(std::move(header)))));
}

std::string assemble(std::string header, Bytes nonce, Bytes sealed) {
    const std::size_t cipher = sealed.size() - crypto::gcm_tag_size;
    std::string text = std::move(header);
    text += ".."; // the encrypted key is empty
    text += to_base64url(nonce);
    text += '.';
    text += to_base64url(sealed.first(cipher));
    text += '.';
    text += to_base64url(sealed.subspan(cipher));
    return text;
}

template <class Plain>
std::string seal(const Secret& key, Random& random, json::Object members, const Plain& plain) {
    std::string header = encode_header(std::move(members));
    const Buffer nonce = random.bytes(crypto::gcm_nonce_size);
    const Buffer sealed = crypto::aes256_gcm_seal(key, nonce, as_bytes(header), plain);
    return assemble(std::move(header), nonce, sealed);
}

/// The five parts of a compact JWE.
Result<std::array<std::string_view, 5>> split(std::string_view text) {
    std::array<std::string_view, 5> parts;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
        const std::size_t dot = text.find('.');
        if (dot == std::string_view::npos)
            return fail(Errc::malformed, "jwe.form", "not five parts");
        parts.at(i) = text.substr(0, dot);
        text.remove_prefix(dot + 1);
    }
    parts.back() = text; // a sixth part holds a dot, no base64url
    return parts;
}

Result<void> check_algorithms(const json::Value& header) {
    const json::Value* const alg = header.find("alg");
    if (alg == nullptr || *alg != json::Value(key_management))
        return fail(Errc::untrusted, "jwe.alg", "not dir");
    const json::Value* const enc = header.find("enc");
    if (enc == nullptr || *enc != json::Value(encryption))
        return fail(Errc::untrusted, "jwe.enc", "not A256GCM");
    return {};
}

Result<json::Value> read_header(Bytes header, const JweLimits& limits) {
    if (header.size() > limits.header_bytes)
        return fail(Errc::too_large, "jwe.size", "header too long");
    auto value = json::parse_canonical(as_text(header));
    if (!value || !value->is_object())
        return fail(Errc::malformed, "jwe.header", "not an object in canonical JSON");
    VS_TRY_VOID(check_algorithms(*value));
    return *std::move(value);
}

} // namespace

std::string seal_jwe(const Secret& key, Random& random, json::Object header, const Secret& plain) {
    return seal(key, random, std::move(header), plain);
}

std::string seal_jwe(const Secret& key, Random& random, json::Object header, Bytes plain) {
    return seal(key, random, std::move(header), plain);
}

Result<ParsedJwe> parse_jwe(std::string_view text, const JweLimits& limits) {
    if (text.size() > limits.bytes)
        return fail(Errc::too_large, "jwe.size", "longer than a message may be");
    VS_TRY(const auto parts, split(text));
    const auto header = from_base64url(parts[0]);
    auto iv = from_base64url(parts[2]);
    auto cipher = from_base64url(parts[3]);
    const auto tag = from_base64url(parts[4]);
    if (!header || !parts[1].empty() || !iv || !cipher || !tag)
        return fail(Errc::malformed, "jwe.form", "not base64url, or a key where there is none");
    if (iv->size() != crypto::gcm_nonce_size || tag->size() != crypto::gcm_tag_size)
        return fail(Errc::malformed, "jwe.form", "IV or tag of a wrong size");
    VS_TRY(json::Value value, read_header(*header, limits));
    cipher->insert(cipher->end(), tag->begin(), tag->end());
    return ParsedJwe{.header = std::move(value),
                     .aad = std::string(parts[0]),
                     .iv = *std::move(iv),
                     .sealed = *std::move(cipher)};
}

Result<json::Value> parse_jwe_header(std::string_view text, const JweLimits& limits) {
    if (text.size() > limits.bytes)
        return fail(Errc::too_large, "jwe.size", "longer than a message may be");
    VS_TRY(const auto parts, split(text));
    const auto header = from_base64url(parts[0]);
    if (!header)
        return fail(Errc::malformed, "jwe.form", "a header that is not base64url");
    return read_header(*header, limits);
}

Result<Secret> open_jwe(const Secret& key, const ParsedJwe& jwe) {
    auto plain = crypto::aes256_gcm_open(key, jwe.iv, as_bytes(jwe.aad), jwe.sealed);
    if (!plain)
        return fail(Errc::untrusted, "jwe.open", "was not sealed so under this key");
    return plain;
}

} // namespace vouchsafe::token

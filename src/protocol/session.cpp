#include "protocol/session.h"

#include "base/reader.h"
#include "json/members.h"
#include "protocol/parts.h"
#include "token/keys.h"

namespace vouchsafe::protocol {

namespace {

constexpr std::size_t signature_bytes = 64;

/// lp(x) = u32be size ‖ x
void put_prefixed(Writer& out, Bytes part) {
    out.big(static_cast<std::uint32_t>(part.size())).bytes(part);
}

} // namespace

json::Value SessionRequest::to_json() const {
    return json::object({{"version", 1},
                         {"token", token},
                         {"release_key", token::jwk(release_key)},
                         {"host_random", to_base64(host_random)}});
}

Result<SessionRequest> SessionRequest::from_json(const json::Value& value) {
    json::Members m(value, "session_request");
    VS_TRY_VOID(m.version(1));
    VS_TRY(std::string token_text, text(m, "token", max_session_bytes));
    VS_TRY(const json::Value* const key_value, m.value("release_key"));
    VS_TRY(Buffer random, bytes(m, "host_random", {host_random_size, host_random_size}));
    VS_TRY_VOID(m.finish());
    VS_TRY(auto key, token::key_from_jwk(*key_value, at(m, "release_key")));
    return SessionRequest{
        .token = std::move(token_text), .release_key = std::move(key), .host_random = std::move(random)};
}

json::Value SessionAnswer::to_json() const {
    return json::object({{"version", 1},
                         {"authority_host", authority_host.text},
                         {"session", session},
                         {"ephemeral_key", token::jwk(ephemeral_key)},
                         {"expires", to_text(expires)},
                         {"signature", to_base64(signature)}});
}

Result<SessionAnswer> SessionAnswer::from_json(const json::Value& value) {
    json::Members m(value, "session_answer");
    VS_TRY_VOID(m.version(1));
    VS_TRY(std::string host, word(m, "authority_host"));
    VS_TRY(std::string session_id, id128(m, "session"));
    VS_TRY(const json::Value* const key_value, m.value("ephemeral_key"));
    VS_TRY(const SysTime expiry, m.time("expires"));
    VS_TRY(Buffer signed_bytes, bytes(m, "signature", {signature_bytes, signature_bytes}));
    VS_TRY_VOID(m.finish());
    VS_TRY(auto key, token::key_from_jwk(*key_value, at(m, "ephemeral_key")));
    return SessionAnswer{.authority_host = AuthorityHostId{std::move(host)},
                         .session = std::move(session_id),
                         .ephemeral_key = std::move(key),
                         .expires = expiry,
                         .signature = std::move(signed_bytes)};
}

crypto::Sha256Digest Transcript::digest() const {
    VS_CHECK(host_random.size() == host_random_size);
    Writer out;
    out.text("vouchsafe/session/1");
    put_prefixed(out, as_bytes(group));
    put_prefixed(out, as_bytes(authority_host.text));
    put_prefixed(out, as_bytes(session));
    out.bytes(crypto::sha256(as_bytes(token)));
    put_prefixed(out, release_key.spki_der());
    put_prefixed(out, ephemeral_key.spki_der());
    out.bytes(host_random);
    out.big(static_cast<std::uint64_t>(expires.time_since_epoch().count()));
    return crypto::sha256(out.view());
}

} // namespace vouchsafe::protocol

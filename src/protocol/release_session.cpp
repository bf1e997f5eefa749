#include "protocol/release_session.h"

#include "crypto/digest.h"
#include "crypto/kdf.h"
#include "json/members.h"
#include "protocol/parts.h"
#include "protocol/release.h"
#include "protocol/statement.h"
#include "token/jwe.h"

#include <algorithm>

namespace vouchsafe::protocol {

namespace {

constexpr std::size_t session_id_bytes = 16;
constexpr std::size_t derived_key_size = 32;
/// Answers hold keys and blobs for each operation, in base64 of base64.
constexpr token::JweLimits message_limits{.bytes = max_release_bytes, .header_bytes = 1024};

Result<SessionKeys> derive(const crypto::EcPrivateKey& own,
                           const crypto::EcPublicKey& other,
                           const crypto::Sha256Digest& transcript) {
    VS_TRY(const Secret shared, crypto::ecdh_p256(own, other));
    const auto key = [&](std::string_view info) {
        return crypto::hkdf_sha256(transcript, shared, as_bytes(info), derived_key_size);
    };
    const Secret nonce =
        crypto::hkdf_sha256(transcript, shared, as_bytes("vouchsafe/session/1/nonce"), nonce_size);
    return SessionKeys{.to_authority = key("vouchsafe/session/1/host-to-authority"),
                       .to_host = key("vouchsafe/session/1/authority-to-host"),
                       .first_nonce = nonce.expose([](Bytes bytes) { return to_buffer(bytes); })};
}

json::Object header_of(std::string_view session, std::int64_t number) {
    json::Object out;
    out.emplace("n", number);
    out.emplace("sid", session);
    out.emplace("typ", release_typ);
    return out;
}

struct Header {
    std::string session;
    std::int64_t number = 0;
    std::optional<std::int64_t> answers;       ///< "re"
    std::optional<std::string> request_digest; ///< "rd"
};

enum class Kind : std::uint8_t { request, answer };

Result<Header> read_header(const json::Value& header, Kind kind) {
    json::Members m(header, "session.header");
    Header out;
    VS_TRY_VOID(m.string("alg")); // parse_jwe has compared both
    VS_TRY_VOID(m.string("enc"));
    VS_TRY(const auto typ, m.string("typ"));
    VS_TRY(out.session, id128(m, "sid"));
    VS_TRY(out.number, m.integer("n", {.least = 1, .most = max_session_messages}));
    if (kind == Kind::answer) {
        VS_TRY(out.answers, m.integer("re", {.least = 1, .most = max_session_messages}));
        VS_TRY(out.request_digest, sha256_hex(m, "rd"));
    }
    VS_TRY_VOID(m.finish());
    if (typ != release_typ)
        return fail(Errc::untrusted, "session.header.typ", "another kind of message");
    return out;
}

std::string digest_of(std::string_view message) {
    return to_hex(crypto::sha256(as_bytes(message)));
}

struct Direction {
    std::string_view session;
    const Secret& key;
    std::int64_t& received;
};

/// What a message says to be.
struct Claimed {
    std::string_view session;
    std::int64_t number;
};

/// Opens a message of a direction and counts its number, which must be above all before.
Result<Secret> open_message(const Direction& direction, const Claimed& claimed, const token::ParsedJwe& jwe) {
    if (claimed.session != direction.session)
        return fail(Errc::untrusted, "session.id", "of another session");
    VS_TRY(Secret plain, token::open_jwe(direction.key, jwe));
    if (claimed.number <= direction.received)
        return fail(Errc::untrusted, "session.number", "came before, or too late");
    direction.received = claimed.number;
    return plain;
}

Result<std::int64_t> next_number(std::int64_t& sent) {
    if (sent >= max_session_messages)
        return fail(Errc::expired, "session.exhausted", "a new session is due");
    return ++sent;
}

} // namespace

Result<std::string> claimed_session(std::string_view message) {
    VS_TRY(const json::Value value, token::parse_jwe_header(message, message_limits));
    VS_TRY(Header header, read_header(value, Kind::request));
    return std::move(header.session);
}

Result<HostSession> HostSession::open(const Opening& opening) {
    const SessionAnswer& answer = opening.answer;
    if (answer.authority_host != opening.authority_host)
        return fail(Errc::untrusted, "session.authority_host", "another host answered");
    if (answer.expires <= opening.now)
        return fail(Errc::expired, "session.expired", "over before it began");
    const auto transcript = Transcript{.group = opening.group,
                                       .authority_host = answer.authority_host,
                                       .session = answer.session,
                                       .token = opening.request.token,
                                       .release_key = opening.release_key.public_key(),
                                       .ephemeral_key = answer.ephemeral_key,
                                       .host_random = opening.request.host_random,
                                       .expires = answer.expires}
                                .digest();
    const bool is_signed = std::ranges::any_of(opening.session_keys, [&](const auto& item) {
        return crypto::verify_es256(item.second, transcript, answer.signature).has_value();
    });
    if (!is_signed)
        return fail(Errc::untrusted, "session.signature", "by no session key of this host");
    VS_TRY(SessionKeys keys, derive(opening.release_key, answer.ephemeral_key, transcript));
    return HostSession(answer.session, answer.expires, std::move(keys));
}

Result<SealedRequest> HostSession::seal(Random& random, std::string_view plain) {
    VS_TRY(const std::int64_t number, next_number(sent_));
    std::string message =
        token::seal_jwe(keys_.to_authority, random, header_of(id_, number), as_bytes(plain));
    return SealedRequest{.text = std::move(message), .number = number};
}

Result<Secret> HostSession::open_answer(const SealedRequest& request, std::string_view message) {
    VS_TRY(const token::ParsedJwe jwe, token::parse_jwe(message, message_limits));
    VS_TRY(const Header header, read_header(jwe.header, Kind::answer));
    const Direction direction{.session = id_, .key = keys_.to_host, .received = received_};
    VS_TRY(Secret plain, open_message(direction, {.session = header.session, .number = header.number}, jwe));
    if (header.answers != request.number || header.request_digest != digest_of(request.text))
        return fail(Errc::untrusted, "session.request", "answers another request");
    return plain;
}

Result<AuthoritySession::Opened> AuthoritySession::open(const Opening& opening, Random& random) {
    const token::KeyAccess& token = opening.token.claims();
    const SessionRequest& request = opening.request;
    if (request.release_key.thumbprint() != token.release_key)
        return fail(Errc::untrusted, "session.release_key", "not the key that the token names");
    const auto ephemeral = crypto::EcPrivateKey::generate();
    SessionAnswer answer{.authority_host = opening.authority_host,
                         .session = to_hex(random.bytes(session_id_bytes)),
                         .ephemeral_key = ephemeral.public_key(),
                         .expires = std::min(opening.expires, token.times.expires),
                         .signature = {}};
    const auto transcript = Transcript{.group = opening.group,
                                       .authority_host = answer.authority_host,
                                       .session = answer.session,
                                       .token = request.token,
                                       .release_key = request.release_key,
                                       .ephemeral_key = answer.ephemeral_key,
                                       .host_random = request.host_random,
                                       .expires = answer.expires}
                                .digest();
    answer.signature = to_buffer(crypto::sign_es256(opening.session_key, transcript));
    VS_TRY(SessionKeys keys, derive(ephemeral, request.release_key, transcript));
    AuthoritySession session(answer.session, answer.expires, token, std::move(keys));
    return Opened{.session = std::move(session), .answer = std::move(answer)};
}

Result<SealedMessage> SealedMessage::parse(std::string_view text) {
    SealedMessage out;
    out.text_ = text;
    VS_TRY(out.jwe_, token::parse_jwe(text, message_limits));
    VS_TRY(Header header, read_header(out.jwe_.header, Kind::request));
    out.session_ = std::move(header.session);
    out.number_ = header.number;
    return out;
}

Result<OpenedRequest> AuthoritySession::open_request(const SealedMessage& message, SysTime now) {
    if (now >= expires_)
        return fail(Errc::expired, "session.expired", "its time has passed");
    const Direction direction{.session = id_, .key = keys_.to_authority, .received = received_};
    VS_TRY(Secret plain,
           open_message(direction, {.session = message.session_, .number = message.number_}, message.jwe_));
    return OpenedRequest{
        .number = message.number_, .digest = digest_of(message.text_), .plain = std::move(plain)};
}

Result<std::string>
AuthoritySession::seal_answer(const OpenedRequest& request, Random& random, const Secret& plain) {
    VS_TRY(const std::int64_t number, next_number(sent_));
    json::Object header = header_of(id_, number);
    header.emplace("re", request.number);
    header.emplace("rd", request.digest);
    return token::seal_jwe(keys_.to_host, random, std::move(header), plain);
}

} // namespace vouchsafe::protocol

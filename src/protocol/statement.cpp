#include "protocol/statement.h"

#include "json/members.h"
#include "json/parse.h"
#include "json/write.h"
#include "protocol/parts.h"

namespace vouchsafe::protocol {

namespace {

constexpr std::size_t thumbprint_chars = 43; // base64url of 32 bytes
constexpr json::Limits statement_limits{.bytes = max_statement_bytes, .depth = 3, .items = 64};

json::Value logs_to_json(const LogDigests& logs) {
    return json::object({{"firmware", logs.firmware}, {"ima", logs.ima}, {"userspace", logs.userspace}});
}

Result<LogDigests> read_logs(json::Members m) {
    LogDigests out;
    VS_TRY(out.firmware, optional_sha256_hex(m, "firmware"));
    VS_TRY(out.ima, optional_sha256_hex(m, "ima"));
    VS_TRY(out.userspace, optional_sha256_hex(m, "userspace"));
    VS_TRY_VOID(m.finish());
    return out;
}

Result<QuotePurpose> purpose_from_text(std::string_view text) {
    for (const QuotePurpose purpose : {QuotePurpose::attest, QuotePurpose::release})
        if (to_string(purpose) == text)
            return purpose;
    return fail(Errc::malformed, "statement.purpose", "not one of its words");
}

Result<ReleasePart> read_release(json::Members& m) {
    ReleasePart out;
    VS_TRY(out.request, sha256_hex(m, "request"));
    VS_TRY(out.session, id128(m, "session"));
    return out;
}

} // namespace

std::string_view to_string(QuotePurpose purpose) {
    return purpose == QuotePurpose::attest ? "attest" : "release";
}

std::string Statement::encode() const {
    VS_CHECK(release.has_value() == (purpose == QuotePurpose::release));
    json::Value out = json::object({{"version", 1},
                                    {"agent_version", agent_version},
                                    {"anchor", anchor},
                                    {"boot_id", boot_id},
                                    {"host", host.text},
                                    {"logs", logs_to_json(logs)},
                                    {"purpose", to_string(purpose)},
                                    {"release_key", release_key}});
    if (release) {
        out.as_object().emplace("request", release->request);
        out.as_object().emplace("session", release->session);
    }
    return json::canonical(out);
}

Result<Statement> Statement::parse(std::string_view bytes) {
    VS_TRY(const json::Value value, json::parse_canonical(bytes, statement_limits));
    json::Members m(value, "statement");
    Statement out;
    VS_TRY_VOID(m.version(1));
    VS_TRY(out.agent_version, word(m, "agent_version"));
    VS_TRY(out.anchor, sha256_hex(m, "anchor"));
    VS_TRY(out.boot_id, uuid(m, "boot_id"));
    VS_TRY(out.host.text, word(m, "host"));
    VS_TRY(auto logs_members, m.object("logs"));
    VS_TRY(out.logs, read_logs(std::move(logs_members)));
    VS_TRY(const auto purpose_text, m.string("purpose"));
    VS_TRY(out.purpose, purpose_from_text(purpose_text));
    VS_TRY(out.release_key, word(m, "release_key", thumbprint_chars));
    if (out.purpose == QuotePurpose::release) {
        VS_TRY(out.release, read_release(m));
    }
    VS_TRY_VOID(m.finish());
    // A null that stands for an absent member would be a second form of the same statement.
    if (out.encode() != bytes)
        return fail(Errc::malformed, "statement.canonical", "not in its one encoding");
    return out;
}

crypto::Sha256Digest qualifying_data(Bytes nonce, std::string_view statement) {
    VS_CHECK(nonce.size() == nonce_size);
    const auto digest = crypto::sha256(as_bytes(statement));
    return crypto::sha256({as_bytes("vouchsafe/quote/1"), nonce, digest});
}

} // namespace vouchsafe::protocol

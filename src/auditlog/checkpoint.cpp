#include "auditlog/checkpoint.h"

#include "json/members.h"
#include "token/jwt.h"
#include "token/key_certificate.h"

namespace vouchsafe::auditlog {

namespace {

struct Parts {
    std::string token;
    std::string certificate;
    crypto::EcPublicKey root;
};

Result<Parts> read_parts(const audit::AuditRecord& record) {
    const json::Value fields(record.fields);
    json::Members m(fields, "checkpoint.record");
    VS_TRY(std::string token, m.string("token"));
    VS_TRY(std::string certificate, m.string("certificate"));
    VS_TRY(const json::Value* const root_value, m.value("root"));
    VS_TRY_VOID(m.finish());
    VS_TRY(crypto::EcPublicKey root, token::key_from_jwk(*root_value, "checkpoint.record.root"));
    return Parts{.token = std::move(token), .certificate = std::move(certificate), .root = std::move(root)};
}

Result<crypto::EcPublicKey>
certified_key(const Parts& parts, const std::string& anchor, const audit::AuditRecord& record) {
    if (token::anchor_of(parts.root) != anchor)
        return fail(Errc::untrusted, "checkpoint.anchor", "signed under the root of another cluster");
    VS_TRY(const auto certificate, token::verify_key_certificate(parts.certificate, parts.root, record.time));
    if (certificate->use != token::KeyUse::checkpoint || certificate->host != record.host)
        return fail(Errc::untrusted, "checkpoint.key", "not this host's key for checkpoints");
    return certificate->key;
}

} // namespace

Result<json::Object>
make_checkpoint(const CheckpointSigner& signer, const audit::ChainHead& head, SysTime now) {
    const std::int64_t last = head.next - 1;
    VS_TRY(const std::string token,
           token::issue_checkpoint(signer.key,
                                   {.group = token::group_of(token::anchor_of(signer.root)),
                                    .host = signer.host,
                                    .sequence = last,
                                    .digest = to_hex(head.previous),
                                    .id = signer.host.text + "/" + std::to_string(last),
                                    .time = now}));
    return json::Object{
        {"token", token}, {"certificate", signer.certificate}, {"root", token::jwk(signer.root)}};
}

Result<void> verify_checkpoint(const audit::AuditRecord& record, const CheckpointTrust& trust) {
    VS_TRY(const Parts parts, read_parts(record));
    std::optional<crypto::EcPublicKey> key = trust.key_;
    if (!key) {
        VS_TRY(key, certified_key(parts, trust.anchor_, record));
    }
    // The group only says what the signature must have covered.
    const std::string group = token::group_of(token::anchor_of(parts.root));
    VS_TRY(const auto checkpoint, token::verify_checkpoint(parts.token, group, token::KeySet{*key}));
    if (checkpoint->host != record.host)
        return fail(Errc::untrusted, "checkpoint.host", "the word of another host");
    if (checkpoint->sequence != record.sequence - 1 || checkpoint->digest != to_hex(record.previous))
        return fail(Errc::untrusted, "checkpoint.head", "speaks of another record than the one before it");
    return {};
}

} // namespace vouchsafe::auditlog

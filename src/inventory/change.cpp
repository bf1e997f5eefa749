#include "inventory/change.h"

#include "inventory/json_parts.h"
#include "json/members.h"
#include "json/parse.h"
#include "json/write.h"

#include <algorithm>

namespace vouchsafe::inventory {

namespace {

constexpr std::size_t max_approvers = 16;
constexpr json::Limits record_limits{.bytes = max_change_bytes, .depth = 32, .items = 262144};

json::Value author_to_json(const Author& author) {
    return json::object({{"issuer", author.issuer}, {"subject", author.subject}});
}

Result<Author> author_from_json(const json::Value& value, const std::string& where) {
    json::Members m(value, where);
    Author out;
    VS_TRY(out.issuer, short_text(m, "issuer"));
    VS_TRY(out.subject, short_text(m, "subject"));
    VS_TRY_VOID(m.finish());
    if (out.subject.empty())
        return fail(Errc::malformed, where + ".subject", "empty");
    return out;
}

Buffer signed_bytes(std::string_view record) {
    Buffer out = to_buffer(as_bytes("vouchsafe/change/1"));
    const Bytes bytes = as_bytes(record);
    out.insert(out.end(), bytes.begin(), bytes.end());
    return out;
}

} // namespace

std::string ChangeRecord::encode() const {
    return json::canonical(json::object({{"version", 2},
                                         {"revision", revision},
                                         {"prev", to_hex(previous)},
                                         {"time", to_text(time)},
                                         {"author", author_to_json(author)},
                                         {"approvers", json::array_of(approvers, author_to_json)},
                                         {"authority_host", authority_host.text},
                                         {"epoch", epoch},
                                         {"change", to_json(change)}}));
}

Result<ChangeRecord> ChangeRecord::parse(std::string_view record) {
    VS_TRY(const json::Value value, json::parse_canonical(record, record_limits));
    json::Members m(value, "change");
    VS_TRY_VOID(m.version(2));
    ChangeRecord out;
    VS_TRY(out.revision, m.integer("revision", {.least = 1}));
    VS_TRY(const Buffer previous_raw, m.hex("prev"));
    VS_TRY(out.time, m.time("time"));
    VS_TRY(const json::Value* const author_value, m.value("author"));
    VS_TRY(out.author, author_from_json(*author_value, "change.author"));
    VS_TRY(out.approvers, m.list<Author>("approvers", max_approvers, author_from_json));
    VS_TRY(out.authority_host.text, name(m, "authority_host"));
    VS_TRY(out.epoch, m.integer("epoch", {.least = 1}));
    VS_TRY(const json::Value* const change_value, m.value("change"));
    VS_TRY_VOID(m.finish());
    VS_TRY(out.change, change_from_json(*change_value));
    if (previous_raw.size() != out.previous.size())
        return fail(Errc::malformed, "change.prev", "not a SHA-256");
    std::ranges::copy(previous_raw, out.previous.begin());
    // What was read must be all that was signed: a time in another form, say, is refused here.
    if (out.encode() != record)
        return fail(Errc::malformed, "change.canonical", "not in its one encoding");
    return out;
}

crypto::Sha256Digest record_digest(std::string_view record) {
    return crypto::sha256(as_bytes(record));
}

StoredChange sign_record(const ChangeRecord& record, const crypto::EcPrivateKey& change_key) {
    StoredChange out;
    out.revision = record.revision;
    out.record = record.encode();
    out.kid = change_key.public_key().thumbprint();
    out.signature = to_buffer(crypto::sign_es256(change_key, signed_bytes(out.record)));
    return out;
}

Result<VerifiedChange> verify_record(const StoredChange& stored, const token::KeySet& change_keys) {
    const crypto::EcPublicKey* const key = change_keys.find(stored.kid);
    if (key == nullptr)
        return fail(Errc::untrusted, "change.key", "signed by no key certified for changes");
    if (stored.record.size() > max_change_bytes)
        return fail(Errc::too_large, "change.size", "longer than a record may be");
    if (!crypto::verify_es256(*key, signed_bytes(stored.record), stored.signature))
        return fail(Errc::untrusted, "change.signature", "does not verify");
    VS_TRY(ChangeRecord record, ChangeRecord::parse(stored.record));
    if (record.revision != stored.revision)
        return fail(Errc::malformed, "change.revision", "stored under another");
    return VerifiedChange(std::move(record), record_digest(stored.record));
}

} // namespace vouchsafe::inventory

#include "kmip/message.h"

#include "base/secret.h"
#include "kmip/failure.h"

#include <utility>

namespace vouchsafe::kmip {

namespace {

using ttlv::Item;
using ttlv::Structure;
using ttlv::Tag;

Item authentication(const Credential& credential) {
    Structure value{ttlv::text(Tag::username, credential.username)};
    if (!credential.password.empty())
        value.push_back(credential.password.expose(
            [](Bytes password) { return ttlv::wiped_text(Tag::password, password); }));
    return ttlv::structure(
        Tag::authentication,
        {ttlv::structure(Tag::credential,
                         {ttlv::enumeration(Tag::credential_type,
                                            std::to_underlying(CredentialType::username_and_password)),
                          ttlv::structure(Tag::credential_value, std::move(value))})});
}

// The order of the fields is the specification's: servers read by it.
Item request_header(ProtocolVersion version, const Credential* credential, std::size_t count) {
    Structure fields{ttlv::structure(Tag::protocol_version,
                                     {ttlv::integer(Tag::protocol_version_major, version.major),
                                      ttlv::integer(Tag::protocol_version_minor, version.minor)})};
    if (credential != nullptr)
        fields.push_back(authentication(*credential));
    fields.push_back(ttlv::integer(Tag::batch_count, static_cast<std::int32_t>(count)));
    return ttlv::structure(Tag::request_header, std::move(fields));
}

Item batch_item(const RequestItem& item, std::optional<std::uint8_t> batch_id) {
    Structure parts;
    parts.push_back(ttlv::enumeration(Tag::operation, std::to_underlying(item.operation)));
    if (batch_id)
        parts.push_back(ttlv::byte_string(Tag::unique_batch_item_id, Bytes(&*batch_id, 1)));
    parts.push_back(ttlv::structure(Tag::request_payload, item.payload));
    return ttlv::structure(Tag::batch_item, std::move(parts));
}

/// The bytes arrived, but they say nothing: the connection's framing is in doubt.
std::unexpected<Error> unreadable(std::string_view what) {
    return std::unexpected(failure(FailureClass::transport, "unreadable answer: " + std::string(what)));
}

std::optional<std::uint32_t> find_enumeration(const Item& in, Tag tag) {
    const Item* const found = in.find(tag);
    const auto* const value = found != nullptr ? found->as<ttlv::Enumeration>() : nullptr;
    return value != nullptr ? std::optional(value->value) : std::nullopt;
}

Result<ProtocolVersion> header_version(const Item& message) {
    const Item* const header = message.find(Tag::response_header);
    const Item* const version = header != nullptr ? header->find(Tag::protocol_version) : nullptr;
    if (version == nullptr)
        return unreadable("no protocol version");
    const Item* const major = version->find(Tag::protocol_version_major);
    const Item* const minor = version->find(Tag::protocol_version_minor);
    if (major == nullptr || minor == nullptr || major->as<std::int32_t>() == nullptr ||
        minor->as<std::int32_t>() == nullptr)
        return unreadable("no protocol version");
    return ProtocolVersion{*major->as<std::int32_t>(), *minor->as<std::int32_t>()};
}

Result<ResponseItem> read_item(const Item& batch) {
    const auto status = find_enumeration(batch, Tag::result_status);
    if (!status)
        return unreadable("a batch item without a result status");
    ResponseItem out{.operation = {},
                     .batch_id = {},
                     .status = ResultStatus{*status},
                     .reason = {},
                     .payload = ttlv::structure(Tag::response_payload, {})};
    if (const auto operation = find_enumeration(batch, Tag::operation))
        out.operation = Operation{*operation};
    if (const auto reason = find_enumeration(batch, Tag::result_reason))
        out.reason = ResultReason{*reason};
    if (const Item* const id = batch.find(Tag::unique_batch_item_id))
        if (const auto* const bytes = id->as<ttlv::WipedBytes>())
            out.batch_id = to_buffer(bytes->view());
    if (const Item* const payload = batch.find(Tag::response_payload)) {
        if (payload->type() != ttlv::Type::structure)
            return unreadable("a payload that is no structure");
        out.payload = *payload;
    }
    return out;
}

} // namespace

Buffer
encode_request(ProtocolVersion version, std::span<const RequestItem> items, const Credential* credential) {
    VS_CHECK(!items.empty() && items.size() <= 255);
    Structure message;
    message.push_back(request_header(version, credential, items.size()));
    std::uint8_t id = 0;
    for (const RequestItem& item : items)
        message.push_back(batch_item(item, items.size() > 1 ? std::optional(++id) : std::nullopt));
    return ttlv::encode(ttlv::structure(Tag::request_message, std::move(message)));
}

Result<Response> parse_response(Bytes message, const ttlv::Limits& limits) {
    const auto root = ttlv::parse(message, limits, ttlv::Padding::ignored);
    if (!root)
        return unreadable(root.error().where + ": " + root.error().detail);
    if (root->tag != Tag::response_message || root->type() != ttlv::Type::structure)
        return unreadable("no response message");
    VS_TRY(const ProtocolVersion version, header_version(*root));
    Response out{.version = version, .items = {}};
    for (const Item& item : *root->as<Structure>()) {
        if (item.tag != Tag::batch_item)
            continue;
        VS_TRY(ResponseItem read, read_item(item));
        out.items.push_back(std::move(read));
    }
    return out;
}

Result<Item> single_payload(Response response, Operation operation) {
    if (response.items.size() != 1)
        return std::unexpected(
            failure(FailureClass::transport,
                    "one item was asked for, answered were " + std::to_string(response.items.size())));
    ResponseItem& item = response.items.front();
    if (item.operation && *item.operation != operation)
        return std::unexpected(failure(FailureClass::transport, "the answer is to another operation"));
    switch (item.status) {
    case ResultStatus::success:
        return std::move(item.payload);
    case ResultStatus::operation_failed:
        if (!item.reason)
            return std::unexpected(
                failure(FailureClass::server_fault, to_string(operation) + " failed without a reason"));
        return std::unexpected(failure(*item.reason, operation));
    case ResultStatus::pending: // asynchronous answers were not asked for
    case ResultStatus::undone:
        break;
    }
    return std::unexpected(
        failure(FailureClass::server_fault, to_string(operation) + " was neither done nor refused"));
}

} // namespace vouchsafe::kmip

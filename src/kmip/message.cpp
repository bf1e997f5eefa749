#include "kmip/message.h"

#include "base/secret.h"
#include "kmip/failure.h"

#include <limits>
#include <utility>

namespace vouchsafe::kmip {

namespace {

using ttlv::Item;
using ttlv::Structure;
using ttlv::Tag;

void add_password(Structure& value, const Secret& password) {
    if (!password.empty())
        value.push_back(password.expose([](Bytes bytes) { return ttlv::wiped_text(Tag::password, bytes); }));
}

void add_text(Structure& value, Tag tag, const std::string& text) {
    if (!text.empty())
        value.push_back(ttlv::text(tag, text));
}

Item credential_item(CredentialType type, Structure value) {
    return ttlv::structure(Tag::credential,
                           {ttlv::enumeration(Tag::credential_type, std::to_underlying(type)),
                            ttlv::structure(Tag::credential_value, std::move(value))});
}

Structure device_value(const Device& device) {
    Structure value;
    add_text(value, Tag::device_serial_number, device.serial_number);
    add_password(value, device.password);
    add_text(value, Tag::device_identifier, device.device_identifier);
    add_text(value, Tag::network_identifier, device.network_identifier);
    add_text(value, Tag::machine_identifier, device.machine_identifier);
    add_text(value, Tag::media_identifier, device.media_identifier);
    return value;
}

Item authentication(const Credential& credential) {
    Structure credentials;
    if (!credential.username.empty()) {
        Structure value{ttlv::text(Tag::username, credential.username)};
        add_password(value, credential.password);
        credentials.push_back(credential_item(CredentialType::username_and_password, std::move(value)));
    }
    if (credential.device)
        credentials.push_back(credential_item(CredentialType::device, device_value(*credential.device)));
    return ttlv::structure(Tag::authentication, std::move(credentials));
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

/// The bytes below that tag; none where there are none.
Buffer find_bytes(const Item& in, Tag tag) {
    const Item* const found = in.find(tag);
    const auto* const value = found != nullptr ? found->as<ttlv::WipedBytes>() : nullptr;
    return value != nullptr ? to_buffer(value->view()) : Buffer();
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
                     .correlation = {},
                     .payload = ttlv::structure(Tag::response_payload, {})};
    if (const auto operation = find_enumeration(batch, Tag::operation))
        out.operation = Operation{*operation};
    if (const auto reason = find_enumeration(batch, Tag::result_reason))
        out.reason = ResultReason{*reason};
    out.batch_id = find_bytes(batch, Tag::unique_batch_item_id);
    out.correlation = find_bytes(batch, Tag::asynchronous_correlation_value);
    if (const Item* const payload = batch.find(Tag::response_payload)) {
        if (payload->type() != ttlv::Type::structure)
            return unreadable("a payload that is no structure");
        out.payload = *payload;
    }
    return out;
}

std::unexpected<Error> other_operation() {
    return std::unexpected(failure(FailureClass::transport, "the answer is to another operation"));
}

/// The payload, or the failure that the item tells of.
Result<Item> item_payload(ResponseItem item, Operation operation) {
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

/// Which request an item answers; past the end where it answers none.
std::size_t batch_position(const ResponseItem& item, std::size_t order) {
    if (item.batch_id.empty())
        return order;
    if (item.batch_id.size() != 1 || item.batch_id.front() == 0)
        return std::numeric_limits<std::size_t>::max();
    return item.batch_id.front() - std::size_t{1};
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
    Response out{.version = version, .time_stamp = {}, .items = {}};
    if (const Item* const header = root->find(Tag::response_header))
        if (const Item* const stamp = header->find(Tag::time_stamp))
            if (const auto* const time = stamp->as<ttlv::DateTime>())
                out.time_stamp = time->seconds;
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
        return other_operation();
    return item_payload(std::move(item), operation);
}

Bytes pending_correlation(const Response& response) {
    if (response.items.size() != 1 || response.items.front().status != ResultStatus::pending)
        return {};
    return response.items.front().correlation;
}

RequestItem poll(Bytes correlation) {
    return {.operation = Operation::poll,
            .payload = {ttlv::byte_string(Tag::asynchronous_correlation_value, correlation)}};
}

RequestItem cancel(Bytes correlation) {
    return {.operation = Operation::cancel,
            .payload = {ttlv::byte_string(Tag::asynchronous_correlation_value, correlation)}};
}

Result<std::vector<Result<Item>>> batch_payloads(Response response, std::span<const RequestItem> asked) {
    std::vector<std::optional<Result<Item>>> answered(asked.size());
    std::size_t order = 0;
    for (ResponseItem& item : response.items) {
        const std::size_t at = batch_position(item, order++);
        if (at >= asked.size() || answered[at])
            return unreadable("a batch item that was not asked for");
        if (item.operation && *item.operation != asked[at].operation)
            return other_operation();
        answered[at] = item_payload(std::move(item), asked[at].operation);
    }
    std::vector<Result<Item>> out;
    out.reserve(asked.size());
    for (std::size_t at = 0; at < asked.size(); ++at)
        out.push_back(answered[at]
                          ? *std::move(answered[at])
                          : std::unexpected(failure(FailureClass::server_fault,
                                                    to_string(asked[at].operation) +
                                                        " was left out: the server stopped before it")));
    return out;
}

} // namespace vouchsafe::kmip

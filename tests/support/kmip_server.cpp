#include "tests/support/kmip_server.h"

#include <algorithm>
#include <utility>

namespace vouchsafe::test {

namespace {

using kmip::Operation;
using kmip::ProtocolVersion;
using kmip::ResultReason;
using ttlv::Item;
using ttlv::Structure;
using ttlv::Tag;

constexpr std::string_view correlation = "later";

const Item& child(const Item& item, Tag tag) {
    const Item* const found = item.find(tag);
    VS_CHECK(found != nullptr);
    return *found;
}

ProtocolVersion version_in(const Item& version) {
    return {*child(version, Tag::protocol_version_major).as<std::int32_t>(),
            *child(version, Tag::protocol_version_minor).as<std::int32_t>()};
}

Item version_item(ProtocolVersion version) {
    return ttlv::structure(Tag::protocol_version,
                           {ttlv::integer(Tag::protocol_version_major, version.major),
                            ttlv::integer(Tag::protocol_version_minor, version.minor)});
}

Operation operation_in(const Item& batch_item) {
    return Operation{child(batch_item, Tag::operation).as<ttlv::Enumeration>()->value};
}

Structure batch_items(const Item& message) {
    Structure out;
    for (const Item& item : *message.as<Structure>())
        if (item.tag == Tag::batch_item)
            out.push_back(item);
    return out;
}

struct ToSay {
    Operation operation;
    const KmipAnswer& answer;
    const Buffer& batch_id;
    bool pending;
};

Item response_item(const ToSay& say, KmipFault fault) {
    const KmipAnswer& answer = say.answer;
    const bool refused = answer.refused.has_value() || fault == KmipFault::no_reason;
    const bool pending = say.pending || fault == KmipFault::pending;
    const auto status = pending   ? kmip::ResultStatus::pending
                        : refused ? kmip::ResultStatus::operation_failed
                                  : kmip::ResultStatus::success;
    const Operation named = fault == KmipFault::other_operation ? Operation{0x77} : say.operation;
    Structure item;
    if (fault != KmipFault::no_operation)
        item.push_back(ttlv::enumeration(Tag::operation, std::to_underlying(named)));
    if (!say.batch_id.empty() && fault != KmipFault::no_batch_ids)
        item.push_back(ttlv::byte_string(Tag::unique_batch_item_id,
                                         fault == KmipFault::foreign_batch_id ? Buffer{0x7F} : say.batch_id));
    item.push_back(ttlv::enumeration(Tag::result_status, std::to_underlying(status)));
    if (answer.refused)
        item.push_back(ttlv::enumeration(Tag::result_reason, std::to_underlying(*answer.refused)));
    if (refused)
        item.push_back(ttlv::text(Tag::result_message, "said by the server"));
    if (say.pending)
        item.push_back(ttlv::byte_string(Tag::asynchronous_correlation_value, as_bytes(correlation)));
    else if (!refused)
        item.push_back(ttlv::structure(Tag::response_payload, answer.payload));
    return ttlv::structure(Tag::batch_item, std::move(item));
}

Buffer response(ProtocolVersion version, Structure items, KmipFault fault) {
    if (fault == KmipFault::no_items)
        items.clear();
    if (fault == KmipFault::two_items)
        items.push_back(items.front());
    if (fault == KmipFault::reversed_batch)
        std::ranges::reverse(items);
    Structure message = {ttlv::structure(Tag::response_header,
                                         {version_item(version),
                                          ttlv::date_time(Tag::time_stamp, 1'700'000'000),
                                          ttlv::integer(Tag::batch_count, 1)})};
    std::ranges::move(items, std::back_inserter(message));
    Buffer out = ttlv::encode(ttlv::structure(Tag::response_message, std::move(message)));
    if (fault == KmipFault::dirty_padding)
        out.at((ttlv::header_size * 4) + 7) = 0xFF; // the last byte behind Protocol Version Major
    return out;
}

Buffer refusal(Operation operation, ResultReason reason, ProtocolVersion version, KmipFault fault) {
    return response(
        version,
        {response_item(
            {.operation = operation, .answer = {.refused = reason}, .batch_id = {}, .pending = false},
            fault)},
        fault);
}

} // namespace

Operation operation_of(const Item& request) {
    return operation_in(child(request, Tag::batch_item));
}

const Item& payload_of(const Item& request) {
    return child(child(request, Tag::batch_item), Tag::request_payload);
}

ProtocolVersion version_of(const Item& request) {
    return version_in(child(child(request, Tag::request_header), Tag::protocol_version));
}

std::optional<std::pair<std::string, std::string>> credential_of(const Item& request) {
    const Item* const authentication = child(request, Tag::request_header).find(Tag::authentication);
    if (authentication == nullptr)
        return std::nullopt;
    const Item& credential = child(*authentication, Tag::credential);
    VS_CHECK(child(credential, Tag::credential_type).as<ttlv::Enumeration>()->value == 1);
    const Item& value = child(credential, Tag::credential_value);
    const std::string* const password = text_in(value, Tag::password);
    return std::pair(*child(value, Tag::username).as<std::string>(), password == nullptr ? "" : *password);
}

std::size_t KmipServer::count(Operation operation) const {
    return static_cast<std::size_t>(std::ranges::count(requests, operation, operation_of));
}

Result<Buffer> KmipServer::exchange(Bytes request, kmip::Deadline) {
    const std::scoped_lock lock(store_->mutex);
    VS_TRY(const Item message, ttlv::parse(request)); // we send canonical bytes only
    requests.push_back(message);
    const ProtocolVersion version = version_of(message);
    const Operation operation = operation_of(message);
    const KmipFault now = fault_only && *fault_only != operation ? KmipFault::none : fault.load();
    if (now == KmipFault::stale) {
        fault = KmipFault::none;
        return fail(Errc::unavailable, stale);
    }
    if (now == KmipFault::timeout)
        return fail(Errc::timed_out, "net.deadline");
    if (now == KmipFault::garbage)
        return to_buffer(as_bytes("HTTP/1.1 400 Bad Request\r\n\r\n"));
    if (now == KmipFault::request_echoed)
        return to_buffer(request);
    if (now == KmipFault::unauthenticated || (login && credential_of(message) != login))
        return refusal(operation, ResultReason::authentication_not_successful, {1, 0}, now);
    if (std::ranges::find(versions, version) == versions.end())
        return refusal(operation, ResultReason::invalid_message, {1, 0}, now);
    if (now == KmipFault::general_failure)
        return refusal(operation, ResultReason::general_failure, version, now);
    Structure items;
    for (const Item& item : batch_items(message)) {
        const Answered answered = answer(item, version, now);
        items.push_back(response_item({.operation = answered.operation,
                                       .answer = answered.answer,
                                       .batch_id = answered.batch_id,
                                       .pending = answered.pending},
                                      now));
        if (answered.answer.refused)
            break; // the default on error: stop
    }
    return response(version, std::move(items), now);
}

KmipServer::Answered KmipServer::answer(const Item& item, ProtocolVersion version, KmipFault now) {
    const Operation operation = operation_in(item);
    const Item& payload = child(item, Tag::request_payload);
    if (operation == Operation::poll || operation == Operation::cancel)
        return polled(payload, operation);
    Answered out{.operation = operation, .answer = perform_one(operation, payload, version, now)};
    if (const Item* const id = item.find(Tag::unique_batch_item_id))
        out.batch_id = to_buffer(id->as<ttlv::WipedBytes>()->view());
    if (polls_needed > 0 && payload.find(Tag::unique_identifier) != nullptr) {
        waiting_ = out;
        polls_left_ = polls_needed;
        out.pending = true;
    }
    return out;
}

KmipServer::Answered KmipServer::polled(const Item& payload, Operation operation) {
    const Item& value = child(payload, Tag::asynchronous_correlation_value);
    if (!waiting_ || as_text(value.as<ttlv::WipedBytes>()->view()) != correlation)
        return {.operation = operation, .answer = {.refused = ResultReason::item_not_found}};
    Answered out = *waiting_;
    out.pending = operation == Operation::poll && --polls_left_ > 0;
    if (operation == Operation::cancel)
        out = {.operation = operation, .answer = {.payload = {value}}};
    if (!out.pending)
        waiting_.reset();
    return out;
}

KmipAnswer
KmipServer::perform_one(Operation operation, const Item& payload, ProtocolVersion version, KmipFault now) {
    if (operation == Operation::discover_versions)
        return version > ProtocolVersion{1, 0} ? discover(payload)
                                               : KmipAnswer{.refused = ResultReason::operation_not_supported};
    if (operation == Operation::query)
        return query();
    if (refuses)
        return {.refused = refuses};
    return perform(*store_, operation, payload, version, now);
}

KmipAnswer KmipServer::query() const {
    KmipAnswer out;
    for (const Operation operation : operations)
        out.payload.push_back(ttlv::enumeration(Tag::operation, std::to_underlying(operation)));
    out.payload.push_back(ttlv::enumeration(Tag::operation, 0x77));
    out.payload.push_back(ttlv::text(Tag::vendor_identification, vendor));
    return out;
}

KmipAnswer KmipServer::discover(const Item& payload) const {
    KmipAnswer answer;
    const Structure& offered = *payload.as<Structure>();
    if (offered.empty()) // all of them
        std::ranges::transform(versions, std::back_inserter(answer.payload), version_item);
    for (const Item& asked : offered)
        if (std::ranges::find(versions, version_in(asked)) != versions.end())
            answer.payload.push_back(version_item(version_in(asked)));
    return answer;
}

} // namespace vouchsafe::test

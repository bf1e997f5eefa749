#include "tests/support/kmip_server.h"

#include <algorithm>
#include <utility>

namespace vouchsafe::test {

namespace {

using kmip::Operation;
using kmip::ProtocolVersion;
using kmip::ResultReason;
using kmip::State;
using ttlv::Item;
using ttlv::Structure;
using ttlv::Tag;

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

const std::string* text_in(const Item& item, Tag tag) {
    const Item* const found = item.find(tag);
    return found != nullptr ? found->as<std::string>() : nullptr;
}

/// The value of a Name attribute anywhere below.
const std::string* name_below(const Item& item) {
    if (const auto* const value = text_in(item, Tag::name_value))
        return value;
    const auto* const items = item.as<Structure>();
    if (items == nullptr)
        return nullptr;
    for (const Item& below : *items)
        if (const auto* const value = name_below(below))
            return value;
    return nullptr;
}

} // namespace

Operation operation_of(const Item& request) {
    return Operation{child(child(request, Tag::batch_item), Tag::operation).as<ttlv::Enumeration>()->value};
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
    VS_TRY(Item message, ttlv::parse(request)); // we send canonical bytes only
    requests.push_back(message);
    if (fault == KmipFault::timeout)
        return fail(Errc::timed_out, "net.deadline");
    if (fault == KmipFault::garbage)
        return to_buffer(as_bytes("HTTP/1.1 400 Bad Request\r\n\r\n"));
    if (fault == KmipFault::request_echoed)
        return to_buffer(request);
    const ProtocolVersion version = version_of(message);
    const Operation operation = operation_of(message);
    if (fault == KmipFault::unauthenticated || (login && credential_of(message) != login))
        return respond({1, 0}, operation, {.refused = ResultReason::authentication_not_successful});
    if (std::ranges::find(versions, version) == versions.end())
        return respond({1, 0}, operation, {.refused = ResultReason::invalid_message});
    if (fault == KmipFault::general_failure)
        return respond(version, operation, {.refused = ResultReason::general_failure});
    return respond(version, operation, perform(operation, payload_of(message), version));
}

KmipServer::Answer KmipServer::perform(Operation operation, const Item& payload, ProtocolVersion version) {
    if (operation == Operation::discover_versions)
        return version > ProtocolVersion{1, 0} ? discover(payload)
                                               : Answer{.refused = ResultReason::operation_not_supported};
    if (operation == Operation::query)
        return {.payload = {ttlv::enumeration(Tag::operation, std::to_underlying(Operation::get)),
                            ttlv::enumeration(Tag::operation, 0x77),
                            ttlv::text(Tag::vendor_identification, "a test")}};
    if (operation == Operation::create)
        return create(payload, version);
    if (operation == Operation::locate)
        return locate(payload);
    const auto* const id = text_in(payload, Tag::unique_identifier);
    const auto found = id != nullptr ? keys.find(*id) : keys.end();
    if (found == keys.end())
        return {.refused = ResultReason::item_not_found};
    StoredKey& key = found->second;
    if (operation == Operation::get)
        return get(*id, key);
    if (operation == Operation::get_attributes)
        return get_attributes(*id, key, version);
    if (operation == Operation::activate) {
        if (key.state != State::pre_active)
            return {.refused = ResultReason::permission_denied};
        key.state = State::active;
    } else if (operation == Operation::revoke) {
        key.state = State::deactivated;
    } else if (operation == Operation::destroy) {
        if (key.state == State::active)
            return {.refused = ResultReason::permission_denied};
        keys.erase(found);
    } else {
        return {.refused = ResultReason::operation_not_supported};
    }
    return {.payload = {ttlv::text(Tag::unique_identifier, *id)}};
}

KmipServer::Answer KmipServer::discover(const Item& payload) const {
    Answer answer;
    for (const Item& asked : *payload.as<Structure>())
        if (std::ranges::find(versions, version_in(asked)) != versions.end())
            answer.payload.push_back(version_item(version_in(asked)));
    return answer;
}

KmipServer::Answer KmipServer::create(const Item& payload, ProtocolVersion version) {
    const Tag wanted = version.major >= 2 ? Tag::attributes : Tag::template_attribute;
    if (payload.find(wanted) == nullptr)
        return {.refused = ResultReason::invalid_message};
    const std::string id = std::to_string(++created_);
    const auto* const name = name_below(payload);
    keys[id] = {.material = Buffer(32, static_cast<std::uint8_t>(created_)),
                .state = State::pre_active,
                .name = name != nullptr ? *name : std::string()};
    return {
        .payload = {ttlv::enumeration(Tag::object_type, std::to_underlying(kmip::ObjectType::symmetric_key)),
                    ttlv::text(Tag::unique_identifier, id)}};
}

KmipServer::Answer KmipServer::get(const std::string& id, const StoredKey& key) const {
    const bool transparent = fault == KmipFault::transparent_key;
    Item material = ttlv::byte_string(Tag::key_material, key.material);
    if (transparent)
        material = ttlv::structure(Tag::key_material, {ttlv::byte_string(Tag::key, key.material)});
    Structure block = {ttlv::enumeration(Tag::key_format_type, transparent ? 7 : 1),
                       ttlv::structure(Tag::key_value, {std::move(material)}),
                       ttlv::enumeration(Tag::cryptographic_algorithm, 3),
                       ttlv::integer(Tag::cryptographic_length, key.length)};
    if (fault == KmipFault::wrapped_key)
        block.push_back(ttlv::structure(Tag::key_wrapping_data, {}));
    return {.payload = {
                ttlv::enumeration(Tag::object_type, std::to_underlying(key.type)),
                ttlv::text(Tag::unique_identifier, fault == KmipFault::other_object ? "other" : id),
                ttlv::structure(Tag::symmetric_key, {ttlv::structure(Tag::key_block, std::move(block))})}};
}

KmipServer::Answer
KmipServer::get_attributes(const std::string& id, const StoredKey& key, ProtocolVersion version) const {
    Structure typed = {
        ttlv::enumeration(Tag::object_type, std::to_underlying(key.type)),
        ttlv::enumeration(Tag::cryptographic_algorithm, 3),
        ttlv::integer(Tag::cryptographic_length, key.length),
        ttlv::integer(Tag::cryptographic_usage_mask, static_cast<std::int32_t>(key.usage_mask)),
        ttlv::date_time(Tag::activation_date, 1'700'000'000)};
    if (fault != KmipFault::missing_attributes)
        typed.push_back(ttlv::enumeration(Tag::state, std::to_underlying(key.state)));
    Answer answer;
    answer.payload.push_back(
        ttlv::text(Tag::unique_identifier, fault == KmipFault::other_object ? "other" : id));
    if (version.major >= 2) {
        answer.payload.push_back(ttlv::structure(Tag::attributes, std::move(typed)));
        return answer;
    }
    for (Item& item : typed) {
        const Item name = ttlv::text(Tag::attribute_name, ttlv::name(item.tag));
        item.tag = Tag::attribute_value;
        answer.payload.push_back(ttlv::structure(Tag::attribute, {name, std::move(item)}));
    }
    return answer;
}

KmipServer::Answer KmipServer::locate(const Item& payload) const {
    const auto* const name = name_below(payload);
    Answer answer;
    for (const auto& [id, key] : keys)
        if (name != nullptr && key.name == *name)
            answer.payload.push_back(ttlv::text(Tag::unique_identifier, id));
    return answer;
}

Buffer KmipServer::respond(ProtocolVersion version, Operation operation, Answer answer) const {
    const bool refused = answer.refused.has_value() || fault == KmipFault::no_reason;
    const auto status = fault == KmipFault::pending ? kmip::ResultStatus::pending
                        : refused                   ? kmip::ResultStatus::operation_failed
                                                    : kmip::ResultStatus::success;
    const Operation named = fault == KmipFault::other_operation ? Operation::rekey : operation;
    Structure item;
    if (fault != KmipFault::no_operation)
        item.push_back(ttlv::enumeration(Tag::operation, std::to_underlying(named)));
    item.push_back(ttlv::enumeration(Tag::result_status, std::to_underlying(status)));
    if (answer.refused)
        item.push_back(ttlv::enumeration(Tag::result_reason, std::to_underlying(*answer.refused)));
    if (refused)
        item.push_back(ttlv::text(Tag::result_message, "said by the server"));
    else
        item.push_back(ttlv::structure(Tag::response_payload, std::move(answer.payload)));
    const std::size_t items = fault == KmipFault::no_items ? 0 : fault == KmipFault::two_items ? 2 : 1;
    Structure message = {ttlv::structure(Tag::response_header,
                                         {version_item(version),
                                          ttlv::date_time(Tag::time_stamp, 1'700'000'000),
                                          ttlv::integer(Tag::batch_count, 1)})};
    message.insert(message.end(), items, ttlv::structure(Tag::batch_item, item));
    Buffer out = ttlv::encode(ttlv::structure(Tag::response_message, std::move(message)));
    if (fault == KmipFault::dirty_padding)
        out.at((ttlv::header_size * 4) + 7) = 0xFF; // the last byte behind Protocol Version Major
    return out;
}

} // namespace vouchsafe::test

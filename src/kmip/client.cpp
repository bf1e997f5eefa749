#include "kmip/client.h"

#include "base/secret.h"
#include "kmip/shapes.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace vouchsafe::kmip {

namespace {

/// Wipes a message when the scope ends, however it ends.
class WipeAtEnd {
public:
    explicit WipeAtEnd(Buffer& bytes) : bytes_(bytes) {}

    WipeAtEnd(const WipeAtEnd&) = delete;
    WipeAtEnd& operator=(const WipeAtEnd&) = delete;

    ~WipeAtEnd() { wipe(bytes_); }

private:
    Buffer& bytes_;
};

constexpr ProtocolVersion pages_since{1, 3};

/// Whether doing it twice is as doing it once, and gives the same answer.
bool may_be_sent_twice(const RequestItem& item) {
    switch (item.operation) {
    case Operation::locate:
    case Operation::check:
    case Operation::get:
    case Operation::get_attributes:
    case Operation::get_attribute_list:
    case Operation::query:
    case Operation::cancel:
    case Operation::discover_versions:
    case Operation::encrypt: // under our nonce, so the same again
    case Operation::decrypt:
    case Operation::set_attribute:
        return true;
    case Operation::create:
    case Operation::register_object:
    case Operation::rekey:
    case Operation::add_attribute: // a second instance
    case Operation::activate:      // the second time it is refused
    case Operation::revoke:
    case Operation::destroy:
    case Operation::poll:
        return false;
    }
    return false;
}

Result<void> needs_aead(const Result<ProtocolVersion>& agreed) {
    if (!agreed)
        return std::unexpected(agreed.error());
    if (*agreed < aead_since)
        return std::unexpected(failure(FailureClass::protocol,
                                       "the key server speaks KMIP " + to_string(*agreed) +
                                           "; authenticated encryption needs 1.4 or later"));
    return {};
}

} // namespace

Client::Client(Transport& transport, ClientOptions options)
    : transport_(transport), options_(options), agreed_(options.agreed) {}

Result<Response>
Client::exchange(ProtocolVersion version, std::span<const RequestItem> items, Deadline deadline) {
    Buffer request = encode_request(version, items, options_.credential);
    const WipeAtEnd wipe_request(request);
    auto answer = transport_.exchange(request, deadline);
    if (!answer && answer.error().where == Transport::stale && std::ranges::all_of(items, may_be_sent_twice))
        answer = transport_.exchange(request, deadline);
    if (!answer)
        return std::unexpected(Error{.code = answer.error().code,
                                     .where = failure(FailureClass::transport, {}).where,
                                     .detail = answer.error().where + ": " + answer.error().detail});
    const WipeAtEnd wipe_answer(*answer);
    auto response = parse_response(*answer, options_.limits);
    if (response)
        answered_ = response->time_stamp;
    return response;
}

Result<Response> Client::wait_for(ProtocolVersion version, Response pending, Deadline deadline) {
    constexpr int polls = 2;
    for (int poll_number = 0; poll_number < polls; ++poll_number) {
        const RequestItem question = poll(pending_correlation(pending));
        VS_TRY(Response answer, exchange(version, {&question, 1}, deadline));
        if (answer.items.size() == 1 && answer.items.front().operation == Operation::poll)
            answer.items.front().operation.reset(); // it stands for the operation that was asked for
        if (pending_correlation(answer).empty())
            return answer;
        pending = std::move(answer);
    }
    const RequestItem stop = cancel(pending_correlation(pending));
    std::ignore =
        exchange(version, {&stop, 1}, deadline); // a courtesy: the operation has failed whatever it says
    return pending;
}

Result<ttlv::Item> Client::ask(ProtocolVersion version, const RequestItem& item, Deadline deadline) {
    VS_TRY(Response response, exchange(version, {&item, 1}, deadline));
    if (!pending_correlation(response).empty()) {
        VS_TRY(response, wait_for(version, std::move(response), deadline));
    }
    return single_payload(std::move(response), item.operation);
}

Result<std::vector<Result<ttlv::Item>>>
Client::ask_all(ProtocolVersion version, std::span<const RequestItem> items, Deadline deadline) {
    VS_TRY(Response response, exchange(version, items, deadline));
    auto payloads = batch_payloads(std::move(response), items);
    if (payloads && std::ranges::any_of(*payloads, [](const auto& payload) {
            return !payload && failure_class(payload.error()) == FailureClass::protocol;
        }))
        agreed_.reset();
    return payloads;
}

Result<ServerVersions> Client::probe(const Negotiation& negotiation, Deadline deadline) {
    const Probe probe = negotiation.probe();
    const RequestItem item =
        probe.discovers() ? kmip::discover_versions(negotiation.offered()) : kmip::query();
    VS_TRY(const ttlv::Item payload, ask(probe.header, item, deadline));
    return probe.discovers() ? read_discover_versions(payload) : Result<ServerVersions>(ServerVersions{});
}

Result<ProtocolVersion> Client::version(Deadline deadline) {
    if (agreed_)
        return *agreed_;
    Negotiation negotiation(options_.last_good, options_.newest);
    while (true) {
        VS_TRY(const std::optional<Agreed> agreed, negotiation.on_answer(probe(negotiation, deadline)));
        if (agreed) {
            agreed_ = agreed->version;
            options_.last_good = agreed_;
            return *agreed_;
        }
    }
}

template <class Build> Result<ttlv::Item> Client::call(Build&& build, Deadline deadline) {
    VS_TRY(const ProtocolVersion agreed, version(deadline));
    auto payload = ask(agreed, std::forward<Build>(build)(agreed), deadline);
    if (!payload && failure_class(payload.error()) == FailureClass::protocol)
        agreed_.reset();
    return payload;
}

Result<ServerVersions> Client::discover_versions(Deadline deadline) {
    VS_TRY(const ttlv::Item payload,
           call([](ProtocolVersion) { return kmip::discover_versions({}); }, deadline));
    return read_discover_versions(payload);
}

Result<ServerFacts> Client::query(Deadline deadline) {
    VS_TRY(const ttlv::Item payload, call([](ProtocolVersion) { return kmip::query(); }, deadline));
    return read_query(payload);
}

Result<KeyId> Client::create(const NewKey& key, Deadline deadline) {
    VS_TRY(const ttlv::Item payload,
           call([&](ProtocolVersion agreed) { return kmip::create(agreed, key); }, deadline));
    return read_create(payload);
}

Result<SymmetricKey> Client::get(const KeyId& id, Deadline deadline) {
    VS_TRY(const ttlv::Item payload, call([&](ProtocolVersion) { return kmip::get(id); }, deadline));
    return read_get(payload, id);
}

Result<Attributes> Client::get_attributes(const KeyId& id, Deadline deadline) {
    VS_TRY(const ttlv::Item payload,
           call([&](ProtocolVersion agreed) { return kmip::get_attributes(agreed, id); }, deadline));
    VS_TRY(Attributes attributes, read_get_attributes(payload, id));
    attributes.told_at = answered_;
    return attributes;
}

Result<KeyId> Client::register_key(const RegisteredKey& key, Deadline deadline) {
    VS_TRY(const ttlv::Item payload,
           call([&](ProtocolVersion agreed) { return kmip::register_key(agreed, key); }, deadline));
    return read_register(payload);
}

Result<std::vector<std::string>> Client::get_attribute_list(const KeyId& id, Deadline deadline) {
    VS_TRY(const ttlv::Item payload,
           call([&](ProtocolVersion) { return kmip::get_attribute_list(id); }, deadline));
    return read_get_attribute_list(payload, id);
}

Result<void> Client::note(const KeyId& id, const VendorAttribute& attribute, Deadline deadline) {
    const auto build = [&](ProtocolVersion agreed) {
        return agreed >= version_2 ? set_attribute(id, attribute) : add_attribute(agreed, id, attribute);
    };
    VS_TRY(const ttlv::Item payload, call(build, deadline));
    return read_identifier(payload, id);
}

Result<std::vector<KeyId>> Client::located(std::string_view name, Page page, Deadline deadline) {
    const auto payload =
        call([&](ProtocolVersion agreed) { return kmip::locate_by_name(agreed, name, page); }, deadline);
    if (payload)
        return read_locate(*payload);
    if (failure_class(payload.error()) == FailureClass::replica_lag)
        return std::vector<KeyId>{}; // some servers call it an error to find nothing
    return std::unexpected(payload.error());
}

Result<std::vector<KeyId>>
Client::locate_by_name(std::string_view name, std::size_t most, Deadline deadline) {
    std::vector<KeyId> out;
    VS_TRY(const ProtocolVersion agreed, version(deadline));
    while (true) {
        const auto wanted = static_cast<std::int32_t>(std::min<std::size_t>(most - out.size(), Page{}.most));
        VS_TRY(const std::vector<KeyId> page,
               located(name, {.most = wanted, .skip = static_cast<std::int32_t>(out.size())}, deadline));
        const std::size_t before = out.size();
        for (const KeyId& id : page)
            if (out.size() < most && std::ranges::find(out, id) == out.end())
                out.push_back(id);
        // The end, or a server that begins from the start again.
        if (page.size() < static_cast<std::size_t>(wanted) || out.size() == before || out.size() >= most ||
            agreed < pages_since)
            return out;
    }
}

Result<KeyId> Client::rekey(const KeyId& id, Deadline deadline) {
    VS_TRY(const ttlv::Item payload, call([&](ProtocolVersion) { return kmip::rekey(id); }, deadline));
    return read_rekey(payload, id);
}

Result<void> Client::check(const KeyId& id, std::uint32_t usage_mask, Deadline deadline) {
    VS_TRY(const ttlv::Item payload,
           call([&](ProtocolVersion) { return kmip::check(id, usage_mask); }, deadline));
    return read_check(payload, id);
}

Result<Sealed> Client::encrypt(const AeadContext& context, const Secret& plain, Deadline deadline) {
    VS_TRY_VOID(needs_aead(version(deadline)));
    VS_TRY(const ttlv::Item payload,
           call([&](ProtocolVersion) { return kmip::encrypt(context, plain); }, deadline));
    return read_encrypt(payload, context, plain.size());
}

Result<Secret> Client::decrypt(const AeadContext& context, Bytes ciphertext, Bytes tag, Deadline deadline) {
    VS_TRY_VOID(needs_aead(version(deadline)));
    VS_TRY(const ttlv::Item payload,
           call([&](ProtocolVersion) { return kmip::decrypt(context, ciphertext, tag); }, deadline));
    return read_decrypt(payload, context, ciphertext.size());
}

Result<void> Client::activate(const KeyId& id, Deadline deadline) {
    VS_TRY(const ttlv::Item payload, call([&](ProtocolVersion) { return kmip::activate(id); }, deadline));
    return read_identifier(payload, id);
}

Result<void> Client::revoke(const KeyId& id, RevocationReason reason, Deadline deadline) {
    VS_TRY(const ttlv::Item payload,
           call([&](ProtocolVersion) { return kmip::revoke(id, reason); }, deadline));
    return read_identifier(payload, id);
}

Result<void> Client::destroy(const KeyId& id, Deadline deadline) {
    VS_TRY(const ttlv::Item payload, call([&](ProtocolVersion) { return kmip::destroy(id); }, deadline));
    return read_identifier(payload, id);
}

} // namespace vouchsafe::kmip

#include "kmip/client.h"

#include "base/secret.h"

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

} // namespace

Client::Client(Transport& transport, ClientOptions options) : transport_(transport), options_(options) {}

Result<ttlv::Item> Client::ask(ProtocolVersion version, const RequestItem& item, Deadline deadline) {
    Buffer request = encode_request(version, {&item, 1}, options_.credential);
    const WipeAtEnd wipe_request(request);
    auto answer = transport_.exchange(request, deadline);
    if (!answer)
        return std::unexpected(Error{.code = answer.error().code,
                                     .where = failure(FailureClass::transport, {}).where,
                                     .detail = answer.error().where + ": " + answer.error().detail});
    const WipeAtEnd wipe_answer(*answer);
    VS_TRY(Response response, parse_response(*answer, options_.limits));
    return single_payload(std::move(response), item.operation);
}

Result<ServerVersions> Client::probe(const Negotiation& negotiation, Deadline deadline) {
    const Probe probe = negotiation.probe();
    const RequestItem item = probe.discovers() ? discover_versions(negotiation.offered()) : kmip::query();
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
    return read_get_attributes(payload, id);
}

Result<std::vector<KeyId>>
Client::locate_by_name(std::string_view name, std::int32_t most, Deadline deadline) {
    const auto payload =
        call([&](ProtocolVersion agreed) { return kmip::locate_by_name(agreed, name, most); }, deadline);
    if (payload)
        return read_locate(*payload);
    if (failure_class(payload.error()) == FailureClass::replica_lag)
        return std::vector<KeyId>{}; // some servers call it an error to find nothing
    return std::unexpected(payload.error());
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

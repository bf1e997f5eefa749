// A KMIP client without sockets: typed operations over a port that exchanges one message for another.
//
// One client serves one key server. It agrees on a version at the first operation and keeps it; an error of
// class protocol forgets it, so that the next operation negotiates again. It does not choose between
// servers, retry, pool connections or run in several threads: that is its owner's business.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "kmip/failure.h"
#include "kmip/message.h"
#include "kmip/operations.h"
#include "kmip/version.h"

#include <chrono>
#include <optional>

namespace vouchsafe::kmip {

/// The instant by which an exchange must have ended. Only passed on to the transport, never compared here.
using Deadline = std::chrono::steady_clock::time_point;

/// The way to one key server. net implements it over TLS, tests with a responder in memory.
class Transport {
public:
    Transport() = default;
    Transport(const Transport&) = delete;
    Transport& operator=(const Transport&) = delete;
    virtual ~Transport() = default;

    /// Sends one whole request message, returns one whole response message (ttlv::message_size frames it),
    /// or fails by the deadline. The answer can hold a key: the transport wipes its own copies.
    virtual Result<Buffer> exchange(Bytes request, Deadline deadline) = 0;
};

struct ClientOptions {
    ProtocolVersion newest = supported_versions.front();     ///< do not go above it
    std::optional<ProtocolVersion> last_good = std::nullopt; ///< what worked with this server before
    ttlv::Limits limits{};
    const Credential* credential = nullptr; ///< sent with every request; outlives the client
};

class Client {
public:
    explicit Client(Transport& transport, ClientOptions options = {});

    /// The version agreed on, negotiated if need be.
    Result<ProtocolVersion> version(Deadline deadline);

    Result<ServerFacts> query(Deadline deadline);
    Result<KeyId> create(const NewKey& key, Deadline deadline);
    Result<SymmetricKey> get(const KeyId& id, Deadline deadline);
    Result<Attributes> get_attributes(const KeyId& id, Deadline deadline);
    Result<std::vector<KeyId>> locate_by_name(std::string_view name, std::int32_t most, Deadline deadline);
    Result<void> activate(const KeyId& id, Deadline deadline);
    Result<void> revoke(const KeyId& id, RevocationReason reason, Deadline deadline);
    Result<void> destroy(const KeyId& id, Deadline deadline);

private:
    Result<ttlv::Item> ask(ProtocolVersion version, const RequestItem& item, Deadline deadline);
    /// Negotiates, builds the request for the version, sends it.
    template <class Build> Result<ttlv::Item> call(Build&& build, Deadline deadline);
    Result<ServerVersions> probe(const Negotiation& negotiation, Deadline deadline);

    Transport& transport_;
    ClientOptions options_;
    std::optional<ProtocolVersion> agreed_;
};

} // namespace vouchsafe::kmip

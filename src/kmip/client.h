// A KMIP client without sockets: typed operations over a port that exchanges one message for another.
//
// One client serves one key server. It agrees on a version at the first operation and keeps it; an error of
// class protocol forgets it, so that the next operation negotiates again. What may be sent twice is sent once
// more where a kept connection was dead. It does not choose between servers, retry otherwise, pool
// connections or run in several threads: that is its owner's business.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "kmip/failure.h"
#include "kmip/message.h"
#include "kmip/operations.h"
#include "kmip/version.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

    /// Where a transport fails because a connection that it had kept was closed meanwhile, before an answer
    /// began: the next exchange opens a fresh one.
    static constexpr std::string_view stale = "net.stale";

    /// Sends one whole request message, returns one whole response message (ttlv::message_size frames it),
    /// or fails by the deadline. The answer can hold a key: the transport wipes its own copies.
    virtual Result<Buffer> exchange(Bytes request, Deadline deadline) = 0;
};

struct ClientOptions {
    ProtocolVersion newest = supported_versions.front();     ///< do not go above it
    std::optional<ProtocolVersion> last_good = std::nullopt; ///< what worked with this server before
    /// What was agreed with this server lately: used without asking, until it is not understood.
    std::optional<ProtocolVersion> agreed = std::nullopt;
    ttlv::Limits limits{};
    const Credential* credential = nullptr; ///< sent with every request; outlives the client
};

class Client {
public:
    explicit Client(Transport& transport, ClientOptions options = {});

    /// The version agreed on, negotiated if need be.
    Result<ProtocolVersion> version(Deadline deadline);

    /// The same where there is one, without asking.
    std::optional<ProtocolVersion> agreed() const { return agreed_; }

    /// All that the server lists; a server of 1.0 cannot say.
    Result<ServerVersions> discover_versions(Deadline deadline);
    Result<ServerFacts> query(Deadline deadline);
    Result<KeyId> create(const NewKey& key, Deadline deadline);
    Result<KeyId> register_key(const RegisteredKey& key, Deadline deadline);
    Result<SymmetricKey> get(const KeyId& id, Deadline deadline);
    Result<Attributes> get_attributes(const KeyId& id, Deadline deadline);
    Result<std::vector<std::string>> get_attribute_list(const KeyId& id, Deadline deadline);
    /// Set Attribute in 2.x, Add Attribute in 1.x.
    Result<void> note(const KeyId& id, const VendorAttribute& attribute, Deadline deadline);
    /// At most `most` of them, asked for in pages; a server that knows no pages gives its first one.
    Result<std::vector<KeyId>> locate_by_name(std::string_view name, std::size_t most, Deadline deadline);
    Result<KeyId> rekey(const KeyId& id, Deadline deadline);
    Result<void> check(const KeyId& id, std::uint32_t usage_mask, Deadline deadline);
    Result<void> activate(const KeyId& id, Deadline deadline);
    Result<void> revoke(const KeyId& id, RevocationReason reason, Deadline deadline);
    Result<void> destroy(const KeyId& id, Deadline deadline);

    // Class protocol below KMIP 1.4, without asking. A General Failure of Decrypt may mean a wrong tag.
    Result<Sealed> encrypt(const AeadContext& context, const Secret& plain, Deadline deadline);
    Result<Secret> decrypt(const AeadContext& context, Bytes ciphertext, Bytes tag, Deadline deadline);

    /// Several requests in one message; what it gives is as batch_payloads() has it, for the readers of
    /// operations.h. `build(ProtocolVersion)` makes the items, two at least.
    template <class Build> Result<std::vector<Result<ttlv::Item>>> batch(Build&& build, Deadline deadline) {
        VS_TRY(const ProtocolVersion agreed, version(deadline));
        const std::vector<RequestItem> items = std::forward<Build>(build)(agreed);
        return ask_all(agreed, items, deadline);
    }

private:
    Result<Response> exchange(ProtocolVersion version, std::span<const RequestItem> items, Deadline deadline);
    Result<ttlv::Item> ask(ProtocolVersion version, const RequestItem& item, Deadline deadline);
    Result<std::vector<Result<ttlv::Item>>>
    ask_all(ProtocolVersion version, std::span<const RequestItem> items, Deadline deadline);
    /// For an answer that is pending: polls twice, then cancels.
    Result<Response> wait_for(ProtocolVersion version, Response pending, Deadline deadline);
    /// Negotiates, builds the request for the version, sends it.
    template <class Build> Result<ttlv::Item> call(Build&& build, Deadline deadline);
    Result<std::vector<KeyId>> located(std::string_view name, Page page, Deadline deadline);
    Result<ServerVersions> probe(const Negotiation& negotiation, Deadline deadline);

    Transport& transport_;
    ClientOptions options_;
    std::optional<ProtocolVersion> agreed_;
    std::optional<std::int64_t> answered_; ///< by the server's clock: when it last did
};

} // namespace vouchsafe::kmip

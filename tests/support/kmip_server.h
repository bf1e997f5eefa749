// A scriptable KMIP key server in memory, for tests: a Transport without a wire.
//
// It keeps symmetric keys with their states, answers the operations that the kmip library has, in the
// versions it is told to speak, and misbehaves on demand as real servers do.
#pragma once

#include "kmip/client.h"
#include "ttlv/codec.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::test {

struct StoredKey {
    Buffer material;
    kmip::State state = kmip::State::active;
    kmip::ObjectType type = kmip::ObjectType::symmetric_key;
    std::int32_t length = 256;
    std::uint32_t usage_mask = kmip::usage::encrypt | kmip::usage::decrypt;
    std::string name{};
};

enum class KmipFault : std::uint8_t {
    none,
    timeout,            ///< no answer by the deadline
    garbage,            ///< an answer that is no TTLV
    request_echoed,     ///< TTLV, but no response
    no_items,           ///< a response without the item asked for
    two_items,          ///< and one with more than that
    other_operation,    ///< an answer to something else
    other_object,       ///< an answer about another object
    wrapped_key,        ///< a key with Key Wrapping Data
    pending,            ///< Operation Pending, though nobody asked for it
    no_reason,          ///< Operation Failed without a Result Reason
    general_failure,    ///< 0x100
    unauthenticated,    ///< 0x03, in version 1.0
    dirty_padding,      ///< a good answer with padding that is not zero
    no_operation,       ///< a good answer without Operation
    transparent_key,    ///< the key as a Transparent Symmetric Key
    missing_attributes, ///< Get Attributes leaves State out
};

class KmipServer final : public kmip::Transport {
public:
    std::map<std::string, StoredKey> keys;
    std::vector<kmip::ProtocolVersion> versions{kmip::supported_versions.begin(),
                                                kmip::supported_versions.end()};
    std::optional<std::pair<std::string, std::string>> login; ///< who must ask, by name and password
    KmipFault fault = KmipFault::none;                        ///< of every exchange until it is changed
    std::vector<ttlv::Item> requests;                         ///< as they came

    Result<Buffer> exchange(Bytes request, kmip::Deadline deadline) override;

    /// How many requests were of this operation.
    std::size_t count(kmip::Operation operation) const;

private:
    struct Answer {
        std::optional<kmip::ResultReason> refused{};
        ttlv::Structure payload{};
    };

    Answer perform(kmip::Operation operation, const ttlv::Item& payload, kmip::ProtocolVersion version);
    Answer discover(const ttlv::Item& payload) const;
    Answer create(const ttlv::Item& payload, kmip::ProtocolVersion version);
    Answer get(const std::string& id, const StoredKey& key) const;
    Answer get_attributes(const std::string& id, const StoredKey& key, kmip::ProtocolVersion version) const;
    Answer locate(const ttlv::Item& payload) const;
    Buffer respond(kmip::ProtocolVersion version, kmip::Operation operation, Answer answer) const;

    int created_ = 0;
};

/// The operation and payload of a request message.
kmip::Operation operation_of(const ttlv::Item& request);
const ttlv::Item& payload_of(const ttlv::Item& request);
kmip::ProtocolVersion version_of(const ttlv::Item& request);
/// Name and password in the request's header.
std::optional<std::pair<std::string, std::string>> credential_of(const ttlv::Item& request);

} // namespace vouchsafe::test

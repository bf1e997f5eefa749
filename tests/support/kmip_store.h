// The keys of a scriptable KMIP key server, and its operations on them [KMIP 2.1, Operations].
//
// One store can stand behind several servers: replicas that never lag.
#pragma once

#include "kmip/operations.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace vouchsafe::test {

struct StoredKey {
    Buffer material;
    kmip::State state = kmip::State::active;
    kmip::ObjectType type = kmip::ObjectType::symmetric_key;
    std::int32_t length = 256;
    std::uint32_t usage_mask = kmip::usage::encrypt | kmip::usage::decrypt;
    std::string name{};
    std::map<ttlv::Tag, std::int64_t>
        dates{}; ///< besides the Activation Date; the server's time is 1,700,000,000
    std::map<std::string, std::string> notes{}; ///< vendor attributes, "x-..."
};

struct KmipStore {
    std::map<std::string, StoredKey> keys;
    int created = 0;
    std::mutex mutex; ///< of whoever serves it on several connections
};

enum class KmipFault : std::uint8_t {
    none,
    stale,              ///< a kept connection was dead: once
    timeout,            ///< no answer by the deadline
    garbage,            ///< an answer that is no TTLV
    request_echoed,     ///< TTLV, but no response
    no_items,           ///< a response without the item asked for
    two_items,          ///< and one with more than that
    other_operation,    ///< an answer to something else
    other_object,       ///< an answer about another object
    wrapped_key,        ///< a key with Key Wrapping Data
    other_value,        ///< a key of another value under the same identifier
    pending,            ///< Operation Pending, though nobody asked for it, and without a correlation value
    no_reason,          ///< Operation Failed without a Result Reason
    general_failure,    ///< 0x100
    unauthenticated,    ///< 0x03, in version 1.0
    dirty_padding,      ///< a good answer with padding that is not zero
    no_operation,       ///< a good answer without Operation
    no_batch_ids,       ///< good answers to a batch without Unique Batch Item IDs
    reversed_batch,     ///< good answers to a batch, the last first
    foreign_batch_id,   ///< an answer to a batch item that nobody asked for
    transparent_key,    ///< the key as a Transparent Symmetric Key
    missing_attributes, ///< Get Attributes leaves State out
    no_tag,             ///< Encrypt leaves the tag out
    own_nonce,          ///< Encrypt uses a nonce of the server's own, and says so
    short_data,         ///< Encrypt and Decrypt give a byte less
    any_tag,            ///< Decrypt looks at neither tag nor additional data
    no_additional_data, ///< Encrypt and Decrypt leave the additional data out of account
    no_pages,           ///< Locate begins from the start whatever the offset
    same_key_rekeyed,   ///< Re-key gives the old identifier
    undestroyed,        ///< Destroy is answered, and the key stays
    no_decryption,      ///< Encrypt and Decrypt are not supported
};

/// The payload, or the reason for there being none.
struct KmipAnswer {
    std::optional<kmip::ResultReason> refused{};
    ttlv::Structure payload{};
};

/// Every operation on keys; the others are refused as not supported.
KmipAnswer perform(KmipStore& store,
                   kmip::Operation operation,
                   const ttlv::Item& payload,
                   kmip::ProtocolVersion version,
                   KmipFault fault);

/// The text below that tag.
const std::string* text_in(const ttlv::Item& item, ttlv::Tag tag);

} // namespace vouchsafe::test

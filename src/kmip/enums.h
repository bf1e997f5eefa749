// KMIP's enumerations, as far as the operations we use need them [KMIP 2.1, Enumerations].
//
// A server may answer with a value that is not listed: such a value is kept as it is, never refused, and
// only a list of accepted values decides.
#pragma once

#include <cstdint>
#include <string>

namespace vouchsafe::kmip {

enum class Operation : std::uint32_t {
    create = 0x01,
    register_object = 0x03,
    rekey = 0x04,
    locate = 0x08,
    check = 0x09,
    get = 0x0A,
    get_attributes = 0x0B,
    get_attribute_list = 0x0C,
    add_attribute = 0x0D,
    activate = 0x12,
    revoke = 0x13,
    destroy = 0x14,
    query = 0x18,
    cancel = 0x19,
    poll = 0x1A,
    discover_versions = 0x1E,
    encrypt = 0x1F,
    decrypt = 0x20,
    set_attribute = 0x31,
};

enum class ResultStatus : std::uint32_t { success = 0, operation_failed = 1, pending = 2, undone = 3 };

enum class ResultReason : std::uint32_t {
    item_not_found = 0x01,
    response_too_large = 0x02,
    authentication_not_successful = 0x03,
    invalid_message = 0x04,
    operation_not_supported = 0x05,
    missing_data = 0x06,
    invalid_field = 0x07,
    feature_not_supported = 0x08,
    cryptographic_failure = 0x0A,
    illegal_operation = 0x0B,
    permission_denied = 0x0C,
    object_archived = 0x0D,
    key_format_type_not_supported = 0x10,
    sensitive = 0x16,
    not_extractable = 0x17,
    object_already_exists = 0x18,
    usage_limit_exceeded = 0x1A,
    bad_cryptographic_parameters = 0x24,
    codec_error = 0x26,
    incompatible_usage_mask = 0x29,
    internal_server_error = 0x2A,
    object_destroyed = 0x36,
    object_not_found = 0x37,
    not_authorised = 0x39,
    server_limit_exceeded = 0x3A,
    unsupported_protocol_version = 0x3F,
    wrong_lifecycle_state = 0x43,
    protection_storage_unavailable = 0x44,
    general_failure = 0x100,
};

/// [KMIP 1.4, Credential Type]
enum class CredentialType : std::uint32_t { username_and_password = 0x01, device = 0x02 };

enum class ObjectType : std::uint32_t { symmetric_key = 0x02, secret_data = 0x07 };

enum class Algorithm : std::uint32_t { aes = 0x03 };

enum class KeyFormat : std::uint32_t { raw = 0x01, transparent_symmetric_key = 0x07 };

/// [KMIP 1.4, State]
enum class State : std::uint32_t {
    pre_active = 1,
    active = 2,
    deactivated = 3,
    compromised = 4,
    destroyed = 5,
    destroyed_compromised = 6,
};

enum class RevocationReason : std::uint32_t {
    unspecified = 1,
    key_compromise = 2,
    superseded = 5,
    cessation = 6
};

enum class QueryFunction : std::uint32_t { operations = 1, objects = 2, server_information = 3 };

/// Bits of the Cryptographic Usage Mask.
namespace usage {
inline constexpr std::uint32_t encrypt = 0x04;
inline constexpr std::uint32_t decrypt = 0x08;
inline constexpr std::uint32_t wrap_key = 0x10;
inline constexpr std::uint32_t unwrap_key = 0x20;
} // namespace usage

/// The specification's words, or the number for a value that is not listed.
std::string to_string(Operation operation);
std::string to_string(ResultReason reason);
std::string to_string(State state);

} // namespace vouchsafe::kmip

#include "kmip/enums.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace vouchsafe::kmip {

namespace {

template <class Enum> struct Word {
    Enum value;
    std::string_view text;
};

constexpr std::array operations = {
    Word{Operation::create, "Create"},
    Word{Operation::register_object, "Register"},
    Word{Operation::rekey, "Re-key"},
    Word{Operation::locate, "Locate"},
    Word{Operation::get, "Get"},
    Word{Operation::get_attributes, "Get Attributes"},
    Word{Operation::activate, "Activate"},
    Word{Operation::revoke, "Revoke"},
    Word{Operation::destroy, "Destroy"},
    Word{Operation::query, "Query"},
    Word{Operation::discover_versions, "Discover Versions"},
    Word{Operation::encrypt, "Encrypt"},
    Word{Operation::decrypt, "Decrypt"},
};

constexpr std::array reasons = {
    Word{ResultReason::item_not_found, "Item Not Found"},
    Word{ResultReason::response_too_large, "Response Too Large"},
    Word{ResultReason::authentication_not_successful, "Authentication Not Successful"},
    Word{ResultReason::invalid_message, "Invalid Message"},
    Word{ResultReason::operation_not_supported, "Operation Not Supported"},
    Word{ResultReason::missing_data, "Missing Data"},
    Word{ResultReason::invalid_field, "Invalid Field"},
    Word{ResultReason::feature_not_supported, "Feature Not Supported"},
    Word{ResultReason::cryptographic_failure, "Cryptographic Failure"},
    Word{ResultReason::illegal_operation, "Illegal Operation"},
    Word{ResultReason::permission_denied, "Permission Denied"},
    Word{ResultReason::object_archived, "Object Archived"},
    Word{ResultReason::key_format_type_not_supported, "Key Format Type Not Supported"},
    Word{ResultReason::sensitive, "Sensitive"},
    Word{ResultReason::not_extractable, "Not Extractable"},
    Word{ResultReason::object_already_exists, "Object Already Exists"},
    Word{ResultReason::usage_limit_exceeded, "Usage Limit Exceeded"},
    Word{ResultReason::bad_cryptographic_parameters, "Bad Cryptographic Parameters"},
    Word{ResultReason::codec_error, "Codec Error"},
    Word{ResultReason::incompatible_usage_mask, "Incompatible Cryptographic Usage Mask"},
    Word{ResultReason::internal_server_error, "Internal Server Error"},
    Word{ResultReason::object_destroyed, "Object Destroyed"},
    Word{ResultReason::object_not_found, "Object Not Found"},
    Word{ResultReason::not_authorised, "Not Authorised"},
    Word{ResultReason::server_limit_exceeded, "Server Limit Exceeded"},
    Word{ResultReason::unsupported_protocol_version, "Unsupported Protocol Version"},
    Word{ResultReason::wrong_lifecycle_state, "Wrong Key Lifecycle State"},
    Word{ResultReason::protection_storage_unavailable, "Protection Storage Unavailable"},
    Word{ResultReason::general_failure, "General Failure"},
};

constexpr std::array states = {
    Word{State::pre_active, "Pre-Active"},
    Word{State::active, "Active"},
    Word{State::deactivated, "Deactivated"},
    Word{State::compromised, "Compromised"},
    Word{State::destroyed, "Destroyed"},
    Word{State::destroyed_compromised, "Destroyed Compromised"},
};

std::string hex_number(std::uint32_t value) {
    std::string out;
    do {
        out.insert(out.begin(), "0123456789abcdef"[value & 0xFU]);
        value >>= 4U;
    } while (value != 0);
    return "0x" + out;
}

template <class Words, class Enum> std::string word_for(const Words& words, Enum value) {
    const auto* const found = std::ranges::find(words, value, [](const auto& word) { return word.value; });
    return found != words.end() ? std::string(found->text) : hex_number(std::to_underlying(value));
}

} // namespace

std::string to_string(Operation operation) {
    return word_for(operations, operation);
}

std::string to_string(ResultReason reason) {
    return word_for(reasons, reason);
}

std::string to_string(State state) {
    return word_for(states, state);
}

} // namespace vouchsafe::kmip

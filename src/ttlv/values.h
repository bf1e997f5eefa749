// What KMIP's enumerations and bit masks may hold, by version, as data.
//
// A server may answer with a value that is not listed, and vendors have theirs (0x8.......): such a value is
// shown and read as a number. The tables serve the forms for people; they do not decide what is accepted.
#pragma once

#include "ttlv/tags.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace vouchsafe::ttlv {

/// The sets of values; a tag names its own in the table of tags.
enum class Values : std::uint8_t {
    none,
    tag, ///< the tags themselves, as Attribute Reference names them
    adjustment_type,
    alternative_name_type,
    asynchronous_indicator,
    attestation_type,
    batch_error_continuation_option,
    block_cipher_mode,
    cancellation_result,
    certificate_request_type,
    certificate_type,
    client_registration_method,
    credential_type,
    cryptographic_algorithm,
    cryptographic_usage_mask,
    data,
    derivation_method,
    destroy_action,
    digital_signature_algorithm,
    drbg_algorithm,
    encoding_option,
    endpoint_role,
    fips186_variation,
    hashing_algorithm,
    interop_function,
    item_type,
    key_compression_type,
    key_format_type,
    key_role_type,
    key_value_location_type,
    key_wrap_type,
    link_type,
    mask_generator,
    name_type,
    nist_key_type,
    object_group_member,
    object_type,
    opaque_data_type,
    operation,
    padding_method,
    pkcs11_function,
    pkcs11_return_code,
    processing_stage,
    profile_name,
    protection_level,
    protection_storage_mask,
    put_function,
    query_function,
    recommended_curve,
    result_reason,
    result_status,
    revocation_reason_code,
    rng_algorithm,
    rng_mode,
    rotate_name_type,
    secret_data_type,
    shredding_algorithm,
    split_key_method,
    state,
    storage_status_mask,
    ticket_type,
    unique_identifier,
    unwrap_mode,
    usage_limits_unit,
    validation_authority_type,
    validation_type,
    validity_indicator,
    wrapping_method,
};

constexpr std::size_t values_count = static_cast<std::size_t>(Values::wrapping_method) + 1;

struct NamedValue { // NOLINT(clang-analyzer-optin.performance.Padding): the order of reading
    std::uint32_t value;
    std::string_view name; ///< the specification's words
    Version since = Version::v1_0;
    Version until = Version::v2_1;
};

/// The set's rows. Where a value has several names, the first is the one that is written.
std::span<const NamedValue> named_values(Values set);

/// Whether the set's values are bits, to be combined in an Integer.
bool is_mask(Values set);

/// The specification's name, or an empty text for a value that is not listed. Not for Values::tag.
std::string_view value_name(Values set, std::uint32_t value);

/// As XML and JSON write it: the name in camel case, or 0x and eight digits.
std::string value_to_camel(Values set, std::uint32_t value);

/// The value of a name in camel case. Case, white space and punctuation may differ: published files are not
/// careful about them.
std::optional<std::uint32_t> value_from_camel(Values set, std::string_view spelling);

/// A mask as its components ("Encrypt Decrypt"), bits without a name as one hex number; "0" for no bits.
std::string mask_to_text(Values set, std::uint32_t mask, char separator);

} // namespace vouchsafe::ttlv

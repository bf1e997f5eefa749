// KMIP's tags by name: those that the operations we use can carry, in one table.
//
// A tag that is not in the table is still a tag (the tree keeps it, describe shows its number): the table
// serves reading and printing, it does not decide what is accepted.
#pragma once

#include <cstdint>
#include <string_view>

// [KMIP 2.1, Tags]; the third column says how describe() may show a value.
// clang-format off
#define VS_TTLV_TAGS(X)                                                                     \
    X(activation_date, 0x420001, "Activation Date", shown)                                  \
    X(application_data, 0x420002, "Application Data", shown)                                \
    X(application_namespace, 0x420003, "Application Namespace", shown)                      \
    X(application_specific_information, 0x420004, "Application Specific Information", shown) \
    X(archive_date, 0x420005, "Archive Date", shown)                                        \
    X(asynchronous_correlation_value, 0x420006, "Asynchronous Correlation Value", shown)    \
    X(asynchronous_indicator, 0x420007, "Asynchronous Indicator", shown)                    \
    X(attribute, 0x420008, "Attribute", shown)                                              \
    X(attribute_index, 0x420009, "Attribute Index", shown)                                  \
    X(attribute_name, 0x42000A, "Attribute Name", shown)                                    \
    X(attribute_value, 0x42000B, "Attribute Value", shown)                                  \
    X(authentication, 0x42000C, "Authentication", hidden)                                   \
    X(batch_count, 0x42000D, "Batch Count", shown)                                          \
    X(batch_error_continuation_option, 0x42000E, "Batch Error Continuation Option", shown)  \
    X(batch_item, 0x42000F, "Batch Item", shown)                                            \
    X(batch_order_option, 0x420010, "Batch Order Option", shown)                            \
    X(block_cipher_mode, 0x420011, "Block Cipher Mode", shown)                              \
    X(compromise_date, 0x420020, "Compromise Date", shown)                                  \
    X(compromise_occurrence_date, 0x420021, "Compromise Occurrence Date", shown)            \
    X(contact_information, 0x420022, "Contact Information", shown)                          \
    X(credential, 0x420023, "Credential", hidden)                                           \
    X(credential_type, 0x420024, "Credential Type", shown)                                  \
    X(credential_value, 0x420025, "Credential Value", hidden)                               \
    X(cryptographic_algorithm, 0x420028, "Cryptographic Algorithm", shown)                  \
    X(cryptographic_length, 0x42002A, "Cryptographic Length", shown)                        \
    X(cryptographic_parameters, 0x42002B, "Cryptographic Parameters", shown)                \
    X(cryptographic_usage_mask, 0x42002C, "Cryptographic Usage Mask", shown)                \
    X(deactivation_date, 0x42002F, "Deactivation Date", shown)                              \
    X(destroy_date, 0x420033, "Destroy Date", shown)                                        \
    X(digest, 0x420034, "Digest", shown)                                                    \
    X(digest_value, 0x420035, "Digest Value", shown)                                        \
    X(encryption_key_information, 0x420036, "Encryption Key Information", shown)            \
    X(hashing_algorithm, 0x420038, "Hashing Algorithm", shown)                              \
    X(initial_date, 0x420039, "Initial Date", shown)                                        \
    X(iv_counter_nonce, 0x42003D, "IV/Counter/Nonce", shown)                                \
    X(key, 0x42003F, "Key", hidden)                                                         \
    X(key_block, 0x420040, "Key Block", shown)                                              \
    X(key_compression_type, 0x420041, "Key Compression Type", shown)                        \
    X(key_format_type, 0x420042, "Key Format Type", shown)                                  \
    X(key_material, 0x420043, "Key Material", hidden)                                       \
    X(key_value, 0x420045, "Key Value", shown)                                              \
    X(key_wrapping_data, 0x420046, "Key Wrapping Data", shown)                              \
    X(key_wrapping_specification, 0x420047, "Key Wrapping Specification", shown)            \
    X(last_change_date, 0x420048, "Last Change Date", shown)                                \
    X(lease_time, 0x420049, "Lease Time", shown)                                            \
    X(link, 0x42004A, "Link", shown)                                                        \
    X(link_type, 0x42004B, "Link Type", shown)                                              \
    X(linked_object_identifier, 0x42004C, "Linked Object Identifier", shown)                \
    X(maximum_items, 0x42004F, "Maximum Items", shown)                                      \
    X(maximum_response_size, 0x420050, "Maximum Response Size", shown)                      \
    X(message_extension, 0x420051, "Message Extension", shown)                              \
    X(name, 0x420053, "Name", shown)                                                        \
    X(name_type, 0x420054, "Name Type", shown)                                              \
    X(name_value, 0x420055, "Name Value", shown)                                            \
    X(object_group, 0x420056, "Object Group", shown)                                        \
    X(object_type, 0x420057, "Object Type", shown)                                          \
    X(operation, 0x42005C, "Operation", shown)                                              \
    X(operation_policy_name, 0x42005D, "Operation Policy Name", shown)                      \
    X(padding_method, 0x42005F, "Padding Method", shown)                                    \
    X(process_start_date, 0x420067, "Process Start Date", shown)                            \
    X(protect_stop_date, 0x420068, "Protect Stop Date", shown)                              \
    X(protocol_version, 0x420069, "Protocol Version", shown)                                \
    X(protocol_version_major, 0x42006A, "Protocol Version Major", shown)                    \
    X(protocol_version_minor, 0x42006B, "Protocol Version Minor", shown)                    \
    X(query_function, 0x420074, "Query Function", shown)                                    \
    X(request_header, 0x420077, "Request Header", shown)                                    \
    X(request_message, 0x420078, "Request Message", shown)                                  \
    X(request_payload, 0x420079, "Request Payload", shown)                                  \
    X(response_header, 0x42007A, "Response Header", shown)                                  \
    X(response_message, 0x42007B, "Response Message", shown)                                \
    X(response_payload, 0x42007C, "Response Payload", shown)                                \
    X(result_message, 0x42007D, "Result Message", shown)                                    \
    X(result_reason, 0x42007E, "Result Reason", shown)                                      \
    X(result_status, 0x42007F, "Result Status", shown)                                      \
    X(revocation_message, 0x420080, "Revocation Message", shown)                            \
    X(revocation_reason, 0x420081, "Revocation Reason", shown)                              \
    X(revocation_reason_code, 0x420082, "Revocation Reason Code", shown)                    \
    X(key_role_type, 0x420083, "Key Role Type", shown)                                      \
    X(secret_data, 0x420085, "Secret Data", shown)                                          \
    X(server_information, 0x420088, "Server Information", shown)                            \
    X(state, 0x42008D, "State", shown)                                                      \
    X(storage_status_mask, 0x42008E, "Storage Status Mask", shown)                          \
    X(symmetric_key, 0x42008F, "Symmetric Key", shown)                                      \
    X(template_attribute, 0x420091, "Template-Attribute", shown)                            \
    X(time_stamp, 0x420092, "Time Stamp", shown)                                            \
    X(unique_batch_item_id, 0x420093, "Unique Batch Item ID", shown)                        \
    X(unique_identifier, 0x420094, "Unique Identifier", shown)                              \
    X(usage_limits, 0x420095, "Usage Limits", shown)                                        \
    X(username, 0x420099, "Username", hidden)                                               \
    X(vendor_extension, 0x42009C, "Vendor Extension", shown)                                \
    X(vendor_identification, 0x42009D, "Vendor Identification", shown)                      \
    X(password, 0x4200A1, "Password", hidden)                                               \
    X(fresh, 0x4200A8, "Fresh", shown)                                                      \
    X(object_group_member, 0x4200AC, "Object Group Member", shown)                          \
    X(digital_signature_algorithm, 0x4200AE, "Digital Signature Algorithm", shown)          \
    X(key_value_present, 0x4200BB, "Key Value Present", shown)                              \
    X(original_creation_date, 0x4200BC, "Original Creation Date", shown)                    \
    X(data, 0x4200C2, "Data", hidden)                                                       \
    X(random_iv, 0x4200C5, "Random IV", shown)                                              \
    X(nonce, 0x4200C8, "Nonce", shown)                                                      \
    X(iv_length, 0x4200CD, "IV Length", shown)                                              \
    X(tag_length, 0x4200CE, "Tag Length", shown)                                            \
    X(offset_items, 0x4200D4, "Offset Items", shown)                                        \
    X(located_items, 0x4200D5, "Located Items", shown)                                      \
    X(correlation_value, 0x4200D6, "Correlation Value", shown)                              \
    X(init_indicator, 0x4200D7, "Init Indicator", shown)                                    \
    X(final_indicator, 0x4200D8, "Final Indicator", shown)                                  \
    X(key_wrap_type, 0x4200F8, "Key Wrap Type", shown)                                      \
    X(authenticated_encryption_additional_data, 0x4200FE, "Authenticated Encryption Additional Data", shown) \
    X(authenticated_encryption_tag, 0x4200FF, "Authenticated Encryption Tag", shown)        \
    X(client_correlation_value, 0x420105, "Client Correlation Value", shown)                \
    X(server_correlation_value, 0x420106, "Server Correlation Value", shown)                \
    X(sensitive, 0x420120, "Sensitive", shown)                                              \
    X(always_sensitive, 0x420121, "Always Sensitive", shown)                                \
    X(extractable, 0x420122, "Extractable", shown)                                          \
    X(never_extractable, 0x420123, "Never Extractable", shown)                              \
    X(attributes, 0x420125, "Attributes", shown)                                            \
    X(attribute_reference, 0x42013B, "Attribute Reference", shown)                          \
    X(protection_storage_masks, 0x42015F, "Protection Storage Masks", shown)
// clang-format on

namespace vouchsafe::ttlv {

/// Three bytes; 0x42.... are KMIP's own, 0x54.... are extensions.
enum class Tag : std::uint32_t {
#define VS_TTLV_TAG(id, value, text, show) id = value,
    VS_TTLV_TAGS(VS_TTLV_TAG)
#undef VS_TTLV_TAG
};

/// The specification's name, or an empty text for a tag that is not in the table.
std::string_view name(Tag tag);

/// Whether values below this tag are secrets, of which describe() gives the size only.
bool is_hidden(Tag tag);

} // namespace vouchsafe::ttlv

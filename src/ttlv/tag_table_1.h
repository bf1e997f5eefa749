// The tags of KMIP 1.0 to 1.2, a group for each version that brought some [KMIP 2.1, Tags; the older ones
// from their own specifications].
//
//     X(name here, code, name there, types it may have, values it may take, whether describe() shows it)
//
// The types are those of ttlv::takes, the values those of ttlv::Values.
#pragma once

// clang-format off

#define VS_TTLV_TAGS_1_0(X) \
    X(activation_date,                   0x420001, "Activation Date",                     date, none, shown) \
    X(application_data,                  0x420002, "Application Data",                    text, none, shown) \
    X(application_namespace,             0x420003, "Application Namespace",               text, none, shown) \
    X(application_specific_information,  0x420004, "Application Specific Information",    structure, none, shown) \
    X(archive_date,                      0x420005, "Archive Date",                        date, none, shown) \
    X(asynchronous_correlation_value,    0x420006, "Asynchronous Correlation Value",      bytes, none, shown) \
    X(asynchronous_indicator,            0x420007, "Asynchronous Indicator",              boolean_enumeration, asynchronous_indicator, shown) \
    X(attribute,                         0x420008, "Attribute",                           structure, none, shown) \
    X(attribute_index,                   0x420009, "Attribute Index",                     integer, none, shown) \
    X(attribute_name,                    0x42000A, "Attribute Name",                      text, none, shown) \
    X(attribute_value,                   0x42000B, "Attribute Value",                     any, none, shown) \
    X(authentication,                    0x42000C, "Authentication",                      structure, none, hidden) \
    X(batch_count,                       0x42000D, "Batch Count",                         integer, none, shown) \
    X(batch_error_continuation_option,   0x42000E, "Batch Error Continuation Option",     enumeration, batch_error_continuation_option, shown) \
    X(batch_item,                        0x42000F, "Batch Item",                          structure, none, shown) \
    X(batch_order_option,                0x420010, "Batch Order Option",                  boolean, none, shown) \
    X(block_cipher_mode,                 0x420011, "Block Cipher Mode",                   enumeration, block_cipher_mode, shown) \
    X(cancellation_result,               0x420012, "Cancellation Result",                 enumeration, cancellation_result, shown) \
    X(certificate,                       0x420013, "Certificate",                         structure, none, shown) \
    X(certificate_identifier,            0x420014, "Certificate Identifier",              structure, none, shown) \
    X(certificate_issuer,                0x420015, "Certificate Issuer",                  structure, none, shown) \
    X(certificate_issuer_alternative_name, 0x420016, "Certificate Issuer Alternative Name", text, none, shown) \
    X(certificate_issuer_distinguished_name, 0x420017, "Certificate Issuer Distinguished Name", text, none, shown) \
    X(certificate_request,               0x420018, "Certificate Request",                 structure_bytes, none, shown) \
    X(certificate_request_type,          0x420019, "Certificate Request Type",            enumeration, certificate_request_type, shown) \
    X(certificate_subject,               0x42001A, "Certificate Subject",                 structure, none, shown) \
    X(certificate_subject_alternative_name, 0x42001B, "Certificate Subject Alternative Name", text, none, shown) \
    X(certificate_subject_distinguished_name, 0x42001C, "Certificate Subject Distinguished Name", text, none, shown) \
    X(certificate_type,                  0x42001D, "Certificate Type",                    enumeration, certificate_type, shown) \
    X(certificate_value,                 0x42001E, "Certificate Value",                   bytes, none, shown) \
    X(common_template_attribute,         0x42001F, "Common Template-Attribute",           structure, none, shown) \
    X(compromise_date,                   0x420020, "Compromise Date",                     date, none, shown) \
    X(compromise_occurrence_date,        0x420021, "Compromise Occurrence Date",          date, none, shown) \
    X(contact_information,               0x420022, "Contact Information",                 text, none, shown) \
    X(credential,                        0x420023, "Credential",                          structure, none, hidden) \
    X(credential_type,                   0x420024, "Credential Type",                     enumeration, credential_type, shown) \
    X(credential_value,                  0x420025, "Credential Value",                    structure, none, hidden) \
    X(criticality_indicator,             0x420026, "Criticality Indicator",               boolean, none, shown) \
    X(crt_coefficient,                   0x420027, "CRT Coefficient",                     big_integer, none, hidden) \
    X(cryptographic_algorithm,           0x420028, "Cryptographic Algorithm",             enumeration, cryptographic_algorithm, shown) \
    X(cryptographic_domain_parameters,   0x420029, "Cryptographic Domain Parameters",     structure, none, shown) \
    X(cryptographic_length,              0x42002A, "Cryptographic Length",                integer, none, shown) \
    X(cryptographic_parameters,          0x42002B, "Cryptographic Parameters",            structure, none, shown) \
    X(cryptographic_usage_mask,          0x42002C, "Cryptographic Usage Mask",            integer, cryptographic_usage_mask, shown) \
    X(custom_attribute,                  0x42002D, "Custom Attribute",                    any, none, shown) \
    X(d,                                 0x42002E, "D",                                   big_integer, none, hidden) \
    X(deactivation_date,                 0x42002F, "Deactivation Date",                   date, none, shown) \
    X(derivation_data,                   0x420030, "Derivation Data",                     bytes, none, hidden) \
    X(derivation_method,                 0x420031, "Derivation Method",                   enumeration, derivation_method, shown) \
    X(derivation_parameters,             0x420032, "Derivation Parameters",               structure, none, shown) \
    X(destroy_date,                      0x420033, "Destroy Date",                        date, none, shown) \
    X(digest,                            0x420034, "Digest",                              structure, none, shown) \
    X(digest_value,                      0x420035, "Digest Value",                        bytes, none, shown) \
    X(encryption_key_information,        0x420036, "Encryption Key Information",          structure, none, shown) \
    X(g,                                 0x420037, "G",                                   big_integer, none, shown) \
    X(hashing_algorithm,                 0x420038, "Hashing Algorithm",                   enumeration, hashing_algorithm, shown) \
    X(initial_date,                      0x420039, "Initial Date",                        date, none, shown) \
    X(initialization_vector,             0x42003A, "Initialization Vector",               bytes, none, shown) \
    X(issuer,                            0x42003B, "Issuer",                              text, none, shown) \
    X(iteration_count,                   0x42003C, "Iteration Count",                     integer, none, shown) \
    X(iv_counter_nonce,                  0x42003D, "IV/Counter/Nonce",                    bytes, none, shown) \
    X(j,                                 0x42003E, "J",                                   big_integer, none, shown) \
    X(key,                               0x42003F, "Key",                                 bytes, none, hidden) \
    X(key_block,                         0x420040, "Key Block",                           structure, none, shown) \
    X(key_compression_type,              0x420041, "Key Compression Type",                enumeration, key_compression_type, shown) \
    X(key_format_type,                   0x420042, "Key Format Type",                     enumeration, key_format_type, shown) \
    X(key_material,                      0x420043, "Key Material",                        structure_bytes, none, hidden) \
    X(key_part_identifier,               0x420044, "Key Part Identifier",                 integer, none, shown) \
    X(key_value,                         0x420045, "Key Value",                           structure_bytes, none, shown) \
    X(key_wrapping_data,                 0x420046, "Key Wrapping Data",                   structure, none, shown) \
    X(key_wrapping_specification,        0x420047, "Key Wrapping Specification",          structure, none, shown) \
    X(last_change_date,                  0x420048, "Last Change Date",                    date, none, shown) \
    X(lease_time,                        0x420049, "Lease Time",                          interval, none, shown) \
    X(link,                              0x42004A, "Link",                                structure, none, shown) \
    X(link_type,                         0x42004B, "Link Type",                           enumeration, link_type, shown) \
    X(linked_object_identifier,          0x42004C, "Linked Object Identifier",            text_enumeration_integer, unique_identifier, shown) \
    X(mac_signature,                     0x42004D, "MAC/Signature",                       bytes, none, shown) \
    X(mac_signature_key_information,     0x42004E, "MAC/Signature Key Information",       structure, none, shown) \
    X(maximum_items,                     0x42004F, "Maximum Items",                       integer, none, shown) \
    X(maximum_response_size,             0x420050, "Maximum Response Size",               integer, none, shown) \
    X(message_extension,                 0x420051, "Message Extension",                   structure, none, shown) \
    X(modulus,                           0x420052, "Modulus",                             big_integer, none, shown) \
    X(name,                              0x420053, "Name",                                structure, none, shown) \
    X(name_type,                         0x420054, "Name Type",                           enumeration, name_type, shown) \
    X(name_value,                        0x420055, "Name Value",                          text, none, shown) \
    X(object_group,                      0x420056, "Object Group",                        text, none, shown) \
    X(object_type,                       0x420057, "Object Type",                         enumeration, object_type, shown) \
    X(offset,                            0x420058, "Offset",                              interval, none, shown) \
    X(opaque_data_type,                  0x420059, "Opaque Data Type",                    enumeration, opaque_data_type, shown) \
    X(opaque_data_value,                 0x42005A, "Opaque Data Value",                   bytes, none, hidden) \
    X(opaque_object,                     0x42005B, "Opaque Object",                       structure, none, shown) \
    X(operation,                         0x42005C, "Operation",                           enumeration, operation, shown) \
    X(operation_policy_name,             0x42005D, "Operation Policy Name",               text, none, shown) \
    X(p,                                 0x42005E, "P",                                   big_integer, none, hidden) \
    X(padding_method,                    0x42005F, "Padding Method",                      enumeration, padding_method, shown) \
    X(prime_exponent_p,                  0x420060, "Prime Exponent P",                    big_integer, none, hidden) \
    X(prime_exponent_q,                  0x420061, "Prime Exponent Q",                    big_integer, none, hidden) \
    X(prime_field_size,                  0x420062, "Prime Field Size",                    big_integer, none, shown) \
    X(private_exponent,                  0x420063, "Private Exponent",                    big_integer, none, hidden) \
    X(private_key,                       0x420064, "Private Key",                         structure, none, shown) \
    X(private_key_template_attribute,    0x420065, "Private Key Template-Attribute",      structure, none, shown) \
    X(private_key_unique_identifier,     0x420066, "Private Key Unique Identifier",       text_enumeration_integer, unique_identifier, shown) \
    X(process_start_date,                0x420067, "Process Start Date",                  date, none, shown) \
    X(protect_stop_date,                 0x420068, "Protect Stop Date",                   date, none, shown) \
    X(protocol_version,                  0x420069, "Protocol Version",                    structure, none, shown) \
    X(protocol_version_major,            0x42006A, "Protocol Version Major",              integer, none, shown) \
    X(protocol_version_minor,            0x42006B, "Protocol Version Minor",              integer, none, shown) \
    X(public_exponent,                   0x42006C, "Public Exponent",                     big_integer, none, shown) \
    X(public_key,                        0x42006D, "Public Key",                          structure, none, shown) \
    X(public_key_template_attribute,     0x42006E, "Public Key Template-Attribute",       structure, none, shown) \
    X(public_key_unique_identifier,      0x42006F, "Public Key Unique Identifier",        text_enumeration_integer, unique_identifier, shown) \
    X(put_function,                      0x420070, "Put Function",                        enumeration, put_function, shown) \
    X(q,                                 0x420071, "Q",                                   big_integer, none, hidden) \
    X(q_string,                          0x420072, "Q String",                            bytes, none, hidden) \
    X(qlength,                           0x420073, "Qlength",                             integer, none, shown) \
    X(query_function,                    0x420074, "Query Function",                      enumeration, query_function, shown) \
    X(recommended_curve,                 0x420075, "Recommended Curve",                   enumeration, recommended_curve, shown) \
    X(replaced_unique_identifier,        0x420076, "Replaced Unique Identifier",          text_enumeration_integer, unique_identifier, shown) \
    X(request_header,                    0x420077, "Request Header",                      structure, none, shown) \
    X(request_message,                   0x420078, "Request Message",                     structure, none, shown) \
    X(request_payload,                   0x420079, "Request Payload",                     structure, none, shown) \
    X(response_header,                   0x42007A, "Response Header",                     structure, none, shown) \
    X(response_message,                  0x42007B, "Response Message",                    structure, none, shown) \
    X(response_payload,                  0x42007C, "Response Payload",                    structure, none, shown) \
    X(result_message,                    0x42007D, "Result Message",                      text, none, shown) \
    X(result_reason,                     0x42007E, "Result Reason",                       enumeration, result_reason, shown) \
    X(result_status,                     0x42007F, "Result Status",                       enumeration, result_status, shown) \
    X(revocation_message,                0x420080, "Revocation Message",                  text, none, shown) \
    X(revocation_reason,                 0x420081, "Revocation Reason",                   structure, none, shown) \
    X(revocation_reason_code,            0x420082, "Revocation Reason Code",              enumeration, revocation_reason_code, shown) \
    X(key_role_type,                     0x420083, "Key Role Type",                       enumeration, key_role_type, shown) \
    X(salt,                              0x420084, "Salt",                                bytes, none, shown) \
    X(secret_data,                       0x420085, "Secret Data",                         structure, none, shown) \
    X(secret_data_type,                  0x420086, "Secret Data Type",                    enumeration, secret_data_type, shown) \
    X(serial_number,                     0x420087, "Serial Number",                       text, none, shown) \
    X(server_information,                0x420088, "Server Information",                  structure, none, shown) \
    X(split_key,                         0x420089, "Split Key",                           structure, none, shown) \
    X(split_key_method,                  0x42008A, "Split Key Method",                    enumeration, split_key_method, shown) \
    X(split_key_parts,                   0x42008B, "Split Key Parts",                     integer, none, shown) \
    X(split_key_threshold,               0x42008C, "Split Key Threshold",                 integer, none, shown) \
    X(state,                             0x42008D, "State",                               enumeration, state, shown) \
    X(storage_status_mask,               0x42008E, "Storage Status Mask",                 integer, storage_status_mask, shown) \
    X(symmetric_key,                     0x42008F, "Symmetric Key",                       structure, none, shown) \
    X(template_object,                   0x420090, "Template",                            structure, none, shown) \
    X(template_attribute,                0x420091, "Template-Attribute",                  structure, none, shown) \
    X(time_stamp,                        0x420092, "Time Stamp",                          date, none, shown) \
    X(unique_batch_item_id,              0x420093, "Unique Batch Item ID",                bytes, none, shown) \
    X(unique_identifier,                 0x420094, "Unique Identifier",                   text_enumeration_integer, unique_identifier, shown) \
    X(usage_limits,                      0x420095, "Usage Limits",                        structure, none, shown) \
    X(usage_limits_count,                0x420096, "Usage Limits Count",                  long_integer, none, shown) \
    X(usage_limits_total,                0x420097, "Usage Limits Total",                  long_integer, none, shown) \
    X(usage_limits_unit,                 0x420098, "Usage Limits Unit",                   enumeration, usage_limits_unit, shown) \
    X(username,                          0x420099, "Username",                            text, none, hidden) \
    X(validity_date,                     0x42009A, "Validity Date",                       date, none, shown) \
    X(validity_indicator,                0x42009B, "Validity Indicator",                  enumeration, validity_indicator, shown) \
    X(vendor_extension,                  0x42009C, "Vendor Extension",                    structure, none, shown) \
    X(vendor_identification,             0x42009D, "Vendor Identification",               text, none, shown) \
    X(wrapping_method,                   0x42009E, "Wrapping Method",                     enumeration, wrapping_method, shown) \
    X(x,                                 0x42009F, "X",                                   big_integer, none, hidden) \
    X(y,                                 0x4200A0, "Y",                                   big_integer, none, shown) \
    X(password,                          0x4200A1, "Password",                            text, none, hidden)

#define VS_TTLV_TAGS_1_1(X) \
    X(device_identifier,                 0x4200A2, "Device Identifier",                   text, none, shown) \
    X(encoding_option,                   0x4200A3, "Encoding Option",                     enumeration, encoding_option, shown) \
    X(extension_information,             0x4200A4, "Extension Information",               structure, none, shown) \
    X(extension_name,                    0x4200A5, "Extension Name",                      text, none, shown) \
    X(extension_tag,                     0x4200A6, "Extension Tag",                       integer, none, shown) \
    X(extension_type,                    0x4200A7, "Extension Type",                      integer_enumeration, item_type, shown) \
    X(fresh,                             0x4200A8, "Fresh",                               boolean, none, shown) \
    X(machine_identifier,                0x4200A9, "Machine Identifier",                  text, none, shown) \
    X(media_identifier,                  0x4200AA, "Media Identifier",                    text, none, shown) \
    X(network_identifier,                0x4200AB, "Network Identifier",                  text, none, shown) \
    X(object_group_member,               0x4200AC, "Object Group Member",                 enumeration, object_group_member, shown) \
    X(certificate_length,                0x4200AD, "Certificate Length",                  integer, none, shown) \
    X(digital_signature_algorithm,       0x4200AE, "Digital Signature Algorithm",         enumeration, digital_signature_algorithm, shown) \
    X(certificate_serial_number,         0x4200AF, "Certificate Serial Number",           bytes, none, shown) \
    X(device_serial_number,              0x4200B0, "Device Serial Number",                text, none, shown) \
    X(issuer_alternative_name,           0x4200B1, "Issuer Alternative Name",             bytes, none, shown) \
    X(issuer_distinguished_name,         0x4200B2, "Issuer Distinguished Name",           bytes, none, shown) \
    X(subject_alternative_name,          0x4200B3, "Subject Alternative Name",            bytes, none, shown) \
    X(subject_distinguished_name,        0x4200B4, "Subject Distinguished Name",          bytes, none, shown) \
    X(x_509_certificate_identifier,      0x4200B5, "X.509 Certificate Identifier",        structure, none, shown) \
    X(x_509_certificate_issuer,          0x4200B6, "X.509 Certificate Issuer",            structure, none, shown) \
    X(x_509_certificate_subject,         0x4200B7, "X.509 Certificate Subject",           structure, none, shown)

#define VS_TTLV_TAGS_1_2(X) \
    X(key_value_location,                0x4200B8, "Key Value Location",                  structure, none, shown) \
    X(key_value_location_value,          0x4200B9, "Key Value Location Value",            text, none, shown) \
    X(key_value_location_type,           0x4200BA, "Key Value Location Type",             enumeration, key_value_location_type, shown) \
    X(key_value_present,                 0x4200BB, "Key Value Present",                   boolean, none, shown) \
    X(original_creation_date,            0x4200BC, "Original Creation Date",              date, none, shown) \
    X(pgp_key,                           0x4200BD, "PGP Key",                             structure, none, shown) \
    X(pgp_key_version,                   0x4200BE, "PGP Key Version",                     integer, none, shown) \
    X(alternative_name,                  0x4200BF, "Alternative Name",                    structure, none, shown) \
    X(alternative_name_value,            0x4200C0, "Alternative Name Value",              text, none, shown) \
    X(alternative_name_type,             0x4200C1, "Alternative Name Type",               enumeration, alternative_name_type, shown) \
    X(data,                              0x4200C2, "Data",                                bytes_enumeration, data, hidden) \
    X(signature_data,                    0x4200C3, "Signature Data",                      bytes, none, shown) \
    X(data_length,                       0x4200C4, "Data Length",                         integer, none, shown) \
    X(random_iv,                         0x4200C5, "Random IV",                           boolean, none, shown) \
    X(mac_data,                          0x4200C6, "MAC Data",                            bytes, none, shown) \
    X(attestation_type,                  0x4200C7, "Attestation Type",                    enumeration, attestation_type, shown) \
    X(nonce,                             0x4200C8, "Nonce",                               structure, none, shown) \
    X(nonce_id,                          0x4200C9, "Nonce ID",                            bytes, none, shown) \
    X(nonce_value,                       0x4200CA, "Nonce Value",                         bytes, none, shown) \
    X(attestation_measurement,           0x4200CB, "Attestation Measurement",             bytes, none, shown) \
    X(attestation_assertion,             0x4200CC, "Attestation Assertion",               bytes, none, shown) \
    X(iv_length,                         0x4200CD, "IV Length",                           integer, none, shown) \
    X(tag_length,                        0x4200CE, "Tag Length",                          integer, none, shown) \
    X(fixed_field_length,                0x4200CF, "Fixed Field Length",                  integer, none, shown) \
    X(counter_length,                    0x4200D0, "Counter Length",                      integer, none, shown) \
    X(initial_counter_value,             0x4200D1, "Initial Counter Value",               integer, none, shown) \
    X(invocation_field_length,           0x4200D2, "Invocation Field Length",             integer, none, shown) \
    X(attestation_capable_indicator,     0x4200D3, "Attestation Capable Indicator",       boolean, none, shown)
// clang-format on

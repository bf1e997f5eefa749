// The tags of KMIP 1.3 to 2.1, a group for each version that brought some [KMIP 2.1, Tags; the older ones
// from their own specifications].
//
//     X(name here, code, name there, types it may have, values it may take, whether describe() shows it)
//
// The types are those of ttlv::takes, the values those of ttlv::Values.
#pragma once

// clang-format off

#define VS_TTLV_TAGS_1_3(X) \
    X(offset_items,                      0x4200D4, "Offset Items",                        integer, none, shown) \
    X(located_items,                     0x4200D5, "Located Items",                       integer, none, shown) \
    X(correlation_value,                 0x4200D6, "Correlation Value",                   bytes, none, shown) \
    X(init_indicator,                    0x4200D7, "Init Indicator",                      boolean, none, shown) \
    X(final_indicator,                   0x4200D8, "Final Indicator",                     boolean, none, shown) \
    X(rng_parameters,                    0x4200D9, "RNG Parameters",                      structure, none, shown) \
    X(rng_algorithm,                     0x4200DA, "RNG Algorithm",                       enumeration, rng_algorithm, shown) \
    X(drbg_algorithm,                    0x4200DB, "DRBG Algorithm",                      enumeration, drbg_algorithm, shown) \
    X(fips186_variation,                 0x4200DC, "FIPS186 Variation",                   enumeration, fips186_variation, shown) \
    X(prediction_resistance,             0x4200DD, "Prediction Resistance",               boolean, none, shown) \
    X(random_number_generator,           0x4200DE, "Random Number Generator",             structure, none, shown) \
    X(validation_information,            0x4200DF, "Validation Information",              structure, none, shown) \
    X(validation_authority_type,         0x4200E0, "Validation Authority Type",           enumeration, validation_authority_type, shown) \
    X(validation_authority_country,      0x4200E1, "Validation Authority Country",        text, none, shown) \
    X(validation_authority_uri,          0x4200E2, "Validation Authority URI",            text, none, shown) \
    X(validation_version_major,          0x4200E3, "Validation Version Major",            integer, none, shown) \
    X(validation_version_minor,          0x4200E4, "Validation Version Minor",            integer, none, shown) \
    X(validation_type,                   0x4200E5, "Validation Type",                     enumeration, validation_type, shown) \
    X(validation_level,                  0x4200E6, "Validation Level",                    integer, none, shown) \
    X(validation_certificate_identifier, 0x4200E7, "Validation Certificate Identifier",   text, none, shown) \
    X(validation_certificate_uri,        0x4200E8, "Validation Certificate URI",          text, none, shown) \
    X(validation_vendor_uri,             0x4200E9, "Validation Vendor URI",               text, none, shown) \
    X(validation_profile,                0x4200EA, "Validation Profile",                  text, none, shown) \
    X(profile_information,               0x4200EB, "Profile Information",                 structure, none, shown) \
    X(profile_name,                      0x4200EC, "Profile Name",                        enumeration, profile_name, shown) \
    X(server_uri,                        0x4200ED, "Server URI",                          text, none, shown) \
    X(server_port,                       0x4200EE, "Server Port",                         integer, none, shown) \
    X(streaming_capability,              0x4200EF, "Streaming Capability",                boolean, none, shown) \
    X(asynchronous_capability,           0x4200F0, "Asynchronous Capability",             boolean, none, shown) \
    X(attestation_capability,            0x4200F1, "Attestation Capability",              boolean, none, shown) \
    X(unwrap_mode,                       0x4200F2, "Unwrap Mode",                         enumeration, unwrap_mode, shown) \
    X(destroy_action,                    0x4200F3, "Destroy Action",                      enumeration, destroy_action, shown) \
    X(shredding_algorithm,               0x4200F4, "Shredding Algorithm",                 enumeration, shredding_algorithm, shown) \
    X(rng_mode,                          0x4200F5, "RNG Mode",                            enumeration, rng_mode, shown) \
    X(client_registration_method,        0x4200F6, "Client Registration Method",          enumeration, client_registration_method, shown) \
    X(capability_information,            0x4200F7, "Capability Information",              structure, none, shown)

#define VS_TTLV_TAGS_1_4(X) \
    X(key_wrap_type,                     0x4200F8, "Key Wrap Type",                       enumeration, key_wrap_type, shown) \
    X(batch_undo_capability,             0x4200F9, "Batch Undo Capability",               boolean, none, shown) \
    X(batch_continue_capability,         0x4200FA, "Batch Continue Capability",           boolean, none, shown) \
    X(pkcs12_friendly_name,              0x4200FB, "PKCS#12 Friendly Name",               text, none, shown) \
    X(description,                       0x4200FC, "Description",                         text, none, shown) \
    X(comment,                           0x4200FD, "Comment",                             text, none, shown) \
    X(authenticated_encryption_additional_data, 0x4200FE, "Authenticated Encryption Additional Data", bytes, none, shown) \
    X(authenticated_encryption_tag,      0x4200FF, "Authenticated Encryption Tag",        bytes, none, shown) \
    X(salt_length,                       0x420100, "Salt Length",                         integer, none, shown) \
    X(mask_generator,                    0x420101, "Mask Generator",                      enumeration, mask_generator, shown) \
    X(mask_generator_hashing_algorithm,  0x420102, "Mask Generator Hashing Algorithm",    enumeration, hashing_algorithm, shown) \
    X(p_source,                          0x420103, "P Source",                            bytes, none, shown) \
    X(trailer_field,                     0x420104, "Trailer Field",                       integer, none, shown) \
    X(client_correlation_value,          0x420105, "Client Correlation Value",            text, none, shown) \
    X(server_correlation_value,          0x420106, "Server Correlation Value",            text, none, shown) \
    X(digested_data,                     0x420107, "Digested Data",                       bytes, none, shown) \
    X(certificate_subject_cn,            0x420108, "Certificate Subject CN",              text, none, shown) \
    X(certificate_subject_o,             0x420109, "Certificate Subject O",               text, none, shown) \
    X(certificate_subject_ou,            0x42010A, "Certificate Subject OU",              text, none, shown) \
    X(certificate_subject_email,         0x42010B, "Certificate Subject Email",           text, none, shown) \
    X(certificate_subject_c,             0x42010C, "Certificate Subject C",               text, none, shown) \
    X(certificate_subject_st,            0x42010D, "Certificate Subject ST",              text, none, shown) \
    X(certificate_subject_l,             0x42010E, "Certificate Subject L",               text, none, shown) \
    X(certificate_subject_uid,           0x42010F, "Certificate Subject UID",             text, none, shown) \
    X(certificate_subject_serial_number, 0x420110, "Certificate Subject Serial Number",   text, none, shown) \
    X(certificate_subject_title,         0x420111, "Certificate Subject Title",           text, none, shown) \
    X(certificate_subject_dc,            0x420112, "Certificate Subject DC",              text, none, shown) \
    X(certificate_subject_dn_qualifier,  0x420113, "Certificate Subject DN Qualifier",    text, none, shown) \
    X(certificate_issuer_cn,             0x420114, "Certificate Issuer CN",               text, none, shown) \
    X(certificate_issuer_o,              0x420115, "Certificate Issuer O",                text, none, shown) \
    X(certificate_issuer_ou,             0x420116, "Certificate Issuer OU",               text, none, shown) \
    X(certificate_issuer_email,          0x420117, "Certificate Issuer Email",            text, none, shown) \
    X(certificate_issuer_c,              0x420118, "Certificate Issuer C",                text, none, shown) \
    X(certificate_issuer_st,             0x420119, "Certificate Issuer ST",               text, none, shown) \
    X(certificate_issuer_l,              0x42011A, "Certificate Issuer L",                text, none, shown) \
    X(certificate_issuer_uid,            0x42011B, "Certificate Issuer UID",              text, none, shown) \
    X(certificate_issuer_serial_number,  0x42011C, "Certificate Issuer Serial Number",    text, none, shown) \
    X(certificate_issuer_title,          0x42011D, "Certificate Issuer Title",            text, none, shown) \
    X(certificate_issuer_dc,             0x42011E, "Certificate Issuer DC",               text, none, shown) \
    X(certificate_issuer_dn_qualifier,   0x42011F, "Certificate Issuer DN Qualifier",     text, none, shown) \
    X(sensitive,                         0x420120, "Sensitive",                           boolean, none, shown) \
    X(always_sensitive,                  0x420121, "Always Sensitive",                    boolean, none, shown) \
    X(extractable,                       0x420122, "Extractable",                         boolean, none, shown) \
    X(never_extractable,                 0x420123, "Never Extractable",                   boolean, none, shown) \
    X(replace_existing,                  0x420124, "Replace Existing",                    boolean, none, shown)

#define VS_TTLV_TAGS_2_0(X) \
    X(attributes,                        0x420125, "Attributes",                          structure, none, shown) \
    X(common_attributes,                 0x420126, "Common Attributes",                   structure, none, shown) \
    X(private_key_attributes,            0x420127, "Private Key Attributes",              structure, none, shown) \
    X(public_key_attributes,             0x420128, "Public Key Attributes",               structure, none, shown) \
    X(extension_enumeration,             0x420129, "Extension Enumeration",               integer, none, shown) \
    X(extension_attribute,               0x42012A, "Extension Attribute",                 boolean, none, shown) \
    X(extension_parent_structure_tag,    0x42012B, "Extension Parent Structure Tag",      integer, none, shown) \
    X(extension_description,             0x42012C, "Extension Description",               text, none, shown) \
    X(server_name,                       0x42012D, "Server Name",                         text, none, shown) \
    X(server_serial_number,              0x42012E, "Server Serial Number",                text, none, shown) \
    X(server_version,                    0x42012F, "Server Version",                      text, none, shown) \
    X(server_load,                       0x420130, "Server Load",                         integer, none, shown) \
    X(product_name,                      0x420131, "Product Name",                        text, none, shown) \
    X(build_level,                       0x420132, "Build Level",                         text, none, shown) \
    X(build_date,                        0x420133, "Build Date",                          date, none, shown) \
    X(cluster_info,                      0x420134, "Cluster Info",                        text, none, shown) \
    X(alternate_failover_endpoints,      0x420135, "Alternate Failover Endpoints",        text, none, shown) \
    X(short_unique_identifier,           0x420136, "Short Unique Identifier",             bytes, none, shown) \
    X(reserved,                          0x420137, "Reserved",                            any, none, shown) \
    X(tag,                               0x420138, "Tag",                                 enumeration, tag, shown) \
    X(certificate_request_unique_identifier, 0x420139, "Certificate Request Unique Identifier", text_enumeration_integer, unique_identifier, shown) \
    X(nist_key_type,                     0x42013A, "NIST Key Type",                       enumeration, nist_key_type, shown) \
    X(attribute_reference,               0x42013B, "Attribute Reference",                 structure_enumeration, tag, shown) \
    X(current_attribute,                 0x42013C, "Current Attribute",                   structure, none, shown) \
    X(new_attribute,                     0x42013D, "New Attribute",                       structure, none, shown) \
    X(certificate_request_value,         0x420140, "Certificate Request Value",           bytes, none, shown) \
    X(log_message,                       0x420141, "Log Message",                         text, none, shown) \
    X(profile_version,                   0x420142, "Profile Version",                     structure, none, shown) \
    X(profile_version_major,             0x420143, "Profile Version Major",               integer, none, shown) \
    X(profile_version_minor,             0x420144, "Profile Version Minor",               integer, none, shown) \
    X(protection_level,                  0x420145, "Protection Level",                    enumeration, protection_level, shown) \
    X(protection_period,                 0x420146, "Protection Period",                   interval, none, shown) \
    X(quantum_safe,                      0x420147, "Quantum Safe",                        boolean, none, shown) \
    X(quantum_safe_capability,           0x420148, "Quantum Safe Capability",             boolean, none, shown) \
    X(ticket,                            0x420149, "Ticket",                              structure, none, shown) \
    X(ticket_type,                       0x42014A, "Ticket Type",                         enumeration, ticket_type, shown) \
    X(ticket_value,                      0x42014B, "Ticket Value",                        bytes, none, hidden) \
    X(request_count,                     0x42014C, "Request Count",                       integer, none, shown) \
    X(rights,                            0x42014D, "Rights",                              structure, none, shown) \
    X(objects,                           0x42014E, "Objects",                             structure, none, shown) \
    X(operations,                        0x42014F, "Operations",                          structure, none, shown) \
    X(right,                             0x420150, "Right",                               structure, none, shown) \
    X(endpoint_role,                     0x420151, "Endpoint Role",                       enumeration, endpoint_role, shown) \
    X(defaults_information,              0x420152, "Defaults Information",                structure, none, shown) \
    X(object_defaults,                   0x420153, "Object Defaults",                     structure, none, shown) \
    X(ephemeral,                         0x420154, "Ephemeral",                           boolean, none, shown) \
    X(server_hashed_password,            0x420155, "Server Hashed Password",              bytes, none, hidden) \
    X(one_time_password,                 0x420156, "One Time Password",                   text_bytes, none, hidden) \
    X(hashed_password,                   0x420157, "Hashed Password",                     bytes, none, hidden) \
    X(adjustment_type,                   0x420158, "Adjustment Type",                     enumeration, adjustment_type, shown) \
    X(pkcs11_interface,                  0x420159, "PKCS#11 Interface",                   text, none, shown) \
    X(pkcs11_function,                   0x42015A, "PKCS#11 Function",                    enumeration, pkcs11_function, shown) \
    X(pkcs11_input_parameters,           0x42015B, "PKCS#11 Input Parameters",            bytes, none, hidden) \
    X(pkcs11_output_parameters,          0x42015C, "PKCS#11 Output Parameters",           bytes, none, hidden) \
    X(pkcs11_return_code,                0x42015D, "PKCS#11 Return Code",                 enumeration, pkcs11_return_code, shown) \
    X(protection_storage_mask,           0x42015E, "Protection Storage Mask",             integer, protection_storage_mask, shown) \
    X(protection_storage_masks,          0x42015F, "Protection Storage Masks",            structure, none, shown) \
    X(interop_function,                  0x420160, "Interop Function",                    enumeration, interop_function, shown) \
    X(interop_identifier,                0x420161, "Interop Identifier",                  text, none, shown) \
    X(adjustment_value,                  0x420162, "Adjustment Value",                    integer, none, shown) \
    X(common_protection_storage_masks,   0x420163, "Common Protection Storage Masks",     structure, none, shown) \
    X(private_protection_storage_masks,  0x420164, "Private Protection Storage Masks",    structure, none, shown) \
    X(public_protection_storage_masks,   0x420165, "Public Protection Storage Masks",     structure, none, shown)

#define VS_TTLV_TAGS_2_1(X) \
    X(object_groups,                     0x420166, "Object Groups",                       structure, none, shown) \
    X(object_types,                      0x420167, "Object Types",                        structure, none, shown) \
    X(constraints,                       0x420168, "Constraints",                         structure, none, shown) \
    X(constraint,                        0x420169, "Constraint",                          structure, none, shown) \
    X(rotate_interval,                   0x42016A, "Rotate Interval",                     interval, none, shown) \
    X(rotate_automatic,                  0x42016B, "Rotate Automatic",                    boolean, none, shown) \
    X(rotate_offset,                     0x42016C, "Rotate Offset",                       interval, none, shown) \
    X(rotate_date,                       0x42016D, "Rotate Date",                         date, none, shown) \
    X(rotate_generation,                 0x42016E, "Rotate Generation",                   integer, none, shown) \
    X(rotate_name,                       0x42016F, "Rotate Name",                         structure, none, shown) \
    X(rotate_name_value,                 0x420170, "Rotate Name Value",                   text, none, shown) \
    X(rotate_name_type,                  0x420171, "Rotate Name Type",                    enumeration, rotate_name_type, shown) \
    X(rotate_latest,                     0x420172, "Rotate Latest",                       boolean, none, shown) \
    X(asynchronous_request,              0x420173, "Asynchronous Request",                structure, none, shown) \
    X(submission_date,                   0x420174, "Submission Date",                     date, none, shown) \
    X(processing_stage,                  0x420175, "Processing Stage",                    enumeration, processing_stage, shown) \
    X(asynchronous_correlation_values,   0x420176, "Asynchronous Correlation Values",     structure, none, shown)
// clang-format on

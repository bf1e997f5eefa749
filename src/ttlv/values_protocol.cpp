// Values of the protocol itself: operations, results, what a server says of itself.
#include "ttlv/values_tables.h"

namespace vouchsafe::ttlv::tables {

namespace {

using enum Version;

// Since version 1.0 and still there, unless a row says otherwise: since, then until. A name that stands
// second for its value is read, and never written.
// clang-format off
constexpr NamedValue operation[] = {
    {0x01, "Create"},
    {0x02, "Create Key Pair"},
    {0x03, "Register"},
    {0x04, "Re-key"},
    {0x05, "Derive Key"},
    {0x06, "Certify"},
    {0x07, "Re-certify"},
    {0x08, "Locate"},
    {0x09, "Check"},
    {0x0A, "Get"},
    {0x0B, "Get Attributes"},
    {0x0C, "Get Attribute List"},
    {0x0D, "Add Attribute"},
    {0x0E, "Modify Attribute"},
    {0x0F, "Delete Attribute"},
    {0x10, "Obtain Lease"},
    {0x11, "Get Usage Allocation"},
    {0x12, "Activate"},
    {0x13, "Revoke"},
    {0x14, "Destroy"},
    {0x15, "Archive"},
    {0x16, "Recover"},
    {0x17, "Validate"},
    {0x18, "Query"},
    {0x19, "Cancel"},
    {0x1A, "Poll"},
    {0x1B, "Notify"},
    {0x1C, "Put"},
    {0x1D, "Re-key Key Pair", v1_1},
    {0x1E, "Discover Versions", v1_1},
    {0x1F, "Encrypt", v1_2},
    {0x20, "Decrypt", v1_2},
    {0x21, "Sign", v1_2},
    {0x22, "Signature Verify", v1_2},
    {0x23, "MAC", v1_2},
    {0x24, "MAC Verify", v1_2},
    {0x25, "RNG Retrieve", v1_2},
    {0x26, "RNG Seed", v1_2},
    {0x27, "Hash", v1_2},
    {0x28, "Create Split Key", v1_2},
    {0x29, "Join Split Key", v1_2},
    {0x2A, "Import", v1_4},
    {0x2B, "Export", v1_4},
    {0x2C, "Log", v2_0},
    {0x2D, "Login", v2_0},
    {0x2E, "Logout", v2_0},
    {0x2F, "Delegated Login", v2_0},
    {0x30, "Adjust Attribute", v2_0},
    {0x31, "Set Attribute", v2_0},
    {0x32, "Set Endpoint Role", v2_0},
    {0x33, "PKCS#11", v2_0},
    {0x34, "Interop", v2_0},
    {0x35, "Re-Provision", v2_0},
    {0x36, "Set Defaults", v2_1},
    {0x37, "Set Constraints", v2_1},
    {0x38, "Get Constraints", v2_1},
    {0x39, "Query Asynchronous Requests", v2_1},
    {0x3A, "Process", v2_1},
    {0x3B, "Ping", v2_1},
};

constexpr NamedValue result_status[] = {
    {0x00, "Success"},
    {0x01, "Operation Failed"},
    {0x02, "Operation Pending"},
    {0x03, "Operation Undone"},
};

constexpr NamedValue result_reason[] = {
    {0x01, "Item Not Found"},
    {0x02, "Response Too Large"},
    {0x03, "Authentication Not Successful"},
    {0x04, "Invalid Message"},
    {0x05, "Operation Not Supported"},
    {0x06, "Missing Data"},
    {0x07, "Invalid Field"},
    {0x08, "Feature Not Supported"},
    {0x09, "Operation Canceled By Requester"},
    {0x0A, "Cryptographic Failure"},
    {0x0B, "Illegal Operation", v1_0, v1_4},
    {0x0C, "Permission Denied"},
    {0x0D, "Object Archived"},
    {0x0E, "Index Out of Bounds", v1_0, v1_4},
    {0x0F, "Application Namespace Not Supported"},
    {0x10, "Key Format Type Not Supported"},
    {0x11, "Key Compression Type Not Supported"},
    {0x12, "Encoding Option Error", v1_1},
    {0x13, "Key Value Not Present", v1_2},
    {0x14, "Attestation Required", v1_2},
    {0x15, "Attestation Failed", v1_2},
    {0x16, "Sensitive", v1_4},
    {0x17, "Not Extractable", v1_4},
    {0x18, "Object Already Exists", v1_4},
    {0x19, "Invalid Ticket", v2_0},
    {0x1A, "Usage Limit Exceeded", v2_0},
    {0x1B, "Numeric Range", v2_0},
    {0x1C, "Invalid Data Type", v2_0},
    {0x1D, "Read Only Attribute", v2_0},
    {0x1E, "Multi Valued Attribute", v2_0},
    {0x1F, "Unsupported Attribute", v2_0},
    {0x20, "Attribute Instance Not Found", v2_0},
    {0x21, "Attribute Not Found", v2_0},
    {0x22, "Attribute Read Only", v2_0},
    {0x23, "Attribute Single Valued", v2_0},
    {0x24, "Bad Cryptographic Parameters", v2_0},
    {0x25, "Bad Password", v2_0},
    {0x26, "Codec Error", v2_0},
    {0x28, "Illegal Object Type", v2_0},
    {0x29, "Incompatible Cryptographic Usage Mask", v2_0},
    {0x2A, "Internal Server Error", v2_0},
    {0x2B, "Invalid Asynchronous Correlation Value", v2_0},
    {0x2C, "Invalid Attribute", v2_0},
    {0x2D, "Invalid Attribute Value", v2_0},
    {0x2E, "Invalid Correlation Value", v2_0},
    {0x2F, "Invalid CSR", v2_0},
    {0x30, "Invalid Object Type", v2_0},
    {0x32, "Key Wrap Type Not Supported", v2_0},
    {0x34, "Missing Initialization Vector", v2_0},
    {0x35, "Non Unique Name Attribute", v2_0},
    {0x36, "Object Destroyed", v2_0},
    {0x37, "Object Not Found", v2_0},
    {0x39, "Not Authorised", v2_0},
    {0x3A, "Server Limit Exceeded", v2_0},
    {0x3B, "Unknown Enumeration", v2_0},
    {0x3C, "Unknown Message Extension", v2_0},
    {0x3D, "Unknown Tag", v2_0},
    {0x3E, "Unsupported Cryptographic Parameters", v2_0},
    {0x3F, "Unsupported Protocol Version", v2_0},
    {0x40, "Wrapping Object Archived", v2_0},
    {0x41, "Wrapping Object Destroyed", v2_0},
    {0x42, "Wrapping Object Not Found", v2_0},
    {0x43, "Wrong Key Lifecycle State", v2_0},
    {0x44, "Protection Storage Unavailable", v2_0},
    {0x45, "PKCS#11 Codec Error", v2_0},
    {0x46, "PKCS#11 Invalid Function", v2_0},
    {0x47, "PKCS#11 Invalid Interface", v2_0},
    {0x48, "Private Protection Storage Unavailable", v2_0},
    {0x49, "Public Protection Storage Unavailable", v2_0},
    {0x4A, "Unknown Object Group", v2_1},
    {0x4B, "Constraint Violation", v2_1},
    {0x4C, "Duplicate Process Request", v2_1},
    {0x100, "General Failure"},
};

constexpr NamedValue batch_error_continuation_option[] = {
    {0x01, "Continue"},
    {0x02, "Stop"},
    {0x03, "Undo"},
};

constexpr NamedValue asynchronous_indicator[] = {
    {0x01, "Mandatory", v2_0},
    {0x02, "Optional", v2_0},
    {0x03, "Prohibited", v2_0},
};

constexpr NamedValue cancellation_result[] = {
    {0x01, "Canceled"},
    {0x02, "Unable to Cancel"},
    {0x03, "Completed"},
    {0x04, "Failed"},
    {0x05, "Unavailable"},
};

constexpr NamedValue processing_stage[] = {
    {0x01, "Submitted", v2_1},
    {0x02, "In Process", v2_1},
    {0x03, "Completed", v2_1},
};

constexpr NamedValue put_function[] = {
    {0x01, "New"},
    {0x02, "Replace"},
};

constexpr NamedValue query_function[] = {
    {0x01, "Query Operations"},
    {0x02, "Query Objects"},
    {0x03, "Query Server Information"},
    {0x04, "Query Application Namespaces"},
    {0x05, "Query Extension List", v1_1},
    {0x06, "Query Extension Map", v1_1},
    {0x07, "Query Attestation Types", v1_2},
    {0x08, "Query RNGs", v1_3},
    {0x09, "Query Validations", v1_3},
    {0x0A, "Query Profiles", v1_3},
    {0x0B, "Query Capabilities", v1_3},
    {0x0C, "Query Client Registration Methods", v1_3},
    {0x0D, "Query Defaults Information", v2_0},
    {0x0E, "Query Storage Protection Masks", v2_0},
};

constexpr NamedValue credential_type[] = {
    {0x01, "Username and Password"},
    {0x02, "Device", v1_1},
    {0x03, "Attestation", v1_2},
    {0x04, "One Time Password", v2_0},
    {0x05, "Hashed Password", v2_0},
    {0x06, "Ticket", v2_0},
};

constexpr NamedValue ticket_type[] = {
    {0x01, "Login", v2_0},
};

constexpr NamedValue attestation_type[] = {
    {0x01, "TPM Quote", v1_2},
    {0x02, "TCG Integrity Report", v1_2},
    {0x03, "SAML Assertion", v1_2},
};

constexpr NamedValue client_registration_method[] = {
    {0x01, "Unspecified", v1_3},
    {0x02, "Server Pre-Generated", v1_3},
    {0x03, "Server On-Demand", v1_3},
    {0x04, "Client Generated", v1_3},
    {0x05, "Client Registered", v1_3},
};

constexpr NamedValue endpoint_role[] = {
    {0x01, "Client", v2_0},
    {0x02, "Server", v2_0},
};

constexpr NamedValue interop_function[] = {
    {0x01, "Begin", v2_0},
    {0x02, "End", v2_0},
    {0x03, "Reset", v2_0},
};

constexpr NamedValue item_type[] = {
    {0x01, "Structure", v2_0},
    {0x02, "Integer", v2_0},
    {0x03, "Long Integer", v2_0},
    {0x04, "Big Integer", v2_0},
    {0x05, "Enumeration", v2_0},
    {0x06, "Boolean", v2_0},
    {0x07, "Text String", v2_0},
    {0x08, "Byte String", v2_0},
    {0x09, "Date Time", v2_0},
    {0x0A, "Interval", v2_0},
    {0x0B, "Date Time Extended", v2_0},
};

constexpr NamedValue unwrap_mode[] = {
    {0x01, "Unspecified", v1_3},
    {0x02, "Processed", v1_3},
    {0x03, "Not Processed", v1_3},
};

constexpr NamedValue destroy_action[] = {
    {0x01, "Unspecified", v1_3},
    {0x02, "Key Material Deleted", v1_3},
    {0x03, "Key Material Shredded", v1_3},
    {0x04, "Meta Data Deleted", v1_3},
    {0x05, "Meta Data Shredded", v1_3},
    {0x06, "Deleted", v1_3},
    {0x07, "Shredded", v1_3},
};

constexpr NamedValue shredding_algorithm[] = {
    {0x01, "Unspecified", v1_3},
    {0x02, "Cryptographic", v1_3},
    {0x03, "Unsupported", v1_3},
};

constexpr NamedValue validation_authority_type[] = {
    {0x01, "Unspecified", v1_3},
    {0x02, "NIST CMVP", v1_3},
    {0x03, "Common Criteria", v1_3},
};

constexpr NamedValue validation_type[] = {
    {0x01, "Unspecified", v1_3},
    {0x02, "Hardware", v1_3},
    {0x03, "Software", v1_3},
    {0x04, "Firmware", v1_3},
    {0x05, "Hybrid", v1_3},
};

constexpr NamedValue unique_identifier[] = {
    {0x01, "ID Placeholder", v2_0},
    {0x02, "Certify", v2_0},
    {0x03, "Create", v2_0},
    {0x04, "Create Key Pair", v2_0},
    {0x05, "Create Key Pair Private Key", v2_0},
    {0x06, "Create Key Pair Public Key", v2_0},
    {0x07, "Create Split Key", v2_0},
    {0x08, "Derive Key", v2_0},
    {0x09, "Import", v2_0},
    {0x0A, "Join Split Key", v2_0},
    {0x0B, "Locate", v2_0},
    {0x0C, "Register", v2_0},
    {0x0D, "Re-key", v2_0},
    {0x0E, "Re-certify", v2_0},
    {0x0F, "Re-key Key Pair", v2_0},
    {0x10, "Re-key Key Pair Private Key", v2_0},
    {0x11, "Re-key Key Pair Public Key", v2_0},
};

constexpr NamedValue data[] = {
    {0x01, "Decrypt", v2_0},
    {0x02, "Encrypt", v2_0},
    {0x03, "Hash", v2_0},
    {0x04, "MAC MAC Data", v2_0},
    {0x05, "RNG Retrieve", v2_0},
    {0x06, "Sign Signature Data", v2_0},
    {0x07, "Signature Verify", v2_0},
};
// clang-format on

constexpr Set sets[] = {
    {Values::operation, operation},
    {Values::result_status, result_status},
    {Values::result_reason, result_reason},
    {Values::batch_error_continuation_option, batch_error_continuation_option},
    {Values::asynchronous_indicator, asynchronous_indicator},
    {Values::cancellation_result, cancellation_result},
    {Values::processing_stage, processing_stage},
    {Values::put_function, put_function},
    {Values::query_function, query_function},
    {Values::credential_type, credential_type},
    {Values::ticket_type, ticket_type},
    {Values::attestation_type, attestation_type},
    {Values::client_registration_method, client_registration_method},
    {Values::endpoint_role, endpoint_role},
    {Values::interop_function, interop_function},
    {Values::item_type, item_type},
    {Values::unwrap_mode, unwrap_mode},
    {Values::destroy_action, destroy_action},
    {Values::shredding_algorithm, shredding_algorithm},
    {Values::validation_authority_type, validation_authority_type},
    {Values::validation_type, validation_type},
    {Values::unique_identifier, unique_identifier},
    {Values::data, data},
};

} // namespace

std::span<const Set> protocol() {
    return sets;
}

} // namespace vouchsafe::ttlv::tables

// Values that describe managed objects: their kinds, formats, states, names and links.
#include "ttlv/values_tables.h"

namespace vouchsafe::ttlv::tables {

namespace {

using enum Version;

// Since version 1.0 and still there, unless a row says otherwise: since, then until. A name that stands
// second for its value is read, and never written.
// clang-format off
constexpr NamedValue object_type[] = {
    {0x01, "Certificate"},
    {0x02, "Symmetric Key"},
    {0x03, "Public Key"},
    {0x04, "Private Key"},
    {0x05, "Split Key"},
    {0x06, "Template", v1_0, v1_4},
    {0x07, "Secret Data"},
    {0x08, "Opaque Object"},
    {0x09, "PGP Key", v1_2},
    {0x0A, "Certificate Request", v2_0},
};

constexpr NamedValue state[] = {
    {0x01, "Pre-Active"},
    {0x02, "Active"},
    {0x03, "Deactivated"},
    {0x04, "Compromised"},
    {0x05, "Destroyed"},
    {0x06, "Destroyed Compromised"},
};

constexpr NamedValue revocation_reason_code[] = {
    {0x01, "Unspecified"},
    {0x02, "Key Compromise"},
    {0x03, "CA Compromise"},
    {0x04, "Affiliation Changed"},
    {0x05, "Superseded"},
    {0x06, "Cessation of Operation"},
    {0x07, "Privilege Withdrawn"},
};

constexpr NamedValue key_format_type[] = {
    {0x01, "Raw"},
    {0x02, "Opaque"},
    {0x03, "PKCS#1"},
    {0x04, "PKCS#8"},
    {0x05, "X.509"},
    {0x06, "ECPrivateKey"},
    {0x07, "Transparent Symmetric Key"},
    {0x08, "Transparent DSA Private Key"},
    {0x09, "Transparent DSA Public Key"},
    {0x0A, "Transparent RSA Private Key"},
    {0x0B, "Transparent RSA Public Key"},
    {0x0C, "Transparent DH Private Key"},
    {0x0D, "Transparent DH Public Key"},
    {0x0E, "Transparent ECDSA Private Key", v1_0, v1_4},
    {0x0F, "Transparent ECDSA Public Key", v1_0, v1_4},
    {0x10, "Transparent ECDH Private Key", v1_0, v1_4},
    {0x11, "Transparent ECDH Public Key", v1_0, v1_4},
    {0x12, "Transparent ECMQV Private Key", v1_0, v1_4},
    {0x13, "Transparent ECMQV Public Key", v1_0, v1_4},
    {0x14, "Transparent EC Private Key", v1_3},
    {0x15, "Transparent EC Public Key", v1_3},
    {0x16, "PKCS#12", v1_4},
    {0x17, "PKCS#10", v2_0},
};

constexpr NamedValue key_compression_type[] = {
    {0x01, "EC Public Key Type Uncompressed"},
    {0x02, "EC Public Key Type X9.62 Compressed Prime"},
    {0x03, "EC Public Key Type X9.62 Compressed Char2"},
    {0x04, "EC Public Key Type X9.62 Hybrid"},
};

constexpr NamedValue key_wrap_type[] = {
    {0x01, "Not Wrapped", v1_4},
    {0x02, "As Registered", v1_4},
};

constexpr NamedValue key_value_location_type[] = {
    {0x01, "Uninterpreted Text String", v1_2},
    {0x02, "URI", v1_2},
};

constexpr NamedValue key_role_type[] = {
    {0x01, "BDK"},
    {0x02, "CVK"},
    {0x03, "DEK"},
    {0x04, "MKAC"},
    {0x05, "MKSMC"},
    {0x06, "MKSMI"},
    {0x07, "MKDAC"},
    {0x08, "MKDN"},
    {0x09, "MKCP"},
    {0x0A, "MKOTH"},
    {0x0B, "KEK"},
    {0x0C, "MAC16609"},
    {0x0D, "MAC97971"},
    {0x0E, "MAC97972"},
    {0x0F, "MAC97973"},
    {0x10, "MAC97974"},
    {0x11, "MAC97975"},
    {0x12, "ZPK"},
    {0x13, "PVKIBM"},
    {0x14, "PVKPVV"},
    {0x15, "PVKOTH"},
    {0x16, "DUKPT", v1_4},
    {0x17, "IV", v1_4},
    {0x18, "TRKBK", v1_4},
};

constexpr NamedValue nist_key_type[] = {
    {0x01, "Private signature key", v2_0},
    {0x02, "Public signature verification key", v2_0},
    {0x03, "Symmetric authentication key", v2_0},
    {0x04, "Private authentication key", v2_0},
    {0x05, "Public authentication key", v2_0},
    {0x06, "Symmetric data encryption key", v2_0},
    {0x07, "Symmetric key wrapping key", v2_0},
    {0x08, "Symmetric random number generation key", v2_0},
    {0x09, "Symmetric master key", v2_0},
    {0x0A, "Private key transport key", v2_0},
    {0x0B, "Public key transport key", v2_0},
    {0x0C, "Symmetric key agreement key", v2_0},
    {0x0D, "Private static key agreement key", v2_0},
    {0x0E, "Public static key agreement key", v2_0},
    {0x0F, "Private ephemeral key agreement key", v2_0},
    {0x10, "Public ephemeral key agreement key", v2_0},
    {0x11, "Symmetric authorization key", v2_0},
    {0x12, "Private authorization key", v2_0},
    {0x13, "Public authorization key", v2_0},
};

constexpr NamedValue certificate_type[] = {
    {0x01, "X.509"},
    {0x02, "PGP"},
};

constexpr NamedValue certificate_request_type[] = {
    {0x01, "CRMF"},
    {0x02, "PKCS#10"},
    {0x03, "PEM"},
    {0x04, "PGP", v1_0, v1_4},
};

constexpr NamedValue secret_data_type[] = {
    {0x01, "Password"},
    {0x02, "Seed"},
};

constexpr NamedValue split_key_method[] = {
    {0x01, "XOR"},
    {0x02, "Polynomial Sharing GF (2^16)"},
    {0x03, "Polynomial Sharing Prime Field"},
    {0x04, "Polynomial Sharing GF (2^8)", v1_2},
    {0x02, "Polynomial Sharing GF (216)"},
    {0x04, "Polynomial Sharing GF (28)", v1_2},
};

constexpr NamedValue name_type[] = {
    {0x01, "Uninterpreted Text String"},
    {0x02, "URI"},
};

constexpr NamedValue alternative_name_type[] = {
    {0x01, "Uninterpreted Text String", v1_2},
    {0x02, "URI", v1_2},
    {0x03, "Object Serial Number", v1_2},
    {0x04, "Email Address", v1_2},
    {0x05, "DNS Name", v1_2},
    {0x06, "X.500 Distinguished Name", v1_2},
    {0x07, "IP Address", v1_2},
};

constexpr NamedValue rotate_name_type[] = {
    {0x01, "Uninterpreted Text String", v2_1},
    {0x02, "URI", v2_1},
};

constexpr NamedValue object_group_member[] = {
    {0x01, "Group Member Fresh", v1_1},
    {0x02, "Group Member Default", v1_1},
};

constexpr NamedValue link_type[] = {
    {0x101, "Certificate Link"},
    {0x102, "Public Key Link"},
    {0x103, "Private Key Link"},
    {0x104, "Derivation Base Object Link"},
    {0x105, "Derived Key Link"},
    {0x106, "Replacement Object Link"},
    {0x107, "Replaced Object Link"},
    {0x108, "Parent Link", v1_2},
    {0x109, "Child Link", v1_2},
    {0x10A, "Previous Link", v1_2},
    {0x10B, "Next Link", v1_2},
    {0x10C, "PKCS#12 Certificate Link", v1_4},
    {0x10D, "PKCS#12 Password Link", v1_4},
    {0x10E, "Wrapping Key Link", v2_0},
};

constexpr NamedValue usage_limits_unit[] = {
    {0x01, "Byte"},
    {0x02, "Object"},
};

constexpr NamedValue adjustment_type[] = {
    {0x01, "Increment", v2_0},
    {0x02, "Decrement", v2_0},
    {0x03, "Negate", v2_0},
};

constexpr NamedValue protection_level[] = {
    {0x01, "High", v2_0},
    {0x02, "Low", v2_0},
};

constexpr NamedValue validity_indicator[] = {
    {0x01, "Valid"},
    {0x02, "Invalid"},
    {0x03, "Unknown"},
};

constexpr NamedValue storage_status_mask[] = {
    {0x01, "On-line storage"},
    {0x02, "Archival storage"},
    {0x04, "Destroyed storage", v2_0},
};

constexpr NamedValue protection_storage_mask[] = {
    {0x01, "Software", v2_0},
    {0x02, "Hardware", v2_0},
    {0x04, "On Processor", v2_0},
    {0x08, "On System", v2_0},
    {0x10, "Off System", v2_0},
    {0x20, "Hypervisor", v2_0},
    {0x40, "Operating System", v2_0},
    {0x80, "Container", v2_0},
    {0x100, "On Premises", v2_0},
    {0x200, "Off Premises", v2_0},
    {0x400, "Self Managed", v2_0},
    {0x800, "Outsourced", v2_0},
    {0x1000, "Validated", v2_0},
    {0x2000, "Same Jurisdiction", v2_0},
};
// clang-format on

constexpr Set sets[] = {
    {Values::object_type, object_type},
    {Values::state, state},
    {Values::revocation_reason_code, revocation_reason_code},
    {Values::key_format_type, key_format_type},
    {Values::key_compression_type, key_compression_type},
    {Values::key_wrap_type, key_wrap_type},
    {Values::key_value_location_type, key_value_location_type},
    {Values::key_role_type, key_role_type},
    {Values::nist_key_type, nist_key_type},
    {Values::certificate_type, certificate_type},
    {Values::certificate_request_type, certificate_request_type},
    {Values::secret_data_type, secret_data_type},
    {Values::split_key_method, split_key_method},
    {Values::name_type, name_type},
    {Values::alternative_name_type, alternative_name_type},
    {Values::rotate_name_type, rotate_name_type},
    {Values::object_group_member, object_group_member},
    {Values::link_type, link_type},
    {Values::usage_limits_unit, usage_limits_unit},
    {Values::adjustment_type, adjustment_type},
    {Values::protection_level, protection_level},
    {Values::validity_indicator, validity_indicator},
    {Values::storage_status_mask, storage_status_mask},
    {Values::protection_storage_mask, protection_storage_mask},
};

} // namespace

std::span<const Set> objects() {
    return sets;
}

} // namespace vouchsafe::ttlv::tables

// KMIP's tags of the versions 1.0 to 2.1 as data: name, code, types, values, and since when.
//
// A tag that is not in the table is still a tag (the tree keeps it, describe shows its number): the table
// serves reading, printing and the forms for people, it does not decide what is accepted.
#pragma once

#include "ttlv/tag_table_1.h"
#include "ttlv/tag_table_2.h"

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#define VS_TTLV_TAGS(X)                                                                                      \
    VS_TTLV_TAGS_1_0(X)                                                                                      \
    VS_TTLV_TAGS_1_1(X)                                                                                      \
    VS_TTLV_TAGS_1_2(X)                                                                                      \
    VS_TTLV_TAGS_1_3(X)                                                                                      \
    VS_TTLV_TAGS_1_4(X)                                                                                      \
    VS_TTLV_TAGS_2_0(X)                                                                                      \
    VS_TTLV_TAGS_2_1(X)

namespace vouchsafe::ttlv {

/// The versions of KMIP that the tables cover, oldest first.
enum class Version : std::uint8_t { v1_0, v1_1, v1_2, v1_3, v1_4, v2_0, v2_1 };

/// The table's version for a Protocol Version; nothing for one that the tables do not cover.
std::optional<Version> version_of(std::int32_t major, std::int32_t minor);

/// Three bytes; 0x42.... are KMIP's own, 0x54.... are extensions.
enum class Tag : std::uint32_t {
#define VS_TTLV_TAG(id, code, text, types, values, show) id = code,
    VS_TTLV_TAGS(VS_TTLV_TAG)
#undef VS_TTLV_TAG
};

constexpr bool is_tag(std::uint32_t code) {
    return code >> 16U == 0x42 || code >> 16U == 0x54;
}

enum class Type : std::uint8_t;
enum class Values : std::uint8_t;

struct TagFacts {
    Tag tag;
    std::string_view name; ///< the specification's words
    std::uint16_t types;   ///< a bit 1 << Type for each type that the specifications give it
    Values values;         ///< what an Enumeration or a mask with this tag takes
    bool hidden;           ///< a secret, of which describe() gives the size alone
    Version since;
    Version until; ///< the last version that has it; later ones call it reserved
};

/// All of them, by ascending code.
std::span<const TagFacts> all_tags();

/// nullptr for a tag that is not in the table.
const TagFacts* facts(Tag tag);

/// The specification's name, or an empty text for a tag that is not in the table.
std::string_view name(Tag tag);

/// Whether values below this tag are secrets, of which describe() gives the size only.
bool is_hidden(Tag tag);

/// The tag with that name in the specification's words ("Cryptographic Usage Mask"), as KMIP 1.x has names of
/// attributes in Attribute Name.
std::optional<Tag> tag_from_name(std::string_view name);

/// A name of the specification as XML and JSON write it [KMIP Profiles 1.4, Normalizing Names]:
/// "Re-key Key Pair" is ReKeyKeyPair, "3DES" is DES3, "PKCS#11 Function" is PKCS_11Function.
std::string camel(std::string_view name);

/// The tag in that spelling ("CryptographicUsageMask").
std::optional<Tag> tag_from_camel(std::string_view spelling);

} // namespace vouchsafe::ttlv

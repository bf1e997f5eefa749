#include "ttlv/tags.h"

#include "ttlv/item.h"
#include "ttlv/values.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>

namespace vouchsafe::ttlv {

namespace {

/// The words of the table's type column.
namespace takes {

consteval std::uint16_t bit(Type type) {
    return static_cast<std::uint16_t>(1U << static_cast<unsigned>(type));
}

constexpr std::uint16_t structure = bit(Type::structure);
constexpr std::uint16_t integer = bit(Type::integer);
constexpr std::uint16_t long_integer = bit(Type::long_integer);
constexpr std::uint16_t big_integer = bit(Type::big_integer);
constexpr std::uint16_t enumeration = bit(Type::enumeration);
constexpr std::uint16_t boolean = bit(Type::boolean);
constexpr std::uint16_t text = bit(Type::text);
constexpr std::uint16_t bytes = bit(Type::bytes);
constexpr std::uint16_t interval = bit(Type::interval);
constexpr std::uint16_t date = bit(Type::date_time) | bit(Type::date_time_extended);
// What changed between versions, or may be given in more than one way.
constexpr std::uint16_t structure_bytes = structure | bytes;
constexpr std::uint16_t structure_enumeration = structure | enumeration;
constexpr std::uint16_t boolean_enumeration = boolean | enumeration;
constexpr std::uint16_t bytes_enumeration = bytes | enumeration;
constexpr std::uint16_t integer_enumeration = integer | enumeration;
constexpr std::uint16_t text_bytes = text | bytes;
constexpr std::uint16_t text_enumeration_integer = text | enumeration | integer;
constexpr std::uint16_t any =
    structure | integer | long_integer | big_integer | enumeration | boolean | text | bytes | interval | date;

} // namespace takes

constexpr bool shown = false;
constexpr bool hidden = true;

// KMIP 2.0 took these out.
constexpr std::array gone_in_2_0 = {
    Tag::attribute_index,
    Tag::certificate_identifier,
    Tag::certificate_issuer,
    Tag::certificate_issuer_alternative_name,
    Tag::certificate_issuer_distinguished_name,
    Tag::certificate_subject,
    Tag::certificate_subject_alternative_name,
    Tag::certificate_subject_distinguished_name,
    Tag::common_template_attribute,
    Tag::custom_attribute,
    Tag::issuer,
    Tag::operation_policy_name,
    Tag::private_key_template_attribute,
    Tag::public_key_template_attribute,
    Tag::serial_number,
    Tag::template_object,
    Tag::template_attribute,
};

consteval Version last_version(Tag tag) {
    return std::ranges::find(gone_in_2_0, tag) != gone_in_2_0.end() ? Version::v1_4 : Version::v2_1;
}

struct FirstTag {
    Tag tag;
    Version version;
};

// Codes are given out in order, so a version's first tag says it for all that follow.
constexpr std::array first_tags = {
    FirstTag{Tag::activation_date, Version::v1_0},
    FirstTag{Tag::device_identifier, Version::v1_1},
    FirstTag{Tag::key_value_location, Version::v1_2},
    FirstTag{Tag::offset_items, Version::v1_3},
    FirstTag{Tag::key_wrap_type, Version::v1_4},
    FirstTag{Tag::attributes, Version::v2_0},
    FirstTag{Tag::object_groups, Version::v2_1},
};

consteval Version first_version(Tag tag) {
    return std::prev(std::ranges::upper_bound(first_tags, tag, {}, &FirstTag::tag))->version;
}

// A C array: std::array's deduction guide has more arguments here than clang folds.
constexpr TagFacts rows[] = {
#define VS_TTLV_TAG(id, code, text, types, values, show)                                                     \
    TagFacts{                                                                                                \
        Tag::id, text, takes::types, Values::values, show, first_version(Tag::id), last_version(Tag::id)},
    VS_TTLV_TAGS(VS_TTLV_TAG)
#undef VS_TTLV_TAG
};

static_assert(std::ranges::is_sorted(rows, {}, &TagFacts::tag), "the table is searched by halves");

/// Every name in one spelling, and what it names.
template <class Spell> std::map<std::string, Tag, std::less<>> index_by(const Spell& spell) {
    std::map<std::string, Tag, std::less<>> index;
    for (const TagFacts& row : rows)
        index.emplace(spell(row.name), row.tag);
    return index;
}

std::optional<Tag> look_up(const std::map<std::string, Tag, std::less<>>& index, std::string_view name) {
    const auto found = index.find(name);
    return found != index.end() ? std::optional(found->second) : std::nullopt;
}

} // namespace

std::optional<Version> version_of(std::int32_t major, std::int32_t minor) {
    if (major == 1 && minor >= 0 && minor <= 4)
        return static_cast<Version>(minor);
    if (major == 2 && (minor == 0 || minor == 1))
        return minor == 0 ? Version::v2_0 : Version::v2_1;
    return std::nullopt;
}

std::span<const TagFacts> all_tags() {
    return rows;
}

const TagFacts* facts(Tag tag) {
    const auto* const row = std::ranges::lower_bound(rows, tag, {}, &TagFacts::tag);
    return row != std::ranges::end(rows) && row->tag == tag ? row : nullptr;
}

std::string_view name(Tag tag) {
    const TagFacts* const row = facts(tag);
    return row != nullptr ? row->name : std::string_view{};
}

bool is_hidden(Tag tag) {
    const TagFacts* const row = facts(tag);
    return row != nullptr && row->hidden;
}

std::optional<Tag> tag_from_name(std::string_view name) {
    static const auto index = index_by([](std::string_view words) { return std::string(words); });
    return look_up(index, name);
}

std::optional<Tag> tag_from_camel(std::string_view spelling) {
    static const auto index = index_by([](std::string_view words) { return camel(words); });
    return look_up(index, spelling);
}

} // namespace vouchsafe::ttlv

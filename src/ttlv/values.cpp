#include "ttlv/values.h"

#include "ttlv/values_tables.h"

#include <algorithm>
#include <array>
#include <map>

namespace vouchsafe::ttlv {

namespace {

using Index = std::map<std::string, std::uint32_t, std::less<>>;

std::string hex(std::uint32_t value, int digits) {
    std::string out = "0x";
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
        out += "0123456789abcdef"[(value >> static_cast<unsigned>(shift)) & 0xFU];
    return out;
}

/// The spelling without what published files are careless about.
std::string squeezed(std::string_view spelling) {
    std::string out;
    for (const char c : spelling) {
        const bool upper = c >= 'A' && c <= 'Z';
        if (upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            out += upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return out;
}

Index make_index(Values set) {
    Index index;
    if (set == Values::tag)
        for (const TagFacts& row : all_tags())
            index.emplace(squeezed(row.name), static_cast<std::uint32_t>(row.tag));
    for (const NamedValue& row : named_values(set)) {
        index.emplace(squeezed(camel(row.name)), row.value);
        index.emplace(squeezed(row.name), row.value);
    }
    return index;
}

const Index& index_of(Values set) {
    static const auto indexes = [] {
        std::array<Index, values_count> made;
        for (std::size_t i = 0; i < values_count; ++i)
            made[i] = make_index(static_cast<Values>(i));
        return made;
    }();
    return indexes[static_cast<std::size_t>(set)];
}

} // namespace

std::span<const NamedValue> named_values(Values set) {
    static const auto rows = [] {
        std::array<std::span<const NamedValue>, values_count> made;
        for (const auto topic :
             {tables::cryptography, tables::objects, tables::pkcs11, tables::profiles, tables::protocol})
            for (const tables::Set& table : topic())
                made[static_cast<std::size_t>(table.set)] = table.rows;
        return made;
    }();
    return rows[static_cast<std::size_t>(set)];
}

bool is_mask(Values set) {
    return set == Values::cryptographic_usage_mask || set == Values::protection_storage_mask ||
           set == Values::storage_status_mask;
}

std::string_view value_name(Values set, std::uint32_t value) {
    const auto rows = named_values(set);
    const auto found = std::ranges::find(rows, value, &NamedValue::value);
    return found != rows.end() ? found->name : std::string_view{};
}

std::string value_to_camel(Values set, std::uint32_t value) {
    const bool tag = set == Values::tag;
    const std::string_view name = tag ? ttlv::name(static_cast<Tag>(value)) : value_name(set, value);
    return name.empty() ? hex(value, 8) : camel(name);
}

std::optional<std::uint32_t> value_from_camel(Values set, std::string_view spelling) {
    const Index& index = index_of(set);
    const auto found = index.find(squeezed(spelling));
    return found != index.end() ? std::optional(found->second) : std::nullopt;
}

std::string mask_to_text(Values set, std::uint32_t mask, char separator) {
    std::string out;
    const auto add = [&](const std::string& component) {
        if (!out.empty())
            out += separator;
        out += component;
    };
    for (const NamedValue& row : named_values(set)) {
        if ((mask & row.value) == 0)
            continue;
        add(camel(row.name));
        mask &= ~row.value; // a second name of the bit is not written
    }
    if (mask != 0)
        add(hex(mask, 8));
    return out.empty() ? "0" : out;
}

} // namespace vouchsafe::ttlv

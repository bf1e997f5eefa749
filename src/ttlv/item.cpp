#include "ttlv/item.h"

#include "base/secret.h"

#include <algorithm>

namespace vouchsafe::ttlv {

WipedBytes::~WipedBytes() {
    wipe(bytes_);
}

WipedBytes& WipedBytes::operator=(const WipedBytes& other) {
    if (this != &other) {
        wipe(bytes_);
        bytes_ = other.bytes_;
    }
    return *this;
}

WipedBytes& WipedBytes::operator=(WipedBytes&& other) noexcept {
    if (this != &other) {
        wipe(bytes_);
        bytes_ = std::move(other.bytes_);
        other.bytes_.clear();
    }
    return *this;
}

const Item* Item::find(Tag wanted) const {
    const auto* const items = as<Structure>();
    if (items == nullptr)
        return nullptr;
    const auto found = std::ranges::find(*items, wanted, &Item::tag);
    return found != items->end() ? &*found : nullptr;
}

Values values_of(Tag tag, std::span<const Item> siblings) {
    if (tag == Tag::attribute_value) {
        const auto name = std::ranges::find(siblings, Tag::attribute_name, &Item::tag);
        const auto* const text = name != siblings.end() ? name->as<std::string>() : nullptr;
        // KMIP 2.x has Attribute for vendors' own alone, and says whose.
        const bool vendors =
            std::ranges::find(siblings, Tag::vendor_identification, &Item::tag) != siblings.end();
        const auto named = text != nullptr && !vendors ? tag_from_name(*text) : std::nullopt;
        if (!named)
            return Values::none;
        tag = *named;
    }
    const TagFacts* const row = facts(tag);
    return row != nullptr ? row->values : Values::none;
}

Item structure(Tag tag, Structure items) {
    return {tag, std::move(items)};
}

Item integer(Tag tag, std::int32_t value) {
    return {tag, value};
}

Item long_integer(Tag tag, std::int64_t value) {
    return {tag, value};
}

Item enumeration(Tag tag, std::uint32_t value) {
    return {tag, Enumeration{value}};
}

Item boolean(Tag tag, bool value) {
    return {tag, value};
}

Item text(Tag tag, std::string_view value) {
    return {tag, std::string(value)};
}

Item wiped_text(Tag tag, Bytes value) {
    return {tag, WipedText{WipedBytes(value)}};
}

Item byte_string(Tag tag, Bytes value) {
    return {tag, WipedBytes(value)};
}

Item date_time(Tag tag, std::int64_t seconds) {
    return {tag, DateTime{seconds}};
}

Item interval(Tag tag, std::uint32_t seconds) {
    return {tag, Interval{seconds}};
}

} // namespace vouchsafe::ttlv

#include "kmipforms/remarks.h"

#include "kmipforms/value_text.h"
#include "ttlv/values.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace vouchsafe::kmipforms {

using ttlv::Item;
using ttlv::Structure;
using ttlv::Tag;
using ttlv::Version;

namespace {

std::string_view version_text(Version version) {
    constexpr std::array texts = {"1.0", "1.1", "1.2", "1.3", "1.4", "2.0", "2.1"};
    return texts[std::to_underlying(version)];
}

bool is_in(Version version, Version since, Version until) {
    return since <= version && version <= until;
}

std::string in_versions(Version since, Version until) {
    const std::string out = "of KMIP " + std::string(version_text(since));
    return until == Version::v2_1 ? out + " and later" : out + " to " + std::string(version_text(until));
}

/// Vendors' own, of which the tables say nothing.
bool is_extension(Tag tag) {
    return std::to_underlying(tag) >> 16U == 0x54;
}

bool is_extension(std::uint32_t value) {
    return value >= 0x8000'0000;
}

class Remarker {
public:
    explicit Remarker(std::optional<Version> version) : version_(version) {}

    void item(const Item& item, std::span<const Item> siblings, const std::string& parent) {
        const std::string path = parent.empty() ? tag_text(item.tag) : parent + "/" + tag_text(item.tag);
        about_tag(item, path);
        if (const auto* const value = item.as<ttlv::Enumeration>())
            about_value(ttlv::values_of(item.tag, siblings), value->value, path);
        if (const auto* const items = item.as<Structure>())
            for (const Item& child : *items)
                this->item(child, *items, path);
    }

    std::vector<std::string> take() && { return std::move(remarks_); }

    void remark(const std::string& path, const std::string& what) {
        std::string line = path + ": " + what;
        if (std::ranges::find(remarks_, line) == remarks_.end())
            remarks_.push_back(std::move(line));
    }

private:
    void about_tag(const Item& item, const std::string& path) {
        if (item.type() == ttlv::Type::date_time_extended && version_ && *version_ < Version::v2_0)
            remark(path, "a type of KMIP 2.0 and later: " + std::string(type_name(item.type())));
        const ttlv::TagFacts* const row = ttlv::facts(item.tag);
        if (row == nullptr) {
            if (!is_extension(item.tag))
                remark(path, "no tag of KMIP 1.0 to 2.1");
            return;
        }
        if (version_ && !is_in(*version_, row->since, row->until))
            remark(path, "a tag " + in_versions(row->since, row->until));
        if (((row->types >> std::to_underlying(item.type())) & 1U) == 0)
            remark(path, "of a type that this tag does not have: " + std::string(type_name(item.type())));
    }

    void about_value(ttlv::Values values, std::uint32_t value, const std::string& path) {
        if (values == ttlv::Values::none || is_extension(value))
            return;
        if (values == ttlv::Values::tag) {
            if (ttlv::facts(Tag{value}) == nullptr && !is_extension(Tag{value}))
                remark(path, "names no tag of KMIP 1.0 to 2.1");
            return;
        }
        bool listed = false;
        bool fits = false;
        const ttlv::NamedValue* first = nullptr;
        for (const ttlv::NamedValue& row : ttlv::named_values(values)) {
            if (row.value != value)
                continue;
            first = listed ? first : &row;
            listed = true;
            fits = fits || !version_ || is_in(*version_, row.since, row.until);
        }
        if (!listed)
            remark(path, "a value that is not listed: " + hex_number(value, 8));
        else if (!fits)
            remark(path,
                   "the value " + std::string(first->name) + " is " +
                       in_versions(first->since, first->until));
    }

    std::optional<Version> version_;
    std::vector<std::string> remarks_;
};

const std::int32_t* number(const Item& in, Tag tag) {
    const Item* const found = in.find(tag);
    return found != nullptr ? found->as<std::int32_t>() : nullptr;
}

} // namespace

std::vector<std::string> remarks(const Item& message) {
    const Item* header = message.find(Tag::request_header);
    if (header == nullptr)
        header = message.find(Tag::response_header);
    const Item* const spoken = header != nullptr ? header->find(Tag::protocol_version) : nullptr;
    const auto* const major = spoken != nullptr ? number(*spoken, Tag::protocol_version_major) : nullptr;
    const auto* const minor = spoken != nullptr ? number(*spoken, Tag::protocol_version_minor) : nullptr;
    const bool says = major != nullptr && minor != nullptr;
    const auto version = says ? ttlv::version_of(*major, *minor) : std::nullopt;
    Remarker remarker(version);
    if (says && !version)
        remarker.remark("ProtocolVersion", "none of 1.0 to 2.1");
    remarker.item(message, {}, {});
    return std::move(remarker).take();
}

} // namespace vouchsafe::kmipforms

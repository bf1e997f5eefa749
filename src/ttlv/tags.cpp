#include "ttlv/tags.h"

#include <algorithm>
#include <array>

namespace vouchsafe::ttlv {

namespace {

enum class Show : std::uint8_t { shown, hidden };

struct TagRow {
    Tag tag;
    std::string_view name;
    Show show;
};

constexpr std::array rows = {
#define VS_TTLV_TAG(id, value, text, show) TagRow{Tag::id, text, Show::show},
    VS_TTLV_TAGS(VS_TTLV_TAG)
#undef VS_TTLV_TAG
};

static_assert(std::ranges::is_sorted(rows, {}, &TagRow::tag), "the table is searched by halves");

const TagRow* find(Tag tag) {
    const auto* const row = std::ranges::lower_bound(rows, tag, {}, &TagRow::tag);
    return row != rows.end() && row->tag == tag ? row : nullptr;
}

} // namespace

std::string_view name(Tag tag) {
    const TagRow* const row = find(tag);
    return row != nullptr ? row->name : std::string_view{};
}

bool is_hidden(Tag tag) {
    const TagRow* const row = find(tag);
    return row != nullptr && row->show == Show::hidden;
}

} // namespace vouchsafe::ttlv

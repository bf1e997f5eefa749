// Reads an object strictly: every member is asked for by name and kind, and what was not asked for is
// refused.
//
//     Members m(value, "statement");
//     VS_TRY(auto host, m.string("host"));
//     VS_TRY(auto release, m.optional_object("release"));
//     VS_TRY_VOID(m.finish());
//
// Errors are `malformed` with where = "statement.host". A null counts as absent for optional_*, and is
// refused by the others. The value must outlive the Members and what they hand out by pointer.
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "json/value.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::json {

struct IntegerRange {
    std::int64_t least = std::numeric_limits<std::int64_t>::min();
    std::int64_t most = std::numeric_limits<std::int64_t>::max();
};

class Members {
public:
    /// A value that is no object makes every later call fail, `finish` included.
    Members(const Value& value, std::string where);
    Members(Value&& value, std::string where) = delete;

    const std::string& where() const { return where_; }

    /// Whether the member is there and not null. Does not count as reading it.
    bool has(std::string_view name) const;

    Result<std::string> string(std::string_view name);
    Result<std::int64_t> integer(std::string_view name, IntegerRange range = {});
    Result<bool> boolean(std::string_view name);
    Result<const Array*> array(std::string_view name);
    Result<Members> object(std::string_view name);     ///< to be read and finished in its turn
    Result<const Value*> value(std::string_view name); ///< of any kind but null
    Result<Buffer> base64(std::string_view name);
    Result<Buffer> base64url(std::string_view name);
    Result<Buffer> hex(std::string_view name); ///< lower case only
    Result<SysTime> time(std::string_view name);
    Result<std::vector<std::string>> strings(std::string_view name);

    Result<std::optional<std::string>> optional_string(std::string_view name);
    Result<std::optional<std::int64_t>> optional_integer(std::string_view name, IntegerRange range = {});
    Result<std::optional<bool>> optional_boolean(std::string_view name);
    Result<const Array*> optional_array(std::string_view name); ///< nullptr when absent
    Result<std::optional<Members>> optional_object(std::string_view name);
    Result<const Value*> optional_value(std::string_view name); ///< nullptr when absent
    Result<std::optional<Buffer>> optional_base64(std::string_view name);
    Result<std::optional<Buffer>> optional_base64url(std::string_view name);
    Result<std::optional<Buffer>> optional_hex(std::string_view name);
    Result<std::optional<SysTime>> optional_time(std::string_view name);
    Result<std::optional<std::vector<std::string>>> optional_strings(std::string_view name);

    /// The member must be the integer `expected` ("version": 1).
    Result<void> version(std::int64_t expected, std::string_view name = "version");

    /// One element for each item of an array: read(const Value&, std::string where) -> Result<Element>.
    /// Refuses arrays longer than `most`.
    template <class Element, class Read>
    Result<std::vector<Element>> list(std::string_view name, std::size_t most, const Read& read) {
        VS_TRY(const Array* const items, array(name));
        if (items->size() > most)
            return fail(Errc::too_large, at(name), "too many items");
        std::vector<Element> out;
        for (const Value& item : *items) {
            VS_TRY(Element element, read(item, at(name)));
            out.push_back(std::move(element));
        }
        return out;
    }

    /// Every member was asked for.
    Result<void> finish() const;

private:
    const Value* find(std::string_view name);
    std::string at(std::string_view name) const;
    template <class Read> auto required(std::string_view name, const Read& read);
    template <class Read> auto optional(std::string_view name, const Read& read);

    const Object* members_ = nullptr; ///< nullptr: the value was no object
    std::set<std::string, std::less<>> read_;
    std::string where_;
};

/// The items of an array as Members need no class: an item is read with Members(item, where), or with these.
Result<std::string> to_string(const Value& value, std::string_view where);
Result<std::int64_t> to_integer(const Value& value, std::string_view where, IntegerRange range = {});

} // namespace vouchsafe::json

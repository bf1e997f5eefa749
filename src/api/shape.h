// Shapes of requests and answers, as data: what a document may hold, checked before anything looks at it.
#pragma once

#include "base/result.h"
#include "json/value.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace vouchsafe::api {

enum class Kind : std::uint8_t {
    none,   ///< no body, or no result
    text,   ///< a string of at most 64 KiB
    id,     ///< a string of 1 to 255 printable characters
    secret, ///< a string that is never shown, logged or kept in a task
    binary, ///< a string with base64
    time,   ///< a string, ISO 8601 UTC
    integer,
    boolean,
    word,      ///< one of an enumeration
    structure, ///< an object
    list,      ///< an array of `element`
    document,  ///< an object whose form another library knows
};

struct Structure;

/// A type is small and copied; what it points to is static data.
struct Type {
    Kind kind = Kind::none;
    const Structure* structure = nullptr;      ///< of a structure
    const Type* element = nullptr;             ///< of a list
    std::span<const std::string_view> words{}; ///< of a word
};

enum class Need : std::uint8_t { required, optional };

struct Field {
    std::string_view name;
    Type type;
    Need need = Need::required;
};

/// A structure with its canonical name, as JSON-RPC writes it, without the leading "com.vmware.".
struct Structure {
    std::string_view name;
    std::span<const Field> fields;
};

inline constexpr std::size_t max_list_items = 4096;

/// `malformed` with where = "<where>.<member>": a missing or unknown member, a wrong type, an unknown word. A
/// null stands for an absent optional.
Result<void> check_shape(const json::Value& value, const Type& type, std::string_view where);

// How shapes are written down.
inline constexpr Type none{};
inline constexpr Type text{.kind = Kind::text};
inline constexpr Type id{.kind = Kind::id};
inline constexpr Type secret{.kind = Kind::secret};
inline constexpr Type binary{.kind = Kind::binary};
inline constexpr Type time{.kind = Kind::time};
inline constexpr Type integer{.kind = Kind::integer};
inline constexpr Type boolean{.kind = Kind::boolean};
inline constexpr Type document{.kind = Kind::document};

constexpr Type word(std::span<const std::string_view> words) {
    return {.kind = Kind::word, .words = words};
}

constexpr Type structure(const Structure& of) {
    return {.kind = Kind::structure, .structure = &of};
}

constexpr Type list(const Type& of) {
    return {.kind = Kind::list, .element = &of};
}

} // namespace vouchsafe::api

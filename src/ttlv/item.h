// TTLV, KMIP's bytes: a tree of items, each with a tag, a type and a value [KMIP 1.4, TTLV Encoding].
//
// This library knows the encoding and the names of tags and values, but no KMIP meaning: which items belong
// in which message is the kmip library's business. The XML and JSON forms are kmipforms'.
//
// Byte strings and big integers can be key material, so their memory is wiped when an item ends. A message
// that holds keys must be wiped by whoever owns its bytes.
#pragma once

#include "base/bytes.h"
#include "ttlv/tags.h"
#include "ttlv/values.h"

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace vouchsafe::ttlv {

/// The type byte; the order of the alternatives of Value, which has WipedText besides.
enum class Type : std::uint8_t {
    structure = 1,
    integer,
    long_integer,
    big_integer,
    enumeration,
    boolean,
    text,
    bytes,
    date_time,
    interval,
    date_time_extended, // since KMIP 2.0
};

/// Owned bytes that are wiped when they end or are replaced.
class WipedBytes {
public:
    WipedBytes() = default;

    explicit WipedBytes(Bytes bytes) : bytes_(bytes.begin(), bytes.end()) {}

    WipedBytes(const WipedBytes&) = default;
    WipedBytes(WipedBytes&&) noexcept = default;
    WipedBytes& operator=(const WipedBytes& other);
    WipedBytes& operator=(WipedBytes&& other) noexcept;
    ~WipedBytes();

    Bytes view() const { return bytes_; }

    /// For tests and trees, not for secrets: stops at the first difference.
    friend bool operator==(const WipedBytes&, const WipedBytes&) = default;

private:
    Buffer bytes_;
};

struct BigInteger {
    WipedBytes bytes; ///< two's complement, most significant byte first; a multiple of 8 bytes

    friend bool operator==(const BigInteger&, const BigInteger&) = default;
};

struct Enumeration {
    std::uint32_t value = 0;

    friend bool operator==(const Enumeration&, const Enumeration&) = default;
};

struct DateTime {
    std::int64_t seconds = 0; ///< since 1970, UTC

    friend bool operator==(const DateTime&, const DateTime&) = default;
};

struct Interval {
    std::uint32_t seconds = 0;

    friend bool operator==(const Interval&, const Interval&) = default;
};

struct DateTimeExtended {
    std::int64_t microseconds = 0; ///< since 1970, UTC

    friend bool operator==(const DateTimeExtended&, const DateTimeExtended&) = default;
};

/// Text that is wiped as bytes are: a password to be sent. Encoded as a Text String; parsing makes none.
struct WipedText {
    WipedBytes bytes;

    friend bool operator==(const WipedText&, const WipedText&) = default;
};

struct Item;
using Structure = std::vector<Item>;
using Value = std::variant<Structure,
                           std::int32_t,
                           std::int64_t,
                           BigInteger,
                           Enumeration,
                           bool,
                           std::string,
                           WipedBytes,
                           DateTime,
                           Interval,
                           DateTimeExtended,
                           WipedText>;

struct Item {
    Tag tag{};
    Value value;

    Type type() const {
        return std::holds_alternative<WipedText>(value) ? Type::text : static_cast<Type>(value.index() + 1);
    }

    /// The value, if it is of this type.
    template <class T> const T* as() const { return std::get_if<T>(&value); }

    /// The first item with this tag directly below; none if there is none or this is no structure.
    const Item* find(Tag wanted) const;

    friend bool operator==(const Item&, const Item&) = default;
};

// Makers, so that a message reads like its listing in the specification.
Item structure(Tag tag, Structure items);
Item integer(Tag tag, std::int32_t value);
Item long_integer(Tag tag, std::int64_t value);
Item enumeration(Tag tag, std::uint32_t value);
Item boolean(Tag tag, bool value);
Item text(Tag tag, std::string_view value);
Item wiped_text(Tag tag, Bytes value); ///< the bytes are UTF-8
Item byte_string(Tag tag, Bytes value);
Item date_time(Tag tag, std::int64_t seconds);
Item interval(Tag tag, std::uint32_t seconds);

/// The values that an item with this tag takes among these items of the same structure: the tag's own, or,
/// for an Attribute Value, those of the attribute that the Attribute Name beside it names.
Values values_of(Tag tag, std::span<const Item> siblings);

enum class Secrets : std::uint8_t { hidden, shown };

/// Indented lines for people and tests: tags, enumerations and masks by name. With Secrets::hidden byte
/// strings and big integers by their size alone, and everything below a hidden tag (key material,
/// credentials, data) by type and size alone.
std::string describe(const Item& item, Secrets secrets = Secrets::hidden);

} // namespace vouchsafe::ttlv

// Items to bytes and back.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "ttlv/item.h"

#include <cstddef>
#include <cstdint>

namespace vouchsafe::ttlv {

struct Limits {
    std::size_t bytes = std::size_t{1} << 20U;
    std::size_t items = 4096; ///< in the whole tree, not per level: stops breadth bombs
    unsigned depth = 32;      ///< of structures in structures: stops recursion bombs
};

/// What to do about padding that is not zero: our own messages never have it, some servers' do.
enum class Padding : std::uint8_t { must_be_zero, ignored };

/// The bytes of a header (tag, type, length) that stand before every value.
constexpr std::size_t header_size = 8;

/// The canonical bytes. The buffer is allocated once, so that no copy of a key stays behind in memory; the
/// caller wipes it where the item holds secrets. Big integers must be a multiple of 8 bytes.
Buffer encode(const Item& item);

/// The size of what encode() makes.
std::size_t encoded_size(const Item& item);

/// The one item that `message` is. With must_be_zero accepted means canonical: encode() gives the same bytes.
/// Fails with malformed or too_large at "ttlv.tag", ".type", ".length", ".value", ".padding", ".limit",
/// ".trailing"; the detail says at which byte the item begins.
Result<Item> parse(Bytes message, const Limits& limits = {}, Padding padding = Padding::must_be_zero);

/// The size of the whole message, read from its first eight bytes, before anything is allocated for it: the
/// structure must have this tag and the message fit the limit.
Result<std::size_t> message_size(Bytes first_eight, Tag tag, const Limits& limits = {});

} // namespace vouchsafe::ttlv

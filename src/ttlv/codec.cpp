#include "ttlv/codec.h"

#include "base/reader.h"

#include <algorithm>
#include <concepts>

namespace vouchsafe::ttlv {

namespace {

constexpr std::size_t padded(std::size_t size) {
    return (size + 7) / 8 * 8;
}

std::size_t value_size(const Item& item);

std::size_t item_size(const Item& item) {
    return header_size + padded(value_size(item));
}

struct ValueSize {
    std::size_t operator()(const Structure& items) const {
        std::size_t sum = 0;
        for (const Item& item : items)
            sum += item_size(item);
        return sum;
    }

    std::size_t operator()(std::int32_t) const { return 4; }

    std::size_t operator()(std::int64_t) const { return 8; }

    std::size_t operator()(const BigInteger& value) const { return value.bytes.view().size(); }

    std::size_t operator()(Enumeration) const { return 4; }

    std::size_t operator()(bool) const { return 8; }

    std::size_t operator()(const std::string& value) const { return value.size(); }

    std::size_t operator()(const WipedBytes& value) const { return value.view().size(); }

    std::size_t operator()(DateTime) const { return 8; }

    std::size_t operator()(Interval) const { return 4; }

    std::size_t operator()(DateTimeExtended) const { return 8; }

    std::size_t operator()(const WipedText& value) const { return value.bytes.view().size(); }
};

std::size_t value_size(const Item& item) {
    return std::visit(ValueSize{}, item.value);
}

/// Appends to a buffer whose capacity the caller reserved for the whole message.
class Encoder {
public:
    explicit Encoder(Buffer& out) : out_(out) {}

    void item(const Item& item) {
        const std::size_t size = value_size(item);
        VS_CHECK(size <= 0xFFFF'FFFF);
        big((static_cast<std::uint32_t>(item.tag) << 8U) | static_cast<std::uint32_t>(item.type()));
        big(static_cast<std::uint32_t>(size));
        std::visit(*this, item.value);
        out_.insert(out_.end(), padded(size) - size, 0);
    }

    void operator()(const Structure& items) {
        for (const Item& child : items)
            item(child);
    }

    void operator()(std::int32_t value) { big(static_cast<std::uint32_t>(value)); }

    void operator()(std::int64_t value) { big(static_cast<std::uint64_t>(value)); }

    void operator()(const BigInteger& value) {
        VS_CHECK(!value.bytes.view().empty() && value.bytes.view().size() % 8 == 0);
        bytes(value.bytes.view());
    }

    void operator()(Enumeration value) { big(value.value); }

    void operator()(bool value) { big(static_cast<std::uint64_t>(value ? 1 : 0)); }

    void operator()(const std::string& value) { bytes(as_bytes(value)); }

    void operator()(const WipedBytes& value) { bytes(value.view()); }

    void operator()(DateTime value) { big(static_cast<std::uint64_t>(value.seconds)); }

    void operator()(Interval value) { big(value.seconds); }

    void operator()(DateTimeExtended value) { big(static_cast<std::uint64_t>(value.microseconds)); }

    void operator()(const WipedText& value) { bytes(value.bytes.view()); }

private:
    void bytes(Bytes value) { out_.insert(out_.end(), value.begin(), value.end()); }

    template <std::unsigned_integral U> void big(U value) {
        for (std::size_t i = sizeof(U); i > 0; --i)
            out_.push_back(static_cast<std::uint8_t>(value >> (8U * (i - 1))));
    }

    Buffer& out_;
};

struct Header {
    Tag tag;
    std::uint8_t type;
    std::uint32_t length;
};

Result<Header> read_header(Reader& in) {
    VS_TRY(const auto word, in.big<std::uint32_t>("ttlv.header"));
    VS_TRY(const auto length, in.big<std::uint32_t>("ttlv.header"));
    const std::uint32_t tag = word >> 8U;
    const std::uint32_t space = tag >> 16U;
    if (space != 0x42 && space != 0x54)
        return fail(Errc::malformed, "ttlv.tag", "neither a KMIP tag nor an extension");
    return Header{static_cast<Tag>(tag), static_cast<std::uint8_t>(word), length};
}

class Parser {
public:
    Parser(Bytes message, const Limits& limits, Padding padding)
        : message_(message), limits_(limits), padding_(padding) {}

    /// The one item of the message; an error says at which byte the item begins that it lies in.
    Result<Item> message() {
        Reader in(message_);
        Result<Item> out;
        if (auto done = item(in, 0, *out); !done) {
            out = std::unexpected(std::move(done).error());
        } else if (!in.empty()) {
            at_ = offset(in);
            out = fail(Errc::malformed, "ttlv.trailing", "trailing bytes");
        }
        if (!out)
            out.error().detail += ", at byte " + std::to_string(at_);
        return out;
    }

private:
    // Items are read into their place: moving them there is what would cost most.
    Result<void> item(Reader& in, unsigned depth, Item& out) {
        at_ = offset(in);
        if (++items_ > limits_.items)
            return fail(Errc::too_large, "ttlv.limit", "too many items");
        VS_TRY(const Header header, read_header(in));
        VS_TRY(const Reader value, in.sub(header.length, "ttlv.length"));
        VS_TRY(const Bytes pad, in.take(padded(header.length) - header.length, "ttlv.length"));
        if (padding_ == Padding::must_be_zero &&
            std::ranges::any_of(pad, [](auto byte) { return byte != 0; }))
            return fail(Errc::malformed, "ttlv.padding", "padding is not zero");
        out.tag = header.tag;
        return this->value(header.type, value, depth, out.value);
    }

    std::size_t offset(const Reader& in) const {
        return static_cast<std::size_t>(in.rest().data() - message_.data());
    }

    Result<void> value(std::uint8_t type, Reader in, unsigned depth, Value& out) {
        if (type < static_cast<std::uint8_t>(Type::structure) ||
            type > static_cast<std::uint8_t>(Type::date_time_extended))
            return fail(Errc::malformed, "ttlv.type", "no such item type");
        switch (static_cast<Type>(type)) {
        case Type::structure:
            return structure_items(in, depth + 1, out.emplace<Structure>());
        case Type::integer:
            return number<std::uint32_t>(in, out.emplace<std::int32_t>());
        case Type::long_integer:
            return number<std::uint64_t>(in, out.emplace<std::int64_t>());
        case Type::big_integer:
            if (in.empty() || in.remaining() % 8 != 0)
                return fail(Errc::malformed, "ttlv.length", "a big integer of no multiple of 8 bytes");
            out.emplace<BigInteger>(WipedBytes(in.rest()));
            return {};
        case Type::enumeration:
            return number<std::uint32_t>(in, out.emplace<Enumeration>().value);
        case Type::boolean:
            return truth(in, out.emplace<bool>());
        case Type::text:
            if (!is_utf8(as_text(in.rest())))
                return fail(Errc::malformed, "ttlv.value", "text is not UTF-8");
            out.emplace<std::string>(as_text(in.rest()));
            return {};
        case Type::bytes:
            out.emplace<WipedBytes>(in.rest());
            return {};
        case Type::date_time:
            return number<std::uint64_t>(in, out.emplace<DateTime>().seconds);
        case Type::interval:
            return number<std::uint32_t>(in, out.emplace<Interval>().seconds);
        case Type::date_time_extended:
            return number<std::uint64_t>(in, out.emplace<DateTimeExtended>().microseconds);
        }
        std::unreachable();
    }

    Result<void> structure_items(Reader in, unsigned depth, Structure& out) {
        constexpr std::size_t usual = 4;
        if (depth > limits_.depth)
            return fail(Errc::too_large, "ttlv.limit", "structures nested too deep");
        out.reserve(std::min(in.remaining() / header_size, usual));
        while (!in.empty())
            VS_TRY_VOID(item(in, depth, out.emplace_back()));
        return {};
    }

    /// A value of fixed size: the length must be exactly that.
    template <std::unsigned_integral Wire, std::integral Out>
    static Result<void> number(Reader in, Out& out) {
        if (in.remaining() != sizeof(Wire))
            return fail(Errc::malformed, "ttlv.length", "another length than the type has");
        VS_TRY(const Wire raw, in.big<Wire>("ttlv.value"));
        out = static_cast<Out>(raw);
        return {};
    }

    static Result<void> truth(Reader in, bool& out) {
        if (in.remaining() != sizeof(std::uint64_t))
            return fail(Errc::malformed, "ttlv.length", "another length than the type has");
        VS_TRY(const auto raw, in.big<std::uint64_t>("ttlv.value"));
        if (raw > 1)
            return fail(Errc::malformed, "ttlv.value", "a Boolean that is neither 0 nor 1");
        out = raw == 1;
        return {};
    }

    Bytes message_;
    const Limits& limits_;
    Padding padding_;
    std::size_t items_ = 0;
    std::size_t at_ = 0; ///< where the item begins that is being read
};

} // namespace

std::size_t encoded_size(const Item& item) {
    return item_size(item);
}

Buffer encode(const Item& item) {
    Buffer out;
    out.reserve(item_size(item));
    Encoder(out).item(item);
    return out;
}

Result<Item> parse(Bytes message, const Limits& limits, Padding padding) {
    if (message.size() > limits.bytes)
        return fail(Errc::too_large, "ttlv.limit", "message over the size limit");
    return Parser(message, limits, padding).message();
}

Result<std::size_t> message_size(Bytes first_eight, Tag tag, const Limits& limits) {
    Reader in(first_eight);
    VS_TRY(const Header header, read_header(in));
    VS_TRY_VOID(in.finish("ttlv.trailing"));
    if (header.tag != tag)
        return fail(Errc::malformed, "ttlv.tag", "another message than expected");
    if (header.type != static_cast<std::uint8_t>(Type::structure))
        return fail(Errc::malformed, "ttlv.type", "a message must be a structure");
    if (header.length % 8 != 0)
        return fail(Errc::malformed, "ttlv.length", "a structure of no multiple of 8 bytes");
    if (limits.bytes < header_size || header.length > limits.bytes - header_size)
        return fail(Errc::too_large, "ttlv.limit", "message over the size limit");
    return header_size + header.length;
}

} // namespace vouchsafe::ttlv

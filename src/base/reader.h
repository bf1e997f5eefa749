// The shrinking cursor over bytes from outside, and the writer that is its mirror.
//
// Nothing else in the house does index arithmetic on untrusted bytes. Each call names the field it wants,
// so that an error says what was missing; `finish` makes trailing bytes an error.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>

namespace vouchsafe {

class Reader {
public:
    explicit Reader(Bytes bytes) : rest_(bytes) {}

    Bytes rest() const { return rest_; }

    std::size_t remaining() const { return rest_.size(); }

    bool empty() const { return rest_.empty(); }

    /// The next `n` bytes; `malformed` at `field` when there are fewer.
    Result<Bytes> take(std::size_t n, std::string_view field) {
        if (n > rest_.size())
            return fail(Errc::malformed, field, "ends too early");
        const Bytes head = rest_.first(n);
        rest_ = rest_.subspan(n);
        return head;
    }

    /// A reader over the next `n` bytes; it cannot read past their end.
    Result<Reader> sub(std::size_t n, std::string_view field) {
        VS_TRY(const Bytes head, take(n, field));
        return Reader(head);
    }

    template <std::unsigned_integral U> Result<U> big(std::string_view field) {
        VS_TRY(const Bytes head, take(sizeof(U), field));
        U value = 0;
        for (const std::uint8_t byte : head)
            value = static_cast<U>(static_cast<U>(sizeof(U) > 1 ? value << 8U : 0) | byte);
        return value;
    }

    template <std::unsigned_integral U> Result<U> little(std::string_view field) {
        VS_TRY(const Bytes head, take(sizeof(U), field));
        U value = 0;
        for (std::size_t i = head.size(); i > 0; --i)
            value = static_cast<U>(static_cast<U>(sizeof(U) > 1 ? value << 8U : 0) | head[i - 1]);
        return value;
    }

    /// All bytes must have been read.
    Result<void> finish(std::string_view message) const {
        if (!rest_.empty())
            return fail(Errc::malformed, message, "trailing bytes");
        return {};
    }

private:
    Bytes rest_;
};

class Writer {
public:
    template <std::unsigned_integral U> Writer& big(U value) {
        for (std::size_t i = sizeof(U); i > 0; --i)
            out_.push_back(static_cast<std::uint8_t>(value >> (8U * (i - 1))));
        return *this;
    }

    template <std::unsigned_integral U> Writer& little(U value) {
        for (std::size_t i = 0; i < sizeof(U); ++i)
            out_.push_back(static_cast<std::uint8_t>(value >> (8U * i)));
        return *this;
    }

    Writer& bytes(Bytes bytes) {
        out_.insert(out_.end(), bytes.begin(), bytes.end());
        return *this;
    }

    Writer& text(std::string_view text) { return bytes(as_bytes(text)); }

    const Buffer& view() const { return out_; }

    /// The bytes; the writer is empty afterwards.
    Buffer done() { return std::move(out_); }

private:
    Buffer out_;
};

} // namespace vouchsafe

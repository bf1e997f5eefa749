#include "ttlv/item.h"

#include "base/clock.h"
#include "base/secret.h"

#include <algorithm>
#include <array>
#include <limits>

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

namespace {

std::string hex_number(std::uint32_t value, unsigned digits) {
    std::string out(digits, '0');
    for (unsigned i = 0; i < digits; ++i)
        out[digits - 1 - i] = "0123456789abcdef"[(value >> (4U * i)) & 0xFU];
    return "0x" + out;
}

std::string size_only(std::size_t size) {
    return "<" + std::to_string(size) + " bytes>";
}

/// Text from outside, safe for a terminal: control characters become question marks, and there is an end.
std::string printable(std::string_view value) {
    constexpr std::size_t most = 120;
    std::string out(value.substr(0, most));
    std::ranges::replace_if(
        out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
    return "\"" + out + (value.size() > most ? "\"..." : "\"");
}

/// Instants that the calendar of base can say in text; others are shown as their number.
std::string instant(std::int64_t seconds) {
    constexpr std::int64_t year_9999 = 253'402'300'799;
    if (seconds < 0 || seconds > year_9999)
        return std::to_string(seconds) + " s";
    return to_text(from_seconds(seconds));
}

struct Shown {
    std::string_view type;
    std::string value;
};

struct Show {
    Shown operator()(const Structure&) const { return {"Structure", {}}; }

    Shown operator()(std::int32_t value) const { return {"Integer", std::to_string(value)}; }

    Shown operator()(std::int64_t value) const { return {"Long Integer", std::to_string(value)}; }

    Shown operator()(const BigInteger& value) const {
        return {"Big Integer", size_only(value.bytes.view().size())};
    }

    Shown operator()(Enumeration value) const { return {"Enumeration", hex_number(value.value, 8)}; }

    Shown operator()(bool value) const { return {"Boolean", value ? "true" : "false"}; }

    Shown operator()(const std::string& value) const { return {"Text String", printable(value)}; }

    Shown operator()(const WipedBytes& value) const {
        return {"Byte String", size_only(value.view().size())};
    }

    Shown operator()(DateTime value) const { return {"Date-Time", instant(value.seconds)}; }

    Shown operator()(Interval value) const { return {"Interval", std::to_string(value.seconds) + " s"}; }

    Shown operator()(DateTimeExtended value) const {
        return {"Date-Time Extended", std::to_string(value.microseconds) + " us"};
    }

    Shown operator()(const WipedText& value) const {
        return {"Text String", size_only(value.bytes.view().size())};
    }
};

std::string hidden_value(const Item& item) {
    if (const auto* const value = item.as<std::string>())
        return size_only(value->size());
    const bool sized =
        item.as<WipedText>() != nullptr || item.type() == Type::bytes || item.type() == Type::big_integer;
    return sized ? std::visit(Show{}, item.value).value : "<hidden>";
}

void describe_into(std::string& out, const Item& item, unsigned depth, bool hidden) {
    const bool hide = hidden || is_hidden(item.tag);
    const std::string_view known = name(item.tag);
    const Shown shown = std::visit(Show{}, item.value);
    out.append(std::size_t{2} * depth, ' ');
    out += known.empty() ? hex_number(static_cast<std::uint32_t>(item.tag), 6) : std::string(known);
    out += " (";
    out += shown.type;
    out += ")";
    if (const auto* const items = item.as<Structure>()) {
        out += "\n";
        for (const Item& child : *items)
            describe_into(out, child, depth + 1, hide);
        return;
    }
    out += " = " + (hide ? hidden_value(item) : shown.value) + "\n";
}

} // namespace

std::string describe(const Item& item) {
    std::string out;
    describe_into(out, item, 0, false);
    return out;
}

} // namespace vouchsafe::ttlv

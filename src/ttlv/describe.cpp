#include "base/clock.h"
#include "ttlv/item.h"

#include <algorithm>

namespace vouchsafe::ttlv {

namespace {

std::string tag_number(Tag tag) {
    auto value = static_cast<std::uint32_t>(tag);
    std::string out = "0x000000";
    for (std::size_t at = out.size(); value != 0; value >>= 4U)
        out[--at] = "0123456789abcdef"[value & 0xFU];
    return out;
}

std::string size_only(std::size_t size) {
    return "<" + std::to_string(size) + " bytes>";
}

/// Text from outside, safe for a terminal: control characters become question marks, and there is an end.
std::string printable(std::string_view value, std::size_t most) {
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

class Show {
public:
    Show(Values values, Secrets secrets) : values_(values), secrets_(secrets) {}

    Shown operator()(const Structure&) const { return {"Structure", {}}; }

    Shown operator()(std::int32_t value) const {
        if (is_mask(values_))
            return {"Integer", mask_to_text(values_, static_cast<std::uint32_t>(value), ' ')};
        return {"Integer", std::to_string(value)};
    }

    Shown operator()(std::int64_t value) const { return {"Long Integer", std::to_string(value)}; }

    Shown operator()(const BigInteger& value) const { return {"Big Integer", bytes(value.bytes.view())}; }

    Shown operator()(Enumeration value) const {
        const std::string_view name = values_ == Values::tag ? ttlv::name(static_cast<Tag>(value.value))
                                                             : value_name(values_, value.value);
        return {"Enumeration", name.empty() ? value_to_camel(Values::none, value.value) : std::string(name)};
    }

    Shown operator()(bool value) const { return {"Boolean", value ? "true" : "false"}; }

    Shown operator()(const std::string& value) const {
        constexpr std::size_t enough = 120;
        return {"Text String", printable(value, secrets_ == Secrets::shown ? value.size() : enough)};
    }

    Shown operator()(const WipedBytes& value) const { return {"Byte String", bytes(value.view())}; }

    Shown operator()(DateTime value) const { return {"Date-Time", instant(value.seconds)}; }

    Shown operator()(Interval value) const { return {"Interval", std::to_string(value.seconds) + " s"}; }

    Shown operator()(DateTimeExtended value) const {
        return {"Date-Time Extended", std::to_string(value.microseconds) + " us"};
    }

    Shown operator()(const WipedText& value) const {
        const Bytes text = value.bytes.view();
        return {"Text String",
                secrets_ == Secrets::shown ? printable(as_text(text), text.size()) : size_only(text.size())};
    }

private:
    std::string bytes(Bytes value) const {
        return secrets_ == Secrets::shown ? to_hex(value) : size_only(value.size());
    }

    Values values_;
    Secrets secrets_;
};

std::string hidden_value(const Item& item) {
    if (const auto* const value = item.as<std::string>())
        return size_only(value->size());
    const bool sized =
        item.as<WipedText>() != nullptr || item.type() == Type::bytes || item.type() == Type::big_integer;
    return sized ? std::visit(Show(Values::none, Secrets::hidden), item.value).value : "<hidden>";
}

struct Place {
    unsigned depth = 0;
    bool hidden = false;
    std::span<const Item> siblings;
};

void describe_into(std::string& out, const Item& item, const Place& place, Secrets secrets) {
    const bool hide = secrets == Secrets::hidden && (place.hidden || is_hidden(item.tag));
    const std::string_view known = name(item.tag);
    const Shown shown = std::visit(Show(values_of(item.tag, place.siblings), secrets), item.value);
    out.append(std::size_t{2} * place.depth, ' ');
    out += known.empty() ? tag_number(item.tag) : std::string(known);
    out += " (";
    out += shown.type;
    out += ")";
    if (const auto* const items = item.as<Structure>()) {
        out += "\n";
        for (const Item& child : *items)
            describe_into(
                out, child, {.depth = place.depth + 1, .hidden = hide, .siblings = *items}, secrets);
        return;
    }
    out += " = " + (hide ? hidden_value(item) : shown.value) + "\n";
}

} // namespace

std::string describe(const Item& item, Secrets secrets) {
    std::string out;
    describe_into(out, item, {}, secrets);
    return out;
}

} // namespace vouchsafe::ttlv

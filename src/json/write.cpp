#include "json/write.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace vouchsafe::json {

namespace {

constexpr std::size_t usual_size = 512; // most of what is written fits: grown once or not at all

constexpr std::array<bool, 256> stand_for_themselves = [] {
    std::array<bool, 256> out{};
    for (std::size_t i = 0x20; i < out.size(); ++i)
        out.at(i) = i != '"' && i != '\\';
    return out;
}();

bool stands_for_itself(char character) {
    return stand_for_themselves[static_cast<unsigned char>(character)];
}

/// What any other character becomes within quotes.
std::string escaped(char character) {
    constexpr std::string_view digits = "0123456789abcdef";
    switch (character) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\b':
        return "\\b";
    case '\f':
        return "\\f";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        const auto byte = static_cast<unsigned char>(character);
        return std::string("\\u00") + digits[byte >> 4U] + digits[byte & 0x0FU];
    }
}

void write_string(std::string& out, std::string_view text) {
    out += '"';
    const auto* from = text.begin();
    while (true) {
        const auto* const special = std::find_if_not(from, text.end(), stands_for_itself);
        out.append(from, special);
        if (special == text.end())
            break;
        out += escaped(*special);
        from = special + 1;
    }
    out += '"';
}

/// Writes both forms: without a step everything stands in one line.
class Writer {
public:
    explicit Writer(std::optional<std::size_t> step) : step_(step) { out_.reserve(usual_size); }

    void write(const Value& value) {
        if (value.is_null())
            out_ += "null";
        else if (value.is_bool())
            out_ += value.as_bool() ? "true" : "false";
        else if (value.is_integer())
            out_ += std::to_string(value.as_integer());
        else if (value.is_string())
            write_string(out_, value.as_string());
        else if (value.is_array())
            write_all('[', ']', value.as_array(), [this](const Value& item) { write(item); });
        else
            write_all('{', '}', value.as_object(), [this](const auto& member) {
                write_string(out_, member.first);
                out_ += step_ ? ": " : ":";
                write(member.second);
            });
    }

    std::string done() { return std::move(out_); }

private:
    template <class Elements, class Write>
    void write_all(char open, char close, const Elements& elements, const Write& write_one) {
        out_ += open;
        indent_ += step_.value_or(0);
        bool first = true;
        for (const auto& element : elements) {
            if (!first)
                out_ += ',';
            first = false;
            new_line();
            write_one(element);
        }
        indent_ -= step_.value_or(0);
        if (!first)
            new_line();
        out_ += close;
    }

    void new_line() {
        if (!step_)
            return;
        out_ += '\n';
        out_.append(indent_, ' ');
    }

    std::optional<std::size_t> step_;
    std::size_t indent_ = 0;
    std::string out_;
};

std::string write(const Value& value, std::optional<std::size_t> step) {
    Writer writer(step);
    writer.write(value);
    return writer.done();
}

} // namespace

std::string canonical(const Value& value) {
    return write(value, std::nullopt);
}

std::string pretty(const Value& value) {
    return write(value, 2) + '\n';
}

} // namespace vouchsafe::json

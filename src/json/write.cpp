#include "json/write.h"

#include <cstddef>
#include <optional>

namespace vouchsafe::json {

namespace {

void write_string(std::string& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += '"';
    for (const char character : text) {
        switch (character) {
        case '"':
            out += "\\\"";
            break;
        case '\\':
            out += "\\\\";
            break;
        case '\b':
            out += "\\b";
            break;
        case '\f':
            out += "\\f";
            break;
        case '\n':
            out += "\\n";
            break;
        case '\r':
            out += "\\r";
            break;
        case '\t':
            out += "\\t";
            break;
        default:
            if (const auto byte = static_cast<unsigned char>(character); byte < 0x20) {
                out += "\\u00";
                out += digits[byte >> 4U];
                out += digits[byte & 0x0FU];
            } else {
                out += character;
            }
        }
    }
    out += '"';
}

/// Writes both forms: without a step everything stands in one line.
class Writer {
public:
    explicit Writer(std::optional<std::size_t> step) : step_(step) {}

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

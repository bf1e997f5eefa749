#include "json/parse.h"

#include "json/write.h"

#include <boost/json/basic_parser_impl.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::json {

namespace {

using BoostError = boost::json::error_code;
using BoostText = boost::json::string_view;

/// Builds the value from the parser's events. The parser knows the grammar; what else is refused is refused
/// here.
class Builder {
public:
    // The parser asks for these; the document's size is bounded before it starts.
    static constexpr auto max_array_size = static_cast<std::size_t>(-1);
    static constexpr auto max_object_size = static_cast<std::size_t>(-1);
    static constexpr auto max_string_size = static_cast<std::size_t>(-1);
    static constexpr auto max_key_size = static_cast<std::size_t>(-1);

    explicit Builder(std::size_t items) : items_left_(items) {}

    std::optional<Error> refusal; ///< set when an event was refused; says more than the parser's code
    Value root;

    static bool on_document_begin(BoostError&) { return true; }

    static bool on_document_end(BoostError&) { return true; }

    bool on_array_begin(BoostError& code) { return open(Value(Array{}), code); }

    bool on_array_end(std::size_t, BoostError&) { return close(); }

    bool on_object_begin(BoostError& code) { return open(Value(Object{}), code); }

    bool on_object_end(std::size_t, BoostError&) { return close(); }

    bool on_string_part(BoostText part, std::size_t, BoostError&) {
        text_.append(part.data(), part.size());
        return true;
    }

    bool on_string(BoostText rest, std::size_t, BoostError& code) {
        text_.append(rest.data(), rest.size());
        return add(Value(std::exchange(text_, {})), code);
    }

    bool on_key_part(BoostText part, std::size_t, BoostError&) {
        text_.append(part.data(), part.size());
        return true;
    }

    bool on_key(BoostText rest, std::size_t, BoostError& code) {
        text_.append(rest.data(), rest.size());
        Frame& frame = open_.back();
        frame.name = std::exchange(text_, {});
        if (frame.value.find(frame.name) != nullptr)
            return refuse(Error{Errc::malformed, "json.duplicate", "a name occurs twice in one object"},
                          code);
        return true;
    }

    static bool on_number_part(BoostText, BoostError&) { return true; }

    bool on_int64(std::int64_t number, BoostText text, BoostError& code) {
        if (number == 0 && text.starts_with('-'))
            return refuse_number(code);
        return add(Value(number), code);
    }

    bool on_uint64(std::uint64_t number, BoostText, BoostError& code) {
        if (!std::in_range<std::int64_t>(number))
            return refuse_number(code);
        return add(Value(number), code);
    }

    bool on_double(double, BoostText, BoostError& code) { return refuse_number(code); }

    bool on_bool(bool value, BoostError& code) { return add(Value(value), code); }

    bool on_null(BoostError& code) { return add(Value(), code); }

    static bool on_comment_part(BoostText, BoostError&) { return true; }

    static bool on_comment(BoostText, BoostError&) { return true; }

private:
    struct Frame {
        Value value;      ///< an array or an object that is still open
        std::string name; ///< object: the name whose value comes next
    };

    bool refuse(Error error, BoostError& code) {
        refusal = std::move(error);
        code = boost::json::error::syntax; // any: the refusal is what is reported
        return false;
    }

    bool refuse_number(BoostError& code) {
        return refuse(Error{Errc::malformed, "json.number", "not a plain integer of 64 bits"}, code);
    }

    bool count(BoostError& code) {
        if (items_left_ == 0)
            return refuse(Error{Errc::too_large, "json.limit", "too many values"}, code);
        --items_left_;
        return true;
    }

    void place(Value value) {
        if (open_.empty())
            root = std::move(value);
        else if (Frame& parent = open_.back(); parent.value.is_array())
            parent.value.as_array().push_back(std::move(value));
        else
            parent.value.as_object().emplace(std::move(parent.name), std::move(value));
    }

    bool add(Value value, BoostError& code) {
        if (!count(code))
            return false;
        place(std::move(value));
        return true;
    }

    bool open(Value container, BoostError& code) {
        if (!count(code))
            return false;
        open_.push_back(Frame{.value = std::move(container), .name = {}});
        return true;
    }

    bool close() {
        Value value = std::move(open_.back().value);
        open_.pop_back();
        place(std::move(value));
        return true;
    }

    std::vector<Frame> open_;
    std::string text_;
    std::size_t items_left_;
};

std::unexpected<Error> refused(const BoostError& code) {
    if (code == boost::json::error::too_deep)
        return fail(Errc::too_large, "json.limit", "nested too deeply");
    return fail(Errc::malformed, "json.syntax", code.message());
}

} // namespace

Result<Value> parse(std::string_view text, const Limits& limits) {
    if (text.size() > limits.bytes)
        return fail(Errc::too_large, "json.limit", "the document is too long");
    if (!is_utf8(text))
        return fail(Errc::malformed, "json.utf8", "not well-formed UTF-8");

    boost::json::parse_options options;
    options.max_depth = limits.depth;
    boost::json::basic_parser<Builder> parser(options, limits.items);
    BoostError code;
    const std::size_t used = parser.write_some(false, text.data(), text.size(), code);
    if (const auto& refusal = parser.handler().refusal)
        return std::unexpected(*refusal);
    if (code)
        return refused(code);
    if (used != text.size())
        return fail(Errc::malformed, "json.syntax", "something follows the document");
    return std::move(parser.handler().root);
}

Result<Value> parse_canonical(std::string_view text, const Limits& limits) {
    VS_TRY(Value value, parse(text, limits));
    if (canonical(value) != text)
        return fail(Errc::malformed, "json.canonical", "not the canonical encoding");
    return value;
}

Result<Value> parse_canonical(Bytes text, const Limits& limits) {
    return parse_canonical(as_text(text), limits);
}

} // namespace vouchsafe::json

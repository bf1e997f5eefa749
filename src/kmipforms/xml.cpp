// XML by expat, which makes the events and nothing else: no document type, so no entities of its own and
// nothing fetched; limits before anything is kept.
#include "kmipforms/forms.h"
#include "kmipforms/value_text.h"
#include "ttlv/values.h"

#include <expat.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace vouchsafe::kmipforms {

using ttlv::Item;
using ttlv::Structure;
using ttlv::Tag;
using ttlv::Type;

namespace {

/// What the attributes of an element say.
struct Words {
    std::optional<std::string_view> tag, type, value;
};

class Builder {
public:
    Builder(XML_Parser parser, const Reading& reading) : parser_(parser), reading_(reading) {
        XML_SetUserData(parser, this);
        XML_SetElementHandler(parser, on_start, on_end);
        XML_SetCharacterDataHandler(parser, on_text);
        XML_SetStartDoctypeDeclHandler(parser, on_doctype);
        XML_SetXmlDeclHandler(parser, on_declaration);
    }

    Builder(const Builder&) = delete;
    Builder& operator=(const Builder&) = delete;
    ~Builder() = default;

    Result<Item> parse(std::string_view text) {
        const auto status = XML_Parse(parser_, text.data(), static_cast<int>(text.size()), XML_TRUE);
        if (error_)
            return std::unexpected(*std::move(error_));
        if (status != XML_STATUS_OK)
            return std::unexpected(
                located(Errc::malformed, "xml.syntax", XML_ErrorString(XML_GetErrorCode(parser_))));
        VS_CHECK(root_.has_value()); // well-formed: there was one element
        if (ttlv::encoded_size(*root_) > reading_.limits.bytes)
            return fail(Errc::too_large, "form.limit", "the message is over the size limit");
        return *std::move(root_);
    }

private:
    struct Open {
        Tag tag;
        Structure items;
    };

    // expat's doors; each leads to a member of its name.
    static void on_start(void* self, const XML_Char* name, const XML_Char** attributes) {
        static_cast<Builder*>(self)->start(name, attributes);
    }

    static void on_end(void* self, const XML_Char* /*name*/) { static_cast<Builder*>(self)->end(); }

    static void on_text(void* self, const XML_Char* text, int size) {
        static_cast<Builder*>(self)->text({text, static_cast<std::size_t>(size)});
    }

    static void on_doctype(void* self,
                           const XML_Char* /*name*/,
                           const XML_Char* /*system*/,
                           const XML_Char* /*public*/,
                           int /*subset*/) {
        static_cast<Builder*>(self)->refuse(Errc::malformed, "xml.doctype", "a document type");
    }

    static void
    on_declaration(void* self, const XML_Char* /*version*/, const XML_Char* encoding, int /*alone*/) {
        const std::string_view name = encoding != nullptr ? encoding : "UTF-8";
        if (name != "UTF-8" && name != "utf-8")
            static_cast<Builder*>(self)->refuse(Errc::malformed, "xml.syntax", "another encoding than UTF-8");
    }

    Error located(Errc code, std::string_view where, std::string_view detail) const {
        return {.code = code,
                .where = std::string(where),
                .detail =
                    std::string(detail) + ", at line " + std::to_string(XML_GetCurrentLineNumber(parser_))};
    }

    void refuse(Errc code, std::string_view where, std::string_view detail) {
        if (!error_)
            error_ = located(code, where, detail);
        XML_StopParser(parser_, XML_FALSE);
    }

    void start(std::string_view name, const XML_Char** attributes) {
        if (error_) // expat may have events left after it was stopped
            return;
        if (const auto done = element(name, attributes); !done)
            refuse(done.error().code, done.error().where, done.error().detail);
    }

    Result<void> element(std::string_view name, const XML_Char** attributes) {
        if (leaf_)
            return fail(Errc::malformed, "xml.syntax", "an element within an item that has a value");
        if (++items_ > reading_.limits.items)
            return fail(Errc::too_large, "form.limit", "too many items");
        VS_TRY(const Words words, read(attributes));
        VS_TRY(const Tag tag, tag_of(name, words));
        const auto type = type_from_name(words.type.value_or("Structure"));
        if (!type)
            return fail(Errc::malformed, "form.type", "no type of TTLV");
        return *type == Type::structure ? open_structure(tag, words) : leaf(tag, *type, words);
    }

    static Result<Words> read(const XML_Char** attributes) {
        Words words;
        for (; *attributes != nullptr; attributes += 2) {
            const std::string_view name = attributes[0];
            const std::string_view value = attributes[1];
            if (name == "tag")
                words.tag = value;
            else if (name == "type")
                words.type = value;
            else if (name == "value")
                words.value = value;
            else if (name != "name" &&
                     name != "xmlns") // what an extension is called; the profile's namespace
                return fail(Errc::malformed, "form.member", "an attribute other than tag, name, type, value");
        }
        return words;
    }

    static Result<Tag> tag_of(std::string_view name, const Words& words) {
        const bool generic = name == "TTLV";
        if (generic != words.tag.has_value())
            return fail(Errc::malformed, "form.tag", "the element TTLV, and no other, has a tag attribute");
        const auto tag = generic ? tag_from_text(*words.tag) : ttlv::tag_from_camel(name);
        if (!tag)
            return fail(Errc::malformed, "form.tag", no_tag(generic ? *words.tag : name));
        return *tag;
    }

    static std::string no_tag(std::string_view name) {
        if (name == "KMIP") // around the messages of OASIS' test cases
            return "the element KMIP holds several messages: "
                   "put one RequestMessage or ResponseMessage into a file of its own";
        constexpr std::size_t shown = 64;
        return "no tag of KMIP: " + std::string(name.substr(0, shown));
    }

    Result<void> open_structure(Tag tag, const Words& words) {
        if (words.value)
            return fail(Errc::malformed, "form.value", "a structure has items, not a value");
        if (open_.size() >= reading_.limits.depth)
            return fail(Errc::too_large, "form.limit", "structures nested too deep");
        open_.push_back({.tag = tag, .items = {}});
        return {};
    }

    Result<void> leaf(Tag tag, Type type, const Words& words) {
        if (!words.value)
            return fail(Errc::malformed, "form.value", "an item without a value");
        const auto values =
            open_.empty() ? ttlv::values_of(tag, {}) : ttlv::values_of(tag, open_.back().items);
        VS_TRY(ttlv::Value value, value_from_template(type, values, *words.value, reading_));
        add({tag, std::move(value)});
        leaf_ = true;
        return {};
    }

    void end() {
        if (error_)
            return;
        if (std::exchange(leaf_, false))
            return;
        Open done = std::move(open_.back());
        open_.pop_back();
        add({done.tag, std::move(done.items)});
    }

    void add(Item item) {
        if (open_.empty())
            root_ = std::move(item);
        else
            open_.back().items.push_back(std::move(item));
    }

    void text(std::string_view text) {
        if (text.find_first_not_of(" \t\r\n") != std::string_view::npos)
            refuse(Errc::malformed, "xml.syntax", "text between elements");
    }

    XML_Parser parser_;
    const Reading& reading_;
    std::vector<Open> open_;
    bool leaf_ = false; ///< within an element that has a value
    std::size_t items_ = 0;
    std::optional<Item> root_;
    std::optional<Error> error_;
};

/// Whether XML 1.0 can have the character that begins at `at`, be it as a reference.
bool sayable(std::string_view text, std::size_t at) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c < 0x20)
        return c == '\t' || c == '\n' || c == '\r';
    const std::string_view three = text.substr(at, 3);
    return three != "\xEF\xBF\xBE" && three != "\xEF\xBF\xBF"; // U+FFFE, U+FFFF
}

/// Nothing for a character that stands for itself. Control characters and line ends are references: so they
/// outlive a reader's normalization, and no terminal obeys them.
std::string reference(std::string_view text, std::size_t at) {
    const auto c = static_cast<unsigned char>(text[at]);
    const auto next = static_cast<unsigned char>(at + 1 < text.size() ? text[at + 1] : 0);
    if (c == '&')
        return "&amp;";
    if (c == '<')
        return "&lt;";
    if (c == '>')
        return "&gt;";
    if (c == '"')
        return "&quot;";
    if (c < 0x20 || c == 0x7F)
        return "&#" + std::to_string(c) + ";";
    if (c == 0xC2 && next >= 0x80 && next <= 0x9F) // U+0080 to U+009F
        return "&#" + std::to_string(next) + ";";
    return {};
}

Result<std::string> escaped(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (!sayable(text, at))
            return fail(Errc::unsupported, "form.text", "a Text String has a character that XML cannot say");
        const std::string escape = reference(text, at);
        out += escape.empty() ? std::string(1, text[at]) : escape;
        if (!escape.empty() && text[at] == '\xC2')
            ++at; // both bytes of it
    }
    return out;
}

struct ValueText {
    ttlv::Values values;

    Result<std::string> operator()(const Structure&) const { return {}; }

    Result<std::string> operator()(std::int32_t value) const {
        return ttlv::is_mask(values) ? ttlv::mask_to_text(values, static_cast<std::uint32_t>(value), ' ')
                                     : std::to_string(value);
    }

    Result<std::string> operator()(std::int64_t value) const { return std::to_string(value); }

    Result<std::string> operator()(const ttlv::BigInteger& value) const { return digits_of(value); }

    Result<std::string> operator()(ttlv::Enumeration value) const {
        return ttlv::value_to_camel(values, value.value);
    }

    Result<std::string> operator()(bool value) const { return value ? "true" : "false"; }

    Result<std::string> operator()(const std::string& value) const { return escaped(value); }

    Result<std::string> operator()(const ttlv::WipedBytes& value) const { return to_hex(value.view()); }

    Result<std::string> operator()(ttlv::DateTime value) const { return date_text(value); }

    Result<std::string> operator()(ttlv::Interval value) const { return std::to_string(value.seconds); }

    Result<std::string> operator()(ttlv::DateTimeExtended value) const { return date_text(value); }

    Result<std::string> operator()(const ttlv::WipedText& value) const {
        return escaped(as_text(value.bytes.view()));
    }
};

/// `before`: the items of the same structure that a reader will have read.
Result<void> write(std::string& out, const Item& item, std::span<const Item> before, std::size_t depth) {
    const std::string indent(2 * depth, ' ');
    const std::string tag = tag_text(item.tag);
    const bool known = !ttlv::name(item.tag).empty();
    const std::string element = known ? tag : "TTLV";
    out += indent + "<" + element;
    if (!known)
        out += " tag=\"" + tag + "\"";
    if (const auto* const items = item.as<Structure>()) {
        out += items->empty() ? "/>\n" : ">\n";
        for (std::size_t i = 0; i < items->size(); ++i)
            VS_TRY_VOID(write(out, (*items)[i], std::span(*items).first(i), depth + 1));
        if (!items->empty())
            out += indent + "</" + element + ">\n";
        return {};
    }
    VS_TRY(const std::string value, std::visit(ValueText{ttlv::values_of(item.tag, before)}, item.value));
    out += " type=\"" + std::string(type_name(item.type())) + "\" value=\"" + value + "\"/>\n";
    return {};
}

} // namespace

Result<Item> from_xml(std::string_view text, const Reading& reading) {
    if (text.size() > 8 * reading.limits.bytes)
        return fail(Errc::too_large, "xml.limit", "the form is over the size limit");
    if (!is_utf8(text))
        return fail(Errc::malformed, "xml.syntax", "not UTF-8");
    const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser(XML_ParserCreate("UTF-8"),
                                                                              XML_ParserFree);
    VS_CHECK(parser != nullptr);
    return Builder(parser.get(), reading).parse(text);
}

Result<std::string> to_xml(const Item& item) {
    std::string out;
    VS_TRY_VOID(write(out, item, {}, 0));
    return out;
}

} // namespace vouchsafe::kmipforms

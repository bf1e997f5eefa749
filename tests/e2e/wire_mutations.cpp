#include "tests/e2e/wire_mutations.h"

#include "json/write.h"

namespace vouchsafe::test {

namespace {

using api::Kind;

constexpr int too_deep = 200;

std::string nested(int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') +
           std::string(static_cast<std::size_t>(depth), ']');
}

json::Value other_kind(const json::Value& value) {
    return value.is_array() ? json::Value(7) : json::Value(json::Array{});
}

void add_texts(const api::Type& type, std::vector<BadValue>& out) {
    if (type.kind == Kind::id)
        out.push_back({"empty", json::Value("")});
    if (type.kind == Kind::binary)
        out.push_back({"not base64", json::Value("no base64!")});
    if (type.kind == Kind::time)
        out.push_back({"no time", json::Value("yesterday")});
    if (type.kind == Kind::word)
        out.push_back({"no such word", json::Value("NO_SUCH_WORD")});
}

void add_members(const api::Structure& structure, const json::Object& good, std::vector<BadValue>& out) {
    json::Object more = good;
    more.emplace("no_such_member", 1);
    out.push_back({"unknown member", json::Value(std::move(more))});
    for (const api::Field& field : structure.fields) {
        const std::string name(field.name);
        if (field.need == api::Need::required) {
            json::Object less = good;
            less.erase(name);
            out.push_back({"without " + name, json::Value(std::move(less))});
        }
        for (BadValue& wrong : wrong_values(field.type)) {
            json::Object changed = good;
            changed.insert_or_assign(name, std::move(wrong.value));
            out.push_back({name + ": " + wrong.what, json::Value(std::move(changed))});
        }
    }
}

} // namespace

std::vector<BadBody> broken_json(const json::Value& good) {
    const std::string text = json::canonical(good);
    std::vector<BadBody> out{{"no JSON", "hello"},
                             {"cut off", text.substr(0, text.size() - 1)},
                             {"something behind it", text + "{}"},
                             {"nested too deep", nested(too_deep), 413},
                             {"not UTF-8", "\"\xff\xfe\""},
                             {"a NUL", std::string("\0", 1)},
                             {"a fraction", "1.5"},
                             {"a number beyond all", std::string(400, '9')},
                             {"a lone surrogate", R"("\ud800")"}};
    if (good.is_object() && !good.as_object().empty()) {
        const auto& [name, value] = *good.as_object().begin();
        out.push_back(
            {"a name twice",
             "{" + json::canonical(json::Value(name)) + ":" + json::canonical(value) + "," + text.substr(1)});
        out.push_back({"a member nested too deep",
                       "{" + json::canonical(json::Value(name)) + ":" + nested(too_deep) + "}",
                       413});
    }
    return out;
}

std::vector<BadBody> wrong_members(const json::Value& good, const std::set<std::string>& optional) {
    std::vector<BadBody> out{{"an array", "[]"}, {"null", "null"}, {"a text", "\"text\""}, {"empty", "{}"}};
    const auto add = [&out](std::string what, json::Object members) {
        out.push_back({std::move(what), json::canonical(json::Value(std::move(members)))});
    };
    json::Object more = good.as_object();
    more.emplace("no_such_member", true);
    add("unknown member", std::move(more));
    for (const auto& [name, value] : good.as_object()) {
        json::Object changed = good.as_object();
        changed.insert_or_assign(name, other_kind(value));
        add(name + " of another type", changed);
        if (optional.contains(name))
            continue;
        changed.insert_or_assign(name, json::Value());
        add(name + " null", changed);
        changed.erase(name);
        add("without " + name, std::move(changed));
    }
    return out;
}

json::Value sample(const api::Type& type) {
    switch (type.kind) {
    case Kind::none:
        return {};
    case Kind::text:
    case Kind::id:
    case Kind::secret:
        return json::Value("sample");
    case Kind::binary:
        return json::Value("c2FtcGxl");
    case Kind::time:
        return json::Value("2026-11-23T20:52:01.000Z");
    case Kind::integer:
        return json::Value(1);
    case Kind::boolean:
        return json::Value(true);
    case Kind::word:
        return json::Value(type.words.front());
    case Kind::document:
        return json::Value(json::Object{});
    case Kind::list:
        return json::array({sample(*type.element)});
    case Kind::structure: {
        json::Object out;
        for (const api::Field& field : type.structure->fields)
            out.emplace(field.name, sample(field.type));
        return json::Value(std::move(out));
    }
    }
    std::unreachable();
}

std::vector<BadValue> wrong_values(const api::Type& type) {
    std::vector<BadValue> out;
    const json::Value good = sample(type);
    out.push_back({"another kind", other_kind(good)});
    if (!good.is_object())
        out.push_back({"an object", json::Value(json::Object{})});
    add_texts(type, out);
    if (type.kind == Kind::structure)
        add_members(*type.structure, good.as_object(), out);
    if (type.kind == Kind::list)
        for (BadValue& wrong : wrong_values(*type.element))
            out.push_back({"item " + wrong.what, json::array({std::move(wrong.value)})});
    return out;
}

} // namespace vouchsafe::test

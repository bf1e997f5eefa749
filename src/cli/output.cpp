#include "cli/output.h"

#include "json/write.h"

#include <algorithm>
#include <cstdio>

namespace vouchsafe::cli {

namespace {

void write_line(std::FILE* stream, std::string_view text) {
    (void)std::fwrite(text.data(), 1, text.size(), stream);
    if (!text.ends_with('\n'))
        (void)std::fputc('\n', stream);
}

// Characters, not bytes: continuation bytes of UTF-8 take no room.
std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string_view hint_for(const Error& error) {
    if (error.code == Errc::unauthenticated)
        return "vouchsafe login authority|workload URL --user NAME";
    if (error.where == "net.tls_identity")
        return "check the pin: the server prints it when it starts (vouchsafe login … --pin)";
    if (error.where == "net.connect")
        return "is the server running, and is this its address?";
    if (error.code == Errc::denied)
        return "log in as a user of the group that may do this (vouchsafe user list)";
    return {};
}

} // namespace

Exit exit_for(Errc code) {
    switch (code) {
    case Errc::malformed:
    case Errc::too_large:
    case Errc::unsupported:
        return Exit::malformed;
    case Errc::untrusted:
    case Errc::denied:
    case Errc::exists:
    case Errc::conflict:
    case Errc::expired:
        return Exit::refused;
    case Errc::unauthenticated:
        return Exit::not_logged_in;
    case Errc::not_found:
        return Exit::not_found;
    case Errc::unavailable:
    case Errc::timed_out:
        return Exit::unavailable;
    case Errc::internal:
        return Exit::internal;
    }
    std::unreachable();
}

void Table::row(std::vector<std::string> cells) {
    VS_CHECK(cells.size() == rows_.front().size());
    std::ranges::transform(cells, cells.begin(), [](const std::string& text) {
        return text.empty() ? std::string("-") : printable(text);
    });
    rows_.push_back(std::move(cells));
}

std::string Table::text() const {
    std::vector<std::size_t> widths(rows_.front().size());
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.size(); ++i)
            widths[i] = std::max(widths[i], width(row[i]));
    std::string out;
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            out += row[i];
            if (i + 1 < row.size())
                out.append(widths[i] - width(row[i]) + 2, ' ');
        }
        out += '\n';
    }
    return out;
}

std::string cell(const json::Value& object, std::string_view member) {
    const json::Value* const value = object.find(member);
    if (value == nullptr || value->is_null() || value->is_object())
        return {};
    if (value->is_bool())
        return value->as_bool() ? "yes" : "no";
    if (value->is_integer())
        return std::to_string(value->as_integer());
    if (value->is_string())
        return value->as_string();
    std::string joined;
    for (const json::Value& item : value->as_array()) {
        if (!joined.empty())
            joined += ", ";
        joined += item.is_string() ? item.as_string() : json::canonical(item);
    }
    return joined;
}

void print(std::string_view text) {
    write_line(stdout, text);
}

void print_json(const json::Value& value) {
    write_line(stdout, json::pretty(value));
}

void say(std::string_view text) {
    write_line(stderr, text);
}

Exit report(const Error& error) {
    say("vouchsafe: " + printable(error.detail.empty() ? error.where : error.detail));
    if (const std::string_view hint = hint_for(error); !hint.empty())
        say("  try: " + std::string(hint));
    return exit_for(error.code);
}

std::string printable(std::string_view text) {
    std::string out(text);
    std::ranges::replace_if(
        out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, ' ');
    return out;
}

} // namespace vouchsafe::cli

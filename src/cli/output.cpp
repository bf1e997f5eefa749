#include "cli/output.h"

#include "json/write.h"

#include <algorithm>
#include <cstdio>

namespace vouchsafe::cli {

namespace {

// Control characters are ASCII's and Unicode's second block of them, which terminals obey too: how many bytes
// the one at `at` has, 0 for none.
std::size_t control_at(std::string_view text, std::size_t at) {
    const auto c = static_cast<unsigned char>(text[at]);
    const auto next = static_cast<unsigned char>(at + 1 < text.size() ? text[at + 1] : 0);
    if (c == 0xC2 && next >= 0x80 && next <= 0x9F)
        return 2;
    return c < 0x20 || c == 0x7F ? 1 : 0;
}

/// Every control character replaced by what `instead` makes of it.
template <class Instead> std::string without_controls(std::string_view text, const Instead& instead) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = control_at(text, at);
        if (size == 0)
            out += text[at++];
        else
            out += instead(static_cast<unsigned char>(text[at + size - 1]));
        at += size;
    }
    return out;
}

// The last door before a terminal: lines may end, and nothing else is obeyed.
void write_line(std::FILE* stream, std::string_view text) {
    const std::string safe = without_controls(text, [](unsigned char c) { return c == '\n' ? '\n' : ' '; });
    (void)std::fwrite(safe.data(), 1, safe.size(), stream);
    if (!safe.ends_with('\n'))
        (void)std::fputc('\n', stream);
}

// Characters, not bytes: continuation bytes of UTF-8 take no room.
std::size_t width(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string_view hint_for(const Error& error) {
    if (error.where == "kmip.misconfigured")
        return "does the key server know this client certificate, and want a user name besides?";
    if (error.where == "kmip.pin")
        return "ask the key server's administrator for the fingerprint of its certificate";
    if (error.code == Errc::unauthenticated)
        return "vouchsafe login authority|workload URL --user NAME";
    if (error.where == "host.not_trusted")
        return "vouchsafe host explain HOST shows what failed, and what would fix it";
    if (error.where == "net.tls_identity")
        return "check the pin: the server prints it when it starts (vouchsafe login … --pin)";
    if (error.where == "net.connect")
        return "is the server running, and is this its address?";
    if (error.code == Errc::denied && error.where.starts_with("privilege"))
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
    case Errc::busy:
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
        const json::Value* const message = item.find("default_message"); // of the API's localizable messages
        joined += item.is_string()                             ? item.as_string()
                  : message != nullptr && message->is_string() ? message->as_string()
                                                               : json::canonical(item);
    }
    return joined;
}

void print(std::string_view text) {
    write_line(stdout, text);
}

void print_json(const json::Value& value) {
    write_line(stdout, json_text(value));
}

void print_as(Format format, const json::Value& value, void (*show)(const json::Value&)) {
    if (format == Format::json)
        print_json(value);
    else
        show(value);
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
    return without_controls(text, [](unsigned char) { return ' '; });
}

std::string json_text(const json::Value& value) {
    // JSON escapes ASCII's control characters but one by itself; what is left can only be inside a string.
    return without_controls(json::pretty(value), [](unsigned char c) {
        constexpr std::string_view digits = "0123456789abcdef";
        return c == '\n' ? std::string("\n") : std::string("\\u00") + digits[c >> 4U] + digits[c & 0xFU];
    });
}

} // namespace vouchsafe::cli

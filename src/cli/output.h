// What people and programs see: tables and lines for the one, JSON for the other, errors with a hint.
#pragma once

#include "base/result.h"
#include "json/value.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::cli {

/// Exit codes of `vouchsafe`, as --help lists them.
enum class Exit : std::uint8_t {
    fine = 0,
    refused = 1,   ///< the answer is no: it does not verify, is not trusted, is denied
    malformed = 2, ///< wrong arguments, or a document that breaks its format
    not_found = 3,
    unavailable = 4, ///< a server that cannot be reached or does not answer in time
    not_logged_in = 5,
    internal = 70,
};

Exit exit_for(Errc code);

enum class Format : std::uint8_t { table, json };

/// Columns as wide as their widest cell, two spaces apart, headings in capitals; "-" for what is empty.
class Table {
public:
    explicit Table(std::vector<std::string> headings) : rows_{std::move(headings)} {}

    void row(std::vector<std::string> cells);
    std::string text() const;

private:
    std::vector<std::vector<std::string>> rows_;
};

/// A member as text for a cell: strings as they are, numbers and booleans in words, lists joined by ", ".
std::string cell(const json::Value& object, std::string_view member);

void print(std::string_view text);         ///< to stdout, with a line end
void print_json(const json::Value& value); ///< indented, for --output json
/// As JSON, or, for people, by `show`.
void print_as(Format format, const json::Value& value, void (*show)(const json::Value&));
void say(std::string_view text); ///< to stderr: progress and notes

/// "vouchsafe: <what>" and, where one is known, "  try: <hint>"; returns the exit code.
Exit report(const Error& error);

/// Without control characters, line ends among them: what comes from a server cannot drive the terminal, nor
/// write lines of its own.
std::string printable(std::string_view text);

/// Indented JSON with every control character escaped.
std::string json_text(const json::Value& value);

} // namespace vouchsafe::cli

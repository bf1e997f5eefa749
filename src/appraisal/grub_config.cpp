#include "appraisal/grub_config.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace vouchsafe::appraisal {

namespace {

using Words = std::vector<std::string>;

struct Line {
    std::size_t number = 0; ///< from 1
    std::size_t begin = 0;  ///< where it begins in the file
    std::string_view text;  ///< without the line end
};

std::unexpected<Error> refuse(const Line& line, std::string_view why) {
    return fail(Errc::unsupported,
                "grub.config",
                "line " + std::to_string(line.number) + ": " + std::string(why) +
                    ": what grub measures of it is not known here; boot a reference host and use "
                    "`vouchsafe host export-image`");
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t";
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    text.remove_suffix(text.size() - (text.find_last_not_of(blanks) + 1));
    return text;
}

bool is_plain(char c) {
    return c > ' ' && c <= '~' && std::string_view("$\\`*?[]{};&|<>#'\"").find(c) == std::string_view::npos;
}

/// One word off the front of a text that does not begin with a blank. Quoted parts may hold blanks.
std::optional<std::string> take_word(std::string_view& text) {
    std::string word;
    while (!text.empty() && text.front() != ' ' && text.front() != '\t') {
        const char first = text.front();
        if (first != '\'' && first != '"') {
            if (!is_plain(first))
                return {};
            word += first;
            text.remove_prefix(1);
            continue;
        }
        const std::size_t end = text.find(first, 1);
        if (end == std::string_view::npos)
            return {};
        const std::string_view quoted = text.substr(1, end - 1);
        if (!std::ranges::all_of(quoted, [](char c) { return c == ' ' || is_plain(c); }))
            return {};
        word += quoted;
        text.remove_prefix(end + 1);
    }
    return word;
}

Result<Words> words_of(const Line& line, std::string_view text) {
    Words words;
    for (text = trimmed(text); !text.empty(); text = trimmed(text)) {
        auto word = take_word(text);
        if (!word || word->empty())
            return refuse(line, "a word with expansions, operators or nothing in it");
        words.push_back(*std::move(word));
    }
    return words;
}

Result<std::vector<Line>> lines_of(std::string_view config) {
    std::vector<Line> lines;
    for (std::size_t at = 0; at < config.size();) {
        if (lines.size() == most_grub_lines)
            return fail(Errc::too_large, "grub.config", "more than 1024 lines");
        const std::size_t end = std::min(config.find('\n', at), config.size());
        lines.push_back({.number = lines.size() + 1, .begin = at, .text = config.substr(at, end - at)});
        at = end + 1;
    }
    return lines;
}

bool has_blank(const std::string& word) {
    return word.find(' ') != std::string::npos;
}

std::optional<std::size_t> number_from(std::string_view text) {
    std::size_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size())
        return {};
    return number;
}

class Config {
public:
    explicit Config(std::string_view text) : text_(text) {}

    Result<std::vector<GrubCommand>> commands() {
        VS_TRY(const auto lines, lines_of(text_));
        for (const Line& line : lines) {
            if (in_entry_) {
                VS_TRY_VOID(inside(line));
            } else {
                VS_TRY_VOID(outside(line));
            }
        }
        if (in_entry_)
            return refuse(lines.back(), "the menu entry has no end");
        if (chosen_ >= entries_.size())
            return fail(Errc::unsupported, "grub.config", "it has no menu entry that is the default one");
        return run();
    }

private:
    struct Entry {
        Line line;
        Words title; ///< menuentry and all its words but for the block
        std::vector<std::pair<Line, Words>> body;
    };

    Result<void> outside(const Line& line) {
        std::string_view text = trimmed(line.text);
        if (text.empty() || text.front() == '#')
            return {};
        const bool opens = text.back() == '{' && text.starts_with("menuentry");
        if (opens)
            text.remove_suffix(1);
        VS_TRY(Words words, words_of(line, text));
        if (opens && words.front() == "menuentry" && words.size() > 1) {
            entries_.push_back({.line = line, .title = std::move(words), .body = {}});
            in_entry_ = true;
            return {};
        }
        if (words.front() == "set" && words.size() == 2)
            return set(line, words);
        return refuse(line, "the command " + words.front());
    }

    Result<void> set(const Line& line, const Words& words) {
        const std::size_t equals = std::min(words[1].find('='), words[1].size());
        const std::string name = words[1].substr(0, equals);
        constexpr std::array known{"default", "timeout", "timeout_style"};
        if (equals == words[1].size() || std::ranges::find(known, name) == known.end())
            return refuse(line, "set " + words[1]);
        if (name == "default") {
            const auto number = number_from(std::string_view(words[1]).substr(equals + 1));
            if (!number)
                return refuse(line, "a default entry that is not a number");
            chosen_ = *number;
        }
        before_.push_back({words});
        return {};
    }

    Result<void> inside(const Line& line) {
        const std::string_view text = trimmed(line.text);
        Entry& entry = entries_.back();
        if (text == "}") {
            in_entry_ = false;
            const std::size_t begin = entry.line.begin + entry.line.text.rfind('{');
            const std::size_t end = line.begin + line.text.rfind('}') + 1;
            Words words = entry.title;
            words.emplace_back(text_.substr(begin, end - begin));
            before_.push_back({std::move(words)});
            return {};
        }
        if (text.starts_with('#'))
            return {};
        VS_TRY(Words words, words_of(line, text));
        if (!words.empty())
            entry.body.emplace_back(line, std::move(words));
        return {};
    }

    static Result<void> check_body(const Entry& entry) {
        std::size_t kernels = 0;
        std::size_t initrds = 0;
        for (const auto& [line, words] : entry.body) {
            const std::string& name = words.front();
            const bool last = &words == &entry.body.back().second;
            if (name == "linux" && words.size() > 1 && ++kernels == 1 &&
                std::ranges::none_of(words, has_blank))
                continue;
            if (name == "initrd" && words.size() == 2 && kernels == 1 && ++initrds == 1)
                continue;
            if (name == "echo" || (name == "boot" && words.size() == 1 && last))
                continue;
            return refuse(line, "the command " + name + " with these words or at this place");
        }
        if (initrds != 1)
            return refuse(entry.line, "a menu entry without linux and initrd");
        return {};
    }

    Result<std::vector<GrubCommand>> run() {
        const Entry& entry = entries_[chosen_];
        VS_TRY_VOID(check_body(entry));
        std::vector<GrubCommand> commands = before_;
        commands.push_back({{"setparams", entry.title[1]}});
        for (const auto& [line, words] : entry.body)
            commands.push_back({words});
        return commands;
    }

    std::string_view text_;
    std::vector<GrubCommand> before_;
    std::vector<Entry> entries_;
    std::size_t chosen_ = 0;
    bool in_entry_ = false;
};

} // namespace

std::string GrubCommand::text() const {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : " ") + word;
    return text;
}

Result<std::vector<GrubCommand>> grub_commands(std::string_view config) {
    if (config.size() > most_grub_config)
        return fail(Errc::too_large, "grub.config", "more than 64 KiB");
    return Config(config).commands();
}

} // namespace vouchsafe::appraisal

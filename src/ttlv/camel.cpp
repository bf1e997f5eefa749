#include "ttlv/tags.h"

namespace vouchsafe::ttlv {

namespace {

// Names are ASCII; the locale must not matter.
constexpr bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

constexpr bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

constexpr bool is_letter(char c) {
    return is_lower(c) || (c >= 'A' && c <= 'Z');
}

constexpr bool is_word(char c) {
    return is_letter(c) || is_digit(c) || c == '_';
}

} // namespace

// The numbers are those of the rules in the profile.
std::string camel(std::string_view name) {
    std::string words(name);
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool word_follows = i + 2 < words.size() && is_letter(words[i + 1]) && is_lower(words[i + 2]);
        if (words[i] == '(' || words[i] == ')' || (!is_word(words[i]) && word_follows)) // 1, 2
            words[i] = ' ';
        else if (!is_word(words[i]) && words[i] != ' ') // 3
            words[i] = '_';
    }
    std::size_t digits = 0;
    while (digits < words.size() && is_digit(words[digits]))
        ++digits;
    const std::size_t first_end = std::min(words.find(' '), words.size());
    words.insert(first_end, words.substr(0, digits)); // 4
    words.erase(0, digits);
    std::string out;
    bool starts = true;
    for (const char c : words) {
        if (c != ' ')
            out += starts && is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c; // 5, 6
        starts = c == ' ';
    }
    return out;
}

} // namespace vouchsafe::ttlv

#include "appraisal/command_line.h"

#include <algorithm>
#include <vector>

namespace vouchsafe::appraisal {

namespace {

/// The words of `a` that `b` lacks, counting repetitions.
std::vector<std::string_view> without(std::vector<std::string_view> a, std::vector<std::string_view> b) {
    std::erase_if(a, [&b](std::string_view one) {
        const auto found = std::ranges::find(b, one);
        if (found == b.end())
            return false;
        b.erase(found);
        return true;
    });
    return a;
}

std::string listed(std::string_view verb, const std::vector<std::string_view>& all) {
    std::string out(verb);
    for (const std::string_view one : all)
        out.append(" '").append(one).append("'");
    return out;
}

} // namespace

std::vector<std::string_view> command_line_words(std::string_view text) {
    std::vector<std::string_view> out;
    std::size_t begin = 0;
    bool quoted = false;
    for (std::size_t i = 0; i <= text.size(); ++i) {
        const bool blank = i == text.size() || text[i] == ' ' || text[i] == '\n' || text[i] == '\t';
        if (i < text.size() && text[i] == '"')
            quoted = !quoted;
        if (i < text.size() && (!blank || quoted))
            continue;
        if (i > begin)
            out.push_back(text.substr(begin, i - begin));
        begin = i + 1;
    }
    return out;
}

std::string command_line_difference(std::string_view approved, std::string_view actual) {
    const auto removed = without(command_line_words(approved), command_line_words(actual));
    const auto added = without(command_line_words(actual), command_line_words(approved));
    if (removed.empty() && added.empty())
        return "the same words in another order or spacing";
    std::string out;
    if (!removed.empty())
        out = listed("removed", removed);
    if (!added.empty())
        out += (out.empty() ? "" : "; ") + listed("added", added);
    return out;
}

} // namespace vouchsafe::appraisal

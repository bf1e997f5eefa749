#include "cli/what_if.h"

#include "cli/command.h"
#include "cli/enrolments.h"
#include "json/members.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace vouchsafe::cli {

namespace {

/// The answers so far.
struct Sum {
    std::int64_t revision = -1;
    std::int64_t enrolments = 0;
    std::int64_t looked_at = 0;
    std::int64_t judged = 0;
    std::int64_t trusted_before = 0;
    std::int64_t trusted_after = 0;
    json::Array hosts;
    json::Array unknown;

    json::Value to_json() && {
        return json::object({{"revision", revision},
                             {"enrolments", enrolments},
                             {"judged", judged},
                             {"trusted_before", trusted_before},
                             {"trusted_after", trusted_after},
                             {"hosts", std::move(hosts)},
                             {"unknown", std::move(unknown)}});
    }
};

// Adds one answer; gives the host after which to go on.
Result<std::optional<std::string>> add(Sum& sum, const json::Value& answer) {
    json::Members members(answer, "what_if");
    VS_TRY(const std::int64_t revision, members.integer("revision"));
    if (sum.revision >= 0 && revision != sum.revision)
        return fail(Errc::conflict, "what_if.revision", "the rules were changed meanwhile; ask again");
    sum.revision = revision;
    VS_TRY(sum.enrolments, members.integer("enrolments", {.least = 0}));
    const std::array<std::pair<std::string_view, std::int64_t*>, 4> totals{
        {{"looked_at", &sum.looked_at},
         {"judged", &sum.judged},
         {"trusted_before", &sum.trusted_before},
         {"trusted_after", &sum.trusted_after}}};
    for (const auto& [name, total] : totals) {
        VS_TRY(const std::int64_t number, members.integer(name, {.least = 0, .most = 1'000'000'000}));
        *total += number;
    }
    VS_TRY(const json::Array* const hosts, members.array("hosts"));
    sum.hosts.insert(sum.hosts.end(), hosts->begin(), hosts->end());
    VS_TRY(const json::Array* const unknown, members.array("unknown"));
    sum.unknown.insert(sum.unknown.end(), unknown->begin(), unknown->end());
    return members.optional_string("next");
}

std::string side(const json::Value& host, std::string_view name) {
    const json::Value& one = member(host, name);
    const std::string image = cell(one, "base_image");
    return cell(one, "outcome") + (image.empty() ? "" : " (" + image + ")");
}

std::string first_reason(const json::Value& host) {
    const json::Value& reasons = member(host, "reasons");
    return reasons.is_array() && !reasons.as_array().empty() ? cell(reasons.as_array().front(), "message")
                                                             : std::string();
}

} // namespace

Result<json::Value> ask_what_if(Connection& connection, json::Object supposition) {
    Sum sum;
    std::string after;
    while (true) {
        json::Object spec = supposition;
        if (!after.empty())
            spec.emplace("after", after);
        VS_TRY(const json::Value answer,
               connection.call(
                   "vouchsafe.policy", "what_if", json::object({{"spec", json::Value(std::move(spec))}})));
        VS_TRY(const auto next, add(sum, answer));
        if (!next)
            return std::move(sum).to_json();
        if (*next <= after)
            return fail(Errc::malformed, "what_if.next", "the server's answers do not go on");
        after = *next;
        say("what-if: " + std::to_string(sum.looked_at) + " of " + std::to_string(sum.enrolments) + " hosts");
    }
}

void show_what_if(const json::Value& found) {
    Table table({"HOST", "LABEL", "CHANGE", "NOW", "THEN", "WHY"});
    for (const json::Value& host : member(found, "hosts").as_array())
        table.row({cell(host, "host"),
                   cell(host, "label"),
                   cell(host, "change"),
                   side(host, "before"),
                   side(host, "after"),
                   first_reason(host)});
    if (!member(found, "hosts").as_array().empty())
        print(table.text());
    for (const json::Value& host : member(found, "hosts").as_array())
        if (cell(host, "change") == "loses") {
            print(printable(cell(host, "label")) + " would lose trust:");
            print_reasons(host);
        }
    for (const json::Value& host : member(found, "unknown").as_array())
        print("nothing can be said of " + printable(cell(host, "label")) + " (" +
              printable(cell(host, "host")) + "): " + printable(cell(host, "problem")));
    print(cell(found, "judged") + " hosts judged by their last evidence: " + cell(found, "trusted_before") +
          " trusted now, " + cell(found, "trusted_after") + " then; " +
          std::to_string(count_changes(found, "loses")) + " would lose trust, " +
          std::to_string(count_changes(found, "gains")) + " would gain it");
}

std::size_t count_changes(const json::Value& found, std::string_view change) {
    return static_cast<std::size_t>(
        std::ranges::count_if(member(found, "hosts").as_array(),
                              [change](const json::Value& host) { return cell(host, "change") == change; }));
}

} // namespace vouchsafe::cli

#include "appraisal/image_diff.h"

#include "appraisal/base_image_userspace.h"
#include "appraisal/command_line.h"
#include "appraisal/variable_difference.h"
#include "crypto/digest.h"
#include "eventlog/firmware.h"
#include "json/write.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace vouchsafe::appraisal {

namespace {

using References = std::vector<const Reference*>;

References of_pcr(const BaseImage& image, std::uint32_t pcr) {
    References out;
    for (const Reference& reference : image.references)
        if (reference.pcr == pcr)
            out.push_back(&reference);
    return out;
}

bool alike(const Reference& a, const Reference& b) {
    bool compared = false;
    for (const auto& [algorithm, digest] : a.digests) {
        const auto other = b.digests.find(algorithm);
        if (other == b.digests.end())
            continue;
        if (!same_bytes(digest, other->second))
            return false;
        compared = true;
    }
    return compared && a.type == b.type;
}

/// Pairs of indices of the longest common subsequence, in order.
std::vector<std::pair<std::size_t, std::size_t>> common(const References& a, const References& b) {
    const std::size_t width = b.size() + 1;
    std::vector<std::uint16_t> longest((a.size() + 1) * width); // of what follows i and j; at most 4096
    const auto at = [&](std::size_t i, std::size_t j) -> std::uint16_t& { return longest[(i * width) + j]; };
    for (std::size_t i = a.size(); i-- > 0;)
        for (std::size_t j = b.size(); j-- > 0;)
            at(i, j) = alike(*a[i], *b[j]) ? static_cast<std::uint16_t>(at(i + 1, j + 1) + 1)
                                           : std::max(at(i + 1, j), at(i, j + 1));
    std::vector<std::pair<std::size_t, std::size_t>> out;
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        if (alike(*a[i], *b[j]))
            out.emplace_back(i++, j++);
        else if (at(i + 1, j) >= at(i, j + 1))
            ++i;
        else
            ++j;
    }
    return out;
}

/// What an event is about, without what changes with its content: "db (3143 bytes)" is "db".
std::string_view subject(const Reference& reference) {
    const std::string_view text = reference.description;
    return text.substr(0, text.find(" ("));
}

/// Whether one stands where the other stood.
bool replaces(const Reference& before, const Reference& after) {
    if (before.role || after.role)
        return before.role == after.role;
    return before.type == after.type && subject(before) == subject(after);
}

ReferenceChange changed(const Reference& before, const Reference& after) {
    ReferenceChange out{.before = before, .after = after, .detail = {}};
    if (before.role == Role::command_line)
        out.detail = command_line_difference(before.description, after.description);
    else if (before.data && after.data)
        out.detail = database_difference(*before.data, *after.data);
    return out;
}

/// What stands between two references that both images have.
void add_gap(std::span<const Reference* const> before,
             std::span<const Reference* const> after,
             std::vector<ReferenceChange>& out) {
    std::vector<const Reference*> added(after.begin(), after.end());
    for (const Reference* const one : before) {
        const auto found =
            std::ranges::find_if(added, [one](const Reference* other) { return replaces(*one, *other); });
        if (found == added.end()) {
            out.push_back({.before = *one, .after = {}, .detail = {}});
            continue;
        }
        out.push_back(changed(*one, **found));
        added.erase(found);
    }
    for (const Reference* const one : added)
        out.push_back({.before = {}, .after = *one, .detail = {}});
}

void add_pcr(const References& before, const References& after, std::vector<ReferenceChange>& out) {
    auto pairs = common(before, after);
    pairs.emplace_back(before.size(), after.size());
    std::size_t from_before = 0;
    std::size_t from_after = 0;
    for (const auto& [i, j] : pairs) {
        add_gap(std::span(before).subspan(from_before, i - from_before),
                std::span(after).subspan(from_after, j - from_after),
                out);
        from_before = i + 1;
        from_after = j + 1;
    }
}

std::string time_text(const std::optional<SysTime>& time) {
    return time ? to_text(*time) : std::string();
}

std::string group_text(std::vector<std::string> groups) {
    std::ranges::sort(groups);
    std::string out;
    for (const std::string& group : groups)
        out.append(out.empty() ? "" : ", ").append(group);
    return out;
}

std::string root_text(const BaseImage& image) {
    return image.verity_root_hash ? to_hex(*image.verity_root_hash) : std::string();
}

/// Too long to show as it is: how much there is, and a digest that tells two apart.
std::string ima_text(const BaseImage& image) {
    if (!image.ima)
        return {};
    const std::string digest = to_hex(crypto::sha256(as_bytes(json::canonical(ima_json(image)))));
    return std::to_string(image.ima->digests.size()) + " file digests, " +
           (image.ima->verity.size() > 0 ? std::to_string(image.ima->verity.size()) + " of fs-verity, "
                                         : "") +
           std::to_string(image.ima->keys.size()) + " keys (" + digest.substr(0, 16) + ")";
}

std::vector<MemberChange> member_changes(const BaseImage& before, const BaseImage& after) {
    const auto secure_boot = [](const BaseImage& image) {
        return image.secure_boot == SecureBootRule::required ? "required" : "unsafe_not_required";
    };
    std::vector<MemberChange> all{
        {"version", before.version.text, after.version.text},
        {"display_name", before.display_name, after.display_name},
        {"vendor", before.vendor, after.vendor},
        {"not_before", time_text(before.not_before), time_text(after.not_before)},
        {"not_after", time_text(before.not_after), time_text(after.not_after)},
        {"host_groups", group_text(before.host_groups), group_text(after.host_groups)},
        {"secure_boot", secure_boot(before), secure_boot(after)},
        {"userspace", std::string(to_string(before.userspace)), std::string(to_string(after.userspace))},
        {"dm_verity", root_text(before), root_text(after)},
        {"ima", ima_text(before), ima_text(after)},
        {"unsafe_kexec", before.unsafe_kexec ? "yes" : "no", after.unsafe_kexec ? "yes" : "no"}};
    std::erase_if(all, [](const MemberChange& change) { return change.before == change.after; });
    return all;
}

json::Value reference_json(const std::optional<Reference>& reference) {
    if (!reference)
        return {};
    json::Object digests;
    for (const auto& [algorithm, digest] : reference->digests)
        digests[to_string(algorithm)] = to_hex(digest);
    return json::object({{"description", reference->description}, {"digests", std::move(digests)}});
}

json::Value change_json(const ReferenceChange& change) {
    const Reference& one = change.after ? *change.after : *change.before;
    return json::object({{"change",
                          !change.before  ? "added"
                          : !change.after ? "removed"
                                          : "changed"},
                         {"pcr", change.pcr()},
                         {"type", eventlog::type_name(one.type)},
                         {"role", one.role ? json::Value(to_string(*one.role)) : json::Value()},
                         {"before", reference_json(change.before)},
                         {"after", reference_json(change.after)},
                         {"detail", change.detail}});
}

} // namespace

ImageDifference image_difference(const BaseImage& before, const BaseImage& after) {
    ImageDifference out{.members = member_changes(before, after), .references = {}};
    for (const std::uint32_t pcr : image_pcrs)
        add_pcr(of_pcr(before, pcr), of_pcr(after, pcr), out.references);
    return out;
}

json::Value to_json(const ImageDifference& difference) {
    return json::object({{"same", difference.empty()},
                         {"members",
                          json::array_of(difference.members,
                                         [](const MemberChange& change) {
                                             return json::object({{"name", change.name},
                                                                  {"before", change.before},
                                                                  {"after", change.after}});
                                         })},
                         {"references", json::array_of(difference.references, change_json)}});
}

} // namespace vouchsafe::appraisal

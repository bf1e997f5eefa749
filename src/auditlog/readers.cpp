#include "auditlog/readers.h"

#include "audit/filter.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace vouchsafe::auditlog {

namespace {

/// Of a record of kind "withheld": the release that did not come about after all.
std::int64_t held_back(const audit::AuditRecord& record) {
    const auto found = record.fields.find("release");
    return found != record.fields.end() && found->second.is_integer() ? found->second.as_integer() : 0;
}

} // namespace

void ReaderList::take(const audit::AuditRecord& record) {
    if (record.kind == audit::kind::withheld) {
        releases_.erase({record.host.text, held_back(record)});
        return;
    }
    // Rewrapping gives a blob and no key.
    if (record.kind != audit::kind::release || audit::text_field(record, "operation") == "rewrap")
        return;
    releases_[{record.host.text, record.sequence}] = {.time = record.time,
                                                      .host = audit::text_field(record, "host"),
                                                      .image = audit::text_field(record, "image"),
                                                      .key = audit::text_field(record, "key_id"),
                                                      .provider = audit::text_field(record, "provider")};
}

std::vector<Reader> ReaderList::within(SysTime since, SysTime until) const {
    std::map<std::tuple<std::string, std::string, std::string, std::string>, Reader> readers;
    for (const auto& [place, release] : releases_) {
        if (release.time < since || release.time >= until)
            continue;
        Reader& reader = readers[{release.host, release.image, release.key, release.provider}];
        if (reader.releases++ == 0)
            reader = {.host = release.host,
                      .image = release.image,
                      .key = release.key,
                      .provider = release.provider,
                      .first = release.time,
                      .last = release.time,
                      .releases = 1};
        reader.first = std::min(reader.first, release.time);
        reader.last = std::max(reader.last, release.time);
    }
    std::vector<Reader> out;
    out.reserve(readers.size());
    for (auto& [key, reader] : readers)
        out.push_back(std::move(reader));
    std::ranges::stable_sort(out, {}, &Reader::first);
    return out;
}

std::size_t ReaderList::hosts_before(SysTime since) const {
    std::set<std::string_view> hosts;
    for (const auto& [place, release] : releases_)
        if (release.time < since)
            hosts.insert(release.host);
    return hosts.size();
}

} // namespace vouchsafe::auditlog

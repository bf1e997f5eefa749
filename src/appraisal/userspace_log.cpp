#include "appraisal/userspace_log.h"

#include "eventlog/firmware.h"
#include "json/members.h"
#include "json/parse.h"

#include <algorithm>
#include <utility>

namespace vouchsafe::appraisal {

namespace {

constexpr std::uint8_t record_separator = 0x1E;
constexpr std::uint8_t line_feed = 0x0A;

Result<std::map<Algorithm, Buffer>> read_digests(json::Members& record) {
    static constexpr std::string_view where = "userspace.digests";
    constexpr std::size_t most = 8;
    using Digest = std::pair<Algorithm, Buffer>;
    const auto read = [](const json::Value& item, const std::string& at) -> Result<Digest> {
        json::Members members(item, at);
        VS_TRY(const auto name, members.string("hashAlg"));
        VS_TRY(auto value, members.hex("digest"));
        const auto algorithm = eventlog::algorithm_from_text(name);
        if (!algorithm)
            return fail(Errc::malformed, where, "an unknown algorithm");
        if (eventlog::digest_size(*algorithm) != value.size())
            return fail(Errc::malformed,
                        where,
                        "a digest of " + std::to_string(value.size()) + " bytes for " +
                            to_string(*algorithm));
        return Digest{*algorithm, std::move(value)};
    };
    VS_TRY(auto list, record.list<Digest>("digests", most, read));
    if (list.empty())
        return fail(Errc::malformed, where, "no digests");
    std::map<Algorithm, Buffer> digests;
    for (auto& [algorithm, value] : list)
        if (!digests.try_emplace(algorithm, std::move(value)).second)
            return fail(Errc::malformed, where, to_string(algorithm) + " twice");
    return digests;
}

Result<UserspaceRecord> read_record(std::string_view text, const UserspaceLimits& limits) {
    constexpr std::size_t depth = 8;
    auto parsed = json::parse(text, {.bytes = limits.record_bytes, .depth = depth});
    if (!parsed)
        return fail(parsed.error().code, "userspace.json", parsed.error().where);
    const json::Value value = *std::move(parsed);
    json::Members members(value, "userspace");
    UserspaceRecord record;
    VS_TRY(const auto pcr,
           members.optional_integer("pcr", {.least = 0, .most = std::int64_t{eventlog::pcr_count} - 1}));
    if (pcr)
        record.pcr = static_cast<std::uint32_t>(*pcr);
    else if (!members.has("nv_index") && !members.has("nvIndex"))
        return fail(Errc::malformed, "userspace.pcr", "neither a PCR nor an NV index");
    VS_TRY(record.digests, read_digests(members));
    VS_TRY(const auto type, members.optional_string("content_type"));
    if (type != "systemd")
        return record; // the content is of a kind that only its writer knows
    VS_TRY(auto content, members.optional_object("content"));
    if (!content)
        return record;
    VS_TRY(auto kind, content->optional_string("eventType"));
    VS_TRY(auto label, content->optional_string("string"));
    record.kind = std::move(kind).value_or("");
    record.text = std::move(label).value_or("");
    return record;
}

Result<std::string_view> take_text(Bytes rest, const UserspaceLimits& limits) {
    if (rest.front() != record_separator)
        return fail(Errc::malformed, "userspace.record", "it does not begin with the record separator");
    rest = rest.subspan(1);
    const auto end = std::ranges::find(rest, line_feed);
    const auto size = static_cast<std::size_t>(end - rest.begin());
    if (size > limits.record_bytes)
        return fail(Errc::too_large, "userspace.record", std::to_string(size) + " bytes");
    if (end == rest.end())
        return fail(Errc::malformed, "userspace.record", "it does not end with a line feed");
    return as_text(rest.first(size));
}

/// Names the record that was being read in the error.
std::unexpected<Error> at_record(Error error, std::size_t index, std::size_t offset) {
    error.detail = "record " + std::to_string(index) + " at offset " + std::to_string(offset) + ": " +
                   (error.detail.empty() ? error.where : error.detail);
    return std::unexpected(std::move(error));
}

} // namespace

Result<UserspaceLog> parse_userspace_log(Bytes log, const UserspaceLimits& limits) {
    if (log.size() > limits.log_bytes)
        return fail(Errc::too_large, "userspace.log_bytes", std::to_string(log.size()) + " bytes");
    UserspaceLog records;
    for (std::size_t offset = 0; offset < log.size();) {
        if (records.size() == limits.records)
            return fail(Errc::too_large, "userspace.records", "more than " + std::to_string(limits.records));
        auto text = take_text(log.subspan(offset), limits);
        if (!text)
            return at_record(std::move(text).error(), records.size(), offset);
        auto record = read_record(*text, limits);
        if (!record)
            return at_record(std::move(record).error(), records.size(), offset);
        record->index = records.size();
        records.push_back(*std::move(record));
        offset += text->size() + 2; // with the record's separator and line feed
    }
    return records;
}

} // namespace vouchsafe::appraisal

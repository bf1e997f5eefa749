#include "cli/audit_records.h"

#include "cli/command.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <utility>

namespace vouchsafe::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t piece = std::size_t{256} << 10U; // the first one has the first record
constexpr std::int64_t page = 1'000;

Error unreadable(const std::string& path) {
    return {.code = Errc::not_found, .where = "audit.file", .detail = path + ": cannot be read"};
}

Result<std::vector<std::string>> in_folder(const std::string& folder) {
    std::vector<std::string> out;
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (name.starts_with("audit") && name.ends_with(".jsonl"))
            out.push_back(entry->path().string());
    }
    if (error)
        return std::unexpected(unreadable(folder));
    if (out.empty())
        return fail(Errc::not_found, "audit.file", folder + ": no file audit*.jsonl in it");
    return out;
}

Result<std::vector<std::string>> files_of(const std::vector<std::string>& paths) {
    std::vector<std::string> files;
    for (const std::string& path : paths) {
        if (!fs::is_directory(path)) {
            files.push_back(path);
            continue;
        }
        VS_TRY(const auto inside, in_folder(path));
        files.insert(files.end(), inside.begin(), inside.end());
    }
    return files;
}

// Where a file begins; nothing of one that is empty.
Result<std::optional<audit::AuditRecord>> first_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string beginning(piece, '\0');
    if (!file)
        return std::unexpected(unreadable(path));
    file.read(beginning.data(), static_cast<std::streamsize>(beginning.size()));
    beginning.resize(static_cast<std::size_t>(file.gcount()));
    if (beginning.empty())
        return std::nullopt;
    auto first = auditlog::first_record(beginning);
    if (!first)
        return fail(first.error().code, first.error().where, path + ": " + first.error().detail);
    return *std::move(first);
}

Error broken(const audit::Break& at, const std::string& path, std::uint64_t file_begin) {
    const std::string detail = at.cause.where == "chain.torn"
                                   ? " ends within record " + std::to_string(at.sequence) +
                                         ": an interrupted write; what is before it verifies, up to byte "
                                   : " breaks at record " + std::to_string(at.sequence) + ", byte ";
    return {.code = at.cause.code,
            .where = at.cause.where,
            .detail = path + ":" + detail + std::to_string(at.offset - file_begin) + " (" + at.cause.where +
                      ": " + at.cause.detail + ")"};
}

// One file through the verifier, which the first bytes of the first file make.
Result<void> read_file(const std::string& path,
                       std::optional<auditlog::LogVerifier>& verifier,
                       const std::optional<auditlog::CheckpointTrust>& trust,
                       const OnRecord& on_record) {
    std::ifstream file(path == "-" ? "/dev/stdin" : path, std::ios::binary);
    if (!file)
        return std::unexpected(unreadable(path));
    std::string space(piece, '\0');
    std::uint64_t begin = verifier ? verifier->good_bytes() : 0;
    while (file) {
        file.read(space.data(), static_cast<std::streamsize>(space.size()));
        const std::string_view bytes(space.data(), static_cast<std::size_t>(file.gcount()));
        if (bytes.empty())
            break;
        if (!verifier) {
            const auto head = auditlog::head_at(bytes);
            if (!head)
                return fail(head.error().code, head.error().where, path + ": " + head.error().detail);
            verifier.emplace(*head, trust);
        }
        if (const auto good = verifier->feed(bytes, on_record); !good)
            return std::unexpected(broken(good.error(), path, begin));
    }
    if (verifier)
        if (const auto good = verifier->finish(); !good)
            return std::unexpected(broken(good.error(), path, begin));
    return {};
}

json::Value query_of(const audit::Filter& filter) {
    json::Object query;
    if (!filter.kinds.empty())
        query.emplace("kind", json::array_of(filter.kinds));
    const std::pair<const char*, const std::string&> texts[] = {
        {"host", filter.host}, {"key", filter.key}, {"vm", filter.vm}, {"provider", filter.provider}};
    for (const auto& [name, value] : texts)
        if (!value.empty())
            query.emplace(name, value);
    if (filter.since)
        query.emplace("since", to_text(*filter.since));
    if (filter.until)
        query.emplace("until", to_text(*filter.until));
    if (filter.before)
        query.emplace("before", *filter.before);
    return json::Value(std::move(query));
}

Result<std::vector<audit::AuditRecord>> ask(Connection& connection, const json::Value& query) {
    VS_TRY(const json::Value answer, connection.call("vouchsafe.audit", "list", query));
    if (!answer.is_array())
        return fail(Errc::malformed, "audit.answer", "the server's answer is no list of records");
    std::vector<audit::AuditRecord> out;
    for (const json::Value& value : answer.as_array()) {
        VS_TRY(audit::AuditRecord record, audit::from_json(value));
        out.push_back(std::move(record));
    }
    return out;
}

Result<void> for_each_online(const audit::Filter& filter, const OnRecord& on_record) {
    VS_TRY(Connection connection, Connection::open("authority"));
    json::Object query = query_of(filter).as_object();
    query["limit"] = page;
    for (std::int64_t after = filter.after;;) {
        query["after"] = after;
        VS_TRY(const auto records, ask(connection, json::Value(query)));
        if (records.empty())
            return {};
        for (const audit::AuditRecord& record : records) {
            if (record.sequence <= after)
                return fail(Errc::malformed, "audit.answer", "the server's records are out of order");
            after = record.sequence;
            on_record(record);
        }
    }
}

} // namespace

Result<std::vector<HostLog>> logs_by_host(const std::vector<std::string>& paths) {
    VS_TRY(std::vector<std::string> files, files_of(paths));
    if (files == std::vector<std::string>{"-"}) // cannot be looked at beforehand
        return std::vector{HostLog{.authority_host = {}, .files = std::move(files)}};
    std::map<std::string, std::vector<std::pair<std::int64_t, std::string>>> by_first;
    for (std::string& file : files) {
        VS_TRY(const auto first, first_of(file));
        if (first)
            by_first[first->host.text].emplace_back(first->sequence, std::move(file));
    }
    std::vector<HostLog> out;
    for (auto& [host, log] : by_first) {
        std::ranges::sort(log);
        HostLog& last = out.emplace_back(HostLog{.authority_host = host, .files = {}});
        for (auto& [first, file] : log)
            last.files.push_back(std::move(file));
    }
    return out;
}

Result<std::vector<std::string>> log_files(const std::vector<std::string>& paths) {
    VS_TRY(std::vector<std::string> files, files_of(paths));
    if (files.size() < 2)
        return files; // standard input cannot be looked at beforehand
    VS_TRY(std::vector<HostLog> logs, logs_by_host(files));
    if (logs.size() > 1)
        return fail(Errc::conflict,
                    "log.host",
                    "files of " + logs[0].authority_host + " and of " + logs[1].authority_host +
                        ": each authority host has a log of its own; name one host's files at a time");
    return logs.empty() ? std::vector<std::string>() : std::move(logs.front().files);
}

Result<auditlog::Extent> read_log(const std::vector<std::string>& files,
                                  std::optional<auditlog::CheckpointTrust> trust,
                                  const OnRecord& on_record) {
    std::optional<auditlog::LogVerifier> verifier;
    for (const std::string& file : files) {
        VS_TRY_VOID(read_file(file, verifier, trust, on_record));
    }
    return verifier ? verifier->extent() : auditlog::Extent{};
}

Result<void> for_each_record(const std::vector<std::string>& files,
                             const audit::Filter& filter,
                             const OnRecord& on_record) {
    if (files.empty())
        return for_each_online(filter, on_record);
    VS_TRY(const auto in_order, log_files(files));
    VS_TRY(std::ignore, read_log(in_order, std::nullopt, [&](const audit::AuditRecord& record) {
               if (filter.matches(record))
                   on_record(record);
           }));
    return {};
}

Result<std::vector<audit::AuditRecord>>
last_records(const std::vector<std::string>& files, const audit::Filter& filter, std::size_t limit) {
    if (files.empty()) {
        VS_TRY(Connection connection, Connection::open("authority"));
        json::Object query = query_of(filter).as_object();
        query["limit"] = limit;
        if (filter.after > 0)
            query["after"] = filter.after;
        return ask(connection, json::Value(std::move(query)));
    }
    std::deque<audit::AuditRecord> last;
    VS_TRY_VOID(for_each_record(files, filter, [&](const audit::AuditRecord& record) {
        last.push_back(record);
        if (last.size() > limit)
            last.pop_front();
    }));
    return std::vector<audit::AuditRecord>(std::move_iterator(last.begin()), std::move_iterator(last.end()));
}

} // namespace vouchsafe::cli

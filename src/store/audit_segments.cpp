#include "store/audit_segments.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

namespace vouchsafe::store {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view extension = ".jsonl";

Error broken_chain(const audit::Break& at, const std::string& path) {
    return {.code = Errc::untrusted,
            .where = at.cause.where,
            .detail = path + ": the chain breaks at record " + std::to_string(at.sequence) + ", byte " +
                      std::to_string(at.offset) +
                      "; keep the file and run 'vouchsafe audit verify' on the folder"};
}

std::string stem_of(const std::string& path) {
    return path.ends_with(extension) ? path.substr(0, path.size() - extension.size()) : path;
}

// The head at which the file's first record attaches.
Result<audit::ChainHead>
first_head(const AuditDescriptor& file, const std::string& path, std::uint64_t size) {
    std::string line;
    const auto take = [&line](std::string_view bytes) {
        line += bytes;
        return line.find('\n') == std::string::npos;
    };
    VS_TRY_VOID(read_pieces(file, path, std::min<std::uint64_t>(size, audit::max_line_bytes), take));
    const auto first = audit::parse_line(std::string_view(line).substr(0, line.find('\n')));
    if (!first)
        return std::unexpected(broken_chain({.sequence = 0, .offset = 0, .cause = first.error()}, path));
    return audit::ChainHead{.next = first->sequence, .previous = first->previous};
}

} // namespace

void TimeRange::note(SysTime time) {
    earliest = std::min(earliest, time);
    latest = std::max(latest, time);
}

void TimeRange::note(const TimeRange& other) {
    earliest = std::min(earliest, other.earliest);
    latest = std::max(latest, other.latest);
}

AuditSegments::AuditSegments(std::string path, DiskCalls disk)
    : path_(std::move(path)), disk_(std::move(disk)) {}

Result<std::unique_ptr<AuditSegments>>
AuditSegments::open(const std::string& path, DiskCalls disk, const OnRecord& on_record) {
    auto segments = std::unique_ptr<AuditSegments>(new AuditSegments(path, std::move(disk)));
    VS_TRY(segments->lock_, AuditDescriptor::open(path + ".lock", O_RDWR | O_CREAT));
    if (::flock(segments->lock_->fd(), LOCK_EX | LOCK_NB) != 0)
        return fail(Errc::conflict, "audit.locked", path + ": another process writes it");
    VS_TRY_VOID(segments->open_all(on_record));
    return segments;
}

std::string AuditSegments::full_path(std::int64_t first) const {
    std::array<char, 32> number{};
    std::snprintf(number.data(), number.size(), "-%012lld", static_cast<long long>(first));
    return stem_of(path_) + number.data() + std::string(extension);
}

std::vector<std::string> AuditSegments::full_paths() const {
    const std::string begin = fs::path(stem_of(path_)).filename().string() + "-";
    std::vector<std::string> out;
    std::error_code error;
    for (fs::directory_iterator entry(fs::path(path_).parent_path(), error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (name.starts_with(begin) && name.ends_with(extension))
            out.push_back(entry->path().string());
    }
    std::ranges::sort(out); // numbers of one width: the order of the chain
    return out;
}

Result<AuditSegments::Segment> AuditSegments::open_full(const std::string& path, const OnRecord& on_record) {
    VS_TRY(const auto file, AuditDescriptor::open(path, O_RDONLY));
    VS_TRY(const std::uint64_t size, file->size(path));
    Segment segment{.path = path, .file = {}, .start = {}, .end = {}, .bytes = size};
    if (segments_.empty()) { // the oldest that is here
        VS_TRY(segment.start, first_head(*file, path, size));
    } else {
        segment.start = segments_.back().end;
    }
    if (path != full_path(segment.start.next))
        return fail(Errc::untrusted,
                    "audit.files",
                    path + ": record " + std::to_string(segment.start.next) +
                        " was expected next; a file of the log is missing or was renamed");
    audit::ChainVerifier verifier(segment.start);
    VS_TRY(const auto verdict,
           read_records(*file, path, size, verifier, [&](const audit::AuditRecord& record) {
               segment.times.note(record.time);
               on_record(record);
           }));
    if (!verdict)
        return std::unexpected(broken_chain(verdict.error(), path));
    segment.end = verifier.head();
    return segment;
}

Result<void> AuditSegments::open_last(const OnRecord& on_record) {
    VS_TRY(auto file, AuditDescriptor::open(path_, O_RDWR | O_CREAT));
    VS_TRY(const std::uint64_t size, file->size(path_));
    Segment segment{.path = path_, .file = std::move(file), .start = {}, .end = {}};
    if (!segments_.empty())
        segment.start = segments_.back().end;
    audit::ChainVerifier verifier(segment.start);
    VS_TRY(const auto verdict,
           read_records(*segment.file, path_, size, verifier, [&](const audit::AuditRecord& record) {
               segment.times.note(record.time);
               on_record(record);
           }));
    if (!verdict && verdict.error().cause.where != "chain.torn")
        return std::unexpected(broken_chain(verdict.error(), path_));
    segment.end = verifier.head();
    segment.bytes = verifier.good_bytes();
    segments_.push_back(std::move(segment));
    return verdict ? Result<void>() : cut_torn(size);
}

Result<void> AuditSegments::cut_torn(std::uint64_t size) {
    const Segment& last = segments_.back();
    torn_.resize(
        static_cast<std::size_t>(size - last.bytes)); // below max_line_bytes, or it were no torn line
    const ssize_t got = ::pread(last.file->fd(), torn_.data(), torn_.size(), static_cast<off_t>(last.bytes));
    if (got != static_cast<ssize_t>(torn_.size()))
        return std::unexpected(disk_error("audit.read", path_));
    if (disk_.cut(last.file->fd(), static_cast<off_t>(last.bytes)) != 0)
        return std::unexpected(disk_error("audit.cut", path_));
    return {};
}

Result<void> AuditSegments::open_all(const OnRecord& on_record) {
    for (const std::string& path : full_paths()) {
        VS_TRY(Segment segment, open_full(path, on_record));
        segments_.push_back(std::move(segment));
    }
    return open_last(on_record);
}

Result<void> AuditSegments::cut_back() {
    const Segment& last = segments_.back();
    uncut_ = disk_.cut(last.file->fd(), static_cast<off_t>(last.bytes)) != 0;
    if (uncut_)
        return std::unexpected(disk_error("audit.write", path_));
    return {};
}

Result<void> AuditSegments::write_durably(std::string_view lines, std::uint64_t at) {
    const int fd = segments_.back().file->fd();
    while (!lines.empty()) {
        const ssize_t written = disk_.write(fd, lines.data(), lines.size(), static_cast<off_t>(at));
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return std::unexpected(disk_error("audit.write", path_));
        lines.remove_prefix(static_cast<std::size_t>(written));
        at += static_cast<std::uint64_t>(written);
    }
    if (disk_.sync(fd) != 0)
        return std::unexpected(disk_error("audit.write", path_));
    return {};
}

// The writer alone changes segments_, so it reads them without the lock.
Result<void>
AuditSegments::append(std::string_view lines, const audit::ChainHead& after, const TimeRange& times) {
    if (uncut_) {
        VS_TRY_VOID(cut_back());
    }
    if (auto written = write_durably(lines, segments_.back().bytes); !written) {
        std::ignore = cut_back(); // if not now, then before the next line
        return written;
    }
    const std::scoped_lock lock(mutex_);
    Segment& last = segments_.back();
    last.bytes += lines.size();
    last.end = after;
    last.times.note(times);
    return {};
}

// The next file is there before the full one gives its name up. A crash between the two leaves no file of
// that name, and `open` makes one.
Result<void> AuditSegments::rotate() {
    const Segment& full = segments_.back();
    if (full.bytes == 0)
        return {};
    const std::string fresh = path_ + ".new";
    VS_TRY(auto file, AuditDescriptor::open(fresh, O_RDWR | O_CREAT | O_TRUNC));
    const std::string kept = full_path(full.start.next);
    if (disk_.rename(path_.c_str(), kept.c_str()) != 0)
        return std::unexpected(disk_error("audit.rotate", kept));
    if (disk_.rename(fresh.c_str(), path_.c_str()) != 0) {
        Error error = disk_error("audit.rotate", path_);
        std::ignore = disk_.rename(kept.c_str(), path_.c_str());
        return std::unexpected(std::move(error));
    }
    sync_folder_of(path_);
    const std::scoped_lock lock(mutex_);
    segments_.back().path = kept;
    segments_.back().file.reset();
    const audit::ChainHead start = segments_.back().end;
    segments_.push_back({.path = path_, .file = std::move(file), .start = start, .end = start});
    return {};
}

audit::ChainHead AuditSegments::head() const {
    const std::scoped_lock lock(mutex_);
    return segments_.back().end;
}

std::uint64_t AuditSegments::bytes() const {
    const std::scoped_lock lock(mutex_);
    return segments_.back().bytes;
}

} // namespace vouchsafe::store

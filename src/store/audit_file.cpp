#include "store/audit_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace vouchsafe::store {

namespace {

constexpr std::size_t piece = 256 * 1024;

Error disk_error(std::string_view where, const std::string& path) {
    return {.code = Errc::unavailable,
            .where = std::string(where),
            .detail = path + ": " + std::strerror(errno)}; // NOLINT(concurrency-mt-unsafe): glibc's is safe
}

bool write_whole(int fd, std::string_view text, std::uint64_t at) {
    while (!text.empty()) {
        const ssize_t written = ::pwrite(fd, text.data(), text.size(), static_cast<off_t>(at));
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        text.remove_prefix(static_cast<std::size_t>(written));
        at += static_cast<std::uint64_t>(written);
    }
    return true;
}

// The first `size` bytes through the verifier, in pieces.
template <class OnRecord>
Result<std::expected<void, audit::Break>> verify(int fd,
                                                 const std::string& path,
                                                 std::uint64_t size,
                                                 audit::ChainVerifier& verifier,
                                                 OnRecord&& on_record) {
    std::string space(piece, '\0');
    for (std::uint64_t at = 0; at < size;) {
        const std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(piece, size - at));
        const ssize_t got = ::pread(fd, space.data(), want, static_cast<off_t>(at));
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return std::unexpected(disk_error("audit.read", path));
        at += static_cast<std::uint64_t>(got);
        if (auto fed = verifier.feed({space.data(), static_cast<std::size_t>(got)}, on_record); !fed)
            return fed;
    }
    return verifier.finish();
}

} // namespace

namespace {

// Lines that reach the disk together, or not at all.
struct Group {
    std::string lines;
    bool ended = false; // written or failed
    std::optional<Error> error;
};

} // namespace

struct AuditFile::Impl {
    std::string path;
    AuthorityHostId host;
    const Clock& clock;
    int fd = -1;
    std::uint64_t cut_off = 0;

    mutable std::mutex mutex;
    std::condition_variable written;
    audit::ChainHead durable_head;   // what the disk has
    std::uint64_t durable_bytes = 0; // and where it ends
    audit::ChainHead head;           // with what waits
    // Shared with each caller that waits for it, so that none misses how it ended.
    std::shared_ptr<Group> gathering = std::make_shared<Group>();
    bool writing = false;
    std::optional<Error> broken; // the file could not even be cut back

    Impl(const Config& config) : path(config.path), host(config.host), clock(config.clock) {}

    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    ~Impl() {
        if (fd >= 0)
            ::close(fd);
    }

    // Writes the group that has been gathered. Called with the lock, which is let go during the write.
    void write_group(std::unique_lock<std::mutex>& lock) {
        const std::shared_ptr<Group> group = std::exchange(gathering, std::make_shared<Group>());
        const audit::ChainHead after = head;
        const std::uint64_t at = durable_bytes;
        writing = true;
        lock.unlock();
        const bool good = write_whole(fd, group->lines, at) && ::fdatasync(fd) == 0;
        const Error error = good ? Error{} : disk_error("audit.write", path);
        const bool cut = good || ::ftruncate(fd, static_cast<off_t>(at)) == 0;
        lock.lock();
        writing = false;
        group->ended = true;
        if (good) {
            durable_head = after;
            durable_bytes = at + group->lines.size();
        } else {
            group->error = error;
            forget_gathered(error);
            if (!cut)
                broken = error;
        }
        written.notify_all();
    }

    // What was gathered meanwhile stands on lines that are not there: it fails too.
    void forget_gathered(const Error& error) {
        const std::shared_ptr<Group> group = std::exchange(gathering, std::make_shared<Group>());
        group->ended = true;
        group->error = error;
        head = durable_head;
    }
};

AuditFile::AuditFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

AuditFile::~AuditFile() = default;

Result<std::unique_ptr<AuditFile>> AuditFile::open(const Config& config) {
    auto impl = std::make_unique<Impl>(config);
    impl->fd = ::open(config.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (impl->fd < 0)
        return std::unexpected(disk_error("audit.open", config.path));
    if (::flock(impl->fd, LOCK_EX | LOCK_NB) != 0)
        return fail(Errc::conflict, "audit.locked", config.path + ": another process writes it");
    const off_t size = ::lseek(impl->fd, 0, SEEK_END);
    if (size < 0)
        return std::unexpected(disk_error("audit.size", config.path));

    audit::ChainVerifier verifier;
    VS_TRY(const auto verdict,
           verify(impl->fd,
                  config.path,
                  static_cast<std::uint64_t>(size),
                  verifier,
                  [&](const audit::AuditRecord& record) {
                      if (config.on_record)
                          config.on_record(record);
                  }));
    if (!verdict) {
        const audit::Break& at = verdict.error();
        if (at.cause.where != "chain.torn")
            return fail(Errc::untrusted,
                        at.cause.where,
                        config.path + ": the chain breaks at record " + std::to_string(at.sequence) +
                            ", byte " + std::to_string(at.offset) +
                            "; keep the file and run 'vouchsafe audit verify' on it");
        impl->cut_off = static_cast<std::uint64_t>(size) - verifier.good_bytes();
        if (::ftruncate(impl->fd, static_cast<off_t>(verifier.good_bytes())) != 0)
            return std::unexpected(disk_error("audit.cut", config.path));
    }
    impl->head = impl->durable_head = verifier.head();
    impl->durable_bytes = verifier.good_bytes();
    return std::unique_ptr<AuditFile>(new AuditFile(std::move(impl)));
}

Result<audit::AuditReceipt> AuditFile::append(std::string_view kind, json::Object fields) {
    Impl& impl = *impl_;
    std::unique_lock lock(impl.mutex);
    if (impl.broken)
        return std::unexpected(*impl.broken);
    VS_TRY(const audit::Link link,
           audit::append(
               impl.head,
               {.time = impl.clock.now(), .host = impl.host, .kind = kind, .fields = std::move(fields)}));
    const audit::AuditReceipt receipt{.sequence = impl.head.next, .digest = link.head.previous};
    impl.head = link.head;
    const std::shared_ptr<Group> group = impl.gathering;
    group->lines += link.line;
    while (!group->ended) {
        if (impl.writing)
            impl.written.wait(lock);
        else
            impl.write_group(lock);
    }
    if (group->error)
        return std::unexpected(*group->error);
    return receipt;
}

audit::ChainHead AuditFile::head() const {
    const std::scoped_lock lock(impl_->mutex);
    return impl_->durable_head;
}

std::uint64_t AuditFile::cut_off() const {
    return impl_->cut_off;
}

Result<std::vector<audit::AuditRecord>> AuditFile::read(const Selection& selection) const {
    std::uint64_t size = 0;
    {
        const std::scoped_lock lock(impl_->mutex);
        size = impl_->durable_bytes;
    }
    const auto text_field = [](const audit::AuditRecord& record, const char* name) {
        const auto field = record.fields.find(name);
        return field != record.fields.end() && field->second.is_string() ? field->second.as_string()
                                                                         : std::string();
    };
    std::deque<audit::AuditRecord> found;
    audit::ChainVerifier verifier;
    VS_TRY(const auto verdict,
           verify(impl_->fd, impl_->path, size, verifier, [&](const audit::AuditRecord& record) {
               if (record.sequence < selection.from ||
                   (!selection.kind.empty() && record.kind != selection.kind) ||
                   (!selection.vm.empty() && text_field(record, "vm") != selection.vm))
                   return;
               found.push_back(record);
               if (found.size() > selection.most)
                   found.pop_front();
           }));
    if (!verdict)
        return std::unexpected(verdict.error().cause);
    return std::vector<audit::AuditRecord>(found.begin(), found.end());
}

} // namespace vouchsafe::store

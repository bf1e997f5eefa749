#include "store/audit_file.h"

#include "base/bytes.h"
#include "crypto/digest.h"

#include <algorithm>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace vouchsafe::store {

namespace {

using Outcome = std::optional<Error>; // nothing: it is on the disk

// Lines that reach the disk together, or not at all. The first caller with a line in it leads it to the disk;
// the others wait for the group itself, so that its end wakes them and nobody else, and none has to take the
// lock for it.
struct Group {
    std::string lines;
    TimeRange times;
    bool led = false;
    bool ended = false; // under the lock
    std::promise<Outcome> promise;
    std::shared_future<Outcome> outcome = promise.get_future().share();
};

// Where the log stands: what the disk has, or with what waits.
struct Position {
    audit::ChainHead head;
    std::int64_t unvouched = 0; // records since the last checkpoint
    BootTime unvouched_since{0};
    std::optional<SysTime> time;  // of the last record
    std::optional<BootTime> boot; // at the last record of this process
};

} // namespace

struct AuditFile::Impl {
    Config config;
    std::unique_ptr<AuditSegments> files;

    std::mutex mutex;
    std::condition_variable disk_free; // for those who lead a group
    Position durable;
    Position head;
    // Shared with each caller that waits for it, so that none misses how it ended.
    std::shared_ptr<Group> gathering = std::make_shared<Group>();
    bool writing = false;

    explicit Impl(const Config& of) : config(of) {}

    // One more line for the disk.
    Result<audit::AuditReceipt> stage(std::string_view kind, json::Object fields) {
        const SysTime now = config.clock.now();
        const BootTime boot = config.clock.boot_now();
        VS_TRY(const audit::Link link,
               audit::append(head.head,
                             {.time = now, .host = config.host, .kind = kind, .fields = std::move(fields)}));
        const audit::AuditReceipt receipt{.sequence = head.head.next, .digest = link.head.previous};
        gathering->lines += link.line;
        gathering->times.note(now);
        const bool vouches = kind == audit::kind::checkpoint;
        head.unvouched_since = head.unvouched == 0 ? boot : head.unvouched_since;
        head.unvouched = vouches ? 0 : head.unvouched + 1;
        head.head = link.head;
        head.time = now;
        head.boot = boot;
        return receipt;
    }

    // How far the clock was set since the last record; across a restart only a clock that went back shows.
    std::chrono::milliseconds clock_was_set() const {
        if (!head.time)
            return {};
        const std::chrono::milliseconds passed = config.clock.now() - *head.time;
        return head.boot ? passed - (config.clock.boot_now() - *head.boot) : std::min(passed, {});
    }

    Result<void> stage_clock() {
        const std::chrono::milliseconds step = clock_was_set();
        if (step > -clock_step && step < clock_step)
            return {};
        VS_TRY(std::ignore, stage(audit::kind::clock, {{"step_ms", step.count()}}));
        return {};
    }

    Result<void> stage_checkpoint() {
        if (!config.sign || head.unvouched == 0)
            return {};
        VS_TRY(json::Object fields, config.sign(head.head, config.clock.now()));
        VS_TRY(std::ignore, stage(audit::kind::checkpoint, std::move(fields)));
        return {};
    }

    bool fills_the_file() const {
        return files->bytes() + gathering->lines.size() >= config.limits.file_bytes;
    }

    // Writes the group that has been gathered. Called with the lock, which is let go.
    void write_group(std::unique_lock<std::mutex>& lock) {
        const bool last_of_file = fills_the_file() && stage_checkpoint();
        const std::shared_ptr<Group> group = std::exchange(gathering, std::make_shared<Group>());
        const Position after = head;
        writing = true;
        lock.unlock();
        const auto done = files->append(group->lines, after.head, group->times);
        if (done && last_of_file)
            std::ignore = files->rotate(); // the next group tries again
        lock.lock();
        writing = false;
        group->ended = true;
        if (done)
            durable = after;
        else
            forget_gathered(done.error());
        lock.unlock();
        disk_free.notify_all();
        group->promise.set_value(done ? Outcome() : Outcome(done.error()));
    }

    // What was gathered meanwhile stands on lines that are not there: it fails too.
    void forget_gathered(const Error& error) {
        const std::shared_ptr<Group> group = std::exchange(gathering, std::make_shared<Group>());
        group->ended = true;
        group->promise.set_value(error);
        head = durable;
    }

    // Until what has been gathered is on the disk, or has failed. Called with the lock, which is let go.
    Result<void> write(std::unique_lock<std::mutex>& lock) {
        const std::shared_ptr<Group> group = gathering;
        const std::shared_future<Outcome> outcome = group->outcome;
        if (!std::exchange(group->led, true)) {
            disk_free.wait(lock, [&] { return !writing || group->ended; });
            if (!group->ended)
                write_group(lock);
        }
        if (lock.owns_lock())
            lock.unlock();
        if (const Outcome& failed = outcome.get())
            return std::unexpected(*failed);
        return {};
    }
};

AuditFile::AuditFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

AuditFile::~AuditFile() = default;

Result<std::unique_ptr<AuditFile>> AuditFile::open(const Config& config) {
    auto impl = std::make_unique<Impl>(config);
    Position& at = impl->durable;
    VS_TRY(impl->files, AuditSegments::open(config.path, config.disk, [&](const audit::AuditRecord& record) {
               at.unvouched = record.kind == audit::kind::checkpoint ? 0 : at.unvouched + 1;
               at.time = record.time;
               config.on_record(record);
           }));
    at.head = impl->files->head();
    at.unvouched_since = config.clock.boot_now();
    impl->head = at;
    const std::string torn = impl->files->torn();
    auto file = std::unique_ptr<AuditFile>(new AuditFile(std::move(impl)));
    if (!torn.empty()) {
        VS_TRY(std::ignore,
               file->append(audit::kind::torn,
                            {{"bytes", torn.size()}, {"sha256", to_hex(crypto::sha256(as_bytes(torn)))}}));
    }
    return file;
}

Result<audit::AuditReceipt> AuditFile::append(std::string_view kind, json::Object fields) {
    std::unique_lock lock(impl_->mutex);
    VS_TRY_VOID(impl_->stage_clock());
    VS_TRY(const audit::AuditReceipt receipt, impl_->stage(kind, std::move(fields)));
    if (impl_->head.unvouched >= impl_->config.limits.checkpoint_records) {
        VS_TRY_VOID(impl_->stage_checkpoint());
    }
    VS_TRY_VOID(impl_->write(lock));
    return receipt;
}

Result<void> AuditFile::checkpoint(When when) {
    std::unique_lock lock(impl_->mutex);
    const auto age = impl_->config.clock.boot_now() - impl_->head.unvouched_since;
    if (!impl_->config.sign || impl_->head.unvouched == 0 ||
        (when == When::due && age < impl_->config.limits.checkpoint_age))
        return {};
    VS_TRY_VOID(impl_->stage_checkpoint());
    return impl_->write(lock);
}

audit::ChainHead AuditFile::head() const {
    return impl_->files->head();
}

std::uint64_t AuditFile::cut_off() const {
    return impl_->files->torn().size();
}

Result<std::vector<audit::AuditRecord>> AuditFile::read(const AuditQuery& query) const {
    return impl_->files->read(query);
}

} // namespace vouchsafe::store

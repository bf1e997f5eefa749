#include "store/audit_file.h"

#include "base/bytes.h"
#include "crypto/digest.h"

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace vouchsafe::store {

namespace {

using Outcome = Result<void>; // of the disk

// Lines that reach the disk together, or not at all, and what is to be done then.
struct Group {
    std::string lines;
    TimeRange times;
    std::vector<std::move_only_function<void(const Outcome&)>> then;

    bool empty() const { return lines.empty(); }

    void end(const Outcome& outcome) {
        for (auto& one : then)
            one(outcome);
    }
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
    std::unique_ptr<AuditSegments> files{};

    std::mutex mutex{}; // guards:
    Position durable{};
    Position head{};
    Group gathering{};
    bool flushed = false; // what has been gathered
    bool ending = false;
    std::condition_variable changed{}; // of what is gathered there is some, or all; or it ends
    std::jthread writer{};             // alone writes to the files

    // One more line for the disk.
    Result<audit::AuditReceipt> stage(std::string_view kind, json::Object fields) {
        const SysTime now = config.clock.now();
        const BootTime boot = config.clock.boot_now();
        VS_TRY(const audit::Link link,
               audit::append(head.head,
                             {.time = now, .host = config.host, .kind = kind, .fields = std::move(fields)}));
        const audit::AuditReceipt receipt{.sequence = head.head.next, .digest = link.head.previous};
        gathering.lines += link.line;
        gathering.times.note(now);
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

    // A record, with what the log adds by itself: a clock that was set before it, a checkpoint that is due.
    Result<audit::AuditReceipt> stage_all(std::string_view kind, json::Object fields) {
        VS_TRY_VOID(stage_clock());
        VS_TRY(const audit::AuditReceipt receipt, stage(kind, std::move(fields)));
        if (head.unvouched >= config.limits.checkpoint_records) {
            VS_TRY_VOID(stage_checkpoint());
        }
        return receipt;
    }

    bool fills_the_file() const {
        return files->bytes() + gathering.lines.size() >= config.limits.file_bytes;
    }

    // Until it ends, and all has been written.
    void write_groups() {
        std::unique_lock lock(mutex);
        while (true) {
            changed.wait(lock, [this] { return ending || !gathering.empty(); });
            if (gathering.empty())
                return;
            changed.wait_for(lock, config.limits.company, [this] { return ending || flushed; });
            write_group(lock);
        }
    }

    // Writes what has been gathered. Called with the lock, which is let go meanwhile.
    void write_group(std::unique_lock<std::mutex>& lock) {
        const bool last_of_file = fills_the_file() && stage_checkpoint();
        Group group = std::exchange(gathering, {});
        flushed = false;
        const Position after = head;
        lock.unlock();
        const Outcome done = files->append(group.lines, after.head, group.times);
        if (done && last_of_file)
            std::ignore = files->rotate(); // the next group tries again
        lock.lock();
        Group lost;
        if (done) {
            durable = after;
        } else { // what was gathered meanwhile stands on lines that are not there
            lost = std::exchange(gathering, {});
            head = durable;
        }
        lock.unlock();
        group.end(done);
        lost.end(done);
        lock.lock();
    }

    // Lets the lock go: the writer wants it.
    void when_written(std::unique_lock<std::mutex> lock, std::move_only_function<void(const Outcome&)> then) {
        gathering.then.push_back(std::move(then));
        const bool first = gathering.then.size() == 1;
        lock.unlock();
        if (first)
            changed.notify_one();
    }

    void flush() {
        {
            const std::scoped_lock lock(mutex);
            if (gathering.empty() || flushed)
                return;
            flushed = true;
        }
        changed.notify_one();
    }
};

AuditFile::AuditFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

AuditFile::~AuditFile() {
    {
        const std::scoped_lock lock(impl_->mutex);
        impl_->ending = true;
    }
    impl_->changed.notify_one();
    impl_->writer.join();
}

Result<std::unique_ptr<AuditFile>> AuditFile::open(const Config& config) {
    auto impl = std::unique_ptr<Impl>(new Impl{.config = config});
    Position& at = impl->durable;
    VS_TRY(impl->files, AuditSegments::open(config.path, config.disk, [&](const audit::AuditRecord& record) {
               at.unvouched = record.kind == audit::kind::checkpoint ? 0 : at.unvouched + 1;
               at.time = record.time;
               config.on_record(record);
           }));
    at.head = impl->files->head();
    at.unvouched_since = config.clock.boot_now();
    impl->head = at;
    impl->writer = std::jthread([impl = impl.get()] { impl->write_groups(); });
    const std::string torn = impl->files->torn();
    auto file = std::unique_ptr<AuditFile>(new AuditFile(std::move(impl)));
    if (!torn.empty()) {
        VS_TRY(std::ignore,
               file->append(audit::kind::torn,
                            {{"bytes", torn.size()}, {"sha256", to_hex(crypto::sha256(as_bytes(torn)))}}));
    }
    return file;
}

void AuditFile::submit(std::string_view kind, json::Object fields, audit::Recorded then) {
    std::unique_lock lock(impl_->mutex);
    const auto receipt = impl_->stage_all(kind, std::move(fields));
    if (!receipt) {
        lock.unlock();
        return then(std::unexpected(receipt.error()));
    }
    impl_->when_written(std::move(lock),
                        [receipt = *receipt, then = std::move(then)](const Outcome& done) mutable {
                            if (done)
                                then(receipt);
                            else
                                then(std::unexpected(done.error()));
                        });
}

void AuditFile::flush() {
    impl_->flush();
}

Result<audit::AuditReceipt> AuditFile::append(std::string_view kind, json::Object fields) {
    std::promise<Result<audit::AuditReceipt>> recorded;
    auto receipt = recorded.get_future();
    submit(kind, std::move(fields), [recorded = std::move(recorded)](auto outcome) mutable {
        recorded.set_value(std::move(outcome));
    });
    flush();
    return receipt.get();
}

Result<void> AuditFile::checkpoint(When when) {
    std::promise<Outcome> written;
    std::future<Outcome> outcome = written.get_future();
    std::unique_lock lock(impl_->mutex);
    const auto age = impl_->config.clock.boot_now() - impl_->head.unvouched_since;
    if (!impl_->config.sign || impl_->head.unvouched == 0 ||
        (when == When::due && age < impl_->config.limits.checkpoint_age))
        return {};
    VS_TRY_VOID(impl_->stage_checkpoint());
    impl_->when_written(std::move(lock), [written = std::move(written)](const Outcome& done) mutable {
        written.set_value(done);
    });
    impl_->flush();
    return outcome.get();
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

// What the audit costs: a durable record beside the bare fdatasync of as many bytes on the same disk, alone
// and with 64 callers that share their groups; and reading a log again.
#include "auditlog/checkpoint.h"
#include "store/audit_file.h"
#include "tests/support/audit_log.h"
#include "tests/support/stepped_clock.h"
#include "tests/support/test_directory.h"

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <memory>

namespace vouchsafe {
namespace {

json::Object release_fields() {
    return {{"host", "h-" + std::string(32, '1')},
            {"operation", "decrypt"},
            {"provider", "gold"},
            {"key_id", std::string(32, 'c')},
            {"vm", test::audit_vm},
            {"blob", std::string(64, 'b')},
            {"image", "1.0"},
            {"epoch", 7},
            {"revision", 42},
            {"token", std::string(32, 't')},
            {"evidence_digest", std::string(64, 'e')},
            {"session", std::string(32, 's')}};
}

/// A log with checkpoints, on the disk where temporary files are.
struct Log {
    test::TestDirectory folder;
    test::SteppedClock clock;
    test::CheckpointHouse house;
    std::unique_ptr<store::AuditFile> file =
        store::AuditFile::open(
            {.path = folder.path() + "/audit.jsonl",
             .host = {"authority-1"},
             .clock = clock,
             .sign = [this](const audit::ChainHead& head,
                            SysTime now) { return auditlog::make_checkpoint(house.signer, head, now); }})
            .value();

    void append() { VS_CHECK(file->append(audit::kind::release, release_fields()).has_value()); }
};

std::unique_ptr<Log>& shared_log() {
    static std::unique_ptr<Log> log;
    return log;
}

void set_up(const benchmark::State&) {
    shared_log() = std::make_unique<Log>();
}

void tear_down(const benchmark::State&) {
    shared_log().reset();
}

void audit_append(benchmark::State& state) {
    for (auto _ : state)
        shared_log()->append();
    state.SetItemsProcessed(state.iterations());
}

BENCHMARK(audit_append)->Setup(set_up)->Teardown(tear_down)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(audit_append)
    ->Setup(set_up)
    ->Teardown(tear_down)
    ->Threads(64)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

/// The floor under a durable record: the same bytes at the end of a file, and fdatasync.
void bare_fdatasync(benchmark::State& state) {
    const test::TestDirectory folder;
    const int fd = ::open((folder.path() + "/file").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    VS_CHECK(fd >= 0);
    test::AuditLog log;
    log.add(audit::kind::release, release_fields());
    off_t at = 0;
    for (auto _ : state) {
        const std::string& line = log.lines.front();
        VS_CHECK(::pwrite(fd, line.data(), line.size(), at) == static_cast<ssize_t>(line.size()));
        VS_CHECK(::fdatasync(fd) == 0);
        at += static_cast<off_t>(line.size());
    }
    ::close(fd);
    state.SetItemsProcessed(state.iterations());
}

BENCHMARK(bare_fdatasync)->UseRealTime()->Unit(benchmark::kMicrosecond);

/// Everything of a record but the disk: encoding and digest.
void audit_line(benchmark::State& state) {
    const json::Object fields = release_fields();
    audit::ChainHead head;
    for (auto _ : state) {
        auto link = audit::append(head,
                                  {.time = from_seconds(1'800'000'000),
                                   .host = {"authority-1"},
                                   .kind = audit::kind::release,
                                   .fields = fields});
        head = link->head;
    }
}

BENCHMARK(audit_line)->Unit(benchmark::kMicrosecond);

void audit_verify(benchmark::State& state) {
    test::AuditLog log;
    for (int i = 0; i < 1'000; ++i)
        log.add(audit::kind::release, release_fields());
    const std::string text = log.text();
    for (auto _ : state) {
        audit::ChainVerifier verifier;
        VS_CHECK(verifier.feed(text).has_value());
    }
    state.SetItemsProcessed(state.iterations() * 1'000);
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

BENCHMARK(audit_verify)->Unit(benchmark::kMillisecond);

} // namespace
} // namespace vouchsafe

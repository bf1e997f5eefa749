// Any bytes as systemd's measurement log: what is accepted keeps the parser's promises, and is judged.
#include "appraisal/check_userspace.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    using namespace vouchsafe::appraisal;
    const auto log = parse_userspace_log({data, size});
    if (!log) {
        VS_CHECK(log.error().where.starts_with("userspace"));
        return 0;
    }
    std::size_t index = 0;
    for (const UserspaceRecord& record : *log) {
        VS_CHECK(record.index == index++);
        VS_CHECK(!record.pcr || *record.pcr < 24);
        VS_CHECK(!record.digests.empty());
        for (const auto& [bank, digest] : record.digests)
            VS_CHECK(eventlog::digest_size(bank) == digest.size());
    }
    VS_CHECK(check_userspace_grammar(*log, Algorithm::sha256).size() <= log->size());
    const QuotedPcrs quoted{{{Algorithm::sha256, {{11, Buffer(32)}, {15, Buffer(32)}}}}};
    VS_CHECK(replay_userspace(*log, {{Algorithm::sha256, {}}}, quoted).records <= log->size());
    return 0;
}

#include "auditlog/readers.h"
#include "auditlog/verifier.h"
#include "base/bytes.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    const std::string_view bytes = as_text(Bytes(data, size));
    const auto head = auditlog::head_at(bytes);
    if (!head)
        return 0;
    // Whoever is trusted, the same records come to light up to where a checkpoint is refused.
    auditlog::ReaderList readers;
    auditlog::LogVerifier trusting(*head, std::nullopt);
    auditlog::LogVerifier doubting(*head, auditlog::CheckpointTrust(std::string(64, '0')));
    const auto take = [&readers](const audit::AuditRecord& record) { readers.take(record); };
    const bool chain = trusting.feed(bytes, take).has_value();
    const bool all = doubting.feed(bytes, [](const audit::AuditRecord&) {}).has_value();
    VS_CHECK(!all || chain);
    VS_CHECK(doubting.extent().last <= trusting.extent().last && doubting.extent().checkpoints == 0);
    VS_CHECK(readers.within(SysTime::min(), SysTime::max()).size() <= bytes.size());
    return 0;
}

#include "audit/sink.h"

#include <future>
#include <utility>

namespace vouchsafe::audit {

Result<AuditReceipt> AuditSink::append(std::string_view kind, json::Object fields) {
    std::promise<Result<AuditReceipt>> recorded;
    std::future<Result<AuditReceipt>> receipt = recorded.get_future();
    submit(kind, std::move(fields), [recorded = std::move(recorded)](Result<AuditReceipt> outcome) mutable {
        recorded.set_value(std::move(outcome));
    });
    flush();
    return receipt.get();
}

} // namespace vouchsafe::audit

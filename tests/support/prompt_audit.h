// For tests and benchmarks: an audit that has written when it was told.
#pragma once

#include "audit/sink.h"

#include <optional>
#include <utility>

namespace vouchsafe::test {

/// `submit` must call back at once.
struct PromptAudit : audit::AuditSink {
    Result<audit::AuditReceipt> append(std::string_view kind, json::Object fields) final {
        std::optional<Result<audit::AuditReceipt>> receipt;
        submit(kind, std::move(fields), [&](auto outcome) { receipt = std::move(outcome); });
        VS_CHECK(receipt.has_value());
        return *std::move(receipt);
    }
};

} // namespace vouchsafe::test

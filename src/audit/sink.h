// The port through which services put records on disk before they act.
#pragma once

#include "base/result.h"
#include "crypto/digest.h"
#include "json/value.h"

#include <cstdint>
#include <string_view>

namespace vouchsafe::audit {

/// A record that is durable.
struct AuditReceipt {
    std::int64_t sequence;
    crypto::Sha256Digest digest; ///< of its line
};

class AuditSink {
public:
    AuditSink() = default;
    AuditSink(const AuditSink&) = delete;
    AuditSink& operator=(const AuditSink&) = delete;
    virtual ~AuditSink() = default;

    /// Returns when the record is durable. An error means that it may or may not be: the caller must not do
    /// what it wanted recorded. May be called by several threads.
    virtual Result<AuditReceipt> append(std::string_view kind, json::Object fields) = 0;
};

} // namespace vouchsafe::audit

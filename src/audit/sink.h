// The port through which services put records on disk before they act.
#pragma once

#include "base/result.h"
#include "crypto/digest.h"
#include "json/value.h"

#include <cstdint>
#include <functional>
#include <string_view>

namespace vouchsafe::audit {

/// A record that is durable.
struct AuditReceipt {
    std::int64_t sequence;
    crypto::Sha256Digest digest; ///< of its line
};

/// What is to be done once a record is durable, or is not to be counted on.
using Recorded = std::move_only_function<void(Result<AuditReceipt>)>;

class AuditSink {
public:
    AuditSink() = default;
    AuditSink(const AuditSink&) = delete;
    AuditSink& operator=(const AuditSink&) = delete;
    virtual ~AuditSink() = default;

    /// Calls `then` once, when the record is durable, in the thread that made it so or in this one. An error
    /// means that it may or may not be: what was to be recorded must not be done. May be called by several
    /// threads, and by `then`, which must not wait for another record. A record may wait for others to go
    /// with it, for a moment and no longer than flush().
    virtual void submit(std::string_view kind, json::Object fields, Recorded then) = 0;

    /// Nobody else will submit at this moment.
    virtual void flush() {}

    /// Submits, flushes, and returns when the record is durable, or not to be counted on.
    virtual Result<AuditReceipt> append(std::string_view kind, json::Object fields) = 0;
};

} // namespace vouchsafe::audit

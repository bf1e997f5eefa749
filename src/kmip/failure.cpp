#include "kmip/failure.h"

#include <algorithm>
#include <array>

namespace vouchsafe::kmip {

namespace {

struct ReasonRow {
    ResultReason reason;
    FailureClass failure_class;
};

// Everything that is not here is final: fail closed.
constexpr std::array reason_rows = {
    ReasonRow{ResultReason::general_failure, FailureClass::server_fault},
    ReasonRow{ResultReason::internal_server_error, FailureClass::server_fault},
    ReasonRow{ResultReason::server_limit_exceeded, FailureClass::server_fault},
    ReasonRow{ResultReason::protection_storage_unavailable, FailureClass::server_fault},
    ReasonRow{ResultReason{0x48}, FailureClass::server_fault}, // two more storage reasons of KMIP 2.1
    ReasonRow{ResultReason{0x49}, FailureClass::server_fault},
    ReasonRow{ResultReason::item_not_found, FailureClass::replica_lag},
    ReasonRow{ResultReason::object_not_found, FailureClass::replica_lag},
    ReasonRow{ResultReason::authentication_not_successful, FailureClass::misconfigured},
    ReasonRow{ResultReason::not_authorised, FailureClass::misconfigured},
    ReasonRow{ResultReason::invalid_message, FailureClass::protocol},
    ReasonRow{ResultReason::operation_not_supported, FailureClass::protocol},
    ReasonRow{ResultReason::feature_not_supported, FailureClass::protocol},
    ReasonRow{ResultReason::unsupported_protocol_version, FailureClass::protocol},
    ReasonRow{ResultReason::codec_error, FailureClass::protocol},
};

struct ClassRow {
    FailureClass failure_class;
    Errc code;
    std::string_view where;
};

constexpr std::array class_rows = {
    ClassRow{FailureClass::transport, Errc::unavailable, "kmip.transport"},
    ClassRow{FailureClass::server_fault, Errc::unavailable, "kmip.server_fault"},
    ClassRow{FailureClass::replica_lag, Errc::not_found, "kmip.replica_lag"},
    ClassRow{FailureClass::misconfigured, Errc::unauthenticated, "kmip.misconfigured"},
    ClassRow{FailureClass::protocol, Errc::unsupported, "kmip.protocol"},
    ClassRow{FailureClass::final, Errc::denied, "kmip.final"},
};

} // namespace

FailureClass classify(ResultReason reason) {
    const auto* const row = std::ranges::find(reason_rows, reason, &ReasonRow::reason);
    return row != reason_rows.end() ? row->failure_class : FailureClass::final;
}

Error failure(FailureClass failure_class, std::string_view detail) {
    const auto* const row = std::ranges::find(class_rows, failure_class, &ClassRow::failure_class);
    VS_CHECK(row != class_rows.end());
    return {.code = row->code, .where = std::string(row->where), .detail = std::string(detail)};
}

Error failure(ResultReason reason, Operation operation) {
    return failure(classify(reason),
                   to_string(operation) + " refused by the key server: " + to_string(reason));
}

FailureClass failure_class(const Error& error) {
    const auto* const row = std::ranges::find(class_rows, error.where, &ClassRow::where);
    return row != class_rows.end() ? row->failure_class : FailureClass::transport;
}

} // namespace vouchsafe::kmip

// What to do about a failed exchange: every KMIP error falls into one class, and the class is the action.
//
// The class travels inside Error::where ("kmip.replica_lag"), so that Result stays the only error type and
// a caller that cares reads it back with failure_class().
#pragma once

#include "base/result.h"
#include "kmip/enums.h"

#include <cstdint>
#include <string_view>

namespace vouchsafe::kmip {

enum class FailureClass : std::uint8_t {
    transport,     ///< no whole answer, or one that is no KMIP: drop the connection, try the next server
    server_fault,  ///< busy or broken: next server, later again
    replica_lag,   ///< object unknown here: ask the others, final when all say so
    misconfigured, ///< this server does not accept us: next server, tell the administrator
    protocol,      ///< not understood: negotiate downwards once, then final for this server
    final,         ///< every server would say the same: fail closed, no storm
};

/// The class of a Result Reason; values that are not listed are final. (For Decrypt a General Failure can
/// mean a wrong tag: whoever asks several servers takes it as final when a second one agrees.)
FailureClass classify(ResultReason reason);

/// The error for a server's refusal. The server's own text is left out: it is input.
Error failure(ResultReason reason, Operation operation);
/// An error of a class that the client found by itself.
Error failure(FailureClass failure_class, std::string_view detail);

/// The class of an error made by this library or by a transport; errors of any other origin are transport.
FailureClass failure_class(const Error& error);

} // namespace vouchsafe::kmip

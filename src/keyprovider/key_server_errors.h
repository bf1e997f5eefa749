// Within keyprovider: what goes wrong at key servers, in words.
#pragma once

#include "base/result.h"
#include "inventory/provider.h"

#include <string_view>

namespace vouchsafe::keyprovider {

/// Who it was, for whoever has to mend it.
Error named(Error error, const inventory::KmipServer& server);

/// "primary_key.check_value": its primary key is another than the other servers'.
Error other_key(const inventory::KmipServer& server);
/// "primary_key.replica": it does not open what another server sealed; `why` by its own answer.
Error other_replica(const inventory::KmipServer& server, std::string_view why);

/// The operation's time was over before this server was asked.
bool is_over(const Error& error);

/// A key server that does not open something has answered: what it was given may be wrong, so that says
/// nothing of its health, or whoever sends changed blobs could make it seem broken. Some servers say General
/// Failure.
bool may_be_the_blob(const Error& error);

/// At "blob.open": `untrusted` when the bytes are wrong, `unavailable` when it may be the server.
Error not_opened(const Error& error);

} // namespace vouchsafe::keyprovider

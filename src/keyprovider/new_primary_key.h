// Primary keys to come: made on a provider's key servers, and looked at before anything is wrapped under
// them.
#pragma once

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "inventory/provider.h"
#include "keyprovider/kmip_key_server.h"

#include <string>

namespace vouchsafe::keyprovider {

/// Creates and activates an AES-256 key for Encrypt and Decrypt on the first key server that answers. `name`
/// is its Name attribute and must be new: where an answer is lost, the key is looked for by it before another
/// is made. Fails as the last key server did.
Result<KeyId>
create_primary_key(KmipConnector& connector, const inventory::Provider& provider, const std::string& name);

struct VerifyBy {
    SysTime now; ///< for a server that does not say what time it is
    Random& random;
};

/// Whether every key server of the provider has that key, Active now and usable, and whether it is the same
/// one: by its value with wrapping "fetch", by test_replicas with "remote". Fails with the first server's
/// reason, which names the server; `conflict` at "primary_key.check_value" when two give different keys. The
/// result is the generation with its check value, where the key was seen.
Result<inventory::Generation> verify_primary_key(KeyServer& servers,
                                                 const inventory::Provider& provider,
                                                 inventory::Generation generation,
                                                 const VerifyBy& by);

} // namespace vouchsafe::keyprovider

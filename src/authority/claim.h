// The first word between an authority host and its manager.
//
// `init` names the administrator's issuer on the console and prints a one-time token; the manager of that
// issuer brings the token and the certificate of the key that it signs with. No network call can name another
// issuer.
#pragma once

#include "authority/core.h"
#include "authority/keyring.h"
#include "base/result.h"
#include "json/value.h"
#include "store/sealed_files.h"

#include <mutex>
#include <string>

namespace vouchsafe::authority {

/// Makes the token, stores its digest, and returns it to be printed.
Result<std::string> make_claim_token(store::SealedFiles& secrets, Random& random);

/// Safe for several threads.
class Claim {
public:
    Claim(Core& core, const Keyring& keys, store::SealedFiles& secrets)
        : core_(core), keys_(keys), secrets_(secrets) {}

    /// POST /v1/claim: {"version": 1, "token", "issuer", "certificates": [PEM]}. `denied` at "claim.refused"
    /// for whatever is wrong with it, and once an administrator is known. After ten wrong tokens the token is
    /// void.
    Result<json::Value> accept(const json::Value& request);

private:
    Core& core_;
    const Keyring& keys_;
    store::SealedFiles& secrets_;
    std::mutex mutex_;
    int wrong_ = 0;
};

} // namespace vouchsafe::authority

// The ports of peer.h over HTTPS.
#pragma once

#include "agent/config.h"
#include "agent/peer.h"
#include "base/result.h"
#include "net/cancel.h"
#include "net/endpoint.h"
#include "net/tls_identity.h"

#include <memory>

namespace vouchsafe::agent {

/// How every connection of this agent is made. The cancellation outlives what is made with it.
struct Dialling {
    net::ResolveMap resolve;
    net::Cancellation* cancellation;
};

/// The workload manager: known by its pin, knows us by our client certificate.
Result<std::unique_ptr<Peer>>
make_manager_peer(const ManagerAddress& manager, net::TlsIdentity identity, const Dialling& dialling);

std::unique_ptr<AuthorityDialer> make_authority_dialer(Dialling dialling);

} // namespace vouchsafe::agent

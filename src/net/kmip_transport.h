// KMIP messages over TLS, one exchange at a time. A provider knows its servers by their exact certificates.
//
// It frames messages and knows nothing else of KMIP, so that who links net does not link kmip: what serves
// kmip::Transport through it stands in the authority.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "net/cancel.h"
#include "net/endpoint.h"
#include "net/tls_identity.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace vouchsafe::net {

struct KmipTransportConfig {
    Endpoint server; ///< KMIP's port is 5696
    ServerTrust trust;
    TlsIdentity identity; ///< KMIP servers know their clients by certificate
    ResolveMap resolve{};
    std::optional<Endpoint> proxy{}; ///< an HTTP proxy that makes tunnels to the server (CONNECT)
    std::chrono::milliseconds connect_limit{2'000}; ///< a part of each exchange's deadline
    std::chrono::milliseconds idle_limit{25'000};   ///< key servers close after about 30 s
    std::chrono::milliseconds age_limit{600'000};   ///< so that balancers and new certificates get their turn
    std::size_t connections = 4;                    ///< at once; more only queue up inside the server
    std::size_t message_bytes = 1U << 20U;
    Cancellation* cancellation = nullptr; ///< outlives the transport
};

/// TLS 1.2 or 1.3. Keeps a few connections, each while it is certainly good; after any doubt (idle too long,
/// too old, bytes nobody asked for, an error half-way) it is closed, and the next exchange opens a fresh one.
/// An exchange is never sent twice. Calls from several threads have a connection each; further ones wait for
/// one, within their deadlines.
class KmipTransport {
public:
    static Result<std::unique_ptr<KmipTransport>> create(KmipTransportConfig config);
    KmipTransport(const KmipTransport&) = delete;
    KmipTransport& operator=(const KmipTransport&) = delete;
    ~KmipTransport();

    /// One whole request message out, one whole response message in. The answer may hold a key: the caller
    /// wipes it. Errors: `timed_out`, `unavailable`, `untrusted` as HttpsClient has them; `malformed` at
    /// "kmip.frame", `too_large` at "kmip.frame"; what the proxy says, at "net.proxy"; `unavailable` at
    /// "net.stale" where a connection that had been kept turned out to be dead before an answer began: all
    /// kept ones are closed then, and who may send the request twice can do so at once. Nothing of the
    /// request is sent to a server that is not the pinned one.
    Result<Buffer> exchange(Bytes request, Deadline deadline);

private:
    struct Impl;
    explicit KmipTransport(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Where a server is, and the proxy on the way there, if any.
struct PeerAddress {
    Endpoint server;
    std::optional<Endpoint> proxy = std::nullopt;
};

/// The certificate (PEM) that a server shows, believed by nobody: for an administrator to look at and to pin.
Result<std::string>
fetch_peer_certificate(const PeerAddress& peer, const ResolveMap& resolve, Deadline deadline);

} // namespace vouchsafe::net

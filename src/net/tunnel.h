// Within net: a tunnel through an HTTP proxy, made before TLS begins [RFC 9110 §9.3.6].
//
// The proxy is believed in nothing: it sees where we want to go and then bytes of TLS, in which the server
// proves who it is as on any other way.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "net/endpoint.h"
#include "net/socket_wait.h"

#include <cstddef>
#include <string>

namespace vouchsafe::net {

/// A proxy's answer to CONNECT, as it comes. ConnectAnswer establishes, and fails at "net.proxy" otherwise:
///  proxy.http      it is HTTP/1                                                    (`malformed`)
///  proxy.size      status line and header fields are within their limit            (`too_large`)
///  proxy.status    the status is 2xx; the text names another                       (`unavailable`)
///  proxy.surplus   nothing comes behind it: the server does not speak first        (`malformed`)
class ConnectAnswer {
public:
    static constexpr std::size_t most_bytes = 8192; ///< of status line and header fields together

    /// Takes what has come; true once the tunnel is there.
    Result<bool> feed(Bytes bytes);

private:
    std::string head_;
};

struct Tunnel {
    const Endpoint& proxy;
    const Endpoint& server; ///< its name goes to the proxy as it is
    SocketWait wait;
};

/// Asks the proxy that `fd` is connected to. Errors are those of ConnectAnswer and of waiting, at
/// "net.proxy", and name the proxy.
Result<void> open_tunnel(int fd, const Tunnel& tunnel);

/// What went wrong on the way to, or at, the proxy.
Error at_proxy(Error error, const Endpoint& proxy);

} // namespace vouchsafe::net

// One of many connections that a thread keeps busy: a load that costs little beside what it loads.
#pragma once

#include "net/http_parser.h"
#include "net/tls_stream.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace vouchsafe::bench {

/// One request at a time. What fails ends the process: the figures would not count.
class LoadConnection {
public:
    LoadConnection(const net::ClientTls& tls, const net::Endpoint& server);

    void post(std::string_view path, std::string_view content_type, std::string_view body);

    /// Waits for the answer.
    net::ClientResponse answer();

    /// Can be read once the answer comes.
    int fd() const { return stream_.fd(); }

private:
    std::string host_;
    net::TlsStream stream_;
    Buffer buffer_ = Buffer(std::size_t{16} << 10U); ///< more than an answer has
};

} // namespace vouchsafe::bench

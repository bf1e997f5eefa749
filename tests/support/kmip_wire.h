// The scriptable KMIP key server on a wire: TLS on loopback, with the faults that only a wire has.
#pragma once

#include "net/test_support.h"
#include "tests/support/kmip_server.h"

#include <atomic>
#include <cstdint>
#include <string>

namespace vouchsafe::test {

enum class WireFault : std::uint8_t {
    none,
    frozen,       ///< takes requests and never answers
    half_message, ///< half an answer, and then nothing
    cut_message,  ///< half an answer, and the connection is closed
    closes,       ///< closes instead of answering
    byte_by_byte, ///< a good answer, a write for each byte
    huge,         ///< announces an answer of 2 GiB
    not_kmip,     ///< an answer of another protocol
    closes_idle,  ///< a good answer, and the connection is closed when the next request comes
    two_answers,  ///< a good answer, and another that nobody asked for
};

class KmipWire {
public:
    /// Answers as `server` does, which outlives it.
    explicit KmipWire(KmipServer& server);

    std::uint16_t port() const { return listener_.port(); }

    int connections() const { return listener_.connections(); }

    std::string certificate_pem() const { return certificate_.pem(); }

    std::atomic<WireFault> fault = WireFault::none; ///< of every request that comes until it is changed

private:
    void serve(net::test::ScriptedServer::Peer& peer);
    /// Whether the connection goes on.
    bool answer(net::test::ScriptedServer::Peer& peer, const std::string& request);

    KmipServer& server_;
    net::test::TestCertificate certificate_;
    net::test::ScriptedServer listener_;
};

} // namespace vouchsafe::test

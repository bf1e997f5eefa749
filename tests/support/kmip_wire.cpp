#include "tests/support/kmip_wire.h"

#include "ttlv/codec.h"

namespace vouchsafe::test {

namespace {

using Peer = net::test::ScriptedServer::Peer;

/// One whole request message; empty once the client has gone.
std::string read_message(Peer& peer) {
    std::string bytes;
    std::size_t wanted = ttlv::header_size;
    while (bytes.size() < wanted) {
        const std::string more = peer.read_some();
        if (more.empty())
            return {};
        bytes += more;
        if (bytes.size() >= ttlv::header_size)
            wanted = ttlv::message_size(as_bytes(bytes).first(ttlv::header_size), ttlv::Tag::request_message)
                         .value();
    }
    return bytes;
}

} // namespace

KmipWire::KmipWire(KmipServer& server)
    : server_(server), certificate_(net::test::make_certificate({.name = "key-server.localhost"})),
      listener_(certificate_, {.least = TLS1_2_VERSION, .ask_client = true}, [this](Peer& peer, int) {
          serve(peer);
      }) {}

void KmipWire::serve(Peer& peer) {
    bool first = true;
    while (true) {
        const std::string request = read_message(peer);
        if (request.empty() || (!first && fault == WireFault::closes_idle) || !answer(peer, request))
            return peer.shutdown();
        first = false;
    }
}

bool KmipWire::answer(Peer& peer, const std::string& request) {
    const auto answered = server_.exchange(as_bytes(request), kmip::Deadline::max());
    if (!answered)
        return false;
    const std::string text(as_text(*answered));
    const std::string half = text.substr(0, text.size() / 2);
    switch (fault) {
    case WireFault::none:
    case WireFault::closes_idle:
        peer.write(text);
        return true;
    case WireFault::frozen:
        peer.wait_for_client_to_go();
        return false;
    case WireFault::half_message:
        peer.write(half);
        peer.wait_for_client_to_go();
        return false;
    case WireFault::cut_message:
        peer.write(half);
        return false;
    case WireFault::closes:
        return false;
    case WireFault::byte_by_byte:
        for (const char c : text)
            peer.write(std::string_view(&c, 1));
        return true;
    case WireFault::huge:
        peer.write(text.substr(0, 4) + std::string("\x7F\xFF\xFF\xF8", 4));
        return true;
    case WireFault::not_kmip:
        peer.write("HTTP/1.1 400 Bad Request\r\n\r\n");
        return true;
    case WireFault::two_answers:
        peer.write(text + text);
        return true;
    }
    std::unreachable();
}

} // namespace vouchsafe::test

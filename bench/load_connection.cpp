#include "bench/load_connection.h"

#include "bench/must.h"

#include <chrono>
#include <span>
#include <string>

namespace vouchsafe::bench {

namespace {

constexpr std::chrono::seconds limit{60};

net::Deadline deadline() {
    return net::Deadline::clock::now() + limit;
}

} // namespace

LoadConnection::LoadConnection(const net::ClientTls& tls, const net::Endpoint& server)
    : host_(net::to_text(server)),
      stream_(must(net::TlsStream::connect(tls, {.server = server, .resolve = {}, .deadline = deadline()}))) {
}

void LoadConnection::post(std::string_view path, std::string_view content_type, std::string_view body) {
    std::string request("POST ");
    request.append(path).append(" HTTP/1.1\r\nHost: ").append(host_);
    request.append("\r\nContent-Type: ").append(content_type);
    request.append("\r\nContent-Length: ")
        .append(std::to_string(body.size()))
        .append("\r\n\r\n")
        .append(body);
    must(stream_.write_all(as_bytes(request), deadline()));
}

net::ClientResponse LoadConnection::answer() {
    net::ResponseParser parser(net::Method::post, buffer_.size());
    std::size_t held = 0;
    std::size_t taken = 0;
    while (!parser.done()) {
        const std::size_t came = must(stream_.read_some(std::span(buffer_).subspan(held), deadline()));
        VS_CHECK(came > 0);
        held += came;
        for (std::size_t fed = 1; fed > 0 && !parser.done(); taken += fed) // it stops after the header
            fed = must(parser.feed(Bytes(buffer_).subspan(taken, held - taken)));
    }
    return parser.take().response;
}

} // namespace vouchsafe::bench

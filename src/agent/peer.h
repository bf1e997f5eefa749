// Ports to the services that the agent dials, and what their answers mean.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/x509.h"
#include "token/services.h"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace vouchsafe::agent {

struct PeerRequest {
    std::string_view target;
    std::string_view content_type = "application/json";
    std::string body;
    std::chrono::milliseconds limit{30'000};
};

struct PeerAnswer {
    int status = 0;
    Buffer body;
};

/// Port: one service. An error says that there was no answer.
class Peer {
public:
    Peer() = default;
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;
    virtual ~Peer() = default;

    virtual Result<PeerAnswer> post(PeerRequest request) = 0;
};

/// Port: dials an authority host. Its certificate must stand under `root` and name it.
class AuthorityDialer {
public:
    AuthorityDialer() = default;
    AuthorityDialer(const AuthorityDialer&) = delete;
    AuthorityDialer& operator=(const AuthorityDialer&) = delete;
    virtual ~AuthorityDialer() = default;

    virtual Result<std::unique_ptr<Peer>> dial(const token::ServiceHost& host,
                                               const crypto::Certificate& root) = 0;
};

/// The body of an answer of status 200. Any other is an error: its code follows the status (500 and above:
/// `unavailable`), its `where` is the id of the error body's first message ("gate.epoch"), its detail that
/// message.
Result<Buffer> expect_ok(PeerAnswer answer);

/// Whether an error says that this peer cannot answer now, so that another may be asked.
bool is_unreachable(const Error& error);

} // namespace vouchsafe::agent

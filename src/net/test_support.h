// For net's own tests: certificates of every kind, a TLS server that does what a script says, and a client
// that sends what it is told. (Compiled into the test program only.)
#pragma once

#include "base/bytes.h"
#include "net/endpoint.h"
#include "net/https_client.h"
#include "net/https_server.h"
#include "net/tls_identity.h"
#include "net/tls_stream.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace vouchsafe::net::test {

/// A certificate with its key, self-signed or under another.
struct TestCertificate {
    std::shared_ptr<EVP_PKEY> key; // shared, as a certificate and what it issued are copied freely
    std::shared_ptr<X509> certificate;

    std::string pem() const { return to_pem(*certificate); }

    std::string pin() const { return spki_sha256(*certificate); }

    TlsIdentity identity() const;
};

struct CertificateRequest {
    std::string name = "localhost"; ///< common name and, unless it is a CA, DNS name
    bool ca = false;
    const TestCertificate* issuer = nullptr;
    const TestCertificate* same_key = nullptr; ///< take the key of this one
    long from_days = -1;
    long until_days = 1;
};

TestCertificate make_certificate(const CertificateRequest& request = {});

/// A TLS server on loopback that runs `script` for each connection, on a thread of its own.
class ScriptedServer {
public:
    /// A connection as the script sees it.
    class Peer {
    public:
        Peer(SSL& ssl, int fd) : ssl_(ssl), fd_(fd) {}

        std::string read_some();                  ///< empty once the client has gone
        std::string read_until(std::string_view); ///< until the text has come
        void write(std::string_view text);
        void shutdown(); ///< sends close_notify
        void wait_for_client_to_go();

        int version() const { return SSL_version(&ssl_); }

    private:
        SSL& ssl_;
        int fd_;
    };

    using Script = std::function<void(Peer&, int connection)>;

    struct Options {
        int least = TLS1_3_VERSION;
        int most = TLS1_3_VERSION;
        bool ask_client = false;
    };

    ScriptedServer(const TestCertificate& certificate, Options options, Script script);
    ScriptedServer(const ScriptedServer&) = delete;
    ScriptedServer& operator=(const ScriptedServer&) = delete;
    ~ScriptedServer();

    std::uint16_t port() const { return port_; }

    int connections() const { return connections_; } ///< whose handshake succeeded

private:
    void serve();

    int listener_ = -1;
    std::uint16_t port_ = 0;
    SslContext context_;
    Script script_;
    std::atomic<int> connections_ = 0;
    std::jthread thread_;
};

/// A socket that is bound but answers nothing: connections to it stay in the kernel's queue.
class SilentServer {
public:
    SilentServer();
    SilentServer(const SilentServer&) = delete;
    SilentServer& operator=(const SilentServer&) = delete;
    ~SilentServer();

    std::uint16_t port() const { return port_; }

private:
    int listener_;
    std::uint16_t port_ = 0;
};

inline Deadline soon(std::chrono::milliseconds limit = std::chrono::seconds(20)) {
    return Deadline::clock::now() + limit;
}

/// Until the other thread has thrown it.
void wait_for(const Cancellation& event);
/// For what has no event of its own; gives the processor away meanwhile.
void wait_until(const std::function<bool()>& happened);

/// A client that speaks TLS and sends bytes as they are.
class RawClient {
public:
    RawClient(std::uint16_t port, const TestCertificate& server);

    void send(std::string_view text) { (void)stream_->write_all(as_bytes(text), soon()); }

    /// Everything until the server closes.
    std::string read_all();
    /// Until `text` has come; what has come so far when the server closes before.
    std::string read_until(std::string_view text);

private:
    std::optional<TlsStream> stream_;
};

/// A socket without TLS, and what comes from it until the other end closes.
int connect_plain(std::uint16_t port);
void write_plain(int fd, std::string_view text);
std::string read_plain(int fd);

/// Whether a client that speaks exactly this version gets through a handshake.
bool handshakes_with(std::uint16_t port, int version);

/// What a server under test is started with, for "localhost" on a free port.
ServerConfig server_config(const TestCertificate& certificate);
/// A client that trusts exactly that certificate's key.
ClientConfig client_config(std::uint16_t port, const TestCertificate& certificate);

/// Answers at once, in the server's thread, with what `plain` says.
Handler at_once(std::function<Response(const Request&)> plain);

} // namespace vouchsafe::net::test

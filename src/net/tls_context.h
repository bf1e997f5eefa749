// Within net: TLS contexts and certificates in libssl's own types.
#pragma once

#include "base/result.h"
#include "net/tls_identity.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace vouchsafe::net {

template <auto Free> struct FreeBy {
    void operator()(auto* object) const { Free(object); }
};

using SslContext = std::unique_ptr<SSL_CTX, FreeBy<SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, FreeBy<SSL_free>>;
using SslSession = std::unique_ptr<SSL_SESSION, FreeBy<SSL_SESSION_free>>;
using X509Certificate = std::unique_ptr<X509, FreeBy<X509_free>>;

/// Our own certificate chain and key go into the context; `malformed` at "tls.certificate" or "tls.key",
/// `conflict` at "tls.key" when the key is not the certificate's.
Result<void> use_identity(SSL_CTX& context, const TlsIdentity& identity);

/// Hex SHA-256 of the certificate's SubjectPublicKeyInfo.
std::string spki_sha256(const X509& certificate);
std::string to_pem(const X509& certificate);

enum class TlsVersions : std::uint8_t { only_1_3, from_1_2 };

/// A client context that checks the server as `trust` says, within the handshake, so that nothing of ours is
/// sent to anyone else.
class ClientTls {
public:
    /// Without `trust` every server is believed (for fetch_peer_certificate alone).
    static Result<ClientTls>
    create(TlsVersions versions, const ServerTrust* trust, const std::optional<TlsIdentity>& identity);

    /// A connection's state, to check for `host` where the trust is a CA. It resumes the newest session with
    /// that host, if the server gave one: this context checked the server when the session began.
    Result<Ssl> connection(const std::string& host) const;

private:
    ClientTls() = default;

    struct Pins; // what a handshake's certificate is compared with; its address is known to the context

    struct FreePins {
        void operator()(Pins* pins) const;
    };

    static int check_pin(X509_STORE_CTX* store, void* pins);

    SslContext context_;
    std::unique_ptr<Pins, FreePins> pins_;
    bool check_name_ = false;
};

/// The newest reason in libssl's error queue, in its words; the queue is empty afterwards.
std::string take_tls_error();

} // namespace vouchsafe::net

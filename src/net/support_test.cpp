#include "net/test_support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <vector>

namespace vouchsafe::net::test {

namespace {

std::uint16_t listen_on_loopback(int fd) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr* const raw = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    VS_CHECK(::bind(fd, raw, size) == 0);
    VS_CHECK(::listen(fd, 64) == 0);
    VS_CHECK(::getsockname(fd, raw, &size) == 0);
    return ntohs(address.sin_port);
}

void add_extension(X509& certificate, X509& issuer, int nid, const std::string& value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    VS_CHECK(extension != nullptr);
    VS_CHECK(X509_add_ext(&certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

} // namespace

TlsIdentity TestCertificate::identity() const {
    unsigned char* der = nullptr;
    const int size = i2d_PrivateKey(key.get(), &der);
    VS_CHECK(size > 0);
    TlsIdentity out{.certificate_pem = pem(),
                    .private_key = Secret(Bytes(der, static_cast<std::size_t>(size)))};
    OPENSSL_free(der);
    return out;
}

TestCertificate make_certificate(const CertificateRequest& request) {
    TestCertificate out;
    out.key = request.same_key != nullptr ? request.same_key->key
                                          : std::shared_ptr<EVP_PKEY>(EVP_EC_gen("P-256"), EVP_PKEY_free);
    out.certificate = std::shared_ptr<X509>(X509_new(), X509_free);
    X509& certificate = *out.certificate;
    X509& issuer = request.issuer == nullptr ? certificate : *request.issuer->certificate;
    EVP_PKEY* const signer = request.issuer == nullptr ? out.key.get() : request.issuer->key.get();
    constexpr long day = 24L * 60 * 60;
    static std::atomic<long> serial = 1;

    VS_CHECK(X509_set_version(&certificate, X509_VERSION_3) == 1);
    VS_CHECK(ASN1_INTEGER_set(X509_get_serialNumber(&certificate), ++serial) == 1);
    X509_gmtime_adj(X509_getm_notBefore(&certificate), request.from_days * day);
    X509_gmtime_adj(X509_getm_notAfter(&certificate), request.until_days * day);
    X509_NAME* const subject = X509_get_subject_name(&certificate);
    const Bytes name = as_bytes(request.name);
    VS_CHECK(X509_NAME_add_entry_by_txt(
                 subject, "CN", MBSTRING_UTF8, name.data(), static_cast<int>(name.size()), -1, 0) == 1);
    VS_CHECK(X509_set_issuer_name(&certificate, X509_get_subject_name(&issuer)) == 1);
    VS_CHECK(X509_set_pubkey(&certificate, out.key.get()) == 1);
    add_extension(certificate, issuer, NID_subject_key_identifier, "hash");
    add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always");
    if (request.ca) {
        add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:TRUE");
        add_extension(certificate, issuer, NID_key_usage, "critical,keyCertSign,cRLSign");
    } else {
        add_extension(certificate, issuer, NID_key_usage, "critical,digitalSignature");
        add_extension(certificate, issuer, NID_ext_key_usage, "serverAuth,clientAuth");
        add_extension(certificate, issuer, NID_subject_alt_name, "DNS:" + request.name);
    }
    VS_CHECK(X509_sign(&certificate, signer, EVP_sha256()) > 0);
    return out;
}

std::string ScriptedServer::Peer::read_some() {
    std::array<char, 4096> buffer{};
    const int got = SSL_read(&ssl_, buffer.data(), buffer.size());
    return got > 0 ? std::string(buffer.data(), static_cast<std::size_t>(got)) : std::string();
}

std::string ScriptedServer::Peer::read_until(std::string_view text) {
    std::string all;
    while (!all.contains(text)) {
        const std::string more = read_some();
        if (more.empty())
            break;
        all += more;
    }
    return all;
}

void ScriptedServer::Peer::write(std::string_view text) {
    (void)SSL_write(&ssl_, text.data(), static_cast<int>(text.size()));
}

void ScriptedServer::Peer::shutdown() {
    (void)SSL_shutdown(&ssl_);
}

void ScriptedServer::Peer::wait_for_client_to_go() {
    std::array<char, 4096> buffer{};
    while (::read(fd_, buffer.data(), buffer.size()) > 0) {
    }
}

ScriptedServer::ScriptedServer(const TestCertificate& certificate, Options options, Script script)
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), context_(SSL_CTX_new(TLS_server_method())),
      script_(std::move(script)) {
    (void)::signal(SIGPIPE, SIG_IGN);
    port_ = listen_on_loopback(listener_);
    VS_CHECK(SSL_CTX_set_min_proto_version(context_.get(), options.least) == 1);
    VS_CHECK(SSL_CTX_set_max_proto_version(context_.get(), options.most) == 1);
    VS_CHECK(use_identity(*context_, certificate.identity()));
    if (options.ask_client) {
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
        SSL_CTX_set_cert_verify_callback(context_.get(), [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
    }
    thread_ = std::jthread([this] { serve(); });
}

ScriptedServer::~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
}

void ScriptedServer::serve() {
    std::vector<std::jthread> connections; // each with a thread of its own
    while (true) {
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0)
            return;
        connections.emplace_back([this, fd] {
            const Socket socket(fd);
            const Ssl ssl(SSL_new(context_.get()));
            SSL_set_fd(ssl.get(), fd);
            if (SSL_accept(ssl.get()) != 1)
                return;
            Peer peer(*ssl, fd);
            script_(peer, ++connections_);
        });
    }
}

SilentServer::SilentServer() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    port_ = listen_on_loopback(listener_);
}

SilentServer::~SilentServer() {
    ::close(listener_);
}

void wait_for(const Cancellation& event) {
    pollfd entry{.fd = event.fd(), .events = POLLIN, .revents = 0};
    VS_CHECK(::poll(&entry, 1, -1) == 1);
}

void wait_until(const std::function<bool()>& happened) {
    while (!happened())
        std::this_thread::yield();
}

RawClient::RawClient(std::uint16_t port, const TestCertificate& server) {
    const ServerTrust trust = PinnedKey{server.pin()};
    const auto tls = ClientTls::create(TlsVersions::only_1_3, &trust, std::nullopt);
    VS_CHECK(tls.has_value());
    const Endpoint endpoint{.host = "127.0.0.1", .port = port};
    auto stream = TlsStream::connect(*tls, {.server = endpoint, .resolve = {}, .deadline = soon()});
    VS_CHECK(stream.has_value());
    stream_ = *std::move(stream);
}

std::string RawClient::read_until(std::string_view text) {
    std::string all;
    std::array<std::uint8_t, 4096> buffer{};
    while (!all.contains(text)) {
        const auto got = stream_->read_some(buffer, soon());
        if (!got || *got == 0)
            break;
        all += as_text(Bytes(buffer).first(*got));
    }
    return all;
}

std::string RawClient::read_all() {
    return read_until(std::string_view("\0end\0", 5));
}

int connect_plain(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    VS_CHECK(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    return fd;
}

void write_plain(int fd, std::string_view text) {
    VS_CHECK(::send(fd, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
}

std::string read_plain(int fd) {
    std::string all;
    std::array<char, 4096> buffer{};
    while (true) {
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got <= 0)
            return all;
        all.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

bool handshakes_with(std::uint16_t port, int version) {
    const SslContext context(SSL_CTX_new(TLS_client_method()));
    VS_CHECK(SSL_CTX_set_min_proto_version(context.get(), version) == 1);
    VS_CHECK(SSL_CTX_set_max_proto_version(context.get(), version) == 1);
    const Socket socket(connect_plain(port));
    const Ssl ssl(SSL_new(context.get()));
    SSL_set_fd(ssl.get(), socket.fd());
    return SSL_connect(ssl.get()) == 1;
}

ServerConfig server_config(const TestCertificate& certificate) {
    return {.identity = certificate.identity()};
}

ClientConfig client_config(std::uint16_t port, const TestCertificate& certificate) {
    return {.server = {.host = "localhost", .port = port}, .trust = PinnedKey{certificate.pin()}};
}

Handler at_once(std::function<Response(const Request&)> plain) {
    return [plain = std::move(plain)](const Request& request, Reply reply) { reply.send(plain(request)); };
}

} // namespace vouchsafe::net::test

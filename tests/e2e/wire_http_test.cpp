// The doors themselves: methods, paths, HTTP that is none, TLS that is another.
#include "tests/e2e/wire_house.h"

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace vouchsafe::test {
namespace {

constexpr std::string_view paths[] = {"/v1/attestation/challenge",
                                      "/v1/attestation/evidence",
                                      "/v1/release/session",
                                      "/v1/release/message",
                                      "/v1/admin/invoke",
                                      "/v1/claim"};

class WireHttp : public WireTest {
protected:
    net::ClientResponse send(net::ClientRequest request) {
        auto response = authority.client().send(request, std::chrono::seconds(30));
        VS_CHECK(response.has_value());
        return *std::move(response);
    }

    std::string raw(std::string_view bytes) {
        RawConnection connection(authority.daemon().port(), authority.pin());
        connection.send(bytes);
        return connection.read_answer();
    }

    /// Connected to the daemon without TLS.
    int plain_socket() const {
        const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(authority.daemon().port());
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        VS_CHECK(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
        return fd;
    }

    bool handshakes_with(int version) const {
        SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
        SSL_CTX_set_min_proto_version(context, version);
        SSL_CTX_set_max_proto_version(context, version);
        SSL* const ssl = SSL_new(context);
        const int fd = plain_socket();
        SSL_set_fd(ssl, fd);
        const bool done = SSL_connect(ssl) == 1;
        SSL_free(ssl);
        SSL_CTX_free(context);
        ::close(fd);
        return done;
    }

    Result<net::ClientResponse> health_by(const net::ServerTrust& trust, const std::string& name) {
        auto client = net::HttpsClient::create(
            {.server = {.host = name, .port = authority.daemon().port()}, .trust = trust});
        VS_CHECK(client.has_value());
        return client->send({.method = net::Method::get, .target = "/v1/health"}, std::chrono::seconds(30));
    }
};

TEST_F(WireHttp, ServesEachPathByItsMethodOnly) {
    for (const std::string_view path : paths) {
        SCOPED_TRACE(path);
        for (const auto method :
             {net::Method::get, net::Method::put, net::Method::patch, net::Method::delete_}) {
            const auto response = send({.method = method, .target = std::string(path)});
            EXPECT_TRUE(says(response, {400, "UNSUPPORTED route.method"}));
        }
    }
    EXPECT_EQ(send({.target = "/v1/health"}).status, 200);
    EXPECT_TRUE(says(send({.method = net::Method::post, .target = "/v1/health"}), {404, "NOT_FOUND"}));
    for (const char* const path : {"/", "/v1", "/v1/claim/", "/v1/Claim", "//v1/claim", "/v1/%63laim"})
        EXPECT_TRUE(says(send({.method = net::Method::post, .target = path}), {404, "NOT_FOUND route.path"}))
            << path;
}

// What a body is says its form, not its label: a wrong one opens nothing, and the right body is taken.
TEST_F(WireHttp, DoesNotBelieveTheContentType) {
    for (const char* const type : {"text/plain", "application/xml", "application/jose", ""}) {
        net::ClientRequest request{.method = net::Method::post,
                                   .target = "/v1/attestation/challenge",
                                   .content_type = type,
                                   .body = "<challenge/>"};
        EXPECT_TRUE(says(send(request), {400, "INVALID_ARGUMENT json."})) << type;
    }
}

TEST_F(WireHttp, RefusesWhatIsNoHttp) {
    struct Row {
        const char* what;
        std::string bytes;
        int status;
    };

    const std::string post = "POST /v1/claim HTTP/1.1\r\nHost: localhost\r\n";
    const std::vector<Row> rows{
        {"garbage", std::string(64, '\xff') + "\r\n\r\n", 400},
        {"another protocol", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"a version to come", "GET /v1/health HTTP/3.0\r\n\r\n", 505},
        {"a method that there is not", "BREW /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n", 501},
        {"a proxy's target", "GET http://elsewhere/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
        {"chunks", post + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 411},
        {"two lengths", post + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400},
        {"a length below zero", post + "Content-Length: -1\r\n\r\n", 400},
        {"a length beyond all", post + "Content-Length: 99999999999999999999999\r\n\r\n", 400},
        {"a length over the limit", post + "Content-Length: 9999999\r\n\r\n", 413},
        {"a header over the limit", post + "X: " + std::string(17000, 'x') + "\r\n\r\n", 431},
        {"many headers",
         post +
             [] {
                 std::string out;
                 for (int i = 0; i < 30'000; ++i)
                     out += "X: y\r\n";
                 return out + "\r\n";
             }(),
         431},
        {"a header without a name", "GET /v1/health HTTP/1.1\r\n: x\r\n\r\n", 400},
        {"a NUL in the target", std::string("GET /v1/\0health HTTP/1.1\r\n\r\n", 28), 400},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.what);
        const std::string answer = raw(row.bytes);
        EXPECT_EQ(status_of(answer), row.status) << answer;
        EXPECT_NE(answer.find("\"error_type\""), std::string::npos);
    }
    // Two requests in one go are two requests.
    RawConnection connection(authority.daemon().port(), authority.pin());
    const std::string get = "GET /v1/health HTTP/1.1\r\nHost: localhost\r\n";
    connection.send(get + "\r\n" + get + "Connection: close\r\n\r\n");
    const std::string both = connection.read_all();
    EXPECT_EQ(status_of(both), 200);
    EXPECT_NE(both.find("HTTP/1.1 200", 10), std::string::npos);
}

TEST_F(WireHttp, SpeaksTls13Only) {
    EXPECT_TRUE(handshakes_with(TLS1_3_VERSION)); // so the refusal below is of the version
    EXPECT_FALSE(handshakes_with(TLS1_2_VERSION));
    const int fd = plain_socket();
    constexpr std::string_view request = "GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    ASSERT_EQ(::write(fd, request.data(), request.size()), static_cast<ssize_t>(request.size()));
    std::string answer(4096, '\0');
    std::string all;
    for (ssize_t got = ::read(fd, answer.data(), answer.size()); got > 0;
         got = ::read(fd, answer.data(), answer.size()))
        all.append(answer, 0, static_cast<std::size_t>(got));
    ::close(fd);
    EXPECT_EQ(all.find("HTTP/"), std::string::npos);
}

TEST_F(WireHttp, IsKnownByItsIdentityOnly) {
    const std::string root = authority.services().root().pem();
    EXPECT_TRUE(health_by(net::PinnedKey{.spki_sha256 = authority.pin()}, authority_name));
    EXPECT_TRUE(health_by(net::TrustedCa{.certificates_pem = root}, authority_name));

    const auto other_pin = health_by(net::PinnedKey{.spki_sha256 = std::string(64, '0')}, authority_name);
    ASSERT_FALSE(other_pin);
    EXPECT_EQ(other_pin.error().where, "net.tls_identity");
    const std::string other_root = authority.administrator().certificate_pem();
    const auto other_ca = health_by(net::TrustedCa{.certificates_pem = other_root}, authority_name);
    ASSERT_FALSE(other_ca);
    EXPECT_EQ(other_ca.error().where, "net.tls_identity");
    const auto other_name = health_by(net::TrustedCa{.certificates_pem = root}, "authority-2.localhost");
    ASSERT_FALSE(other_name);
    EXPECT_EQ(other_name.error().where, "net.tls_identity");
}

} // namespace
} // namespace vouchsafe::test

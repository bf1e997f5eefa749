#include "net/https_server.h"
#include "net/test_support.h"
#include "net/tls_context.h"
#include "net/tls_stream.h"
#include "net/workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace vouchsafe::net {
namespace {

using namespace std::chrono_literals;
using test::at_once;
using test::client_config;
using test::make_certificate;
using test::RawClient;
using test::server_config;
using test::TestCertificate;

// One certificate for all: making keys is not what is tested.
const TestCertificate& certificate() {
    static const TestCertificate made = make_certificate();
    return made;
}

Response echo(const Request& request) {
    Response response{.body = std::string(to_string(request.method)) + " " + request.target + " "};
    response.body += as_text(request.body);
    return response;
}

std::unique_ptr<HttpsServer> start(Handler handler, ServerLimits limits = {}) {
    ServerConfig config = server_config(certificate());
    config.limits = limits;
    config.body_limit = [](Method, std::string_view target) -> std::size_t {
        return target.starts_with("/large") ? 1U << 20U : 100;
    };
    return HttpsServer::listen(std::move(config), std::move(handler)).value();
}

Result<ClientResponse> ask(HttpsClient& client, ClientRequest request) {
    return client.send(request, 20s);
}

TEST(HttpsServer, AnswersRequestsOnOneConnection) {
    const auto server = start(at_once(echo));
    RawClient client(server->port(), certificate());
    client.send("POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi");
    EXPECT_TRUE(client.read_until("hi").contains("POST /a hi"));
    client.send("GET /b HTTP/1.1\r\n\r\nGET /c HTTP/1.1\r\nConnection: close\r\n\r\n"); // pipelined
    const std::string both = client.read_all();
    EXPECT_TRUE(both.contains("GET /b "));
    EXPECT_TRUE(both.contains("GET /c "));
}

TEST(HttpsServer, TakesLargeBodiesWhereTheyAreAllowed) {
    const auto server = start(at_once(
        [](const Request& request) { return Response{.body = std::to_string(request.body.size())}; }));
    auto client = HttpsClient::create(client_config(server->port(), certificate())).value();
    const auto answer =
        ask(client, {.method = Method::post, .target = "/large", .body = std::string(1U << 20U, 'x')});
    EXPECT_EQ(as_text(answer.value().body), "1048576");
}

TEST(HttpsServer, RefusesBodiesOverTheLimitBeforeReadingThem) {
    std::atomic<int> handled = 0;
    const auto server = start(at_once([&](const Request& request) {
        ++handled;
        return echo(request);
    }));
    auto client = HttpsClient::create(client_config(server->port(), certificate())).value();
    const auto within = ask(client, {.method = Method::post, .target = "/x", .body = std::string(100, 'x')});
    EXPECT_EQ(within.value().status, 200);
    const auto over = ask(client, {.method = Method::post, .target = "/x", .body = std::string(101, 'x')});
    EXPECT_EQ(over.value().status, 413);
    EXPECT_TRUE(as_text(over->body).contains("INVALID_ARGUMENT"));
    const auto far_over =
        ask(client, {.method = Method::post, .target = "/x", .body = std::string(4U << 20U, 'x')});
    EXPECT_EQ(far_over.value().status, 413);
    EXPECT_EQ(handled, 1);
}

TEST(HttpsServer, RefusesHeadersOverTheLimit) {
    const auto server = start(at_once(echo));
    auto client = HttpsClient::create(client_config(server->port(), certificate())).value();
    ClientRequest request{.headers = {{"x-padding", std::string(15'000, 'x')}}};
    EXPECT_EQ(ask(client, request).value().status, 200);
    request.headers[0].value.resize(17'000, 'x');
    EXPECT_EQ(ask(client, request).value().status, 431);
    request.headers[0].value.resize(100'000, 'x');
    EXPECT_EQ(ask(client, request).value().status, 431);
}

TEST(HttpsServer, RefusesRequestsWithoutLength) {
    const auto server = start(at_once(echo));
    RawClient client(server->port(), certificate());
    client.send("POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
    EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 411 "));
}

TEST(HttpsServer, AnswersMalformedRequestsWith400) {
    const auto server = start(at_once(echo));
    RawClient client(server->port(), certificate());
    client.send("\x7fGET / HTTP/1.1\r\n\r\n");
    const std::string answer = client.read_all();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 "));
    EXPECT_TRUE(answer.contains("net.malformed_request"));
}

TEST(HttpsServer, SendsContinueToWhoWaitsForIt) {
    const auto server = start(at_once(echo));
    RawClient client(server->port(), certificate());
    client.send("POST /a HTTP/1.1\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_TRUE(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 100 "));
    client.send("hi");
    EXPECT_TRUE(client.read_until("hi").contains("200 OK"));
}

TEST(HttpsServer, AnswersASlowHeaderWith408) {
    const auto server = start(at_once(echo), {.header = 50ms});
    RawClient client(server->port(), certificate());
    client.send("GET / HTTP/1.1\r\nHo");
    EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 408 "));
}

TEST(HttpsServer, AnswersASlowBodyWith408) {
    const auto server = start(at_once(echo), {.body = 50ms});
    RawClient client(server->port(), certificate());
    client.send("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhel");
    EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 408 "));
}

TEST(HttpsServer, ClosesIdleConnectionsWithoutAWord) {
    const auto server = start(at_once(echo), {.idle = 50ms});
    RawClient client(server->port(), certificate());
    client.send("GET /a HTTP/1.1\r\n\r\n");
    (void)client.read_until("GET /a ");
    EXPECT_EQ(client.read_all(), "");
}

TEST(HttpsServer, ClosesOnWhoDoesNotFinishTheHandshake) {
    const auto server = start(at_once(echo), {.handshake = 50ms});
    const int fd = test::connect_plain(server->port());
    const Socket socket(fd);
    EXPECT_EQ(test::read_plain(fd), "");
}

TEST(HttpsServer, ClosesOnGarbageInsteadOfTls) {
    const auto server = start(at_once(echo));
    const Socket socket(test::connect_plain(server->port()));
    test::write_plain(socket.fd(), "GET / HTTP/1.1\r\n\r\n");
    EXPECT_FALSE(test::read_plain(socket.fd()).contains("HTTP/1.1")); // an alert at most
    auto client = HttpsClient::create(client_config(server->port(), certificate())).value();
    EXPECT_EQ(ask(client, {}).value().status, 200);
}

TEST(HttpsServer, SpeaksTls13Only) {
    const auto server = start(at_once(echo));
    EXPECT_TRUE(test::handshakes_with(server->port(), TLS1_3_VERSION));
    EXPECT_FALSE(test::handshakes_with(server->port(), TLS1_2_VERSION));
}

TEST(HttpsServer, NamesTheKeyOfAClientCertificate) {
    ServerConfig config = server_config(certificate());
    config.client_certificates = ClientCertificates::requested;
    const auto server =
        HttpsServer::listen(std::move(config), at_once([](const Request& request) {
                                return Response{.body = request.peer.key_sha256.value_or("nobody")};
                            }))
            .value();
    auto stranger = HttpsClient::create(client_config(server->port(), certificate())).value();
    EXPECT_EQ(as_text(ask(stranger, {}).value().body), "nobody");

    const TestCertificate own = make_certificate({.name = "host"});
    ClientConfig with_certificate = client_config(server->port(), certificate());
    with_certificate.identity = own.identity();
    auto known = HttpsClient::create(std::move(with_certificate)).value();
    EXPECT_EQ(as_text(ask(known, {}).value().body), own.pin());
}

/// Whether the second of two connections of one client resumes the first one's session.
bool resumes(const ClientTls& tls, const Endpoint& first, const Endpoint& second) {
    bool resumed = false;
    for (const Endpoint& server : {first, second}) {
        const Deadline soon = Deadline::clock::now() + 20s;
        auto stream = TlsStream::connect(tls, {.server = server, .resolve = {}, .deadline = soon});
        EXPECT_TRUE(stream.has_value());
        resumed = stream->resumed();
        EXPECT_TRUE(stream->write_all(as_bytes("GET /a HTTP/1.1\r\n\r\n"), soon));
        Buffer space(1024);
        EXPECT_TRUE(stream->read_some(space, soon)); // the ticket comes before the answer
    }
    return resumed;
}

ClientTls client_tls() {
    const ServerTrust trust = PinnedKey{certificate().pin()};
    return ClientTls::create(TlsVersions::only_1_3, &trust, std::nullopt).value();
}

TEST(HttpsServer, ResumesSessionsOfClientsWithoutCertificates) {
    const auto server = start(at_once(echo));
    const Endpoint here{.host = "127.0.0.1", .port = server->port()};
    const ClientTls tls = client_tls();
    EXPECT_TRUE(resumes(tls, here, here));
    EXPECT_TRUE(resumes(tls, here, here)); // each resumed session brings the next ticket
}

TEST(HttpsServer, ResumesNoSessionWhereItAsksForCertificates) {
    ServerConfig config = server_config(certificate());
    config.client_certificates = ClientCertificates::requested;
    const auto server = HttpsServer::listen(std::move(config), at_once(echo)).value();
    const Endpoint here{.host = "127.0.0.1", .port = server->port()};
    EXPECT_FALSE(resumes(client_tls(), here, here));
}

TEST(HttpsServer, ClientsResumeNoSessionWithAnotherHost) {
    const auto server = start(at_once(echo));
    EXPECT_FALSE(resumes(client_tls(),
                         {.host = "127.0.0.1", .port = server->port()},
                         {.host = "localhost", .port = server->port()}));
}

TEST(HttpsServer, AnotherProcessResumesNoSessionOfThisOne) {
    const auto one = start(at_once(echo));
    const auto other = start(at_once(echo));
    EXPECT_FALSE(resumes(client_tls(),
                         {.host = "127.0.0.1", .port = one->port()},
                         {.host = "127.0.0.1", .port = other->port()}));
}

TEST(HttpsServer, TakesAnAnswerFromAnotherThread) {
    std::vector<std::jthread> threads;
    const auto server = start([&](Request request, Reply reply) {
        threads.emplace_back([target = request.target, reply = std::move(reply)]() mutable {
            reply.send({.body = "later " + target});
        });
    });
    auto client = HttpsClient::create(client_config(server->port(), certificate())).value();
    EXPECT_EQ(as_text(ask(client, {.target = "/1"}).value().body), "later /1");
    EXPECT_EQ(as_text(ask(client, {.target = "/2"}).value().body), "later /2");
}

TEST(HttpsServer, Answers500WhereAReplyWasDropped) {
    const auto server = start([](const Request&, const Reply&) {});
    auto client = HttpsClient::create(client_config(server->port(), certificate())).value();
    const auto answer = ask(client, {});
    EXPECT_EQ(answer.value().status, 500);
    EXPECT_TRUE(as_text(answer->body).contains("INTERNAL_SERVER_ERROR"));
}

TEST(HttpsServer, SurvivesAReplyThatOutlivesIt) {
    std::mutex mutex;
    std::condition_variable came;
    std::vector<Reply> kept;
    auto server = start(
        [&](const Request&, Reply reply) {
            const std::scoped_lock lock(mutex);
            kept.push_back(std::move(reply));
            came.notify_all();
        },
        {.stop = 0ms});
    Result<ClientResponse> answer;
    std::jthread asking([&, port = server->port()] {
        auto client = HttpsClient::create(client_config(port, certificate())).value();
        answer = ask(client, {});
    });
    {
        std::unique_lock lock(mutex);
        came.wait(lock, [&] { return !kept.empty(); });
    }
    server.reset(); // with an answer pending
    asking.join();
    EXPECT_EQ(answer.value().status, 503);
    kept.front().send({}); // goes nowhere
    kept.clear();
}

TEST(HttpsServer, MakesAnAnswerInItsThread) {
    std::thread::id handler_thread;
    std::thread::id made_in;
    std::jthread sender;
    const auto server = start([&](const Request&, Reply reply) {
        handler_thread = std::this_thread::get_id();
        sender = std::jthread([&made_in, reply = std::move(reply)]() mutable {
            reply.send_made([&made_in] {
                made_in = std::this_thread::get_id();
                return Response{.status = 200, .body = "made"};
            });
        });
    });
    auto client = HttpsClient::create(client_config(server->port(), certificate())).value();
    EXPECT_EQ(as_text(ask(client, {}).value().body), "made");
    EXPECT_EQ(made_in, handler_thread);
}

TEST(HttpsServer, Answers500WhereAnAnswerCannotBeMade) {
    const auto server =
        start([](const Request&, Reply reply) { reply.send_made([]() -> Response { throw 1; }); });
    auto client = HttpsClient::create(client_config(server->port(), certificate())).value();
    EXPECT_EQ(ask(client, {}).value().status, 500);
    EXPECT_EQ(ask(client, {}).value().status, 500);
}

TEST(HttpsServer, CallsAfterEachRound) {
    std::vector<Reply> round; // of the server's thread
    ServerConfig config = server_config(certificate());
    config.after_round = [&] {
        for (Reply& reply : std::exchange(round, {}))
            reply.send({.status = 200, .body = "of a round"});
    };
    const auto server = HttpsServer::listen(std::move(config), [&](const Request&, Reply reply) {
                            round.push_back(std::move(reply));
                        }).value();
    auto client = HttpsClient::create(client_config(server->port(), certificate())).value();
    for (int i = 0; i < 3; ++i)
        EXPECT_EQ(as_text(ask(client, {}).value().body), "of a round");
}

TEST(HttpsServer, LetsPendingAnswersOutWhenItStops) {
    WorkerPool pool({.threads = 1, .queue = 4});
    std::mutex mutex;
    std::condition_variable changed;
    bool entered = false;
    bool go = false;
    auto server = start(in_workers(pool, [&](const Request& request) {
        std::unique_lock lock(mutex);
        entered = true;
        changed.notify_all();
        changed.wait(lock, [&] { return go; });
        return echo(request);
    }));
    Result<ClientResponse> answer;
    std::jthread asking([&, port = server->port()] {
        auto client = HttpsClient::create(client_config(port, certificate())).value();
        answer = ask(client, {.target = "/pending"});
    });
    std::jthread stopping([&] {
        {
            std::unique_lock lock(mutex);
            changed.wait(lock, [&] { return entered; });
        }
        std::jthread letting_go([&] {
            const std::scoped_lock lock(mutex);
            go = true;
            changed.notify_all();
        });
        server->stop();
    });
    stopping.join();
    asking.join();
    EXPECT_EQ(as_text(answer.value().body), "GET /pending ");
}

TEST(HttpsServer, ServesManyKeepAliveConnectionsAtOnce) {
    WorkerPool pool({.threads = 4, .queue = 1024});
    const auto server = start(in_workers(pool, echo));
    std::atomic<int> good = 0;
    {
        std::vector<std::jthread> clients;
        for (int i = 0; i < 20; ++i)
            clients.emplace_back([&, i] {
                auto client = HttpsClient::create(client_config(server->port(), certificate())).value();
                for (int n = 0; n < 10; ++n) {
                    const std::string target = "/" + std::to_string(i) + "/" + std::to_string(n);
                    const auto answer = ask(client, {.target = target});
                    if (answer && as_text(answer->body) == "GET " + target + " ")
                        ++good;
                }
            });
    }
    EXPECT_EQ(good, 200);
}

TEST(HttpsServer, MakesConnectionsOverTheLimitWait) {
    const auto server = start(at_once(echo), {.idle = 50ms, .connections = 1});
    auto first = HttpsClient::create(client_config(server->port(), certificate())).value();
    auto second = HttpsClient::create(client_config(server->port(), certificate())).value();
    EXPECT_EQ(ask(first, {}).value().status, 200);
    EXPECT_EQ(ask(second, {}).value().status, 200); // once the first has been idle for long enough
}

TEST(HttpsServer, SaysThatAPortIsTaken) {
    const auto server = start(at_once(echo));
    ServerConfig config = server_config(certificate());
    config.port = server->port();
    const auto second = HttpsServer::listen(std::move(config), at_once(echo));
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().where, "net.listen");
    EXPECT_EQ(second.error().code, Errc::exists);
}

TEST(HttpsServer, RefusesAKeyThatIsNotTheCertificates) {
    ServerConfig config = server_config(certificate());
    config.identity.private_key = make_certificate().identity().private_key;
    const auto server = HttpsServer::listen(std::move(config), at_once(echo));
    ASSERT_FALSE(server);
    EXPECT_EQ(server.error().where, "tls.key");
}

TEST(InWorkers, Answers503WhenThePoolIsFull) {
    std::mutex mutex;
    std::condition_variable changed;
    bool entered = false;
    bool go = false;
    WorkerPool pool({.threads = 1, .queue = 2, .queue_of_one = 1});
    const auto occupy = [&] {
        std::unique_lock lock(mutex);
        entered = true;
        changed.notify_all();
        changed.wait(lock, [&] { return go; });
    };
    ASSERT_TRUE(pool.submit(occupy));
    {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return entered; });
    }
    ASSERT_TRUE(pool.submit([] {}));
    EXPECT_FALSE(pool.submit([] {}));
    ASSERT_TRUE(pool.submit("another", [] {})); // which has a place of its own
    const auto server = start(in_workers(pool, echo));
    auto client = HttpsClient::create(client_config(server->port(), certificate())).value();
    const auto busy = ask(client, {}).value();
    EXPECT_EQ(busy.status, 503);
    EXPECT_EQ(busy.header("retry-after"), "1");
    {
        const std::scoped_lock lock(mutex);
        go = true;
        changed.notify_all();
    }
}

TEST(InWorkers, Answers500WhenTheHandlerThrows) {
    WorkerPool pool({.threads = 1, .queue = 4});
    const auto server = start(in_workers(pool, [](const Request&) -> Response { throw 1; }));
    auto client = HttpsClient::create(client_config(server->port(), certificate())).value();
    EXPECT_EQ(ask(client, {}).value().status, 500);
}

} // namespace
} // namespace vouchsafe::net

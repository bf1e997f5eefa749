#include "net/https_server.h"

#include "net/https_session.h"
#include "net/tls_context.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace vouchsafe::net {

namespace {

constexpr long most_sessions = 16'384; // of under 1 KiB each
constexpr long session_seconds = 3'600;

/// Without client certificates a session holds nothing but its secret, and resuming it saves a signature. The
/// sessions stay here, one ticket each: cheaper than tickets that carry them, and gone with the process.
void resume_sessions(SSL_CTX& context) {
    constexpr std::string_view scope = "vouchsafe";
    SSL_CTX_set_options(&context, SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(&context, 1);
    SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_SERVER);
    SSL_CTX_sess_set_cache_size(&context, most_sessions);
    SSL_CTX_set_timeout(&context, session_seconds);
    VS_CHECK(SSL_CTX_set_session_id_context(
                 &context, as_bytes(scope).data(), static_cast<unsigned>(scope.size())) == 1);
}

/// With client certificates stateless tickets cost more than the handshake they save, and a session that
/// outlives a withdrawn trust would have to be hunted down.
void forget_sessions(SSL_CTX& context) {
    SSL_CTX_set_num_tickets(&context, 0);
    SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
}

Result<asio::ssl::context> server_tls(const ServerConfig& config) {
    asio::ssl::context context(asio::ssl::context::tls_server);
    SSL_CTX& raw = *context.native_handle();
    VS_CHECK(SSL_CTX_set_min_proto_version(&raw, TLS1_3_VERSION) == 1);
    VS_CHECK(SSL_CTX_set1_groups_list(&raw, "X25519:P-256") == 1);
    SSL_CTX_set_read_ahead(&raw, 1);
    SSL_CTX_set_options(&raw, SSL_OP_CLEANSE_PLAINTEXT); // passwords come in this way
    if (config.client_certificates == ClientCertificates::ignored) {
        resume_sessions(raw);
    } else {
        forget_sessions(raw);
        SSL_CTX_set_verify(&raw, SSL_VERIFY_PEER, nullptr);
        // Any certificate will do: the handshake proves the key, the handler knows whose it is.
        SSL_CTX_set_cert_verify_callback(&raw, [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
    }
    VS_TRY_VOID(use_identity(raw, config.identity));
    return context;
}

} // namespace

struct HttpsServer::Impl {
    asio::io_context io{1};
    asio::ssl::context tls;
    Shared shared;
    tcp::acceptor acceptor{io};
    asio::steady_timer accept_gate{io};
    std::uint16_t port = 0;

    std::mutex mutex{};
    std::condition_variable ended{};
    std::size_t open = 0; // sessions; under the mutex
    std::thread thread{};

    Impl(asio::ssl::context context, ServerConfig config, Handler handler)
        : tls(std::move(context)), shared{.config = std::move(config), .handler = std::move(handler)} {
        shared.session_ended = [this] {
            accept_gate.cancel();
            const std::scoped_lock lock(mutex);
            --open;
            ended.notify_all();
        };
    }

    Result<void> bind() {
        error_code error;
        const auto address = asio::ip::make_address(shared.config.address, error);
        if (error)
            return fail(Errc::malformed, "net.listen", "not an address: " + shared.config.address);
        const tcp::endpoint endpoint(address, shared.config.port);
        acceptor.open(endpoint.protocol(), error);
        if (!error)
            acceptor.set_option(tcp::acceptor::reuse_address(true), error);
        if (!error)
            acceptor.bind(endpoint, error);
        if (!error)
            acceptor.listen(asio::socket_base::max_listen_connections, error);
        if (error)
            return fail(error == asio::error::address_in_use ? Errc::exists : Errc::unavailable,
                        "net.listen",
                        "cannot listen on port " + std::to_string(shared.config.port) + ": " +
                            error.message());
        port = acceptor.local_endpoint(error).port();
        return {};
    }

    asio::awaitable<void> accept() {
        while (acceptor.is_open()) {
            error_code error;
            if (shared.sessions.size() >= shared.config.limits.connections) {
                accept_gate.expires_at(asio::steady_timer::time_point::max());
                co_await accept_gate.async_wait(into(error));
                continue;
            }
            tcp::socket socket(io);
            co_await acceptor.async_accept(socket, into(error));
            if (!error) {
                begin(std::move(socket));
            } else if (acceptor.is_open()) { // out of descriptors: wait for one
                accept_gate.expires_after(std::chrono::milliseconds(100));
                co_await accept_gate.async_wait(into(error));
            }
        }
    }

    void begin(tcp::socket socket) {
        error_code ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        {
            const std::scoped_lock lock(mutex);
            ++open;
        }
        asio::co_spawn(
            io, Session::run(std::make_shared<Session>(std::move(socket), tls, shared)), asio::detached);
    }

    /// Waits for an event, and handles all that have come meanwhile, up to a bound: a round.
    void run() {
        constexpr int most = 256;
        while (io.run_one() > 0) {
            for (int i = 1; i < most && io.poll_one() > 0; ++i) {
            }
            if (shared.config.after_round)
                shared.config.after_round();
        }
    }

    bool wait_until_all_ended(std::chrono::milliseconds limit) {
        std::unique_lock lock(mutex);
        return ended.wait_for(lock, limit, [this] { return open == 0; });
    }

    void for_each_session(void (Session::*step)()) {
        asio::post(io, [this, step] {
            const auto sessions = shared.sessions; // a step may end a session
            for (Session* session : sessions)
                if (shared.sessions.contains(session))
                    (session->*step)();
        });
    }

    void stop() {
        if (!thread.joinable())
            return;
        asio::post(io, [this] {
            error_code ignored;
            shared.stopping = true;
            acceptor.close(ignored);
            accept_gate.cancel();
        });
        for_each_session(&Session::wind_down);
        bool all_ended = wait_until_all_ended(shared.config.limits.stop);
        if (!all_ended) {
            for_each_session(&Session::give_up);
            all_ended = wait_until_all_ended(std::chrono::seconds(1));
        }
        while (!all_ended) {
            for_each_session(&Session::close);
            all_ended = wait_until_all_ended(std::chrono::seconds(1));
        }
        thread.join(); // nothing is left for it to do
    }
};

Result<std::unique_ptr<HttpsServer>> HttpsServer::listen(ServerConfig config, Handler handler) {
    VS_TRY(asio::ssl::context tls, server_tls(config));
    auto impl = std::make_unique<Impl>(std::move(tls), std::move(config), std::move(handler));
    VS_TRY_VOID(impl->bind());
    asio::co_spawn(impl->io, impl->accept(), asio::detached);
    impl->thread = std::thread([impl = impl.get()] { impl->run(); });
    return std::unique_ptr<HttpsServer>(new HttpsServer(std::move(impl)));
}

HttpsServer::HttpsServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

HttpsServer::~HttpsServer() {
    stop();
}

std::uint16_t HttpsServer::port() const {
    return impl_->port;
}

void HttpsServer::stop() {
    impl_->stop();
}

} // namespace vouchsafe::net

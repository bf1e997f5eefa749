// Within net: one connection of the HTTPS server. All of it belongs to the server's one thread; only
// Reply::State is shared with others.
#pragma once

#include "net/http_parser.h"
#include "net/https_server.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace vouchsafe::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// co_await x(into(error)): errors as values.
inline asio::redirect_error_t<asio::use_awaitable_t<>> into(error_code& error) {
    return {asio::use_awaitable, error};
}

// Between whoever holds the reply and the connection that waits for it; either may go first.
struct Reply::State {
    std::mutex mutex;
    std::function<void(Make)> deliver; // empty once answered, or once nobody waits; only posts

    void answer(Make make);
    void forget();
};

class Session;

/// What the sessions of one server share.
struct Shared {
    ServerConfig config;
    Handler handler;
    std::set<Session*> sessions{};
    bool stopping = false;
    std::function<void()> session_ended{};
};

class Session final : public std::enable_shared_from_this<Session> {
public:
    Session(tcp::socket socket, asio::ssl::context& tls, Shared& shared);
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    // The session lives as long as its coroutine: `self` is in the coroutine's frame.
    static asio::awaitable<void> run(std::shared_ptr<Session> self);

    // The server stops: a session that is between requests ends now, one with an answer to come after it.
    void wind_down();

    // The answer that is waited for shall not come any more.
    void give_up();
    void close();

private:
    const ServerLimits& limits() const { return shared_.config.limits; }

    // Everything that waits for the peer has a limit: when it passes, what is under way on the socket ends
    // with an error. The timer is set anew only for a deadline before the one that it waits for: else it
    // looks when it gets there.
    void arm(std::chrono::milliseconds limit);
    void disarm();
    void wait_for_deadline();
    void look_at_deadline();
    void learn_peer();
    asio::awaitable<void> serve();

    // True when a request is there, whole. Otherwise what was wrong has been answered, if anyone listens.
    asio::awaitable<bool> read_request(RequestParser& parser);
    asio::awaitable<bool> begin_body(RequestParser& parser);
    void take_from_buffer(RequestParser& parser);
    asio::awaitable<bool> read_more(bool idle);

    // True when the connection can serve another request.
    asio::awaitable<bool> answer(RequestParser& parser);
    void call_handler(Request request);
    void take_answer(Reply::Make make);
    asio::awaitable<bool> write(std::string text);

    // Answers, then reads on for a moment and throws away what still comes: closing a socket with unread
    // bytes would reset the connection, and the peer would lose the answer.
    asio::awaitable<void> refuse(Response response);
    asio::awaitable<void> say_goodbye();

    using Stream = asio::ssl::stream<tcp::socket>;

    Shared& shared_;
    Stream stream_;
    asio::steady_timer timer_;
    asio::steady_timer gate_;
    Buffer buffer_;
    std::size_t held_ = 0; // bytes of buffer_ that are not taken yet
    asio::steady_timer::time_point deadline_ = asio::steady_timer::time_point::max();
    std::size_t waits_ = 0; // of the timer, so far
    bool waiting_ = false;  // the last of them goes on
    PeerIdentity peer_;
    std::shared_ptr<Reply::State> reply_; // shared with the reply that the handler holds
    std::optional<Response> answer_;
    bool late_ = false;
    bool body_begun_ = false;
    bool answering_ = false;
    bool refused_ = false;
    bool served_ = false; // a request at least
};

} // namespace vouchsafe::net

#include "net/https_session.h"

#include "base/secret.h"
#include "net/completes.h"
#include "net/tls_context.h"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>

namespace vouchsafe::net {

namespace {

std::size_t body_limit(const ServerConfig& config, Method method, std::string_view target) {
    return config.body_limit ? config.body_limit(method, target) : 64 * 1024;
}

} // namespace

void Reply::State::answer(Make make) {
    const std::scoped_lock lock(mutex);
    if (const auto once = std::exchange(deliver, nullptr))
        once(std::move(make));
}

void Reply::State::forget() {
    const std::scoped_lock lock(mutex);
    deliver = nullptr;
}

Reply::Reply(std::shared_ptr<State> state) : state_(std::move(state)) {}

Reply::Reply(std::function<void(Response)> deliver) : state_(std::make_shared<State>()) {
    state_->deliver = [deliver = std::move(deliver)](Make make) { deliver(make()); };
}

Reply& Reply::operator=(Reply&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
}

Reply::~Reply() {
    if (state_)
        state_->answer([] { return error_response(500, "net.no_answer", "The server failed."); });
}

void Reply::send(Response response) {
    send_made([response = std::move(response)]() mutable { return std::move(response); });
}

void Reply::send_made(Make make) {
    state_->answer(std::move(make));
}

Session::Session(tcp::socket socket, asio::ssl::context& tls, Shared& shared)
    : shared_(shared), stream_(std::move(socket), tls), timer_(stream_.get_executor()),
      gate_(stream_.get_executor(), asio::steady_timer::time_point::max()),
      buffer_(shared.config.limits.header_bytes + 4096) {
    shared_.sessions.insert(this);
}

Session::~Session() {
    wipe(buffer_);
    shared_.sessions.erase(this);
    shared_.session_ended();
}

asio::awaitable<void> Session::run(std::shared_ptr<Session> self) {
    error_code error;
    self->arm(self->limits().handshake);
    co_await self->stream_.async_handshake(asio::ssl::stream_base::server, into(error));
    if (!error) {
        self->learn_peer();
        co_await self->serve();
    }
    self->disarm();
    self->close();
}

void Session::wind_down() {
    if (!answering_)
        close();
}

void Session::give_up() {
    if (!reply_)
        return;
    reply_->answer([] { return error_response(503, "net.stopping", "The server is stopping."); });
}

void Session::close() {
    error_code ignored;
    timer_.cancel();
    gate_.cancel();
    // Else OpenSSL forgets the session when the client has gone without a goodbye, and it is never resumed.
    SSL_set_shutdown(stream_.native_handle(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    stream_.next_layer().close(ignored);
}

void Session::arm(std::chrono::milliseconds limit) {
    late_ = false;
    deadline_ = asio::steady_timer::clock_type::now() + limit;
    if (!waiting_ || deadline_ < timer_.expiry())
        wait_for_deadline();
}

void Session::disarm() {
    deadline_ = asio::steady_timer::time_point::max();
}

void Session::wait_for_deadline() {
    waiting_ = true;
    timer_.expires_at(deadline_);
    timer_.async_wait([weak = weak_from_this(), wait = ++waits_](error_code error) {
        const auto self = weak.lock();
        if (!error && self && self->waits_ == wait)
            self->look_at_deadline();
    });
}

void Session::look_at_deadline() {
    waiting_ = false;
    if (deadline_ == asio::steady_timer::time_point::max())
        return;
    if (deadline_ > asio::steady_timer::clock_type::now())
        return wait_for_deadline();
    late_ = true;
    error_code ignored;
    stream_.next_layer().cancel(ignored);
}

void Session::learn_peer() {
    error_code error;
    const auto endpoint = stream_.next_layer().remote_endpoint(error);
    if (!error)
        peer_.address = endpoint.address().to_string() + ":" + std::to_string(endpoint.port());
    const X509Certificate certificate(SSL_get1_peer_certificate(stream_.native_handle()));
    if (certificate)
        peer_.key_sha256 = spki_sha256(*certificate);
}

asio::awaitable<void> Session::serve() {
    bool go_on = true;
    while (go_on && !shared_.stopping) {
        RequestParser parser(limits().header_bytes);
        const bool complete = co_await read_request(parser);
        if (complete)
            go_on = co_await answer(parser);
        else
            go_on = false;
    }
    co_await say_goodbye();
}

asio::awaitable<bool> Session::read_request(RequestParser& parser) {
    // Between two requests a peer may be silent; a new one has come to ask.
    bool idle = held_ == 0 && served_;
    arm(idle ? limits().idle : limits().header);
    while (true) {
        take_from_buffer(parser);
        if (parser.state() == RequestParser::State::done) {
            served_ = true;
            co_return true;
        }
        if (parser.state() == RequestParser::State::body && !body_begun_) {
            const bool wanted = co_await begin_body(parser);
            if (!wanted)
                co_return false;
            continue;
        }
        if (parser.state() == RequestParser::State::refused) {
            co_await refuse(parser.refusal());
            co_return false;
        }
        if (held_ == buffer_.size()) {
            co_await refuse(
                error_response(431, "net.header_too_large", "The header of the request is too large."));
            co_return false;
        }
        const bool came = co_await read_more(idle);
        if (!came)
            co_return false;
        if (idle) {
            idle = false;
            arm(limits().header);
        }
    }
}

asio::awaitable<bool> Session::begin_body(RequestParser& parser) {
    if (parser.content_length() > body_limit(shared_.config, parser.method(), parser.target())) {
        co_await refuse(error_response(413, "net.body_too_large", "The body of the request is too large."));
        co_return false;
    }
    body_begun_ = true;
    arm(limits().body);
    if (parser.expects_continue() && held_ == 0) {
        const bool sent = co_await write("HTTP/1.1 100 Continue\r\n\r\n");
        co_return sent;
    }
    co_return true;
}

void Session::take_from_buffer(RequestParser& parser) {
    const std::size_t taken = parser.feed(Bytes(buffer_).first(held_));
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(taken),
              buffer_.begin() + static_cast<std::ptrdiff_t>(held_),
              buffer_.begin());
    held_ -= taken;
    wipe(std::span(buffer_).subspan(held_, taken));
}

asio::awaitable<bool> Session::read_more(bool idle) {
    error_code error;
    std::size_t got = 0;
    if (!late_)
        got = co_await stream_.async_read_some(asio::buffer(buffer_.data() + held_, buffer_.size() - held_),
                                               into(error));
    held_ += got;
    if (late_ && !idle && !shared_.stopping)
        co_await refuse(error_response(408, "net.too_slow", "The request took too long to arrive."));
    co_return !error && !late_;
}

asio::awaitable<bool> Session::answer(RequestParser& parser) {
    disarm();
    body_begun_ = false;
    const bool keep_alive = parser.keep_alive();
    const bool with_body = parser.method() != Method::head;
    answering_ = true;
    answer_.reset();
    reply_ = std::make_shared<Reply::State>();
    reply_->deliver = [weak = weak_from_this(), executor = stream_.get_executor()](Reply::Make make) {
        asio::post(executor, [weak, make = std::move(make)]() mutable {
            if (const auto self = weak.lock())
                self->take_answer(std::move(make));
        });
    };
    call_handler(parser.take());
    error_code ignored;
    if (!answer_)
        co_await gate_.async_wait(into(ignored)); // until take_answer or close
    reply_->forget();
    reply_.reset();
    bool sent = false;
    if (answer_) {
        arm(limits().write);
        const bool last = !keep_alive || shared_.stopping;
        sent = co_await write(encode_response(*answer_, with_body, !last));
        sent = sent && !last;
    }
    answer_.reset();
    answering_ = false;
    co_return sent;
}

void Session::call_handler(Request request) {
    request.peer = peer_;
    (void)completes(
        [&] { shared_.handler(std::move(request), Reply(reply_)); }); // else the reply answers 500
}

void Session::take_answer(Reply::Make make) {
    if (!completes([&] { answer_ = make(); }))
        answer_ = error_response(500, "net.handler", "The server failed.");
    gate_.cancel();
}

asio::awaitable<bool> Session::write(std::string text) {
    error_code error;
    co_await asio::async_write(stream_, asio::buffer(text), into(error));
    co_return !error && !late_;
}

asio::awaitable<void> Session::refuse(Response response) {
    arm(std::min<std::chrono::milliseconds>(limits().write, std::chrono::seconds(2)));
    const bool sent = co_await write(encode_response(response, true, false));
    error_code error;
    if (!sent)
        co_return;
    stream_.next_layer().shutdown(tcp::socket::shutdown_send, error);
    while (!error && !late_)
        co_await stream_.next_layer().async_read_some(asio::buffer(buffer_), into(error));
    refused_ = true;
}

asio::awaitable<void> Session::say_goodbye() {
    if (refused_ || !stream_.next_layer().is_open())
        co_return;
    arm(std::min<std::chrono::milliseconds>(limits().write, std::chrono::seconds(1)));
    error_code ignored;
    co_await stream_.async_shutdown(into(ignored));
}

} // namespace vouchsafe::net

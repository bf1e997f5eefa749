// An HTTP proxy on loopback that makes tunnels (CONNECT), and misbehaves on demand. Header only, so that
// every test program can have it.
#pragma once

#include "base/result.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace vouchsafe::test {

class ConnectProxy {
public:
    ConnectProxy() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address = loopback(0);
        socklen_t size = sizeof address;
        auto* const any = reinterpret_cast<sockaddr*>(&address);
        VS_CHECK(::bind(listener_, any, size) == 0 && ::listen(listener_, 64) == 0);
        VS_CHECK(::getsockname(listener_, any, &size) == 0);
        port_ = ntohs(address.sin_port);
        thread_ = std::jthread([this] { serve(); });
    }

    ConnectProxy(const ConnectProxy&) = delete;
    ConnectProxy& operator=(const ConnectProxy&) = delete;

    ~ConnectProxy() {
        {
            const std::scoped_lock lock(mutex_);
            stopping_ = true;
            shut();
        }
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }

    std::uint16_t port() const { return port_; }

    /// What it answers instead of making a tunnel, if anything; empty: nothing at all.
    void answer_with(std::optional<std::string> answer) {
        const std::scoped_lock lock(mutex_);
        answer_ = std::move(answer);
    }

    /// Where tunnels lead, whatever was asked for; 0: to the port that was asked for, on loopback.
    std::atomic<std::uint16_t> leads_to = 0;

    /// "HOST:PORT" of each CONNECT, in order.
    std::vector<std::string> asked() const {
        const std::scoped_lock lock(mutex_);
        return asked_;
    }

    /// Ends every connection.
    void cut() {
        const std::scoped_lock lock(mutex_);
        shut();
    }

private:
    void shut() {
        for (const int fd : open_)
            ::shutdown(fd, SHUT_RDWR);
    }

    static sockaddr_in loopback(std::uint16_t port) {
        sockaddr_in out{};
        out.sin_family = AF_INET;
        out.sin_port = htons(port);
        out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        return out;
    }

    static void send_all(int fd, std::string_view text) {
        while (!text.empty()) {
            const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0)
                return;
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    static void forward(int from, int to) {
        std::array<char, 4096> buffer{};
        while (true) {
            const ssize_t got = ::recv(from, buffer.data(), buffer.size(), 0);
            if (got <= 0)
                break;
            send_all(to, std::string_view(buffer.data(), static_cast<std::size_t>(got)));
        }
        ::shutdown(to, SHUT_RDWR);
    }

    /// Known while it lasts, so that cut() reaches it.
    class Open {
    public:
        Open(ConnectProxy& of, int fd) : of_(of), fd_(fd) {
            const std::scoped_lock lock(of_.mutex_);
            of_.open_.push_back(fd);
            if (of_.stopping_)
                ::shutdown(fd, SHUT_RDWR);
        }

        Open(const Open&) = delete;
        Open& operator=(const Open&) = delete;

        ~Open() {
            const std::scoped_lock lock(of_.mutex_);
            std::erase(of_.open_, fd_);
            ::close(fd_);
        }

    private:
        ConnectProxy& of_;
        int fd_;
    };

    void serve() {
        std::vector<std::jthread> connections;
        while (true) {
            const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0)
                return;
            connections.emplace_back([this, fd] {
                const Open open(*this, fd);
                serve(fd);
            });
        }
    }

    void serve(int client) {
        std::string head;
        std::array<char, 4096> buffer{};
        while (!head.contains("\r\n\r\n")) {
            const ssize_t got = ::recv(client, buffer.data(), buffer.size(), 0);
            if (got <= 0)
                return;
            head.append(buffer.data(), static_cast<std::size_t>(got));
        }
        constexpr std::string_view method = "CONNECT ";
        const std::string target = head.substr(method.size(), head.find(" HTTP/1.1\r\n") - method.size());
        std::optional<std::string> answer;
        {
            const std::scoped_lock lock(mutex_);
            asked_.push_back(head.starts_with(method) ? target : head);
            answer = answer_;
        }
        if (answer) {
            send_all(client, *answer);
            while (::recv(client, buffer.data(), buffer.size(), 0) > 0) {
            }
            return;
        }
        const int wanted = std::atoi(target.substr(target.rfind(':') + 1).c_str());
        tunnel(client, leads_to != 0 ? leads_to.load() : static_cast<std::uint16_t>(wanted));
    }

    void tunnel(int client, std::uint16_t port) {
        const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const Open open(*this, server);
        const sockaddr_in address = loopback(port);
        if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
            return send_all(client, "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
        send_all(client, "HTTP/1.1 200 Connection established\r\nVia: 1.1 test\r\n\r\n");
        const std::jthread back([client, server] { forward(server, client); });
        forward(client, server);
    }

    int listener_;
    std::uint16_t port_ = 0;
    mutable std::mutex mutex_;
    std::optional<std::string> answer_;
    std::vector<std::string> asked_;
    std::vector<int> open_;
    bool stopping_ = false;
    std::jthread thread_;
};

} // namespace vouchsafe::test

#include "tests/support/tpm_proxy.h"

#include "base/reader.h"
#include "base/result.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <utility>

namespace vouchsafe::test {

namespace {

constexpr std::size_t header_size = 10; // tag, size, code

class Socket {
public:
    explicit Socket(int descriptor) : descriptor_(descriptor) {}

    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    ~Socket() { ::close(descriptor_); }

    int descriptor() const { return descriptor_; }

    bool send(Bytes bytes) const {
        while (!bytes.empty()) {
            const ssize_t n = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (n <= 0)
                return false;
            bytes = bytes.subspan(static_cast<std::size_t>(n));
        }
        return true;
    }

    /// One command or response; nothing when the other side has gone.
    std::optional<Buffer> receive() const {
        Buffer out(header_size);
        if (!fill(out, 0))
            return {};
        out.resize(Reader(Bytes(out).subspan(2)).big<std::uint32_t>("size").value());
        if (out.size() < header_size || !fill(out, header_size))
            return {};
        return out;
    }

private:
    bool fill(Buffer& out, std::size_t from) const {
        while (from < out.size()) {
            const ssize_t n = ::recv(descriptor_, out.data() + from, out.size() - from, 0);
            if (n <= 0)
                return false;
            from += static_cast<std::size_t>(n);
        }
        return true;
    }

    int descriptor_;
};

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    VS_CHECK(path.size() < sizeof address.sun_path);
    path.copy(address.sun_path, path.size());
    return address;
}

const sockaddr* as_sockaddr(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

/// Whether the first becomes readable before the proxy ends.
bool wait_for(int descriptor, int ended) {
    std::array<pollfd, 2> both{
        {{.fd = descriptor, .events = POLLIN, .revents = 0}, {.fd = ended, .events = POLLIN, .revents = 0}}};
    return ::poll(both.data(), both.size(), -1) > 0 && both[1].revents == 0;
}

} // namespace

TpmProxy::TpmProxy(std::string socket, std::function<Buffer(Bytes command, const Ask& tpm)> answer)
    : socket_(std::move(socket)), answer_(std::move(answer)) {
    std::string pattern = "/tmp/vs-XXXXXX"; // short: a socket's path has 108 bytes
    VS_CHECK(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
    const std::string own = folder_ + "/tpm";
    // tss2 speaks with swtpm itself on a second socket
    std::filesystem::create_symlink(socket_ + ".ctrl", own + ".ctrl");
    listening_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_un address = address_of(own);
    VS_CHECK(listening_ >= 0 && ::bind(listening_, as_sockaddr(address), sizeof address) == 0 &&
             ::listen(listening_, 1) == 0 && ::pipe(ended_) == 0);
    tcti_ = "swtpm:path=" + own;
    thread_ = std::thread([this] { serve(); });
}

TpmProxy::~TpmProxy() {
    ::close(ended_[1]);
    thread_.join();
    ::close(ended_[0]);
    ::close(listening_);
    std::filesystem::remove_all(folder_);
}

void TpmProxy::serve() {
    while (wait_for(listening_, ended_[0])) {
        const Socket client(::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC));
        const Socket tpm(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const sockaddr_un address = address_of(socket_);
        VS_CHECK(::connect(tpm.descriptor(), as_sockaddr(address), sizeof address) == 0);
        const Ask ask = [&tpm](Bytes command) {
            VS_CHECK(tpm.send(command));
            return tpm.receive().value();
        };
        while (wait_for(client.descriptor(), ended_[0])) {
            const auto command = client.receive();
            if (!command || !client.send(answer_(*command, ask)))
                break;
        }
    }
}

Buffer TpmProxy::refusal(std::uint32_t code) {
    constexpr std::uint16_t no_sessions = 0x8001;
    return Writer().big(no_sessions).big(static_cast<std::uint32_t>(header_size)).big(code).done();
}

std::uint32_t TpmProxy::command_code(Bytes command) {
    return Reader(command.subspan(6)).big<std::uint32_t>("code").value();
}

} // namespace vouchsafe::test

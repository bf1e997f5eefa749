// Slow and silent clients, all at once: each is given up at its limit, and nobody else waits for them.
#include "json/write.h"
#include "tests/e2e/wire_house.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <thread>

namespace vouchsafe::test {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr int of_each_kind = 12;
constexpr auto margin = 15s; // a machine that is busy may be late, never early

/// What became of one slow client.
struct Ended {
    std::string answer;
    Steady::duration after;
};

using SlowClient = std::function<std::string(std::uint16_t port, const std::string& pin)>;

// No hello at all; the server has nobody to answer.
std::string says_nothing(std::uint16_t port, const std::string&) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    VS_CHECK(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    std::string buffer(256, '\0');
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    ::close(fd);
    return got > 0 ? buffer : std::string();
}

std::string sends_no_request(std::uint16_t port, const std::string& pin) {
    return RawConnection(port, pin).read_all();
}

// `begin`, then a byte a second until the server has had enough.
std::string drips(std::uint16_t port, const std::string& pin, std::string_view begin) {
    RawConnection connection(port, pin);
    connection.send(begin);
    std::atomic<bool> closed = false;
    std::mutex mutex;
    std::string answer;
    // Reading and writing on one TLS connection take turns: an answer is looked for every second.
    while (!closed) {
        if (!connection.send("x"))
            break;
        answer += connection.read_all(1s);
        closed = status_of(answer) != 0;
    }
    return answer;
}

std::string drips_its_header(std::uint16_t port, const std::string& pin) {
    return drips(port, pin, "POST /v1/claim HTTP/1.1\r\nHost: localhost\r\nX: ");
}

std::string drips_its_body(std::uint16_t port, const std::string& pin) {
    return drips(port, pin, "POST /v1/claim HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n");
}

std::string stays_after_a_request(std::uint16_t port, const std::string& pin) {
    RawConnection connection(port, pin);
    connection.send("GET /v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    VS_CHECK(status_of(connection.read_answer()) == 200);
    return connection.read_all();
}

TEST(SlowClients, AreGivenUpWhileOthersAreServed) {
    WireHouse& house = WireHouse::get();
    AuthorityProcess& authority = house.authority;
    ASSERT_TRUE(releases(house.host));
    const std::int64_t revision = authority.revision();
    const auto descriptors = authority.daemon().descriptors();
    const auto challenge = house.host.challenge();
    ASSERT_TRUE(challenge);

    struct Kind {
        const char* what;
        SlowClient client;
        std::chrono::seconds limit;
        int status; ///< 0: closed without a word
    };

    const std::vector<Kind> kinds{
        {"says nothing", says_nothing, 10s, 0},
        {"sends no request", sends_no_request, 10s, 408},
        {"drips its header", drips_its_header, 10s, 408},
        {"drips its body", drips_its_body, 30s, 408},
        {"stays after a request", stays_after_a_request, 60s, 0},
    };
    std::vector<std::vector<Ended>> ended(kinds.size(), std::vector<Ended>(of_each_kind));
    std::atomic<std::size_t> left = kinds.size() * of_each_kind;
    const auto begin = Steady::now();
    {
        std::vector<std::jthread> threads;
        for (std::size_t kind = 0; kind < kinds.size(); ++kind)
            for (std::size_t i = 0; i < of_each_kind; ++i)
                threads.emplace_back([&, kind, i] {
                    const auto from = Steady::now();
                    ended[kind][i].answer = kinds[kind].client(authority.daemon().port(), authority.pin());
                    ended[kind][i].after = Steady::now() - from;
                    --left;
                });
        int served = 0;
        while (left > 0) {
            ASSERT_TRUE(releases(house.host)) << served;
            ++served;
            std::this_thread::sleep_for(500ms); // one question now and then: the slow ones are the load
        }
        EXPECT_GT(served, 10);
    }
    for (std::size_t kind = 0; kind < kinds.size(); ++kind)
        for (const Ended& one : ended[kind]) {
            SCOPED_TRACE(kinds[kind].what);
            EXPECT_EQ(status_of(one.answer), kinds[kind].status) << one.answer;
            EXPECT_GE(one.after, kinds[kind].limit - 1s); // not before its time
            EXPECT_LE(one.after, kinds[kind].limit + margin);
        }

    // By now the challenge of the beginning has expired too.
    std::this_thread::sleep_until(begin + 61s);
    const auto late = house.host.send(protocol::evidence_path, house.host.evidence_body(*challenge));
    ASSERT_TRUE(late);
    EXPECT_TRUE(says(*late, {403, "UNAUTHORIZED refused"}));

    EXPECT_TRUE(releases(house.host));
    EXPECT_EQ(authority.revision(), revision);
    if (const auto now = settled_descriptors(authority.daemon(), descriptors); now && descriptors) {
        EXPECT_LE(*now, *descriptors);
    }
    EXPECT_EQ(sanitizer_report(authority.daemon().log()), "");
}

} // namespace
} // namespace vouchsafe::test

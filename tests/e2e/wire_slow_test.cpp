// Slow and silent clients, all at once: each is given up at its limit, and nobody else waits for them.
#include "json/write.h"
#include "tests/e2e/wire_house.h"
#include "tests/e2e/wire_manager.h"

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

/// A server, something that it answers without asking who we are, and where a body may be sent.
struct Target {
    const char* what;
    std::uint16_t port;
    std::string pin;
    std::string get;
    int status; ///< of the answer to `get`
    std::string post;
};

using SlowClient = std::function<std::string(const Target& target)>;

// No hello at all; the server has nobody to answer.
std::string says_nothing(const Target& target) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(target.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    VS_CHECK(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    std::string buffer(256, '\0');
    const ssize_t got = ::read(fd, buffer.data(), buffer.size());
    ::close(fd);
    return got > 0 ? buffer : std::string();
}

std::string sends_no_request(const Target& target) {
    return RawConnection(target.port, target.pin).read_all();
}

// `begin`, then a byte a second until the server has had enough.
std::string drips(const Target& target, const std::string& begin) {
    RawConnection connection(target.port, target.pin);
    connection.send("POST " + target.post + " HTTP/1.1\r\nHost: localhost\r\n" + begin);
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

std::string drips_its_header(const Target& target) {
    return drips(target, "X: ");
}

std::string drips_its_body(const Target& target) {
    return drips(target, "Content-Length: 1000\r\n\r\n");
}

std::string stays_after_a_request(const Target& target) {
    RawConnection connection(target.port, target.pin);
    connection.send("GET " + target.get + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    VS_CHECK(status_of(connection.read_answer()) == target.status);
    return connection.read_all();
}

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

/// Clients of every kind at once; `others` is asked now and then until the last of them was given up.
void give_up_slow_clients(const std::vector<Target>& targets, const std::function<void()>& others) {
    struct One {
        const Target& target;
        const Kind& kind;
        Ended ended;
    };

    std::vector<One> all;
    for (const Target& target : targets)
        for (const Kind& kind : kinds)
            for (int i = 0; i < of_each_kind; ++i)
                all.push_back({.target = target, .kind = kind, .ended = {}});
    std::atomic<std::size_t> left = all.size();
    {
        std::vector<std::jthread> threads;
        for (One& one : all)
            threads.emplace_back([&one, &left] {
                const auto from = Steady::now();
                one.ended.answer = one.kind.client(one.target);
                one.ended.after = Steady::now() - from;
                --left;
            });
        int served = 0;
        while (left > 0 && !testing::Test::HasFatalFailure()) {
            others();
            ++served;
            std::this_thread::sleep_for(500ms); // one question now and then: the slow ones are the load
        }
        EXPECT_GT(served, 10);
    }
    for (const One& one : all) {
        SCOPED_TRACE(std::string(one.target.what) + ": " + one.kind.what);
        EXPECT_EQ(status_of(one.ended.answer), one.kind.status) << one.ended.answer;
        EXPECT_GE(one.ended.after, one.kind.limit - 1s); // not before its time
        EXPECT_LE(one.ended.after, one.kind.limit + margin);
    }
}

TEST(SlowClients, AreGivenUpWhileOthersAreServed) {
    WireHouse& house = WireHouse::get();
    AuthorityProcess& authority = house.authority;
    ManagerProcess manager("workload");
    ASSERT_TRUE(releases(house.host));
    const std::int64_t revision = authority.revision();
    const auto descriptors = authority.daemon().descriptors();
    const auto challenge = house.host.challenge();
    ASSERT_TRUE(challenge);

    const auto begin = Steady::now();
    give_up_slow_clients(
        {{"authorityd", authority.daemon().port(), authority.pin(), "/v1/health", 200, "/v1/claim"},
         {"managerd",
          manager.daemon().port(),
          manager.daemon().said("pin"),
          "/api/session",
          401,
          "/api/vouchsafe/v1/users"}},
        [&] {
            ASSERT_TRUE(releases(house.host));
            ASSERT_EQ(manager.send(manager.tester, net::Method::get, "/api/session").status, 200);
        });

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
    EXPECT_EQ(manager.daemon().stop(), 0);
    EXPECT_EQ(sanitizer_report(manager.daemon().log()), "");
}

} // namespace
} // namespace vouchsafe::test

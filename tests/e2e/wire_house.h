// What every suite of e2e.wire stands on: one claimed authority host, its key server, one trusted host; and
// the question after each test whether the daemon is as it was.
#pragma once

#include "net/tls_stream.h"
#include "tests/support/authority_process.h"
#include "tests/support/key_server_process.h"
#include "tests/support/played_host.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::test {

struct WireHouse {
    AuthorityProcess authority;
    KeyServerProcess key_server;
    PlayedHost host;
    std::string cluster;

    WireHouse();

    /// Made when first asked for, one for all tests.
    static WireHouse& get();
    /// Ends it; false when the daemon left a sanitizer's report or an exit status.
    static bool end();
};

/// A release that must work, by a fresh attestation.
testing::AssertionResult releases(PlayedHost& host);

/// Descriptors that are open once connections that we closed are closed at the other end too.
std::optional<std::size_t> settled_descriptors(const Daemon& daemon, std::optional<std::size_t> expected);

class WireTest : public testing::Test {
protected:
    WireTest() : house(WireHouse::get()), authority(house.authority), host(house.host) {}

    void SetUp() override;
    void TearDown() override;

    WireHouse& house;
    AuthorityProcess& authority;
    PlayedHost& host;

private:
    std::int64_t revision_ = 0;
    std::optional<std::size_t> descriptors_;
};

/// What a server must say: its status, and how "ERROR_TYPE id" begins.
struct Said {
    int status;
    std::string_view error;
};

testing::AssertionResult says(const net::ClientResponse& response, const Said& expected);

/// A connection over TLS 1.3 for bytes that no client would send.
class RawConnection {
public:
    RawConnection(std::uint16_t port, const std::string& pin);

    bool send(std::string_view bytes); ///< false once the server has closed
    /// All until the server closes or `limit` has passed.
    std::string read_all(std::chrono::seconds limit = std::chrono::seconds(90));
    /// One answer with a length; what came of it when the server closes before.
    std::string read_answer();

private:
    std::optional<net::ClientTls> tls_;
    std::optional<net::TlsStream> stream_;
};

/// The status of an HTTP answer, 0 when there is none.
int status_of(const std::string& answer);

} // namespace vouchsafe::test

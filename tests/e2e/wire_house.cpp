#include "tests/e2e/wire_house.h"

#include <array>
#include <cstdio>
#include <thread>

namespace vouchsafe::test {

namespace {

std::unique_ptr<WireHouse>& the_house() {
    static std::unique_ptr<WireHouse> house;
    return house;
}

constexpr std::chrono::seconds settling{10};

} // namespace

WireHouse::WireHouse() {
    authority.claim();
    cluster = authority.cluster();
    enrol(authority, host, "wire-1");
    add_provider(authority, key_server, "gold", {.name = "main", .address = key_server.address()});
    const auto attested = host.attest(); // the provider moved the epoch or it did not: a fresh result
    VS_CHECK(attested && attested->outcome == protocol::Outcome::trusted);

    // A primary key's check value is kept soon after its first use: the authority's own change, and the only
    // one that no test expects.
    const std::int64_t before = authority.revision();
    VS_CHECK(releases(host));
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (authority.revision() == before && std::chrono::steady_clock::now() < until)
        std::this_thread::yield();
    VS_CHECK(authority.revision() != before);
}

WireHouse& WireHouse::get() {
    if (!the_house())
        the_house() = std::make_unique<WireHouse>();
    return *the_house();
}

bool WireHouse::end() {
    if (!the_house())
        return true;
    Daemon& daemon = the_house()->authority.daemon();
    const int status = daemon.running() ? daemon.stop() : -1;
    const std::string report = sanitizer_report(daemon.log());
    if (status != 0 || !report.empty())
        std::printf("authorityd ended with %d\n%s\n", status, report.c_str());
    the_house().reset();
    return status == 0 && report.empty();
}

testing::AssertionResult releases(PlayedHost& host) {
    const auto attested = host.attest();
    if (!attested)
        return testing::AssertionFailure() << "attestation: " << attested.error().where;
    if (attested->outcome != protocol::Outcome::trusted)
        return testing::AssertionFailure() << "attestation: " << attested->reasons.front().code;
    if (const auto opened = host.open_session(); !opened)
        return testing::AssertionFailure() << "session: " << opened.error().where;
    const protocol::Context context = fresh_context();
    const auto made = host.release(protocol::GenerateKey{.provider = {"gold"}, .context = context});
    if (!made)
        return testing::AssertionFailure() << "generate-key: " << made.error().where;
    const auto again = host.release(
        protocol::DecryptKey{.provider = {"gold"}, .ciphertext = *made->ciphertext, .context = context});
    if (!again)
        return testing::AssertionFailure() << "decrypt: " << again.error().where;
    const bool same = made->key.expose(
        [&](Bytes a) { return again->key.expose([&](Bytes b) { return same_bytes(a, b); }); });
    return same ? testing::AssertionSuccess() : testing::AssertionFailure() << "another key came back";
}

std::optional<std::size_t> settled_descriptors(const Daemon& daemon, std::optional<std::size_t> expected) {
    const auto until = std::chrono::steady_clock::now() + settling;
    auto now = daemon.descriptors();
    while (now && expected && *now > *expected && std::chrono::steady_clock::now() < until) {
        std::this_thread::yield();
        now = daemon.descriptors();
    }
    return now;
}

void WireTest::SetUp() {
    ASSERT_TRUE(releases(host)); // every connection that we keep is open from now on
    revision_ = authority.revision();
    descriptors_ = authority.daemon().descriptors();
}

void WireTest::TearDown() {
    EXPECT_TRUE(releases(host));
    EXPECT_EQ(authority.revision(), revision_) << "something was half-written";
    EXPECT_EQ(sanitizer_report(authority.daemon().log()), "");
    if (const auto now = settled_descriptors(authority.daemon(), descriptors_); now && descriptors_) {
        EXPECT_LE(*now, *descriptors_) << "descriptors leak";
    }
}

testing::AssertionResult says(const net::ClientResponse& response, const Said& expected) {
    const std::string error = error_of(response);
    if (response.status == expected.status && !error.empty() && error.starts_with(expected.error))
        return testing::AssertionSuccess();
    return testing::AssertionFailure()
           << "expected " << expected.status << " " << expected.error << ", not " << response.status << " "
           << (error.empty() ? as_text(response.body).substr(0, 300) : error);
}

RawConnection::RawConnection(std::uint16_t port, const std::string& pin) {
    const net::ServerTrust trust = net::PinnedKey{.spki_sha256 = pin};
    auto tls = net::ClientTls::create(net::TlsVersions::only_1_3, &trust, std::nullopt);
    VS_CHECK(tls.has_value());
    tls_.emplace(*std::move(tls));
    auto stream =
        net::TlsStream::connect(*tls_,
                                {.server = {.host = "localhost", .port = port},
                                 .resolve = {},
                                 .deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30)});
    VS_CHECK(stream.has_value());
    stream_.emplace(*std::move(stream));
}

bool RawConnection::send(std::string_view bytes) {
    return stream_->write_all(as_bytes(bytes), std::chrono::steady_clock::now() + std::chrono::seconds(30))
        .has_value();
}

std::string RawConnection::read_all(std::chrono::seconds limit) {
    const auto until = std::chrono::steady_clock::now() + limit;
    std::string out;
    std::array<std::uint8_t, 4096> buffer{};
    for (auto got = stream_->read_some(buffer, until); got && *got > 0;
         got = stream_->read_some(buffer, until))
        out += as_text(std::span(buffer).first(*got));
    return out;
}

std::string RawConnection::read_answer() {
    constexpr std::string_view length_header = "Content-Length: ";
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    std::string out;
    std::array<std::uint8_t, 4096> buffer{};
    const auto is_whole = [&out, length_header] {
        const auto end = out.find("\r\n\r\n");
        const auto at = out.find(length_header);
        return end != std::string::npos && at != std::string::npos &&
               out.size() >= end + 4 + std::stoul(out.substr(at + length_header.size()));
    };
    while (!is_whole()) {
        const auto got = stream_->read_some(buffer, until);
        if (!got || *got == 0)
            break;
        out += as_text(std::span(buffer).first(*got));
    }
    return out;
}

int status_of(const std::string& answer) {
    return answer.starts_with("HTTP/1.1 ") ? std::stoi(answer.substr(9, 3)) : 0;
}

} // namespace vouchsafe::test

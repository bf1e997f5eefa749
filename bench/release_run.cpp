#include "bench/release_run.h"

#include "bench/cpu.h"
#include "bench/load_connection.h"
#include "bench/must.h"
#include "crypto/x509.h"
#include "tests/support/test_directory.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <utility>
#include <variant>

namespace vouchsafe::bench {

namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

constexpr const char* fetch_provider = "fetches";
constexpr const char* remote_provider = "asks";
constexpr std::size_t record_bytes = 700; // about what the record of a release has

double percentile(std::vector<double>& values, std::size_t percent) {
    VS_CHECK(!values.empty());
    std::ranges::sort(values);
    return values[std::min(values.size() - 1, values.size() * percent / 100)];
}

double timed_ms(const std::function<void()>& step) {
    const auto begin = Steady::now();
    step();
    return Microseconds(Steady::now() - begin).count() / 1000;
}

kmip::Deadline soon() {
    return Steady::now() + 10s;
}

std::vector<double> until(std::chrono::milliseconds time, const std::function<void()>& step) {
    std::vector<double> milliseconds;
    for (const auto end = Steady::now() + time; Steady::now() < end;)
        milliseconds.push_back(timed_ms(step));
    return milliseconds;
}

net::ClientTls tls_to(const test::ClusterLink& link) {
    const net::ServerTrust root = net::TrustedCa{.certificates_pem = link.services->root().pem()};
    return must(net::ClientTls::create(net::TlsVersions::only_1_3, &root, std::nullopt));
}

/// A file that grows by a record at a time, as the audit's does.
class GrowingFile {
public:
    explicit GrowingFile(const std::string& path) : fd_(::open(path.c_str(), O_CREAT | O_WRONLY, 0600)) {
        VS_CHECK(fd_ >= 0);
    }

    GrowingFile(const GrowingFile&) = delete;
    GrowingFile& operator=(const GrowingFile&) = delete;

    ~GrowingFile() { ::close(fd_); }

    void append() {
        const std::string record(record_bytes, 'r');
        VS_CHECK(::pwrite(fd_, record.data(), record.size(), at_) == std::ssize(record));
        VS_CHECK(::fdatasync(fd_) == 0);
        at_ += std::ssize(record);
    }

private:
    int fd_;
    off_t at_ = 0;
};

} // namespace

/// The KMIP client as a program of its own would have it: one connection, kept.
class ReleaseHouse::Direct final : public kmip::Transport {
public:
    explicit Direct(net::KmipTransport& transport) : transport_(transport) {}

    Result<Buffer> exchange(Bytes request, kmip::Deadline deadline) override {
        return transport_.exchange(request, deadline);
    }

private:
    net::KmipTransport& transport_;
};

/// A client that asks again and again, over a connection of its own.
class ReleaseHouse::Asking {
public:
    Asking(Client& client, const net::ClientTls& tls, const net::Endpoint& server)
        : client_(client), connection_(tls, server) {}

    void ask() {
        sealed_ = must(test::seal(client_.host.session(), client_.fetched.ask));
        since_ = Steady::now();
        connection_.post(protocol::release_path, "application/jose", sealed_.text);
    }

    protocol::ReleasedKey take_answer() {
        auto result = must(test::open_answer(client_.host.session(), sealed_, connection_.answer()));
        return std::get<protocol::ReleasedKey>(std::move(result));
    }

    const Client& client() const { return client_; }

    double milliseconds() const { return Microseconds(Steady::now() - since_).count() / 1000; }

    pollfd waiting() const { return {.fd = connection_.fd(), .events = POLLIN, .revents = 0}; }

private:
    Client& client_;
    LoadConnection connection_;
    protocol::SealedRequest sealed_{};
    Steady::time_point since_{};
};

ReleaseHouse::ReleaseHouse(Fleet& fleet, std::size_t clients) : fleet_(fleet) {
    VS_CHECK(clients <= fleet.hosts().size());
    connect_directly();
    test::AuthorityProcess& authority = fleet.authority();
    test::add_provider(authority, fetched_, fetch_provider, {.name = "one", .address = fetched_.address()});
    test::add_provider(authority, remote_, remote_provider, {.name = "one", .address = remote_.address()});
    authority.must("vouchsafe.provider_policy",
                   "set",
                   {{"provider", remote_provider}, {"spec", json::object({{"wrapping", "remote"}})}});
    before_ = records();
    for (std::size_t i = 0; i < clients; ++i) {
        test::PlayedHost& host = fleet.hosts()[i];
        host.use(fleet.link().fresh());
        const auto attested = host.attest();
        VS_CHECK(attested && attested->outcome == protocol::Outcome::trusted);
        VS_CHECK(host.open_session().has_value());
        clients_.push_back(
            {.host = host, .fetched = make(host, fetch_provider), .remote = make(host, remote_provider)});
    }
}

void ReleaseHouse::connect_directly() {
    const SysTime now = net::SystemClock().now();
    const auto key = crypto::EcPrivateKey::generate();
    const std::string certificate =
        crypto::make_self_signed(key,
                                 {.common_name = "bench",
                                  .dns_names = {},
                                  .usage = crypto::Usage::client,
                                  .validity = {.not_before = now - 1h, .not_after = now + 24h}})
            .pem();
    remote_.trust(certificate);
    transport_ = must(net::KmipTransport::create(
        {.server = remote_.address(),
         .trust = net::PinnedCertificates{.pem = {remote_.certificate_pem()}},
         .identity = {.certificate_pem = certificate, .private_key = key.to_secret_der()}}));
}

ReleaseHouse::Vm ReleaseHouse::make(test::PlayedHost& host, const char* provider) {
    const protocol::Context context = test::fresh_context();
    auto made = must(host.release(protocol::GenerateKey{.provider = {provider}, .context = context}));
    ++released_;
    return {.ask = {.provider = {provider}, .ciphertext = made.ciphertext.value(), .context = context},
            .key = std::move(made.key)};
}

void ReleaseHouse::check(const Vm& vm, const protocol::ReleasedKey& got) {
    VS_CHECK(crypto::equal(got.key, vm.key));
    ++released_;
}

void ReleaseHouse::release(Client& client, const Vm& vm) {
    check(vm, must(client.host.release(vm.ask)));
}

/// Milliseconds of each. In one thread: threads that have to be woken would cost the authority, and its
/// cache.
std::vector<double> ReleaseHouse::ask_at_once(std::vector<Asking>& clients, std::chrono::milliseconds time) {
    std::vector<pollfd> waiting;
    for (Asking& client : clients) {
        client.ask();
        waiting.push_back(client.waiting());
    }
    std::vector<double> walls;
    const auto end = Steady::now() + time;
    for (std::size_t open = clients.size(); open > 0;) {
        VS_CHECK(::poll(waiting.data(), waiting.size(), -1) > 0);
        for (std::size_t i = 0; i < clients.size(); ++i) {
            if (waiting[i].revents == 0)
                continue;
            check(clients[i].client().fetched, clients[i].take_answer());
            walls.push_back(clients[i].milliseconds());
            if (Steady::now() < end) {
                clients[i].ask();
            } else {
                waiting[i].fd = -1;
                --open;
            }
        }
    }
    return walls;
}

ReleasesAtOnce ReleaseHouse::at_once(std::chrono::milliseconds time) {
    const net::ClientTls tls = tls_to(fleet_.link());
    std::vector<Asking> clients;
    for (Client& client : clients_)
        clients.emplace_back(client, tls, fleet_.link().client->server());
    const auto& daemon = fleet_.authority().daemon();
    const auto begin = Steady::now();
    const auto authority_before = daemon.cpu();
    const auto own_before = own_cpu();
    std::vector<double> walls = ask_at_once(clients, time);
    const auto authority_spent = daemon.cpu() - authority_before;
    const auto own_spent = own_cpu() - own_before;
    const double seconds = Microseconds(Steady::now() - begin).count() / 1e6;
    const auto count = static_cast<double>(walls.size());
    return {.releases = walls.size(),
            .per_second = count / seconds,
            .authority_us = Microseconds(authority_spent).count() / count,
            .host_us = Microseconds(own_spent).count() / count,
            .p50_ms = percentile(walls, 50),
            .p99_ms = percentile(walls, 99)};
}

StepsInTurn ReleaseHouse::in_turn(std::chrono::milliseconds time) {
    GrowingFile file(fleet_.authority().state_folder() + "/bench");
    Client& client = clients_.front();
    Direct transport(*transport_);
    kmip::Client kmip(transport);
    const Buffer nonce(kmip::aead_nonce_size, 0x24);
    const Buffer data(32, 0x33); // as much as a blob has
    const kmip::AeadContext context{.key = {remote_.primary_key()}, .nonce = nonce, .additional_data = data};
    const auto sealed = kmip.encrypt(context, client.remote.key, soon());
    VS_CHECK(sealed.has_value());
    std::vector<double> syncs;
    std::vector<double> fetches;
    std::vector<double> remotes;
    std::vector<double> directs;
    std::vector<double> added;
    for (const auto end = Steady::now() + time; Steady::now() < end;) {
        syncs.push_back(timed_ms([&] { file.append(); }));
        fetches.push_back(timed_ms([&] { release(client, client.fetched); }));
        directs.push_back(timed_ms(
            [&] { VS_CHECK(kmip.decrypt(context, sealed->ciphertext, sealed->tag, soon()).has_value()); }));
        remotes.push_back(timed_ms([&] { release(client, client.remote); }));
        added.push_back(remotes.back() - fetches.back());
    }
    return {.fdatasync_ms = percentile(syncs, 50),
            .fetch_ms = percentile(fetches, 50),
            .remote_ms = percentile(remotes, 50),
            .kmip_ms = percentile(directs, 50),
            .added_ms = percentile(added, 50)};
}

double ReleaseHouse::get_us(std::chrono::milliseconds time) {
    Direct transport(*transport_);
    kmip::Client kmip(transport);
    const KeyId id{remote_.primary_key()};
    VS_CHECK(kmip.get(id, soon()).has_value()); // connection, version
    const auto before = remote_.cpu();
    const auto walls = until(time, [&] { VS_CHECK(kmip.get(id, soon()).has_value()); });
    return Microseconds(remote_.cpu() - before).count() / static_cast<double>(walls.size());
}

std::size_t ReleaseHouse::records() const {
    std::size_t out = 0;
    for (const audit::AuditRecord& record : fleet_.authority().audit_records())
        out += record.kind == audit::kind::release ? 1U : 0U;
    return out;
}

std::vector<Control> ReleaseHouse::controls() {
    Client& client = clients_.front();
    std::vector<Control> out;
    const auto refused = [&](std::string what, const protocol::DecryptKey& ask, std::string_view expected) {
        const auto got = client.host.release(ask);
        std::string code = got ? std::string() : got.error().where;
        const bool good = code == expected;
        out.push_back({.spoiled = std::move(what), .refused = std::move(code), .as_expected = good});
    };
    protocol::DecryptKey ask = client.fetched.ask;
    ask.ciphertext.back() ^= 1U;
    refused("blob", ask, "blob.open");
    ask = client.fetched.ask;
    ask.context = test::fresh_context();
    refused("context", ask, "blob.open");
    ask = client.fetched.ask;
    ask.provider = {remote_provider};
    refused("provider", ask, "gate.blob_provider");
    return out;
}

std::string ReleaseHouse::unrecorded() const {
    const std::size_t recorded = records() - before_;
    return recorded == released_
               ? std::string()
               : std::to_string(released_) + " releases, " + std::to_string(recorded) + " records of them";
}

} // namespace vouchsafe::bench

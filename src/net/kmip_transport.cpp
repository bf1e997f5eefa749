#include "net/kmip_transport.h"

#include "base/reader.h"
#include "net/tls_stream.h"

#include <array>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <vector>

namespace vouchsafe::net {

namespace {

// [KMIP 1.4 §9.1] Every message is one item: a tag of three bytes, the type Structure, a length of four.
constexpr std::size_t header_bytes = 8;
constexpr std::uint8_t response_message_tag[] = {0x42, 0x00, 0x7B};
constexpr std::uint8_t structure_type = 0x01;

Result<std::size_t> body_size(Bytes header, std::size_t most) {
    Reader reader(header);
    VS_TRY(const Bytes tag, reader.take(3, "kmip.frame"));
    VS_TRY(const auto type, reader.big<std::uint8_t>("kmip.frame"));
    VS_TRY(const auto size, reader.big<std::uint32_t>("kmip.frame"));
    if (!same_bytes(tag, response_message_tag) || type != structure_type || size % 8 != 0)
        return fail(Errc::malformed, "kmip.frame", "the server's answer is not a KMIP response message");
    if (size > most)
        return fail(Errc::too_large, "kmip.frame", "the server's answer is too large");
    return size;
}

Result<void> read_exactly(TlsStream& stream, std::span<std::uint8_t> into, Deadline deadline) {
    while (!into.empty()) {
        VS_TRY(const std::size_t got, stream.read_some(into, deadline));
        if (got == 0)
            return fail(Errc::unavailable, "net.connection", "the key server closed the connection");
        into = into.subspan(got);
    }
    return {};
}

struct Connection {
    TlsStream stream;
    Deadline born;
    Deadline used; ///< when it was last good
};

// So many callers at a time; the others wait, each until its deadline. Keeps what they leave for later.
class Pool {
public:
    explicit Pool(std::size_t places) : places_(places) {}

    class Place {
    public:
        explicit Place(Pool& of) : of_(of) {}

        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;

        ~Place() {
            {
                const std::scoped_lock lock(of_.mutex_);
                ++of_.places_;
            }
            of_.changed_.notify_one();
        }

    private:
        Pool& of_;
    };

    std::unique_ptr<Place> wait_until(Deadline deadline) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_until(lock, deadline, [this] { return places_ > 0; }))
            return nullptr;
        --places_;
        return std::make_unique<Place>(*this);
    }

    /// The one that was used last: the others may grow old and be closed.
    std::optional<Connection> take() {
        const std::scoped_lock lock(mutex_);
        if (kept_.empty())
            return std::nullopt;
        std::optional<Connection> out(std::move(kept_.back()));
        kept_.pop_back();
        return out;
    }

    void keep(Connection connection) {
        const std::scoped_lock lock(mutex_);
        kept_.push_back(std::move(connection));
    }

    void clear() {
        const std::scoped_lock lock(mutex_);
        kept_.clear();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t places_;
    std::vector<Connection> kept_;
};

} // namespace

struct KmipTransport::Impl {
    KmipTransportConfig config;
    ClientTls tls;
    Pool pool;

    /// A kept connection that is certainly good.
    std::optional<Connection> kept() {
        while (auto candidate = pool.take()) {
            const Deadline now = Deadline::clock::now();
            if (now - candidate->used < config.idle_limit && now - candidate->born < config.age_limit &&
                candidate->stream.is_quiet())
                return candidate;
        }
        return std::nullopt;
    }

    Result<Connection> fresh(Deadline deadline) {
        const Deadline now = Deadline::clock::now();
        VS_TRY(TlsStream stream,
               TlsStream::connect(tls,
                                  {.server = config.server,
                                   .resolve = config.resolve,
                                   .deadline = std::min(deadline, now + config.connect_limit),
                                   .cancellation = config.cancellation,
                                   .proxy = config.proxy ? &*config.proxy : nullptr}));
        return Connection{.stream = std::move(stream), .born = now, .used = now};
    }
};

namespace {

// The request out, and the first bytes of the answer in: what fails here says nothing of the answer.
Result<std::array<std::uint8_t, header_bytes>> ask(TlsStream& stream, Bytes request, Deadline deadline) {
    std::array<std::uint8_t, header_bytes> header{};
    VS_TRY_VOID(stream.write_all(request, deadline));
    VS_TRY_VOID(read_exactly(stream, header, deadline));
    return header;
}

} // namespace

KmipTransport::KmipTransport(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

KmipTransport::~KmipTransport() = default;

Result<std::unique_ptr<KmipTransport>> KmipTransport::create(KmipTransportConfig config) {
    const std::optional<TlsIdentity> identity{
        TlsIdentity{.certificate_pem = config.identity.certificate_pem,
                    .private_key = config.identity.private_key.clone()}};
    VS_TRY(ClientTls tls, ClientTls::create(TlsVersions::from_1_2, &config.trust, identity));
    const std::size_t places = config.connections;
    VS_CHECK(places > 0);
    auto impl = std::unique_ptr<Impl>(
        new Impl{.config = std::move(config), .tls = std::move(tls), .pool = Pool(places)});
    return std::unique_ptr<KmipTransport>(new KmipTransport(std::move(impl)));
}

Result<Buffer> KmipTransport::exchange(Bytes request, Deadline deadline) {
    const auto place = impl_->pool.wait_until(deadline);
    if (!place)
        return fail(Errc::timed_out, "net.deadline", "the connections to the key server are busy");
    std::optional<Connection> connection = impl_->kept();
    const bool was_kept = connection.has_value();
    if (!was_kept) {
        VS_TRY(connection, impl_->fresh(deadline));
    }
    const auto header = ask(connection->stream, request, deadline);
    if (!header) {
        if (!was_kept || header.error().code == Errc::timed_out)
            return std::unexpected(header.error());
        impl_->pool.clear(); // they are as old
        return fail(Errc::unavailable, "net.stale", "the key server had closed the connection");
    }
    VS_TRY(const std::size_t size, body_size(*header, impl_->config.message_bytes));
    Buffer answer(header_bytes + size); // sized once: no copies are left behind by growing
    std::ranges::copy(*header, answer.begin());
    if (auto read = read_exactly(connection->stream, std::span(answer).subspan(header_bytes), deadline);
        !read) {
        wipe(answer);
        return std::unexpected(std::move(read).error());
    }
    connection->used = Deadline::clock::now();
    impl_->pool.keep(*std::move(connection));
    return answer;
}

Result<std::string>
fetch_peer_certificate(const PeerAddress& peer, const ResolveMap& resolve, Deadline deadline) {
    VS_TRY(const ClientTls tls, ClientTls::create(TlsVersions::from_1_2, nullptr, std::nullopt));
    VS_TRY(const X509Certificate certificate,
           TlsStream::look(tls,
                           {.server = peer.server,
                            .resolve = resolve,
                            .deadline = deadline,
                            .proxy = peer.proxy ? &*peer.proxy : nullptr}));
    if (!certificate)
        return fail(Errc::untrusted, "net.tls_identity", "the server shows no certificate");
    return to_pem(*certificate);
}

} // namespace vouchsafe::net

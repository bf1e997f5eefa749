#include "net/kmip_transport.h"

#include "base/reader.h"
#include "net/tls_stream.h"

#include <array>
#include <condition_variable>
#include <mutex>
#include <optional>

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

// One caller at a time; the others wait, each until its deadline.
class Turnstile {
public:
    class Turn {
    public:
        explicit Turn(Turnstile& of) : of_(of) {}

        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;

        ~Turn() {
            {
                const std::scoped_lock lock(of_.mutex_);
                of_.taken_ = false;
            }
            of_.changed_.notify_one();
        }

    private:
        Turnstile& of_;
    };

    std::unique_ptr<Turn> wait_until(Deadline deadline) {
        std::unique_lock lock(mutex_);
        if (!changed_.wait_until(lock, deadline, [this] { return !taken_; }))
            return nullptr;
        taken_ = true;
        return std::make_unique<Turn>(*this);
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool taken_ = false;
};

} // namespace

struct KmipTransport::Impl {
    KmipTransportConfig config;
    ClientTls tls;
    Turnstile turnstile{};
    std::optional<TlsStream> kept{};
    Deadline kept_since{};

    Result<TlsStream> stream(Deadline deadline) {
        if (kept) {
            TlsStream candidate = *std::move(kept);
            kept.reset();
            if (Deadline::clock::now() - kept_since < config.idle_limit && candidate.is_quiet())
                return candidate;
        }
        const Deadline connected_by = std::min(deadline, Deadline::clock::now() + config.connect_limit);
        return TlsStream::connect(tls,
                                  {.server = config.server,
                                   .resolve = config.resolve,
                                   .deadline = connected_by,
                                   .cancellation = config.cancellation});
    }
};

KmipTransport::KmipTransport(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

KmipTransport::~KmipTransport() = default;

Result<std::unique_ptr<KmipTransport>> KmipTransport::create(KmipTransportConfig config) {
    const ServerTrust trust = config.trust;
    const std::optional<TlsIdentity> identity{
        TlsIdentity{.certificate_pem = config.identity.certificate_pem,
                    .private_key = config.identity.private_key.clone()}};
    VS_TRY(ClientTls tls, ClientTls::create(TlsVersions::from_1_2, &trust, identity));
    auto impl = std::unique_ptr<Impl>(new Impl{.config = std::move(config), .tls = std::move(tls)});
    return std::unique_ptr<KmipTransport>(new KmipTransport(std::move(impl)));
}

Result<Buffer> KmipTransport::exchange(Bytes request, Deadline deadline) {
    const auto turn = impl_->turnstile.wait_until(deadline);
    if (!turn)
        return fail(Errc::timed_out, "net.deadline", "the connection to the key server is busy");
    VS_TRY(TlsStream stream, impl_->stream(deadline));
    VS_TRY_VOID(stream.write_all(request, deadline));
    std::array<std::uint8_t, header_bytes> header{};
    VS_TRY_VOID(read_exactly(stream, header, deadline));
    VS_TRY(const std::size_t size, body_size(header, impl_->config.message_bytes));
    Buffer answer(header_bytes + size); // sized once: no copies are left behind by growing
    std::ranges::copy(header, answer.begin());
    if (auto read = read_exactly(stream, std::span(answer).subspan(header_bytes), deadline); !read) {
        wipe(answer);
        return std::unexpected(std::move(read).error());
    }
    impl_->kept = std::move(stream);
    impl_->kept_since = Deadline::clock::now();
    return answer;
}

Result<std::string>
fetch_peer_certificate(const Endpoint& server, const ResolveMap& resolve, Deadline deadline) {
    VS_TRY(const ClientTls tls, ClientTls::create(TlsVersions::from_1_2, nullptr, std::nullopt));
    VS_TRY(const X509Certificate certificate,
           TlsStream::look(tls, {.server = server, .resolve = resolve, .deadline = deadline}));
    if (!certificate)
        return fail(Errc::untrusted, "net.tls_identity", "the server shows no certificate");
    return to_pem(*certificate);
}

} // namespace vouchsafe::net

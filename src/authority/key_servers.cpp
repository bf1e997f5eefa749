#include "authority/key_servers.h"

#include "authority/provider_addresses.h"
#include "crypto/digest.h"
#include "json/write.h"

#include <algorithm>
#include <chrono>

namespace vouchsafe::authority {

namespace {

constexpr std::chrono::seconds usual_timeout{2};
constexpr std::chrono::seconds longest_timeout{30};

constexpr int answers_in_an_operation = 3;

std::chrono::seconds answer_limit(const inventory::Provider& provider) {
    const std::chrono::seconds wanted(provider.connection_timeout.value_or(usual_timeout.count()));
    return std::clamp(wanted, std::chrono::seconds(1), longest_timeout);
}

// A transport of the pool, for one exchange after the other.
class Shared final : public kmip::Transport {
public:
    explicit Shared(std::shared_ptr<net::KmipTransport> transport) : transport_(std::move(transport)) {}

    Result<Buffer> exchange(Bytes request, kmip::Deadline deadline) override {
        return transport_->exchange(request, deadline);
    }

private:
    std::shared_ptr<net::KmipTransport> transport_; // shared with the pool
};

std::string configuration_of(const inventory::Provider& provider, const inventory::KmipServer& server) {
    const std::string text = json::canonical(provider.to_json()) + json::canonical(server.address.to_json());
    return to_hex(crypto::sha256(as_bytes(text)));
}

} // namespace

std::string client_key_name(const std::string& provider_uid) {
    return "provider-" + provider_uid + "-client-key";
}

std::string password_name(const std::string& provider_uid) {
    return "provider-" + provider_uid + "-password";
}

std::string device_password_name(const std::string& provider_uid) {
    return "provider-" + provider_uid + "-device-password";
}

Result<Secret> KeyServers::open(const std::string& name, const std::optional<Buffer>& sealed) const {
    if (!sealed)
        return Secret();
    return secrets_.open(name, *sealed);
}

Result<std::optional<kmip::Credential>> KeyServers::credential(const inventory::Provider& provider) {
    if (!provider.username && !provider.device)
        return std::nullopt;
    kmip::Credential out{.username = provider.username.value_or(""), .password = Secret()};
    VS_TRY(out.password, open(password_name(provider.uid), provider.sealed_password));
    if (provider.device) {
        const inventory::KmipDevice& device = *provider.device;
        VS_TRY(Secret password, open(device_password_name(provider.uid), provider.sealed_device_password));
        out.device = kmip::Device{.serial_number = device.serial_number,
                                  .password = std::move(password),
                                  .device_identifier = device.device_identifier,
                                  .network_identifier = device.network_identifier,
                                  .machine_identifier = device.machine_identifier,
                                  .media_identifier = device.media_identifier};
    }
    return out;
}

kmip::Deadline KeyServers::deadline(const inventory::Provider& provider) {
    return std::chrono::steady_clock::now() + answers_in_an_operation * answer_limit(provider);
}

Result<kmip::Deadline> KeyServers::answer_deadline(const inventory::Provider& provider,
                                                   kmip::Deadline operation) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= operation)
        return fail(Errc::timed_out, "key_server.deadline", provider.name + ": no time is left to ask");
    return std::min<kmip::Deadline>(operation, now + answer_limit(provider));
}

void KeyServers::retain(const inventory::AuthorityState& state) {
    const std::scoped_lock lock(mutex_);
    std::erase_if(pool_, [&state](const auto& entry) {
        const inventory::Provider* const provider = state.provider_by_uid(entry.first.first);
        return provider == nullptr ||
               std::ranges::find(provider->servers, entry.first.second, &inventory::KmipServer::name) ==
                   provider->servers.end();
    });
}

std::size_t KeyServers::size() const {
    const std::scoped_lock lock(mutex_);
    return pool_.size();
}

Result<std::unique_ptr<kmip::Transport>> KeyServers::connect(const inventory::Provider& provider,
                                                             const inventory::KmipServer& server) {
    if (!provider.client_certificate || !provider.sealed_client_key)
        return fail(
            Errc::conflict, "provider.client_certificate", provider.name + ": has no client certificate yet");
    if (provider.trusted_peer_certificates.empty())
        return fail(Errc::untrusted,
                    "provider.peer_certificates",
                    provider.name + ": no certificate of its key server is trusted yet");
    const std::string configuration = configuration_of(provider, server);
    const std::scoped_lock lock(mutex_);
    std::shared_ptr<net::KmipTransport> transport;
    if (const auto found = pool_.find({provider.uid, server.name});
        found != pool_.end() && found->second.configuration == configuration)
        transport = found->second.transport;
    if (transport == nullptr) {
        VS_TRY(Secret key, secrets_.open(client_key_name(provider.uid), *provider.sealed_client_key));
        VS_TRY(
            transport,
            net::KmipTransport::create(
                {.server = endpoint_of(server.address),
                 .trust = net::PinnedCertificates{.pem = provider.trusted_peer_certificates},
                 .identity = {.certificate_pem = *provider.client_certificate, .private_key = std::move(key)},
                 .resolve = resolve_,
                 .proxy = proxy_of(provider)}));
        pool_[{provider.uid, server.name}] = {.configuration = configuration, .transport = transport};
    }
    return std::make_unique<Shared>(std::move(transport));
}

} // namespace vouchsafe::authority

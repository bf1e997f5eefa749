#include "authority/keyring.h"

#include "crypto/digest.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace vouchsafe::authority {

namespace {

constexpr std::string_view root_name = "root";
constexpr std::string_view root_certificate_name = "root-certificate";
constexpr std::string_view tls_name = "tls";
constexpr std::string_view config_name = "identity";

std::string key_name(token::KeyUse use) {
    return "key-" + std::string(token::to_string(use));
}

std::string certificate_name(token::KeyUse use) {
    return key_name(use) + "-certificate";
}

crypto::Validity ten_years(SysTime now) {
    return {.not_before = now - std::chrono::hours(1), .not_after = now + std::chrono::days(3652)};
}

Secret text_secret(std::string_view text) {
    return Secret(as_bytes(text));
}

std::string to_string(const Secret& secret) {
    return secret.expose([](Bytes bytes) { return std::string(as_text(bytes)); });
}

Result<crypto::EcPrivateKey> load_key(const store::SealedFiles& files, std::string_view name) {
    VS_TRY(const Secret der, files.load(name));
    return crypto::EcPrivateKey::from_secret_der(der);
}

} // namespace

ClusterIdentity identity_of(const crypto::EcPublicKey& root) {
    const std::string anchor = to_hex(crypto::sha256(root.spki_der()));
    return {.anchor = anchor, .group = anchor.substr(0, 32)};
}

Keyring::Keyring(Config config, crypto::EcPrivateKey root)
    : config_(std::move(config)), identity_(identity_of(root.public_key())), root_(std::move(root)) {}

Result<Keyring>
Keyring::create(store::SealedFiles& files, const Config& config, const Clock& clock, Random& random) {
    if (files.load(root_name))
        return fail(Errc::conflict, "keyring.exists", "this state directory has a root key already");
    const SysTime now = clock.now();
    Keyring ring(config, crypto::EcPrivateKey::generate());
    ring.root_certificate_ = crypto::make_ca_certificate(
        ring.root_, "Vouchsafe trust authority " + ring.identity_.group, ten_years(now));
    ring.tls_key_ = crypto::EcPrivateKey::generate();

    // The root key comes last: its presence says that all the others are there.
    VS_TRY_VOID(files.save(tls_name, ring.tls_key_->to_secret_der()));
    VS_TRY_VOID(files.save(root_certificate_name, text_secret(ring.root_certificate_->pem())));
    VS_TRY_VOID(files.save(config_name, text_secret(config.host.text + "\n" + config.tls_name)));
    for (const token::KeyUse use : token::all_key_uses) {
        auto key = crypto::EcPrivateKey::generate();
        VS_TRY(std::string certificate,
               token::issue_key_certificate(ring.root_,
                                            {.host = config.host,
                                             .use = use,
                                             .key = key.public_key(),
                                             .id = to_hex(random.bytes(16)),
                                             .times = token::times_from(now, std::chrono::days(3650))}));
        VS_TRY_VOID(files.save(key_name(use), key.to_secret_der()));
        VS_TRY_VOID(files.save(certificate_name(use), text_secret(certificate)));
        ring.keys_.emplace(use, std::move(key));
        ring.certificates_.push_back(std::move(certificate));
    }
    VS_TRY_VOID(files.save(root_name, ring.root_.to_secret_der()));
    return ring;
}

Result<Keyring> Keyring::load(const store::SealedFiles& files, const Clock& clock) {
    VS_TRY(crypto::EcPrivateKey root, load_key(files, root_name));
    VS_TRY(const Secret config_text, files.load(config_name));
    const std::string text = to_string(config_text);
    const auto line_end = text.find('\n');
    if (line_end == std::string::npos)
        return fail(Errc::malformed, "keyring.identity");
    Keyring ring({.host = AuthorityHostId{text.substr(0, line_end)}, .tls_name = text.substr(line_end + 1)},
                 std::move(root));

    VS_TRY(const Secret root_pem, files.load(root_certificate_name));
    VS_TRY(ring.root_certificate_, crypto::Certificate::from_pem(to_string(root_pem)));
    if (ring.root_certificate_->spki_der() != ring.root_.public_key().spki_der())
        return fail(Errc::untrusted, "keyring.root_certificate", "the root certificate is of another key");
    VS_TRY(ring.tls_key_, load_key(files, tls_name));
    for (const token::KeyUse use : token::all_key_uses) {
        VS_TRY(auto key, load_key(files, key_name(use)));
        VS_TRY(const Secret stored, files.load(certificate_name(use)));
        std::string certificate = to_string(stored);
        VS_TRY(const auto verified,
               token::verify_key_certificate(certificate, ring.root_.public_key(), clock.now()));
        if (verified->use != use || !(verified->key == key.public_key()) ||
            verified->host != ring.config_.host)
            return fail(Errc::untrusted, "keyring.certificate", "a key certificate does not fit its key");
        ring.keys_.emplace(use, std::move(key));
        ring.certificates_.push_back(std::move(certificate));
    }
    return ring;
}

auditlog::CheckpointSigner Keyring::checkpoint_signer() const {
    // Certificates stand in the order of the uses.
    const auto at =
        std::ranges::find(token::all_key_uses, token::KeyUse::checkpoint) - std::begin(token::all_key_uses);
    return {.host = config_.host,
            .key = key(token::KeyUse::checkpoint).clone(),
            .certificate = certificates_.at(static_cast<std::size_t>(at)),
            .root = root_.public_key()};
}

Result<std::string> Keyring::tls_certificate(const Clock& clock) const {
    const SysTime now = clock.now();
    const crypto::Certificate leaf = crypto::issue_server_certificate(
        root_,
        *root_certificate_,
        {.key = tls_key_->public_key(),
         .dns_names = {config_.tls_name},
         .validity = {.not_before = now - std::chrono::hours(1), .not_after = now + std::chrono::days(365)}});
    return crypto::pem_of(std::array{leaf, *root_certificate_});
}

std::string Keyring::tls_pin() const {
    return to_hex(crypto::sha256(tls_key_->public_key().spki_der()));
}

Result<json::Value>
Keyring::services_document(const Services& services, const Clock& clock, Random& random) const {
    VS_TRY(const std::string information,
           token::issue_services_information(
               key(token::KeyUse::services),
               {.anchor = identity_.anchor,
                .group = identity_.group,
                .cluster = services.cluster,
                .version = services.version,
                .hosts = {{.id = config_.host, .hostname = config_.tls_name, .port = services.port}},
                .id = to_hex(random.bytes(16)),
                .times = token::times_from(clock.now(), std::chrono::days(365))}));
    return token::services_document(*root_certificate_, certificates_, information);
}

} // namespace vouchsafe::authority

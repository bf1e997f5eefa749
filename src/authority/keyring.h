// The keys of one authority host: one key, one use, each certified under the cluster's root.
#pragma once

#include "auditlog/checkpoint.h"
#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "crypto/ec_key.h"
#include "crypto/x509.h"
#include "json/value.h"
#include "store/sealed_files.h"
#include "token/key_certificate.h"
#include "token/keys.h"
#include "token/services.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace vouchsafe::authority {

/// What the keys say of the cluster.
struct ClusterIdentity {
    std::string anchor; ///< hex SHA-256 of the root key's SubjectPublicKeyInfo
    std::string group;  ///< first 32 hex digits of the anchor: names the cluster in tokens
};

ClusterIdentity identity_of(const crypto::EcPublicKey& root);

/// Root, signing and TLS keys, held in memory while the daemon runs. Not thread-safe to change; const use is.
class Keyring {
public:
    struct Config {
        AuthorityHostId host;
        std::string tls_name; ///< the name that the TLS certificate names
    };

    /// Makes every key, certifies them and stores them sealed. `conflict` where a root key is stored already.
    static Result<Keyring>
    create(store::SealedFiles& files, const Config& config, const Clock& clock, Random& random);

    /// Reads them back, and checks that the certificates are the root's.
    static Result<Keyring> load(const store::SealedFiles& files, const Clock& clock);

    const Config& config() const { return config_; }

    const ClusterIdentity& identity() const { return identity_; }

    const crypto::EcPrivateKey& key(token::KeyUse use) const { return keys_.at(use); }

    const crypto::EcPublicKey& root_key() const { return root_.public_key(); }

    const crypto::Certificate& root_certificate() const { return *root_certificate_; }

    /// Who signs the checkpoints of this host's audit.
    auditlog::CheckpointSigner checkpoint_signer() const;

    const std::vector<std::string>& key_certificates() const { return certificates_; }

    /// Certificate chain (PEM) and key for the HTTPS server; the leaf is made anew at each start, for a year.
    Result<std::string> tls_certificate(const Clock& clock) const;

    const crypto::EcPrivateKey& tls_key() const { return *tls_key_; }

    /// Hex SHA-256 of the TLS key's SubjectPublicKeyInfo: the pin that `init` prints.
    std::string tls_pin() const;

    /// The services information with this host in it.
    struct Services {
        std::string cluster;
        std::int64_t version;
        std::uint16_t port;
    };

    Result<json::Value> services_document(const Services& services, const Clock& clock, Random& random) const;

private:
    Keyring(Config config, crypto::EcPrivateKey root);

    Config config_;
    ClusterIdentity identity_;
    crypto::EcPrivateKey root_;
    std::optional<crypto::Certificate> root_certificate_;
    std::optional<crypto::EcPrivateKey> tls_key_;
    std::map<token::KeyUse, crypto::EcPrivateKey> keys_;
    std::vector<std::string> certificates_;
};

} // namespace vouchsafe::authority

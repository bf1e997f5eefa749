// The key servers of a provider by KMIP: the ones that work first, and one after the other as the class of
// each failure allows.
//
// All servers of a provider must hold the same primary key. Which one it is, is known from the first time
// that the key is got: then every server is asked for it, and where they differ none of them is used. From
// then on a server with another value under the same identifier is excluded until it has the right one.
#pragma once

#include "base/result.h"
#include "inventory/provider.h"
#include "keyprovider/failover.h"
#include "keyprovider/primary_key.h"
#include "kmip/client.h"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace vouchsafe::keyprovider {

/// The port that opens ways to key servers: TLS, credentials and time are its business.
class KmipConnector {
public:
    KmipConnector() = default;
    KmipConnector(const KmipConnector&) = delete;
    KmipConnector& operator=(const KmipConnector&) = delete;
    virtual ~KmipConnector() = default;

    /// May be called by several threads.
    virtual Result<std::unique_ptr<kmip::Transport>> connect(const inventory::Provider& provider,
                                                             const inventory::KmipServer& server) = 0;
    /// What the provider's servers want besides the client certificate; nothing as a rule.
    virtual Result<std::optional<kmip::Credential>> credential(const inventory::Provider& provider) = 0;
    /// By when an exchange that starts now must have ended.
    virtual kmip::Deadline deadline(const inventory::Provider& provider) = 0;
};

class KmipKeyServer final : public KeyServer {
public:
    KmipKeyServer(KmipConnector& connector, const Clock& clock, Random& random)
        : connector_(connector), failover_(clock, random) {}

    Result<FetchedKey> fetch(const inventory::Provider& provider,
                             const inventory::Generation& generation) override;
    Result<kmip::Attributes> attributes(const inventory::Provider& provider,
                                        const inventory::Generation& generation) override;
    /// Only with KMIP 1.4 and later, which keep the tag, and only where the server takes our nonce.
    Result<Buffer> seal(const inventory::Provider& provider,
                        const inventory::Generation& generation,
                        const AeadInput& input,
                        const Secret& plain) override;
    Result<Secret> open(const inventory::Provider& provider,
                        const inventory::Generation& generation,
                        const AeadInput& input,
                        Bytes sealed) override;

    /// Gets the key from every server of the provider, and excludes those that have another one than is
    /// known; to be called now and then, and before an administrator is shown their health. An excluded
    /// server is asked too, and admitted when it has the right key; an open one only when its probe is due.
    void compare(const inventory::Provider& provider, const inventory::Generation& generation);

    /// What is known of a server.
    ServerRecord record(const inventory::Provider& provider, const inventory::KmipServer& server) const {
        return failover_.record(provider, server);
    }

private:
    using KeyName = std::pair<std::string, std::string>; ///< provider uid, primary key identifier

    template <class Use>
    auto ask(const inventory::Provider& provider, const inventory::KmipServer& server, const Use& use)
        -> std::invoke_result_t<const Use&, kmip::Client&, kmip::Deadline>;
    Result<FetchedKey>
    fetch_from(const inventory::Provider& provider, const inventory::KmipServer& server, const KeyId& id);
    std::optional<std::string> known_value(const KeyName& name) const;
    /// use(kmip::Client&, Deadline) on each server in turn, until one answers or one refuses for all.
    template <class Out, class Use>
    Result<Out> with_servers(const inventory::Provider& provider, const Use& use);

    KmipConnector& connector_;
    Failover failover_;
    mutable std::mutex mutex_;
    std::map<KeyName, std::string> known_values_; ///< check values
};

} // namespace vouchsafe::keyprovider

// The key servers of a provider by KMIP: one after the other, as the class of each failure allows.
#pragma once

#include "base/result.h"
#include "inventory/provider.h"
#include "keyprovider/primary_key.h"
#include "kmip/client.h"

#include <memory>
#include <optional>

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
    explicit KmipKeyServer(KmipConnector& connector) : connector_(connector) {}

    Result<FetchedKey> fetch(const inventory::Provider& provider,
                             const inventory::Generation& generation) override;
    Result<kmip::Attributes> attributes(const inventory::Provider& provider,
                                        const inventory::Generation& generation) override;

private:
    /// use(kmip::Client&, Deadline) on each server in turn, until one answers or one refuses for all.
    template <class Out, class Use>
    Result<Out> with_servers(const inventory::Provider& provider, const Use& use);

    KmipConnector& connector_;
};

} // namespace vouchsafe::keyprovider

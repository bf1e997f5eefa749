// Which key server of a provider is asked, and when one is left alone: decisions over a record of each
// server.
//
// Only requests that ended are evidence: a server that takes connections and never answers is as dead as one
// that refuses them. A refusal is an answer, so it counts for the server, not against it.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "inventory/provider.h"
#include "inventory/state.h"
#include "kmip/version.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::keyprovider {

struct FailoverOptions {
    unsigned failures_to_open = 3; ///< in a row; from then on only probes go there
    std::chrono::milliseconds probe_every{std::chrono::seconds{5}};
    std::chrono::milliseconds first_pause{100}; ///< after one failure; doubled with each further one
};

/// What is known of one key server, from the requests that ended.
struct ServerRecord {
    unsigned failures = 0;                        ///< in a row
    BootTime not_before{};                        ///< asked last, if at all, until then
    std::optional<Error> failure = std::nullopt;  ///< the last one, while it is the last thing that happened
    std::optional<Error> excluded = std::nullopt; ///< never asked while this stands, and why
    bool answered = false;                        ///< ever
    std::optional<kmip::ProtocolVersion> version = std::nullopt; ///< that was agreed on last

    friend bool operator==(const ServerRecord&, const ServerRecord&) = default;
};

/// What a request's end says of the server: that it works, that it is unfit for now, or that it does not take
/// us, which only an administrator can change.
enum class Verdict : std::uint8_t { works, unfit, refuses_us };

/// The verdict of an error of the kmip library or of a transport.
Verdict verdict_of(const Error& error);

/// Whether another server of the provider may do what this one did not.
bool worth_another_server(const Error& error);

ServerRecord after_success(ServerRecord record);
/// `jitter`, any number, moves the end of the pause by up to half of it, so that many clients do not come
/// back together.
ServerRecord after_failure(ServerRecord record,
                           const Error& error,
                           BootTime now,
                           std::uint32_t jitter,
                           const FailoverOptions& options = {});

/// Whether only probes go there.
bool is_open(const ServerRecord& record, const FailoverOptions& options = {});

/// The positions of the servers to ask, the best first: those in use in the order that they were given, then
/// those that pause after a failure or two, or refuse us, then the open ones whose probe is due. Excluded
/// ones and open ones whose probe is not due are left out.
std::vector<std::size_t>
order(const std::vector<ServerRecord>& records, BootTime now, const FailoverOptions& options = {});

/// The records of all servers of all providers. For several threads.
class Failover {
public:
    Failover(const Clock& clock, Random& random, FailoverOptions options = {});

    /// The servers to ask now, in this order. Fails when all are left alone, with the failure of the first.
    Result<std::vector<inventory::KmipServer>> servers_for(const inventory::Provider& provider) const;

    /// To be called before asking one of them. For an open server it takes the probe, so that others wait for
    /// the next; false when another call took it.
    bool claim(const inventory::Provider& provider, const inventory::KmipServer& server);

    void succeeded(const inventory::Provider& provider, const inventory::KmipServer& server);
    void failed(const inventory::Provider& provider, const inventory::KmipServer& server, const Error& error);
    void exclude(const inventory::Provider& provider, const inventory::KmipServer& server, const Error& why);
    /// Ends an exclusion.
    void admit(const inventory::Provider& provider, const inventory::KmipServer& server);

    /// Which version is spoken there, so that nobody has to ask again; nothing where none is.
    void agreed(const inventory::Provider& provider,
                const inventory::KmipServer& server,
                std::optional<kmip::ProtocolVersion> version);

    /// Forgets servers that the state does not have.
    void retain(const inventory::AuthorityState& state);
    std::size_t size() const; ///< records

    ServerRecord record(const inventory::Provider& provider, const inventory::KmipServer& server) const;

private:
    using Name = std::pair<std::string, std::string>; ///< provider uid; server's name, host and port
    ServerRecord find(const Name& name) const;
    static Name name_of(const inventory::Provider& provider, const inventory::KmipServer& server);

    const Clock& clock_;
    Random& random_;
    FailoverOptions options_;
    mutable std::mutex mutex_;
    std::map<Name, ServerRecord> records_;
};

} // namespace vouchsafe::keyprovider

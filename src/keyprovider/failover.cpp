#include "keyprovider/failover.h"

#include "kmip/failure.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace vouchsafe::keyprovider {

namespace {

/// How soon a server is asked: smaller is sooner.
enum class Rank : std::uint8_t { in_use, pausing, probe, left_alone };

Rank rank_of(const ServerRecord& record, BootTime now, const FailoverOptions& options) {
    if (record.excluded)
        return Rank::left_alone;
    const bool pausing = now < record.not_before;
    if (is_open(record, options))
        return pausing ? Rank::left_alone : Rank::probe;
    return pausing ? Rank::pausing : Rank::in_use;
}

} // namespace

Verdict verdict_of(const Error& error) {
    switch (kmip::failure_class(error)) {
    case kmip::FailureClass::transport:
    case kmip::FailureClass::server_fault:
    case kmip::FailureClass::protocol:
        return Verdict::unfit;
    case kmip::FailureClass::misconfigured:
        return Verdict::refuses_us;
    case kmip::FailureClass::replica_lag: // it answered, and that is what it knows
    case kmip::FailureClass::final:
        return Verdict::works;
    }
    std::unreachable();
}

bool worth_another_server(const Error& error) {
    switch (kmip::failure_class(error)) {
    case kmip::FailureClass::transport:
    case kmip::FailureClass::server_fault:
    case kmip::FailureClass::replica_lag:
    case kmip::FailureClass::misconfigured:
    case kmip::FailureClass::protocol:
        return true;
    case kmip::FailureClass::final:
        return false;
    }
    std::unreachable();
}

bool is_open(const ServerRecord& record, const FailoverOptions& options) {
    return record.failures >= options.failures_to_open;
}

ServerRecord after_success(ServerRecord record) {
    record.failures = 0;
    record.not_before = {};
    record.failure.reset();
    record.answered = true;
    return record;
}

ServerRecord after_failure(ServerRecord record,
                           const Error& error,
                           BootTime now,
                           std::uint32_t jitter,
                           const FailoverOptions& options) {
    switch (verdict_of(error)) {
    case Verdict::works:
        return after_success(std::move(record));
    case Verdict::unfit:
        record.failures = std::min(record.failures + 1, options.failures_to_open);
        break;
    case Verdict::refuses_us: // it costs nothing to ask, and may be mended at any time: only asked last
        record.failures = 0;
        break;
    }
    record.failure = error;
    const auto pause = record.failures == 0 || is_open(record, options)
                           ? options.probe_every
                           : options.first_pause * (std::int64_t{1} << (record.failures - 1U));
    record.not_before = now + pause + std::chrono::milliseconds(jitter % (pause.count() / 2 + 1));
    return record;
}

std::vector<std::size_t>
order(const std::vector<ServerRecord>& records, BootTime now, const FailoverOptions& options) {
    std::vector<std::size_t> out;
    for (const Rank rank : {Rank::in_use, Rank::pausing, Rank::probe})
        for (std::size_t at = 0; at < records.size(); ++at)
            if (rank_of(records[at], now, options) == rank)
                out.push_back(at);
    return out;
}

Failover::Failover(const Clock& clock, Random& random, FailoverOptions options)
    : clock_(clock), random_(random), options_(options) {
    VS_CHECK(options_.failures_to_open >= 1 && options_.failures_to_open < 16);
}

Failover::Name Failover::name_of(const inventory::Provider& provider, const inventory::KmipServer& server) {
    // Another address is another server.
    return {provider.uid,
            server.name + "\n" + server.address.hostname + "\n" + std::to_string(server.address.port)};
}

Result<std::vector<inventory::KmipServer>> Failover::servers_for(const inventory::Provider& provider) const {
    if (provider.servers.empty())
        return fail(Errc::unavailable, "key_server.none", "the provider has no key server");
    const BootTime now = clock_.boot_now();
    const std::scoped_lock lock(mutex_);
    std::vector<ServerRecord> records;
    records.reserve(provider.servers.size());
    for (const inventory::KmipServer& server : provider.servers)
        records.push_back(find(name_of(provider, server)));
    std::vector<inventory::KmipServer> out;
    for (const std::size_t at : order(records, now, options_))
        out.push_back(provider.servers[at]);
    if (!out.empty())
        return out;
    const ServerRecord& first = records.front();
    const Error& why = first.excluded ? *first.excluded : *first.failure;
    return std::unexpected(Error{.code = why.code,
                                 .where = why.where,
                                 .detail = "every key server is left alone for now: " + why.detail});
}

bool Failover::claim(const inventory::Provider& provider, const inventory::KmipServer& server) {
    const BootTime now = clock_.boot_now();
    const std::scoped_lock lock(mutex_);
    ServerRecord& record = records_[name_of(provider, server)];
    if (rank_of(record, now, options_) == Rank::left_alone)
        return false;
    if (is_open(record, options_))
        record.not_before = now + options_.probe_every;
    return true;
}

void Failover::succeeded(const inventory::Provider& provider, const inventory::KmipServer& server) {
    const std::scoped_lock lock(mutex_);
    ServerRecord& record = records_[name_of(provider, server)];
    record = after_success(std::move(record));
}

void Failover::failed(const inventory::Provider& provider,
                      const inventory::KmipServer& server,
                      const Error& error) {
    const BootTime now = clock_.boot_now();
    std::array<std::uint8_t, 3> bytes{};
    random_.fill(bytes);
    const auto jitter = static_cast<std::uint32_t>(bytes[0] | (bytes[1] << 8U) | (bytes[2] << 16U));
    const std::scoped_lock lock(mutex_);
    ServerRecord& record = records_[name_of(provider, server)];
    record = after_failure(std::move(record), error, now, jitter, options_);
}

void Failover::exclude(const inventory::Provider& provider,
                       const inventory::KmipServer& server,
                       const Error& why) {
    const std::scoped_lock lock(mutex_);
    records_[name_of(provider, server)].excluded = why;
}

void Failover::admit(const inventory::Provider& provider, const inventory::KmipServer& server) {
    const std::scoped_lock lock(mutex_);
    records_[name_of(provider, server)].excluded.reset();
}

void Failover::agreed(const inventory::Provider& provider,
                      const inventory::KmipServer& server,
                      std::optional<kmip::ProtocolVersion> version) {
    const std::scoped_lock lock(mutex_);
    records_[name_of(provider, server)].version = version;
}

void Failover::retain(const inventory::AuthorityState& state) {
    std::set<Name> wanted;
    for (const auto& [name, provider] : state.providers)
        for (const inventory::KmipServer& server : provider.servers)
            wanted.insert(name_of(provider, server));
    const std::scoped_lock lock(mutex_);
    std::erase_if(records_, [&](const auto& entry) { return !wanted.contains(entry.first); });
}

std::size_t Failover::size() const {
    const std::scoped_lock lock(mutex_);
    return records_.size();
}

ServerRecord Failover::record(const inventory::Provider& provider,
                              const inventory::KmipServer& server) const {
    const std::scoped_lock lock(mutex_);
    return find(name_of(provider, server));
}

ServerRecord Failover::find(const Name& name) const {
    const auto found = records_.find(name);
    return found != records_.end() ? found->second : ServerRecord{};
}

} // namespace vouchsafe::keyprovider

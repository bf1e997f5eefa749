#include "keyprovider/kmip_key_server.h"

#include "kmip/failure.h"

#include <set>
#include <utility>
#include <vector>

namespace vouchsafe::keyprovider {

namespace {

/// Who it was, for whoever has to mend it.
Error named(Error error, const inventory::KmipServer& server) {
    error.detail = "key server " + server.name + ": " + error.detail;
    return error;
}

Error other_value(const inventory::KmipServer& server) {
    return named({.code = Errc::conflict,
                  .where = "primary_key.check_value",
                  .detail =
                      "does not hold the same primary key as the provider's other key servers; it is not "
                      "used until it does"},
                 server);
}

} // namespace

template <class Use>
auto KmipKeyServer::ask(const inventory::Provider& provider,
                        const inventory::KmipServer& server,
                        const Use& use) -> std::invoke_result_t<const Use&, kmip::Client&, kmip::Deadline> {
    VS_TRY(const auto credential, connector_.credential(provider));
    auto transport = connector_.connect(provider, server);
    if (!transport)
        return std::unexpected(transport.error());
    kmip::Client client(**transport, {.credential = credential ? &*credential : nullptr});
    auto out = use(client, connector_.deadline(provider));
    if (out) {
        failover_.succeeded(provider, server);
        return out;
    }
    failover_.failed(provider, server, out.error());
    return std::unexpected(named(out.error(), server));
}

template <class Out, class Use>
Result<Out> KmipKeyServer::with_servers(const inventory::Provider& provider, const Use& use) {
    VS_TRY(const auto servers, failover_.servers_for(provider));
    Error last{.code = Errc::unavailable, .where = "key_server.none", .detail = "no key server was asked"};
    for (const inventory::KmipServer& server : servers) {
        if (!failover_.claim(provider, server))
            continue;
        auto out = use(server);
        if (out)
            return out;
        last = out.error();
        if (!worth_another_server(last))
            break;
    }
    return std::unexpected(std::move(last));
}

Result<FetchedKey> KmipKeyServer::fetch_from(const inventory::Provider& provider,
                                             const inventory::KmipServer& server,
                                             const KeyId& id) {
    return ask(provider, server, [&](kmip::Client& client, kmip::Deadline deadline) -> Result<FetchedKey> {
        VS_TRY(const kmip::Attributes attributes, client.get_attributes(id, deadline));
        VS_TRY(kmip::SymmetricKey key, client.get(id, deadline));
        return FetchedKey{.attributes = attributes, .key = std::move(key)};
    });
}

std::optional<std::string> KmipKeyServer::known_value(const KeyName& name) const {
    const std::scoped_lock lock(mutex_);
    const auto found = known_values_.find(name);
    return found != known_values_.end() ? std::optional(found->second) : std::nullopt;
}

void KmipKeyServer::compare(const inventory::Provider& provider, const inventory::Generation& generation) {
    const KeyName name{provider.uid, generation.primary_key};
    std::vector<std::pair<inventory::KmipServer, std::string>> seen;
    std::set<std::string> values;
    for (const inventory::KmipServer& server : provider.servers) {
        if (!failover_.claim(provider, server) && !failover_.record(provider, server).excluded)
            continue;
        const auto got = fetch_from(provider, server, {generation.primary_key});
        if (!got)
            continue;
        seen.emplace_back(server, check_value(got->key.material));
        values.insert(seen.back().second);
    }
    std::optional<std::string> known = known_value(name);
    if (!known && values.size() == 1) {
        known = *values.begin();
        const std::scoped_lock lock(mutex_);
        known = known_values_.emplace(name, *known).first->second; // another thread may have been first
    }
    for (const auto& [server, value] : seen)
        if (value == known)
            failover_.admit(provider, server);
        else
            failover_.exclude(provider, server, other_value(server));
}

Result<FetchedKey> KmipKeyServer::fetch(const inventory::Provider& provider,
                                        const inventory::Generation& generation) {
    const KeyName name{provider.uid, generation.primary_key};
    if (provider.servers.size() > 1 && !known_value(name))
        compare(provider, generation);
    const auto known = known_value(name);
    return with_servers<FetchedKey>(provider, [&](const inventory::KmipServer& server) -> Result<FetchedKey> {
        VS_TRY(FetchedKey got, fetch_from(provider, server, {generation.primary_key}));
        if (known && check_value(got.key.material) != *known) {
            failover_.exclude(provider, server, other_value(server));
            return std::unexpected(other_value(server));
        }
        return got;
    });
}

Result<kmip::Attributes> KmipKeyServer::attributes(const inventory::Provider& provider,
                                                   const inventory::Generation& generation) {
    return with_servers<kmip::Attributes>(provider, [&](const inventory::KmipServer& server) {
        return ask(provider, server, [&](kmip::Client& client, kmip::Deadline deadline) {
            return client.get_attributes({generation.primary_key}, deadline);
        });
    });
}

} // namespace vouchsafe::keyprovider

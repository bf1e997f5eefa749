#include "keyprovider/kmip_key_server.h"

#include "kmip/failure.h"

#include <utility>

namespace vouchsafe::keyprovider {

namespace {

/// Whether another server of the provider may do what this one did not.
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

/// Who it was, for whoever has to mend it.
Error named(Error error, const inventory::KmipServer& server) {
    error.detail = "key server " + server.name + ": " + error.detail;
    return error;
}

} // namespace

template <class Out, class Use>
Result<Out> KmipKeyServer::with_servers(const inventory::Provider& provider, const Use& use) {
    Error last{
        .code = Errc::unavailable, .where = "key_server.none", .detail = "the provider has no key server"};
    VS_TRY(const auto credential, connector_.credential(provider));
    for (const inventory::KmipServer& server : provider.servers) {
        auto transport = connector_.connect(provider, server);
        if (!transport) {
            last = transport.error();
            continue;
        }
        kmip::Client client(**transport, {.credential = credential ? &*credential : nullptr});
        auto out = use(client, connector_.deadline(provider));
        if (out)
            return out;
        last = named(out.error(), server);
        if (!worth_another_server(last))
            break;
    }
    return std::unexpected(std::move(last));
}

Result<FetchedKey> KmipKeyServer::fetch(const inventory::Provider& provider,
                                        const inventory::Generation& generation) {
    const KeyId id{generation.primary_key};
    return with_servers<FetchedKey>(
        provider, [&](kmip::Client& client, kmip::Deadline deadline) -> Result<FetchedKey> {
            VS_TRY(const kmip::Attributes attributes, client.get_attributes(id, deadline));
            VS_TRY(kmip::SymmetricKey key, client.get(id, deadline));
            return FetchedKey{.attributes = attributes, .key = std::move(key)};
        });
}

Result<kmip::Attributes> KmipKeyServer::attributes(const inventory::Provider& provider,
                                                   const inventory::Generation& generation) {
    const KeyId id{generation.primary_key};
    return with_servers<kmip::Attributes>(provider, [&](kmip::Client& client, kmip::Deadline deadline) {
        return client.get_attributes(id, deadline);
    });
}

} // namespace vouchsafe::keyprovider

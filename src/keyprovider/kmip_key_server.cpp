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
    if (provider.policy.wrapping == inventory::Wrapping::remote)
        return; // the key does not leave its key server
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

Result<Buffer> KmipKeyServer::seal(const inventory::Provider& provider,
                                   const inventory::Generation& generation,
                                   const AeadInput& input,
                                   const Secret& plain) {
    const kmip::AeadContext context{
        .key = KeyId{generation.primary_key}, .nonce = input.nonce, .additional_data = input.additional_data};
    const auto use = [&](kmip::Client& client, kmip::Deadline deadline) -> Result<Buffer> {
        VS_TRY(kmip::Sealed sealed, client.encrypt(context, plain, deadline));
        if (!same_bytes(sealed.nonce, input.nonce))
            return std::unexpected(
                kmip::failure(kmip::FailureClass::protocol, "it used another nonce than ours"));
        Buffer out = std::move(sealed.ciphertext);
        out.insert(out.end(), sealed.tag.begin(), sealed.tag.end());
        return out;
    };
    return with_servers<Buffer>(
        provider, [&](const inventory::KmipServer& server) { return ask(provider, server, use); });
}

namespace {

/// A key server that does not open something has answered: what it was given may be wrong, so that says
/// nothing of its health, or whoever sends changed blobs could make it seem broken. Some servers say General
/// Failure.
bool may_be_the_blob(const Error& error) {
    const kmip::FailureClass kind = kmip::failure_class(error);
    return kind == kmip::FailureClass::final || kind == kmip::FailureClass::server_fault;
}

Error not_opened(const Error& error) {
    const bool sure = kmip::failure_class(error) == kmip::FailureClass::final;
    return {.code = sure ? Errc::untrusted : Errc::unavailable,
            .where = "blob.open",
            .detail =
                error.detail + (sure ? "" : "; it may be another blob or context, or the server's fault")};
}

} // namespace

Result<Secret> KmipKeyServer::open(const inventory::Provider& provider,
                                   const inventory::Generation& generation,
                                   const AeadInput& input,
                                   Bytes sealed) {
    if (sealed.size() < kmip::aead_tag_size)
        return fail(Errc::untrusted, "blob.open", "too short for its tag");
    const std::size_t text = sealed.size() - kmip::aead_tag_size;
    const kmip::AeadContext context{
        .key = KeyId{generation.primary_key}, .nonce = input.nonce, .additional_data = input.additional_data};
    const auto use = [&](kmip::Client& client, kmip::Deadline deadline) -> Result<Result<Secret>> {
        auto opened = client.decrypt(context, sealed.first(text), sealed.subspan(text), deadline);
        if (!opened && !may_be_the_blob(opened.error()))
            return std::unexpected(opened.error());
        return opened;
    };
    auto opened = with_servers<Secret>(provider, [&](const inventory::KmipServer& server) -> Result<Secret> {
        VS_TRY(Result<Secret> answer, ask(provider, server, use));
        if (!answer)
            return std::unexpected(named(answer.error(), server));
        return answer;
    });
    if (!opened && may_be_the_blob(opened.error()))
        return std::unexpected(not_opened(opened.error()));
    return opened;
}

} // namespace vouchsafe::keyprovider

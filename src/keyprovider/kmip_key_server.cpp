#include "keyprovider/kmip_key_server.h"

#include "keyprovider/key_server_errors.h"
#include "kmip/failure.h"

#include <utility>
#include <vector>

namespace vouchsafe::keyprovider {

template <class Use>
auto KmipKeyServer::ask(const At& at, const Use& use)
    -> std::invoke_result_t<const Use&, kmip::Client&, kmip::Deadline> {
    VS_TRY(const kmip::Deadline deadline, connector_.answer_deadline(at.provider, at.end));
    VS_TRY(const auto credential, connector_.credential(at.provider));
    auto transport = connector_.connect(at.provider, at.server);
    if (!transport)
        return std::unexpected(transport.error());
    const auto attempt = [&](std::optional<kmip::ProtocolVersion> agreed) {
        kmip::Client client(**transport,
                            {.agreed = agreed, .credential = credential ? &*credential : nullptr});
        auto out = use(client, deadline);
        failover_.agreed(at.provider, at.server, client.agreed());
        return out;
    };
    const auto before = failover_.record(at.provider, at.server).version;
    auto out = attempt(before);
    if (!out && before && kmip::failure_class(out.error()) == kmip::FailureClass::protocol)
        out = attempt(std::nullopt);
    if (out) {
        failover_.succeeded(at.provider, at.server);
        return out;
    }
    failover_.failed(at.provider, at.server, out.error());
    return std::unexpected(named(out.error(), at.server));
}

template <class Out, class Use>
Result<Out>
KmipKeyServer::with_servers(const inventory::Provider& provider, kmip::Deadline end, const Use& use) {
    VS_TRY(const auto servers, failover_.servers_for(provider));
    std::optional<Error> last;
    for (const inventory::KmipServer& server : servers) {
        if (!failover_.claim(provider, server))
            continue;
        auto out = use(At{.provider = provider, .server = server, .end = end});
        if (out)
            return out;
        if (is_over(out.error())) // this one was not asked: what another said tells more
            return std::unexpected(last.value_or(out.error()));
        last = out.error();
        if (!worth_another_server(*last))
            break;
    }
    return std::unexpected(last.value_or(
        Error{.code = Errc::unavailable, .where = "key_server.none", .detail = "no key server was asked"}));
}

Result<FetchedKey> KmipKeyServer::fetch_at(const At& at, const inventory::Generation& generation) {
    const KeyId id{generation.primary_key};
    return ask(at, [&](kmip::Client& client, kmip::Deadline deadline) -> Result<FetchedKey> {
        VS_TRY(const kmip::Attributes attributes, client.get_attributes(id, deadline));
        VS_TRY(kmip::SymmetricKey key, client.get(id, deadline));
        return FetchedKey{.attributes = attributes, .key = std::move(key)};
    });
}

Result<FetchedKey> KmipKeyServer::fetch(const inventory::Provider& provider,
                                        const inventory::Generation& generation) {
    const kmip::Deadline end = connector_.deadline(provider);
    std::optional<std::string> known = generation.check_value;
    if (!known && provider.servers.size() > 1)
        known = compare_values(provider, generation, end);
    return with_servers<FetchedKey>(provider, end, [&](const At& at) -> Result<FetchedKey> {
        VS_TRY(FetchedKey got, fetch_at(at, generation));
        if (known && check_value(got.key.material) != *known) {
            failover_.exclude(provider, at.server, other_key(at.server));
            return std::unexpected(other_key(at.server));
        }
        return got;
    });
}

Result<kmip::Attributes> KmipKeyServer::attributes(const inventory::Provider& provider,
                                                   const inventory::Generation& generation) {
    return with_servers<kmip::Attributes>(provider, connector_.deadline(provider), [&](const At& at) {
        return ask(at, [&](kmip::Client& client, kmip::Deadline deadline) {
            return client.get_attributes({generation.primary_key}, deadline);
        });
    });
}

Result<Buffer> KmipKeyServer::seal_at(const At& at,
                                      const inventory::Generation& generation,
                                      const AeadInput& input,
                                      const Secret& plain) {
    const kmip::AeadContext context{
        .key = KeyId{generation.primary_key}, .nonce = input.nonce, .additional_data = input.additional_data};
    return ask(at, [&](kmip::Client& client, kmip::Deadline deadline) -> Result<Buffer> {
        VS_TRY(kmip::Sealed sealed, client.encrypt(context, plain, deadline));
        if (!same_bytes(sealed.nonce, input.nonce))
            return std::unexpected(
                kmip::failure(kmip::FailureClass::protocol, "it used another nonce than ours"));
        Buffer out = std::move(sealed.ciphertext);
        out.insert(out.end(), sealed.tag.begin(), sealed.tag.end());
        return out;
    });
}

Result<Buffer> KmipKeyServer::seal(const inventory::Provider& provider,
                                   const inventory::Generation& generation,
                                   const AeadInput& input,
                                   const Secret& plain) {
    const kmip::Deadline end = connector_.deadline(provider);
    const bool several = provider.servers.size() > 1;
    if (several && proofs_.block(provider, generation) == nullptr)
        begin_proofs(provider, generation, end);
    return with_servers<Buffer>(provider, end, [&](const At& at) -> Result<Buffer> {
        if (several)
            VS_TRY_VOID(prove(at, generation));
        return seal_at(at, generation, input, plain);
    });
}

Result<Result<Secret>> KmipKeyServer::open_at(const At& at,
                                              const inventory::Generation& generation,
                                              const AeadInput& input,
                                              Bytes sealed) {
    if (sealed.size() < kmip::aead_tag_size)
        return fail(Errc::untrusted, "blob.open", "too short for its tag");
    const std::size_t text = sealed.size() - kmip::aead_tag_size;
    const kmip::AeadContext context{
        .key = KeyId{generation.primary_key}, .nonce = input.nonce, .additional_data = input.additional_data};
    auto answer = ask(at, [&](kmip::Client& client, kmip::Deadline deadline) -> Result<Result<Secret>> {
        auto opened = client.decrypt(context, sealed.first(text), sealed.subspan(text), deadline);
        if (!opened && !may_be_the_blob(opened.error()))
            return std::unexpected(opened.error());
        return opened;
    });
    if (answer && !*answer)
        return Result<Secret>(std::unexpected(named(answer->error(), at.server)));
    return answer;
}

Result<Secret> KmipKeyServer::open(const inventory::Provider& provider,
                                   const inventory::Generation& generation,
                                   const AeadInput& input,
                                   Bytes sealed) {
    std::optional<std::pair<inventory::KmipServer, Error>> doubtful; // who said General Failure
    auto opened =
        with_servers<Secret>(provider, connector_.deadline(provider), [&](const At& at) -> Result<Secret> {
            VS_TRY(Result<Secret> answer, open_at(at, generation, input, sealed));
            if (answer || kmip::failure_class(answer.error()) == kmip::FailureClass::final)
                return answer;
            if (doubtful)
                return std::unexpected(kmip::failure(kmip::FailureClass::final,
                                                     answer.error().detail + ", as key server " +
                                                         doubtful->first.name + " says: it is the blob"));
            doubtful = {at.server, answer.error()};
            return answer;
        });
    if (opened && doubtful)
        failover_.failed(provider, doubtful->first, doubtful->second);
    if (!opened && may_be_the_blob(opened.error()))
        return std::unexpected(not_opened(opened.error()));
    if (!opened && doubtful)
        return std::unexpected(not_opened(doubtful->second));
    return opened;
}

// --- one key on all of them

std::vector<inventory::KmipServer> KmipKeyServer::to_compare(const inventory::Provider& provider) {
    std::vector<inventory::KmipServer> out;
    for (const inventory::KmipServer& server : provider.servers)
        if (failover_.claim(provider, server) || failover_.record(provider, server).excluded)
            out.push_back(server);
    return out;
}

std::optional<std::string> KmipKeyServer::compare_values(const inventory::Provider& provider,
                                                         const inventory::Generation& generation,
                                                         kmip::Deadline end) {
    std::vector<std::pair<inventory::KmipServer, std::string>> seen;
    bool agree = true;
    for (const inventory::KmipServer& server : to_compare(provider)) {
        const auto got = fetch_at({.provider = provider, .server = server, .end = end}, generation);
        if (!got)
            continue;
        seen.emplace_back(server, check_value(got->key.material));
        agree = agree && seen.back().second == seen.front().second;
    }
    std::optional<std::string> known = generation.check_value;
    if (!known && agree && !seen.empty())
        known = seen.front().second;
    for (const auto& [server, value] : seen)
        if (value == known)
            failover_.admit(provider, server);
        else
            failover_.exclude(provider, server, other_key(server));
    return known;
}

void KmipKeyServer::compare(const inventory::Provider& provider, const inventory::Generation& generation) {
    const kmip::Deadline end = connector_.deadline(provider);
    if (provider.policy.wrapping == inventory::Wrapping::remote)
        compare_blocks(provider, generation, end);
    else
        compare_values(provider, generation, end);
}

} // namespace vouchsafe::keyprovider

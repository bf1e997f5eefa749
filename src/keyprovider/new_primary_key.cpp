#include "keyprovider/new_primary_key.h"

#include "keyprovider/aead_trial.h"
#include "keyprovider/key_server_errors.h"
#include "keyprovider/key_state.h"
#include "kmip/failure.h"

#include <optional>
#include <utility>

namespace vouchsafe::keyprovider {

namespace {

struct OneServer {
    kmip::Client& client;
    kmip::Deadline deadline;
    const std::string& name;
};

/// By its name, where an earlier try may have made it.
Result<std::optional<KeyId>> find_made(const OneServer& at) {
    VS_TRY(const auto found, at.client.locate_by_name(at.name, 2, at.deadline));
    if (found.size() > 1)
        return fail(Errc::conflict, "primary_key.name", "the key server has several keys named " + at.name);
    return found.empty() ? std::nullopt : std::optional(found.front());
}

Result<KeyId> make(const OneServer& at, bool look_first) {
    std::optional<KeyId> id;
    if (look_first) {
        VS_TRY(id, find_made(at));
    }
    if (!id) {
        VS_TRY(id, at.client.create({.name = at.name}, at.deadline));
    }
    const auto activated = at.client.activate(*id, at.deadline);
    if (activated)
        return *id;
    VS_TRY(const kmip::Attributes attributes, at.client.get_attributes(*id, at.deadline));
    if (attributes.state == kmip::State::active) // by an earlier try, or by the server itself
        return *id;
    return std::unexpected(activated.error());
}

/// Active, and within its dates.
Result<void> check_wraps(kmip::State state, const kmip::Attributes& attributes, SysTime server_time) {
    if (state != kmip::State::active)
        return fail(Errc::conflict, "primary_key.state", "the primary key is " + kmip::to_string(state));
    if (wrap_window_at(attributes, server_time) != WrapWindow::open)
        return fail(Errc::conflict,
                    "primary_key.dates",
                    "the primary key may not wrap now, by its Process Start and Protect Stop dates");
    return {};
}

/// The check value on one server; nothing where the key is not to leave it.
Result<std::optional<std::string>> look(KeyServer& asked,
                                        const inventory::Provider& alone,
                                        const inventory::Generation& generation,
                                        SysTime now) {
    const auto wish = [&](const kmip::Attributes& attributes) {
        return KeyWish{.policy = alone.policy, .server_time = told_at(attributes, now)};
    };
    if (alone.policy.wrapping == inventory::Wrapping::remote) {
        VS_TRY(const kmip::Attributes attributes, asked.attributes(alone, generation));
        VS_TRY(const kmip::State state, check_attributes(attributes, wish(attributes)));
        VS_TRY_VOID(check_wraps(state, attributes, told_at(attributes, now)));
        return std::nullopt;
    }
    VS_TRY(const FetchedKey fetched, asked.fetch(alone, generation));
    VS_TRY(const kmip::State state, check_fetched(fetched, wish(fetched.attributes)));
    VS_TRY_VOID(check_wraps(state, fetched.attributes, told_at(fetched.attributes, now)));
    return check_value(fetched.key.material);
}

} // namespace

Result<KeyId>
create_primary_key(KmipConnector& connector, const inventory::Provider& provider, const std::string& name) {
    Error last{
        .code = Errc::unavailable, .where = "key_server.none", .detail = "the provider has no key server"};
    VS_TRY(const auto credential, connector.credential(provider));
    const kmip::Deadline end = connector.deadline(provider);
    bool tried = false;
    for (const inventory::KmipServer& server : provider.servers) {
        auto transport = connector.connect(provider, server);
        if (!transport) {
            last = named(transport.error(), server);
            continue;
        }
        // Twice: after a lost answer the key may be there, and only this server may know of it yet.
        for (int attempt = 0; attempt < 2; ++attempt) {
            const auto deadline = connector.answer_deadline(provider, end);
            if (!deadline)
                return std::unexpected(tried ? last : deadline.error());
            kmip::Client client(**transport, {.credential = credential ? &*credential : nullptr});
            auto id =
                make({.client = client, .deadline = *deadline, .name = name}, std::exchange(tried, true));
            if (id)
                return id;
            const kmip::FailureClass kind = kmip::failure_class(id.error());
            last = named(std::move(id).error(), server);
            if (kind == kmip::FailureClass::final)
                return std::unexpected(std::move(last));
            if (kind != kmip::FailureClass::transport)
                break;
        }
    }
    return std::unexpected(std::move(last));
}

Result<inventory::Generation> verify_primary_key(KeyServer& servers,
                                                 const inventory::Provider& provider,
                                                 inventory::Generation generation,
                                                 const VerifyBy& by) {
    for (const inventory::KmipServer& server : provider.servers) {
        inventory::Provider alone = provider;
        alone.servers = {server};
        inventory::Generation unknown = generation; // what is seen is compared here, once it is judged
        unknown.check_value.reset();
        const auto seen = look(servers, alone, unknown, by.now);
        if (!seen)
            return std::unexpected(named(seen.error(), server));
        if (generation.check_value && *seen && generation.check_value != *seen)
            return std::unexpected(named({.code = Errc::conflict,
                                          .where = "primary_key.check_value",
                                          .detail = "has another key under this identifier"},
                                         server));
        if (*seen)
            generation.check_value = *seen;
    }
    if (provider.policy.wrapping == inventory::Wrapping::remote)
        VS_TRY_VOID(test_replicas(servers, provider, generation, by.random));
    return generation;
}

} // namespace vouchsafe::keyprovider

// Generations of a trusted key provider: rotation, the end of old ones, and their return in a new cluster.
#include "authority/administration.h"
#include "json/members.h"
#include "keyprovider/new_primary_key.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

namespace vouchsafe::authority {

namespace {

using inventory::Generation;
using inventory::Provider;

constexpr std::chrono::days recent{30}; ///< uses that speak against retiring a generation

Result<const Provider*> provider_of(const Invocation& call) {
    const Provider* const provider = call.state.provider(call.text("provider"));
    if (provider == nullptr)
        return fail(Errc::not_found, "provider", "there is no key provider " + call.text("provider"));
    return provider;
}

Result<std::size_t> generation_of(const Invocation& call, const Provider& provider) {
    const std::string& text = call.text("generation");
    std::uint32_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    const auto found = std::ranges::find(provider.generations, number, &Generation::number);
    if (error != std::errc{} || stopped != end || found == provider.generations.end())
        return fail(Errc::not_found, "generation", provider.name + ": there is no generation " + text);
    return static_cast<std::size_t>(found - provider.generations.begin());
}

keyprovider::GenerationUses::Summary
uses_of(const Invocation& call, const Provider& provider, const Generation& generation) {
    return call.parts.uses.summary(provider.uid, generation.number, call.parts.clock.now(), recent);
}

json::Value generation_json(const Invocation& call, const Provider& provider, const Generation& generation) {
    const auto uses = uses_of(call, provider, generation);
    const bool newest = generation == provider.generations.back();
    return json::object({{"generation", generation.number},
                         {"master_key_id", generation.primary_key},
                         {"state",
                          generation.retired ? "retired"
                          : newest           ? "newest"
                                             : "old"},
                         {"days", recent.count()},
                         {"releases", uses.releases},
                         {"last_release", uses.last ? json::Value(to_text(*uses.last)) : json::Value()},
                         {"can_retire", !newest && !generation.retired && uses.releases == 0}});
}

Result<json::Value> list(const Invocation& call) {
    VS_TRY(const Provider* const provider, provider_of(call));
    json::Array out;
    for (const Generation& generation : provider->generations)
        out.push_back(generation_json(call, *provider, generation));
    return json::Value(std::move(out));
}

/// The next generation: of the key that is named, or of one that is made now.
Result<json::Value> rotate(const Invocation& call) {
    VS_TRY(const Provider* const provider, provider_of(call));
    const json::Value* const spec = call.find("spec");
    const json::Value* const named = spec == nullptr ? nullptr : spec->find("master_key_id");
    Generation next{.number = provider->generations.back().number + 1, .primary_key = {}};
    if (named != nullptr && !named->is_null()) {
        next.primary_key = named->as_string();
    } else {
        const std::string name = "vouchsafe-" + provider->uid.substr(0, 8) + "-" +
                                 std::to_string(next.number) + "-" + to_hex(call.parts.random.bytes(4));
        VS_TRY(const KeyId made, keyprovider::create_primary_key(call.parts.key_servers, *provider, name));
        next.primary_key = made.text;
    }
    Provider after = *provider;
    VS_TRY(next,
           keyprovider::verify_primary_key(call.parts.kmip,
                                           after,
                                           std::move(next),
                                           {.now = call.parts.clock.now(), .random = call.parts.random}));
    after.generations.push_back(next);
    VS_TRY_VOID(call.commit(inventory::ProviderUpdate{.provider = after}));
    return generation_json(call, after, next);
}

Result<void> check_unused(const Invocation& call, const Provider& provider, const Generation& generation) {
    const auto uses = uses_of(call, provider, generation);
    if (uses.releases == 0)
        return {};
    const json::Value* const spec = call.find("spec");
    const json::Value* const forced = spec == nullptr ? nullptr : spec->find("unsafe_in_use");
    const std::string number = std::to_string(generation.number);
    if (forced == nullptr || !forced->is_bool() || !forced->as_bool())
        return fail(Errc::conflict,
                    "generation.in_use",
                    provider.name + ": generation " + number + " released " + std::to_string(uses.releases) +
                        " keys in the last " + std::to_string(recent.count()) + " days, the last at " +
                        to_text(*uses.last) +
                        "; rewrap its virtual machines first (vouchsafe vm rewrap "
                        "--all --provider " +
                        provider.name + "), or say unsafe_in_use");
    VS_TRY([[maybe_unused]] const auto receipt,
           call.parts.audit.append(audit::kind::unsafe,
                                   {{"type", "provider.retire_generation"},
                                    {"provider", provider.name},
                                    {"generation", generation.number},
                                    {"releases", uses.releases},
                                    {"issuer", call.author.issuer},
                                    {"subject", call.author.subject}}));
    return {};
}

Result<json::Value> retire(const Invocation& call) {
    VS_TRY(const Provider* const provider, provider_of(call));
    VS_TRY(const std::size_t index, generation_of(call, *provider));
    Provider after = *provider;
    Generation& generation = after.generations.at(index);
    if (index + 1 == after.generations.size())
        return fail(Errc::conflict,
                    "generation.newest",
                    provider->name + ": new keys are wrapped under generation " +
                        std::to_string(generation.number) + "; rotate first");
    if (generation.retired)
        return json::Value();
    VS_TRY_VOID(check_unused(call, *provider, generation));
    generation.retired = true;
    return call.commit(inventory::ProviderUpdate{.provider = std::move(after)});
}

Result<json::Value> restore(const Invocation& call) {
    VS_TRY(const Provider* const provider, provider_of(call));
    VS_TRY(const std::size_t index, generation_of(call, *provider));
    Provider after = *provider;
    if (!std::exchange(after.generations.at(index).retired, false))
        return json::Value();
    return call.commit(inventory::ProviderUpdate{.provider = std::move(after)});
}

Result<Generation> read_generation(const json::Value& value, const std::string& where) {
    json::Members m(value, where);
    Generation out;
    VS_TRY(const auto number, m.integer("generation", {.least = 1, .most = UINT32_MAX}));
    VS_TRY(out.primary_key, m.string("master_key_id"));
    VS_TRY_VOID(m.finish());
    out.number = static_cast<std::uint32_t>(number);
    return out;
}

Result<inventory::KmipServer> read_server(const json::Value& value, const std::string& where) {
    json::Members m(value, where);
    VS_TRY(const std::string hostname, m.string("hostname"));
    VS_TRY(const auto port, m.integer("port", {.least = 1, .most = 65535}));
    VS_TRY_VOID(m.finish());
    return inventory::KmipServer{.name = hostname + ":" + std::to_string(port),
                                 .address = {.hostname = hostname, .port = static_cast<std::uint16_t>(port)}};
}

/// A provider that another cluster had: whoever has its uid and the identifiers of its primary keys opens all
/// its blobs. The rest is checked where the change is.
Result<json::Value> recover(const Invocation& call) {
    constexpr std::size_t most = 4096;
    json::Members spec(*call.find("spec"), "spec");
    Provider provider;
    VS_TRY(provider.name, spec.string("provider"));
    VS_TRY(provider.uid, spec.string("uid"));
    VS_TRY(provider.generations, spec.list<Generation>("generations", most, read_generation));
    VS_TRY(provider.servers, spec.list<inventory::KmipServer>("servers", most, read_server));
    VS_TRY_VOID(spec.finish());
    return call.commit(inventory::ProviderCreate{.provider = std::move(provider)});
}

constexpr std::array rows = {
    ServedOperation{"vouchsafe.providers", "recover", recover},
    ServedOperation{"vouchsafe.provider_generations", "list", list},
    ServedOperation{"vouchsafe.provider_generations", "rotate", rotate},
    ServedOperation{"vouchsafe.provider_generations", "retire", retire},
    ServedOperation{"vouchsafe.provider_generations", "restore", restore},
};

} // namespace

std::span<const ServedOperation> generation_operations() {
    return rows;
}

} // namespace vouchsafe::authority

#include "authority/check_values.h"

namespace vouchsafe::authority {

Result<void> keep_check_values(Core& core, const keyprovider::PrimaryKeyCache& keys) {
    const auto state = core.state();
    for (const auto& [name, provider] : state->providers)
        for (const inventory::Generation& generation : provider.generations) {
            if (generation.check_value)
                continue;
            const auto seen = keys.known_check_value(provider.uid, generation.primary_key);
            if (!seen)
                continue;
            VS_TRY([[maybe_unused]] const auto after,
                   core.commit(inventory::ProviderCheckValue{
                       .name = name, .generation = generation.number, .check_value = *seen}));
        }
    return {};
}

} // namespace vouchsafe::authority

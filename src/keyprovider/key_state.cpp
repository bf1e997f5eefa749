#include "keyprovider/key_state.h"

namespace vouchsafe::keyprovider {

namespace {

bool passed(const std::optional<std::int64_t>& date, SysTime server_time) {
    return date && from_seconds(*date) <= server_time;
}

} // namespace

SysTime told_at(const kmip::Attributes& attributes, SysTime now) {
    return attributes.told_at ? from_seconds(*attributes.told_at) : now;
}

std::optional<kmip::State> state_at(const kmip::Attributes& attributes, SysTime server_time) {
    using enum kmip::State;
    if (attributes.state != active && attributes.state != deactivated)
        return attributes.state;
    if (passed(attributes.compromise, server_time))
        return compromised;
    return passed(attributes.deactivation, server_time) ? deactivated : attributes.state;
}

WrapWindow wrap_window_at(const kmip::Attributes& attributes, SysTime server_time) {
    const bool begun = !attributes.process_start || passed(attributes.process_start, server_time);
    return begun && !passed(attributes.protect_stop, server_time) ? WrapWindow::open : WrapWindow::closed;
}

bool opens(kmip::State state, const inventory::ProviderPolicy& policy) {
    using enum kmip::State;
    return state == active || state == deactivated || (state == compromised && policy.unsafe_compromised_key);
}

} // namespace vouchsafe::keyprovider

#include "kmip/enums.h"

#include "ttlv/values.h"

#include <utility>

namespace vouchsafe::kmip {

namespace {

std::string words_for(ttlv::Values set, std::uint32_t value) {
    const std::string_view name = ttlv::value_name(set, value);
    return name.empty() ? ttlv::value_to_camel(ttlv::Values::none, value) : std::string(name);
}

} // namespace

std::string to_string(Operation operation) {
    return words_for(ttlv::Values::operation, std::to_underlying(operation));
}

std::string to_string(ResultReason reason) {
    return words_for(ttlv::Values::result_reason, std::to_underlying(reason));
}

std::string to_string(State state) {
    return words_for(ttlv::Values::state, std::to_underlying(state));
}

} // namespace vouchsafe::kmip

#include "api/operation.h"

#include "api/operations_parts.h"

#include <algorithm>
#include <vector>

namespace vouchsafe::api {

std::span<const Operation> operations() {
    static const std::vector<Operation> table = [] {
        std::vector<Operation> all;
        for (const auto& part : {session_operations(),
                                 authority_operations(),
                                 provider_operations(),
                                 workload_operations(),
                                 vouchsafe_operations()})
            all.insert(all.end(), part.begin(), part.end());
        return all;
    }();
    return table;
}

const Operation* find_operation(std::string_view service, std::string_view name) {
    const auto all = operations();
    const auto found = std::ranges::find_if(
        all, [&](const Operation& row) { return row.service == service && row.name == name; });
    return found == all.end() ? nullptr : &*found;
}

std::size_t body_limit(net::Method method, std::string_view target) {
    constexpr std::size_t mib = std::size_t{1} << 20U;
    if (method == net::Method::get || method == net::Method::delete_ || method == net::Method::head)
        return 4096; // some clients send {} with a GET
    if (target.find("/os/esx/base-images") != std::string_view::npos ||
        target.ends_with("/services-information") || target.find("/v1/policy?") != std::string_view::npos)
        return 6 * mib;
    return target.find("/v1/host/") != std::string_view::npos ? mib : mib / 4;
}

} // namespace vouchsafe::api

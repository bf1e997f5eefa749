// Orders to a host: the closed set of what a manager may ask for, with bounds.
#include "json/members.h"
#include "protocol/parts.h"
#include "protocol/workload.h"

#include <algorithm>
#include <array>

namespace vouchsafe::protocol {

namespace {

constexpr std::size_t max_name = 64;
constexpr json::IntegerRange memory_range{.least = 64, .most = std::int64_t{1} << 20U};
constexpr json::IntegerRange vcpu_range{.least = 1, .most = 512};
constexpr json::IntegerRange disk_range{.least = 1, .most = std::int64_t{64} << 20U};

bool is_plain(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

/// A name that is also safe as a part of a file's name.
Result<std::string> checked_name(std::string name, const std::string& where) {
    if (name.empty() || name.size() > max_name || name.front() == '.' || name.front() == '-' ||
        !std::ranges::all_of(name, is_plain))
        return fail(Errc::malformed, where, "not a name of letters, digits, '.', '_' and '-'");
    return name;
}

json::Value write(const ConfigureOrder& order) {
    return json::object({{"services", order.services}, {"version", order.version}});
}

json::Value write(const AttestOrder&) {
    return json::object({});
}

json::Value write(const VmCreateOrder& order) {
    return json::object({{"vm", order.vm.text},
                         {"name", order.name},
                         {"provider", order.provider.text},
                         {"memory_mib", order.memory_mib},
                         {"vcpus", order.vcpus},
                         {"disk_mib", order.disk_mib},
                         {"image", order.image}});
}

json::Value write(const VmStartOrder& order) {
    return json::object({{"vm", order.vm.text}});
}

json::Value write(const VmStopOrder& order) {
    return json::object({{"vm", order.vm.text}});
}

json::Value write(const VmDeleteOrder& order) {
    return json::object({{"vm", order.vm.text}});
}

json::Value write(const VmRewrapOrder& order) {
    return json::object({{"vm", order.vm.text}});
}

Result<OrderData> read_configure(json::Members& m) {
    ConfigureOrder out;
    VS_TRY(const json::Value* const services, m.optional_value("services"));
    if (services != nullptr)
        out.services = *services;
    VS_TRY(out.version, m.integer("version", {.least = 0}));
    return out;
}

Result<OrderData> read_attest(json::Members&) {
    return AttestOrder{};
}

Result<OrderData> read_create(json::Members& m) {
    VmCreateOrder out;
    VS_TRY(out.vm.text, uuid(m, "vm"));
    VS_TRY(std::string name, m.string("name"));
    VS_TRY(out.name, checked_name(std::move(name), at(m, "name")));
    VS_TRY(out.provider.text, text(m, "provider", max_word_bytes));
    VS_TRY(out.memory_mib, m.integer("memory_mib", memory_range));
    VS_TRY(out.vcpus, m.integer("vcpus", vcpu_range));
    VS_TRY(out.disk_mib, m.integer("disk_mib", disk_range));
    VS_TRY(auto image, m.optional_string("image"));
    if (image) {
        VS_TRY(out.image, checked_name(*std::move(image), at(m, "image")));
    }
    if (out.provider.text.empty())
        return fail(Errc::malformed, at(m, "provider"), "empty");
    return out;
}

template <class Order> Result<OrderData> read_vm(json::Members& m) {
    VS_TRY(auto vm, uuid(m, "vm"));
    return Order{.vm = VmId{std::move(vm)}};
}

struct Kind {
    std::string_view word;
    Result<OrderData> (*read)(json::Members&);
};

/// By the index of the alternative in OrderData.
constexpr std::array<Kind, std::variant_size_v<OrderData>> kinds{{
    {"configure", read_configure},
    {"attest", read_attest},
    {"vm.create", read_create},
    {"vm.start", read_vm<VmStartOrder>},
    {"vm.stop", read_vm<VmStopOrder>},
    {"vm.delete", read_vm<VmDeleteOrder>},
    {"vm.rewrap", read_vm<VmRewrapOrder>},
}};

} // namespace

std::string_view order_kind(const OrderData& data) {
    return kinds.at(data.index()).word;
}

json::Value order_data_to_json(const OrderData& data) {
    return std::visit([](const auto& order) { return write(order); }, data);
}

Result<OrderData> order_data_from_json(std::string_view kind, const json::Value& value) {
    const auto* const found = std::ranges::find(kinds, kind, &Kind::word);
    if (found == kinds.end())
        return fail(Errc::unsupported, "order.kind", "no order known here");
    json::Members m(value, "order.data");
    VS_TRY(OrderData out, found->read(m));
    VS_TRY_VOID(m.finish());
    return out;
}

json::Value HostOrder::to_json() const {
    return json::object({{"id", id}, {"kind", order_kind(data)}, {"data", order_data_to_json(data)}});
}

Result<HostOrder> HostOrder::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    HostOrder out;
    VS_TRY(out.id, word(m, "id"));
    VS_TRY(const auto kind, m.string("kind"));
    VS_TRY(const json::Value* const data_value, m.value("data"));
    VS_TRY_VOID(m.finish());
    VS_TRY(out.data, order_data_from_json(kind, *data_value));
    return out;
}

} // namespace vouchsafe::protocol

#include "agent/config.h"

#include "json/members.h"
#include "json/parse.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace vouchsafe::agent {

namespace {

constexpr std::size_t config_max = 64U << 10U;
constexpr std::size_t label_max = 64;
constexpr std::size_t resolve_max = 64;

bool is_sha256_hex(std::string_view text) {
    return text.size() == 64 &&
           std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// What a workload manager takes as a host's name.
bool is_label(std::string_view text) {
    return !text.empty() && text.size() <= label_max && text.front() != '.' && text.front() != '-' &&
           std::ranges::all_of(text, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-';
           });
}

Result<std::filesystem::path> absolute(std::string text, std::string_view where) {
    std::filesystem::path path(std::move(text));
    if (!path.is_absolute() || path.native().contains('\0'))
        return fail(Errc::malformed, where, "not an absolute path");
    return path;
}

Result<std::filesystem::path> path_member(json::Members& members, std::string_view name) {
    VS_TRY(std::string text, members.string(name));
    return absolute(std::move(text), members.where() + "." + std::string(name));
}

Result<std::optional<std::filesystem::path>> optional_path(json::Members& members, std::string_view name) {
    VS_TRY(auto text, members.optional_string(name));
    if (!text)
        return std::nullopt;
    VS_TRY(auto path, absolute(std::move(*text), members.where() + "." + std::string(name)));
    return path;
}

Result<net::ResolveMap> resolve_map(json::Members& members) {
    net::ResolveMap out;
    VS_TRY(const json::Value* const value, members.optional_value("resolve"));
    if (value == nullptr)
        return out;
    if (!value->is_object() || value->as_object().size() > resolve_max)
        return fail(Errc::malformed, "config.resolve", "not an object of names and addresses");
    for (const auto& [name, address] : value->as_object()) {
        if (!address.is_string())
            return fail(Errc::malformed, "config.resolve", "not an address");
        out.emplace(name, address.as_string());
    }
    return out;
}

Result<std::optional<ManagerAddress>> manager_address(json::Members& members) {
    VS_TRY(const auto url, members.optional_string("manager"));
    VS_TRY(const auto pin, members.optional_string("pin"));
    if (!url && !pin)
        return std::nullopt;
    if (!url || !pin)
        return fail(Errc::malformed, "config.manager", "manager and pin belong together");
    VS_TRY(auto address, ManagerAddress::create(*url, *pin));
    return address;
}

Result<std::optional<VmHostConfig>> vm_host(json::Members& members) {
    VS_TRY(auto found, members.optional_object("vms"));
    if (!found)
        return std::nullopt;
    VmHostConfig out;
    VS_TRY(out.libvirt, found->string("libvirt"));
    VS_TRY(out.vm_directory, path_member(*found, "vm_directory"));
    VS_TRY(out.image_directory, path_member(*found, "image_directory"));
    VS_TRY(out.ovmf_code, path_member(*found, "ovmf_code"));
    VS_TRY(out.ovmf_vars, path_member(*found, "ovmf_vars"));
    VS_TRY(const auto accel, found->optional_string("accel"));
    if (accel) {
        VS_TRY(out.accel, hypervisor::parse_accel(*accel));
    }
    VS_TRY_VOID(found->finish());
    return out;
}

Result<void> read_evidence_places(json::Members& members, AgentConfig& out) {
    VS_TRY(auto tcti, members.optional_string("tcti"));
    if (tcti)
        out.tcti = std::move(*tcti);
    VS_TRY(auto firmware_log, optional_path(members, "firmware_log"));
    if (firmware_log)
        out.firmware_log = std::move(*firmware_log);
    VS_TRY(auto ima_log, optional_path(members, "ima_log"));
    if (ima_log)
        out.ima_log = std::move(*ima_log);
    VS_TRY(auto userspace_log, optional_path(members, "userspace_log"));
    if (userspace_log)
        out.userspace_log = std::move(*userspace_log);
    return {};
}

} // namespace

Result<ManagerAddress> ManagerAddress::create(std::string_view url, std::string_view pin) {
    VS_TRY(net::Url parsed, net::parse_url(url));
    if (parsed.target != "/")
        return fail(Errc::malformed, "config.manager", "the manager's URL has no path");
    if (!is_sha256_hex(pin))
        return fail(Errc::malformed, "config.pin", "a pin is 64 hex digits in lower case");
    return ManagerAddress{.url = std::move(parsed), .pin = std::string(pin)};
}

Result<AgentConfig> AgentConfig::parse(std::string_view text) {
    VS_TRY(const json::Value value, json::parse(text, {.bytes = config_max, .depth = 4, .items = 512}));
    json::Members members(value, "config");
    AgentConfig out;
    VS_TRY(out.state, path_member(members, "state"));
    VS_TRY(out.label, members.string("label"));
    if (!is_label(out.label))
        return fail(Errc::malformed, "config.label", "a label is 1 to 64 of A-Z a-z 0-9 . _ -");
    VS_TRY(out.manager, manager_address(members));
    VS_TRY(out.token, members.optional_string("token"));
    VS_TRY(out.anchor_file, optional_path(members, "anchor_file"));
    VS_TRY(out.resolve, resolve_map(members));
    VS_TRY_VOID(read_evidence_places(members, out));
    VS_TRY(out.vms, vm_host(members));
    VS_TRY_VOID(members.finish());
    return out;
}

Result<std::string> choose_anchor(const AnchorSources& sources) {
    std::optional<std::string> chosen;
    for (const auto* source : {&sources.built_in, &sources.configured, &sources.joined}) {
        if (!*source)
            continue;
        std::string anchor = **source;
        while (!anchor.empty() && anchor.back() == '\n')
            anchor.pop_back();
        if (!is_sha256_hex(anchor))
            return fail(Errc::malformed, "agent.anchor", "an anchor is 64 hex digits in lower case");
        if (chosen && *chosen != anchor)
            return fail(Errc::conflict, "agent.anchor", "another anchor is set on this host already");
        chosen = std::move(anchor);
    }
    if (!chosen)
        return fail(Errc::not_found, "agent.anchor", "no anchor is set on this host");
    return *chosen;
}

} // namespace vouchsafe::agent

#include "hypervisor/domain_spec.h"

#include "base/clock.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace vouchsafe::hypervisor {

namespace {

constexpr unsigned cpus_max = 512;
constexpr std::uint64_t memory_mib_min = 64;
constexpr std::uint64_t memory_mib_max = 1ULL << 20U;
constexpr std::size_t name_max = 64;
constexpr std::size_t path_max = 1024;
constexpr std::size_t key_record_max = 64U << 10U;

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_name(std::string_view name) {
    return !name.empty() && name.size() <= name_max && name.front() != '.' && name.front() != '-' &&
           std::ranges::all_of(
               name, [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; });
}

/// What XML 1.0 can carry: escaping does not help against the rest.
bool is_xml_text(std::string_view text) {
    return is_utf8(text) && std::ranges::none_of(text, [](char c) {
               const auto byte = static_cast<unsigned char>(c);
               return byte < 0x20 || byte == 0x7f;
           });
}

bool is_path(const std::filesystem::path& path) {
    const std::string& text = path.native();
    return path.is_absolute() && text.size() <= path_max && is_xml_text(text);
}

std::string escaped(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '\'')
            out += "&apos;";
        else if (c == '"')
            out += "&quot;";
        else
            out += c;
    }
    return out;
}

Result<void> check(const DomainSpec& spec) {
    const auto refuse = [](std::string_view where) {
        return fail(Errc::malformed, where, "a value that no domain can have");
    };
    if (!is_uuid(spec.id.text))
        return refuse("domain.id");
    if (!is_name(spec.name))
        return refuse("domain.name");
    if (spec.cpus < 1 || spec.cpus > cpus_max)
        return refuse("domain.cpus");
    if (spec.memory_mib < memory_mib_min || spec.memory_mib > memory_mib_max)
        return refuse("domain.memory");
    if (!is_path(spec.firmware_code) || !is_path(spec.nvram))
        return refuse("domain.firmware");
    if (!is_path(spec.disk))
        return refuse("domain.disk");
    if (!is_path(spec.console_log))
        return refuse("domain.console_log");
    if (spec.key_record.size() > key_record_max || !is_xml_text(spec.key_record))
        return refuse("domain.key_record");
    return {};
}

std::string machine(const DomainSpec& spec) {
    const bool kvm = spec.accel == Accel::kvm;
    return "  <memory unit='MiB' dumpCore='off'>" + std::to_string(spec.memory_mib) +
           "</memory>\n"
           "  <vcpu>" +
           std::to_string(spec.cpus) +
           "</vcpu>\n"
           "  <os>\n"
           "    <type arch='x86_64' machine='q35'>hvm</type>\n"
           "    <loader readonly='yes' type='pflash'>" +
           escaped(spec.firmware_code.native()) +
           "</loader>\n"
           "    <nvram>" +
           escaped(spec.nvram.native()) +
           "</nvram>\n"
           "    <boot dev='hd'/>\n"
           "  </os>\n"
           "  <features><acpi/><apic/></features>\n"
           "  <cpu mode='" +
           (kvm ? "host-passthrough" : "maximum") +
           "'/>\n"
           "  <clock offset='utc'/>\n"
           "  <on_poweroff>destroy</on_poweroff>\n"
           "  <on_reboot>restart</on_reboot>\n"
           "  <on_crash>destroy</on_crash>\n"
           "  <pm><suspend-to-mem enabled='no'/><suspend-to-disk enabled='no'/></pm>\n";
}

std::string devices(const DomainSpec& spec) {
    std::string out = "  <devices>\n"
                      "    <disk type='file' device='disk'>\n"
                      "      <driver name='qemu' type='qcow2'/>\n"
                      "      <source file='" +
                      escaped(spec.disk.native()) +
                      "'>\n"
                      "        <encryption format='luks'><secret type='passphrase' uuid='" +
                      spec.id.text +
                      "'/></encryption>\n"
                      "      </source>\n"
                      "      <target dev='vda' bus='virtio'/>\n"
                      "    </disk>\n"
                      "    <serial type='file'>\n"
                      "      <source path='" +
                      escaped(spec.console_log.native()) +
                      "'/>\n"
                      "      <target port='0'/>\n"
                      "    </serial>\n"
                      "    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>\n"
                      "    <memballoon model='none'/>\n";
    if (spec.network == Network::user)
        out += "    <interface type='user'><model type='virtio'/></interface>\n";
    return out + "  </devices>\n";
}

} // namespace

Result<Accel> parse_accel(std::string_view text) {
    if (text == "kvm")
        return Accel::kvm;
    if (text == "tcg")
        return Accel::tcg;
    return fail(Errc::malformed, "accel", "neither 'kvm' nor 'tcg'");
}

std::string_view to_string(Network network) {
    switch (network) {
    case Network::none:
        return "none";
    case Network::user:
        return "user";
    }
    std::unreachable();
}

Result<Network> parse_network(std::string_view text) {
    if (text == "none")
        return Network::none;
    if (text == "user")
        return Network::user;
    return fail(Errc::malformed, "network", "neither 'none' nor 'user'");
}

std::string metadata_element(std::string_view key_record) {
    return "<vm>" + escaped(key_record) + "</vm>";
}

Result<std::string> domain_xml(const DomainSpec& spec) {
    VS_TRY_VOID(check(spec));
    return std::string("<domain type='") + (spec.accel == Accel::kvm ? "kvm" : "qemu") +
           "'>\n"
           "  <name>" +
           spec.name +
           "</name>\n"
           "  <uuid>" +
           spec.id.text +
           "</uuid>\n"
           "  <metadata><vouchsafe:vm xmlns:vouchsafe='" +
           std::string(metadata_namespace) + "'>" + escaped(spec.key_record) +
           "</vouchsafe:vm></metadata>\n" + machine(spec) + devices(spec) + "</domain>\n";
}

std::string secret_xml(const VmId& vm) {
    const std::string id = escaped(vm.text);
    return "<secret ephemeral='yes' private='yes'>\n"
           "  <uuid>" +
           id +
           "</uuid>\n"
           "  <description>pass phrase of the encrypted VM " +
           id +
           ", for the time of its start</description>\n"
           "</secret>\n";
}

} // namespace vouchsafe::hypervisor

#include "agent/vms.h"

#include "store/files.h"
#include "vmcrypt/keys.h"
#include "vmcrypt/record.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace vouchsafe::agent {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t key_id_bytes = 16;
constexpr std::size_t image_name_max = 64;
constexpr std::chrono::seconds guest_patience{20};

// QEMU runs as a user of its own and must reach the files; what is in them is for it alone.
constexpr fs::perms directory_mode = fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec;
constexpr fs::perms file_mode = fs::perms::owner_read | fs::perms::owner_write;

bool is_image_name(std::string_view name) {
    return !name.empty() && name.size() <= image_name_max && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

Result<vmcrypt::VmKeyRecord> read_record(const fs::path& path, const VmId& vm) {
    const auto text = store::read_file(path, vmcrypt::max_record_bytes);
    if (!text)
        return fail(text.error().code, "vm.record", "the VM's key record cannot be read");
    VS_TRY(auto record, vmcrypt::VmKeyRecord::parse(as_text(*text)));
    if (record.context.vm != vm)
        return fail(Errc::untrusted, "vm.record", "the key record is another VM's");
    return record;
}

std::string report_state(hypervisor::VmState state) {
    switch (state) {
    case hypervisor::VmState::stopped:
        return "stopped";
    case hypervisor::VmState::running:
    case hypervisor::VmState::paused:
        return "running";
    case hypervisor::VmState::crashed:
        return "failed";
    }
    std::unreachable();
}

} // namespace

struct Vms::Files {
    fs::path directory;

    fs::path disk() const { return directory / "disk.qcow2"; }

    fs::path nvram() const { return directory / "nvram.fd"; }

    fs::path console_log() const { return directory / "console.log"; }

    fs::path record() const { return directory / "vouchsafe.json"; }
};

/// The directory of a VM that is being made: gone again unless it was finished.
class Vms::Unfinished {
public:
    static Result<Unfinished> create(const Files& files) {
        std::error_code error;
        if (!fs::create_directory(files.directory, error))
            return error ? fail(Errc::unavailable, "vm.directory", "cannot make the VM's directory")
                         : fail(Errc::exists, "vm.directory", "the VM has a directory already");
        Unfinished made(files.directory);
        fs::permissions(files.directory, directory_mode, error);
        return made;
    }

    Unfinished(Unfinished&& other) noexcept : directory_(std::exchange(other.directory_, {})) {}

    Unfinished(const Unfinished&) = delete;
    Unfinished& operator=(const Unfinished&) = delete;
    Unfinished& operator=(Unfinished&&) = delete;

    ~Unfinished() {
        std::error_code ignored;
        if (!directory_.empty())
            fs::remove_all(directory_, ignored);
    }

    void finished() { directory_.clear(); }

private:
    explicit Unfinished(fs::path directory) : directory_(std::move(directory)) {}

    fs::path directory_;
};

Vms::Vms(VmHostConfig config, Parts parts) : config_(std::move(config)), parts_(parts) {}

Result<Vms::Files> Vms::files(const VmId& vm) const {
    if (!is_uuid(vm.text))
        return fail(Errc::malformed, "vm.id", "not a VM's id");
    return Files{.directory = config_.vm_directory / vm.text};
}

Result<fs::path> Vms::image(const std::string& name) const {
    if (!is_image_name(name))
        return fail(Errc::malformed, "vm.image", "an image's name is 1 to 64 of a-z 0-9 -");
    fs::path path = config_.image_directory / (name + ".raw");
    std::error_code error;
    if (!fs::is_regular_file(fs::symlink_status(path, error)))
        return fail(Errc::not_found, "vm.image", "this host has no image of that name");
    return path;
}

Result<protocol::CreatedKey> Vms::create(const protocol::VmCreateOrder& order) {
    VS_TRY(const Files place, files(order.vm));
    if (order.image)
        VS_TRY_VOID(image(*order.image)); // before a key is made for nothing
    VS_TRY(Unfinished unfinished, Unfinished::create(place));
    const protocol::Context context{.key_id = to_hex(parts_.random.bytes(key_id_bytes)), .vm = order.vm};
    VS_TRY(auto released, generate_key(parts_.keys, {.provider = order.provider, .context = context}));
    if (!released.ciphertext)
        return fail(Errc::malformed, "vm.key", "the authority sent a new key without its blob");
    const vmcrypt::VmKeyRecord record{
        .provider = order.provider, .blob = std::move(*released.ciphertext), .context = context};
    VS_TRY_VOID(make_disk(place, order, released.key));
    VS_TRY_VOID(store::write_file(place.record(), as_bytes(record.encode())));
    VS_TRY_VOID(define(place, order, record.encode()));
    unfinished.finished();
    return protocol::CreatedKey{.blob = record.blob, .context = record.context};
}

Result<void> Vms::make_disk(const Files& place, const protocol::VmCreateOrder& order, const Secret& kek) {
    hypervisor::DiskRequest request{.path = place.disk(),
                                    .size_bytes = static_cast<std::uint64_t>(order.disk_mib) << 20U,
                                    .source_image = {}};
    if (order.image) {
        VS_TRY(request.source_image, image(*order.image));
    }
    VS_TRY(const Secret passphrase, vmcrypt::luks_passphrase(kek, vmcrypt::KeyUse::disk, order.vm.text));
    return parts_.disks.create(request, passphrase, {});
}

Result<void>
Vms::define(const Files& place, const protocol::VmCreateOrder& order, const std::string& record) {
    std::error_code error;
    fs::copy_file(config_.ovmf_vars, place.nvram(), error);
    if (!error)
        fs::permissions(place.nvram(), file_mode, error);
    if (error)
        return fail(Errc::unavailable, "vm.nvram", "cannot copy the firmware's variables");
    return parts_.hypervisor.define({.id = order.vm,
                                     .name = order.name,
                                     .cpus = static_cast<unsigned>(order.vcpus),
                                     .memory_mib = static_cast<std::uint64_t>(order.memory_mib),
                                     .network = hypervisor::Network::none,
                                     .accel = config_.accel,
                                     .firmware_code = config_.ovmf_code,
                                     .nvram = place.nvram(),
                                     .disk = place.disk(),
                                     .console_log = place.console_log(),
                                     .key_record = record});
}

Result<void> Vms::start(const VmId& vm) {
    VS_TRY(const Files place, files(vm));
    VS_TRY(const auto state, parts_.hypervisor.state(vm));
    if (state != hypervisor::VmState::stopped)
        return fail(Errc::conflict, "vm.running", "the VM runs already");
    VS_TRY(const auto record, read_record(place.record(), vm));
    VS_TRY_VOID(parts_.disks.check(place.disk()));
    VS_TRY(const auto released,
           decrypt_key(parts_.keys,
                       {.provider = record.provider, .ciphertext = record.blob, .context = record.context}));
    VS_TRY(const Secret passphrase, vmcrypt::luks_passphrase(released.key, vmcrypt::KeyUse::disk, vm.text));
    VS_TRY(const auto started, parts_.hypervisor.start(vm, passphrase));
    spdlog::info("VM " + vm.text + " started after " + std::to_string(started.count()) + " ms");
    return {};
}

Result<protocol::CreatedKey> Vms::rewrap(const VmId& vm) {
    VS_TRY(const Files place, files(vm));
    VS_TRY(auto record, read_record(place.record(), vm));
    VS_TRY(auto rewrapped,
           rewrap_key(parts_.keys,
                      {.provider = record.provider, .ciphertext = record.blob, .context = record.context}));
    record.blob = std::move(rewrapped.ciphertext);
    // The old blob opens too: it does not matter which of the two files a crash leaves behind.
    VS_TRY_VOID(store::write_file(place.record(), as_bytes(record.encode())));
    VS_TRY_VOID(parts_.hypervisor.set_key_record(vm, record.encode()));
    return protocol::CreatedKey{.blob = record.blob, .context = record.context};
}

Result<void> Vms::stop(const VmId& vm) {
    VS_TRY_VOID(files(vm));
    auto stopped = parts_.hypervisor.stop(vm, hypervisor::StopMode::graceful, guest_patience);
    if (stopped || stopped.error().code == Errc::not_found)
        return stopped;
    return parts_.hypervisor.stop(vm, hypervisor::StopMode::force, guest_patience);
}

Result<void> Vms::remove(const VmId& vm) {
    VS_TRY(const Files place, files(vm));
    const auto undefined = parts_.hypervisor.undefine(vm);
    if (!undefined && undefined.error().code != Errc::not_found)
        return undefined;
    std::error_code error;
    fs::remove_all(place.directory, error);
    if (error)
        return fail(Errc::unavailable, "vm.directory", "cannot remove the VM's directory");
    return {};
}

Result<std::vector<protocol::VmReport>> Vms::report() {
    VS_TRY(const auto vms, parts_.hypervisor.list());
    std::vector<protocol::VmReport> out;
    for (const auto& vm : vms)
        out.push_back({.vm = vm.id, .state = report_state(vm.state), .problem = {}});
    out.resize(std::min(out.size(), protocol::max_vms));
    return out;
}

} // namespace vouchsafe::agent

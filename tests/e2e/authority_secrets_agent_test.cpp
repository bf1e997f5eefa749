// The same on the other side: a real agent with swtpm and libvirt makes and starts an encrypted VM. Its key
// is in the agent while QEMU opens the disk, and gone afterwards.
#include "crypto/aead.h"
#include "crypto/digest.h"
#include "json/write.h"
#include "keyprovider/blob_format.h"
#include "tests/e2e/secrets_house.h"
#include "tests/support/private_libvirt.h"
#include "tests/support/replayed_machine.h"
#include "vmcrypt/keys.h"
#include "vmcrypt/record.h"

#include <signal.h>

#include <algorithm>
#include <functional>
#include <future>
#include <optional>
#include <thread>

namespace vouchsafe::test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// What another process does soon.
bool soon(const std::function<bool()>& happens, std::chrono::milliseconds look_again = 50ms) {
    const auto deadline = std::chrono::steady_clock::now() + 120s;
    while (!happens()) {
        if (std::chrono::steady_clock::now() > deadline)
            return false;
        std::this_thread::sleep_for(look_again);
    }
    return true;
}

/// The QEMU of a VM.
std::optional<pid_t> qemu_of(const std::string& vm) {
    for (const auto& entry : fs::directory_iterator("/proc")) {
        const std::string name = entry.path().filename();
        if (!std::ranges::all_of(name, [](unsigned char c) { return std::isdigit(c) != 0; }))
            continue;
        std::string words; // none of a process that has just ended
        std::ifstream in(entry.path() / "cmdline");
        std::getline(in, words);
        if (words.starts_with("/usr/bin/qemu-system") && words.contains(vm))
            return static_cast<pid_t>(std::stol(name));
    }
    return std::nullopt;
}

class AgentSecrets : public Secrets {
protected:
    AgentSecrets() {
        add_provider(authority_, key_server_, "gold", {.name = "main", .address = key_server_.address()});
        const std::string cluster =
            must("workload", "vouchsafe.clusters", "create", {{"spec", json::object({{"name", "hosts"}})}})
                .as_string();
        VS_CHECK(cli("connect " + cluster + " --anchor " + authority_.anchor()).status == 0);
        const json::Value chain =
            json::object({{"cert_chain", json::array({json::Value(machine_.ca_pem())})}});
        authority_.must(service::cas,
                        "create",
                        {{"cluster", authority_.cluster()},
                         {"spec", json::object({{"name", "swtpm"}, {"cert_chain", chain}})}});
        start_agent(must("workload",
                         "vouchsafe.join_tokens",
                         "create",
                         {{"spec", json::object({{"cluster", cluster}})}})
                        .as_string());
        trust_agent();
    }

    Shell cli(const std::string& command) const {
        Shell out = shell("'" + program_path("vouchsafe") + "' " + command);
        if (out.status != 0)
            std::fprintf(stderr, "%s: %s%s\n", command.c_str(), out.output.c_str(), agent_->log().c_str());
        return out;
    }

    void start_agent(const std::string& token) {
        fs::create_directories(path("vms"));
        fs::create_directories(path("images"));
        write("anchor", authority_.anchor());
        const agent::LogPaths logs = machine_.logs();
        const json::Value vms = json::object({{"libvirt", libvirt_.uri()},
                                              {"vm_directory", path("vms")},
                                              {"image_directory", path("images")},
                                              {"ovmf_code", "/usr/share/OVMF/OVMF_CODE_4M.fd"},
                                              {"ovmf_vars", "/usr/share/OVMF/OVMF_VARS_4M.fd"}});
        const json::Value configuration = json::object(
            {{"label", "host-1"},
             {"manager",
              "https://workload-manager.localhost:" + std::to_string(workload_manager_.daemon().port())},
             {"pin", workload_manager_.daemon().said("pin")},
             {"token", token},
             {"state", path("state")},
             {"anchor_file", path("anchor")},
             {"tcti", machine_.hand_over_tpm()},
             {"firmware_log", logs.firmware.native()},
             {"ima_log", logs.ima.native()},
             {"userspace_log", logs.userspace.native()},
             {"vms", vms}});
        write("agent.json", json::canonical(configuration));
        agent_.emplace(
            std::vector<std::string>{unprivileged("vouchsafe-agentd"), "run", "--config", path("agent.json")},
            path("agentd.log"));
        agent_->start();
    }

    void trust_agent() {
        const std::string host = agent_->said("ready");
        VS_CHECK(soon(
            [&] { return call("authority", service::enrolments, "get", {{"host", host}}).has_value(); }));
        must("authority", service::enrolments, "approve", {{"host", host}});
        (void)cli("host attest host-1"); // now it has evidence that is approved
        const json::Value image =
            must("authority", service::enrolments, "export_image", {{"host", host}, {"version", "1"}});
        must("authority",
             service::images,
             "import_from_imgdb",
             {{"cluster", authority_.cluster()}, {"imgdb", to_base64(as_bytes(json::canonical(image)))}});
        VS_CHECK(cli("host attest host-1").output.contains("trusted"));
    }

    std::string path(const std::string& name) const { return host_folder_.path() + "/" + name; }

    void write(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }

    vmcrypt::VmKeyRecord record() const {
        const fs::path vm = *begin(fs::directory_iterator(path("vms")));
        return vmcrypt::VmKeyRecord::parse(content(vm / "vouchsafe.json")).value();
    }

    /// The VM's key in what it is used as. The test knows the primary key: it opens the blob by itself.
    std::vector<Needle> needles() const {
        const vmcrypt::VmKeyRecord known = record();
        const keyprovider::Blob blob = keyprovider::parse_blob(known.blob).value();
        const crypto::Sha256Digest bound =
            crypto::sha256({keyprovider::blob_header(blob), as_bytes(known.context.canonical())});
        const Secret kek = crypto::aes256_gcm_open(primary_key_, blob.nonce, bound, blob.sealed).value();
        const std::string& vm = known.context.vm.text;
        const Secret disk = vmcrypt::derive_key(kek, vmcrypt::KeyUse::disk, vm).value();
        const Secret phrase = vmcrypt::luks_passphrase(kek, vmcrypt::KeyUse::disk, vm).value();
        std::vector<Needle> out;
        kek.expose([&](Bytes bytes) { out.push_back(Needle::of("key of the VM", bytes)); });
        disk.expose([&](Bytes bytes) { out.push_back(Needle::of("key of its disk", bytes)); });
        phrase.expose([&](Bytes bytes) { out.push_back(Needle::of("pass phrase of its disk", bytes)); });
        return out;
    }

    void expect_gone(const std::vector<Needle>& keys) {
        for (const Needle& key : keys) {
            SCOPED_TRACE(key.name);
            expect_in_no_manager(key);
            EXPECT_EQ(files_with(key, host_folder_.path()), std::vector<std::string>{});
            EXPECT_EQ(files_with(key, libvirt_.path("")), std::vector<std::string>{});
            for (const pid_t process : {agent_->pid(), authority_.daemon().pid()}) {
                const MemorySearch search = search_memory(key, process);
                EXPECT_GT(search.bytes_read, 1U << 20U);
                EXPECT_TRUE(search.hits.empty()) << search.hits.front().mapping;
            }
        }
    }

    TestDirectory host_folder_;
    PrivateLibvirt libvirt_;
    ReplayedMachine machine_;
    std::optional<Daemon> agent_;
};

TEST_F(AgentSecrets, AreInLockedMemoryWhileAVmStartsAndThenGone) {
    ASSERT_EQ(cli("vm create secret --host host-1 --provider gold --disk 16 --memory 64").status, 0);
    const std::vector<Needle> keys = needles();
    const std::string vm = record().context.vm.text;
    expect_gone(keys);

    // QEMU is stopped before it has opened the disk: the agent waits for it, with what it gave it.
    auto started = std::async(std::launch::async, [this] { return cli("vm start secret").status; });
    std::optional<pid_t> qemu;
    ASSERT_TRUE(soon([&] { return (qemu = qemu_of(vm)).has_value(); }, 1ms));
    ASSERT_EQ(::kill(*qemu, SIGSTOP), 0);
    bool found = false;
    for (const Needle& key : keys) {
        SCOPED_TRACE(key.name);
        expect_in_no_manager(key);
        found = !expect_guarded(key, agent_->pid()).hits.empty() || found;
    }
    EXPECT_FALSE(agent_->log().contains("VM " + vm + " started"));
    EXPECT_TRUE(found); // so that to find nothing later means something
    ASSERT_EQ(::kill(*qemu, SIGCONT), 0);
    ASSERT_EQ(started.get(), 0);
    expect_gone(keys);

    ASSERT_EQ(cli("vm stop secret").status, 0);
    expect_gone(keys);
    expect_closed(*agent_);
}

} // namespace
} // namespace vouchsafe::test

// An encrypted VM on a real libvirt and QEMU: made, started, read from inside, stopped; and what is refused.
// The guest is UEFI's own shell, which runs startup.nsh from a FAT disk: so no operating system is needed.
#include "hypervisor/disk_images.h"
#include "hypervisor/hypervisor.h"
#include "tests/support/private_libvirt.h"
#include "tests/support/shell.h"
#include "tests/support/test_directory.h"

#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

namespace vouchsafe::hypervisor {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr std::string_view marker = "MARKER-7f3a-FROM-THE-ENCRYPTED-DISK";
const std::string first_vm = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
const std::string other_vm = "3f2504e0-4f89-41d3-9a0c-0305e82c3302";

using test::content;
using test::shell;
using test::Shell;

Secret passphrase(char digit = 'a') {
    return Secret(as_bytes(std::string(64, digit)));
}

/// A FAT disk whose startup script shows the marker and then stays at the shell's prompt.
void make_source_image(const fs::path& path) {
    std::ofstream(path.native() + ".nsh") << "@echo -off\r\necho " << marker << "\r\n";
    const Shell made =
        shell("truncate -s 16M '" + path.native() + "' && mkfs.vfat '" + path.native() + "' && mcopy -i '" +
              path.native() + "' '" + path.native() + ".nsh' ::startup.nsh");
    ASSERT_EQ(made.status, 0) << made.output;
}

/// One libvirtd for all tests.
class Libvirt : public testing::Environment {
public:
    void SetUp() override {
        libvirt_ = std::make_unique<test::PrivateLibvirt>();
        make_source_image(path("source.raw"));
    }

    void TearDown() override { libvirt_.reset(); }

    fs::path path(std::string_view name) const { return libvirt_->path(name); }

    const std::string& uri() const { return libvirt_->uri(); }

private:
    std::unique_ptr<test::PrivateLibvirt> libvirt_;
};

Libvirt& lab() {
    static auto* lab = static_cast<Libvirt*>(testing::AddGlobalTestEnvironment(new Libvirt));
    return *lab;
}

const Libvirt& registered = lab();

Shell virsh(const std::string& arguments) {
    return shell("virsh -c '" + lab().uri() + "' " + arguments);
}

class EncryptedVm : public testing::Test {
protected:
    void SetUp() override {
        auto connected = connect_libvirt(lab().uri());
        ASSERT_TRUE(connected) << connected.error().detail;
        hypervisor_ = std::move(*connected);
        fs::create_directory(lab().path("vm"));
        fs::copy_file("/usr/share/OVMF/OVMF_VARS_4M.fd", spec_.nvram);
        const auto created = disks_->create(
            {.path = spec_.disk, .size_bytes = 32U << 20U, .source_image = lab().path("source.raw")},
            passphrase(),
            {});
        ASSERT_TRUE(created) << created.error().detail;
        const auto defined = hypervisor_->define(spec_);
        ASSERT_TRUE(defined) << defined.error().detail;
    }

    void TearDown() override {
        if (hypervisor_ && hypervisor_->state(spec_.id)) {
            EXPECT_TRUE(hypervisor_->stop(spec_.id, StopMode::force, 0s));
            EXPECT_TRUE(hypervisor_->undefine(spec_.id));
        }
        fs::remove_all(lab().path("vm"));
    }

    /// Waits for the guest's own words.
    bool console_shows(std::string_view text) const {
        const auto deadline = std::chrono::steady_clock::now() + 120s;
        while (std::chrono::steady_clock::now() < deadline) {
            if (content(spec_.console_log).contains(text))
                return true;
            std::this_thread::sleep_for(100ms);
        }
        return false;
    }

    static bool libvirt_has_a_secret() { return virsh("-q secret-list").output.contains(first_vm); }

    const std::unique_ptr<DiskImages> disks_ = make_qemu_disk_images({});
    std::unique_ptr<Hypervisor> hypervisor_;
    const DomainSpec spec_{
        .id = {first_vm},
        .name = "db-1",
        .cpus = 1,
        .memory_mib = 256,
        .network = Network::none,
        .accel = Accel::tcg,
        .firmware_code = "/usr/share/OVMF/OVMF_CODE_4M.fd",
        .nvram = lab().path("vm/nvram.fd"),
        .disk = lab().path("vm/disk.qcow2"),
        .console_log = lab().path("vm/console.log"),
        .key_record = R"({"provider":"<gold & 'silver'>","version":1})",
    };
};

TEST_F(EncryptedVm, ReadsItsDiskAndLeavesNoSecretBehind) {
    const auto started = hypervisor_->start(spec_.id, passphrase());
    ASSERT_TRUE(started) << started.error().detail;
    RecordProperty("milliseconds_to_started", static_cast<int>(started->count()));
    EXPECT_GT(started->count(), 0);
    EXPECT_EQ(hypervisor_->state(spec_.id).value(), VmState::running);
    EXPECT_FALSE(libvirt_has_a_secret());
    EXPECT_TRUE(console_shows(marker)) << content(spec_.console_log);
    EXPECT_TRUE(content(lab().path("source.raw")).contains(marker));
    EXPECT_FALSE(content(spec_.disk).contains(marker));
    EXPECT_TRUE(virsh("metadata " + first_vm + " urn:vouchsafe:vm:1").output.contains("\"version\":1"));

    const auto vms = hypervisor_->list();
    ASSERT_TRUE(vms);
    ASSERT_EQ(vms->size(), 1U);
    EXPECT_EQ(vms->front().id.text, first_vm);
    EXPECT_EQ(vms->front().name, "db-1");
    EXPECT_EQ(vms->front().state, VmState::running);
}

TEST_F(EncryptedVm, IsDeniedWithAnotherPassphrase) {
    const auto started = hypervisor_->start(spec_.id, passphrase('b'));
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Errc::denied) << started.error().detail;
    EXPECT_EQ(started.error().where, "hypervisor.passphrase");
    EXPECT_EQ(hypervisor_->state(spec_.id).value(), VmState::stopped);
    EXPECT_FALSE(libvirt_has_a_secret());
}

TEST_F(EncryptedVm, IsNotDefinedTwice) {
    EXPECT_EQ(hypervisor_->define(spec_).error().code, Errc::exists);
    DomainSpec same_name = spec_;
    same_name.id.text = other_vm;
    EXPECT_EQ(hypervisor_->define(same_name).error().code, Errc::exists);
}

TEST_F(EncryptedVm, WhileItRunsIsNeitherStartedNorUndefined) {
    ASSERT_TRUE(hypervisor_->start(spec_.id, passphrase()));
    EXPECT_EQ(hypervisor_->start(spec_.id, passphrase()).error().where, "hypervisor.running");
    EXPECT_EQ(hypervisor_->undefine(spec_.id).error().code, Errc::conflict);
    EXPECT_EQ(hypervisor_->state(spec_.id).value(), VmState::running);
}

TEST_F(EncryptedVm, StopsByForceWhenItDoesNotListen) {
    ASSERT_TRUE(hypervisor_->start(spec_.id, passphrase()));
    EXPECT_EQ(hypervisor_->stop(spec_.id, StopMode::graceful, 0s).error().code, Errc::timed_out);
    ASSERT_TRUE(hypervisor_->stop(spec_.id, StopMode::force, 0s));
    EXPECT_EQ(hypervisor_->state(spec_.id).value(), VmState::stopped);
    EXPECT_TRUE(hypervisor_->stop(spec_.id, StopMode::force, 0s)); // already
}

TEST_F(EncryptedVm, IsNotStartedFromAManagedSave) {
    ASSERT_TRUE(hypervisor_->start(spec_.id, passphrase()));
    const Shell saved = virsh("managedsave " + first_vm);
    ASSERT_EQ(saved.status, 0) << saved.output;
    const auto started = hypervisor_->start(spec_.id, passphrase());
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().where, "hypervisor.managed_save");
}

TEST_F(EncryptedVm, LosesASecretThatAKilledAgentLeft) {
    std::ofstream(lab().path("secret.xml")) << secret_xml(spec_.id);
    ASSERT_EQ(virsh("secret-define '" + lab().path("secret.xml").native() + "'").status, 0);
    ASSERT_TRUE(libvirt_has_a_secret());
    ASSERT_TRUE(connect_libvirt(lab().uri()));
    EXPECT_FALSE(libvirt_has_a_secret());
}

TEST(Libvirtd, DomainsOfOthersAreNotTouched) {
    std::ofstream(lab().path("other.xml")) << "<domain type='qemu'><name>other</name><uuid>" << other_vm
                                           << "</uuid><memory unit='MiB'>64</memory><os><type arch='x86_64' "
                                              "machine='q35'>hvm</type></os></domain>";
    ASSERT_EQ(virsh("define '" + lab().path("other.xml").native() + "'").status, 0);
    auto hypervisor = connect_libvirt(lab().uri());
    ASSERT_TRUE(hypervisor);
    EXPECT_TRUE((*hypervisor)->list().value().empty());
    EXPECT_EQ((*hypervisor)->start({other_vm}, passphrase()).error().code, Errc::not_found);
    EXPECT_EQ((*hypervisor)->stop({other_vm}, StopMode::force, 0s).error().code, Errc::not_found);
    EXPECT_EQ((*hypervisor)->undefine({other_vm}).error().code, Errc::not_found);
    EXPECT_EQ(virsh("undefine other").status, 0);
}

TEST(Libvirtd, ThatIsNotThereIsAnError) {
    const auto hypervisor = connect_libvirt("qemu+unix:///system?socket=/nonexistent/libvirt-sock");
    ASSERT_FALSE(hypervisor);
    EXPECT_EQ(hypervisor.error().where, "hypervisor.connect");
}

class EncryptedDisk : public testing::Test {
protected:
    fs::path path(std::string_view name) const { return fs::path(directory_.path()) / name; }

    test::TestDirectory directory_;
    const std::unique_ptr<DiskImages> disks_ = make_qemu_disk_images({});
};

TEST_F(EncryptedDisk, IsLuksThatCryptsetupOpens) {
    int last = -1;
    ASSERT_TRUE(disks_->create(
        {.path = path("d"), .size_bytes = 32U << 20U, .source_image = lab().path("source.raw")},
        passphrase(),
        [&last](int percent) { last = percent; }));
    EXPECT_EQ(last, 100);
    EXPECT_FALSE(fs::exists(path("d.partial")));
    const auto facts = disks_->check(path("d"));
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->qcow2.virtual_size, 32U << 20U);
    const std::string bytes = content(path("d"));
    std::ofstream(path("luks"), std::ios::binary)
        << bytes.substr(facts->qcow2.luks_offset, facts->qcow2.luks_length) << std::string(1U << 20U, '\0');
    const std::string open = "cryptsetup open --test-passphrase --key-file=- '" + path("luks").native() + "'";
    EXPECT_EQ(shell("printf %s " + std::string(64, 'a') + " | " + open).status, 0);
    EXPECT_NE(shell("printf %s " + std::string(64, 'b') + " | " + open).status, 0);
}

TEST_F(EncryptedDisk, MayBeEmpty) {
    ASSERT_TRUE(
        disks_->create({.path = path("d"), .size_bytes = 1U << 20U, .source_image = {}}, passphrase(), {}));
    EXPECT_TRUE(disks_->check(path("d")));
}

TEST_F(EncryptedDisk, NeverReplacesAFile) {
    std::ofstream(path("d")) << "precious";
    const auto created =
        disks_->create({.path = path("d"), .size_bytes = 1U << 20U, .source_image = {}}, passphrase(), {});
    EXPECT_EQ(created.error().code, Errc::exists);
    EXPECT_EQ(content(path("d")), "precious");
}

TEST_F(EncryptedDisk, IsNotMadeFromAnOddSource) {
    const auto create = [this](const fs::path& source, std::uint64_t size) {
        return disks_->create(
            {.path = path("d"), .size_bytes = size, .source_image = source}, passphrase(), {});
    };
    EXPECT_EQ(create(lab().path("source.raw"), 8U << 20U).error().where, "disk.size");
    EXPECT_EQ(create(path("nothing"), 8U << 20U).error().where, "disk.source");
    fs::create_symlink(lab().path("source.raw"), path("link"));
    EXPECT_EQ(create(path("link"), 32U << 20U).error().where, "disk.source");
    EXPECT_FALSE(fs::exists(path("d")));
    EXPECT_FALSE(fs::exists(path("d.partial")));
}

TEST_F(EncryptedDisk, LeavesNothingWhenItsTimeIsOver) {
    const auto hurried = make_qemu_disk_images({.program = "/usr/bin/qemu-img", .time_limit = 1ms});
    const auto created =
        hurried->create({.path = path("d"), .size_bytes = 1U << 20U, .source_image = {}}, passphrase(), {});
    ASSERT_FALSE(created);
    EXPECT_EQ(created.error().code, Errc::timed_out);
    EXPECT_TRUE(fs::is_empty(directory_.path()));
}

TEST_F(EncryptedDisk, IsRefusedInPlainOrChanged) {
    ASSERT_EQ(shell("qemu-img create -q -f qcow2 '" + path("plain").native() + "' 1M").status, 0);
    EXPECT_EQ(disks_->check(path("plain")).error().where, "qcow2.crypt_method");
    EXPECT_EQ(disks_->check(lab().path("source.raw")).error().where, "qcow2.magic");
    EXPECT_EQ(disks_->check(path("nothing")).error().code, Errc::not_found);

    ASSERT_TRUE(
        disks_->create({.path = path("d"), .size_bytes = 1U << 20U, .source_image = {}}, passphrase(), {}));
    fs::create_symlink(path("d"), path("link"));
    EXPECT_FALSE(disks_->check(path("link")));
    const std::string key =
        "--object secret,id=s0,data=" + std::string(64, 'a') + " --object secret,id=s1,data=evil";
    const Shell amended =
        shell("qemu-img amend " + key + " --image-opts driver=qcow2,encrypt.key-secret=s0,file.filename=" +
              path("d").native() + " -o encrypt.state=active,encrypt.new-secret=s1,encrypt.iter-time=10");
    ASSERT_EQ(amended.status, 0) << amended.output;
    EXPECT_EQ(disks_->check(path("d")).error().where, "luks.slot");
}

} // namespace
} // namespace vouchsafe::hypervisor

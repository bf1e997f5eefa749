#include "agent/vms.h"
#include "tests/support/agent_vms.h"
#include "tests/support/counting_random.h"
#include "tests/support/test_directory.h"
#include "vmcrypt/record.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace vouchsafe::agent {
namespace {

namespace fs = std::filesystem;

/// Keys as an authority gives them to a host that it trusts.
struct FakeKeys final : KeySource {
    bool trusted = true;
    bool sends_keys_for_blobs = false; ///< an authority that answers rewrap with a key
    std::vector<protocol::Operation> operations;

    Result<protocol::OperationResult> release(const protocol::Operation& operation) override {
        operations.push_back(operation);
        if (!trusted)
            return fail(Errc::denied, "host.not_trusted");
        if (std::holds_alternative<protocol::RewrapKey>(operation) && !sends_keys_for_blobs)
            return protocol::RewrappedKey{.ciphertext = Buffer{'N', 'E', 'W'}};
        protocol::ReleasedKey out{.ciphertext = {}, .key = Secret(protocol::key_size)};
        if (std::holds_alternative<protocol::GenerateKey>(operation))
            out.ciphertext = Buffer{'V', 'S', 'K', 'B'};
        return out;
    }
};

const VmId vm{"3f2504e0-4f89-41d3-9a0c-0305e82c3301"};
const VmId other_vm{"3f2504e0-4f89-41d3-9a0c-0305e82c3302"};

protocol::VmCreateOrder order() {
    return {.vm = vm,
            .name = "db-1",
            .provider = {"gold"},
            .memory_mib = 256,
            .vcpus = 1,
            .disk_mib = 32,
            .image = "payload"};
}

class EncryptedVms : public testing::Test {
protected:
    EncryptedVms() {
        fs::create_directory(path("vms"));
        fs::create_directory(path("images"));
        std::ofstream(path("images/payload.raw")) << "raw";
        std::ofstream(path("vars.fd")) << "variables";
    }

    fs::path path(std::string_view name) const { return fs::path(directory_.path()) / name; }

    fs::path vm_file(std::string_view name) const { return path("vms") / vm.text / name; }

    test::TestDirectory directory_;
    FakeKeys keys_;
    test::FakeHypervisor hypervisor_;
    test::FakeDisks disks_{hypervisor_};
    test::CountingRandom random_;
    Vms vms_{{.libvirt = "qemu:///system",
              .vm_directory = path("vms"),
              .image_directory = path("images"),
              .ovmf_code = "/code.fd",
              .ovmf_vars = path("vars.fd"),
              .accel = hypervisor::Accel::tcg},
             {.keys = keys_, .hypervisor = hypervisor_, .disks = disks_, .random = random_}};
};

TEST_F(EncryptedVms, AreMadeWithTheirRecordBesideTheDisk) {
    const auto created = vms_.create(order());
    ASSERT_TRUE(created) << created.error().where;
    EXPECT_EQ(created->context.vm, vm);
    EXPECT_EQ(created->context.key_id.size(), 32U);

    std::ifstream file(vm_file("vouchsafe.json"));
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto record = vmcrypt::VmKeyRecord::parse(text);
    ASSERT_TRUE(record);
    EXPECT_EQ(record->blob, created->blob);
    EXPECT_EQ(record->context, created->context);
    EXPECT_EQ(record->provider.text, "gold");

    const hypervisor::DomainSpec& spec = hypervisor_.vms.at(vm.text).spec;
    EXPECT_EQ(spec.key_record, text);
    EXPECT_EQ(spec.disk, vm_file("disk.qcow2"));
    EXPECT_EQ(spec.nvram, vm_file("nvram.fd"));
    EXPECT_TRUE(fs::exists(spec.nvram));
    EXPECT_EQ(disks_.requests.front().size_bytes, 32U << 20U);
    EXPECT_EQ(disks_.requests.front().source_image, path("images/payload.raw"));
}

TEST_F(EncryptedVms, HaveEachAKeyIdOfTheirOwn) {
    protocol::VmCreateOrder second = order();
    second.vm = other_vm;
    second.name = "db-2";
    const auto one = vms_.create(order());
    const auto two = vms_.create(second);
    ASSERT_TRUE(one && two);
    EXPECT_NE(one->context.key_id, two->context.key_id);
}

TEST_F(EncryptedVms, StartWithTheKeyThatTheirRecordNames) {
    ASSERT_TRUE(vms_.create(order()));
    ASSERT_TRUE(vms_.start(vm));
    EXPECT_EQ(hypervisor_.vms.at(vm.text).state, hypervisor::VmState::running);
    const auto& asked = std::get<protocol::DecryptKey>(keys_.operations.back());
    EXPECT_EQ(asked.context.vm, vm);
    EXPECT_EQ(as_text(asked.ciphertext), "VSKB");
    const std::string& passphrase = hypervisor_.passphrases.at(vm_file("disk.qcow2").native());
    EXPECT_EQ(passphrase.size(), 64U);
    EXPECT_NE(passphrase, std::string(64, '0')); // derived, never the key itself
}

TEST_F(EncryptedVms, DoNotStartOnAHostThatIsNotTrustedButGoOnRunning) {
    ASSERT_TRUE(vms_.create(order()));
    ASSERT_TRUE(vms_.start(vm));
    keys_.trusted = false;
    EXPECT_EQ(vms_.report()->front().state, "running");
    ASSERT_TRUE(vms_.stop(vm));
    EXPECT_EQ(vms_.start(vm).error().where, "host.not_trusted");
    EXPECT_EQ(vms_.report()->front().state, "stopped");
}

TEST_F(EncryptedVms, KeepTheNewBlobOfARewrappedKey) {
    ASSERT_TRUE(vms_.create(order()));
    ASSERT_TRUE(vms_.start(vm)); // running or not
    const auto rewrapped = vms_.rewrap(vm);
    ASSERT_TRUE(rewrapped) << rewrapped.error().where;
    EXPECT_EQ(as_text(rewrapped->blob), "NEW");
    const auto& asked = std::get<protocol::RewrapKey>(keys_.operations.back());
    EXPECT_EQ(as_text(asked.ciphertext), "VSKB");
    EXPECT_EQ(asked.context, rewrapped->context);

    std::ifstream file(vm_file("vouchsafe.json"));
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(vmcrypt::VmKeyRecord::parse(text)->blob, rewrapped->blob);
    EXPECT_EQ(hypervisor_.vms.at(vm.text).spec.key_record, text);
    ASSERT_TRUE(vms_.stop(vm));
    ASSERT_TRUE(vms_.start(vm));
    EXPECT_EQ(as_text(std::get<protocol::DecryptKey>(keys_.operations.back()).ciphertext), "NEW");
}

TEST_F(EncryptedVms, KeepTheirBlobWhenItIsNotRewrapped) {
    ASSERT_TRUE(vms_.create(order()));
    keys_.trusted = false;
    EXPECT_EQ(vms_.rewrap(vm).error().where, "host.not_trusted");
    keys_.trusted = true;
    keys_.sends_keys_for_blobs = true;
    EXPECT_EQ(vms_.rewrap(vm).error().where, "release.results");
    std::ifstream file(vm_file("vouchsafe.json"));
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    EXPECT_EQ(as_text(vmcrypt::VmKeyRecord::parse(text)->blob), "VSKB");
    EXPECT_EQ(vms_.rewrap({".."}).error().where, "vm.id");
}

TEST_F(EncryptedVms, AskForNoKeyWhenTheyRunAlready) {
    ASSERT_TRUE(vms_.create(order()));
    ASSERT_TRUE(vms_.start(vm));
    const std::size_t asked = keys_.operations.size();
    EXPECT_EQ(vms_.start(vm).error().where, "vm.running");
    EXPECT_EQ(keys_.operations.size(), asked);
}

TEST_F(EncryptedVms, AskForNoKeyForADiskWhoseHeaderIsWrong) {
    ASSERT_TRUE(vms_.create(order()));
    disks_.bad_header = Error{.code = Errc::untrusted, .where = "luks.slot", .detail = ""};
    EXPECT_EQ(vms_.start(vm).error().where, "luks.slot");
    EXPECT_EQ(keys_.operations.size(), 1U);
}

TEST_F(EncryptedVms, DoNotStartWithTheRecordOfAnother) {
    ASSERT_TRUE(vms_.create(order()));
    protocol::VmCreateOrder second = order();
    second.vm = other_vm;
    ASSERT_TRUE(vms_.create(second));
    fs::copy_file(path("vms") / other_vm.text / "vouchsafe.json",
                  vm_file("vouchsafe.json"),
                  fs::copy_options::overwrite_existing);
    const auto started = vms_.start(vm);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().where, "vm.record");
    EXPECT_EQ(keys_.operations.size(), 2U);
}

TEST_F(EncryptedVms, DoNotStartWithoutTheirRecord) {
    ASSERT_TRUE(vms_.create(order()));
    fs::remove(vm_file("vouchsafe.json"));
    EXPECT_EQ(vms_.start(vm).error().where, "vm.record");
}

TEST_F(EncryptedVms, LeaveNothingWhenMakingThemFails) {
    const auto nothing_left = [this] { return fs::is_empty(path("vms")) && hypervisor_.vms.empty(); };
    keys_.trusted = false;
    EXPECT_EQ(vms_.create(order()).error().where, "host.not_trusted");
    EXPECT_TRUE(nothing_left());
    keys_.trusted = true;
    disks_.full = true;
    EXPECT_EQ(vms_.create(order()).error().where, "disk.qemu_img");
    EXPECT_TRUE(nothing_left());
    disks_.full = false;
    hypervisor_.refuses_definitions = true;
    EXPECT_EQ(vms_.create(order()).error().where, "hypervisor.define");
    EXPECT_TRUE(nothing_left());
    hypervisor_.refuses_definitions = false;
    EXPECT_TRUE(vms_.create(order()));
}

TEST_F(EncryptedVms, AreNotMadeTwice) {
    ASSERT_TRUE(vms_.create(order()));
    EXPECT_EQ(vms_.create(order()).error().code, Errc::exists);
    EXPECT_TRUE(fs::exists(vm_file("disk.qcow2")));
}

TEST_F(EncryptedVms, TakeImagesByNameOnly) {
    std::ofstream(path("outside.raw")) << "raw";
    fs::create_symlink(path("outside.raw"), path("images/link.raw"));
    for (const std::string name : {"../outside", "/etc/passwd", "", "Payload", "nothing", "link"}) {
        protocol::VmCreateOrder bad = order();
        bad.image = name;
        const auto created = vms_.create(bad);
        ASSERT_FALSE(created) << name;
        EXPECT_EQ(created.error().where, "vm.image") << name;
    }
    EXPECT_TRUE(keys_.operations.empty());
}

TEST_F(EncryptedVms, HaveUuidsForIds) {
    protocol::VmCreateOrder bad = order();
    bad.vm = {"../vms/x"};
    EXPECT_EQ(vms_.create(bad).error().where, "vm.id");
    EXPECT_EQ(vms_.start(bad.vm).error().where, "vm.id");
    EXPECT_EQ(vms_.stop(bad.vm).error().where, "vm.id");
    EXPECT_EQ(vms_.remove({".."}).error().where, "vm.id");
    EXPECT_TRUE(fs::exists(path("images/payload.raw")));
}

TEST_F(EncryptedVms, AreAskedToStopFirst) {
    ASSERT_TRUE(vms_.create(order()));
    ASSERT_TRUE(vms_.start(vm));
    ASSERT_TRUE(vms_.stop(vm));
    EXPECT_EQ(hypervisor_.stops, std::vector{hypervisor::StopMode::graceful});
    ASSERT_TRUE(vms_.start(vm));
    hypervisor_.deaf_guests = true;
    ASSERT_TRUE(vms_.stop(vm));
    EXPECT_EQ(hypervisor_.stops.back(), hypervisor::StopMode::force);
    EXPECT_EQ(vms_.stop(other_vm).error().code, Errc::not_found);
}

TEST_F(EncryptedVms, AreRemovedWithTheirFilesOnceStopped) {
    ASSERT_TRUE(vms_.create(order()));
    ASSERT_TRUE(vms_.start(vm));
    EXPECT_EQ(vms_.remove(vm).error().code, Errc::conflict);
    EXPECT_TRUE(fs::exists(vm_file("disk.qcow2")));
    ASSERT_TRUE(vms_.stop(vm));
    ASSERT_TRUE(vms_.remove(vm));
    EXPECT_TRUE(fs::is_empty(path("vms")));
    EXPECT_TRUE(vms_.report()->empty());
    EXPECT_TRUE(vms_.remove(vm)); // gone already
}

} // namespace
} // namespace vouchsafe::agent

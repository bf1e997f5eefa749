// Where the keys are and where they are not: a full cycle with an authority host, both management servers and
// a key server, whose primary key the test knows; then every file and all memory of the processes is
// searched. authority_secrets_agent_test.cpp has the same with the agent.
#include "tests/e2e/secrets_house.h"
#include "tests/support/shell.h"

#include <unistd.h>

#include <thread>

namespace vouchsafe::test {
namespace {

class AuthoritySecrets : public Secrets {
protected:
    /// A VM's key made and opened again, and some refusals, so that logs and audit have what they would have.
    void release_keys() {
        ASSERT_TRUE(host_.open_session());
        const protocol::Context context = fresh_context();
        auto made = host_.release(protocol::GenerateKey{.provider = {"gold"}, .context = context});
        ASSERT_TRUE(made) << made.error().where;
        ASSERT_TRUE(host_.release(
            protocol::DecryptKey{.provider = {"gold"}, .ciphertext = *made->ciphertext, .context = context}));
        Buffer spoilt = *made->ciphertext;
        spoilt.back() ^= 1U;
        EXPECT_FALSE(host_.release(
            protocol::DecryptKey{.provider = {"gold"}, .ciphertext = spoilt, .context = context}));
        EXPECT_FALSE(host_.release(protocol::GenerateKey{.provider = {"lead"}, .context = context}));
        EXPECT_FALSE(host_.send(protocol::release_path, "no message", "application/jose")->status == 200);
        vm_key_ = std::move(made->key);
        must("authority", "vouchsafe.audit", "list", {{"vm", context.vm.text}});
        must("authority", "vouchsafe.status", "get", {});
        const json::Value services = must("authority", "vouchsafe.services_information", "export", {});
        must("workload",
             "vouchsafe.services_information",
             "import",
             {{"spec",
               json::object(
                   {{"anchor", *services.find("anchor")}, {"document", *services.find("document")}})}});
    }

    void run_a_cycle() {
        enrol(authority_, host_, "secrets-1");
        add_provider(authority_, key_server_, "gold", {.name = "main", .address = key_server_.address()});
        const auto attested = host_.attest();
        ASSERT_TRUE(attested && attested->outcome == protocol::Outcome::trusted);
        release_keys();
    }

    std::vector<Needle> needles() const {
        std::vector<Needle> out;
        primary_key_.expose([&](Bytes bytes) { out.push_back(Needle::of("primary key", bytes)); });
        vm_key_.expose([&](Bytes bytes) { out.push_back(Needle::of("key of a VM", bytes)); });
        return out;
    }

    PlayedHost host_;
    Secret vm_key_;
};

TEST_F(AuthoritySecrets, AreInLockedMemoryOfTheAuthorityHostAlone) {
    run_a_cycle();
    if (HasFatalFailure())
        return;
    const std::vector<Needle> keys = needles();
    // The search finds what there is to be found: the key server keeps its keys as they are.
    EXPECT_FALSE(files_with(keys.front(), key_server_.folder()).empty());

    for (const Needle& key : keys) {
        SCOPED_TRACE(key.name);
        expect_in_no_manager(key);
    }
    // It is under its lease: there, and only there.
    EXPECT_FALSE(expect_guarded(keys.front(), authority_.daemon().pid()).hits.empty());
    // What was released is gone.
    EXPECT_TRUE(search_memory(keys.back(), authority_.daemon().pid()).hits.empty());

    for (Daemon* const daemon :
         {&authority_.daemon(), &authority_manager_.daemon(), &workload_manager_.daemon()})
        expect_closed(*daemon);
    EXPECT_EQ(files_with(keys.front(), authority_.folder()), std::vector<std::string>{});
}

// The control of expect_closed: what was not taken away is there.
TEST(AnOrdinaryProcess, OpensToItsUserAndLeavesACore) {
    const TestDirectory folder;
    const std::string program = folder.path() + "/ordinary";
    std::ofstream(program) << "#!/bin/sh\ncd '" << folder.path() << "' && echo 'ready ordinary' && exec "
                           << without_privileges << " sleep 600\n";
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    Daemon ordinary({program}, folder.path() + "/log");
    ordinary.start();
    // It says so before it has become what it is to be.
    const std::string name = "/proc/" + std::to_string(ordinary.pid()) + "/comm";
    while (content(name) != "sleep\n")
        std::this_thread::yield();
    EXPECT_TRUE(opens_to_its_user(ordinary.pid()));
    if (!content("/proc/sys/kernel/core_pattern").starts_with("core"))
        GTEST_SKIP() << "this machine keeps its core dumps elsewhere, or none";
    EXPECT_TRUE(ordinary.leaves_core());
}

} // namespace
} // namespace vouchsafe::test

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    if (!vouchsafe::test::has_key_server()) {
        std::puts("skipped: python3-pykmip is not installed");
        return 77;
    }
    if (::geteuid() != 0) {
        std::puts("skipped: only root reads the memory of a process that cannot be dumped");
        return 77;
    }
    return RUN_ALL_TESTS();
}

#include "agent/config.h"

#include <gtest/gtest.h>

namespace vouchsafe::agent {
namespace {

const std::string pin(64, 'a');

std::string whole() {
    return R"({"state":"/var/lib/vouchsafe","label":"host-b","manager":"https://workload-manager.localhost:8443",)"
           R"("pin":")" +
           pin +
           R"(","token":"t","anchor_file":"/etc/anchor","resolve":{"a.localhost":"10.0.2.2"},"tcti":"swtpm:path=/s",)"
           R"("firmware_log":"/f","ima_log":"/i","userspace_log":"/u","vms":{"libvirt":"qemu:///system",)"
           R"("vm_directory":"/vms","image_directory":"/images","ovmf_code":"/code","ovmf_vars":"/vars",)"
           R"("accel":"kvm"}})";
}

TEST(AgentConfig, ReadsEveryMember) {
    const auto config = AgentConfig::parse(whole());
    ASSERT_TRUE(config) << config.error().where;
    EXPECT_EQ(config->state, "/var/lib/vouchsafe");
    EXPECT_EQ(config->manager->url.endpoint,
              (net::Endpoint{.host = "workload-manager.localhost", .port = 8443}));
    EXPECT_EQ(config->manager->pin, pin);
    EXPECT_EQ(config->token, "t");
    EXPECT_EQ(config->anchor_file, "/etc/anchor");
    EXPECT_EQ(config->resolve.at("a.localhost"), "10.0.2.2");
    EXPECT_EQ(config->tcti, "swtpm:path=/s");
    EXPECT_EQ(config->firmware_log, "/f");
    EXPECT_EQ(config->ima_log, "/i");
    EXPECT_EQ(config->userspace_log, "/u");
    EXPECT_EQ(config->vms->accel, hypervisor::Accel::kvm);
    EXPECT_EQ(config->vms->image_directory, "/images");
}

TEST(AgentConfig, HasDefaultsForARealHost) {
    const auto config = AgentConfig::parse(R"({"state":"/s","label":"host-a"})");
    ASSERT_TRUE(config);
    EXPECT_EQ(config->tcti, "device:/dev/tpmrm0");
    EXPECT_EQ(config->firmware_log, "/sys/kernel/security/tpm0/binary_bios_measurements");
    EXPECT_EQ(config->userspace_log, "/run/log/systemd/tpm2-measure.log");
    EXPECT_FALSE(config->vms);
    EXPECT_FALSE(config->manager);
}

struct Bad {
    std::string name, old_text, new_text, where;
};

TEST(AgentConfig, RefusesEveryOtherForm) {
    for (const Bad& bad : {
             Bad{"unknown member", R"({"state")", R"({"skip_quote":true,"state")", "config"},
             Bad{"unknown member of vms", R"({"libvirt")", R"({"x":1,"libvirt")", "config.vms"},
             Bad{"relative state", "/var/lib", "var/lib", "config.state"},
             Bad{"label", R"("host-b")", R"("a b")", "config.label"},
             Bad{"manager without pin", R"("pin":")" + pin + R"(",)", "", "config.manager"},
             Bad{"short pin", pin, "aa", "config.pin"},
             Bad{"plain HTTP", "https:", "http:", "url.scheme"},
             Bad{"relative images", R"("/images")", R"("images")", "config.vms.image_directory"},
             Bad{"acceleration", R"("kvm")", R"("auto")", "accel"},
             Bad{"address that is none", R"("10.0.2.2")", "7", "config.resolve"},
         }) {
        std::string text = whole();
        text.replace(text.find(bad.old_text), bad.old_text.size(), bad.new_text);
        const auto config = AgentConfig::parse(text);
        ASSERT_FALSE(config) << bad.name;
        EXPECT_EQ(config.error().where, bad.where) << bad.name;
    }
}

TEST(ChooseAnchor, TakesTheOneThatIsSet) {
    const std::string anchor(64, '1');
    EXPECT_EQ(choose_anchor({.built_in = anchor + "\n", .configured = {}, .joined = {}}).value(), anchor);
    EXPECT_EQ(choose_anchor({.built_in = {}, .configured = anchor, .joined = {}}).value(), anchor);
    EXPECT_EQ(choose_anchor({.built_in = {}, .configured = {}, .joined = anchor}).value(), anchor);
    EXPECT_EQ(choose_anchor({.built_in = anchor, .configured = anchor, .joined = anchor}).value(), anchor);
}

TEST(ChooseAnchor, RefusesTwoThatDiffer) {
    const std::string one(64, '1');
    const std::string two(64, '2');
    for (const AnchorSources& sources : {
             AnchorSources{.built_in = one, .configured = two, .joined = {}},
             AnchorSources{.built_in = one, .configured = {}, .joined = two},
             AnchorSources{.built_in = {}, .configured = one, .joined = two},
         })
        EXPECT_EQ(choose_anchor(sources).error().code, Errc::conflict);
}

TEST(ChooseAnchor, RefusesNoneAndWhatIsNoAnchor) {
    EXPECT_EQ(choose_anchor({}).error().code, Errc::not_found);
    for (const std::string& text :
         {std::string(), std::string("\n"), std::string(64, 'G'), std::string(63, '1')})
        EXPECT_EQ(choose_anchor({.built_in = text, .configured = {}, .joined = {}}).error().code,
                  Errc::malformed);
}

} // namespace
} // namespace vouchsafe::agent

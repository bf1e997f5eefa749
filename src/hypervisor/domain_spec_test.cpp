#include "hypervisor/domain_spec.h"

#include <gtest/gtest.h>

#include <functional>

namespace vouchsafe::hypervisor {
namespace {

DomainSpec good() {
    return {
        .id = {"3f2504e0-4f89-41d3-9a0c-0305e82c3301"},
        .name = "db-1",
        .cpus = 2,
        .memory_mib = 512,
        .network = Network::none,
        .accel = Accel::tcg,
        .firmware_code = "/usr/share/OVMF/OVMF_CODE_4M.fd",
        .nvram = "/vm/1/nvram.fd",
        .disk = "/vm/1/disk.qcow2",
        .console_log = "/vm/1/console.log",
        .key_record = R"({"provider":"gold","version":1})",
    };
}

TEST(DomainXml, SaysWhatTheSpecSays) {
    const auto xml = domain_xml(good());
    ASSERT_TRUE(xml);
    for (const std::string_view part : {
             "<domain type='qemu'>",
             "<name>db-1</name>",
             "<uuid>3f2504e0-4f89-41d3-9a0c-0305e82c3301</uuid>",
             "<vouchsafe:vm xmlns:vouchsafe='urn:vouchsafe:vm:1'>",
             "{&quot;provider&quot;:&quot;gold&quot;,&quot;version&quot;:1}",
             "<memory unit='MiB' dumpCore='off'>512</memory>",
             "<vcpu>2</vcpu>",
             "<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>",
             "<nvram>/vm/1/nvram.fd</nvram>",
             "<source file='/vm/1/disk.qcow2'>",
             "<encryption format='luks'><secret type='passphrase' "
             "uuid='3f2504e0-4f89-41d3-9a0c-0305e82c3301'/>",
             "<source path='/vm/1/console.log'/>",
             "<on_crash>destroy</on_crash>",
             "<suspend-to-disk enabled='no'/>",
         })
        EXPECT_TRUE(xml->contains(part)) << part << "\n" << *xml;
    EXPECT_FALSE(xml->contains("<interface"));
}

TEST(DomainXml, FollowsAccelerationAndNetwork) {
    DomainSpec spec = good();
    spec.accel = Accel::kvm;
    spec.network = Network::user;
    const auto xml = domain_xml(spec);
    ASSERT_TRUE(xml);
    EXPECT_TRUE(xml->contains("<domain type='kvm'>"));
    EXPECT_TRUE(xml->contains("<interface type='user'>"));
}

TEST(DomainXml, EscapesEveryMarkupCharacter) {
    DomainSpec spec = good();
    spec.disk = "/vm/a'><&\"/disk.qcow2";
    const auto xml = domain_xml(spec);
    ASSERT_TRUE(xml);
    EXPECT_TRUE(xml->contains("<source file='/vm/a&apos;&gt;&lt;&amp;&quot;/disk.qcow2'>"));
}

struct Bad {
    std::string name;
    std::function<void(DomainSpec&)> spoil;
    std::string where;
};

void PrintTo(const Bad& bad, std::ostream* out) {
    *out << bad.name;
}

class BadSpec : public testing::TestWithParam<Bad> {};

TEST_P(BadSpec, IsRefused) {
    DomainSpec spec = good();
    GetParam().spoil(spec);
    const auto xml = domain_xml(spec);
    ASSERT_FALSE(xml);
    EXPECT_EQ(xml.error().code, Errc::malformed);
    EXPECT_EQ(xml.error().where, GetParam().where);
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    BadSpec,
    testing::Values(
        Bad{"NoUuid", [](auto& s) { s.id.text = "../x"; }, "domain.id"},
        Bad{"NoName", [](auto& s) { s.name = ""; }, "domain.name"},
        Bad{"LongName", [](auto& s) { s.name = std::string(65, 'a'); }, "domain.name"},
        Bad{"NameWithMarkup", [](auto& s) { s.name = "a</name>"; }, "domain.name"},
        Bad{"NameLikeAnOption", [](auto& s) { s.name = "-a"; }, "domain.name"},
        Bad{"NoCpu", [](auto& s) { s.cpus = 0; }, "domain.cpus"},
        Bad{"ManyCpus", [](auto& s) { s.cpus = 513; }, "domain.cpus"},
        Bad{"LittleMemory", [](auto& s) { s.memory_mib = 63; }, "domain.memory"},
        Bad{"MuchMemory", [](auto& s) { s.memory_mib = (1U << 20U) + 1; }, "domain.memory"},
        Bad{"RelativeFirmware", [](auto& s) { s.firmware_code = "OVMF.fd"; }, "domain.firmware"},
        Bad{"NoNvram", [](auto& s) { s.nvram = ""; }, "domain.firmware"},
        Bad{"RelativeDisk", [](auto& s) { s.disk = "disk.qcow2"; }, "domain.disk"},
        Bad{"ControlByteInDisk", [](auto& s) { s.disk = "/vm/\x01"; }, "domain.disk"},
        Bad{"BrokenUtf8InDisk", [](auto& s) { s.disk = "/vm/\xff"; }, "domain.disk"},
        Bad{"LineEndInLog", [](auto& s) { s.console_log = "/vm/a\nb"; }, "domain.console_log"},
        Bad{"ControlByteInRecord", [](auto& s) { s.key_record = "{\t}"; }, "domain.key_record"},
        Bad{"HugeRecord", [](auto& s) { s.key_record.assign(70'000, 'a'); }, "domain.key_record"}),
    [](const auto& row) { return row.param.name; });

TEST(SecretXml, IsEphemeralAndPrivateAndHoldsNoValue) {
    const std::string xml = secret_xml(good().id);
    EXPECT_TRUE(xml.contains("<secret ephemeral='yes' private='yes'>"));
    EXPECT_TRUE(xml.contains("<uuid>3f2504e0-4f89-41d3-9a0c-0305e82c3301</uuid>"));
}

TEST(Words, AreExact) {
    EXPECT_EQ(parse_accel("kvm").value(), Accel::kvm);
    EXPECT_EQ(parse_accel("tcg").value(), Accel::tcg);
    EXPECT_FALSE(parse_accel("auto"));
    EXPECT_EQ(parse_network("none").value(), Network::none);
    EXPECT_EQ(parse_network("user").value(), Network::user);
    EXPECT_FALSE(parse_network("bridge"));
}

} // namespace
} // namespace vouchsafe::hypervisor

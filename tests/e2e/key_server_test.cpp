// A foreign key server, PyKMIP: the life of a key in every version that it speaks, and a primary key that
// survives a crash of its key server for as long as its lease.
#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/x509.h"
#include "keyprovider/kmip_key_server.h"
#include "net/kmip_transport.h"
#include "tests/support/release_house.h"
#include "tests/support/shell.h"
#include "tests/support/test_directory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace vouchsafe {
namespace {

using namespace std::chrono_literals;

using test::content;
using test::shell;
using test::Shell;

/// A way that is opened once for several clients.
class Shared final : public kmip::Transport {
public:
    explicit Shared(net::KmipTransport& transport) : transport_(transport) {}

    Result<Buffer> exchange(Bytes request, kmip::Deadline deadline) override {
        return transport_.exchange(request, deadline);
    }

private:
    net::KmipTransport& transport_;
};

class KeyServerTest : public testing::Test, public keyprovider::KmipConnector {
public:
    Result<std::unique_ptr<kmip::Transport>> connect(const inventory::Provider&,
                                                     const inventory::KmipServer&) override {
        return std::make_unique<Shared>(*transport_);
    }

    Result<std::optional<kmip::Credential>> credential(const inventory::Provider&) override {
        return std::nullopt;
    }

    kmip::Deadline deadline(const inventory::Provider&) override { return in_ten_seconds(); }

    Result<kmip::Deadline> answer_deadline(const inventory::Provider&, kmip::Deadline operation) override {
        return operation;
    }

protected:
    void SetUp() override {
        ASSERT_EQ(tool("start").status, 0);
        const auto now =
            std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
        const auto key = crypto::EcPrivateKey::generate();
        const auto certificate =
            crypto::make_self_signed(key,
                                     {.common_name = "key provider service",
                                      .dns_names = {},
                                      .usage = crypto::Usage::client,
                                      .validity = {.not_before = now - 1h, .not_after = now + 24h}});
        std::ofstream(file("client.pem")) << certificate.pem();
        ASSERT_EQ(tool("trust", "--client-cert " + file("client.pem")).status, 0);
        auto transport = net::KmipTransport::create(
            {.server = server_address(),
             .trust = net::PinnedCertificates{.pem = {content(file("server.pem"))}},
             .identity = {.certificate_pem = certificate.pem(), .private_key = key.to_secret_der()}});
        ASSERT_TRUE(transport);
        transport_ = std::move(*transport);
    }

    void TearDown() override { EXPECT_EQ(tool("stop").status, 0); }

    Shell tool(const std::string& command, const std::string& arguments = {}) const {
        return shell(std::string(VS_TOOLS) + "/lab/kmip-server " + command + " " + folder_.path() + " " +
                     arguments);
    }

    static kmip::Deadline in_ten_seconds() { return std::chrono::steady_clock::now() + 10s; }

    std::string file(const std::string& name) const { return folder_.path() + "/" + name; }

    net::Endpoint server_address() const {
        std::ifstream in(file("address"));
        net::Endpoint out;
        in >> out.host >> out.port;
        return out;
    }

    std::unique_ptr<net::KmipTransport> transport_;

private:
    test::TestDirectory folder_;
};

TEST_F(KeyServerTest, LeadsAKeyThroughItsLifeInEveryVersion) {
    for (const kmip::ProtocolVersion newest : kmip::supported_versions) {
        SCOPED_TRACE(kmip::to_string(newest));
        Shared transport(*transport_);
        kmip::Client client(transport, {.newest = newest});
        const auto version = client.version(in_ten_seconds());
        ASSERT_TRUE(version) << version.error().detail;
        EXPECT_EQ(*version, std::min(newest, kmip::ProtocolVersion{2, 0})); // it does not speak 2.1
        const auto facts = client.query(in_ten_seconds());
        ASSERT_TRUE(facts) << facts.error().detail;
        EXPECT_TRUE(facts->can(kmip::Operation::get));

        const std::string name = "key of " + kmip::to_string(newest);
        const auto id = client.create({.name = name}, in_ten_seconds());
        ASSERT_TRUE(id) << id.error().detail;
        EXPECT_EQ(client.locate_by_name(name, 10, in_ten_seconds()), std::vector{*id});
        EXPECT_EQ(client.get_attributes(*id, in_ten_seconds())->state, kmip::State::pre_active);
        EXPECT_TRUE(client.activate(*id, in_ten_seconds()));
        const auto attributes = client.get_attributes(*id, in_ten_seconds());
        ASSERT_TRUE(attributes) << attributes.error().detail;
        ASSERT_TRUE(attributes->told_at);
        EXPECT_EQ(keyprovider::check_attributes(
                      *attributes, {.policy = {}, .server_time = from_seconds(*attributes->told_at)}),
                  kmip::State::active);
        const auto key = client.get(*id, in_ten_seconds());
        ASSERT_TRUE(key) << key.error().detail;
        EXPECT_EQ(key->material.size(), 32U);

        EXPECT_EQ(client.destroy(*id, in_ten_seconds()).error().where, "kmip.final"); // Active
        EXPECT_TRUE(client.revoke(*id, kmip::RevocationReason::cessation, in_ten_seconds()));
        EXPECT_TRUE(client.destroy(*id, in_ten_seconds()));
        EXPECT_EQ(client.get(*id, in_ten_seconds()).error().where, "kmip.replica_lag");
    }
}

// Below 1.4 PyKMIP would lose the tag; our client does not ask.
TEST_F(KeyServerTest, EncryptsAndDecryptsWhereTheTagIsKept) {
    const Buffer nonce(kmip::aead_nonce_size, 0x24);
    const Secret plain{Bytes(Buffer(32, 0x42))};
    for (const kmip::ProtocolVersion newest : kmip::supported_versions) {
        SCOPED_TRACE(kmip::to_string(newest));
        Shared transport(*transport_);
        kmip::Client client(transport, {.newest = newest});
        const auto id = client.create({.name = "aead " + kmip::to_string(newest)}, in_ten_seconds());
        ASSERT_TRUE(id && client.activate(*id, in_ten_seconds()));
        const auto both = client.batch(
            [&](kmip::ProtocolVersion agreed) {
                return std::vector{kmip::get_attributes(agreed, *id), kmip::get(*id)};
            },
            in_ten_seconds());
        ASSERT_TRUE(both && both->size() == 2 && both->at(1));
        const auto key = kmip::read_get(*both->at(1), *id);
        ASSERT_TRUE(key);

        kmip::AeadContext context{.key = *id, .nonce = nonce, .additional_data = as_bytes("context")};
        const auto sealed = client.encrypt(context, plain, in_ten_seconds());
        if (newest < kmip::aead_since) {
            EXPECT_EQ(sealed.error().where, "kmip.protocol");
            continue;
        }
        ASSERT_TRUE(sealed) << sealed.error().detail;
        Buffer expected = crypto::aes256_gcm_seal(
            key->material, nonce, context.additional_data, plain); // by our own cipher
        Buffer joined = sealed->ciphertext;
        joined.insert(joined.end(), sealed->tag.begin(), sealed->tag.end());
        EXPECT_EQ(joined, expected);
        const auto opened = client.decrypt(context, sealed->ciphertext, sealed->tag, in_ten_seconds());
        ASSERT_TRUE(opened) << opened.error().detail;
        EXPECT_TRUE(crypto::equal(*opened, plain));
        Buffer wrong = sealed->tag;
        wrong.front() ^= 1U;
        EXPECT_EQ(client.decrypt(context, sealed->ciphertext, wrong, in_ten_seconds()).error().where,
                  "kmip.server_fault"); // a General Failure
        context.additional_data = as_bytes("another");
        EXPECT_FALSE(client.decrypt(context, sealed->ciphertext, sealed->tag, in_ten_seconds()));
    }
}

TEST_F(KeyServerTest, TakesAKeyOfOurs) {
    for (const kmip::ProtocolVersion newest : kmip::supported_versions) {
        SCOPED_TRACE(kmip::to_string(newest));
        Shared transport(*transport_);
        kmip::Client client(transport, {.newest = newest});
        const Secret material{Bytes(Buffer(32, 0x42))};
        const auto id = client.register_key({.material = material, .name = "ours"}, in_ten_seconds());
        ASSERT_TRUE(id) << id.error().detail;
        const auto names = client.get_attribute_list(*id, in_ten_seconds());
        ASSERT_TRUE(names) << names.error().detail;
        EXPECT_NE(std::ranges::find(*names, "Cryptographic Usage Mask"), names->end());
        EXPECT_TRUE(crypto::equal(client.get(*id, in_ten_seconds())->material, material));
    }
}

// PyKMIP reads the credential and ignores it: what is tested is that it can read it.
TEST_F(KeyServerTest, ReadsACredentialInEveryVersion) {
    const kmip::Credential credential{.username = "fred", .password = Secret(as_bytes("p4ssw0rd"))};
    for (const kmip::ProtocolVersion newest : kmip::supported_versions) {
        SCOPED_TRACE(kmip::to_string(newest));
        Shared transport(*transport_);
        kmip::Client client(transport, {.newest = newest, .credential = &credential});
        const auto facts = client.query(in_ten_seconds());
        ASSERT_TRUE(facts) << facts.error().detail;
        EXPECT_TRUE(facts->can(kmip::Operation::get));
    }
}

TEST_F(KeyServerTest, MayCrashWhileAPrimaryKeyIsUnderItsLease) {
    const Shell created = tool("create-key", "--name primary");
    ASSERT_EQ(created.status, 0);
    inventory::Provider provider = test::make_state().providers.at("gold");
    provider.generations = {
        {.number = 1, .primary_key = created.output.substr(0, created.output.find('\n'))}};
    test::SteppedClock clock;
    test::CountingRandom random;
    keyprovider::KmipKeyServer key_server(*this, clock, random);
    keyprovider::PrimaryKeyCache keys(key_server, clock, random);
    const auto obtain = [&] { return keys.obtain(provider, provider.generations.front()); };

    const auto first = obtain();
    ASSERT_TRUE(first) << first.error().detail;
    EXPECT_EQ(first->facts.state, kmip::State::active);

    ASSERT_EQ(tool("kill").status, 0);
    clock.pass(4min);
    EXPECT_TRUE(obtain());
    clock.pass(2min);
    const auto lapsed = obtain();
    ASSERT_FALSE(lapsed);
    EXPECT_EQ(lapsed.error().where, "kmip.transport");

    ASSERT_EQ(tool("start").status, 0);
    clock.pass(3s);
    const auto again = obtain();
    ASSERT_TRUE(again) << again.error().detail;
    EXPECT_TRUE(crypto::equal(*first->key, *again->key));

    ASSERT_EQ(tool("destroy-key", provider.generations.front().primary_key).status, 0);
    clock.pass(6min);
    EXPECT_FALSE(obtain());
}

} // namespace
} // namespace vouchsafe

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    if (vouchsafe::shell("/usr/bin/python3 -c 'import kmip.services.server'").status != 0) {
        std::puts("skipped: python3-pykmip is not installed");
        return 77;
    }
    return RUN_ALL_TESTS();
}

// A TPM by tpmdev through a resource manager: what works without one works with one, for several at a time;
// and what is said when it has no room, or is away.
#include "tests/e2e/tpmdev_attest.h"
#include "tests/support/resource_manager.h"
#include "tests/support/swtpm.h"
#include "tpmdev/conversion.h"
#include "tpmdev/key_in_tpm.h"

#include <cstdio>
#include <thread>
#include <vector>

namespace vouchsafe::tpmdev {
namespace {

using test::ResourceManager;
using test::Swtpm;

/// One TPM and one bus for all tests; the resource manager is another in each.
class BehindResourceManager : public testing::Test {
protected:
    static void SetUpTestSuite() {
        tpm_ = new Swtpm("--banks sha1,sha256 --p256");
        // The EK is made for each use, so that there are keys to make room for.
        ASSERT_EQ(tpm_->tool_with("tpm2_evictcontrol -C o -c 0x81010001").status, 0);
        manager_ = new ResourceManager(tpm_->tcti());
    }

    static void TearDownTestSuite() {
        delete manager_;
        delete tpm_;
    }

    void TearDown() override { manager_->kill(); }

    static const std::string& start(const std::string& options = "") {
        // What one that was killed left in the TPM is not the next one's: it flushes that.
        manager_->start("--flush-all " + options);
        return manager_->tcti();
    }

    static Swtpm* tpm_;
    static ResourceManager* manager_;
};

Swtpm* BehindResourceManager::tpm_ = nullptr;
ResourceManager* BehindResourceManager::manager_ = nullptr;

TEST_F(BehindResourceManager, EachKindOfKeyAttests) {
    const std::string& tcti = start();
    for (const tpm::AkKind kind : {tpm::AkKind::ecc_p256, tpm::AkKind::ecc_p384, tpm::AkKind::rsa_2048}) {
        const auto attested = attest(tcti, kind);
        ASSERT_TRUE(attested) << error_of(attested);
        EXPECT_EQ(attested->ek, "L-1");
    }
    EXPECT_EQ(attest(tcti)->ak.algorithm, tpm::AlgId::ecdsa);
}

TEST_F(BehindResourceManager, EndorsementAndKeyAreThoseOfTheTpmItself) {
    Endorsement endorsement;
    Buffer key;
    TpmFacts facts;
    {
        TpmDevice device = open(tpm_->tcti());
        endorsement = device.endorsement().value();
        key = device.load_attestation_key(seed()).value();
        facts = device.facts().value();
    }
    TpmDevice device = open(start());
    EXPECT_EQ(device.endorsement()->certificates, endorsement.certificates); // read from NV
    EXPECT_EQ(device.endorsement()->ek_public, endorsement.ek_public);
    EXPECT_EQ(device.load_attestation_key(seed()).value(), key);
    EXPECT_EQ(device.facts().value(), facts);
}

TEST_F(BehindResourceManager, QuotesAThousandTimes) {
    TpmDevice device = open(start());
    const auto ak = load_key(device);
    ASSERT_TRUE(ak) << error_of(ak);
    for (int i = 0; i < 1000; ++i) {
        const auto quoted = quote(device, *ak);
        ASSERT_TRUE(quoted) << i << ": " << error_of(quoted);
    }
}

// swtpm has room for three keys and three sessions: the resource manager takes out what is not in use.
TEST_F(BehindResourceManager, ServesSeveralAtATime) {
    const std::string& tcti = start();
    constexpr std::size_t users = 6;
    std::vector<std::string> errors(users);
    {
        std::vector<std::jthread> threads;
        for (std::size_t user = 0; user < users; ++user)
            threads.emplace_back([&tcti, &error = errors[user], user] {
                const char letter = static_cast<char>('a' + user);
                auto device = TpmDevice::open(tcti);
                if (!device) {
                    error = device.error().detail;
                    return;
                }
                for (int i = 0; i < 3 && error.empty(); ++i)
                    error = error_of(attest(*device, tpm::AkKind::ecc_p256, letter));
                const auto ak = load_key(*device, tpm::AkKind::ecc_p256, letter);
                for (int i = 0; i < 30 && error.empty(); ++i)
                    error = ak ? error_of(quote(*device, *ak)) : error_of(ak);
            });
    }
    EXPECT_EQ(errors, std::vector<std::string>(users));

    // All with their keys loaded, in turns.
    std::vector<TpmDevice> devices;
    std::vector<tpm::AttestationKey> keys;
    for (std::size_t user = 0; user < users; ++user) {
        devices.push_back(open(tcti));
        keys.push_back(
            load_key(devices.back(), tpm::AkKind::ecc_p256, static_cast<char>('a' + user)).value());
    }
    for (int round = 0; round < 5; ++round)
        for (std::size_t user = 0; user < users; ++user) {
            const auto quoted = quote(devices[user], keys[user]);
            EXPECT_TRUE(quoted) << error_of(quoted);
        }
}

// What the tests above go round: the TPM itself has no room for that many.
TEST_F(BehindResourceManager, IsNeededForThat) {
    const test::Shell filled = tpm_->tool_with("sh -c 'cd \"$(mktemp -d)\" && for i in 1 2 3 4; do "
                                               "tpm2_createprimary -G ecc -c $i -Q || exit 1; done'");
    EXPECT_NE(filled.status, 0);
    EXPECT_TRUE(filled.output.contains("0x902")) << filled.output; // TPM_RC_OBJECT_MEMORY
    TpmDevice device = open(tpm_->tcti());
    const auto key = load_key(device);
    ASSERT_FALSE(key);
    EXPECT_TRUE(key.error().detail.contains("the TPM has no room for another key")) << error_of(key);
    start(); // which flushes them
    EXPECT_TRUE(attest(manager_->tcti()));
}

// The agent has two keys at a time at most. What it would be told is seen one floor below.
TEST_F(BehindResourceManager, SaysThatThereIsNoRoomForAKey) {
    const Esys connection = Esys::open(start("--max-transients=1")).value();
    const TPM2B_PUBLIC model = to_public(tpm::ek_template("L-2")).value();
    std::vector<KeyInTpm> keys;
    std::optional<Error> error;
    while (!error && keys.size() < 8) {
        TPM2B_SENSITIVE_CREATE sensitive{};
        auto key = create_primary(connection.get(), sensitive, model);
        if (key)
            keys.push_back(*std::move(key));
        else
            error = std::move(key).error();
    }
    ASSERT_TRUE(error) << keys.size();
    EXPECT_EQ(error->code, Errc::unavailable);
    EXPECT_TRUE(error->detail.contains("the resource manager has no room for another key")) << error->detail;
}

TEST_F(BehindResourceManager, SaysThatThereIsNoRoomForAConnection) {
    const std::string& tcti = start("--max-connections=1");
    std::optional<TpmDevice> first = open(tcti);
    const auto second = TpmDevice::open(tcti);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::unavailable);
    EXPECT_TRUE(second.error().detail.contains("resource manager")) << error_of(second);
    ASSERT_TRUE(first->facts());
}

TEST_F(BehindResourceManager, SaysThatItIsAway) {
    const std::string tcti = start();
    TpmDevice device = open(tcti);
    const auto ak = load_key(device);
    ASSERT_TRUE(ak) << error_of(ak);
    manager_->kill();
    const auto quoted = quote(device, *ak);
    ASSERT_FALSE(quoted);
    EXPECT_EQ(quoted.error().code, Errc::unavailable);
    EXPECT_TRUE(quoted.error().detail.contains("resource manager")) << error_of(quoted);
    const auto opened = TpmDevice::open(tcti);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code, Errc::unavailable);
    EXPECT_TRUE(opened.error().detail.contains("resource manager")) << error_of(opened);
    // When it is back, the TPM is as it was.
    TpmDevice again = open(start());
    const auto same = load_key(again);
    ASSERT_TRUE(same) << error_of(same);
    EXPECT_EQ(same->name(), ak->name());
    EXPECT_TRUE(quote(again, *same));
}

} // namespace
} // namespace vouchsafe::tpmdev

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    if (vouchsafe::test::shell("command -v dbus-daemon").status != 0) {
        std::puts("skipped: dbus-daemon is not installed");
        return 77;
    }
    if (!vouchsafe::test::ResourceManager::fetch())
        return 77;
    return RUN_ALL_TESTS();
}

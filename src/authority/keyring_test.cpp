#include "authority/keyring.h"
#include "base/bytes.h"
#include "crypto/random.h"
#include "tests/support/release_house.h"
#include "tests/support/test_directory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

namespace vouchsafe::authority {
namespace {

using token::KeyUse;

class KeyringTest : public ::testing::Test {
protected:
    static Secret state_key() { return Secret(as_bytes("0123456789abcdef0123456789abcdef")); }

    Result<Keyring> create(store::SealedFiles& files) {
        return Keyring::create(
            files, {.host = AuthorityHostId{"authority-1"}, .tls_name = "a.localhost"}, clock_, random_);
    }

    Result<Keyring> load() { return Keyring::load(files_, clock_); }

    // Takes one sealed secret of another authority's under our own state key.
    void take_from(const store::SealedFiles& other, std::string_view name) {
        const auto secret = other.load(name);
        ASSERT_TRUE(secret) << name;
        ASSERT_TRUE(files_.save(name, *secret));
    }

    test::SteppedClock clock_;
    crypto::SystemRandom random_;
    test::TestDirectory directory_;
    store::SealedFiles files_{directory_.path(), state_key(), random_};
    test::TestDirectory other_directory_;
    store::SealedFiles other_{other_directory_.path(), state_key(), random_};
};

TEST_F(KeyringTest, ComesBackAsItWasMade) {
    const auto made = create(files_);
    ASSERT_TRUE(made);
    const auto loaded = load();
    ASSERT_TRUE(loaded);
    EXPECT_EQ(loaded->config().host.text, "authority-1");
    EXPECT_EQ(loaded->config().tls_name, "a.localhost");
    EXPECT_EQ(loaded->identity().anchor, made->identity().anchor);
    EXPECT_EQ(loaded->root_certificate(), made->root_certificate());
    EXPECT_EQ(loaded->key_certificates(), made->key_certificates());
    EXPECT_EQ(loaded->tls_pin(), made->tls_pin());
    for (const KeyUse use : token::all_key_uses)
        EXPECT_EQ(loaded->key(use).public_key(), made->key(use).public_key());
}

TEST_F(KeyringTest, IsMadeOnce) {
    ASSERT_TRUE(create(files_));
    const auto again = create(files_);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().where, "keyring.exists");
}

TEST_F(KeyringTest, HasOneKeyForEachUse) {
    const auto made = create(files_);
    ASSERT_TRUE(made);
    std::set<std::string> keys{made->root_key().thumbprint(), made->tls_key().public_key().thumbprint()};
    for (const KeyUse use : token::all_key_uses)
        keys.insert(made->key(use).public_key().thumbprint());
    EXPECT_EQ(keys.size(), 2 + std::size(token::all_key_uses));
    std::set<KeyUse> uses;
    for (const std::string& text : made->key_certificates()) {
        const auto certificate = token::verify_key_certificate(text, made->root_key(), clock_.now());
        ASSERT_TRUE(certificate);
        EXPECT_EQ((*certificate)->key, made->key((*certificate)->use).public_key());
        EXPECT_EQ((*certificate)->host.text, "authority-1");
        uses.insert((*certificate)->use);
    }
    EXPECT_EQ(uses.size(), std::size(token::all_key_uses));
}

TEST_F(KeyringTest, IsNotThereBeforeItIsMade) {
    EXPECT_EQ(load().error().code, Errc::not_found);
}

// An init that broke off half-way left no root key; the next one begins anew.
TEST_F(KeyringTest, RootComesLast) {
    ASSERT_TRUE(create(files_));
    std::filesystem::remove(directory_.path() + "/root.sealed");
    EXPECT_EQ(load().error().code, Errc::not_found);
    EXPECT_TRUE(create(files_));
    EXPECT_TRUE(load());
}

TEST_F(KeyringTest, RefusesAnotherStateKey) {
    ASSERT_TRUE(create(files_));
    const store::SealedFiles wrong(
        directory_.path(), Secret(as_bytes("another key, of the same length!")), random_);
    EXPECT_EQ(Keyring::load(wrong, clock_).error().where, "sealed.open");
}

struct Foreign {
    const char* name;
    std::vector<std::string> taken; ///< from another authority
};

class ForeignParts : public KeyringTest, public ::testing::WithParamInterface<Foreign> {};

TEST_P(ForeignParts, AreRefused) {
    ASSERT_TRUE(create(files_));
    ASSERT_TRUE(create(other_));
    ASSERT_TRUE(load());
    for (const std::string& name : GetParam().taken)
        take_from(other_, name);
    const auto loaded = load();
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().code, Errc::untrusted);
}

INSTANTIATE_TEST_SUITE_P(Keyring,
                         ForeignParts,
                         ::testing::Values(Foreign{"root", {"root"}},
                                           Foreign{"certificate", {"key-token-certificate"}},
                                           Foreign{"key", {"key-token"}},
                                           Foreign{"key_and_certificate",
                                                   {"key-token", "key-token-certificate"}},
                                           Foreign{"root_certificate", {"root-certificate"}}),
                         [](const auto& row) { return row.param.name; });

// Ours, but each in the other's place: a token key must not sign changes.
TEST_F(KeyringTest, RefusesKeysOfSwappedUses) {
    ASSERT_TRUE(create(files_));
    for (const std::string suffix : {"", "-certificate"}) {
        auto token_part = files_.load("key-token" + suffix);
        auto change_part = files_.load("key-change" + suffix);
        ASSERT_TRUE(token_part && change_part);
        ASSERT_TRUE(files_.save("key-token" + suffix, *change_part));
        ASSERT_TRUE(files_.save("key-change" + suffix, *token_part));
    }
    EXPECT_EQ(load().error().where, "keyring.certificate");
}

TEST_F(KeyringTest, RefusesCertificatesThatHaveExpired) {
    ASSERT_TRUE(create(files_));
    clock_.pass(std::chrono::days(3651));
    EXPECT_EQ(load().error().code, Errc::expired);
}

TEST_F(KeyringTest, TlsCertificateNamesTheHostUnderTheRoot) {
    const auto made = create(files_);
    ASSERT_TRUE(made);
    const auto chain = crypto::certificates_from_pem(*made->tls_certificate(clock_));
    ASSERT_TRUE(chain);
    ASSERT_EQ(chain->size(), 2U);
    EXPECT_EQ(chain->front().dns_names(), std::vector<std::string>{"a.localhost"});
    EXPECT_EQ(to_hex(crypto::sha256(chain->front().spki_der())), made->tls_pin());
    EXPECT_TRUE(crypto::verify_chain({.leaf = chain->front(),
                                      .intermediates = {},
                                      .anchors = {&made->root_certificate(), 1},
                                      .now = clock_.now(),
                                      .purpose = crypto::Purpose::tls_server}));
}

TEST_F(KeyringTest, ServicesInformationVerifiesFromTheAnchorAlone) {
    const auto made = create(files_);
    ASSERT_TRUE(made);
    const auto document = made->services_document(
        {.cluster = "trust-authority-1", .version = 7, .port = 8443}, clock_, random_);
    ASSERT_TRUE(document);
    const auto verify = [&](const std::string& anchor) {
        return token::verify_services(
            {.document = *document, .anchor = anchor, .least_version = 0, .now = clock_.now()});
    };
    const auto verified = verify(made->identity().anchor);
    ASSERT_TRUE(verified) << verified.error().where;
    ASSERT_EQ(verified->hosts().size(), 1U);
    EXPECT_EQ(verified->information().version, 7);
    EXPECT_NE(verified->keys(KeyUse::session).find(made->key(KeyUse::session).public_key().thumbprint()),
              nullptr);
    EXPECT_EQ(verify(std::string(64, '0')).error().where, "services.root");
}

} // namespace
} // namespace vouchsafe::authority

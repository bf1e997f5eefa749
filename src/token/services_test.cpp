#include "token/services.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace vouchsafe::token {
namespace {

const SysTime now = from_seconds(1'800'000'000);
constexpr std::chrono::days year{365};

/// A cluster of one host, with everything that its document is made of.
struct Cluster {
    crypto::EcPrivateKey root = crypto::EcPrivateKey::generate();
    crypto::EcPrivateKey services = crypto::EcPrivateKey::generate();
    crypto::EcPrivateKey token = crypto::EcPrivateKey::generate();
    crypto::Certificate certificate = crypto::make_ca_certificate(
        root, "Vouchsafe root", {.not_before = now - year, .not_after = now + year});
    std::string anchor = anchor_of(root.public_key());

    std::string
    certified(const crypto::EcPrivateKey& key, KeyUse use, std::string host = "authority-1") const {
        auto text = issue_key_certificate(root,
                                          KeyCertificate{.host = AuthorityHostId{std::move(host)},
                                                         .use = use,
                                                         .key = key.public_key(),
                                                         .id = "k-1",
                                                         .times = times_from(now, year)});
        EXPECT_TRUE(text);
        return *text;
    }

    ServicesInformation information() const {
        return ServicesInformation{.anchor = anchor,
                                   .group = group_of(anchor),
                                   .cluster = "trust-authority",
                                   .version = 3,
                                   .hosts = {{AuthorityHostId{"authority-1"}, "authority-1.localhost", 8443}},
                                   .id = "s-1",
                                   .times = times_from(now, year)};
    }

    std::vector<std::string> certificates() const {
        return {certified(services, KeyUse::services), certified(token, KeyUse::token)};
    }

    json::Value document(const ServicesInformation& said) const {
        const auto text = issue_services_information(services, said);
        EXPECT_TRUE(text);
        return services_document(certificate, certificates(), *text);
    }

    Result<VerifiedServices> verify(const json::Value& document, std::int64_t least = 0) const {
        return verify_services({.document = document, .anchor = anchor, .least_version = least, .now = now});
    }
};

const Cluster& cluster() {
    static const Cluster made;
    return made;
}

void expect_refused(const Result<VerifiedServices>& result, std::string_view where) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().where, where);
}

TEST(Services, AreBelievedByTheAnchorAlone) {
    const json::Value document = cluster().document(cluster().information());
    const auto services = cluster().verify(document, 3);
    ASSERT_TRUE(services);
    EXPECT_EQ(services->information(), cluster().information());
    EXPECT_EQ(services->root(), cluster().certificate);
    EXPECT_EQ(services->document(), document);
    EXPECT_NE(services->keys(KeyUse::token).find(cluster().token.public_key().thumbprint()), nullptr);
    EXPECT_EQ(services->keys(KeyUse::token).size(), 1U);
    EXPECT_TRUE(services->keys(KeyUse::session).empty());
    EXPECT_EQ(services->keys(KeyUse::token, AuthorityHostId{"authority-1"}).size(), 1U);
    EXPECT_TRUE(services->keys(KeyUse::token, AuthorityHostId{"authority-2"}).empty());
}

TEST(Services, OfAnotherClusterAreRefused) {
    const Cluster other;
    expect_refused(cluster().verify(other.document(other.information())), "services.root");
}

TEST(Services, AreRefusedWhereNoAnchorIsSet) {
    const json::Value document = cluster().document(cluster().information());
    expect_refused(verify_services({.document = document, .anchor = "", .least_version = 0, .now = now}),
                   "services.anchor");
}

TEST(Services, NeverGoBack) {
    const json::Value document = cluster().document(cluster().information());
    EXPECT_TRUE(cluster().verify(document, 3));
    expect_refused(cluster().verify(document, 4), "services.version");
}

TEST(Services, EndWithTheirTimes) {
    const json::Value document = cluster().document(cluster().information());
    const SysTime later = now + year;
    expect_refused(
        verify_services({.document = document, .anchor = cluster().anchor, .least_version = 0, .now = later}),
        "services.root");
}

TEST(Services, NameTheAnchorThatSignedThem) {
    ServicesInformation said = cluster().information();
    said.anchor = std::string(64, '0');
    expect_refused(cluster().verify(cluster().document(said)), "services.anchor");
    said = cluster().information();
    said.group = std::string(32, '0'); // and so the issuer
    expect_refused(cluster().verify(cluster().document(said)), "token.issuer");
}

TEST(Services, NeedAServicesKey) {
    const std::string text = *issue_services_information(cluster().token, cluster().information());
    const Cluster& c = cluster();
    // Signed by a key of the cluster, but one that is certified for tokens.
    expect_refused(c.verify(services_document(c.certificate, c.certificates(), text)), "token.kid");
    expect_refused(c.verify(services_document(c.certificate, {c.certified(c.token, KeyUse::token)}, text)),
                   "services.key");
}

TEST(Services, RefuseAKeyOfTwoUses) {
    const Cluster& c = cluster();
    auto certificates = c.certificates();
    certificates.push_back(c.certified(c.token, KeyUse::report));
    const std::string text = *issue_services_information(c.services, c.information());
    expect_refused(c.verify(services_document(c.certificate, certificates, text)), "services.key");
}

TEST(Services, RefuseAKeyCertifiedByAnotherRoot) {
    const Cluster& c = cluster();
    const Cluster other;
    auto certificates = c.certificates();
    certificates.push_back(other.certified(other.token, KeyUse::token));
    const std::string text = *issue_services_information(c.services, c.information());
    expect_refused(c.verify(services_document(c.certificate, certificates, text)), "token.kid");
}

TEST(Services, RefuseTwoHostsWithOneNameOrNone) {
    const Cluster& c = cluster();
    ServicesInformation said = c.information();
    said.hosts.push_back(said.hosts.front());
    EXPECT_EQ(issue_services_information(c.services, said).error().where, "services.hosts");
    said.hosts.clear();
    EXPECT_EQ(issue_services_information(c.services, said).error().where, "services.hosts");
}

TEST(Services, RefuseARootThatIsNoCa) {
    const Cluster& c = cluster();
    const auto leaf =
        crypto::make_self_signed(c.root,
                                 {.common_name = "root",
                                  .dns_names = {"root"},
                                  .usage = crypto::Usage::server,
                                  .validity = {.not_before = now - year, .not_after = now + year}});
    const std::string text = *issue_services_information(c.services, c.information());
    expect_refused(c.verify(services_document(leaf, c.certificates(), text)), "services.root");
}

TEST(Services, RefuseAnotherForm) {
    const Cluster& c = cluster();
    const json::Value good = c.document(c.information());
    const auto refused = [&](const std::function<void(json::Object&)>& alter, std::string_view where) {
        json::Value bad = good;
        alter(bad.as_object());
        expect_refused(c.verify(bad), where);
    };
    refused([](auto& m) { m.emplace("note", "x"); }, "services");
    refused([](auto& m) { m.erase("root"); }, "services.root");
    refused([](auto& m) { m.insert_or_assign("root", "AAAA"); }, "services.root");
    refused([](auto& m) { m.insert_or_assign("key_certificates", "x"); }, "services.key_certificates");
    refused([](auto& m) { m.insert_or_assign("information", "x"); }, "token.form");
}

TEST(KeyCertificate, ComesBackAsIssued) {
    const Cluster& c = cluster();
    for (const KeyUse use : all_key_uses) {
        const auto back = verify_key_certificate(c.certified(c.token, use), c.root.public_key(), now);
        ASSERT_TRUE(back);
        EXPECT_EQ((*back)->use, use);
        EXPECT_EQ((*back)->key, c.token.public_key());
        EXPECT_EQ((*back)->host.text, "authority-1");
    }
}

TEST(KeyCertificate, IsRefusedOfAnotherRootOrUse) {
    const Cluster& c = cluster();
    const auto other = crypto::EcPrivateKey::generate();
    EXPECT_FALSE(verify_key_certificate(c.certified(c.token, KeyUse::token), other.public_key(), now));
    EXPECT_FALSE(key_use_from_text("tokens"));
    const Registered claims{.issuer = "urn:vouchsafe:root:" + c.anchor,
                            .audience = "urn:vouchsafe:key",
                            .subject = "authority-1",
                            .id = "k",
                            .times = times_from(now, year)};
    json::Object own;
    own.emplace("jwk", jwk(c.token.public_key()));
    own.emplace("use", "everything");
    const auto bad = verify_key_certificate(
        issue_jwt(c.root, key_certificate_typ, claims, std::move(own)), c.root.public_key(), now);
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().where, "key_certificate.use");
}

} // namespace
} // namespace vouchsafe::token

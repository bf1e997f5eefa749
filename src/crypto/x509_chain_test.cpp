// What verify_chain takes and, one defect at a time, what it refuses.
#include "crypto/x509.h"
#include "crypto/x509_test_builder.h"
#include "tests/support/vector_file.h"

#include <gtest/gtest.h>

#include <functional>

namespace vouchsafe::crypto {
namespace {

using test_build::ca_extensions;
using test_build::day;
using test_build::Draft;
using test_build::ek_extensions;
using test_build::Extension;
using test_build::Holder;
using test_build::make;
using test_build::tls_extensions;

/// A root, an intermediate, and a leaf; a test changes what it is about before they are made.
struct Scene {
    Draft root{.common_name = "root", .extensions = ca_extensions()};
    Draft intermediate{.common_name = "intermediate", .extensions = ca_extensions()};
    Draft leaf{.common_name = "leaf", .extensions = ek_extensions()};
    std::function<OwnedPkey()> root_key = [] { return test_build::new_ec_key(); };
    std::function<OwnedPkey()> leaf_key = [] { return test_build::new_ec_key(); };
    std::function<void(X509&)> more_leaf = [](X509&) {};
    Purpose purpose = Purpose::ek;
    SysTime now = day(1);

    Result<std::vector<Certificate>> verify() const {
        const Holder root_made = make(root, root_key(), nullptr);
        const Holder intermediate_made = make(intermediate, &root_made);
        const Holder leaf_made = make(leaf, leaf_key(), &intermediate_made, more_leaf);
        const std::vector intermediates = {intermediate_made.certificate()};
        const std::vector anchors = {root_made.certificate()};
        return verify_chain({.leaf = leaf_made.certificate(),
                             .intermediates = intermediates,
                             .anchors = anchors,
                             .now = now,
                             .purpose = purpose});
    }
};

struct Case {
    std::string name;
    std::function<void(Scene&)> change;
    std::string where; ///< empty: accepted
};

class Chain : public testing::TestWithParam<Case> {};

TEST_P(Chain, IsJudged) {
    Scene scene;
    GetParam().change(scene);
    const auto path = scene.verify();
    if (GetParam().where.empty()) {
        ASSERT_TRUE(path) << path.error().where << ": " << path.error().detail;
        ASSERT_EQ(path->size(), 3U);
        EXPECT_EQ(path->back().subject(), "CN=root");
        return;
    }
    ASSERT_FALSE(path);
    EXPECT_EQ(path.error().code, Errc::untrusted);
    EXPECT_EQ(path.error().where, GetParam().where);
}

void set(std::vector<Extension>& extensions, int kind, const std::string& text) {
    std::erase_if(extensions, [kind](const Extension& extension) { return extension.kind == kind; });
    if (!text.empty())
        extensions.push_back({kind, text});
}

Case good(std::string name, std::function<void(Scene&)> change) {
    return {std::move(name), std::move(change), ""};
}

Case bad(std::string name, std::string where, std::function<void(Scene&)> change) {
    return {std::move(name), std::move(change), std::move(where)};
}

std::string name_of(const testing::TestParamInfo<Case>& row) {
    return row.param.name;
}

INSTANTIATE_TEST_SUITE_P(
    EkAccepted,
    Chain,
    testing::Values(
        good("Plain", [](Scene&) {}),
        good("EmptySubjectAndCriticalTpmName",
             [](Scene& s) {
                 s.leaf.common_name = "";
                 s.more_leaf = [](X509& x509) {
                     test_build::add_tpm_name(x509, {{"2.23.133.2.1", "id:53544D20"}});
                 };
             }),
        good("RsaesOaepKey",
             [](Scene& s) {
                 s.leaf_key = [] { return test_build::new_rsa_key(); };
                 s.leaf.spki = test_build::SpkiName::rsaes_oaep;
             }),
        good("CriticalPolicies",
             [](Scene& s) { s.leaf.extensions.push_back({NID_certificate_policies, "critical,1.2.3.4"}); }),
        good("NoKeyUsage", [](Scene& s) { set(s.leaf.extensions, NID_key_usage, ""); }),
        good("KeyAgreement", [](Scene& s) { set(s.leaf.extensions, NID_key_usage, "keyAgreement"); }),
        good("Sha1Signature", [](Scene& s) { s.leaf.hash = HashAlg::sha1; }),
        good("RsaRootAndPathLength",
             [](Scene& s) {
                 s.root_key = [] { return test_build::new_rsa_key(); };
                 set(s.root.extensions, NID_basic_constraints, "critical,CA:TRUE,pathlen:1");
                 set(s.intermediate.extensions, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
             }),
        good("NoEndInSight",
             [](Scene& s) {
                 const auto end = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31);
                 s.leaf.not_after = s.intermediate.not_after = s.root.not_after = end;
                 s.now = day(365 * 1000);
             })),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    EkRefused,
    Chain,
    testing::Values(
        bad("NotYetValid", "x509.expired", [](Scene& s) { s.leaf.not_before = day(2); }),
        bad("Expired", "x509.expired", [](Scene& s) { s.now = day(366); }),
        bad("ExpiredIntermediate",
            "x509.expired",
            [](Scene& s) { s.intermediate.not_after = s.now - std::chrono::seconds(1); }),
        bad("ExpiredAnchor",
            "x509.expired",
            [](Scene& s) { s.root.not_after = s.now - std::chrono::seconds(1); }),
        bad("IntermediateIsNoCa",
            "x509.issuer",
            [](Scene& s) { set(s.intermediate.extensions, NID_basic_constraints, "critical,CA:FALSE"); }),
        bad("IntermediateWithoutConstraints",
            "x509.issuer",
            [](Scene& s) { set(s.intermediate.extensions, NID_basic_constraints, ""); }),
        bad("IntermediateMayNotSign",
            "x509.issuer",
            [](Scene& s) { set(s.intermediate.extensions, NID_key_usage, "critical,digitalSignature"); }),
        bad("AnchorIsNoCa", "x509.issuer", [](Scene& s) { s.root.extensions = {}; }),
        bad("PathTooLong",
            "x509.issuer",
            [](Scene& s) { set(s.root.extensions, NID_basic_constraints, "critical,CA:TRUE,pathlen:0"); }),
        bad("NameOutsideTheConstraints",
            "x509.issuer",
            [](Scene& s) {
                s.root.extensions.push_back({NID_name_constraints, "critical,permitted;DNS:good.example"});
                s.leaf.extensions.push_back({NID_subject_alt_name, "DNS:evil.example"});
            }),
        bad("UnknownCriticalExtension",
            "x509.extension",
            [](Scene& s) { s.leaf.unknown_critical = "1.2.3.4.5"; }),
        bad("UnknownCriticalExtensionOfTheIntermediate",
            "x509.extension",
            [](Scene& s) { s.intermediate.unknown_critical = "1.2.3.4.5"; }),
        bad("ExtensionThatDoesNotParse",
            "x509.extension",
            [](Scene& s) {
                s.more_leaf = [](X509& x509) {
                    test_build::add_raw(x509, NID_authority_key_identifier, "\x05");
                };
            }),
        bad("ProxyCertificate",
            "x509.extension",
            [](Scene& s) {
                s.leaf.extensions.push_back({NID_proxyCertInfo, "critical,language:id-ppl-anyLanguage"});
            }),
        bad("CaForALeaf",
            "x509.purpose",
            [](Scene& s) {
                set(s.leaf.extensions, NID_basic_constraints, "critical,CA:TRUE");
                set(s.leaf.extensions, NID_key_usage, "critical,keyCertSign,keyEncipherment");
            }),
        bad("NoUsageAsEk", "x509.purpose", [](Scene& s) { set(s.leaf.extensions, NID_ext_key_usage, ""); }),
        bad("AnotherUsage",
            "x509.purpose",
            [](Scene& s) { set(s.leaf.extensions, NID_ext_key_usage, "serverAuth"); }),
        bad("AttestationKey",
            "x509.purpose",
            [](Scene& s) { set(s.leaf.extensions, NID_key_usage, "critical,digitalSignature"); }),
        bad("WeakKey",
            "x509.purpose",
            [](Scene& s) { s.leaf_key = [] { return test_build::new_rsa_key(1024); }; }),
        bad("OtherCurve",
            "x509.purpose",
            [](Scene& s) { s.leaf_key = [] { return test_build::new_ec_key("secp256k1"); }; }),
        bad("WeakAnchor",
            "x509.path",
            [](Scene& s) { s.root_key = [] { return test_build::new_rsa_key(1024); }; })),
    name_of);

void make_tls(Scene& scene) {
    scene.purpose = Purpose::tls_server;
    scene.leaf.extensions = tls_extensions();
}

INSTANTIATE_TEST_SUITE_P(
    Tls,
    Chain,
    testing::Values(good("Server", make_tls),
                    good("NoExtendedUsage",
                         [](Scene& s) {
                             make_tls(s);
                             set(s.leaf.extensions, NID_ext_key_usage, "");
                         }),
                    bad("ServerForAClient",
                        "x509.purpose",
                        [](Scene& s) {
                            make_tls(s);
                            s.purpose = Purpose::tls_client;
                        }),
                    bad("CaForAServer",
                        "x509.purpose",
                        [](Scene& s) {
                            make_tls(s);
                            set(s.leaf.extensions, NID_basic_constraints, "critical,CA:TRUE");
                            set(s.leaf.extensions, NID_key_usage, "critical,keyCertSign,digitalSignature");
                        }),
                    bad("EkForAServer", "x509.purpose", [](Scene& s) { s.purpose = Purpose::tls_server; }),
                    bad("Sha1Signature",
                        "x509.path",
                        [](Scene& s) {
                            make_tls(s);
                            s.leaf.hash = HashAlg::sha1;
                        })),
    name_of);

Result<std::vector<Certificate>> verify(const Certificate& leaf,
                                        const std::vector<Certificate>& intermediates,
                                        const std::vector<Certificate>& anchors,
                                        Purpose purpose = Purpose::ek,
                                        SysTime now = day(1)) {
    return verify_chain(
        {.leaf = leaf, .intermediates = intermediates, .anchors = anchors, .now = now, .purpose = purpose});
}

Certificate from_vector(const std::string& name) {
    const Buffer bytes = test::read_vector("crypto/ek/" + name);
    auto made = name.ends_with(".pem") ? Certificate::from_pem(as_text(bytes)) : Certificate::from_der(bytes);
    VS_CHECK(made.has_value());
    return *std::move(made);
}

TEST(VerifyChain, TakesSwtpmsCertificatesUnderRootOrIntermediate) {
    const SysTime now = day(1000);
    for (const char* name : {"rsa-2048.der", "ecc-p384.der"}) {
        const Certificate ek = from_vector(name);
        const Certificate issuer = from_vector("issuer.pem");
        const Certificate root = from_vector("root.pem");
        EXPECT_EQ(verify(ek, {issuer}, {root}, Purpose::ek, now)->size(), 3U);
        EXPECT_EQ(verify(ek, {}, {issuer}, Purpose::ek, now)->size(), 2U);
        EXPECT_EQ(verify(ek, {}, {root}, Purpose::ek, now).error().where, "x509.path");
        EXPECT_EQ(verify(ek, {issuer}, {root}, Purpose::tls_server, now).error().where, "x509.purpose");
        EXPECT_EQ(verify(ek, {issuer}, {root}, Purpose::ek, day(0)).error().where, "x509.expired");
    }
}

TEST(VerifyChain, SaysThatACaHasAKeyThatIsRefused) {
    for (const char* const group : {"P-521", "secp256k1"}) {
        const Holder root = make(
            {.common_name = "root", .extensions = ca_extensions()}, test_build::new_ec_key(group), nullptr);
        const Holder leaf = make({.common_name = "leaf", .extensions = ek_extensions()}, &root);
        const auto path = verify(leaf.certificate(), {}, {root.certificate()});
        EXPECT_EQ(path.error().where, "x509.path");
        EXPECT_EQ(path.error().detail, "CN=root has a key that is refused (key.algorithm)");
    }
}

TEST(VerifyChain, WithoutAnchorsTrustsNothing) {
    const Certificate ek = from_vector("rsa-2048.der");
    EXPECT_EQ(verify(ek, {from_vector("issuer.pem"), from_vector("root.pem")}, {}).error().where,
              "x509.path");
}

TEST(VerifyChain, HasEightCertificatesAtMost) {
    const auto where = [](std::size_t certificates) {
        const Holder root = make({.common_name = "0", .extensions = ca_extensions()});
        std::vector<Holder> cas;
        std::vector<Certificate> intermediates;
        const Holder* issuer = &root;
        cas.reserve(certificates);
        for (std::size_t i = 1; i + 1 < certificates; ++i) {
            issuer = &cas.emplace_back(
                make({.common_name = std::to_string(i), .extensions = ca_extensions()}, issuer));
            intermediates.push_back(issuer->certificate());
        }
        const Holder leaf = make({.common_name = "leaf", .extensions = ek_extensions()}, issuer);
        const auto path = verify(leaf.certificate(), intermediates, {root.certificate()});
        return path ? std::to_string(path->size()) : path.error().where;
    };
    EXPECT_EQ(where(8), "8");
    EXPECT_EQ(where(9), "x509.path");
}

TEST(VerifyChain, DoesNotTakeAnotherKeyOfTheSameName) {
    const Holder root = make({.common_name = "root", .extensions = ca_extensions()});
    const Holder impostor = make({.common_name = "root", .extensions = ca_extensions()});
    const Holder leaf = make({.common_name = "leaf", .extensions = ek_extensions()}, &impostor);
    EXPECT_EQ(verify(leaf.certificate(), {impostor.certificate()}, {root.certificate()}).error().where,
              "x509.path");
    EXPECT_TRUE(verify(leaf.certificate(), {}, {root.certificate(), impostor.certificate()}));
}

// The right signature is not enough: a path is one of names, too [RFC 5280, 6.1.3 (a) (4)].
TEST(VerifyChain, DoesNotTakeTheSameKeyOfAnotherName) {
    const Holder root = make({.common_name = "root", .extensions = ca_extensions()});
    check(EVP_PKEY_up_ref(&root.key()));
    const Holder renamed =
        make({.common_name = "renamed", .extensions = ca_extensions()}, OwnedPkey(&root.key()), nullptr);
    const Holder leaf = make({.common_name = "leaf", .extensions = ek_extensions()}, &root);
    EXPECT_TRUE(verify(leaf.certificate(), {}, {root.certificate()}));
    EXPECT_EQ(verify(leaf.certificate(), {}, {renamed.certificate()}).error().where, "x509.path");
}

// Every swtpm has a CA of its own, and all have one name.
TEST(VerifyChain, FindsItsIssuerAmongManyOfItsName) {
    const Certificate ek = from_vector("rsa-2048.der");
    std::vector<Certificate> anchors;
    for (int i = 0; i < 80; ++i)
        anchors.push_back(
            make({.common_name = "swtpm-localca", .extensions = ca_extensions()}).certificate());
    EXPECT_EQ(verify(ek, {}, anchors).error().where, "x509.path");
    anchors.push_back(from_vector("issuer.pem"));
    EXPECT_TRUE(verify(ek, {}, anchors, Purpose::ek, ek.not_before() + std::chrono::hours(1)));
}

TEST(VerifyChain, LooksPastAnExpiredCertificateOfTheSameCa) {
    const Holder expired = make(
        {.common_name = "root", .extensions = ca_extensions(), .not_after = day(0) + std::chrono::hours(1)});
    check(EVP_PKEY_up_ref(&expired.key()));
    const Holder renewed =
        make({.common_name = "root", .extensions = ca_extensions()}, OwnedPkey(&expired.key()), nullptr);
    const Holder leaf = make({.common_name = "leaf", .extensions = ek_extensions()}, &expired);
    EXPECT_EQ(verify(leaf.certificate(), {}, {expired.certificate()}).error().where, "x509.expired");
    EXPECT_TRUE(verify(leaf.certificate(), {}, {expired.certificate(), renewed.certificate()}));
}

TEST(VerifyChain, RefusesATamperedCertificate) {
    const Holder root = make({.common_name = "root", .extensions = ca_extensions()});
    const Holder leaf = make({.common_name = "leaf", .extensions = ek_extensions()}, &root);
    Buffer der = leaf.certificate().der();
    der.back() ^= 1U;
    const auto tampered = Certificate::from_der(der);
    ASSERT_TRUE(tampered);
    EXPECT_EQ(verify(*tampered, {}, {root.certificate()}).error().where, "x509.path");
}

TEST(VerifyChain, TakesAPinnedLeafForTlsOnly) {
    const EcPrivateKey key = EcPrivateKey::generate();
    const Certificate pinned = make_self_signed(key,
                                                {.common_name = "server",
                                                 .dns_names = {"server.localhost"},
                                                 .usage = Usage::server,
                                                 .validity = {day(0), day(10)}});
    EXPECT_EQ(verify(pinned, {}, {pinned}, Purpose::tls_server)->size(), 1U);
    EXPECT_EQ(verify(pinned, {}, {pinned}, Purpose::tls_client).error().where, "x509.purpose");
    EXPECT_EQ(verify(pinned, {}, {pinned}, Purpose::ek).error().where, "x509.path");
    EXPECT_EQ(verify(pinned, {}, {pinned}, Purpose::tls_server, day(11)).error().where, "x509.expired");
    const Certificate other = make_ca_certificate(EcPrivateKey::generate(), "server", {day(0), day(10)});
    EXPECT_EQ(verify(pinned, {pinned}, {other}, Purpose::tls_server).error().where, "x509.path");
}

TEST(VerifyChain, EndsThoughIntermediatesSignEachOther) {
    // Sixteen certificates of one name and key: every one fits on every other.
    const Holder first = make({.common_name = "loop", .extensions = ca_extensions()});
    std::vector<Certificate> loop;
    for (int i = 0; i < 16; ++i) {
        check(EVP_PKEY_up_ref(&first.key()));
        const Holder next =
            make({.common_name = "loop", .extensions = ca_extensions()}, OwnedPkey(&first.key()), &first);
        loop.push_back(next.certificate());
    }
    const Holder leaf = make({.common_name = "leaf", .extensions = ek_extensions()}, &first);
    EXPECT_EQ(verify(leaf.certificate(), loop, {from_vector("root.pem")}).error().where, "x509.path");
}

TEST(VerifyChain, TakesOurOwnCertificates) {
    const EcPrivateKey ca_key = EcPrivateKey::generate();
    const Certificate ca = make_ca_certificate(ca_key, "root", {day(0), day(10)});
    const Certificate server = issue_server_certificate(ca_key,
                                                        ca,
                                                        {.key = EcPrivateKey::generate().public_key(),
                                                         .dns_names = {"authority-1.localhost"},
                                                         .validity = {day(0), day(5)}});
    EXPECT_EQ(verify(server, {}, {ca}, Purpose::tls_server)->size(), 2U);
    EXPECT_EQ(verify(server, {}, {ca}, Purpose::tls_client).error().where, "x509.purpose");
    EXPECT_EQ(verify(server, {}, {ca}, Purpose::ek).error().where, "x509.purpose");
    EXPECT_EQ(server.dns_names(), std::vector<std::string>{"authority-1.localhost"});
    EXPECT_EQ(server.common_name(), "authority-1.localhost");
}

} // namespace
} // namespace vouchsafe::crypto

// Roles of certificates that were imported together, and searches among very many.
#include "crypto/ca_set.h"
#include "crypto/x509_test_builder.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace vouchsafe::crypto {
namespace {

using test_build::ca_extensions;
using test_build::day;
using test_build::ek_extensions;
using test_build::Extension;
using test_build::Holder;
using test_build::make;

Holder ca(const std::string& name, const Holder* signer = nullptr) {
    return make({.common_name = name, .extensions = ca_extensions()}, signer);
}

TEST(RolesOf, AreDecidedBySignatures) {
    const Holder root = ca("root");
    const Holder intermediate = ca("intermediate", &root);
    const Holder lower = ca("lower", &intermediate);
    const Holder impostor = ca("root");
    const auto roles = [](const std::vector<Certificate>& all) { return roles_of(all); };
    EXPECT_EQ(roles({lower.certificate(), root.certificate(), intermediate.certificate()}),
              (std::vector{CaRole::intermediate, CaRole::anchor, CaRole::intermediate}));
    // Without the one that signed it, an intermediate is what people trust.
    EXPECT_EQ(roles({intermediate.certificate(), lower.certificate()}),
              (std::vector{CaRole::anchor, CaRole::intermediate}));
    // A name alone makes nobody an issuer.
    EXPECT_EQ(roles({impostor.certificate(), intermediate.certificate()}),
              (std::vector{CaRole::anchor, CaRole::anchor}));
    EXPECT_TRUE(roles({}).empty());
}

TEST(RolesOf, LeaveAnAnchorWhereCertificatesSignEachOther) {
    const Holder first = ca("loop");
    std::vector<Certificate> loop;
    for (int i = 0; i < 3; ++i) {
        check(EVP_PKEY_up_ref(&first.key()));
        loop.push_back(
            make({.common_name = "loop", .extensions = ca_extensions()}, OwnedPkey(&first.key()), &first)
                .certificate());
    }
    EXPECT_EQ(roles_of(loop).front(), CaRole::anchor);
    EXPECT_EQ(std::ranges::count(roles_of(loop), CaRole::anchor), 1);
}

/// A root, 500 CAs that it signed, and others of other makers.
struct Crowd {
    Holder root = ca("root");
    CaSet set;
    std::vector<Holder> intermediates;

    explicit Crowd(int count) {
        set.add(root.certificate(), CaRole::anchor);
        for (int i = 0; i < count; ++i) {
            intermediates.push_back(ca("intermediate " + std::to_string(i), &root));
            set.add(intermediates.back().certificate(), CaRole::intermediate);
        }
    }

    Result<std::vector<Certificate>> verify(const Certificate& leaf, Expiry expiry, SysTime now) const {
        return verify_ek_chain({.leaf = leaf, .intermediates = {}, .cas = set, .now = now, .expiry = expiry});
    }
};

TEST(CaSet, FindsAWayThroughHundredsOfIntermediates) {
    const Crowd crowd(500);
    for (const std::size_t which : {std::size_t{0}, std::size_t{250}, std::size_t{499}}) {
        const Holder leaf =
            make({.common_name = "leaf", .extensions = ek_extensions()}, &crowd.intermediates[which]);
        const auto path = crowd.verify(leaf.certificate(), Expiry::refused, day(1));
        ASSERT_TRUE(path);
        EXPECT_EQ(path->size(), 3U);
        EXPECT_EQ(path->back(), crowd.root.certificate());
    }
    const Holder stranger = ca("intermediate 7");
    const Holder leaf = make({.common_name = "leaf", .extensions = ek_extensions()}, &stranger);
    EXPECT_EQ(crowd.verify(leaf.certificate(), Expiry::refused, day(1)).error().where, "x509.path");
}

TEST(CaSet, DoesNotEndAPathAtAnIntermediate) {
    const Holder root = ca("root");
    const Holder intermediate = ca("intermediate", &root);
    const Holder leaf = make({.common_name = "leaf", .extensions = ek_extensions()}, &intermediate);
    const auto verify = [&](CaRole role) {
        CaSet set;
        set.add(intermediate.certificate(), role);
        return verify_ek_chain({.leaf = leaf.certificate(), .intermediates = {}, .cas = set, .now = day(1)});
    };
    EXPECT_EQ(verify(CaRole::intermediate).error().where, "x509.path");
    EXPECT_TRUE(verify(CaRole::anchor));
}

TEST(Expiry, IsToleratedOnlyAtTheEnd) {
    const Crowd crowd(1);
    const Holder leaf = make({.common_name = "leaf", .extensions = ek_extensions()}, &crowd.intermediates[0]);
    EXPECT_EQ(crowd.verify(leaf.certificate(), Expiry::refused, day(366)).error().where, "x509.expired");
    EXPECT_TRUE(crowd.verify(leaf.certificate(), Expiry::tolerated, day(366)));
    EXPECT_EQ(crowd.verify(leaf.certificate(), Expiry::tolerated, day(-1)).error().where, "x509.expired");
}

// Makers get the key identifier wrong; a signature is what counts.
TEST(VerifyChain, TakesAWrongAuthorityKeyIdentifier) {
    // Made where the subject's own identifier stands, as a wrong one of the issuer's.
    const Holder root =
        make({.common_name = "root",
              .extensions = {{NID_basic_constraints, "critical,CA:TRUE"},
                             {NID_key_usage, "critical,keyCertSign"},
                             {NID_subject_key_identifier, "0102030405060708090A0B0C0D0E0F1011121314"}}});
    std::vector<Extension> extensions = ek_extensions();
    extensions.push_back({NID_subject_key_identifier, "FF02030405060708090A0B0C0D0E0F1011121314"});
    extensions.push_back({NID_authority_key_identifier, "keyid:always"});
    const Holder leaf = make({.common_name = "leaf", .extensions = extensions}, &root);
    const auto* const wanted = X509_get0_authority_key_id(&handle(leaf.certificate()));
    const auto* const has = X509_get0_subject_key_id(&handle(root.certificate()));
    ASSERT_NE(ASN1_OCTET_STRING_cmp(wanted, has), 0);
    const std::vector anchors = {root.certificate()};
    EXPECT_TRUE(verify_chain({.leaf = leaf.certificate(),
                              .intermediates = {},
                              .anchors = anchors,
                              .now = day(1),
                              .purpose = Purpose::ek}));
}

} // namespace
} // namespace vouchsafe::crypto

// Certificates of real makers of TPMs, where the collection is at hand (see corpus_test.cpp).
#include "appraisal/inspect_certificate.h"
#include "crypto/ca_set.h"
#include "crypto/x509_bundle.h"
#include "tests/support/recorded_boot.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

namespace vouchsafe::appraisal {
namespace {

namespace fs = std::filesystem;

fs::path corpus() {
    const char* const shared = std::getenv("VOUCHSAFE_SHARED");
    const fs::path beside = fs::path(VS_VECTORS).parent_path().parent_path().parent_path() / "shared";
    return (shared != nullptr ? fs::path(shared) : beside) / "corpus";
}

std::vector<Buffer> files_of(std::initializer_list<const char*> folders) {
    std::vector<Buffer> out;
    for (const char* const folder : folders)
        for (const auto& entry : fs::directory_iterator(corpus() / folder))
            if (entry.path().extension() != ".tsv")
                out.push_back(test::read_file(entry.path()));
    return out;
}

Buffer file(const std::string& name) {
    return test::read_file(corpus() / name);
}

const SysTime in_2020{std::chrono::sys_days(std::chrono::year(2020) / 6 / 1)};
const SysTime in_2026{std::chrono::sys_days(std::chrono::year(2026) / 6 / 1)};

std::string code_of(const InspectReport& report) {
    const json::Value& reason = *report.json.find("reason");
    return reason.is_null() ? "" : reason.find("code")->as_string();
}

class CorpusCertificates : public testing::Test {
protected:
    void SetUp() override {
        if (!fs::is_directory(corpus()))
            GTEST_SKIP() << "skipped: no corpus";
    }
};

// Among them files whose DER has its sets in another order, which strict parsers refuse.
TEST_F(CorpusCertificates, AreAllReadAndMostAreCas) {
    std::size_t cas = 0;
    for (const Buffer& bytes : files_of({"certs-keylime-store"})) {
        const auto bundle = crypto::certificates_from_bundle(bytes);
        ASSERT_TRUE(bundle) << bundle.error().detail;
        for (const auto& one : *bundle) {
            ASSERT_TRUE(one) << one.error().where;
            EXPECT_TRUE(one->public_key()) << one->subject();
            EXPECT_TRUE(one->is_ca()) << one->subject();
            ++cas;
        }
    }
    EXPECT_GE(cas, 51U);
}

TEST_F(CorpusCertificates, OfTheStoreLeadToTheirRoots) {
    std::vector<crypto::Certificate> all;
    for (const Buffer& bytes : files_of({"certs-keylime-store", "certs-stm"})) {
        const auto bundle = crypto::certificates_from_bundle(bytes);
        ASSERT_TRUE(bundle);
        for (const auto& one : *bundle)
            if (one->is_ca())
                all.push_back(*one);
    }
    const auto roles = crypto::roles_of(all);
    for (std::size_t index = 0; index < all.size(); ++index)
        EXPECT_TRUE(!all[index].is_self_issued() || roles[index] == crypto::CaRole::anchor)
            << all[index].subject();
}

struct Verdicts {
    const char* file;
    std::vector<const char*> cas;
    SysTime now;
    crypto::Expiry expiry;
    std::string code; ///< empty: verified
};

TEST_F(CorpusCertificates, GetTheirVerdicts) {
    using crypto::Expiry;
    const std::vector<const char*> stm = {
        "certs-stm/stmtpmekint02.crt", "certs-stm/stmtpmekroot.crt", "certs-stm/gstpmroot.crt"};
    const std::vector<const char*> google = {"certs-gce/gcp_ek_ak_ca_intermediate_v3.crt",
                                             "certs-gce/gcp_ek_ak_ca_root.crt"};
    const Verdicts rows[] = {
        // RSAES-OAEP, SHA-1, no subject, a critical name of the TPM; expired in 2024
        {"certs-stm/ek_cert_7_byte_header_removed.cer", stm, in_2020, Expiry::refused, ""},
        {"certs-stm/ek_cert_untouched.cer", stm, in_2020, Expiry::refused, ""},
        {"certs-stm/ek_cert_untouched.cer", {stm[0]}, in_2020, Expiry::refused, ""},
        {"certs-stm/ek_cert_untouched.cer", stm, in_2026, Expiry::refused, "x509.expired"},
        {"certs-stm/ek_cert_untouched.cer", stm, in_2026, Expiry::tolerated, ""},
        {"certs-stm/ek_cert_untouched.cer", {stm[1], stm[2]}, in_2020, Expiry::refused, "x509.path"},
        {"certs-stm/ek_cert_untouched.cer", google, in_2026, Expiry::tolerated, "x509.path"},
        // of virtual TPMs: they lead to their CA, but none says that it is of an endorsement key
        {"certs-gce/pca_tpm_rsa_enc_cert.pem", google, in_2026, Expiry::refused, "x509.purpose"},
        {"certs-gce/pca_tpm_ecc_enc_cert.pem", google, in_2026, Expiry::refused, "x509.purpose"},
        {"certs-gce/pca_tpm_rsa_sign_cert.pem", google, in_2026, Expiry::refused, "x509.purpose"},
        {"certs-gce/pca_tpm_ecc_sign_cert.pem", google, in_2026, Expiry::refused, "x509.purpose"},
    };
    for (const Verdicts& row : rows) {
        std::vector<Buffer> cas;
        for (const char* const ca : row.cas)
            cas.push_back(file(ca));
        EXPECT_EQ(code_of(inspect_ek_certificate(file(row.file), cas, row.now, row.expiry)), row.code)
            << row.file;
    }
}

TEST_F(CorpusCertificates, AreFoundAmongAllCasOfAllMakers) {
    const auto cas = files_of({"certs-keylime-store", "certs-gce", "certs-stm"});
    const InspectReport report =
        inspect_ek_certificate(file("certs-stm/ek_cert_untouched.cer"), cas, in_2020);
    EXPECT_EQ(code_of(report), "");
    EXPECT_EQ(report.json.find("tpm")->find("model")->as_string(), "ST33ZP24PVSP");
    // One altered bit, and none of them signed it.
    Buffer altered = file("certs-stm/ek_cert_7_byte_header_removed.cer");
    altered.back() ^= 1U;
    EXPECT_EQ(code_of(inspect_ek_certificate(altered, cas, in_2020)), "x509.path");
}

} // namespace
} // namespace vouchsafe::appraisal

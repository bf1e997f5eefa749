#include "tests/support/ek_maker.h"

#include "crypto/keys_impl.h"
#include "crypto/x509_test_builder.h"

namespace vouchsafe::test {

namespace {

namespace build = crypto::test_build;
using std::chrono::hours;

build::Draft draft_of(std::string name, std::vector<build::Extension> extensions, SysTime now) {
    return {.common_name = std::move(name),
            .extensions = std::move(extensions),
            .not_before = now - hours(24),
            .not_after = now + hours(24 * 3650)};
}

} // namespace

struct EkMaker::Impl {
    SysTime now;
    build::Holder ca;
};

EkMaker::EkMaker(SysTime now)
    : impl_(new Impl{.now = now,
                     .ca = build::make(draft_of("Played TPM maker CA", build::ca_extensions(), now))}) {}

EkMaker::~EkMaker() = default;

std::string EkMaker::ca_pem() const {
    return impl_->ca.certificate().pem();
}

Buffer EkMaker::certificate(const crypto::EcPrivateKey& ek) const {
    EVP_PKEY* const key = ek.impl().key.get();
    crypto::check(EVP_PKEY_up_ref(key));
    auto extensions = build::ek_extensions();
    extensions[1].text = "critical,keyAgreement"; // what an ECC key does
    return build::make(draft_of({}, std::move(extensions), impl_->now),
                       crypto::OwnedPkey(key),
                       &impl_->ca,
                       [](X509& x509) {
                           build::add_tpm_name(x509,
                                               {{"2.23.133.2.1", "id:504C4159"},
                                                {"2.23.133.2.2", "played"},
                                                {"2.23.133.2.3", "id:00010000"}});
                       })
        .certificate()
        .der();
}

} // namespace vouchsafe::test

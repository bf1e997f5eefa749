// Certificates in DER and PEM: whatever is accepted has facts that can be asked for, goes through PEM
// unchanged, and is judged by verify_chain without harm, as leaf, intermediate and anchor at once.
#include "crypto/x509.h"

#include <array>

namespace {

namespace crypto = vouchsafe::crypto;

void examine(const crypto::Certificate& certificate) {
    for (const auto& text : {certificate.subject(),
                             certificate.issuer(),
                             certificate.common_name(),
                             certificate.serial(),
                             certificate.key_algorithm()})
        VS_CHECK(vouchsafe::is_utf8(text));
    for (const auto& name : certificate.dns_names())
        VS_CHECK(vouchsafe::is_utf8(name));

    const auto facts = crypto::ek_facts(certificate);
    VS_CHECK(!facts || vouchsafe::is_utf8(facts->manufacturer + facts->model + facts->version));
    if (facts)
        std::ignore = crypto::manufacturer_name(facts->manufacturer);
    if (const auto key = certificate.public_key()) {
        const auto again = crypto::public_key_from_spki_der(crypto::spki_der(*key));
        VS_CHECK(again && *again == *key);
    }
    const auto again = crypto::Certificate::from_pem(certificate.pem());
    VS_CHECK(again && *again == certificate);

    const std::array same = {certificate};
    for (const auto purpose : {crypto::Purpose::ek, crypto::Purpose::tls_server, crypto::Purpose::tls_client})
        std::ignore = crypto::verify_chain({.leaf = certificate,
                                            .intermediates = same,
                                            .anchors = same,
                                            .now = certificate.not_before(),
                                            .purpose = purpose});
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const vouchsafe::Bytes bytes(data, size);
    if (const auto certificate = crypto::Certificate::from_der(bytes, crypto::Padding::tolerated))
        examine(*certificate);
    if (const auto certificates = crypto::certificates_from_pem(vouchsafe::as_text(bytes)))
        for (const auto& certificate : *certificates)
            examine(certificate);
    std::ignore = crypto::public_key_from_spki_der(bytes);
    return 0;
}

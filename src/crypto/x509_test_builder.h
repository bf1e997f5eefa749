// Certificates for tests, with every defect that one may wish for. For the *_test.cpp of this library only.
#pragma once

#include "crypto/openssl.h"
#include "crypto/x509_impl.h"

#include <openssl/conf.h>

#include <chrono>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vouchsafe::crypto::test_build {

inline SysTime day(int number) {
    return SysTime(std::chrono::sys_days(std::chrono::year(2026) / 1 / 1) + std::chrono::days(number));
}

enum class SpkiName : std::uint8_t { as_is, rsaes_oaep };

struct Extension {
    int kind;
    std::string text; ///< as openssl.cnf would have it
};

struct Draft {
    std::string common_name; ///< empty: an empty subject
    std::vector<Extension> extensions;
    SysTime not_before = day(0);
    SysTime not_after = day(365);
    HashAlg hash = HashAlg::sha256;
    SpkiName spki = SpkiName::as_is;
    std::optional<std::string> unknown_critical = std::nullopt; ///< an OID
};

inline std::vector<Extension> ca_extensions() {
    return {{NID_basic_constraints, "critical,CA:TRUE"}, {NID_key_usage, "critical,keyCertSign"}};
}

inline std::vector<Extension> ek_extensions() {
    return {{NID_basic_constraints, "critical,CA:FALSE"},
            {NID_key_usage, "critical,keyEncipherment"},
            {NID_ext_key_usage, "2.23.133.8.1"}};
}

inline std::vector<Extension> tls_extensions() {
    return {{NID_basic_constraints, "critical,CA:FALSE"}, {NID_ext_key_usage, "serverAuth"}};
}

/// A certificate with its key, so that it can sign the next.
class Holder {
public:
    Holder(OwnedPkey key, Certificate certificate)
        : key_(std::move(key)), certificate_(std::move(certificate)) {}

    EVP_PKEY& key() const { return *key_; }

    const Certificate& certificate() const { return certificate_; }

private:
    OwnedPkey key_;
    Certificate certificate_;
};

inline void add(X509& x509, const Extension& extension) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, &x509, &x509, nullptr, nullptr, 0);
    const Owned<CONF, NCONF_free> empty(check(NCONF_new(nullptr))); // policies want one
    X509V3_set_nconf(&context, empty.get());
    const Owned<X509_EXTENSION, X509_EXTENSION_free> made(
        check(X509V3_EXT_conf_nid(nullptr, &context, extension.kind, extension.text.c_str())));
    check(X509_add_ext(&x509, made.get(), -1));
}

/// An extension of these bytes, whatever they are.
inline void add_raw(X509& x509, int kind, std::string_view bytes) {
    const Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> content(check(ASN1_OCTET_STRING_new()));
    check(ASN1_OCTET_STRING_set(content.get(), as_bytes(bytes).data(), to_int(bytes.size())));
    const Owned<X509_EXTENSION, X509_EXTENSION_free> made(
        check(X509_EXTENSION_create_by_NID(nullptr, kind, 0, content.get())));
    check(X509_add_ext(&x509, made.get(), -1));
}

/// {2.23.133.2.1, "id:..."} and so on, as TPM makers write them.
inline void add_tpm_name(X509& x509, std::initializer_list<std::pair<const char*, std::string>> attributes) {
    GENERAL_NAME* const name = check(GENERAL_NAME_new());
    X509_NAME* const directory = check(X509_NAME_new());
    for (const auto& [oid, value] : attributes) {
        const Owned<ASN1_OBJECT, ASN1_OBJECT_free> object(check(OBJ_txt2obj(oid, 1)));
        check(X509_NAME_add_entry_by_OBJ(
            directory, object.get(), MBSTRING_UTF8, as_bytes(value).data(), to_int(value.size()), -1, 0));
    }
    GENERAL_NAME_set0_value(name, GEN_DIRNAME, directory);
    const Owned<GENERAL_NAMES, GENERAL_NAMES_free> names(check(GENERAL_NAMES_new()));
    VS_CHECK(sk_GENERAL_NAME_push(names.get(), name) > 0);
    check(X509_add1_ext_i2d(&x509, NID_subject_alt_name, names.get(), 1, 0));
}

inline void rename_spki(X509& x509) {
    X509_PUBKEY* const info = X509_get_X509_PUBKEY(&x509);
    const unsigned char* key = nullptr;
    int size = 0;
    check(X509_PUBKEY_get0_param(nullptr, &key, &size, nullptr, info));
    auto* const copy = static_cast<unsigned char*>(OPENSSL_memdup(key, static_cast<std::size_t>(size)));
    check(X509_PUBKEY_set0_param(info, OBJ_nid2obj(NID_rsaesOaep), V_ASN1_NULL, nullptr, copy, size));
}

/// The certificate that the draft describes; without a signer it signs itself. `more` may change it first.
template <class More> Holder make(const Draft& draft, OwnedPkey key, const Holder* signer, const More& more) {
    static long serial = 0;
    const OwnedX509 x509(check(X509_new()));
    check(X509_set_version(x509.get(), X509_VERSION_3));
    check(ASN1_INTEGER_set(X509_get_serialNumber(x509.get()), ++serial));
    check(ASN1_TIME_set(X509_getm_notBefore(x509.get()),
                        static_cast<std::time_t>(to_seconds(draft.not_before))));
    check(
        ASN1_TIME_set(X509_getm_notAfter(x509.get()), static_cast<std::time_t>(to_seconds(draft.not_after))));
    if (!draft.common_name.empty())
        check(X509_NAME_add_entry_by_NID(X509_get_subject_name(x509.get()),
                                         NID_commonName,
                                         MBSTRING_UTF8,
                                         as_bytes(draft.common_name).data(),
                                         to_int(draft.common_name.size()),
                                         -1,
                                         0));
    X509* const issuer = signer != nullptr ? &handle(signer->certificate()) : x509.get();
    check(X509_set_issuer_name(x509.get(), X509_get_subject_name(issuer)));
    check(X509_set_pubkey(x509.get(), key.get()));
    if (draft.spki == SpkiName::rsaes_oaep)
        rename_spki(*x509);
    for (const Extension& extension : draft.extensions)
        add(*x509, extension);
    if (draft.unknown_critical) {
        const Owned<ASN1_OBJECT, ASN1_OBJECT_free> object(
            check(OBJ_txt2obj(draft.unknown_critical->c_str(), 1)));
        const Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> content(check(ASN1_OCTET_STRING_new()));
        check(ASN1_OCTET_STRING_set(content.get(), as_bytes("\x05").data(), 1));
        const Owned<X509_EXTENSION, X509_EXTENSION_free> extension(
            check(X509_EXTENSION_create_by_OBJ(nullptr, object.get(), 1, content.get())));
        check(X509_add_ext(x509.get(), extension.get(), -1));
    }
    more(*x509);
    EVP_PKEY* const signing_key = signer != nullptr ? &signer->key() : key.get();
    VS_CHECK(X509_sign(x509.get(), signing_key, method(draft.hash)) > 0);
    auto certificate =
        Certificate::from_der(der_of([&](unsigned char** out) { return i2d_X509(x509.get(), out); }));
    VS_CHECK(certificate.has_value());
    return {std::move(key), *std::move(certificate)};
}

inline OwnedPkey new_ec_key(const char* group = "P-256") {
    return OwnedPkey(check(EVP_EC_gen(group)));
}

inline OwnedPkey new_rsa_key(unsigned bits = 2048) {
    return OwnedPkey(check(EVP_RSA_gen(bits)));
}

inline Holder make(const Draft& draft, const Holder* signer = nullptr) {
    return make(draft, new_ec_key(), signer, [](X509&) {});
}

inline Holder make(const Draft& draft, OwnedPkey key, const Holder* signer) {
    return make(draft, std::move(key), signer, [](X509&) {});
}

} // namespace vouchsafe::crypto::test_build

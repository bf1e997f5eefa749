// Certificates and requests of our own.
#include "crypto/keys_impl.h"
#include "crypto/random.h"
#include "crypto/x509.h"
#include "crypto/x509_impl.h"

#include <openssl/pem.h>

#include <array>
#include <ctime>
#include <utility>

namespace vouchsafe::crypto {

namespace {

using OwnedExtension = Owned<X509_EXTENSION, X509_EXTENSION_free>;
using OwnedRequest = Owned<X509_REQ, X509_REQ_free>;
using OwnedExtensions = Owned<STACK_OF(X509_EXTENSION), [](STACK_OF(X509_EXTENSION) * stack) {
    sk_X509_EXTENSION_pop_free(stack, X509_EXTENSION_free);
}>;

constexpr std::size_t longest_common_name = 64; // ub-common-name [RFC 5280 §A.1]

enum class Critical : std::uint8_t { no, yes };

/// 128 random bits, positive and not zero [RFC 5280 §4.1.2.2].
void set_serial(X509& certificate) {
    std::array<std::uint8_t, 16> serial{};
    SystemRandom().fill(serial);
    serial.front() = static_cast<std::uint8_t>((serial.front() & 0x3FU) | 0x40U);
    const OwnedBn number = to_number(serial);
    check(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)));
}

std::time_t seconds_of(SysTime time) {
    return static_cast<std::time_t>(to_seconds(time));
}

void set_validity(X509& certificate, Validity validity) {
    VS_CHECK(validity.not_before < validity.not_after);
    check(ASN1_TIME_set(X509_getm_notBefore(&certificate), seconds_of(validity.not_before)));
    check(ASN1_TIME_set(X509_getm_notAfter(&certificate), seconds_of(validity.not_after)));
}

void set_common_name(X509_NAME& name, std::string_view text) {
    VS_CHECK(text.size() <= longest_common_name && is_utf8(text));
    if (text.empty())
        return;
    const Bytes bytes = as_bytes(text);
    check(X509_NAME_add_entry_by_NID(
        &name, NID_commonName, MBSTRING_UTF8, bytes.data(), to_int(bytes.size()), -1, 0));
}

/// A fixed text in libcrypto's notation: never one that holds a name from outside.
OwnedExtension fixed_extension(X509V3_CTX& context, int kind, const char* text) {
    return OwnedExtension(check(X509V3_EXT_conf_nid(nullptr, &context, kind, text)));
}

OwnedExtension names_extension(std::span<const std::string> dns_names, Critical critical) {
    const OwnedGeneralNames names(check(GENERAL_NAMES_new()));
    for (const std::string& dns_name : dns_names) {
        Owned<GENERAL_NAME, GENERAL_NAME_free> name(check(GENERAL_NAME_new()));
        ASN1_IA5STRING* const text = check(ASN1_IA5STRING_new());
        GENERAL_NAME_set0_value(name.get(), GEN_DNS, text);
        check(ASN1_STRING_set(text, dns_name.data(), to_int(dns_name.size())));
        VS_CHECK(sk_GENERAL_NAME_push(names.get(), name.release()) > 0);
    }
    return OwnedExtension(
        check(X509V3_EXT_i2d(NID_subject_alt_name, critical == Critical::yes ? 1 : 0, names.get())));
}

const char* usage_text(Usage usage) {
    switch (usage) {
    case Usage::server:
        return "serverAuth";
    case Usage::client:
        return "clientAuth";
    case Usage::server_and_client:
        return "serverAuth,clientAuth";
    }
    check_failed("a known Usage", __FILE__, __LINE__);
}

/// What differs between the certificates that we make.
struct Draft {
    EVP_PKEY& key;
    std::string_view common_name;
    std::span<const std::string> dns_names;
    Validity validity;
    const char* basic_constraints;
    const char* key_usage;
    const char* extended_key_usage; ///< nullptr: none
};

/// Who signs; without a certificate the draft is its own issuer.
struct Signer {
    const EcPrivateKey& key;
    const Certificate* certificate;
};

Certificate issue(const Draft& draft, const Signer& signer) {
    const OwnedX509 x509(check(X509_new()));
    check(X509_set_version(x509.get(), X509_VERSION_3));
    set_serial(*x509);
    set_validity(*x509, draft.validity);
    set_common_name(*X509_get_subject_name(x509.get()), draft.common_name);
    X509* const issuer = signer.certificate != nullptr ? &handle(*signer.certificate) : x509.get();
    check(X509_set_issuer_name(x509.get(), X509_get_subject_name(issuer)));
    check(X509_set_pubkey(x509.get(), &draft.key));

    X509V3_CTX context{};
    X509V3_set_ctx(&context, issuer, x509.get(), nullptr, nullptr, 0);
    const auto add = [&](const OwnedExtension& extension) {
        check(X509_add_ext(x509.get(), extension.get(), -1));
    };
    add(fixed_extension(context, NID_basic_constraints, draft.basic_constraints));
    add(fixed_extension(context, NID_key_usage, draft.key_usage));
    if (draft.extended_key_usage != nullptr)
        add(fixed_extension(context, NID_ext_key_usage, draft.extended_key_usage));
    add(fixed_extension(context, NID_subject_key_identifier, "hash"));
    add(fixed_extension(context, NID_authority_key_identifier, "keyid:always"));
    if (!draft.dns_names.empty())
        add(names_extension(draft.dns_names, draft.common_name.empty() ? Critical::yes : Critical::no));

    VS_CHECK(X509_sign(x509.get(), signer.key.impl().key.get(), method(HashAlg::sha256)) > 0);
    const auto made =
        Certificate::from_der(der_of([&](unsigned char** out) { return i2d_X509(x509.get(), out); }));
    VS_CHECK(made.has_value());
    return *made;
}

/// A name too long for a common name stands in the subjectAltName alone.
std::string_view as_common_name(std::string_view name) {
    return name.size() <= longest_common_name ? name : std::string_view();
}

constexpr const char* leaf_constraints = "critical,CA:FALSE";
constexpr const char* leaf_key_usage = "critical,digitalSignature";

} // namespace

Certificate make_ca_certificate(const EcPrivateKey& key, std::string_view common_name, Validity validity) {
    VS_CHECK(!common_name.empty());
    return issue({.key = *key.impl().key,
                  .common_name = common_name,
                  .dns_names = {},
                  .validity = validity,
                  .basic_constraints = "critical,CA:TRUE",
                  .key_usage = "critical,keyCertSign,cRLSign",
                  .extended_key_usage = nullptr},
                 {.key = key, .certificate = nullptr});
}

Certificate issue_server_certificate(const EcPrivateKey& ca_key,
                                     const Certificate& ca,
                                     const ServerCertificateRequest& request) {
    VS_CHECK(!request.dns_names.empty());
    VS_CHECK(ca.is_ca() && ca.spki_der() == ca_key.public_key().spki_der());
    return issue({.key = *request.key.impl().key,
                  .common_name = as_common_name(request.dns_names.front()),
                  .dns_names = request.dns_names,
                  .validity = request.validity,
                  .basic_constraints = leaf_constraints,
                  .key_usage = leaf_key_usage,
                  .extended_key_usage = usage_text(Usage::server)},
                 {.key = ca_key, .certificate = &ca});
}

Certificate make_self_signed(const EcPrivateKey& key, const SelfSignedRequest& request) {
    VS_CHECK(!request.common_name.empty());
    return issue({.key = *key.impl().key,
                  .common_name = request.common_name,
                  .dns_names = request.dns_names,
                  .validity = request.validity,
                  .basic_constraints = leaf_constraints,
                  .key_usage = leaf_key_usage,
                  .extended_key_usage = usage_text(request.usage)},
                 {.key = key, .certificate = nullptr});
}

std::string make_csr(const EcPrivateKey& key, const CsrRequest& request) {
    const OwnedRequest csr(check(X509_REQ_new()));
    check(X509_REQ_set_version(csr.get(), X509_REQ_VERSION_1));
    set_common_name(*X509_REQ_get_subject_name(csr.get()), request.common_name);
    check(X509_REQ_set_pubkey(csr.get(), key.impl().key.get()));

    X509V3_CTX context{};
    X509V3_set_ctx(&context, nullptr, nullptr, csr.get(), nullptr, 0);
    const OwnedExtensions extensions(check(sk_X509_EXTENSION_new_null()));
    const auto add = [&](OwnedExtension extension) {
        VS_CHECK(sk_X509_EXTENSION_push(extensions.get(), extension.release()) > 0);
    };
    add(fixed_extension(context, NID_key_usage, leaf_key_usage));
    add(fixed_extension(context, NID_ext_key_usage, usage_text(request.usage)));
    if (!request.dns_names.empty())
        add(names_extension(request.dns_names, Critical::no));
    check(X509_REQ_add_extensions(csr.get(), extensions.get()));

    VS_CHECK(X509_REQ_sign(csr.get(), key.impl().key.get(), method(HashAlg::sha256)) > 0);
    const OwnedBio out(check(BIO_new(BIO_s_mem())));
    check(PEM_write_bio_X509_REQ(out.get(), csr.get()));
    return std::string(as_text(contents(*out)));
}

} // namespace vouchsafe::crypto

// PEM in and out [RFC 7468].
#include "crypto/x509.h"
#include "crypto/x509_impl.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <optional>
#include <utility>

namespace vouchsafe::crypto {

namespace {

std::string pem_block(std::string_view label, Bytes der) {
    constexpr std::size_t line = 64;
    const std::string text = to_base64(der);
    std::string out = "-----BEGIN " + std::string(label) + "-----\n";
    for (std::size_t at = 0; at < text.size(); at += line)
        out += text.substr(at, line) + "\n";
    return out + "-----END " + std::string(label) + "-----\n";
}

/// The next certificate; nullopt at the end of the text.
Result<std::optional<Certificate>> next_certificate(BIO& in) {
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* bytes = nullptr;
    long size = 0;
    const int read = PEM_read_bio(&in, &name, &header, &bytes, &size);
    const OwnedText owned_name(name);
    const OwnedText owned_header(header);
    const OwnedBytes owned_bytes(bytes);
    const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (!ok(read)) {
        if (at_end)
            return std::nullopt;
        return fail(Errc::malformed, "x509.pem");
    }
    if (std::string_view(name) != PEM_STRING_X509 || *header != '\0')
        return fail(Errc::malformed, "x509.pem", "a block that is no certificate");
    return Certificate::from_der({bytes, static_cast<std::size_t>(size)});
}

/// libcrypto would ask on the terminal.
int no_passphrase(char*, int, int, void*) {
    return -1;
}

} // namespace

Result<PublicKey> public_key_from_pem(std::string_view pem) {
    constexpr std::string_view where = "signature.pem";
    constexpr std::size_t most = std::size_t{64} << 10U;
    if (pem.size() > most)
        return fail(Errc::too_large, where);
    const OwnedBio in = reading(as_bytes(pem));
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* bytes = nullptr;
    long size = 0;
    const int read = PEM_read_bio(in.get(), &name, &header, &bytes, &size);
    const OwnedText owned_name(name);
    const OwnedText owned_header(header);
    const OwnedBytes owned_bytes(bytes);
    if (!ok(read))
        return fail(Errc::malformed, where, "no PEM block");
    const Bytes der{bytes, static_cast<std::size_t>(size)};
    if (std::string_view(name) == PEM_STRING_PUBLIC)
        return public_key_from_spki_der(der);
    if (std::string_view(name) != PEM_STRING_X509)
        return fail(Errc::malformed, where, "neither a public key nor a certificate");
    VS_TRY(const Certificate certificate, Certificate::from_der(der));
    return certificate.public_key();
}

Result<std::vector<Certificate>> certificates_from_pem(std::string_view text, PemLimits limits) {
    if (text.size() > limits.bytes)
        return fail(Errc::too_large, "x509.pem");
    const OwnedBio in = reading(as_bytes(text));
    std::vector<Certificate> out;
    while (true) {
        VS_TRY(auto certificate, next_certificate(*in));
        if (!certificate)
            break;
        if (out.size() == limits.certificates)
            return fail(Errc::too_large, "x509.pem", "too many certificates");
        out.push_back(*std::move(certificate));
    }
    if (out.empty())
        return fail(Errc::malformed, "x509.pem", "no certificate in it");
    return out;
}

Result<Certificate> Certificate::from_pem(std::string_view pem) {
    VS_TRY(const auto certificates, certificates_from_pem(pem));
    if (certificates.size() != 1)
        return fail(Errc::malformed, "x509.pem", "more than one certificate");
    return certificates.front();
}

std::string Certificate::pem() const {
    return pem_block(PEM_STRING_X509, impl_->der);
}

std::string pem_of(std::span<const Certificate> certificates) {
    std::string out;
    for (const Certificate& certificate : certificates)
        out += certificate.pem();
    return out;
}

Result<Secret> private_key_pem_for(const Certificate& certificate, const Secret& pem) {
    if (pem.size() > (std::size_t{64} << 10U))
        return fail(Errc::too_large, "x509.private_key");
    const OwnedPkey key = pem.expose([](Bytes bytes) {
        const OwnedBio in = reading(bytes);
        return OwnedPkey(PEM_read_bio_PrivateKey(in.get(), nullptr, no_passphrase, nullptr));
    });
    if (!ok(key != nullptr ? 1 : 0))
        return fail(Errc::malformed, "x509.private_key", "no private key in PEM, or an encrypted one");
    const EVP_PKEY* const public_key = X509_get0_pubkey(&handle(certificate));
    if (!ok(public_key != nullptr ? EVP_PKEY_eq(public_key, key.get()) : 0))
        return fail(Errc::conflict, "x509.key", "the private key is not the certificate's");
    return private_key_pem(*key);
}

} // namespace vouchsafe::crypto

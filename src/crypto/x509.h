// X.509 certificates: read them, judge their chains, and issue our own.
//
// Parsing is tolerant (makers of TPMs have left every kind of oddity), judging is strict and takes the time
// as an argument. Nothing is ever fetched: AIA and CRL addresses are ignored. Revocation lists are not read.
#pragma once

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "crypto/ec_key.h"
#include "crypto/signature.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::crypto {

enum class Padding : std::uint8_t {
    refused,
    tolerated, ///< TPM NV contents: bytes 0x00 or 0xFF after the certificate, or the 7-byte PCCP header
               ///< before it
};

/// A certificate that has been parsed, and nothing more: see verify_chain. Cheap to copy.
class Certificate {
public:
    /// At most 64 KiB. With Padding::tolerated, der() is the certificate without what was around it.
    static Result<Certificate> from_der(Bytes der, Padding padding = Padding::refused);
    /// The one certificate in a PEM text.
    static Result<Certificate> from_pem(std::string_view pem);

    const Buffer& der() const;
    std::string pem() const;
    Sha256Digest fingerprint() const; ///< SHA-256 of der()

    std::string subject() const; ///< RFC 2253 text, UTF-8; empty when the subject is
    std::string issuer() const;
    std::string common_name() const; ///< of the subject; empty when it has none
    std::string serial() const;      ///< hex
    SysTime not_before() const;
    SysTime not_after() const; ///< 9999-12-31 means "no end"
    const std::vector<std::string>&
    dns_names() const;  ///< of the subjectAltName; those with odd characters are left out
    bool is_ca() const; ///< basicConstraints CA:TRUE and keyCertSign, where there is a key usage
    bool is_self_issued() const;
    std::string key_algorithm() const; ///< "EC P-256", "RSA 2048", or the OID's name, for people

    /// `unsupported` or `malformed` when the key is none that PublicKey holds.
    Result<PublicKey> public_key() const;
    /// The SubjectPublicKeyInfo as it stands in the certificate.
    Buffer spki_der() const;

    friend bool operator==(const Certificate& a, const Certificate& b);

    struct Impl;

    const Impl& impl() const { return *impl_; }

    explicit Certificate(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

private:
    std::shared_ptr<const Impl> impl_; ///< shared: immutable
};

struct PemLimits {
    std::size_t bytes = std::size_t{1} << 20U;
    std::size_t certificates = 256;
};

/// Every certificate in a PEM text, in order; at least one. Other PEM blocks are refused.
Result<std::vector<Certificate>> certificates_from_pem(std::string_view text, PemLimits limits = {});
std::string pem_of(std::span<const Certificate> certificates);

enum class Purpose : std::uint8_t {
    ek,         ///< extended key usage has tcg-kp-EKCertificate (2.23.133.8.1); key usage is for secrets
    tls_server, ///< extended key usage, where there is one, has serverAuth
    tls_client, ///< extended key usage, where there is one, has clientAuth
};

struct Validity {
    SysTime not_before;
    SysTime not_after;
};

/// verify_chain establishes, in this order, and returns the path from leaf to anchor:
///  1 a path leads from the leaf to one of the anchors, at most 8 certificates long, by signatures of RSA
///  keys
///    from 2048 bits or ECDSA P-256/P-384 over SHA-2 (for EKs also SHA-1)          [x509.path]
///  2 every certificate on it, anchor included, is valid at `now`                  [x509.expired]
///  3 every issuer is a CA (CA:TRUE, keyCertSign); path lengths and name constraints are kept [x509.issuer]
///  4 no critical extension is unknown, none is broken                            [x509.extension]
///  5 the leaf is no CA (TLS: unless it is itself the anchor), has a key that PublicKey takes, and is for the
///    purpose                                                                     [x509.purpose]
/// Every failure is `untrusted`. Any imported CA is an anchor, it need not be a root; for TLS also any leaf
/// (a pinned certificate). Where several paths lead to anchors, one good one is enough.
struct ChainRequest {
    const Certificate& leaf;
    std::span<const Certificate> intermediates; ///< given by the peer; at most 16 are looked at
    std::span<const Certificate> anchors;
    SysTime now;
    Purpose purpose;
};

Result<std::vector<Certificate>> verify_chain(const ChainRequest& request);

/// What an EK certificate says of its TPM [TCG EK Credential Profile]. Each may be empty where the maker left
/// it out; `manufacturer` is as written there, such as "id:53544D20".
struct EkFacts {
    std::string manufacturer; ///< 2.23.133.2.1
    std::string model;        ///< 2.23.133.2.2
    std::string version;      ///< 2.23.133.2.3
    bool ek_usage = false;    ///< extended key usage has 2.23.133.8.1

    friend bool operator==(const EkFacts&, const EkFacts&) = default;
};

/// `malformed` when the subjectAltName names no TPM at all.
Result<EkFacts> ek_facts(const Certificate& certificate);

/// "STM" from "id:53544D20"; the text itself when it is not of that form.
std::string manufacturer_name(std::string_view manufacturer);

/// A root of our own: self-signed, CA:TRUE, keyCertSign and cRLSign, 128-bit random serial.
Certificate make_ca_certificate(const EcPrivateKey& key, std::string_view common_name, Validity validity);

struct ServerCertificateRequest {
    EcPublicKey key;
    std::vector<std::string> dns_names; ///< the first is the common name; at least one
    Validity validity;
};

/// A TLS server certificate under our own CA.
Certificate issue_server_certificate(const EcPrivateKey& ca_key,
                                     const Certificate& ca,
                                     const ServerCertificateRequest& request);

enum class Usage : std::uint8_t { server, client, server_and_client };

struct SelfSignedRequest {
    std::string common_name;
    std::vector<std::string> dns_names; ///< may be empty for clients
    Usage usage;
    Validity validity;
};

/// A leaf that is its own issuer: pinned by its peers.
Certificate make_self_signed(const EcPrivateKey& key, const SelfSignedRequest& request);

struct CsrRequest {
    std::string common_name;
    std::vector<std::string> dns_names;
    Usage usage;
};

/// PKCS#10 PEM, for a key server's CA to sign.
std::string make_csr(const EcPrivateKey& key, const CsrRequest& request);

/// A PEM private key (PKCS#8, SEC 1 or PKCS#1, not encrypted) that an administrator gave, as PKCS#8 PEM; it
/// must be the certificate's (`conflict` at "x509.key"). RSA keys pass: a key server may demand them.
Result<Secret> private_key_pem_for(const Certificate& certificate, const Secret& pem);

} // namespace vouchsafe::crypto

#include "net/tls_context.h"

#include "base/bytes.h"
#include "net/endpoint.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <set>

namespace vouchsafe::net {

namespace {

using Bio = std::unique_ptr<BIO, FreeBy<BIO_free_all>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;

constexpr std::size_t most_certificates = 256;

int no_passphrase(char*, int, int, void*) {
    return -1; // an encrypted key is refused instead of asking at the terminal
}

Bio reader_of(Bytes bytes) {
    return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
}

Result<std::vector<X509Certificate>> certificates_of(std::string_view pem) {
    const Bio bio = reader_of(as_bytes(pem));
    std::vector<X509Certificate> out;
    while (X509Certificate certificate{PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr)}) {
        if (out.size() == most_certificates)
            return fail(Errc::too_large, "tls.certificate", "too many certificates");
        out.push_back(std::move(certificate));
    }
    const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (out.empty() || !at_end)
        return fail(Errc::malformed, "tls.certificate", "not a PEM certificate");
    return out;
}

Result<PrivateKey> private_key_of(const Secret& secret) {
    PrivateKey key = secret.expose([](Bytes bytes) {
        const Bio bio = reader_of(bytes);
        return PrivateKey(as_text(bytes).starts_with("-----BEGIN")
                              ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr)
                              : d2i_PrivateKey_bio(bio.get(), nullptr));
    });
    ERR_clear_error();
    if (!key)
        return fail(Errc::malformed, "tls.key", "not a private key");
    return key;
}

std::string der_of(const X509& certificate) {
    unsigned char* der = nullptr;
    const int size = i2d_X509(&certificate, &der);
    VS_CHECK(size > 0);
    std::string out(as_text({der, static_cast<std::size_t>(size)}));
    OPENSSL_free(der);
    return out;
}

bool is_address(const std::string& host) {
    std::array<unsigned char, sizeof(in6_addr)> out{};
    return ::inet_pton(AF_INET, host.c_str(), out.data()) == 1 ||
           ::inet_pton(AF_INET6, host.c_str(), out.data()) == 1;
}

Result<void> trust_authorities(SSL_CTX& context, const TrustedCa& trust) {
    VS_TRY(const auto certificates, certificates_of(trust.certificates_pem));
    X509_STORE* const store = SSL_CTX_get_cert_store(&context);
    for (const auto& certificate : certificates)
        VS_CHECK(X509_STORE_add_cert(store, certificate.get()) == 1);
    SSL_CTX_set_verify(&context, SSL_VERIFY_PEER, nullptr);
    // An intermediate that was imported is as good as a root.
    X509_VERIFY_PARAM* const rules = SSL_CTX_get0_param(&context);
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_hostflags(
        rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    return {};
}

// The newest session with the one host that a context is for. It lives as long as the context, which each
// connection keeps alive.
struct Sessions {
    std::mutex mutex;
    std::string host; // of the first connection
    SslSession newest;
};

int sessions_place() {
    static const int place = SSL_CTX_get_ex_new_index(
        0, nullptr, nullptr, nullptr, [](void*, void* sessions, CRYPTO_EX_DATA*, int, long, void*) {
            delete static_cast<Sessions*>(
                sessions); // NOLINT(cppcoreguidelines-owning-memory): libcrypto's way
        });
    VS_CHECK(place >= 0);
    return place;
}

int keep_session(SSL* ssl, SSL_SESSION* session) {
    auto* const sessions = static_cast<Sessions*>(SSL_get_app_data(ssl));
    if (sessions == nullptr)
        return 0;
    const std::scoped_lock lock(sessions->mutex);
    sessions->newest.reset(session);
    return 1; // it is ours now
}

void keep_sessions(SSL_CTX& context) {
    auto sessions = std::make_unique<Sessions>();
    VS_CHECK(SSL_CTX_set_ex_data(&context, sessions_place(), sessions.get()) == 1);
    (void)sessions.release(); // the context's now
    SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(&context, &keep_session);
}

void resume_session(SSL_CTX& context, SSL& ssl, const std::string& host) {
    auto* const sessions = static_cast<Sessions*>(SSL_CTX_get_ex_data(&context, sessions_place()));
    if (sessions == nullptr)
        return;
    const std::scoped_lock lock(sessions->mutex);
    if (sessions->host.empty())
        sessions->host = host;
    if (sessions->host != host)
        return;
    SSL_set_app_data(&ssl, sessions);
    if (sessions->newest)
        VS_CHECK(SSL_set_session(&ssl, sessions->newest.get()) == 1);
}

} // namespace

struct ClientTls::Pins {
    std::string key_sha256; // one of the two is given
    std::set<std::string> whole_ders;
};

void ClientTls::FreePins::operator()(Pins* pins) const {
    delete pins; // NOLINT(cppcoreguidelines-owning-memory): a deleter, because Pins is incomplete in the
                 // header
}

int ClientTls::check_pin(X509_STORE_CTX* store, void* pins) {
    const auto& expected = *static_cast<const Pins*>(pins);
    const X509* const shown = X509_STORE_CTX_get0_cert(store);
    const bool same =
        shown != nullptr && (expected.whole_ders.empty() ? spki_sha256(*shown) == expected.key_sha256
                                                         : expected.whole_ders.contains(der_of(*shown)));
    X509_STORE_CTX_set_error(store, same ? X509_V_OK : X509_V_ERR_CERT_UNTRUSTED);
    return same ? 1 : 0;
}

Result<void> use_identity(SSL_CTX& context, const TlsIdentity& identity) {
    VS_TRY(const auto chain, certificates_of(identity.certificate_pem));
    VS_TRY(const PrivateKey key, private_key_of(identity.private_key));
    const bool taken = SSL_CTX_use_certificate(&context, chain.front().get()) == 1;
    ERR_clear_error();
    if (!taken)
        return fail(
            Errc::malformed, "tls.certificate", "the certificate's key is too weak or of no use here");
    if (X509_check_private_key(chain.front().get(), key.get()) != 1 ||
        SSL_CTX_use_PrivateKey(&context, key.get()) != 1) {
        ERR_clear_error();
        return fail(Errc::conflict, "tls.key", "the private key is not the certificate's");
    }
    for (std::size_t i = 1; i < chain.size(); ++i)
        VS_CHECK(SSL_CTX_add1_chain_cert(&context, chain[i].get()) == 1);
    return {};
}

std::string spki_sha256(const X509& certificate) {
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(&certificate), &der);
    VS_CHECK(size > 0);
    std::array<std::uint8_t, SHA256_DIGEST_LENGTH> digest{};
    SHA256(der, static_cast<std::size_t>(size), digest.data());
    OPENSSL_free(der);
    return to_hex(digest);
}

std::string to_pem(const X509& certificate) {
    const Bio bio(BIO_new(BIO_s_mem()));
    VS_CHECK(PEM_write_bio_X509(bio.get(), &certificate) == 1);
    char* text = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &text); // NOLINT: libcrypto's macro
    return {text, static_cast<std::size_t>(size)};
}

Result<ClientTls> ClientTls::create(TlsVersions versions,
                                    const ServerTrust* trust,
                                    const std::optional<TlsIdentity>& identity) {
    ClientTls tls;
    tls.context_.reset(SSL_CTX_new(TLS_client_method()));
    VS_CHECK(tls.context_);
    SSL_CTX& context = *tls.context_;
    const int least = versions == TlsVersions::only_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
    VS_CHECK(SSL_CTX_set_min_proto_version(&context, least) == 1);
    SSL_CTX_set_mode(&context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    // Keys and passwords come in this way: libssl keeps no copy of what it has handed over.
    SSL_CTX_set_options(&context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CLEANSE_PLAINTEXT);
    if (identity)
        VS_TRY_VOID(use_identity(context, *identity));
    if (trust == nullptr)
        return tls;
    if (versions == TlsVersions::only_1_3)
        keep_sessions(context);
    if (const auto* ca = std::get_if<TrustedCa>(trust)) {
        VS_TRY_VOID(trust_authorities(context, *ca));
        tls.check_name_ = true;
        return tls;
    }
    tls.pins_.reset(new Pins{}); // NOLINT(cppcoreguidelines-owning-memory): see FreePins
    if (const auto* key = std::get_if<PinnedKey>(trust)) {
        if (const auto digest = from_hex(key->spki_sha256); !digest || digest->size() != SHA256_DIGEST_LENGTH)
            return fail(Errc::malformed, "tls.pin", "a pin is 64 hex digits");
        tls.pins_->key_sha256 = key->spki_sha256;
        std::ranges::transform(tls.pins_->key_sha256, tls.pins_->key_sha256.begin(), [](char c) {
            return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c;
        });
    } else {
        for (const std::string& pem : std::get<PinnedCertificates>(*trust).pem) {
            VS_TRY(const auto certificates, certificates_of(pem));
            for (const auto& certificate : certificates)
                tls.pins_->whole_ders.insert(der_of(*certificate));
        }
        if (tls.pins_->whole_ders.empty())
            return fail(Errc::untrusted, "tls.pin", "no certificate of the server is trusted yet");
    }
    SSL_CTX_set_verify(&context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(&context, &ClientTls::check_pin, tls.pins_.get());
    return tls;
}

Result<Ssl> ClientTls::connection(const std::string& host) const {
    Ssl ssl(SSL_new(context_.get()));
    VS_CHECK(ssl);
    const bool numeric = is_address(host);
    std::string name = host;
    // SSL_set_tlsext_host_name, whose macro casts in the old style
    if (!numeric &&
        SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) != 1)
        return fail(Errc::malformed, "net.connect", "not a host name");
    if (check_name_) {
        X509_VERIFY_PARAM* const rules = SSL_get0_param(ssl.get());
        const int set = numeric ? X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str())
                                : X509_VERIFY_PARAM_set1_host(rules, host.c_str(), host.size());
        if (set != 1)
            return fail(Errc::malformed, "net.connect", "not a host name");
    }
    resume_session(*context_, *ssl, host);
    return ssl;
}

std::string take_tls_error() {
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    return reason == nullptr ? std::string("connection lost") : std::string(reason);
}

} // namespace vouchsafe::net

#include "crypto/x509.h"

#include "crypto/x509_impl.h"

#include <openssl/obj_mac.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace vouchsafe::crypto {

namespace {

constexpr std::size_t most_bytes = std::size_t{64} << 10U;

/// TCG_FULL_CERT in TCG_PCCLIENT_STORED_CERT [TCG PC Client, 2005]: makers put this header before EK
/// certificates: tag 0x1001, type 0, size, tag 0x1002.
Bytes without_stored_cert_header(Bytes bytes) {
    constexpr std::size_t size = 7;
    const bool has_header = bytes.size() > size && bytes[0] == 0x10 && bytes[1] == 0x01 && bytes[2] == 0x00 &&
                            bytes[5] == 0x10 && bytes[6] == 0x02;
    return has_header ? bytes.subspan(size) : bytes;
}

bool is_padding(Bytes bytes) {
    return std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte == 0x00 || byte == 0xFF; });
}

Result<SysTime> time_of(const ASN1_TIME& time) {
    std::tm civil{};
    if (!ok(ASN1_TIME_to_tm(&time, &civil)))
        return fail(Errc::malformed, "x509.time");
    const auto day = std::chrono::year(civil.tm_year + 1900) /
                     std::chrono::month(static_cast<unsigned>(civil.tm_mon + 1)) /
                     std::chrono::day(static_cast<unsigned>(civil.tm_mday));
    if (!day.ok())
        return fail(Errc::malformed, "x509.time");
    return SysTime(std::chrono::sys_days(day) + std::chrono::hours(civil.tm_hour) +
                   std::chrono::minutes(civil.tm_min) + std::chrono::seconds(civil.tm_sec));
}

/// RFC 2253 text; empty when libcrypto cannot write it as UTF-8.
std::string name_text(const X509_NAME& name) {
    constexpr unsigned long flags = XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
    const OwnedBio out(check(BIO_new(BIO_s_mem())));
    const bool written = X509_NAME_print_ex(out.get(), &name, 0, flags) >= 0;
    forget_errors();
    const std::string text(as_text(contents(*out)));
    return written && is_utf8(text) ? text : std::string();
}

Result<std::vector<std::string>> dns_names_of(X509& certificate) {
    VS_TRY(const OwnedGeneralNames names, subject_alt_names(certificate));
    std::vector<std::string> out;
    for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        int kind = 0;
        const auto* const value = static_cast<const ASN1_STRING*>(
            GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &kind));
        if (kind != GEN_DNS)
            continue;
        const Bytes bytes(ASN1_STRING_get0_data(value), static_cast<std::size_t>(ASN1_STRING_length(value)));
        // A NUL or a blank in a name has made others compare less than the whole of it: such a name is none.
        const bool plain =
            std::ranges::all_of(bytes, [](std::uint8_t byte) { return byte > 0x20 && byte < 0x7F; });
        if (plain && !bytes.empty())
            out.emplace_back(as_text(bytes));
    }
    return out;
}

std::string common_name_of(const X509_NAME& subject) {
    const auto attributes = name_attributes(subject);
    const auto found = std::ranges::find(attributes, "2.5.4.3", &NameAttribute::oid);
    return found == attributes.end() ? std::string() : found->value;
}

std::string serial_of(const X509& certificate) {
    const ASN1_INTEGER* const serial = X509_get0_serialNumber(&certificate);
    return to_hex({ASN1_STRING_get0_data(serial), static_cast<std::size_t>(ASN1_STRING_length(serial))});
}

} // namespace

std::string oid_text(const ASN1_OBJECT& object) {
    std::array<char, 128> text{};
    const int size = OBJ_obj2txt(text.data(), to_int(text.size()), &object, 1);
    // Longer ones are no OID that we know.
    return size > 0 && size < to_int(text.size()) ? std::string(text.data()) : std::string();
}

std::vector<NameAttribute> name_attributes(const X509_NAME& name) {
    std::vector<NameAttribute> out;
    for (int i = 0; i < X509_NAME_entry_count(&name); ++i) {
        const X509_NAME_ENTRY* const entry = X509_NAME_get_entry(&name, i);
        unsigned char* text = nullptr;
        const int size = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
        if (!ok(size >= 0 ? 1 : 0))
            continue;
        const OwnedBytes owned(text);
        std::string value(as_text({text, static_cast<std::size_t>(size)}));
        if (is_utf8(value))
            out.push_back({.oid = oid_text(*X509_NAME_ENTRY_get_object(entry)), .value = std::move(value)});
    }
    return out;
}

Result<OwnedGeneralNames> subject_alt_names(X509& certificate) {
    int found = 0;
    OwnedGeneralNames names(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, &found, nullptr)));
    constexpr int absent = -1;
    if (!ok(names != nullptr || found == absent ? 1 : 0))
        return fail(Errc::malformed, "x509.subject_alt_name");
    return names;
}

Result<std::optional<std::vector<std::string>>> extended_key_usage(X509& certificate) {
    int found = 0;
    const Owned<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free> usage(
        static_cast<EXTENDED_KEY_USAGE*>(X509_get_ext_d2i(&certificate, NID_ext_key_usage, &found, nullptr)));
    constexpr int absent = -1;
    if (!ok(usage != nullptr || found == absent ? 1 : 0))
        return fail(Errc::malformed, "x509.extended_key_usage");
    if (usage == nullptr)
        return std::nullopt;
    const int count = sk_ASN1_OBJECT_num(usage.get());
    std::vector<std::string> out;
    out.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i)
        out.push_back(oid_text(*sk_ASN1_OBJECT_value(usage.get(), i)));
    return out;
}

Result<Certificate> Certificate::from_der(Bytes der, Padding padding) {
    if (der.size() > most_bytes)
        return fail(Errc::too_large, "x509.size");
    if (padding == Padding::tolerated)
        der = without_stored_cert_header(der);

    const unsigned char* cursor = der.data();
    OwnedX509 x509(d2i_X509(nullptr, &cursor, static_cast<long>(der.size())));
    if (!ok(x509 != nullptr ? 1 : 0))
        return fail(Errc::malformed, "x509.der", "not an X.509 certificate in DER or PEM");
    const auto used = static_cast<std::size_t>(cursor - der.data());
    const Bytes rest = der.subspan(used);
    if (!rest.empty() && (padding == Padding::refused || !is_padding(rest)))
        return fail(Errc::malformed, "x509.der", "something follows the certificate");

    // Reads the extensions; what is wrong with them is remembered in flags, for verify_chain.
    std::ignore = X509_check_purpose(x509.get(), -1, 0);
    forget_errors();

    const X509_NAME& subject = *X509_get_subject_name(x509.get());
    const X509_NAME& issuer = *X509_get_issuer_name(x509.get());
    std::string serial = serial_of(*x509);
    VS_TRY(const SysTime not_before, time_of(*X509_get0_notBefore(x509.get())));
    VS_TRY(const SysTime not_after, time_of(*X509_get0_notAfter(x509.get())));
    VS_TRY(auto dns_names, dns_names_of(*x509));
    return Certificate(std::make_shared<const Impl>(Impl{.der = to_buffer(der.first(used)),
                                                         .x509 = std::move(x509),
                                                         .subject = name_text(subject),
                                                         .issuer = name_text(issuer),
                                                         .common_name = common_name_of(subject),
                                                         .serial = std::move(serial),
                                                         .not_before = not_before,
                                                         .not_after = not_after,
                                                         .dns_names = std::move(dns_names)}));
}

const Buffer& Certificate::der() const {
    return impl_->der;
}

Sha256Digest Certificate::fingerprint() const {
    return sha256(impl_->der);
}

std::string Certificate::subject() const {
    return impl_->subject;
}

std::string Certificate::issuer() const {
    return impl_->issuer;
}

std::string Certificate::common_name() const {
    return impl_->common_name;
}

std::string Certificate::serial() const {
    return impl_->serial;
}

SysTime Certificate::not_before() const {
    return impl_->not_before;
}

SysTime Certificate::not_after() const {
    return impl_->not_after;
}

const std::vector<std::string>& Certificate::dns_names() const {
    return impl_->dns_names;
}

bool Certificate::is_ca() const {
    constexpr std::uint32_t wanted = EXFLAG_BCONS | EXFLAG_CA;
    X509& x509 = handle(*this);
    // Without a key usage extension every bit is set.
    return (X509_get_extension_flags(&x509) & wanted) == wanted &&
           (X509_get_key_usage(&x509) & KU_KEY_CERT_SIGN) != 0;
}

bool Certificate::is_self_issued() const {
    return X509_NAME_cmp(X509_get_subject_name(&handle(*this)), X509_get_issuer_name(&handle(*this))) == 0;
}

std::string Certificate::key_algorithm() const {
    if (const auto key = public_key()) {
        if (const auto* const ec = std::get_if<EcPublicKey>(&*key))
            return "EC " + std::string(to_string(ec->curve()));
        return "RSA " + std::to_string(std::get<RsaPublicKey>(*key).bits());
    }
    ASN1_OBJECT* algorithm = nullptr;
    check(
        X509_PUBKEY_get0_param(&algorithm, nullptr, nullptr, nullptr, X509_get_X509_PUBKEY(&handle(*this))));
    return oid_text(*algorithm);
}

Result<PublicKey> Certificate::public_key() const {
    return public_key_from_spki_der(spki_der());
}

Buffer Certificate::spki_der() const {
    const X509_PUBKEY* const info = X509_get_X509_PUBKEY(&handle(*this));
    return der_of([info](unsigned char** out) { return i2d_X509_PUBKEY(info, out); });
}

bool operator==(const Certificate& a, const Certificate& b) {
    return a.impl_->der == b.impl_->der;
}

} // namespace vouchsafe::crypto

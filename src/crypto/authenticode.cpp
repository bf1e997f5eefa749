#include "crypto/authenticode.h"

#include "crypto/openssl.h"
#include "crypto/x509_impl.h"

#include <openssl/pkcs7.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <optional>

namespace vouchsafe::crypto {

namespace {

constexpr std::string_view where = "authenticode";
constexpr std::string_view indirect_data_oid = "1.3.6.1.4.1.311.2.1.4";

using OwnedPkcs7 = Owned<PKCS7, PKCS7_free>;
using OwnedStore = Owned<X509_STORE, X509_STORE_free>;
using OwnedDigestInfo = Owned<X509_SIG, X509_SIG_free>;

void free_sequence(ASN1_SEQUENCE_ANY* sequence) {
    sk_ASN1_TYPE_pop_free(sequence, ASN1_TYPE_free);
}

using OwnedSequence = Owned<ASN1_SEQUENCE_ANY, free_sequence>;

struct SignedProgram {
    OwnedPkcs7 pkcs7;
    Buffer content; ///< DER of the SpcIndirectDataContent
};

Result<SignedProgram> read_signed_program(Bytes signed_data) {
    if (signed_data.size() > most_authenticode)
        return fail(Errc::too_large, where);
    const unsigned char* cursor = signed_data.data();
    OwnedPkcs7 pkcs7(d2i_PKCS7(nullptr, &cursor, static_cast<long>(signed_data.size())));
    forget_errors();
    if (pkcs7 == nullptr || PKCS7_type_is_signed(pkcs7.get()) == 0 || pkcs7->d.sign == nullptr ||
        pkcs7->d.sign->contents == nullptr)
        return fail(Errc::malformed, where, "no PKCS#7 signed data");
    const auto used = static_cast<std::size_t>(cursor - signed_data.data());
    if (!std::ranges::all_of(signed_data.subspan(used), [](std::uint8_t byte) { return byte == 0; }))
        return fail(Errc::malformed, where, "bytes after the signature");
    const PKCS7& inner = *pkcs7->d.sign->contents;
    if (oid_text(*inner.type) != indirect_data_oid || inner.d.other == nullptr ||
        inner.d.other->type != V_ASN1_SEQUENCE)
        return fail(Errc::malformed, where, "it signs something else than a program");
    const ASN1_STRING& der = *inner.d.other->value.sequence;
    Buffer content = to_buffer(Bytes(ASN1_STRING_get0_data(&der), static_cast<std::size_t>(der.length)));
    return SignedProgram{.pkcs7 = std::move(pkcs7), .content = std::move(content)};
}

/// SpcIndirectDataContent ::= SEQUENCE { data, messageDigest DigestInfo }
Result<AuthenticodeDigest> digest_of(const SignedProgram& program) {
    const unsigned char* cursor = program.content.data();
    const OwnedSequence parts(
        d2i_ASN1_SEQUENCE_ANY(nullptr, &cursor, static_cast<long>(program.content.size())));
    forget_errors();
    if (parts == nullptr || sk_ASN1_TYPE_num(parts.get()) != 2 ||
        sk_ASN1_TYPE_value(parts.get(), 1)->type != V_ASN1_SEQUENCE)
        return fail(Errc::malformed, where, "its content is no SpcIndirectDataContent");
    const ASN1_STRING& der = *sk_ASN1_TYPE_value(parts.get(), 1)->value.sequence;
    const unsigned char* info_at = ASN1_STRING_get0_data(&der);
    const OwnedDigestInfo info(d2i_X509_SIG(nullptr, &info_at, der.length));
    forget_errors();
    if (info == nullptr)
        return fail(Errc::malformed, where, "it has no digest");
    const X509_ALGOR* algorithm = nullptr;
    const ASN1_OCTET_STRING* value = nullptr;
    X509_SIG_get0(info.get(), &algorithm, &value);
    const auto hash = hash_of(*algorithm);
    if (!hash)
        return fail(Errc::unsupported, where, "it is made with a digest that is not known here");
    const Bytes digest(ASN1_STRING_get0_data(value), static_cast<std::size_t>(ASN1_STRING_length(value)));
    if (digest.size() != digest_size(*hash))
        return fail(Errc::malformed, where, "its digest has another size than its algorithm's");
    return AuthenticodeDigest{.hash = *hash, .digest = to_buffer(digest)};
}

/// What the signature is over: the content without its tag and length [PKCS #7, 9.3].
Result<Bytes> signed_part(Bytes content) {
    const unsigned char* cursor = content.data();
    long length = 0;
    int tag = 0;
    int form = 0;
    const int flags = ASN1_get_object(&cursor, &length, &tag, &form, static_cast<long>(content.size()));
    forget_errors();
    const auto header = static_cast<std::size_t>(cursor - content.data());
    if ((static_cast<unsigned>(flags) & 0x80U) != 0 || length < 0 ||
        header + static_cast<std::size_t>(length) != content.size())
        return fail(Errc::malformed, where, "its content is no SpcIndirectDataContent");
    return content.subspan(header);
}

/// The one anchor, from which no time and no purpose is asked.
OwnedStore store_of(const Certificate& anchor) {
    OwnedStore store(check(X509_STORE_new()));
    check(X509_STORE_add_cert(store.get(), &handle(anchor)));
    check(X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME));
    check(X509_STORE_set_purpose(store.get(), X509_PURPOSE_ANY));
    return store;
}

} // namespace

Result<AuthenticodeDigest> authenticode_digest(Bytes signed_data) {
    VS_TRY(const SignedProgram program, read_signed_program(signed_data));
    return digest_of(program);
}

Result<void> verify_authenticode(Bytes signed_data, const Certificate& anchor) {
    VS_TRY(const SignedProgram program, read_signed_program(signed_data));
    VS_TRY_VOID(digest_of(program));
    VS_TRY(const Bytes part, signed_part(program.content));
    const OwnedStore store = store_of(anchor);
    const OwnedBio in = reading(part);
    if (!ok(PKCS7_verify(program.pkcs7.get(), nullptr, store.get(), in.get(), nullptr, PKCS7_BINARY)))
        return fail(Errc::untrusted, where, "not signed below " + anchor.subject());
    return {};
}

} // namespace vouchsafe::crypto

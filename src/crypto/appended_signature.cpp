#include "crypto/appended_signature.h"

#include "crypto/openssl.h"

#include <openssl/cms.h>
#include <openssl/objects.h>

#include <optional>
#include <string_view>
#include <utility>

namespace vouchsafe::crypto {

namespace {

constexpr std::string_view where = "appended_signature";

using OwnedCms = Owned<CMS_ContentInfo, CMS_ContentInfo_free>;

Result<AppendedSignature> signature_of(CMS_SignerInfo* signer) {
    if (CMS_signed_get_attr_count(signer) > 0)
        return fail(Errc::unsupported, where, "it is over attributes, not over the file");
    X509_ALGOR* digest = nullptr;
    CMS_SignerInfo_get0_algs(signer, nullptr, nullptr, &digest, nullptr);
    const auto hash = digest == nullptr ? std::nullopt : hash_of(*digest);
    if (!hash || *hash == HashAlg::sha1)
        return fail(Errc::unsupported, where, "it is over a hash that may not sign");
    const ASN1_OCTET_STRING* const value = CMS_SignerInfo_get0_signature(signer);
    if (value == nullptr || ASN1_STRING_length(value) <= 0)
        return fail(Errc::malformed, where, "a signer without signature");
    return AppendedSignature{.hash = *hash,
                             .signature =
                                 to_buffer(Bytes(ASN1_STRING_get0_data(value),
                                                 static_cast<std::size_t>(ASN1_STRING_length(value))))};
}

} // namespace

Result<AppendedSignature> appended_signature(Bytes der) {
    if (der.size() > most_appended)
        return fail(Errc::too_large, where);
    const unsigned char* cursor = der.data();
    const OwnedCms cms(d2i_CMS_ContentInfo(nullptr, &cursor, static_cast<long>(der.size())));
    forget_errors();
    if (cms == nullptr || cursor != der.data() + der.size() ||
        OBJ_obj2nid(CMS_get0_type(cms.get())) != NID_pkcs7_signed)
        return fail(Errc::malformed, where, "no PKCS#7 signed data");
    if (CMS_is_detached(cms.get()) != 1)
        return fail(Errc::malformed, where, "it has the content that it signs in it");
    STACK_OF(CMS_SignerInfo)* const signers = CMS_get0_SignerInfos(cms.get());
    if (signers == nullptr || sk_CMS_SignerInfo_num(signers) != 1)
        return fail(Errc::malformed, where, "not of one signer");
    auto out = signature_of(sk_CMS_SignerInfo_value(signers, 0));
    forget_errors();
    return out;
}

} // namespace vouchsafe::crypto

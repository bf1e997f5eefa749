#include "crypto/x509_bundle.h"

#include "crypto/x509_impl.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace vouchsafe::crypto {

namespace {

using Bundle = std::vector<Result<Certificate>>;
using OwnedPkcs7 = Owned<PKCS7, PKCS7_free>;

constexpr std::string_view where = "x509.bundle";

/// Bytes of the DER element that `bytes` begins with, header included; 0 where there is none.
std::size_t element_size(Bytes bytes) {
    const unsigned char* cursor = bytes.data();
    long length = 0;
    int tag = 0;
    int tag_class = 0;
    const int form = ASN1_get_object(&cursor, &length, &tag, &tag_class, static_cast<long>(bytes.size()));
    forget_errors();
    constexpr int constructed = 0x20; // bit 0 would say: of indefinite length, bit 7: an error
    if (form != constructed || tag != V_ASN1_SEQUENCE)
        return 0;
    return static_cast<std::size_t>(cursor - bytes.data()) + static_cast<std::size_t>(length);
}

class Reader {
public:
    explicit Reader(BundleLimits limits) : limits_(limits) {}

    Result<Bundle> read(Bytes file) {
        if (file.size() > limits_.bytes)
            return fail(Errc::too_large, where, "the file is too large");
        const bool is_pem = as_text(file).find("-----BEGIN ") != std::string_view::npos;
        VS_TRY_VOID(is_pem ? read_pem(file) : read_der(file));
        const bool any = std::ranges::any_of(out_, [](const auto& one) { return one.has_value(); });
        if (!any)
            return fail(Errc::malformed, where, "there is no certificate in the file");
        return std::move(out_);
    }

private:
    Result<void> add(Bytes der) {
        if (out_.size() == limits_.certificates)
            return fail(Errc::too_large, where, "there are too many certificates in the file");
        out_.push_back(Certificate::from_der(der, Padding::tolerated));
        return {};
    }

    Result<void> read_pem(Bytes file) {
        const OwnedBio in = reading(file);
        while (true) {
            char* raw_name = nullptr;
            char* raw_header = nullptr;
            unsigned char* raw_bytes = nullptr;
            long size = 0;
            const int read = PEM_read_bio(in.get(), &raw_name, &raw_header, &raw_bytes, &size);
            const OwnedText name(raw_name);
            const OwnedText header(raw_header);
            const OwnedBytes bytes(raw_bytes);
            const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
            if (!ok(read)) {
                if (at_end)
                    return {};
                return fail(Errc::malformed, where, "a PEM block is broken");
            }
            VS_TRY_VOID(add_block(name.get(), {bytes.get(), static_cast<std::size_t>(size)}));
        }
    }

    Result<void> add_block(std::string_view name, Bytes der) {
        if (name == PEM_STRING_PKCS7)
            return add_pkcs7(der);
        if (name == PEM_STRING_X509_TRUSTED)
            return add(der.first(std::min(element_size(der), der.size())));
        if (name == PEM_STRING_X509 || name == PEM_STRING_X509_OLD)
            return add(der);
        return fail(Errc::malformed, where, "a PEM block that is no certificate");
    }

    Result<void> read_der(Bytes file) {
        if (add_pkcs7(file))
            return {};
        // One certificate, as it is or from a TPM's NV index, or several one after another.
        if (auto one = Certificate::from_der(file, Padding::tolerated)) {
            out_.emplace_back(*std::move(one));
            return {};
        }
        while (!file.empty()) {
            const std::size_t size = element_size(file);
            if (size == 0 || size > file.size())
                return fail(Errc::malformed, where, "neither PEM nor DER certificates");
            VS_TRY_VOID(add(file.first(size)));
            file = file.subspan(size);
        }
        return {};
    }

    Result<void> add_pkcs7(Bytes der) {
        const unsigned char* cursor = der.data();
        const OwnedPkcs7 message(d2i_PKCS7(nullptr, &cursor, static_cast<long>(der.size())));
        if (!ok(message != nullptr && PKCS7_type_is_signed(message.get()) ? 1 : 0))
            return fail(Errc::malformed, where, "no PKCS#7 of certificates");
        const STACK_OF(X509)* const certificates = message->d.sign->cert;
        for (int i = 0; certificates != nullptr && i < sk_X509_num(certificates); ++i) {
            const X509* const one = sk_X509_value(certificates, i);
            VS_TRY_VOID(add(der_of([one](unsigned char** out) { return i2d_X509(one, out); })));
        }
        return {};
    }

    BundleLimits limits_;
    Bundle out_;
};

} // namespace

Result<std::vector<Result<Certificate>>> certificates_from_bundle(Bytes file, BundleLimits limits) {
    return Reader(limits).read(file);
}

} // namespace vouchsafe::crypto

#include "crypto/openssl.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <limits>

namespace vouchsafe::crypto {

bool ok(int return_code) {
    forget_errors();
    return return_code == 1;
}

void forget_errors() {
    ERR_clear_error();
}

void check(int return_code) {
    VS_CHECK(return_code == 1);
}

const EVP_MD* method(HashAlg alg) {
    static const EVP_MD* const sha1 = check(EVP_MD_fetch(nullptr, "SHA1", nullptr));
    static const EVP_MD* const sha256 = check(EVP_MD_fetch(nullptr, "SHA2-256", nullptr));
    static const EVP_MD* const sha384 = check(EVP_MD_fetch(nullptr, "SHA2-384", nullptr));
    static const EVP_MD* const sha512 = check(EVP_MD_fetch(nullptr, "SHA2-512", nullptr));
    static const EVP_MD* const sm3 = check(EVP_MD_fetch(nullptr, "SM3", nullptr));
    switch (alg) {
    case HashAlg::sha1:
        return sha1;
    case HashAlg::sha256:
        return sha256;
    case HashAlg::sha384:
        return sha384;
    case HashAlg::sha512:
        return sha512;
    case HashAlg::sm3_256:
        return sm3;
    }
    check_failed("a known HashAlg", __FILE__, __LINE__);
}

int to_int(std::size_t size) {
    VS_CHECK(size <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
    return static_cast<int>(size);
}

Buffer to_bytes(const BIGNUM& number, std::size_t size) {
    Buffer out(size);
    VS_CHECK(BN_bn2binpad(&number, out.data(), to_int(size)) == to_int(size));
    return out;
}

OwnedBn to_number(Bytes bytes) {
    return OwnedBn(check(BN_bin2bn(bytes.data(), to_int(bytes.size()), nullptr)));
}

Buffer number_of(const EVP_PKEY& key, const char* name, std::size_t size) {
    BIGNUM* number = nullptr;
    check(EVP_PKEY_get_bn_param(&key, name, &number));
    const OwnedBn owned(number);
    return to_bytes(*owned, size);
}

OwnedBio reading(Bytes bytes) {
    // A null pointer is refused even when nothing is to be read.
    static constexpr std::uint8_t nothing = 0;
    const void* const start = bytes.empty() ? &nothing : bytes.data();
    return OwnedBio(check(BIO_new_mem_buf(start, to_int(bytes.size()))));
}

Bytes contents(BIO& bio) {
    char* start = nullptr;
    const long size = BIO_get_mem_data(&bio, &start);
    VS_CHECK(size >= 0);
    return {reinterpret_cast<const std::uint8_t*>(start), static_cast<std::size_t>(size)};
}

std::optional<HashAlg> hash_of(const X509_ALGOR& algorithm) {
    const ASN1_OBJECT* oid = nullptr;
    X509_ALGOR_get0(&oid, nullptr, nullptr, &algorithm);
    switch (OBJ_obj2nid(oid)) {
    case NID_sha1:
        return HashAlg::sha1;
    case NID_sha256:
        return HashAlg::sha256;
    case NID_sha384:
        return HashAlg::sha384;
    case NID_sha512:
        return HashAlg::sha512;
    default:
        return {};
    }
}

Secret private_key_pem(EVP_PKEY& key) {
    // Both kinds of memory BIO wipe their buffer when they end; this one also when it grows.
    const OwnedBio bio(check(BIO_new(BIO_s_secmem())));
    check(PEM_write_bio_PKCS8PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr));
    return Secret(contents(*bio));
}

} // namespace vouchsafe::crypto

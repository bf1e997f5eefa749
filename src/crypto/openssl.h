// libcrypto, tamed: owners for its objects, and one place where its return codes are judged. For the *.cpp
// of this library only.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"
#include "crypto/digest.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <optional>
#include <span>
#include <string>

namespace vouchsafe::crypto {

template <auto Free> struct FreeWith {
    void operator()(auto* object) const noexcept { Free(object); }
};

template <class T, auto Free> using Owned = std::unique_ptr<T, FreeWith<Free>>;

inline void free_memory(void* memory) {
    OPENSSL_free(memory);
}

using OwnedText = Owned<char, free_memory>;
using OwnedBytes = Owned<unsigned char, free_memory>;
using OwnedBio = Owned<BIO, BIO_free_all>;
using OwnedBn = Owned<BIGNUM, BN_free>;
using OwnedCipherCtx = Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using OwnedEcdsaSig = Owned<ECDSA_SIG, ECDSA_SIG_free>;
using OwnedMacCtx = Owned<EVP_MAC_CTX, EVP_MAC_CTX_free>;
using OwnedMdCtx = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using OwnedPkey = Owned<EVP_PKEY, EVP_PKEY_free>;
using OwnedPkeyCtx = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using OwnedX509 = Owned<X509, X509_free>;
using OwnedX509Pubkey = Owned<X509_PUBKEY, X509_PUBKEY_free>;

/// Whether a call succeeded, for calls that input can make fail. libcrypto says no with 0 and with negative
/// numbers: only 1 is yes. Empties the error queue, so that no later caller finds another's error.
bool ok(int return_code);

/// After calls whose failure shows in another way than their return code.
void forget_errors();

/// For calls that only a fault of ours, or want of memory, can make fail: ends the process.
void check(int return_code);

/// The same for calls that return an object.
template <class T> T* check(T* object) {
    VS_CHECK(object != nullptr);
    return object;
}

/// The digest's method; fetched once.
const EVP_MD* method(HashAlg alg);

/// As libcrypto's interfaces want lengths.
int to_int(std::size_t size);

/// The number in exactly `size` big-endian bytes; it must fit.
Buffer to_bytes(const BIGNUM& number, std::size_t size);
OwnedBn to_number(Bytes bytes);
/// A number that the key consists of, by its name in core_names.h.
Buffer number_of(const EVP_PKEY& key, const char* name, std::size_t size);

/// What `encode` writes, an i2d_* function with its object bound: encode(unsigned char** out) -> int.
template <class Encode> Buffer der_of(const Encode& encode) {
    const int size = encode(nullptr);
    VS_CHECK(size > 0);
    Buffer out(static_cast<std::size_t>(size));
    unsigned char* cursor = out.data();
    VS_CHECK(encode(&cursor) == size);
    return out;
}

/// A BIO that reads the bytes; they must outlive it.
OwnedBio reading(Bytes bytes);
/// What a memory BIO holds.
Bytes contents(BIO& bio);
/// Of an AlgorithmIdentifier: the SHA that it names, SHA-1 too; nothing for anything else.
std::optional<HashAlg> hash_of(const X509_ALGOR& algorithm);
/// The key as PKCS#8 PEM.
Secret private_key_pem(EVP_PKEY& key);

} // namespace vouchsafe::crypto

#include "crypto/ec_key.h"

#include "crypto/keys_impl.h"
#include "crypto/signature.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace vouchsafe::crypto {

namespace {

// SubjectPublicKeyInfo up to the point's coordinates [RFC 5480 §2]: id-ecPublicKey, the curve by its name,
// and the mark of an uncompressed point. DER leaves no choice, so comparing these bytes is the whole parser.
constexpr std::array<std::uint8_t, 27> spki_p256 = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48,
                                                    0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48,
                                                    0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04};
constexpr std::array<std::uint8_t, 24> spki_p384 = {0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2A, 0x86,
                                                    0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x05, 0x2B,
                                                    0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00, 0x04};

Bytes spki_prefix(Curve curve) {
    return curve == Curve::p256 ? Bytes(spki_p256) : Bytes(spki_p384);
}

std::string group_name(Curve curve) {
    return std::string(to_string(curve));
}

/// Padded on the left to the coordinate's size; empty when it is longer.
Buffer padded(Bytes number, std::size_t size) {
    while (number.size() > size && number.front() == 0)
        number = number.subspan(1);
    if (number.size() > size)
        return {};
    Buffer out(size - number.size());
    out.insert(out.end(), number.begin(), number.end());
    return out;
}

/// A key of the curve and nothing else. Setting up a curve costs several times what reading a point does, so
/// keys are made from one of these.
OwnedPkey curve_alone(Curve curve) {
    const OwnedPkeyCtx context(check(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr)));
    check(EVP_PKEY_fromdata_init(context.get()));
    std::string group = group_name(curve);
    std::array parameters = {OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
                             OSSL_PARAM_construct_end()};
    EVP_PKEY* made = nullptr;
    check(EVP_PKEY_fromdata(context.get(), &made, EVP_PKEY_KEY_PARAMETERS, parameters.data()));
    return OwnedPkey(made);
}

/// nullptr when the point is not on the curve. On a curve of prime order, as both are, every other point has
/// that order: the quick check is the whole one [SP 800-56A, partial public-key validation].
OwnedPkey key_from_point(Curve curve, Bytes point) {
    static const OwnedPkey p256 = curve_alone(Curve::p256);
    static const OwnedPkey p384 = curve_alone(Curve::p384);
    OwnedPkey key(check(EVP_PKEY_dup((curve == Curve::p256 ? p256 : p384).get())));
    if (!ok(EVP_PKEY_set1_encoded_public_key(key.get(), point.data(), point.size())))
        return nullptr;
    const OwnedPkeyCtx checker(check(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr)));
    return ok(EVP_PKEY_public_check_quick(checker.get())) ? std::move(key) : nullptr;
}

/// The public half of a key that libcrypto holds, on P-256.
EcPublicKey public_half(const EVP_PKEY& key) {
    const std::size_t size = coordinate_size(Curve::p256);
    auto made = EcPublicKey::from_coordinates(Curve::p256,
                                              number_of(key, OSSL_PKEY_PARAM_EC_PUB_X, size),
                                              number_of(key, OSSL_PKEY_PARAM_EC_PUB_Y, size));
    VS_CHECK(made.has_value());
    return *std::move(made);
}

bool is_p256(const EVP_PKEY& key) {
    if (EVP_PKEY_get_base_id(&key) != EVP_PKEY_EC)
        return false;
    std::array<char, 64> name{};
    std::size_t size = 0;
    return ok(EVP_PKEY_get_group_name(&key, name.data(), name.size(), &size)) &&
           std::string_view(name.data(), size) == "prime256v1";
}

EcPrivateKey private_key(OwnedPkey key) {
    EcPublicKey public_key = public_half(*key);
    return EcPrivateKey(std::make_unique<EcPrivateKey::Impl>(
        EcPrivateKey::Impl{.key = std::move(key), .public_key = std::move(public_key)}));
}

} // namespace

std::string_view to_string(Curve curve) {
    return curve == Curve::p256 ? "P-256" : "P-384";
}

std::size_t coordinate_size(Curve curve) {
    return curve == Curve::p256 ? 32 : 48;
}

Result<EcPublicKey> EcPublicKey::from_spki_der(Bytes der) {
    for (const Curve curve : {Curve::p256, Curve::p384}) {
        const Bytes prefix = spki_prefix(curve);
        const std::size_t size = coordinate_size(curve);
        if (der.size() == prefix.size() + (2 * size) && std::ranges::equal(der.first(prefix.size()), prefix))
            return from_coordinates(curve, der.subspan(prefix.size(), size), der.last(size));
    }
    return fail(Errc::unsupported, "ec_key.spki", "no uncompressed point on P-256 or P-384");
}

Result<EcPublicKey> EcPublicKey::from_coordinates(Curve curve, Bytes x, Bytes y) {
    const std::size_t size = coordinate_size(curve);
    Impl impl{.curve = curve, .x = padded(x, size), .y = padded(y, size), .key = nullptr};
    if (impl.x.empty() || impl.y.empty())
        return fail(Errc::malformed, "ec_key.coordinate", "too long for the curve");
    Buffer point = {0x04};
    point.insert(point.end(), impl.x.begin(), impl.x.end());
    point.insert(point.end(), impl.y.begin(), impl.y.end());
    impl.key = key_from_point(curve, point);
    if (impl.key == nullptr)
        return fail(Errc::malformed, "ec_key.point", "not on the curve");
    return EcPublicKey(std::make_shared<const Impl>(std::move(impl)));
}

Result<EcPublicKey> EcPublicKey::from_jwk(Bytes x, Bytes y) {
    const std::size_t size = coordinate_size(Curve::p256);
    if (x.size() != size || y.size() != size)
        return fail(Errc::malformed, "ec_key.coordinate", "must be 32 bytes");
    return from_coordinates(Curve::p256, x, y);
}

Curve EcPublicKey::curve() const {
    return impl_->curve;
}

Buffer EcPublicKey::x() const {
    return impl_->x;
}

Buffer EcPublicKey::y() const {
    return impl_->y;
}

Buffer EcPublicKey::spki_der() const {
    Buffer out = to_buffer(spki_prefix(impl_->curve));
    out.insert(out.end(), impl_->x.begin(), impl_->x.end());
    out.insert(out.end(), impl_->y.begin(), impl_->y.end());
    return out;
}

std::string EcPublicKey::thumbprint() const {
    const std::string jwk = R"({"crv":")" + std::string(to_string(impl_->curve)) + R"(","kty":"EC","x":")" +
                            to_base64url(impl_->x) + R"(","y":")" + to_base64url(impl_->y) + R"("})";
    return to_base64url(sha256(as_bytes(jwk)));
}

bool operator==(const EcPublicKey& a, const EcPublicKey& b) {
    return a.impl_->curve == b.impl_->curve && a.impl_->x == b.impl_->x && a.impl_->y == b.impl_->y;
}

EcPrivateKey::EcPrivateKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

EcPrivateKey::EcPrivateKey(EcPrivateKey&&) noexcept = default;
EcPrivateKey& EcPrivateKey::operator=(EcPrivateKey&&) noexcept = default;
EcPrivateKey::~EcPrivateKey() = default;

EcPrivateKey EcPrivateKey::generate() {
    return private_key(OwnedPkey(check(EVP_EC_gen("P-256"))));
}

Result<EcPrivateKey> EcPrivateKey::from_secret_der(const Secret& der) {
    OwnedPkey key = der.expose([](Bytes bytes) -> OwnedPkey {
        const unsigned char* cursor = bytes.data();
        OwnedPkey read(d2i_AutoPrivateKey(nullptr, &cursor, static_cast<long>(bytes.size())));
        const bool whole = ok(read != nullptr && cursor == bytes.data() + bytes.size() ? 1 : 0);
        return whole ? std::move(read) : nullptr;
    });
    if (key == nullptr)
        return fail(Errc::malformed, "ec_key.private");
    if (!is_p256(*key))
        return fail(Errc::unsupported, "ec_key.private", "not a P-256 key");
    const OwnedPkeyCtx checker(check(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr)));
    if (!ok(EVP_PKEY_check(checker.get())))
        return fail(Errc::malformed, "ec_key.private", "the halves do not fit");
    return private_key(std::move(key));
}

Secret EcPrivateKey::to_secret_der() const {
    const Owned<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(check(EVP_PKEY2PKCS8(impl_->key.get())));
    const int size = i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr);
    VS_CHECK(size > 0);
    Secret out(static_cast<std::size_t>(size));
    out.fill([&](std::span<std::uint8_t> bytes) {
        unsigned char* cursor = bytes.data();
        VS_CHECK(i2d_PKCS8_PRIV_KEY_INFO(info.get(), &cursor) == size);
    });
    return out;
}

Secret EcPrivateKey::to_secret_pem() const {
    return private_key_pem(*impl_->key);
}

const EcPublicKey& EcPrivateKey::public_key() const {
    return impl_->public_key;
}

EcPrivateKey EcPrivateKey::clone() const {
    check(EVP_PKEY_up_ref(impl_->key.get()));
    return EcPrivateKey(
        std::make_unique<Impl>(Impl{.key = OwnedPkey(impl_->key.get()), .public_key = impl_->public_key}));
}

Es256Signature sign_es256(const EcPrivateKey& key, Bytes message) {
    const OwnedMdCtx context(check(EVP_MD_CTX_new()));
    check(EVP_DigestSignInit_ex(
        context.get(), nullptr, "SHA2-256", nullptr, nullptr, key.impl().key.get(), nullptr));
    std::array<std::uint8_t, 80> der{}; // at most 72 bytes for P-256
    std::size_t size = der.size();
    check(EVP_DigestSign(context.get(), der.data(), &size, message.data(), message.size()));
    const auto raw = ecdsa_from_der(Bytes(der).first(size), coordinate_size(Curve::p256));
    VS_CHECK(raw.has_value());
    Es256Signature out{};
    VS_CHECK(raw->size() == out.size());
    std::ranges::copy(*raw, out.begin());
    return out;
}

Result<void> verify_es256(const EcPublicKey& key, Bytes message, Bytes signature) {
    if (key.curve() != Curve::p256)
        return fail(Errc::untrusted, "signature.es256", "the key is not on P-256");
    if (signature.size() != Es256Signature{}.size())
        return fail(Errc::untrusted, "signature.es256", "not 64 bytes");
    if (!verify_ecdsa(key, HashAlg::sha256, message, signature.first(32), signature.last(32)))
        return fail(Errc::untrusted, "signature.es256");
    return {};
}

Result<Secret> ecdh_p256(const EcPrivateKey& own, const EcPublicKey& other) {
    if (other.curve() != Curve::p256)
        return fail(Errc::unsupported, "ecdh.curve", "not on P-256");
    const OwnedPkeyCtx context(check(EVP_PKEY_CTX_new_from_pkey(nullptr, own.impl().key.get(), nullptr)));
    check(EVP_PKEY_derive_init(context.get()));
    if (!ok(EVP_PKEY_derive_set_peer(context.get(), other.impl().key.get())))
        return fail(Errc::malformed, "ecdh.peer");
    Secret shared(coordinate_size(Curve::p256));
    const bool derived = shared.fill([&](std::span<std::uint8_t> out) {
        std::size_t size = out.size();
        return ok(EVP_PKEY_derive(context.get(), out.data(), &size)) && size == out.size();
    });
    if (!derived)
        return fail(Errc::malformed, "ecdh.peer");
    return shared;
}

} // namespace vouchsafe::crypto

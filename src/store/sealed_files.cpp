#include "store/sealed_files.h"

#include "base/reader.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "store/files.h"

namespace vouchsafe::store {

namespace {

constexpr std::string_view magic = "VSSF";
constexpr std::uint8_t version = 1;
constexpr std::size_t header_size = magic.size() + 1;
constexpr std::size_t largest_secret = 64 * 1024;

Buffer header() {
    return Writer().text(magic).big(version).done();
}

int hex_digit(std::uint8_t c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

} // namespace

SealedFiles::SealedFiles(std::string directory, Secret state_key, Random& random)
    : directory_(std::move(directory)), state_key_(std::move(state_key)), random_(&random) {
    VS_CHECK(state_key_.size() == crypto::aes256_key_size);
}

std::string SealedFiles::path(std::string_view name) const {
    return directory_ + "/" + std::string(name) + ".sealed";
}

Secret SealedFiles::key_for(std::string_view name) const {
    const Buffer info = Writer().text("vouchsafe/at-rest/1").text(name).done();
    return crypto::hkdf_sha256({}, state_key_, info, crypto::aes256_key_size);
}

Buffer SealedFiles::seal(std::string_view name, const Secret& secret) const {
    const Buffer nonce = random_->bytes(crypto::gcm_nonce_size);
    const Buffer sealed = crypto::aes256_gcm_seal(key_for(name), nonce, header(), secret);
    return Writer().bytes(header()).bytes(nonce).bytes(sealed).done();
}

Result<Secret> SealedFiles::open(std::string_view name, Bytes sealed) const {
    Reader reader(sealed);
    VS_TRY(const Bytes head, reader.take(header_size, "sealed.header"));
    if (!same_bytes(head, header()))
        return fail(
            Errc::malformed, "sealed.header", "no sealed secret of a version that this program knows");
    VS_TRY(const Bytes nonce, reader.take(crypto::gcm_nonce_size, "sealed.nonce"));
    auto opened = crypto::aes256_gcm_open(key_for(name), nonce, head, reader.rest());
    if (!opened)
        return fail(Errc::untrusted,
                    "sealed.open",
                    std::string(name) +
                        ": does not open under this state key; was another key given at start?");
    return opened;
}

Result<Secret> SealedFiles::load(std::string_view name) const {
    VS_TRY(const Buffer sealed, read_file(path(name), largest_secret));
    return open(name, sealed);
}

Result<void> SealedFiles::save(std::string_view name, const Secret& secret) {
    return write_file(path(name), seal(name, secret));
}

Result<Secret> parse_state_key(const Secret& content) {
    return content.expose([](Bytes bytes) -> Result<Secret> {
        if (bytes.size() == crypto::aes256_key_size)
            return Secret(bytes);
        if (bytes.size() == 2 * crypto::aes256_key_size + 1 && bytes.back() == '\n')
            bytes = bytes.first(bytes.size() - 1);
        if (bytes.size() != 2 * crypto::aes256_key_size)
            return fail(Errc::malformed, "state_key.size", "a state key is 32 bytes, or 64 hex digits");
        Secret key(crypto::aes256_key_size);
        bool good = true;
        key.fill([&](std::span<std::uint8_t> out) {
            for (std::size_t i = 0; i < out.size(); ++i) {
                const int high = hex_digit(bytes[2 * i]);
                const int low = hex_digit(bytes[2 * i + 1]);
                good = good && high >= 0 && low >= 0;
                out[i] = static_cast<std::uint8_t>((high << 4) | low);
            }
        });
        if (!good)
            return fail(
                Errc::malformed, "state_key.digit", "a state key in text is 64 lower-case hex digits");
        return key;
    });
}

} // namespace vouchsafe::store

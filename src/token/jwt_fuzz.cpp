#include "base/bytes.h"
#include "token/jwt.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    static const auto key = crypto::EcPrivateKey::generate();
    const std::string_view text = as_text(Bytes(data, size));
    if (const auto jws = token::parse_compact(text); jws)
        VS_CHECK(jws->signing_input.size() < text.size());
    (void)token::claimed_issuer(text);
    const token::JwtRules rules{
        .typ = "t", .issuer = "i", .audience = "a", .max_life = std::chrono::hours(8)};
    // Whatever the bytes, nobody signs for a key made here.
    VS_CHECK(!token::verify_jwt(text, rules, token::KeySet{key.public_key()}, SysTime{}));
    return 0;
}

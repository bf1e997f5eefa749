#include "crypto/password.h"

#include "crypto/digest.h"
#include "crypto/openssl.h"

#include <array>
#include <bit>
#include <charconv>
#include <optional>
#include <span>
#include <string>

namespace vouchsafe::crypto {

namespace {

constexpr std::size_t salt_size = 16;
constexpr std::size_t hash_size = 32;
constexpr std::size_t most_salt = 64;
constexpr std::uint64_t most_n = std::uint64_t{1} << 20U;
constexpr std::uint64_t most_r = 32;
constexpr std::uint64_t most_p = 16;
constexpr std::uint64_t most_memory = std::uint64_t{256} << 20U;

bool is_affordable(const ScryptCost& cost) {
    return cost.n >= 2 && cost.n <= most_n && std::has_single_bit(cost.n) && cost.r >= 1 &&
           cost.r <= most_r && cost.p >= 1 && cost.p <= most_p && 128 * cost.n * cost.r <= most_memory;
}

std::optional<std::uint64_t> to_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || text != std::to_string(number))
        return std::nullopt;
    return number;
}

struct StoredPassword {
    ScryptCost cost;
    Buffer salt;
    Buffer hash;
};

std::unexpected<Error> no_hash() {
    return fail(Errc::malformed, "password.hash");
}

Result<StoredPassword> parse(std::string_view text) {
    std::array<std::string_view, 6> parts;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::size_t end = text.find('$');
        if ((end == std::string_view::npos) != (i + 1 == parts.size()))
            return no_hash();
        parts.at(i) = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    const auto& [name, n, r, p, salt_text, hash_text] = parts;
    const auto n_number = to_number(n);
    const auto r_number = to_number(r);
    const auto p_number = to_number(p);
    if (name != "scrypt" || !n_number || !r_number || !p_number)
        return no_hash();
    VS_TRY(Buffer salt, from_base64(salt_text));
    VS_TRY(Buffer hash, from_base64(hash_text));
    if (salt.size() < salt_size || salt.size() > most_salt || hash.size() != hash_size)
        return no_hash();
    return StoredPassword{.cost = {.n = *n_number, .r = *r_number, .p = *p_number},
                          .salt = std::move(salt),
                          .hash = std::move(hash)};
}

} // namespace

Result<Secret> scrypt(const Secret& password, Bytes salt, ScryptCost cost, std::size_t size) {
    if (!is_affordable(cost) || size < 1 || size > 1024)
        return fail(Errc::malformed, "password.cost");
    Secret out(size);
    password.expose([&](Bytes bytes) {
        out.fill([&](std::span<std::uint8_t> hash) {
            const auto* const text = bytes.empty() ? "" : reinterpret_cast<const char*>(bytes.data());
            check(EVP_PBE_scrypt(text,
                                 bytes.size(),
                                 salt.data(),
                                 salt.size(),
                                 cost.n,
                                 cost.r,
                                 cost.p,
                                 2 * most_memory,
                                 hash.data(),
                                 hash.size()));
        });
    });
    return out;
}

std::string hash_password(const Secret& password, Random& random, ScryptCost cost) {
    const Buffer salt = random.bytes(salt_size);
    const auto hash = scrypt(password, salt, cost, hash_size);
    VS_CHECK(hash.has_value());
    return "scrypt$" + std::to_string(cost.n) + "$" + std::to_string(cost.r) + "$" + std::to_string(cost.p) +
           "$" + to_base64(salt) + "$" + hash->expose([](Bytes bytes) { return to_base64(bytes); });
}

Result<void> verify_password(const Secret& password, std::string_view stored) {
    const auto parsed = parse(stored);
    if (!parsed)
        return no_hash();
    const auto hash = scrypt(password, parsed->salt, parsed->cost, hash_size);
    if (!hash)
        return no_hash();
    if (!equal(*hash, parsed->hash))
        return fail(Errc::untrusted, "password.wrong");
    return {};
}

} // namespace vouchsafe::crypto

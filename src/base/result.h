// Errors as values: one closed set of codes, one error type, one propagation macro.
//
// Callers branch on `code` and `where`; people read `detail`. `detail` never holds input bytes or secrets.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace vouchsafe {

/// What kind of failure it is. HTTP status and API error types are total tables over this enum.
enum class Errc : std::uint8_t {
    malformed,       ///< bytes or a document that break their format
    too_large,       ///< a size, depth or count over its limit
    untrusted,       ///< a cryptographic fact or a judgement that does not hold
    denied,          ///< the caller may not do this
    unauthenticated, ///< the caller is not known
    not_found,
    exists,
    conflict,    ///< changed meanwhile, or not allowed in the current state
    busy,        ///< something else uses it; take it away from there first
    expired,     ///< a challenge, token, session or lease whose time has passed
    unavailable, ///< a peer, device or store that cannot serve now; trying again may help
    timed_out,
    unsupported,
    internal, ///< a fault of ours, or of a library below us
};

/// The code as a stable word, for logs and JSON ("not_found").
std::string_view to_string(Errc code);

struct Error {
    Errc code;
    std::string where;  ///< a stable dotted name of the check that failed, such as "ttlv.length"
    std::string detail; ///< for people; no input bytes, no secrets

    friend bool operator==(const Error&, const Error&) = default;
};

template <class T> using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(Errc code, std::string_view where, std::string detail = {}) {
    return std::unexpected(Error{.code = code, .where = std::string(where), .detail = std::move(detail)});
}

/// Ends the process: for broken promises of our own code, never for input. Always on.
[[noreturn]] void check_failed(const char* expression, const char* file, int line);

} // namespace vouchsafe

#define VS_CAT_IMPL(a, b) a##b
#define VS_CAT(a, b) VS_CAT_IMPL(a, b)

#define VS_TRY_IMPL(tmp, decl, expr)                                                                         \
    auto tmp = (expr);                                                                                       \
    if (!tmp) [[unlikely]]                                                                                   \
        return std::unexpected(std::move(tmp).error());                                                      \
    decl = *std::move(tmp)

/// VS_TRY(auto value, fallible()): declares value, or returns the error. A statement, one per line.
#define VS_TRY(decl, expr) VS_TRY_IMPL(VS_CAT(vs_try_, __COUNTER__), decl, expr)

#define VS_TRY_VOID_IMPL(tmp, expr)                                                                          \
    do {                                                                                                     \
        if (auto tmp = (expr); !tmp) [[unlikely]]                                                            \
            return std::unexpected(std::move(tmp).error());                                                  \
    } while (false)

/// VS_TRY_VOID(fallible()): the same for Result<void>.
#define VS_TRY_VOID(expr) VS_TRY_VOID_IMPL(VS_CAT(vs_try_, __COUNTER__), expr)

#define VS_CHECK(condition)                                                                                  \
    do {                                                                                                     \
        if (!(condition)) [[unlikely]]                                                                       \
            ::vouchsafe::check_failed(#condition, __FILE__, __LINE__);                                       \
    } while (false)

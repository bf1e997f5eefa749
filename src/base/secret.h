// Bytes that must not leak: move-only, wiped on destruction, without a printed form, opened in a scope.
#pragma once

#include "base/bytes.h"

#include <cstddef>
#include <utility>

namespace vouchsafe {

/// Secret bytes of a size fixed at creation, in memory of their own that is locked where the limit allows
/// (mlock), kept out of core dumps (MADV_DONTDUMP) and wiped when the secret ends.
/// Comparing is crypto::equal; there is no operator==, no copy and no formatter.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::size_t size); ///< zero bytes, to be filled through `fill`
    explicit Secret(Bytes copy_of);    ///< the caller wipes its own copy

    Secret(Secret&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

    Secret& operator=(Secret&& other) noexcept;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret();

    std::size_t size() const { return bytes_.size(); }

    bool empty() const { return bytes_.empty(); }

    Secret clone() const { return Secret(Bytes{bytes_}); }

    /// use(Bytes): the only way to read; the view must not outlive the call.
    template <class Use> decltype(auto) expose(Use&& use) const {
        return std::forward<Use>(use)(Bytes{bytes_});
    }

    /// use(std::span<std::uint8_t>): the only way to write.
    template <class Use> decltype(auto) fill(Use&& use) { return std::forward<Use>(use)(bytes_); }

    friend bool operator==(const Secret&, const Secret&) = delete;

private:
    std::span<std::uint8_t> bytes_;
};

/// Overwrites bytes in a way that the compiler does not remove.
void wipe(std::span<std::uint8_t> bytes);
void wipe(std::string& text);

} // namespace vouchsafe

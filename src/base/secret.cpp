#include "base/secret.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <new>
#include <vector>

namespace vouchsafe {

namespace {

// Secrets are small and many, locked memory is counted in pages and little: so they are cut from a few
// locked pages in cells of 64 bytes, and only large ones get pages of their own.
class LockedPages {
public:
    static constexpr std::size_t cell = 64;

    std::span<std::uint8_t> take(std::size_t size) {
        const std::size_t cells = (size + cell - 1) / cell;
        const std::scoped_lock lock(mutex_);
        for (Arena& arena : arenas_)
            if (auto* at = arena.take(cells))
                return {at, size};
        arenas_.emplace_back(std::max(cells, arena_cells));
        auto* at = arenas_.back().take(cells);
        VS_CHECK(at != nullptr);
        return {at, size};
    }

    void give(std::span<std::uint8_t> bytes) {
        const std::size_t cells = (bytes.size() + cell - 1) / cell;
        wipe({bytes.data(), cells * cell});
        const std::scoped_lock lock(mutex_);
        for (Arena& arena : arenas_)
            if (arena.give(bytes.data(), cells))
                return;
        VS_CHECK(false);
    }

private:
    static constexpr std::size_t arena_cells = std::size_t{16} * 1024 / cell;

    class Arena {
    public:
        explicit Arena(std::size_t cells) : used_(cells, false) {
            void* pages =
                ::mmap(nullptr, cells * cell, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (pages == MAP_FAILED)
                throw std::bad_alloc();
            // Both are best effort: the limit on locked memory may be small.
            (void)::mlock(pages, cells * cell);
            (void)::madvise(pages, cells * cell, MADV_DONTDUMP);
            base_ = static_cast<std::uint8_t*>(pages);
        }

        std::uint8_t* take(std::size_t cells) {
            const auto run =
                std::search_n(used_.begin(), used_.end(), static_cast<std::ptrdiff_t>(cells), false);
            if (run == used_.end())
                return nullptr;
            std::fill_n(run, cells, true);
            return base_ + static_cast<std::size_t>(run - used_.begin()) * cell;
        }

        bool give(const std::uint8_t* at, std::size_t cells) {
            if (at < base_ || at >= base_ + used_.size() * cell)
                return false;
            std::fill_n(used_.begin() + (at - base_) / static_cast<std::ptrdiff_t>(cell), cells, false);
            return true;
        }

    private:
        std::vector<bool> used_;
        std::uint8_t* base_ = nullptr; // never unmapped: the pages are used again
    };

    std::mutex mutex_;
    std::vector<Arena> arenas_;
};

LockedPages& locked_pages() {
    // Never destroyed: secrets of static duration may end after it.
    static auto* pages = new LockedPages; // NOLINT(cppcoreguidelines-owning-memory): see above
    return *pages;
}

} // namespace

Secret::Secret(std::size_t size)
    : bytes_(size == 0 ? std::span<std::uint8_t>{} : locked_pages().take(size)) {}

Secret::Secret(Bytes copy_of) : Secret(copy_of.size()) {
    std::ranges::copy(copy_of, bytes_.begin());
}

Secret& Secret::operator=(Secret&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
}

Secret::~Secret() {
    if (!bytes_.empty())
        locked_pages().give(bytes_);
}

void wipe(std::span<std::uint8_t> bytes) {
    if (!bytes.empty())
        ::explicit_bzero(bytes.data(), bytes.size());
}

void wipe(std::string& text) {
    ::explicit_bzero(text.data(), text.capacity());
    text.clear();
}

} // namespace vouchsafe

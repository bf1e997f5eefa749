#include "appraisal/ima_rule.h"

#include "appraisal/replay.h"
#include "crypto/digest_signature.h"

#include <algorithm>
#include <utility>

namespace vouchsafe::appraisal {

namespace {

Bytes digest_at(Bytes joined, std::size_t index, std::size_t size) {
    return joined.subspan(index * size, size);
}

bool less(Bytes a, Bytes b) {
    return std::ranges::lexicographical_compare(a, b);
}

} // namespace

Result<FileDigests> FileDigests::from(std::map<Algorithm, Buffer> joined) {
    constexpr std::string_view where = "base_image.ima.digests";
    for (const auto& [algorithm, bytes] : joined) {
        if (algorithm == Algorithm::sha1 || !can_hash(algorithm))
            return fail(Errc::malformed, where, to_string(algorithm) + " decides nothing about a file");
        const std::size_t size = crypto::digest_size(hash_algorithm(algorithm));
        if (bytes.empty() || bytes.size() % size != 0)
            return fail(Errc::malformed, where, "not a whole number of digests");
        for (std::size_t i = 1; i < bytes.size() / size; ++i)
            if (!less(digest_at(bytes, i - 1, size), digest_at(bytes, i, size)))
                return fail(Errc::malformed, where, "not ascending, each once");
    }
    FileDigests out;
    out.joined_ = std::move(joined);
    return out;
}

FileDigests FileDigests::of(const std::map<Algorithm, std::vector<Buffer>>& digests) {
    FileDigests out;
    for (const auto& [algorithm, given] : digests) {
        std::vector<Buffer> sorted = given;
        std::ranges::sort(sorted);
        const auto repeated = std::ranges::unique(sorted);
        sorted.erase(repeated.begin(), repeated.end());
        Buffer& joined = out.joined_[algorithm];
        for (const Buffer& digest : sorted) {
            VS_CHECK(algorithm != Algorithm::sha1 &&
                     digest.size() == crypto::digest_size(hash_algorithm(algorithm)));
            joined.insert(joined.end(), digest.begin(), digest.end());
        }
    }
    std::erase_if(out.joined_, [](const auto& entry) { return entry.second.empty(); });
    return out;
}

bool FileDigests::contains(Algorithm algorithm, Bytes digest) const {
    const auto found = joined_.find(algorithm);
    if (found == joined_.end() || digest.size() != crypto::digest_size(hash_algorithm(algorithm)))
        return false;
    const Bytes joined(found->second);
    std::size_t begin = 0;
    std::size_t end = joined.size() / digest.size();
    while (begin < end) {
        const std::size_t middle = begin + ((end - begin) / 2);
        const Bytes at = digest_at(joined, middle, digest.size());
        if (same_bytes(at, digest))
            return true;
        if (less(at, digest))
            begin = middle + 1;
        else
            end = middle;
    }
    return false;
}

Buffer ima_key_id(Bytes public_key) {
    constexpr std::size_t key_id_size = 4;
    const Buffer digest = crypto::key_identifier(public_key);
    return {digest.end() - static_cast<std::ptrdiff_t>(key_id_size), digest.end()};
}

std::size_t FileDigests::size() const {
    std::size_t out = 0;
    for (const auto& [algorithm, bytes] : joined_)
        out += bytes.size() / crypto::digest_size(hash_algorithm(algorithm));
    return out;
}

} // namespace vouchsafe::appraisal

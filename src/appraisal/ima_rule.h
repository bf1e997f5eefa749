// How a base image judges what the kernel measured while it ran: digests of files, and keys that sign them.
#pragma once

#include "appraisal/pcrs.h"
#include "base/bytes.h"
#include "base/result.h"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace vouchsafe::appraisal {

/// A set of file digests, by algorithm: one run of bytes in ascending order, so that 100,000 of them are
/// small and found by halving.
class FileDigests {
public:
    FileDigests() = default;

    /// `malformed` at "base_image.ima.digests": an algorithm that decides nothing, not a whole number of
    /// digests, or not ascending, each once.
    static Result<FileDigests> from(std::map<Algorithm, Buffer> joined);
    /// In any order, repetitions allowed; each of its algorithm's size, and no SHA-1.
    static FileDigests of(const std::map<Algorithm, std::vector<Buffer>>& digests);

    bool contains(Algorithm algorithm, Bytes digest) const;
    std::size_t size() const; ///< of all algorithms

    const std::map<Algorithm, Buffer>& joined() const { return joined_; }

    friend bool operator==(const FileDigests&, const FileDigests&) = default;

private:
    std::map<Algorithm, Buffer> joined_;
};

/// A key that signs files, or that may be added to a keyring.
struct ImaKey {
    std::string name;  ///< for people
    Buffer key_id;     ///< 4 bytes: the end of the subject key identifier, as signatures name it
    Buffer public_key; ///< SubjectPublicKeyInfo, DER: RSA, P-256 or P-384

    friend bool operator==(const ImaKey&, const ImaKey&) = default;
};

/// The id of a key whose certificate derives it from the key [RFC 5280, 4.2.1.2, method 1].
Buffer ima_key_id(Bytes public_key);

struct ImaRule {
    FileDigests digests; ///< files that may be listed
    FileDigests verity;  ///< the same by fs-verity's digests, which are of another kind: of the Merkle tree
    std::vector<ImaKey> keys;
    bool signatures_suffice = false; ///< a file of another digest may be listed if one of the keys signed it
    bool unsafe_violations = false;  ///< files may change while they are measured

    friend bool operator==(const ImaRule&, const ImaRule&) = default;
};

} // namespace vouchsafe::appraisal

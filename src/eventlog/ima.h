// The kernel's IMA measurement list in its binary form [Linux, security/integrity/ima]: fields in the
// byte order of the machine, which is little-endian on every host we know.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::eventlog {

struct ImaLimits {
    std::size_t list_bytes = std::size_t{16} << 20U;
    std::size_t entries = 200000;
    std::size_t template_bytes = std::size_t{64} << 10U; ///< data of one entry
    std::size_t name_bytes = 255;                        ///< of the template's name
};

struct ImaEntry {
    std::uint32_t pcr = 0;
    Bytes template_digest; ///< all zero: a violation
    std::string_view template_name;
    Bytes template_data; ///< as hashed, but for the "ima" template (see ima_hash_input)

    /// The file changed while it was measured; the kernel extends ones instead of the zeros it lists.
    bool violation() const;
};

struct ImaList {
    std::size_t digest_bytes = 20; ///< of template digests, the same for all entries
    std::vector<ImaEntry> entries;
    std::size_t trailing = 0; ///< bytes after the last entry, too few for another's PCR, digest and name
};

/// The list does not say how long its template digests are. With `digest_bytes` empty the length is the
/// first of 20, 32, 48, 64 that makes the list come out even; 20 is what kernels write unless told otherwise.
/// An error's `where` is "ima.<field>", its `detail` names the entry, its offset and the cause.
Result<ImaList>
parse_ima_list(Bytes list, std::optional<std::size_t> digest_bytes = {}, const ImaLimits& limits = {});

/// The template "ima", whose digest is not over its data as they stand.
bool is_oldest_template(const ImaEntry& entry);

/// The list without its first `entries`: what a host sends that goes on from a position. `malformed` at
/// "ima.position" where the list has fewer, and as parse_ima_list.
Result<Buffer> ima_list_from(Bytes list, std::size_t entries);

/// The bytes whose hash is the template digest: the template data, or for the oldest template ("ima") the
/// file digest and the name padded to 256 bytes.
Result<Buffer> ima_hash_input(const ImaEntry& entry);

/// What an entry says of a file, buffer or key.
struct ImaFile {
    std::string algorithm; ///< of the file digest, "sha256"; "sha1" for the oldest template
    Bytes digest;
    bool verity = false;   ///< the digest is fs-verity's, of the file's Merkle tree
    std::string_view name; ///< the path as the kernel wrote it, "boot_aggregate", or a keyring's name
    Bytes signature;       ///< of IMA (sig); empty when there is none
    Bytes buffer;          ///< what was measured besides files (buf): a key, a command line, a policy
    /// Of a module or kernel with a signature appended (d-modsig, modsig): the digest of the file without it,
    /// and the signature, PKCS #7. Empty where there is none.
    std::string unsigned_algorithm;
    Bytes unsigned_digest;
    Bytes appended_signature;
};

/// Fields of the kernel's templates (ima, ima-ng, ima-ngv2, ima-sig, ima-sigv2, ima-buf, ima-modsig, evm-sig)
/// and of lists of its field names ("d-ng|n-ng|sig"). `unsupported` for other templates, and for lists that
/// name no file digest.
Result<ImaFile> decode_ima_file(const ImaEntry& entry);

} // namespace vouchsafe::eventlog

// EFI programs as files: what the firmware measures of them, before any of them is started.
#pragma once

#include "appraisal/pcrs.h"
#include "base/bytes.h"
#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::appraisal {

struct PeSection {
    std::string name;       ///< without its NULs; one longer than 8 characters is in the file's string table
    Bytes raw;              ///< as the file has it, padded to the file's alignment
    std::size_t size = 0;   ///< of what a loader sees, VirtualSize: more than `raw` is filled with zeros
    std::size_t offset = 0; ///< where `raw` begins
};

/// A program of the PE/COFF format [PE Format]; views into the file, which must outlive it.
struct PeImage {
    Bytes file;
    std::size_t checksum_at = 0;    ///< the four bytes that signing changes
    std::size_t certificate_at = 0; ///< the eight bytes of the certificate table's directory entry; 0: none
    std::size_t headers_size = 0;
    Bytes certificates; ///< the attribute certificate table; empty: not signed
    std::vector<PeSection> sections;

    /// The section of that name; nullptr without one. Names occur once: see parse_pe_image.
    const PeSection* section(std::string_view name) const;
};

/// What a loader finds in memory at the section's place; `unsupported` where the file has less than that.
Result<Bytes> content(const PeSection& section);

/// parse_pe_image establishes:
///  1 the file begins with MZ and leads to a PE header of the kind PE32 or PE32+
///  2 at most 96 sections; each lies in the file, and together they have no more bytes than it
///  3 section names that begin with a dot occur once; those of more than 8 characters are at most 64 long
///  4 checksum and directories lie within the headers; a certificate table is the end of the file
/// An error's `where` is "pe.<field>".
Result<PeImage> parse_pe_image(Bytes file);

inline constexpr std::size_t most_signatures_of_image = 16;

/// The PKCS#7 signatures in the certificate table, in its order; none of an image that is not signed.
/// Signatures of other kinds are left out. An error's `where` is "pe.certificates".
Result<std::vector<Bytes>> signatures(const PeImage& image);

/// The digest of what a signature covers [Authenticode PE Format, Calculating the PE Image Hash]: the one
/// that firmware extends into PCR 4.
Buffer authenticode_digest(const PeImage& image, Algorithm algorithm);

} // namespace vouchsafe::appraisal

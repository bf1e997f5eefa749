// Reading and writing the primitive shapes of [TPM2 Part 2]: for the parsers of this library.
#pragma once

#include "base/bytes.h"
#include "base/reader.h"
#include "tpm/algorithm.h"

#include <cstddef>
#include <string_view>
#include <utility>

namespace vouchsafe::tpm::wire {

/// A TPM2B: a 16-bit size, then that many bytes, at most `most`.
Result<Buffer> read_sized(Reader& reader, std::size_t most, std::string_view field);
/// A TPM_ALG_ID of AlgId; `unsupported` otherwise.
Result<AlgId> read_alg(Reader& reader, std::string_view field);
/// A TPMI_ALG_HASH of AlgId.
Result<crypto::HashAlg> read_hash(Reader& reader, std::string_view field);

void write_sized(Writer& writer, Bytes bytes);

inline void write_alg(Writer& writer, AlgId id) {
    writer.big(std::to_underlying(id));
}

} // namespace vouchsafe::tpm::wire

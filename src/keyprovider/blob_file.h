// A blob as it lies about: in a file of its own, in a text, or in what is kept with a VM.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "keyprovider/blob_format.h"
#include "protocol/release.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vouchsafe::keyprovider {

inline constexpr std::size_t max_blob_file_bytes = std::size_t{16} << 10U;

enum class BlobForm : std::uint8_t { binary, hex, base64, json };

std::string_view to_string(BlobForm form);

struct BlobFile {
    BlobForm form = BlobForm::binary;
    Blob blob;
    Buffer bytes;                             ///< the encoded blob
    std::optional<protocol::Context> context; ///< that the file has beside it
    std::optional<std::string> provider;      ///< the name that the file has beside it

    friend bool operator==(const BlobFile&, const BlobFile&) = default;
};

/// The bytes of parse_blob; or those in lower-case hex or base64, with white space around; or a JSON object
/// with `blob` in base64 and, where it has them, `context` and `provider`: the agent's vouchsafe.json, and
/// what `vouchsafe vm show` prints. Its other members are not looked at.
/// Errors: blob_file.size (over max_blob_file_bytes), blob_file.form, what json::parse and Context::from_json
/// say, and parse_blob's.
Result<BlobFile> read_blob_file(Bytes file);

} // namespace vouchsafe::keyprovider

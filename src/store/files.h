// Files as a daemon needs them: read whole with a bound, written whole or not at all.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace vouchsafe::store {

/// The whole content; `not_found` without the file, `too_large` over `most` bytes. Read until the end,
/// because files of securityfs give short reads.
Result<Buffer> read_file(const std::string& path, std::size_t most);

/// The same into locked memory, for keys and credentials.
Result<Secret> read_secret_file(const std::string& path, std::size_t most);

/// Written beside its place, synced, then renamed over it, and the directory synced: after a crash the file
/// is the old one or the new one. Mode 0600.
Result<void> write_file(const std::string& path, Bytes content);

/// The directory, made with mode 0700 where it is missing (one level); refused when others may enter it.
Result<void> make_private_directory(const std::string& path);

} // namespace vouchsafe::store

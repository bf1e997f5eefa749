// What a release session carries: operations in, keys out. Keys never pass through JSON text.
#pragma once

#include "base/bytes.h"
#include "base/id.h"
#include "base/result.h"
#include "base/secret.h"
#include "json/value.h"
#include "protocol/release_quote.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace vouchsafe::protocol {

inline constexpr std::size_t key_size = 32;
inline constexpr std::size_t max_operations = 64;
inline constexpr std::size_t max_ciphertext_bytes = 1024;
inline constexpr std::size_t max_release_bytes = std::size_t{256} << 10U; ///< of the sealed message
inline constexpr std::string_view release_path = "/v1/release/message";

/// What a key is for, in what never changes about it: bound to the blob as additional data.
struct Context {
    std::string key_id; ///< 32 hex digits: 128 random bits, made with the first key
    VmId vm;            ///< UUID

    json::Value to_json() const;
    std::string canonical() const; ///< the bytes that are bound
    static Result<Context> from_json(const json::Value& value, std::string_view where = "context");

    friend bool operator==(const Context&, const Context&) = default;
};

struct GenerateKey {
    KeyProviderId provider;
    Context context;

    friend bool operator==(const GenerateKey&, const GenerateKey&) = default;
};

struct DecryptKey {
    KeyProviderId provider;
    Buffer ciphertext; ///< the blob
    Context context;

    friend bool operator==(const DecryptKey&, const DecryptKey&) = default;
};

/// The same key in a new blob under the provider's newest generation; the key itself does not come.
struct RewrapKey {
    KeyProviderId provider;
    Buffer ciphertext; ///< the blob
    Context context;

    friend bool operator==(const RewrapKey&, const RewrapKey&) = default;
};

using Operation = std::variant<GenerateKey, DecryptKey, RewrapKey>;

/// "generate-key", "decrypt", "rewrap"
std::string_view operation_name(const Operation& operation);
/// The blob that it opens; nullptr of generate-key.
const Buffer* blob_of(const Operation& operation);
const KeyProviderId& provider_of(const Operation& operation);
const Context& context_of(const Operation& operation);

struct ReleaseRequest {
    std::vector<Operation> operations;                ///< 1 to 64
    std::optional<ReleaseQuote> quote = std::nullopt; ///< for providers that want one

    std::string encode() const; ///< canonical JSON
    /// Hex SHA-256 of the same without a quote: what the quote's statement names.
    std::string digest() const;
    static Result<ReleaseRequest> parse(std::string_view text);

    friend bool operator==(const ReleaseRequest&, const ReleaseRequest&) = default;
};

struct ReleasedKey {
    std::optional<Buffer> ciphertext; ///< the new blob, of generate-key
    Secret key;                       ///< 32 bytes
};

/// What came of rewrap: no key is in it.
struct RewrappedKey {
    Buffer ciphertext; ///< the new blob

    friend bool operator==(const RewrappedKey&, const RewrappedKey&) = default;
};

struct ReleaseRefusal {
    std::string error_type;                                 ///< "UNAUTHORIZED", as the API has them
    std::string code;                                       ///< stable, dotted
    std::string message;                                    ///< for people
    std::optional<std::int64_t> retry_after = std::nullopt; ///< seconds, where waiting is all that helps

    friend bool operator==(const ReleaseRefusal&, const ReleaseRefusal&) = default;
};

using OperationResult = std::variant<ReleasedKey, RewrappedKey, ReleaseRefusal>;

struct ReleaseAnswer {
    std::vector<OperationResult> results; ///< one for each operation, in their order
    Buffer nonce;                         ///< 32 bytes, for a quote with the session's next request

    /// u32be n ‖ canonical JSON of n bytes ‖ keys, 32 bytes each
    Secret encode() const;
    static Result<ReleaseAnswer> parse(const Secret& bytes);
};

} // namespace vouchsafe::protocol

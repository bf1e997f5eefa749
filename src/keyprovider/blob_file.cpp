#include "keyprovider/blob_file.h"

#include "json/parse.h"

#include <utility>

namespace vouchsafe::keyprovider {

namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\r\n";
    const auto begin = text.find_first_not_of(space);
    return begin == std::string_view::npos ? std::string_view()
                                           : text.substr(begin, text.find_last_not_of(space) + 1 - begin);
}

Result<BlobFile> in_form(BlobForm form, Buffer bytes) {
    VS_TRY(const Blob blob, parse_blob(bytes));
    return BlobFile{.form = form, .blob = blob, .bytes = std::move(bytes), .context = {}, .provider = {}};
}

/// A text member; null counts as absent.
Result<std::optional<std::string>> text_of(const json::Value& object, std::string_view name) {
    const json::Value* const found = object.find(name);
    if (found == nullptr || found->is_null())
        return std::nullopt;
    if (!found->is_string())
        return fail(Errc::malformed, "blob_file.form", std::string(name) + " is no text");
    return found->as_string();
}

Result<BlobFile> in_json(std::string_view text) {
    VS_TRY(const json::Value value,
           json::parse(text, {.bytes = max_blob_file_bytes, .depth = 8, .items = 256}));
    VS_TRY(const auto encoded, text_of(value, "blob"));
    if (!encoded)
        return fail(Errc::malformed, "blob_file.form", "the JSON object has no blob");
    VS_TRY(Buffer bytes, from_base64(*encoded));
    VS_TRY(BlobFile out, in_form(BlobForm::json, std::move(bytes)));
    VS_TRY(out.provider, text_of(value, "provider"));
    if (const json::Value* const context = value.find("context"); context != nullptr && !context->is_null()) {
        VS_TRY(out.context, protocol::Context::from_json(*context, "blob_file.context"));
    }
    return out;
}

} // namespace

std::string_view to_string(BlobForm form) {
    switch (form) {
    case BlobForm::binary:
        return "binary";
    case BlobForm::hex:
        return "hex";
    case BlobForm::base64:
        return "base64";
    case BlobForm::json:
        return "json";
    }
    std::unreachable();
}

Result<BlobFile> read_blob_file(Bytes file) {
    if (file.size() > max_blob_file_bytes)
        return fail(Errc::too_large, "blob_file.size", "larger than any file with a blob");
    // Of its size, or with its first bytes: what is wrong with it is told as of a blob.
    if (file.size() == blob_size || as_text(file).starts_with("VSKB"))
        return in_form(BlobForm::binary, to_buffer(file));
    const std::string_view text = trimmed(as_text(file));
    if (text.starts_with('{'))
        return in_json(text);
    if (auto bytes = from_hex(text); bytes && !bytes->empty())
        return in_form(BlobForm::hex, *std::move(bytes));
    if (auto bytes = from_base64(text); bytes && !bytes->empty())
        return in_form(BlobForm::base64, *std::move(bytes));
    return fail(
        Errc::malformed, "blob_file.form", "neither a key blob, nor one in hex, base64 or a JSON object");
}

} // namespace vouchsafe::keyprovider

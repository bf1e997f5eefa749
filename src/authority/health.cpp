#include "authority/health.h"

#include "appraisal/base_image.h"
#include "crypto/signature.h"
#include "json/parse.h"

namespace vouchsafe::authority {

namespace {

constexpr std::string_view pem_begin = "-----BEGIN PUBLIC KEY-----";
constexpr std::string_view pem_end = "-----END PUBLIC KEY-----";
constexpr std::size_t pem_line = 64;

json::Value status(std::string_view health, json::Array details) {
    return json::object({{"health", health}, {"details", std::move(details)}});
}

} // namespace

json::Value message(std::string_view id, std::string_view text) {
    return json::object({{"id", id}, {"default_message", text}, {"args", json::Array{}}});
}

json::Value healthy() {
    return status("OK", {});
}

json::Value warning(std::string_view id, std::string_view text) {
    return status("WARNING", {message(id, text)});
}

json::Value unhealthy(std::string_view id, std::string_view text) {
    return status("ERROR", {message(id, text)});
}

Result<json::Value> parse_document(Bytes document) {
    return json::parse(as_text(document),
                       {.bytes = appraisal::base_image_bytes, .items = std::size_t{1} << 18U});
}

Result<Buffer> spki_from_pem(std::string_view pem) {
    const auto begin = pem.find(pem_begin);
    const auto end = pem.find(pem_end);
    if (begin == std::string_view::npos || end == std::string_view::npos || end < begin)
        return fail(Errc::malformed, "public_key", "expected PEM with BEGIN PUBLIC KEY");
    std::string body;
    for (const char c : pem.substr(begin + pem_begin.size(), end - begin - pem_begin.size()))
        if (c != '\n' && c != '\r' && c != ' ')
            body += c;
    VS_TRY(const Buffer der, from_base64(body));
    VS_TRY(const crypto::PublicKey key, crypto::public_key_from_spki_der(der));
    return crypto::spki_der(key);
}

std::string pem_from_spki(Bytes spki) {
    const std::string body = to_base64(spki);
    std::string out = std::string(pem_begin) + "\n";
    for (std::size_t at = 0; at < body.size(); at += pem_line)
        out += body.substr(at, pem_line) + "\n";
    return out + std::string(pem_end) + "\n";
}

} // namespace vouchsafe::authority

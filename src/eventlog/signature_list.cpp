#include "eventlog/signature_list.h"

#include "base/reader.h"
#include "eventlog/event_data.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

namespace vouchsafe::eventlog {

namespace {

using namespace std::string_view_literals;

constexpr std::string_view where = "event_data.signature_list";
constexpr std::size_t guid_size = 16;
constexpr std::uint32_t header_size = guid_size + 12; ///< of a list

constexpr std::array types{
    std::pair{"a5c059a1-94e4-4aa7-87b5-ab155c2bf072"sv, "x509"sv},
    std::pair{"c1c41626-504c-4092-aca9-41f936934328"sv, "sha256"sv},
    std::pair{"826ca512-cf10-4ac9-b187-be01496631bd"sv, "sha1"sv},
    std::pair{"0b6e5233-a65c-44c9-9407-d9ab83bfc8bd"sv, "sha224"sv},
    std::pair{"ff3e5307-9fd0-48c9-85f1-8ad56c701e01"sv, "sha384"sv},
    std::pair{"093e0fae-a6c4-4f50-9f1b-d41e2b89c19a"sv, "sha512"sv},
    std::pair{"3c5766e8-269c-4e34-aa14-ed776e85b3b6"sv, "rsa2048"sv},
    std::pair{"3bd2a492-96c0-4079-b420-fcf98ef103ed"sv, "x509-sha256"sv},
    std::pair{"7076876e-80c2-4ee6-aad2-28b349a6865b"sv, "x509-sha384"sv},
    std::pair{"446dbf63-2502-4cda-bcfa-2465d2b0fe9d"sv, "x509-sha512"sv},
    std::pair{"4aafd29d-68df-49ee-8aa9-347d375665a7"sv, "pkcs7"sv},
};

std::string type_text(Bytes guid) {
    const std::string text = guid_text(guid);
    const auto* const found = std::ranges::find(types, text, [](const auto& row) { return row.first; });
    return found == types.end() ? text : std::string(found->second);
}

Result<SignatureList> take_list(Reader& in) {
    SignatureList list;
    VS_TRY(const Bytes type, in.take(guid_size, where));
    list.type = type_text(type);
    VS_TRY(const auto list_size, in.little<std::uint32_t>(where));
    VS_TRY(const auto type_header_size, in.little<std::uint32_t>(where));
    VS_TRY(const auto signature_size, in.little<std::uint32_t>(where));
    if (list_size < header_size)
        return fail(Errc::malformed, where, "a list of " + std::to_string(list_size) + " bytes");
    VS_TRY(Reader body, in.sub(list_size - header_size, where));
    VS_TRY_VOID(body.take(type_header_size, where));
    if (signature_size <= guid_size || body.remaining() % signature_size != 0)
        return fail(
            Errc::malformed, where, "signatures of " + std::to_string(signature_size) + " bytes do not fit");
    if (body.remaining() / signature_size > most_signatures)
        return fail(Errc::too_large, where, "too many signatures");
    while (!body.empty()) {
        VS_TRY(const Bytes signature, body.take(signature_size, where));
        VS_TRY(Signature one, decode_signature(signature));
        list.signatures.push_back(std::move(one));
    }
    return list;
}

} // namespace

Result<std::vector<SignatureList>> decode_signature_lists(Bytes data) {
    Reader in(data);
    std::vector<SignatureList> lists;
    std::size_t signatures = 0;
    while (!in.empty()) {
        VS_TRY(SignatureList list, take_list(in));
        signatures += 1 + list.signatures.size(); // an empty list counts too
        if (signatures > most_signatures)
            return fail(Errc::too_large, where, "too many signatures");
        lists.push_back(std::move(list));
    }
    return lists;
}

Result<Signature> decode_signature(Bytes data) {
    Reader in(data);
    VS_TRY(const Bytes owner, in.take(guid_size, where));
    if (in.empty())
        return fail(Errc::malformed, where, "no signature after its owner");
    return Signature{.owner = guid_text(owner), .data = in.rest()};
}

Buffer encode_signature(const Signature& signature) {
    const auto owner = guid_bytes(signature.owner);
    VS_CHECK(owner);
    return Writer().bytes(*owner).bytes(signature.data).done();
}

Buffer encode_certificate_list(const Signature& certificate) {
    const Buffer signature = encode_signature(certificate);
    const auto size = static_cast<std::uint32_t>(signature.size());
    const auto type = guid_bytes(types.front().first);
    VS_CHECK(type);
    return Writer()
        .bytes(*type)
        .little(header_size + size)
        .little(std::uint32_t{0})
        .little(size)
        .bytes(signature)
        .done();
}

} // namespace vouchsafe::eventlog

#include "vmcrypt/record.h"

#include "json/members.h"
#include "json/parse.h"
#include "json/write.h"

#include <utility>

namespace vouchsafe::vmcrypt {

namespace {

constexpr std::size_t max_provider_name = 256;

}

std::string VmKeyRecord::encode() const {
    return json::canonical(json::object({{"blob", to_base64(blob)},
                                         {"context", context.to_json()},
                                         {"provider", provider.text},
                                         {"version", 1}}));
}

Result<VmKeyRecord> VmKeyRecord::parse(std::string_view text) {
    VS_TRY(const json::Value value,
           json::parse_canonical(text, {.bytes = max_record_bytes, .depth = 4, .items = 64}));
    json::Members members(value, "vm_record");
    VS_TRY_VOID(members.version(1));
    VS_TRY(std::string provider, members.string("provider"));
    if (provider.empty() || provider.size() > max_provider_name)
        return fail(Errc::malformed, "vm_record.provider", "no name of a key provider");
    VS_TRY(Buffer blob, members.base64("blob"));
    if (blob.empty() || blob.size() > protocol::max_ciphertext_bytes)
        return fail(Errc::malformed, "vm_record.blob", "no size of a key blob");
    VS_TRY(const json::Value* const context, members.value("context"));
    VS_TRY(protocol::Context bound, protocol::Context::from_json(*context, "vm_record.context"));
    VS_TRY_VOID(members.finish());
    return VmKeyRecord{
        .provider = {std::move(provider)}, .blob = std::move(blob), .context = std::move(bound)};
}

} // namespace vouchsafe::vmcrypt

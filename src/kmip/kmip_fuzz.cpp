// A key server's answer, whatever it is, is read or refused; what reads as a payload goes to every reader.
#include "kmip/operations.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace vouchsafe;
    auto response = kmip::parse_response(Bytes(data, size));
    if (!response)
        return 0;
    const kmip::RequestItem asked_items[] = {kmip::get({"1"}), kmip::get_attributes({1, 4}, {"1"})};
    if (const auto several = kmip::batch_payloads(*response, asked_items))
        VS_CHECK(several->size() == 2);
    if (response->items.size() != 1)
        return 0;
    VS_CHECK(kmip::pending_correlation(*response).size() <= size);
    const auto operation = response->items.front().operation.value_or(kmip::Operation::get);
    const auto payload = kmip::single_payload(std::move(*response), operation);
    if (!payload)
        return 0;
    const KeyId asked{"1"};
    if (const auto key = kmip::read_get(*payload, asked))
        VS_CHECK(key->material.size() <= size);
    if (const auto versions = kmip::read_discover_versions(*payload)) {
        kmip::Negotiation negotiation;
        while (true) {
            const auto agreed = negotiation.on_answer(*versions);
            if (!agreed || *agreed)
                break;
        }
    }
    if (const auto created = kmip::read_create(*payload))
        VS_CHECK(!created->text.empty());
    const kmip::AeadContext context{.key = asked, .nonce = {}, .additional_data = {}};
    if (const auto sealed = kmip::read_encrypt(*payload, context, 16))
        VS_CHECK(sealed->ciphertext.size() == 16 && sealed->tag.size() == kmip::aead_tag_size);
    if (const auto plain = kmip::read_decrypt(*payload, context, 16))
        VS_CHECK(plain->size() == 16);
    if (const auto made = kmip::read_rekey(*payload, asked))
        VS_CHECK(*made != asked);
    (void)kmip::read_get_attribute_list(*payload, asked);
    (void)kmip::read_check(*payload, asked);
    (void)kmip::read_query(*payload);
    (void)kmip::read_get_attributes(*payload, asked);
    (void)kmip::read_locate(*payload);
    (void)kmip::read_identifier(*payload, asked);
    return 0;
}

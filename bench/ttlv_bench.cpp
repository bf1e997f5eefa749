// What KMIP's bytes cost: a Get response as key servers send it, with a 256-bit key. Goal: decoded in under 2
// us.
#include "ttlv/codec.h"

#include <benchmark/benchmark.h>

namespace vouchsafe {
namespace {

using ttlv::Tag;

const Buffer& get_response() {
    static const Buffer bytes = [] {
        const Buffer key(32, 0xA5);
        const auto header = ttlv::structure(Tag::response_header,
                                            {ttlv::structure(Tag::protocol_version,
                                                             {ttlv::integer(Tag::protocol_version_major, 1),
                                                              ttlv::integer(Tag::protocol_version_minor, 4)}),
                                             ttlv::date_time(Tag::time_stamp, 1'700'000'000),
                                             ttlv::integer(Tag::batch_count, 1)});
        const auto block =
            ttlv::structure(Tag::key_block,
                            {ttlv::enumeration(Tag::key_format_type, 1),
                             ttlv::structure(Tag::key_value, {ttlv::byte_string(Tag::key_material, key)}),
                             ttlv::enumeration(Tag::cryptographic_algorithm, 3),
                             ttlv::integer(Tag::cryptographic_length, 256)});
        const auto payload =
            ttlv::structure(Tag::response_payload,
                            {ttlv::enumeration(Tag::object_type, 2),
                             ttlv::text(Tag::unique_identifier, "49a1ca88-6bea-4fb2-b450-7e58802c3038"),
                             ttlv::structure(Tag::symmetric_key, {block})});
        const auto item = ttlv::structure(
            Tag::batch_item,
            {ttlv::enumeration(Tag::operation, 10), ttlv::enumeration(Tag::result_status, 0), payload});
        return ttlv::encode(ttlv::structure(Tag::response_message, {header, item}));
    }();
    return bytes;
}

void ttlv_decode_get_response(benchmark::State& state) {
    const Buffer& bytes = get_response();
    for (auto _ : state)
        benchmark::DoNotOptimize(ttlv::parse(bytes, {}, ttlv::Padding::ignored));
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes.size()) * state.iterations());
}

BENCHMARK(ttlv_decode_get_response);

void ttlv_encode_get_response(benchmark::State& state) {
    const auto message = ttlv::parse(get_response());
    VS_CHECK(message.has_value());
    for (auto _ : state)
        benchmark::DoNotOptimize(ttlv::encode(*message));
}

BENCHMARK(ttlv_encode_get_response);

} // namespace
} // namespace vouchsafe

// What one release costs: the parts that every key passes through, without key server, disk and network.
#include "crypto/random.h"
#include "keyprovider/blob.h"
#include "kmip/operations.h"
#include "tests/support/release_house.h"
#include "ttlv/codec.h"

#include <benchmark/benchmark.h>

namespace vouchsafe {
namespace {

using keyprovider::Lease;

/// A grant for an operation of the test house.
keyprovider::ReleaseGrant grant_for(const test::ReleaseHouse& house, const protocol::Operation& operation) {
    const token::VerifiedKeyAccess token = house.verified(house.claims());
    const keyprovider::SessionFacts session{.id = "s",
                                            .release_key = token->release_key,
                                            .epoch = house.authority.epoch,
                                            .expires = token->times.expires};
    const keyprovider::PrimaryKeyFacts primary{
        .state = kmip::State::active, .lease = Lease::valid, .window = keyprovider::WrapWindow::open};
    auto grant = keyprovider::authorize_release({.standing = {.state = house.authority,
                                                              .lease = Lease::valid,
                                                              .session = session,
                                                              .token = token,
                                                              .now = house.clock.time},
                                                 .operation = operation,
                                                 .primary_key = primary});
    VS_CHECK(grant.has_value());
    return *grant;
}

void wrap(benchmark::State& state) {
    const test::ReleaseHouse house;
    crypto::SystemRandom random;
    const Secret primary = random.secret(32);
    const auto grant = grant_for(house, protocol::GenerateKey{{"gold"}, test::key_context});
    for (auto _ : state)
        benchmark::DoNotOptimize(keyprovider::generate_key(grant, primary, random));
}

BENCHMARK(wrap);

void unwrap(benchmark::State& state) {
    const test::ReleaseHouse house;
    crypto::SystemRandom random;
    const Secret primary = random.secret(32);
    const auto made = *keyprovider::generate_key(
        grant_for(house, protocol::GenerateKey{{"gold"}, test::key_context}), primary, random);
    const auto grant = grant_for(house, protocol::DecryptKey{{"gold"}, made.blob, test::key_context});
    for (auto _ : state)
        VS_CHECK(keyprovider::unwrap(grant, primary, made.blob).has_value());
}

BENCHMARK(unwrap);

void open_session(benchmark::State& state) {
    test::ReleaseHouse house;
    const auto request = house.session_request(house.claims());
    for (auto _ : state)
        VS_CHECK(house.service.open_session(request).has_value());
}

BENCHMARK(open_session)->Unit(benchmark::kMicrosecond);

/// Both ends: seal a request, answer it, open the answer; the audit is in memory.
void release_message(benchmark::State& state) {
    test::ReleaseHouse house;
    inventory::ProviderPolicy& policy = house.provider().policy;
    policy.host_quota = {.burst = inventory::max_quota, .per_minute = inventory::max_quota};
    policy.quota = policy.host_quota;
    auto session = house.open(house.claims());
    VS_CHECK(session.has_value());
    const std::vector<protocol::Operation> operations(static_cast<std::size_t>(state.range(0)),
                                                      protocol::GenerateKey{{"gold"}, test::key_context});
    std::int64_t messages = 0;
    for (auto _ : state) {
        if (++messages % 100'000 == 0) { // a session carries a limited number of messages
            state.PauseTiming();
            session = house.open(house.claims());
            house.audit.lines.clear();
            state.ResumeTiming();
        }
        house.clock.boot += std::chrono::milliseconds(state.range(0)); // so that no quota is used up
        VS_CHECK(house.ask(*session, operations).has_value());
        house.audit.lines.clear();
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK(release_message)->Arg(1)->Arg(64)->Unit(benchmark::kMicrosecond);

void decode_get_response(benchmark::State& state) {
    test::KmipServer server;
    server.keys["pk"] = {.material = Buffer(32, 1)};
    const kmip::RequestItem get = kmip::get({"pk"});
    const Buffer response = *server.exchange(kmip::encode_request({1, 4}, {&get, 1}), kmip::Deadline::max());
    for (auto _ : state) {
        auto parsed = kmip::parse_response(response);
        const auto payload = kmip::single_payload(std::move(*parsed), kmip::Operation::get);
        VS_CHECK(kmip::read_get(*payload, {"pk"}).has_value());
    }
}

BENCHMARK(decode_get_response);

} // namespace
} // namespace vouchsafe

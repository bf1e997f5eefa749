// What judging evidence costs, without network, disk and tokens: firmware logs, IMA lists, quotes.
#include "appraisal/appraise.h"
#include "appraisal/image_index.h"
#include "appraisal/replay.h"
#include "bench/generated_boot.h"
#include "eventlog/firmware.h"
#include "eventlog/ima.h"

#include <benchmark/benchmark.h>

#include <algorithm>

namespace vouchsafe::bench {
namespace {

using appraisal::Algorithm;
using appraisal::BaseImage;

void parse_firmware_log(benchmark::State& state) {
    const auto boot = generated_boot();
    for (auto _ : state)
        VS_CHECK(eventlog::parse_firmware_log(boot.firmware_log).has_value());
}

BENCHMARK(parse_firmware_log);

void replay_three_banks(benchmark::State& state) {
    const auto boot = generated_boot();
    const auto log = eventlog::parse_firmware_log(boot.firmware_log);
    for (auto _ : state)
        for (const auto& [bank, values] : boot.pcrs)
            VS_CHECK(appraisal::replay_firmware(*log, bank)->at(0) == values.at(0));
}

BENCHMARK(replay_three_banks);

void event_data_against_digests(benchmark::State& state) {
    const auto boot = generated_boot();
    const auto log = eventlog::parse_firmware_log(boot.firmware_log);
    for (auto _ : state)
        benchmark::DoNotOptimize(std::ranges::count_if(log->events, appraisal::data_is_measured));
}

BENCHMARK(event_data_against_digests);

/// `count` images, of which only the last is of the boot: about 100 reference values each.
std::vector<BaseImage> images_with(const test::RecordedBoot& boot, std::int64_t count) {
    std::vector<BaseImage> out;
    BaseImage other = image_of(generated_boot({}, "other"), "other");
    for (std::int64_t i = 1; i < count; ++i) {
        other.version.text = "other-" + std::to_string(i);
        out.push_back(other);
    }
    out.push_back(image_of(boot, "booted"));
    return out;
}

void appraise(const test::RecordedBoot& boot, std::int64_t image_count, benchmark::State& state) {
    const auto quoted = quoted_of(boot);
    const auto images = images_with(boot, image_count);
    const appraisal::ImageIndex index(images);
    const auto& values = quoted.banks.at(Algorithm::sha256);
    std::size_t references = 0;
    for (const BaseImage& image : images)
        references += image.references.size();
    for (auto _ : state) {
        const auto result = appraisal::appraise({.quoted = quoted,
                                                 .policy_bank = Algorithm::sha256,
                                                 .firmware_log = boot.firmware_log,
                                                 .ima_log = boot.ima_log,
                                                 .userspace_log = {},
                                                 .command_line = boot.command_line,
                                                 .images = images,
                                                 .image_index = &index,
                                                 .host_groups = {},
                                                 .firmware_pin = {{values.at(0), values.at(2), "generated"}},
                                                 .firmware_rule = appraisal::FirmwareRule::pinned,
                                                 .revoked_files = {},
                                                 .now = {}});
        VS_CHECK(result.trusted());
    }
    state.counters["references"] = static_cast<double>(references);
}

void appraise_recorded(benchmark::State& state) {
    appraise(test::load_boot("uki-cmdline"), 1, state);
}

BENCHMARK(appraise_recorded);

void appraise_generated(benchmark::State& state) {
    appraise(generated_boot(), state.range(0), state);
}

BENCHMARK(appraise_generated)->Arg(1)->Arg(1000);

void parse_ima_list(benchmark::State& state) {
    const auto list = generated_ima_list(static_cast<std::size_t>(state.range(0)), Buffer(32));
    for (auto _ : state)
        VS_CHECK(eventlog::parse_ima_list(list).has_value());
}

BENCHMARK(parse_ima_list)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

/// A whole list against the quoted PCR 10 of one bank, as for each bank of an attestation.
void replay_ima_list(benchmark::State& state) {
    const auto boot = generated_boot({.ima_entries = static_cast<std::size_t>(state.range(0))});
    for (auto _ : state) {
        const auto list = eventlog::parse_ima_list(boot.ima_log);
        const auto replayed = appraisal::replay_ima(
            *appraisal::check_template_digests(*list),
            {.bank = Algorithm::sha256, .quoted = {{10, boot.pcrs.at(Algorithm::sha256).at(10)}}});
        VS_CHECK(replayed && replayed->entries == list->entries.size());
    }
}

BENCHMARK(replay_ima_list)->Arg(10'000)->Arg(100'000)->Unit(benchmark::kMillisecond);

/// What is new since a position accepted before: cost follows the new entries alone.
void replay_new_ima_entries(benchmark::State& state) {
    const auto entries = static_cast<std::size_t>(state.range(0));
    const Buffer more = generated_ima_list(entries + 1, Buffer(32));
    const Bytes fresh = Bytes(more).subspan(generated_ima_list(1, Buffer(32)).size());
    const auto parsed = eventlog::parse_ima_list(fresh);
    Buffer start(32, 0x5A);
    Buffer value = start;
    for (const auto& entry : parsed->entries)
        value = appraisal::extend(
            Algorithm::sha256, value, appraisal::hash(Algorithm::sha256, entry.template_data));
    for (auto _ : state) {
        const auto again = eventlog::parse_ima_list(fresh);
        const auto replayed = appraisal::replay_ima(
            *appraisal::check_template_digests(*again),
            {.bank = Algorithm::sha256, .quoted = {{10, value}}, .starts = {{{10, start}}}});
        VS_CHECK(replayed && replayed->entries == entries);
    }
}

BENCHMARK(replay_new_ima_entries)->Arg(1)->Arg(100)->Arg(10'000);

} // namespace
} // namespace vouchsafe::bench

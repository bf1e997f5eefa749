#include "bench/generated_boot.h"

#include "appraisal/replay.h"
#include "base/reader.h"
#include "crypto/digest.h"
#include "eventlog/ima.h"
#include "tests/support/firmware_log_editor.h"

#include <algorithm>
#include <string_view>

namespace vouchsafe::bench {

namespace {

using appraisal::Algorithm;
using appraisal::pcr_ima;
using test::EditableEvent;

constexpr std::uint32_t grub_pcr = 8;
constexpr std::uint32_t last_quoted = 15;
constexpr std::uint32_t last_aggregated = 9;

Buffer aggregate_of(const test::RecordedBoot& boot) {
    crypto::Hasher hasher(crypto::HashAlg::sha256);
    for (std::uint32_t pcr = 0; pcr <= last_aggregated; ++pcr)
        hasher.update(boot.pcrs.at(Algorithm::sha256).at(pcr));
    return hasher.finish();
}

void append(test::RecordedBoot& boot, test::EditableLog& log, std::string command) {
    EditableEvent event{.pcr = grub_pcr, .type = eventlog::type::ipl, .digests = {}, .data = {}};
    for (auto& [bank, values] : boot.pcrs) {
        const Buffer digest = appraisal::hash(bank, as_bytes(command));
        values.at(grub_pcr) = appraisal::extend(bank, values.at(grub_pcr), digest);
        event.digests[bank] = digest;
    }
    event.data = to_buffer(as_bytes("grub_cmd: " + command));
    event.data.push_back(0);
    log.events.push_back(std::move(event));
}

void extend_by_list(test::RecordedBoot& boot) {
    const auto list = eventlog::parse_ima_list(boot.ima_log);
    VS_CHECK(list.has_value());
    for (auto& [bank, values] : boot.pcrs) {
        const auto replayed = appraisal::replay_whole_ima(*list, bank, appraisal::ImaForm::hashed);
        VS_CHECK(replayed.has_value());
        values.at(pcr_ima) = replayed->at(pcr_ima);
    }
}

} // namespace

test::RecordedBoot generated_boot(const BootSize& size, const std::string& build) {
    test::RecordedBoot boot = test::load_boot("uki-cmdline");
    test::EditableLog log(boot.firmware_log);
    const std::size_t before = log.events.size() + 1;
    VS_CHECK(size.events > before && size.log_bytes > boot.firmware_log.size());
    // As much data in each new event as brings the log to its size: an event's own bytes are about 150.
    const std::size_t each = (size.log_bytes - boot.firmware_log.size()) / (size.events - before);
    for (std::size_t i = before; i < size.events; ++i) {
        std::string command = "insmod part_" + std::to_string(i) + " build " + build + " ";
        command.resize(std::max(command.size(), each - std::min<std::size_t>(each, 150)), 'x');
        append(boot, log, std::move(command));
    }
    boot.firmware_log = log.encode();
    boot.ima_log = generated_ima_list(size.ima_entries, aggregate_of(boot));
    extend_by_list(boot);
    return boot;
}

appraisal::QuotedPcrs quoted_of(const test::RecordedBoot& boot) {
    appraisal::QuotedPcrs out;
    for (const auto& [bank, values] : boot.pcrs)
        for (const auto& [pcr, value] : values)
            if (pcr <= last_quoted)
                out.banks[bank][pcr] = value;
    return out;
}

appraisal::BaseImage image_of(const test::RecordedBoot& boot, const std::string& version) {
    const auto log = eventlog::parse_firmware_log(boot.firmware_log);
    auto image = appraisal::derive(*log,
                                   quoted_of(boot),
                                   {.version = {version},
                                    .display_name = version,
                                    .vendor = "bench",
                                    .not_before = {},
                                    .not_after = {},
                                    .host_groups = {},
                                    .command_line = boot.command_line});
    VS_CHECK(image.has_value());
    return *std::move(image);
}

Buffer generated_ima_list(std::size_t entries, Bytes aggregate) {
    constexpr std::string_view algorithm("sha256:\0", 8);
    constexpr std::string_view template_name = "ima-ng";
    Writer out;
    for (std::size_t i = 0; i < entries; ++i) {
        const std::string path =
            i == 0 ? "boot_aggregate" : "/usr/lib/x86_64-linux-gnu/package-" + std::to_string(i) + "/lib.so";
        const Buffer digest =
            i == 0 ? to_buffer(aggregate) : crypto::digest(crypto::HashAlg::sha256, as_bytes(path));
        const Buffer data = Writer()
                                .little(static_cast<std::uint32_t>(algorithm.size() + digest.size()))
                                .text(algorithm)
                                .bytes(digest)
                                .little(static_cast<std::uint32_t>(path.size() + 1))
                                .text(path)
                                .big(std::uint8_t{0})
                                .done();
        out.little(pcr_ima)
            .bytes(crypto::digest(crypto::HashAlg::sha1, data))
            .little(static_cast<std::uint32_t>(template_name.size()))
            .text(template_name)
            .little(static_cast<std::uint32_t>(data.size()))
            .bytes(data);
    }
    return out.done();
}

std::string ima_text(Bytes list) {
    const auto parsed = eventlog::parse_ima_list(list);
    VS_CHECK(parsed.has_value());
    std::string out;
    for (const eventlog::ImaEntry& entry : parsed->entries) {
        const auto file = eventlog::decode_ima_file(entry);
        VS_CHECK(file.has_value());
        out += std::to_string(entry.pcr) + " " + to_hex(entry.template_digest) + " " +
               std::string(entry.template_name) + " " + file->algorithm + ":" + to_hex(file->digest) + " " +
               std::string(file->name) + "\n";
    }
    return out;
}

} // namespace vouchsafe::bench

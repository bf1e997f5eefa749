// Recorded boots as input for appraisals: for this library's tests.
#pragma once

#include "appraisal/appraise.h"
#include "appraisal/replay.h"
#include "eventlog/event_data.h"
#include "tests/support/firmware_log_editor.h"
#include "tests/support/recorded_boot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::appraisal {

inline const SysTime noon{std::chrono::milliseconds{1'790'000'000'000}};

inline QuotedPcrs quoted_of(const test::RecordedBoot& boot) {
    QuotedPcrs quoted;
    for (const auto& [bank, values] : boot.pcrs)
        for (const auto& [pcr, value] : values)
            if (pcr <= 15)
                quoted.banks[bank][pcr] = value;
    return quoted;
}

inline BaseImage image_of(const std::string& name, const std::string& version) {
    const auto boot = test::load_boot(name);
    const auto log = eventlog::parse_firmware_log(boot.firmware_log);
    auto image = derive(*log,
                        quoted_of(boot),
                        {.version = {version},
                         .display_name = "Recorded " + name,
                         .vendor = "tests",
                         .not_before = {},
                         .not_after = {},
                         .host_groups = {},
                         .command_line = boot.command_line});
    VS_CHECK(image);
    return *std::move(image);
}

/// One host's evidence and the policy around it; every part can be changed before `appraise`.
struct Scene {
    test::RecordedBoot boot;
    QuotedPcrs quoted;
    Algorithm policy_bank = Algorithm::sha256;
    std::optional<Bytes> firmware_log;
    std::optional<Bytes> ima_log;
    std::optional<ImaPosition> ima_start;
    std::optional<Bytes> userspace_log;
    std::vector<BaseImage> images;
    std::vector<std::string> host_groups;
    std::optional<FirmwarePin> pin;
    std::vector<SetFirmware> firmware_sets;
    FirmwareRule firmware_rule = FirmwareRule::pinned;
    FileDigests revoked_files;
    SysTime now = noon;

    /// The boot, with a pin of its own firmware; the images are named by their recordings.
    explicit Scene(const std::string& name, const std::vector<std::string>& image_names = {"uki"})
        : boot(test::load_boot(name)), quoted(quoted_of(boot)), firmware_log(boot.firmware_log),
          ima_log(boot.ima_log) {
        for (const std::string& image : image_names)
            images.push_back(image_of(image, image + "-1"));
        pin_firmware();
    }

    Scene(const Scene&) = delete;
    Scene& operator=(const Scene&) = delete;

    void pin_firmware() {
        const PcrBank& values = quoted.banks.at(policy_bank);
        pin = FirmwarePin{.pcr0 = values.at(0), .pcr2 = values.at(2), .version = "recorded"};
    }

    /// Another log with the PCRs of the old one: the host lies.
    void forge(const test::EditableLog& log) {
        boot.firmware_log = log.encode();
        firmware_log = boot.firmware_log;
    }

    /// Another log with PCRs that follow from it: the host booted something else. IMA stayed off.
    void reboot(const test::EditableLog& log) {
        forge(log);
        ima_log.reset();
        const auto parsed = eventlog::parse_firmware_log(boot.firmware_log);
        for (auto& [bank, values] : quoted.banks) {
            const auto replayed = replay_firmware(*parsed, bank);
            for (auto& [pcr, value] : values) {
                const auto found = replayed->find(pcr);
                value = found != replayed->end() ? found->second : start_value(bank, pcr, 0);
            }
        }
    }

    test::EditableLog log() const { return test::EditableLog(boot.firmware_log); }

    Appraisal appraise() const {
        return appraisal::appraise({.quoted = quoted,
                                    .policy_bank = policy_bank,
                                    .firmware_log = firmware_log,
                                    .ima_log = ima_log,
                                    .ima_start = ima_start,
                                    .userspace_log = userspace_log,
                                    .command_line = boot.command_line,
                                    .images = images,
                                    .host_groups = host_groups,
                                    .firmware_pin = pin,
                                    .firmware_sets = firmware_sets,
                                    .firmware_rule = firmware_rule,
                                    .revoked_files = revoked_files,
                                    .now = now});
    }
};

inline std::vector<std::string> codes(const Appraisal& appraisal) {
    std::vector<std::string> out;
    for (const Reason& reason : appraisal.reasons)
        out.push_back(reason.code);
    return out;
}

inline const Reason* reason(const Appraisal& appraisal, std::string_view code) {
    const auto found = std::ranges::find(appraisal.reasons, code, &Reason::code);
    return found != appraisal.reasons.end() ? &*found : nullptr;
}

/// The first event that the predicate likes; its place in EditableLog::events.
template <class Predicate> std::size_t place_of(const test::EditableLog& log, Predicate&& likes) {
    const auto found = std::ranges::find_if(log.events, likes);
    VS_CHECK(found != log.events.end());
    return static_cast<std::size_t>(found - log.events.begin());
}

/// systemd-stub's second event for a section: what is in it.
inline bool is_section_content(const test::EditableEvent& event, std::string_view section) {
    return event.pcr == 11 && eventlog::decode_text(event.data) == section &&
           event.digests.at(Algorithm::sha256) !=
               hash(Algorithm::sha256, as_bytes(std::string(section) + '\0'));
}

/// Gives an event new data and the digests that follow from it.
inline void measure(test::EditableEvent& event, Buffer data) {
    for (auto& [bank, digest] : event.digests)
        digest = hash(bank, data);
    event.data = std::move(data);
}

} // namespace vouchsafe::appraisal

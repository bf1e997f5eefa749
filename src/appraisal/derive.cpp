// A base image from a boot that was verified.
#include "appraisal/base_image.h"
#include "appraisal/base_image_userspace.h"
#include "appraisal/boot.h"
#include "appraisal/check_ima.h"
#include "appraisal/replay.h"
#include "eventlog/event_data.h"

namespace vouchsafe::appraisal {

namespace {

using eventlog::Event;
using eventlog::FirmwareLog;

Result<void> first_of(const std::vector<Reason>& reasons) {
    if (reasons.empty())
        return {};
    return fail(Errc::untrusted, reasons.front().code, reasons.front().message);
}

Reference make_reference(const Event& event, const BootEvents& boot, const ImageFacts& facts) {
    Reference reference{.pcr = event.pcr,
                        .type = event.type,
                        .role = boot.role(event),
                        .description = eventlog::describe(event),
                        .digests = {}};
    if (reference.role == Role::command_line)
        if (auto text = command_line_text(event, facts.command_line))
            reference.description = *std::move(text);
    for (const auto& digest : event.digests)
        if (can_hash(digest.algorithm))
            reference.digests[digest.algorithm] = to_buffer(digest.value);
    if (may_have_data(event.pcr, event.type) && !event.data.empty() &&
        event.data.size() <= reference_data_bytes && data_is_measured(event))
        reference.data = to_buffer(event.data);
    return reference;
}

} // namespace

Result<BaseImage> derive(const FirmwareLog& log, const QuotedPcrs& quoted, const ImageFacts& facts) {
    return derive({.firmware = log, .userspace = {}, .ima = {}}, quoted, facts);
}

Result<BaseImage> derive(const BootLogs& logs, const QuotedPcrs& quoted, const ImageFacts& facts) {
    const FirmwareLog& log = logs.firmware;
    if (quoted.banks.empty())
        return fail(Errc::untrusted, "policy.bank", "no bank is quoted");
    const ReplayCheck replayed = check_replay({.log = log,
                                               .userspace = logs.userspace,
                                               .quoted = quoted,
                                               .exempt = {},
                                               .ima_pcrs = ima_pcrs(logs.ima, {})});
    VS_TRY_VOID(first_of(replayed.reasons));
    if (!logs.ima.entries.empty()) {
        const ImaCheck ima = check_ima(
            {.list = logs.ima, .present = true, .position = {}, .begin = replayed.ima, .quoted = quoted});
        VS_TRY_VOID(first_of(ima.reasons));
    }
    VS_TRY_VOID(first_of(check_grammar(log, quoted.banks.begin()->first)));
    if (facts.secure_boot == SecureBootRule::required && !secure_boot_on(log))
        return fail(Errc::untrusted, "secure_boot.off", "Secure Boot was not on");
    const BootEvents boot = find_boot(log);
    if (boot.kernel == nullptr)
        return fail(Errc::untrusted, "boot.no_kernel", std::string(no_kernel_message));
    if (boot.initrd == nullptr && boot.kernel->type == eventlog::type::efi_boot_services_application)
        return fail(Errc::malformed,
                    "base_image.incomplete",
                    "no event determines the initrd: the kernel's EFI stub measures the one that a boot "
                    "loader hands over, not one that initrd= names; use a unified kernel image");
    BaseImage image{.version = facts.version,
                    .display_name = facts.display_name,
                    .vendor = facts.vendor,
                    .not_before = facts.not_before,
                    .not_after = facts.not_after,
                    .host_groups = facts.host_groups,
                    .secure_boot = facts.secure_boot,
                    .userspace = facts.userspace,
                    .verity_root_hash = {},
                    .ima = facts.ima,
                    .unsafe_kexec = facts.unsafe_kexec,
                    .references = {}};
    for (const std::uint32_t pcr : image_pcrs)
        for (const Event* const event : judged_events(log, pcr))
            image.references.push_back(make_reference(*event, boot, facts));
    take_verity_root_hash(image);
    VS_TRY_VOID(validate(image));
    return image;
}

} // namespace vouchsafe::appraisal

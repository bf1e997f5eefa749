#include "appraisal/image_references.h"

#include "appraisal/base_image_userspace.h"
#include "appraisal/replay.h"

#include <algorithm>
#include <utility>

namespace vouchsafe::appraisal {

namespace type = eventlog::type;

void References::add(Reference reference, const Digest& digest) {
    for (const Algorithm bank : banks_)
        reference.digests[bank] = digest(bank);
    all_.push_back(std::move(reference));
}

void References::add_bytes(Reference reference, Bytes measured) {
    add(std::move(reference), [measured](Algorithm bank) { return hash(bank, measured); });
}

void References::add_program(const PeImage& program, std::string description) {
    add({.pcr = 4,
         .type = type::efi_boot_services_application,
         .role = {},
         .description = std::move(description),
         .digests = {}},
        [&program](Algorithm bank) { return authenticode_digest(program, bank); });
}

void References::add_secure_boot(const SecureBootEvent& event) {
    Reference reference{
        .pcr = 7, .type = event.type, .role = {}, .description = event.description, .digests = {}};
    if (may_have_data(reference.pcr, reference.type) && event.data.size() <= reference_data_bytes)
        reference.data = event.data;
    add_bytes(std::move(reference), event.data);
}

std::vector<Reference> References::done() {
    std::ranges::stable_sort(all_, {}, [](const Reference& reference) { return reference.pcr; });
    return std::move(all_);
}

Result<void> add_platform(const Platform& platform, const PeImage& program, References& references) {
    VS_TRY(const auto admitted, admission(platform, program));
    for (const SecureBootEvent& event : platform.events)
        references.add_secure_boot(event);
    if (admitted)
        references.add_secure_boot(*admitted);
    return {};
}

Result<BaseImage> image_with(const ImageFacts& facts, std::vector<Reference> references) {
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
                    .references = std::move(references)};
    take_verity_root_hash(image);
    VS_TRY_VOID(validate(image));
    return image;
}

Result<void> check_secure_boot(const Platform& platform, const ImageFacts& facts) {
    if (!platform.secure_boot && facts.secure_boot == SecureBootRule::required)
        return fail(Errc::untrusted, "secure_boot.off", "Secure Boot was not on in the log of the platform");
    return {};
}

} // namespace vouchsafe::appraisal

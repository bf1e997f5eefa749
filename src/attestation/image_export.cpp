#include "attestation/image_export.h"

#include "eventlog/firmware.h"
#include "eventlog/ima.h"
#include "json/members.h"
#include "json/parse.h"
#include "json/write.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace vouchsafe::attestation {

namespace {

constexpr std::string_view format = "vouchsafe-image-export";

appraisal::ImageFacts facts_of(const appraisal::BaseImage& image) {
    return {.version = image.version,
            .display_name = image.display_name,
            .vendor = image.vendor,
            .not_before = image.not_before,
            .not_after = image.not_after,
            .host_groups = image.host_groups,
            .secure_boot = image.secure_boot,
            .userspace = image.userspace,
            .ima = {}, // of the evidence's list
            .unsafe_kexec = image.unsafe_kexec,
            .command_line = std::nullopt};
}

} // namespace

Result<appraisal::BaseImage> image_of(const Reproven& evidence, appraisal::ImageFacts facts) {
    const protocol::Evidence& sent = evidence.evidence;
    if (!sent.firmware_log)
        return fail(Errc::conflict,
                    "eventlog.absent",
                    "the host sent no firmware log, so there is nothing to derive");
    for (const protocol::Reason& reason : check_logs(evidence.host, sent))
        return fail(Errc::untrusted, reason.code, reason.message);
    if (!facts.command_line)
        if (const auto account = sent.facts.find("command_line"); account != sent.facts.end())
            facts.command_line = account->second;
    const appraisal::QuotedPcrs quoted = quoted_pcrs(evidence.host.quote);
    VS_TRY(const eventlog::FirmwareLog log, eventlog::parse_firmware_log(*sent.firmware_log));
    VS_TRY(const appraisal::UserspaceLog userspace,
           appraisal::parse_userspace_log(sent.userspace_log.value_or(Buffer())));
    VS_TRY(const eventlog::ImaList list, eventlog::parse_ima_list(sent.ima_log ? *sent.ima_log : Bytes()));
    const appraisal::BootLogs logs{.firmware = log, .userspace = userspace, .ima = list};
    if (facts.userspace == appraisal::Userspace::ima) {
        if (!sent.ima_log)
            return fail(
                Errc::conflict, "ima.absent", "the host sent no IMA list, so there is nothing to approve");
        VS_TRY(facts.ima, derive_ima_rule(logs, quoted)); // as far as the quote covers it
    }
    return derive(logs, quoted, facts);
}

json::Value image_export(const appraisal::BaseImage& image, const KeptEvidence& evidence) {
    auto document = json::parse(as_text(appraisal::encode(image)),
                                {.bytes = appraisal::base_image_bytes, .items = 1U << 18U});
    VS_CHECK(document.has_value());
    return json::object({{"format", format},
                         {"version", 1},
                         {"image", *std::move(document)},
                         {"evidence", to_base64(encode(evidence))}});
}

appraisal::ImageDifference ImageExport::difference() const {
    return appraisal::image_difference(derived, exported);
}

bool is_image_export(const json::Value& document) {
    const json::Value* const named = document.find("format");
    return named != nullptr && named->is_string() && named->as_string() == format;
}

Result<ImageExport> read_image_export(const json::Value& document) {
    json::Members m(document, "image_export");
    VS_TRY(const std::string named, m.string("format"));
    if (named != format)
        return fail(Errc::malformed, "image_export.format", "this is no export of a base image");
    VS_TRY_VOID(m.version(1));
    VS_TRY(const json::Value* const image, m.value("image"));
    VS_TRY(const Buffer bytes, m.base64("evidence"));
    VS_TRY_VOID(m.finish());
    VS_TRY(appraisal::BaseImage exported, appraisal::parse_base_image(as_bytes(json::canonical(*image))));
    VS_TRY(KeptEvidence kept, parse_kept_evidence(bytes));
    VS_TRY(Reproven evidence, reprove(kept));
    VS_TRY(appraisal::BaseImage derived, image_of(evidence, facts_of(exported)));
    return ImageExport{.derived = std::move(derived),
                       .exported = std::move(exported),
                       .kept = std::move(kept),
                       .evidence = std::move(evidence)};
}

} // namespace vouchsafe::attestation

#include "attestation/what_if.h"

#include "appraisal/base_image.h"
#include "inventory/fold.h"
#include "json/write.h"

#include <memory>
#include <utility>

namespace vouchsafe::attestation {

namespace {

using inventory::AuthorityState;

Result<inventory::ImageImport> import_of(const json::Value& document) {
    VS_TRY_VOID(appraisal::parse_base_image(as_bytes(json::canonical(document))));
    return inventory::ImageImport{.document = document};
}

std::shared_ptr<const ApprovedImages> with_secure_boot(const ApprovedImages& approved) {
    auto out = std::make_shared<ApprovedImages>();
    out->images = approved.images;
    out->digests = approved.digests;
    for (appraisal::BaseImage& image : out->images)
        image.secure_boot = appraisal::SecureBootRule::required;
    out->index.emplace(out->images);
    return out;
}

TrustChange change_between(const Verdict& before, const Verdict& after) {
    const bool was = before.outcome == protocol::Outcome::trusted;
    const bool is = after.outcome == protocol::Outcome::trusted;
    if (was != is)
        return was ? TrustChange::loses : TrustChange::gains;
    return was && before.appraisal.base_image != after.appraisal.base_image ? TrustChange::other_image
                                                                            : TrustChange::none;
}

} // namespace

Result<SupposedRules> suppose(AuthorityState state, const Supposition& what, SysTime now) {
    for (const json::Value& document : what.add_images) {
        VS_TRY(inventory::ImageImport import, import_of(document));
        VS_TRY(state, inventory::preview(std::move(state), import, now));
    }
    for (const std::string& version : what.remove_images) {
        VS_TRY(state,
               inventory::preview(std::move(state), inventory::ImageRemove{.version = {version}}, now));
    }
    for (const std::string& name : what.remove_cas) {
        VS_TRY(state, inventory::preview(std::move(state), inventory::CaRemove{.name = name}, now));
    }
    inventory::Settings settings = state.settings;
    settings.require_endorsement_keys =
        what.require_endorsement_keys.value_or(settings.require_endorsement_keys);
    settings.require_certificate_validation =
        what.require_certificate_validation.value_or(settings.require_certificate_validation);
    settings.unsafe_ignore_firmware = what.unsafe_ignore_firmware.value_or(settings.unsafe_ignore_firmware);
    if (settings != state.settings) {
        VS_TRY(
            state,
            inventory::preview(std::move(state),
                               inventory::SettingsUpdate{.settings = settings, .unsafe_no_endorsement = true},
                               now));
    }
    References references = References::of(state);
    if (what.require_secure_boot)
        references.images = with_secure_boot(*references.images);
    return SupposedRules{.state = std::move(state), .references = std::move(references)};
}

std::string_view to_string(TrustChange change) {
    switch (change) {
    case TrustChange::none:
        return "none";
    case TrustChange::loses:
        return "loses";
    case TrustChange::gains:
        return "gains";
    case TrustChange::other_image:
        return "other-image";
    }
    return "";
}

Result<HostOutcome> compare(const KeptEvidence& kept, const Rules& before, const Rules& after) {
    VS_TRY(Reproven evidence, reprove(kept));
    HostOutcome out{.change = TrustChange::none,
                    .before = reappraise(evidence, kept, before),
                    .after = reappraise(evidence, kept, after)};
    out.change = change_between(out.before, out.after);
    return out;
}

} // namespace vouchsafe::attestation

#include "keyprovider/release_work.h"

#include "keyprovider/blob.h"

#include <algorithm>
#include <utility>

namespace vouchsafe::keyprovider {

namespace {

/// The API's words for a refusal inside an answer.
std::string_view error_type(Errc code) {
    switch (code) {
    case Errc::malformed:
    case Errc::too_large:
        return "INVALID_ARGUMENT";
    case Errc::untrusted:
    case Errc::denied:
        return "UNAUTHORIZED";
    case Errc::unauthenticated:
    case Errc::expired:
        return "UNAUTHENTICATED";
    case Errc::not_found:
        return "NOT_FOUND";
    case Errc::exists:
    case Errc::conflict:
        return "NOT_ALLOWED_IN_CURRENT_STATE";
    case Errc::busy:
        return "RESOURCE_BUSY";
    case Errc::unavailable:
        return "SERVICE_UNAVAILABLE";
    case Errc::timed_out:
        return "TIMED_OUT";
    case Errc::unsupported:
        return "UNSUPPORTED";
    case Errc::internal:
        return "INTERNAL_SERVER_ERROR";
    }
    std::unreachable();
}

protocol::ReleaseRefusal refusal(const Error& error) {
    return {.error_type = std::string(error_type(error.code)), .code = error.where, .message = error.detail};
}

/// Digest of the blob that was opened, or was made.
std::string blob_about(const protocol::Operation& operation, const protocol::OperationResult& result) {
    if (const Buffer* const opened = blob_of(operation))
        return blob_digest(*opened);
    const auto* const made = std::get_if<protocol::ReleasedKey>(&result);
    return made != nullptr && made->ciphertext ? blob_digest(*made->ciphertext) : std::string();
}

} // namespace

void Decision::refuse(const Error& error) {
    grant.reset();
    protocol::ReleaseRefusal why = refusal(error);
    if (over)
        why.retry_after = over->retry_after.count();
    result = std::move(why); // wipes the key
}

void Decision::name_blobs() {
    blob = blob_about(operation, result);
    if (const auto* const rewrapped = std::get_if<protocol::RewrappedKey>(&result))
        new_blob = blob_digest(rewrapped->ciphertext);
}

bool ReleaseWork::waits_for_others() const {
    return std::ranges::any_of(decisions, [](const Decision& decision) {
        return decision.about && (decision.wants_quote() || !decision.at_hand);
    });
}

json::Object ReleaseWork::audit_fields(const Decision& decision) const {
    const protocol::Context& context = context_of(decision.operation);
    json::Object out;
    out.emplace("blob", decision.blob);
    out.emplace("epoch", state().epoch);
    out.emplace("evidence_digest", token().evidence_digest);
    out.emplace("host", token().host.text);
    out.emplace("image", token().base_image.text);
    out.emplace("key_id", context.key_id);
    out.emplace("operation", protocol::operation_name(decision.operation));
    out.emplace("provider", provider_of(decision.operation).text);
    out.emplace("revision", state().revision);
    out.emplace("session", owner->facts.id);
    out.emplace("token", token().id);
    out.emplace("vm", context.vm.text);
    if (decision.about)
        out.emplace("generation", decision.about->generation->number);
    if (decision.grant)
        out.emplace("freshness", inventory::to_string(decision.grant->freshness()));
    if (decision.key_state && *decision.key_state != kmip::State::active)
        out.emplace("primary_key", kmip::to_string(*decision.key_state)); // to be replaced
    if (!decision.new_blob.empty()) {
        out.emplace("new_blob", decision.new_blob);
        out.emplace("new_generation", decision.about->newest->number);
    }
    return out;
}

Result<protocol::OperationResult> use_grant(const ReleaseGrant& grant,
                                            const KeysInUse& keys,
                                            const protocol::Operation& operation,
                                            Random& random) {
    switch (grant.use()) {
    case GrantedUse::generate: {
        VS_TRY(NewVmKey made, generate_key(grant, keys.primary.use(), random));
        return protocol::ReleasedKey{.ciphertext = std::move(made.blob), .key = std::move(made.key)};
    }
    case GrantedUse::decrypt: {
        VS_TRY(Secret key, unwrap(grant, keys.primary.use(), *blob_of(operation)));
        return protocol::ReleasedKey{.ciphertext = {}, .key = std::move(key)};
    }
    case GrantedUse::rewrap: {
        VS_CHECK(keys.newest.has_value()); // the gate saw it
        VS_TRY(Buffer blob,
               rewrap(grant,
                      {.primary_key = keys.primary.use(), .newest_key = keys.newest->use()},
                      *blob_of(operation),
                      random));
        return protocol::RewrappedKey{.ciphertext = std::move(blob)};
    }
    }
    std::unreachable();
}

} // namespace vouchsafe::keyprovider

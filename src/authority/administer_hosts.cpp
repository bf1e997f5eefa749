// What the administration API has no operation for: enrolments, explanation, audit, services information.
#include "api/filter.h"
#include "authority/administration.h"
#include "authority/health.h"
#include "base/version.h"
#include "json/members.h"
#include "json/parse.h"

#include <algorithm>
#include <array>

namespace vouchsafe::authority {

namespace {

using inventory::Enrolment;
using inventory::HostObservation;

Result<const Enrolment*> enrolment_of(const Invocation& call) {
    const Enrolment* const enrolment = call.state.enrolment({call.text("host")});
    if (enrolment == nullptr)
        return fail(Errc::not_found, "enrolment", "there is no enrolment " + call.text("host"));
    return enrolment;
}

json::Value summary(const Enrolment& enrolment, const std::optional<HostObservation>& seen) {
    json::Object out{{"host", enrolment.host.text},
                     {"label", enrolment.label},
                     {"state", inventory::to_string(enrolment.state)},
                     {"ek_digest", enrolment.ek_digest},
                     {"ca", enrolment.ca},
                     {"lab", enrolment.lab},
                     {"tpm", enrolment.tpm.manufacturer + " " + enrolment.tpm.model},
                     {"groups", json::array_of(enrolment.groups)},
                     {"created", to_text(enrolment.created)}};
    if (seen) {
        out.emplace("attestation", seen->state);
        out.emplace("tier", seen->tier);
        out.emplace("base_image", seen->base_image);
        if (seen->ak_name)
            out.emplace("ak_name", *seen->ak_name);
        out.emplace("reasons", seen->reasons);
        if (seen->last_attested)
            out.emplace("last_attested", to_text(*seen->last_attested));
        if (seen->firmware)
            out.emplace("firmware_version", seen->firmware->version);
    }
    return json::Value(std::move(out));
}

Result<json::Value> list_enrolments(const Invocation& call) {
    json::Array out;
    for (const auto& [host, enrolment] : call.state.enrolments) {
        VS_TRY(const auto seen, call.parts.records.observation(enrolment.host));
        out.push_back(summary(enrolment, seen));
    }
    return json::Value(std::move(out));
}

Result<json::Value> get_enrolment(const Invocation& call) {
    VS_TRY(const Enrolment* const enrolment, enrolment_of(call));
    VS_TRY(const auto seen, call.parts.records.observation(enrolment->host));
    json::Object out = summary(*enrolment, seen).as_object();
    out.emplace("enrolment", enrolment->to_json());
    return json::Value(std::move(out));
}

// What the host proved last is what the administrator approves: its AK, activated under this EK, and its
// firmware.
Result<json::Value> approve_enrolment(const Invocation& call) {
    VS_TRY(const Enrolment* const enrolment, enrolment_of(call));
    VS_TRY(const auto seen, call.parts.records.observation(enrolment->host));
    if (!seen || !seen->ak_name || !seen->ak_public)
        return fail(Errc::conflict,
                    "enrolment.unproven",
                    "this host has not proven an attestation key yet; let it attest, then approve it");
    if (!seen->firmware)
        return fail(Errc::conflict,
                    "enrolment.firmware",
                    "this host's TPM does not have the PCR bank " + enrolment->bank +
                        " allocated, so there is no firmware to approve; let it attest with that bank, then "
                        "approve it");
    std::vector<std::string> groups = enrolment->groups;
    if (const json::Value* const spec = call.find("spec")) {
        json::Members members(*spec, "spec");
        VS_TRY(auto wanted, members.optional_strings("groups"));
        if (wanted)
            groups = *std::move(wanted);
        VS_TRY(const auto looked_at, members.optional_string("ak_name"));
        if (looked_at && *looked_at != *seen->ak_name)
            return fail(Errc::conflict,
                        "enrolment.ak_name",
                        "this host has proven another attestation key, " + *seen->ak_name +
                            "; look again before you approve it");
    }
    return call.commit(inventory::EnrolmentApprove{.host = enrolment->host,
                                                   .label = enrolment->label,
                                                   .ak_name = *seen->ak_name,
                                                   .ak_public = *seen->ak_public,
                                                   .firmware = seen->firmware,
                                                   .counters = seen->counters,
                                                   .groups = std::move(groups)});
}

Result<json::Value> delete_enrolment(const Invocation& call) {
    VS_TRY(const Enrolment* const enrolment, enrolment_of(call));
    VS_TRY_VOID(call.commit(inventory::EnrolmentRemove{.host = enrolment->host}));
    VS_TRY_VOID(call.parts.records.forget(enrolment->host));
    return json::Value();
}

Result<json::Value> explain(const Invocation& call) {
    VS_TRY(const Enrolment* const enrolment, enrolment_of(call));
    VS_TRY(const auto seen, call.parts.records.observation(enrolment->host));
    if (!seen)
        return fail(Errc::not_found, "observation", "this host has not attested yet");
    json::Object out = summary(*enrolment, seen).as_object();
    if (seen->firmware)
        out.emplace("firmware", seen->firmware->to_json());
    if (seen->firmware_set)
        out.emplace("firmware_set", *seen->firmware_set);
    if (enrolment->firmware)
        out.emplace("firmware_approved", enrolment->firmware->to_json());
    return json::Value(std::move(out));
}

Result<json::Value> mark_ca(const Invocation& call) {
    const auto found = call.state.cas.find(call.text("name"));
    if (found == call.state.cas.end())
        return fail(Errc::not_found, "CA certificate", "there is no CA certificate " + call.text("name"));
    inventory::CaCertificate ca = found->second;
    ca.lab = call.find("spec")->find("lab")->as_bool();
    return call.commit(inventory::CaImport{.ca = std::move(ca)});
}

Result<json::Value> export_services(const Invocation& call) {
    VS_TRY(const json::Value document,
           call.parts.keys.services_document(
               {.cluster = call.state.cluster, .version = call.state.revision, .port = call.parts.port},
               call.parts.clock,
               call.parts.random));
    return json::object({{"anchor", call.parts.keys.identity().anchor}, {"document", document}});
}

// Address, group and TLS root, as hosts and workload managers need them; attestation and key provider are one
// here.
json::Value host_info(const Invocation& call, std::string_view projection) {
    const std::string_view kind = projection.empty() ? "NORMAL" : projection;
    json::Object out{
        {"host", call.parts.keys.config().host.text},
        {"address",
         json::object({{"hostname", call.parts.keys.config().tls_name}, {"port", call.parts.port}})}};
    if (kind != "BRIEF") {
        out.emplace("group", call.parts.keys.identity().group);
        out.emplace("cluster", call.state.cluster);
    }
    if (kind == "FULL" || projection.empty())
        out.emplace("trusted_CA",
                    json::object({{"cert_chain", json::array({call.parts.keys.root_certificate().pem()})}}));
    return json::Value(std::move(out));
}

Result<json::Value> get_service_host(const Invocation& call) {
    if (call.text("host") != call.parts.keys.config().host.text)
        return fail(Errc::not_found, "host", "there is no trust authority host " + call.text("host"));
    return host_info(call, {});
}

Result<json::Value> list_service_hosts(const Invocation& call) {
    const json::Value* const filter = call.find("spec");
    const json::Value* const projection = call.find("projection");
    const std::string_view kind =
        projection == nullptr ? "NORMAL" : std::string_view(projection->as_string());
    json::Array out;
    const json::Value info = host_info(call, {});
    if (api::wants(filter, "hosts", *info.find("host")) &&
        api::wants(filter, "clusters", *info.find("cluster")) &&
        api::wants(filter, "groups", *info.find("group")) &&
        api::wants(filter, "address", *info.find("address"))) {
        json::Object item = host_info(call, kind).as_object();
        item.emplace("summary_type", kind);
        out.push_back(json::Value(std::move(item)));
    }
    return json::Value(std::move(out));
}

Result<json::Value> get_status(const Invocation& call) {
    return json::object(
        {{"name", call.parts.keys.config().host.text},
         {"role", "authority-host"},
         {"version", program_version},
         {"authority",
          json::object({{"anchor", call.parts.keys.identity().anchor},
                        {"group", call.parts.keys.identity().group},
                        {"cluster", call.state.cluster},
                        {"revision", call.state.revision},
                        {"epoch", call.state.epoch},
                        {"releasing", call.parts.core.lease_valid(call.parts.clock.boot_now())}})}});
}

#define VS_TH "vcenter.trusted_infrastructure.trust_authority_hosts"

constexpr std::array rows = {
    ServedOperation{"vouchsafe.enrolments", "list", list_enrolments},
    ServedOperation{"vouchsafe.enrolments", "get", get_enrolment},
    ServedOperation{"vouchsafe.enrolments", "approve", approve_enrolment},
    ServedOperation{"vouchsafe.enrolments", "delete", delete_enrolment},
    ServedOperation{"vouchsafe.enrolments", "explain", explain},
    ServedOperation{"vouchsafe.tpm_cas", "mark", mark_ca},
    ServedOperation{"vouchsafe.services_information", "export", export_services},
    ServedOperation{"vouchsafe.status", "get", get_status},
    ServedOperation{VS_TH ".attestation", "get", get_service_host},
    ServedOperation{VS_TH ".attestation", "list", list_service_hosts},
    ServedOperation{VS_TH ".kms", "get", get_service_host},
    ServedOperation{VS_TH ".kms", "list", list_service_hosts},
};

} // namespace

std::span<const ServedOperation> own_operations() {
    return rows;
}

} // namespace vouchsafe::authority

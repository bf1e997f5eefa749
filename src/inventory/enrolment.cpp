#include "inventory/enrolment.h"

#include "crypto/digest.h"
#include "inventory/json_parts.h"
#include "json/members.h"

#include <bit>
#include <limits>
#include <tuple>

namespace vouchsafe::inventory {

namespace {

constexpr std::size_t max_label_bytes = 64;
constexpr std::size_t host_digits = 32;
constexpr std::int64_t most_u32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t max_banks = 8;
constexpr std::uint32_t pcr_count = 24;

json::Value tpm_to_json(const TpmModel& tpm) {
    return json::object({{"manufacturer", tpm.manufacturer},
                         {"model", tpm.model},
                         {"firmware_version", tpm.firmware_version}});
}

Result<TpmModel> read_tpm(json::Members m) {
    TpmModel out;
    VS_TRY(out.manufacturer, short_text(m, "manufacturer"));
    VS_TRY(out.model, short_text(m, "model"));
    VS_TRY(out.firmware_version, short_text(m, "firmware_version"));
    VS_TRY_VOID(m.finish());
    return out;
}

/// {"bank":"sha256","pcrs":mask,"values":the values joined, in order}
json::Value pcrs_to_json(const PcrValues& bank) {
    std::int64_t mask = 0;
    std::string joined;
    for (const auto& [pcr, value] : bank.values) {
        mask |= std::int64_t{1} << pcr;
        joined += to_hex(value);
    }
    return json::object({{"bank", bank.bank}, {"pcrs", mask}, {"values", std::move(joined)}});
}

Result<PcrValues> pcrs_from_json(const json::Value& value, const std::string& where) {
    json::Members m(value, where);
    PcrValues out;
    VS_TRY(out.bank, short_text(m, "bank"));
    VS_TRY(const auto mask, m.integer("pcrs", {.least = 0, .most = (1 << pcr_count) - 1}));
    VS_TRY(const Buffer joined, m.hex("values"));
    VS_TRY_VOID(m.finish());
    const auto count = static_cast<std::size_t>(std::popcount(static_cast<std::uint64_t>(mask)));
    if (count == 0 ? !joined.empty() : joined.empty() || joined.size() % count != 0)
        return fail(Errc::malformed, where + ".values", "not one value for each PCR");
    Bytes rest = joined;
    for (std::uint32_t pcr = 0; pcr < pcr_count; ++pcr) {
        if ((mask >> pcr & 1) == 0)
            continue;
        out.values.emplace(pcr, to_buffer(rest.first(joined.size() / count)));
        rest = rest.subspan(joined.size() / count);
    }
    return out;
}

} // namespace

Result<HostId> host_id_from_ek(std::string_view ek_digest) {
    const auto raw = from_hex(ek_digest);
    if (!raw || raw->size() != sizeof(crypto::Sha256Digest) || to_hex(*raw) != ek_digest)
        return fail(Errc::malformed, "enrolment.ek_digest", "not a SHA-256 in lower-case hex");
    const auto digest = crypto::sha256({as_bytes("vouchsafe/host/1"), *raw});
    return HostId{"h-" + to_hex(digest).substr(0, host_digits)};
}

json::Value Counters::to_json() const {
    return json::object({{"reset", reset}, {"restart", restart}, {"clock", clock}});
}

Result<Counters> Counters::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    VS_TRY(const auto reset, m.integer("reset", {.least = 0, .most = most_u32}));
    VS_TRY(const auto restart, m.integer("restart", {.least = 0, .most = most_u32}));
    VS_TRY(const auto clock, m.integer("clock", {.least = 0}));
    VS_TRY_VOID(m.finish());
    return Counters{.reset = static_cast<std::uint32_t>(reset),
                    .restart = static_cast<std::uint32_t>(restart),
                    .clock = static_cast<std::uint64_t>(clock)};
}

bool continues(const Counters& earlier, const Counters& later) {
    return std::tie(later.reset, later.restart, later.clock) >=
           std::tie(earlier.reset, earlier.restart, earlier.clock);
}

json::Value FirmwarePin::to_json() const {
    return json::object({{"pcr0", pcr0}, {"pcr2", pcr2}, {"version", version}});
}

Result<FirmwarePin> FirmwarePin::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    FirmwarePin out;
    VS_TRY(out.pcr0, hex_text(m, "pcr0"));
    VS_TRY(out.pcr2, hex_text(m, "pcr2"));
    VS_TRY(out.version, short_text(m, "version"));
    VS_TRY_VOID(m.finish());
    return out;
}

std::string_view to_string(EnrolmentState state) {
    switch (state) {
    case EnrolmentState::pending:
        return "pending";
    case EnrolmentState::approved:
        return "approved";
    case EnrolmentState::removed:
        return "removed";
    }
    std::unreachable();
}

Result<EnrolmentState> enrolment_state_from_text(std::string_view text) {
    return enum_from_text({EnrolmentState::pending, EnrolmentState::approved, EnrolmentState::removed},
                          text,
                          "enrolment.state");
}

json::Value Enrolment::to_json() const {
    return json::object({{"version", 1},
                         {"host", host.text},
                         {"label", label},
                         {"ek_digest", ek_digest},
                         {"ek_public", to_base64(ek_public)},
                         {"ek_certificate", base64_or_null(ek_certificate)},
                         {"ca", ca},
                         {"lab", lab},
                         {"ak_name", ak_name},
                         {"ak_public", base64_or_null(ak_public)},
                         {"tpm", tpm_to_json(tpm)},
                         {"bank", bank},
                         {"firmware", json_or_null(firmware)},
                         {"counters", json_or_null(counters)},
                         {"state", to_string(state)},
                         {"groups", json::array_of(groups)},
                         {"created", to_text(created)},
                         {"changed", to_text(changed)}});
}

Result<Enrolment> Enrolment::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    Enrolment out;
    VS_TRY_VOID(m.version(1));
    VS_TRY(out.host.text, m.string("host"));
    VS_TRY(out.label, label_text(m, "label", max_label_bytes));
    VS_TRY(out.ek_digest, sha256_text(m, "ek_digest"));
    VS_TRY(out.ek_public, m.base64("ek_public"));
    VS_TRY(out.ek_certificate, m.optional_base64("ek_certificate"));
    VS_TRY(out.ca, m.optional_string("ca"));
    VS_TRY(out.lab, m.boolean("lab"));
    VS_TRY(out.ak_name, optional_hex_text(m, "ak_name"));
    VS_TRY(out.ak_public, m.optional_base64("ak_public"));
    VS_TRY(auto tpm_members, m.object("tpm"));
    VS_TRY(out.tpm, read_tpm(std::move(tpm_members)));
    VS_TRY(out.bank, short_text(m, "bank"));
    VS_TRY(out.firmware, optional_part<FirmwarePin>(m, "firmware"));
    VS_TRY(out.counters, optional_part<Counters>(m, "counters"));
    VS_TRY(const auto state_text, m.string("state"));
    VS_TRY(out.state, enrolment_state_from_text(state_text));
    VS_TRY(out.groups, names(m, "groups", max_groups));
    VS_TRY(out.created, m.time("created"));
    VS_TRY(out.changed, m.time("changed"));
    VS_TRY_VOID(m.finish());
    VS_TRY(const HostId derived, host_id_from_ek(out.ek_digest));
    if (derived != out.host)
        return fail(Errc::malformed, std::string(where) + ".host", "not the id of this endorsement key");
    return out;
}

json::Value LogPosition::to_json() const {
    return json::object({{"counters", counters.to_json()},
                         {"boot_id", boot_id},
                         {"count", count},
                         {"values", texts_to_json(values)},
                         {"epoch", epoch},
                         {"image", image}});
}

Result<LogPosition> LogPosition::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    LogPosition out;
    VS_TRY(const json::Value* const counters_value, m.value("counters"));
    VS_TRY(out.counters, Counters::from_json(*counters_value));
    VS_TRY(out.boot_id, short_text(m, "boot_id"));
    VS_TRY(out.count, m.integer("count", {.least = 0}));
    VS_TRY(const json::Value* const values_value, m.value("values"));
    VS_TRY(out.values, texts_from_json(*values_value, std::string(where) + ".values"));
    VS_TRY(out.epoch, m.integer("epoch", {.least = 0}));
    VS_TRY(out.image, short_text(m, "image"));
    VS_TRY_VOID(m.finish());
    return out;
}

json::Value PendingEntries::to_json() const {
    return json::object({{"count", count}, {"since", to_text(since)}});
}

Result<PendingEntries> PendingEntries::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    PendingEntries out;
    VS_TRY(out.count, m.integer("count", {.least = 1}));
    VS_TRY(out.since, m.time("since"));
    VS_TRY_VOID(m.finish());
    return out;
}

json::Value AcceptedQuote::to_json() const {
    return json::object({{"evidence_digest", evidence_digest},
                         {"counters", counters.to_json()},
                         {"boot_id", boot_id},
                         {"tpm_firmware", tpm_firmware},
                         {"pcrs", json::array_of(pcrs, pcrs_to_json)}});
}

Result<AcceptedQuote> AcceptedQuote::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    AcceptedQuote out;
    VS_TRY(out.evidence_digest, sha256_text(m, "evidence_digest"));
    VS_TRY(const json::Value* const counters_value, m.value("counters"));
    VS_TRY(out.counters, Counters::from_json(*counters_value));
    VS_TRY(out.boot_id, short_text(m, "boot_id"));
    VS_TRY(out.tpm_firmware, hex_text(m, "tpm_firmware"));
    VS_TRY(out.pcrs, m.list<PcrValues>("pcrs", max_banks, pcrs_from_json));
    VS_TRY_VOID(m.finish());
    return out;
}

json::Value HostObservation::to_json() const {
    json::Object positions;
    for (const auto& [log, position] : log_positions)
        positions.emplace(log, position.to_json());
    return json::object({{"version", 3},
                         {"host", host.text},
                         {"accepted", json_or_null(accepted)},
                         {"counters", json_or_null(counters)},
                         {"boot_id", boot_id},
                         {"log_positions", json::Value(std::move(positions))},
                         {"ima_pending", json_or_null(ima_pending)},
                         {"tpm_firmware", tpm_firmware},
                         {"last_attested", time_or_null(last_attested)},
                         {"state", state},
                         {"tier", tier},
                         {"base_image", base_image},
                         {"reasons", json::Value(reasons)},
                         {"firmware", json_or_null(firmware)},
                         {"firmware_set", firmware_set},
                         {"ak_name", ak_name},
                         {"ak_public", base64_or_null(ak_public)},
                         {"reporting_token", reporting_token}});
}

Result<HostObservation> HostObservation::from_json(const json::Value& value, std::string_view where) {
    json::Members m(value, std::string(where));
    HostObservation out;
    VS_TRY(const auto version, m.integer("version", {.least = 2, .most = 3}));
    VS_TRY(out.host.text, m.string("host"));
    if (version > 2) { // before, nothing was kept of a quote
        VS_TRY(out.accepted, optional_part<AcceptedQuote>(m, "accepted"));
    }
    VS_TRY(out.counters, optional_part<Counters>(m, "counters"));
    VS_TRY(out.boot_id, m.optional_string("boot_id"));
    VS_TRY(const json::Value* const positions, m.value("log_positions"));
    if (!positions->is_object())
        return fail(Errc::malformed, std::string(where) + ".log_positions", "not an object");
    for (const auto& [log, item] : positions->as_object()) {
        VS_TRY(auto position, LogPosition::from_json(item));
        out.log_positions.emplace(log, std::move(position));
    }
    VS_TRY(out.ima_pending, optional_part<PendingEntries>(m, "ima_pending"));
    VS_TRY(out.tpm_firmware, optional_hex_text(m, "tpm_firmware"));
    VS_TRY(out.last_attested, m.optional_time("last_attested"));
    VS_TRY(out.state, m.string("state"));
    VS_TRY(out.tier, m.string("tier"));
    VS_TRY(out.base_image, m.optional_string("base_image"));
    VS_TRY(const json::Array* const reasons_array, m.array("reasons"));
    out.reasons = *reasons_array;
    VS_TRY(out.firmware, optional_part<FirmwarePin>(m, "firmware"));
    VS_TRY(out.firmware_set, m.optional_string("firmware_set"));
    VS_TRY(out.ak_name, optional_hex_text(m, "ak_name"));
    VS_TRY(out.ak_public, m.optional_base64("ak_public"));
    VS_TRY(out.reporting_token, m.optional_string("reporting_token"));
    VS_TRY_VOID(m.finish());
    return out;
}

} // namespace vouchsafe::inventory

// The changes as JSON: {"type": word, ...}. One `write` and one `read` for each alternative of Change, in
// its order, and the table that finds them by word.
#include "inventory/change.h"
#include "inventory/json_parts.h"
#include "json/members.h"

#include <array>
#include <cstddef>
#include <limits>
#include <utility>

namespace vouchsafe::inventory {

namespace {

using json::Members;
using json::Object;

template <class T> struct As {}; // chooses a read()

template <class Part> Result<Part> part(Members& m, std::string_view member) {
    VS_TRY(const json::Value* const value, m.value(member));
    return Part::from_json(*value, m.where() + "." + std::string(member));
}

void write(Object& out, const AuthorityInit& change) {
    out.emplace("anchor", change.anchor);
    out.emplace("cluster_name", change.cluster_name);
    out.emplace("administrator_issuer", change.administrator_issuer);
    out.emplace("host", change.host.to_json());
}

Result<Change> read(As<AuthorityInit>, Members& m) {
    AuthorityInit out;
    VS_TRY(out.anchor, sha256_text(m, "anchor"));
    VS_TRY(out.cluster_name, name(m, "cluster_name"));
    VS_TRY(out.administrator_issuer, short_text(m, "administrator_issuer"));
    VS_TRY(out.host, part<AuthorityHost>(m, "host"));
    return out;
}

void write(Object& out, const SettingsUpdate& change) {
    out.emplace("settings", change.settings.to_json());
    out.emplace("unsafe_no_endorsement", change.unsafe_no_endorsement);
}

Result<Change> read(As<SettingsUpdate>, Members& m) {
    SettingsUpdate out;
    VS_TRY(out.settings, part<Settings>(m, "settings"));
    VS_TRY(out.unsafe_no_endorsement, m.boolean("unsafe_no_endorsement"));
    return out;
}

void write(Object& out, const ClusterUpdate& change) {
    out.emplace("cluster_name", change.cluster_name);
    out.emplace("state", to_string(change.state));
}

Result<Change> read(As<ClusterUpdate>, Members& m) {
    ClusterUpdate out;
    VS_TRY(out.cluster_name, name(m, "cluster_name"));
    VS_TRY(const auto state, m.string("state"));
    VS_TRY(out.state,
           enum_from_text({ClusterState::disabled, ClusterState::enabled}, state, m.where() + ".state"));
    return out;
}

void write(Object& out, const CaImport& change) {
    out.emplace("ca", change.ca.to_json());
}

Result<Change> read(As<CaImport>, Members& m) {
    VS_TRY(auto ca, part<CaCertificate>(m, "ca"));
    return CaImport{std::move(ca)};
}

void write(Object& out, const CaRemove& change) {
    out.emplace("name", change.name);
}

Result<Change> read(As<CaRemove>, Members& m) {
    VS_TRY(auto removed, name(m, "name"));
    return CaRemove{std::move(removed)};
}

void write(Object& out, const EndorsementKeyImport& change) {
    out.emplace("key", change.key.to_json());
}

Result<Change> read(As<EndorsementKeyImport>, Members& m) {
    VS_TRY(auto key, part<EndorsementKey>(m, "key"));
    return EndorsementKeyImport{std::move(key)};
}

void write(Object& out, const EndorsementKeyRemove& change) {
    out.emplace("name", change.name);
}

Result<Change> read(As<EndorsementKeyRemove>, Members& m) {
    VS_TRY(auto removed, name(m, "name"));
    return EndorsementKeyRemove{std::move(removed)};
}

void write(Object& out, const ImageImport& change) {
    out.emplace("document", change.document);
}

Result<Change> read(As<ImageImport>, Members& m) {
    VS_TRY(const json::Value* const document, m.value("document"));
    return ImageImport{*document};
}

void write(Object& out, const ImageRemove& change) {
    out.emplace("image", change.version.text);
}

Result<Change> read(As<ImageRemove>, Members& m) {
    VS_TRY(auto version, name(m, "image"));
    return ImageRemove{ImageVersion{std::move(version)}};
}

void write(Object& out, const FirmwareSetSet& change) {
    out.emplace("set", change.set.to_json());
}

Result<Change> read(As<FirmwareSetSet>, Members& m) {
    VS_TRY(auto set, part<FirmwareSet>(m, "set"));
    return FirmwareSetSet{std::move(set)};
}

void write(Object& out, const FirmwareSetRemove& change) {
    out.emplace("name", change.name);
}

Result<Change> read(As<FirmwareSetRemove>, Members& m) {
    VS_TRY(auto removed, name(m, "name"));
    return FirmwareSetRemove{std::move(removed)};
}

void write(Object& out, const ProviderCreate& change) {
    out.emplace("provider", change.provider.to_json());
}

Result<Change> read(As<ProviderCreate>, Members& m) {
    VS_TRY(auto provider, part<Provider>(m, "provider"));
    return ProviderCreate{std::move(provider)};
}

void write(Object& out, const ProviderUpdate& change) {
    out.emplace("provider", change.provider.to_json());
}

Result<Change> read(As<ProviderUpdate>, Members& m) {
    VS_TRY(auto provider, part<Provider>(m, "provider"));
    return ProviderUpdate{std::move(provider)};
}

void write(Object& out, const ProviderDelete& change) {
    out.emplace("name", change.name);
}

Result<Change> read(As<ProviderDelete>, Members& m) {
    VS_TRY(auto removed, name(m, "name"));
    return ProviderDelete{std::move(removed)};
}

void write(Object& out, const ProviderClientCertificate& change) {
    out.emplace("name", change.name);
    out.emplace("certificate", change.certificate);
    out.emplace("sealed_client_key", base64_or_null(change.sealed_client_key));
}

Result<Change> read(As<ProviderClientCertificate>, Members& m) {
    ProviderClientCertificate out;
    VS_TRY(out.name, name(m, "name"));
    VS_TRY(out.certificate, optional_pem(m, "certificate"));
    VS_TRY(out.sealed_client_key, m.optional_base64("sealed_client_key"));
    return out;
}

void write(Object& out, const ProviderPeerCertificates& change) {
    out.emplace("name", change.name);
    out.emplace("certificates", json::array_of(change.certificates));
}

Result<Change> read(As<ProviderPeerCertificates>, Members& m) {
    ProviderPeerCertificates out;
    VS_TRY(out.name, name(m, "name"));
    VS_TRY(out.certificates, pems(m, "certificates", max_chain * 2));
    return out;
}

void write(Object& out, const ProviderCheckValue& change) {
    out.emplace("name", change.name);
    out.emplace("generation", change.generation);
    out.emplace("check_value", change.check_value);
}

Result<Change> read(As<ProviderCheckValue>, Members& m) {
    constexpr std::size_t check_value_bytes = 8;
    ProviderCheckValue out;
    VS_TRY(out.name, name(m, "name"));
    VS_TRY(const auto generation,
           m.integer("generation", {.least = 1, .most = std::numeric_limits<std::uint32_t>::max()}));
    VS_TRY(const Buffer value, m.hex("check_value"));
    if (value.size() != check_value_bytes)
        return fail(Errc::malformed, m.where() + ".check_value", "not 64 bits");
    out.generation = static_cast<std::uint32_t>(generation);
    out.check_value = to_hex(value);
    return out;
}

void write(Object& out, const IssuerSet& change) {
    out.emplace("issuer", change.issuer.to_json());
}

Result<Change> read(As<IssuerSet>, Members& m) {
    VS_TRY(auto issuer, part<Issuer>(m, "issuer"));
    return IssuerSet{std::move(issuer)};
}

void write(Object& out, const IssuerRemove& change) {
    out.emplace("issuer", change.issuer);
}

Result<Change> read(As<IssuerRemove>, Members& m) {
    VS_TRY(auto issuer, short_text(m, "issuer"));
    return IssuerRemove{std::move(issuer)};
}

void write(Object& out, const EnrolmentCreate& change) {
    out.emplace("enrolment", change.enrolment.to_json());
}

Result<Change> read(As<EnrolmentCreate>, Members& m) {
    VS_TRY(auto enrolment, part<Enrolment>(m, "enrolment"));
    return EnrolmentCreate{std::move(enrolment)};
}

void write(Object& out, const EnrolmentApprove& change) {
    out.emplace("host", change.host.text);
    out.emplace("label", change.label);
    out.emplace("ak_name", change.ak_name);
    out.emplace("ak_public", to_base64(change.ak_public));
    out.emplace("firmware", json_or_null(change.firmware));
    out.emplace("counters", json_or_null(change.counters));
    out.emplace("groups", json::array_of(change.groups));
}

Result<Change> read(As<EnrolmentApprove>, Members& m) {
    EnrolmentApprove out;
    VS_TRY(out.host.text, name(m, "host"));
    VS_TRY(out.label, label_text(m, "label", max_name_bytes / 2));
    VS_TRY(out.ak_name, hex_text(m, "ak_name"));
    VS_TRY(out.ak_public, m.base64("ak_public"));
    VS_TRY(out.firmware, optional_part<FirmwarePin>(m, "firmware"));
    VS_TRY(out.counters, optional_part<Counters>(m, "counters"));
    VS_TRY(out.groups, names(m, "groups", max_groups));
    return out;
}

void write(Object& out, const EnrolmentObserve& change) {
    out.emplace("host", change.host.text);
    out.emplace("cause", change.cause);
}

Result<Change> read(As<EnrolmentObserve>, Members& m) {
    EnrolmentObserve out;
    VS_TRY(out.host.text, name(m, "host"));
    VS_TRY(out.cause, name(m, "cause"));
    return out;
}

void write(Object& out, const EnrolmentRemove& change) {
    out.emplace("host", change.host.text);
}

Result<Change> read(As<EnrolmentRemove>, Members& m) {
    VS_TRY(auto host, name(m, "host"));
    return EnrolmentRemove{HostId{std::move(host)}};
}

void write(Object& out, const RevocationAdd& change) {
    out.emplace("revocation", change.revocation.to_json());
}

Result<Change> read(As<RevocationAdd>, Members& m) {
    VS_TRY(auto revocation, part<Revocation>(m, "revocation"));
    return RevocationAdd{std::move(revocation)};
}

void write(Object& out, const AuthorityHostSet& change) {
    out.emplace("host", change.host.to_json());
}

Result<Change> read(As<AuthorityHostSet>, Members& m) {
    VS_TRY(auto host, part<AuthorityHost>(m, "host"));
    return AuthorityHostSet{std::move(host)};
}

void write(Object& out, const AuthorityHostRemove& change) {
    out.emplace("host", change.id.text);
}

Result<Change> read(As<AuthorityHostRemove>, Members& m) {
    VS_TRY(auto host, name(m, "host"));
    return AuthorityHostRemove{AuthorityHostId{std::move(host)}};
}

void write(Object& out, const EpochRaise& change) {
    out.emplace("reason", change.reason);
}

Result<Change> read(As<EpochRaise>, Members& m) {
    VS_TRY(auto reason, short_text(m, "reason"));
    return EpochRaise{std::move(reason)};
}

/// By the index of the alternative.
constexpr std::array<std::string_view, std::variant_size_v<Change>> type_words{
    "authority.init",
    "settings.update",
    "cluster.update",
    "ca.import",
    "ca.remove",
    "endorsement_key.import",
    "endorsement_key.remove",
    "image.import",
    "image.remove",
    "firmware_set.set",
    "firmware_set.remove",
    "provider.create",
    "provider.update",
    "provider.delete",
    "provider.client_certificate",
    "provider.peer_certificates",
    "provider.check_value",
    "issuer.set",
    "issuer.remove",
    "enrolment.create",
    "enrolment.approve",
    "enrolment.observe",
    "enrolment.remove",
    "revocation.add",
    "authority_host.set",
    "authority_host.remove",
    "epoch.raise",
};

using Read = Result<Change> (*)(Members&);

template <std::size_t... index> constexpr auto readers_of(std::index_sequence<index...>) {
    return std::array<Read, sizeof...(index)>{
        [](Members& m) { return read(As<std::variant_alternative_t<index, Change>>{}, m); }...};
}

constexpr auto readers = readers_of(std::make_index_sequence<std::variant_size_v<Change>>{});

} // namespace

std::string_view change_type(const Change& change) {
    return type_words.at(change.index());
}

json::Value to_json(const Change& change) {
    json::Object out;
    out.emplace("type", change_type(change));
    std::visit([&out](const auto& alternative) { write(out, alternative); }, change);
    return json::Value(std::move(out));
}

Result<Change> change_from_json(const json::Value& value) {
    Members head(value, "change");
    VS_TRY(const auto type, head.string("type"));
    for (std::size_t i = 0; i < type_words.size(); ++i) {
        if (type_words.at(i) != type)
            continue;
        Members m(value, type);
        VS_TRY_VOID(m.string("type"));
        VS_TRY(Change change, readers.at(i)(m));
        VS_TRY_VOID(m.finish());
        return change;
    }
    return fail(Errc::malformed, "change.type", "no change known here");
}

} // namespace vouchsafe::inventory

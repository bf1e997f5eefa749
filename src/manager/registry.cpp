// The registry of authority services, the principal, and trusted clusters.
#include "api/filter.h"
#include "crypto/digest.h"
#include "json/members.h"
#include "manager/workload.h"

#include <algorithm>

namespace vouchsafe::manager {

namespace {

#define VS_TI "vcenter.trusted_infrastructure"

constexpr std::string_view imported_kind = "services-information";
constexpr std::string_view only_one = "1";

using inventory::ServiceEntry;
using inventory::TrustedCluster;

json::Value address_json(const inventory::NetworkAddress& address) {
    return json::object({{"hostname", address.hostname}, {"port", address.port}});
}

Result<inventory::NetworkAddress> read_address(const json::Value& value) {
    json::Members members(value, "address");
    VS_TRY(std::string hostname, members.string("hostname"));
    VS_TRY(const auto port, members.optional_integer("port", {.least = 1, .most = 65535}));
    return inventory::NetworkAddress{.hostname = std::move(hostname),
                                     .port = static_cast<std::uint16_t>(port.value_or(443))};
}

json::Value summary(const ServiceEntry& entry) {
    return json::object({{"service", entry.id},
                         {"address", address_json(entry.address)},
                         {"group", entry.group},
                         {"trust_authority_cluster", entry.trust_authority_cluster}});
}

json::Value info(const ServiceEntry& entry) {
    return json::object({{"address", address_json(entry.address)},
                         {"trusted_CA", json::object({{"cert_chain", json::array_of(entry.trusted_ca)}})},
                         {"group", entry.group},
                         {"trust_authority_cluster", entry.trust_authority_cluster}});
}

// Addresses are compared with their default port filled in.
bool wants_address(const json::Value* filter, const inventory::NetworkAddress& address) {
    const json::Value* const list = filter == nullptr ? nullptr : filter->find("address");
    if (list == nullptr || list->is_null())
        return true;
    return std::ranges::any_of(list->as_array(), [&](const json::Value& item) {
        const auto wanted = read_address(item);
        return wanted && *wanted == address;
    });
}

bool wanted(const json::Value* filter, const ServiceEntry& entry) {
    return api::wants(filter, "services", entry.id) && wants_address(filter, entry.address) &&
           api::wants(filter, "group", entry.group) &&
           api::wants(filter, "trust_authority_cluster", entry.trust_authority_cluster);
}

// One id for one service of a kind, however often it is registered.
std::string entry_id(std::string_view kind, const inventory::NetworkAddress& address) {
    const std::string text = std::string(kind) + " " + address.hostname + ":" + std::to_string(address.port);
    return to_hex(crypto::sha256(as_bytes(text))).substr(0, 24);
}

json::Value cluster_json(const TrustedCluster& cluster) {
    return json::object({{"cluster", cluster.id},
                         {"name", cluster.name},
                         {"trusted", cluster.enabled},
                         {"services", json::array_of(cluster.services)},
                         {"created", to_text(cluster.created)}});
}

} // namespace

Result<std::shared_ptr<const token::VerifiedServices>> Workload::imported() {
    {
        const std::scoped_lock lock(mutex_);
        if (imported_)
            return imported_;
    }
    VS_TRY(const auto stored, parts_.documents.get(imported_kind, only_one));
    if (!stored)
        return nullptr;
    VS_TRY(auto verified,
           token::verify_services({.document = *stored->value.find("document"),
                                   .anchor = stored->value.find("anchor")->as_string(),
                                   .least_version = 0,
                                   .now = parts_.clock.now()}));
    const std::scoped_lock lock(mutex_);
    imported_ = std::make_shared<const token::VerifiedServices>(std::move(verified));
    return imported_;
}

// The administrator says the anchor; everything else follows from it.
Result<json::Value> Workload::import_services(const Call& call) {
    const json::Value& spec = *call.find("spec");
    const std::string& anchor = spec.find("anchor")->as_string();
    VS_TRY(const auto before, imported());
    const std::int64_t least =
        before && before->information().anchor == anchor ? before->information().version : 0;
    VS_TRY(auto verified,
           token::verify_services({.document = *spec.find("document"),
                                   .anchor = anchor,
                                   .least_version = least,
                                   .now = parts_.clock.now()}));
    VS_TRY([[maybe_unused]] const auto revision,
           parts_.documents.put(imported_kind,
                                only_one,
                                json::object({{"anchor", anchor}, {"document", verified.document()}}),
                                inventory::any_revision));
    const token::ServicesInformation& services = verified.information();
    for (const token::ServiceHost& host : services.hosts)
        for (const auto* const kind : {"attestation", "kms"}) {
            ServiceEntry entry{.id = {},
                               .kind = kind,
                               .address = {.hostname = host.hostname, .port = host.port},
                               .group = services.group,
                               .trust_authority_cluster = services.cluster,
                               .trusted_ca = {verified.root().pem()},
                               .services_information = {}};
            entry.id = entry_id(kind, entry.address);
            VS_TRY_VOID(services_.save(entry.id, entry));
        }
    const json::Value answer = json::object({{"anchor", anchor},
                                             {"group", services.group},
                                             {"trust_authority_cluster", services.cluster},
                                             {"version", services.version}});
    const std::scoped_lock lock(mutex_);
    imported_ = std::make_shared<const token::VerifiedServices>(std::move(verified));
    return answer;
}

// Static functions of the registry, with the workload's parts.
struct RegistryOperations {
    static Result<json::Value> principal(Workload& self) {
        return json::object(
            {{"certificates",
              json::array(
                  {json::object({{"cert_chain", json::array({self.parts_.tokens.certificate_pem})}})})},
             {"issuer", self.parts_.tokens.issuer},
             {"principal",
              json::object(
                  {{"id",
                    json::object({{"name", "workload-manager"}, {"domain", self.parts_.tokens.domain}})},
                   {"type", "STS_USER"}})},
             {"name", self.parts_.name}});
    }

    static Result<json::Value> list_services(Workload& self, std::string_view kind, const Call& call) {
        VS_TRY(const auto all, self.services_.all());
        const json::Value* const filter = call.find("spec");
        json::Array out;
        for (const ServiceEntry& entry : all)
            if (entry.kind == kind && wanted(filter, entry))
                out.push_back(summary(entry));
        return json::Value(std::move(out));
    }

    static Result<ServiceEntry> service(Workload& self, std::string_view kind, const Call& call) {
        VS_TRY(ServiceEntry entry, self.services_.load(call.text("service")));
        if (entry.kind != kind)
            return fail(Errc::not_found, "service", "there is no service " + call.text("service"));
        return entry;
    }

    static Result<json::Value> create_service(Workload& self, std::string_view kind, const Call& call) {
        const json::Value& spec = *call.find("spec");
        ServiceEntry entry{.id = {},
                           .kind = std::string(kind),
                           .address = {},
                           .group = spec.find("group")->as_string(),
                           .trust_authority_cluster = spec.find("trust_authority_cluster")->as_string(),
                           .trusted_ca = {},
                           .services_information = {}};
        VS_TRY(entry.address, read_address(*spec.find("address")));
        for (const json::Value& pem : spec.find("trusted_CA")->find("cert_chain")->as_array())
            entry.trusted_ca.push_back(pem.as_string());
        entry.id = entry_id(kind, entry.address);
        const auto saved = self.services_.save(entry.id, entry, 0);
        if (!saved && saved.error().code == Errc::conflict)
            return fail(Errc::exists, "service.address", "a service at this address is registered already");
        VS_TRY_VOID(saved);
        return json::Value(entry.id);
    }

    static Result<json::Value> delete_service(Workload& self, std::string_view kind, const Call& call) {
        VS_TRY(const ServiceEntry entry, service(self, kind, call));
        VS_TRY(const auto clusters, self.clusters_.all());
        for (const TrustedCluster& cluster : clusters)
            if (std::ranges::find(cluster.services, entry.id) != cluster.services.end())
                return fail(
                    Errc::busy, "service.used", "trusted cluster " + cluster.name + " uses this service");
        VS_TRY_VOID(self.services_.remove(entry.id));
        return json::Value();
    }

    static Result<json::Value> desired(Workload& self, std::string_view kind, const Call& call) {
        VS_TRY(const TrustedCluster cluster, self.clusters_.load(call.text("cluster")));
        const json::Value* const filter = call.find("spec");
        json::Array out;
        for (const std::string& id : cluster.services) {
            VS_TRY(const ServiceEntry entry, self.services_.load(id));
            if (entry.kind == kind && wanted(filter, entry))
                out.push_back(summary(entry));
        }
        return json::Value(std::move(out));
    }

    static Result<json::Value> get_desired(Workload& self, std::string_view kind, const Call& call) {
        VS_TRY(const TrustedCluster cluster, self.clusters_.load(call.text("cluster")));
        VS_TRY(const ServiceEntry entry, service(self, kind, call));
        if (std::ranges::find(cluster.services, entry.id) == cluster.services.end())
            return fail(Errc::not_found, "service", cluster.name + " does not use this service");
        return info(entry);
    }

    static Result<json::Value> create_desired(Workload& self, std::string_view kind, const Call& call) {
        VS_TRY(TrustedCluster cluster, self.clusters_.load(call.text("cluster")));
        json::Members spec(*call.find("spec"), "spec");
        VS_TRY(const std::string type, spec.string("type"));
        VS_TRY(const auto wanted_service, spec.optional_string("service"));
        VS_TRY(const auto wanted_cluster, spec.optional_string("trust_authority_cluster"));
        if ((type == "SERVICE") != wanted_service.has_value() ||
            (type == "CLUSTER") != wanted_cluster.has_value())
            return fail(Errc::malformed,
                        "spec.type",
                        "SERVICE goes with service, CLUSTER with trust_authority_cluster, and only so");
        VS_TRY(const auto all, self.services_.all());
        std::string added;
        for (const ServiceEntry& entry : all) {
            const bool meant = wanted_service ? entry.id == *wanted_service
                                              : entry.trust_authority_cluster == *wanted_cluster;
            if (entry.kind != kind || !meant)
                continue;
            if (std::ranges::find(cluster.services, entry.id) != cluster.services.end())
                return fail(Errc::exists, "service", cluster.name + " uses this service already");
            cluster.services.push_back(entry.id);
            added = entry.id;
        }
        if (added.empty())
            return fail(Errc::not_found,
                        "service",
                        "no such service is registered; import services information first");
        cluster.enabled = true;
        ++cluster.desired_version;
        VS_TRY_VOID(self.clusters_.save(cluster.id, cluster));
        return json::Value(added);
    }

    static Result<json::Value> delete_desired(Workload& self, std::string_view kind, const Call& call) {
        VS_TRY(TrustedCluster cluster, self.clusters_.load(call.text("cluster")));
        VS_TRY(const ServiceEntry entry, service(self, kind, call));
        if (std::erase(cluster.services, entry.id) == 0)
            return fail(Errc::not_found, "service", cluster.name + " does not use this service");
        cluster.enabled = !cluster.services.empty();
        ++cluster.desired_version;
        VS_TRY_VOID(self.clusters_.save(cluster.id, cluster));
        return json::Value();
    }

    static Result<json::Value> list_clusters(Workload& self) {
        VS_TRY(const auto all, self.clusters_.all());
        return json::array_of(all, cluster_json);
    }

    static Result<json::Value> create_cluster(Workload& self, const Call& call) {
        const std::string& name = call.find("spec")->find("name")->as_string();
        VS_TRY(const auto all, self.clusters_.all());
        for (const TrustedCluster& cluster : all)
            if (cluster.name == name)
                return fail(Errc::exists, "cluster", "there is a cluster " + name + " already");
        const TrustedCluster cluster{.id = "domain-" + to_hex(self.parts_.random.bytes(4)),
                                     .name = name,
                                     .enabled = false,
                                     .services = {},
                                     .desired_version = 1,
                                     .created = self.parts_.clock.now()};
        VS_TRY_VOID(self.clusters_.save(cluster.id, cluster, 0));
        return json::Value(cluster.id);
    }

    static Result<json::Value> delete_cluster(Workload& self, const Call& call) {
        VS_TRY(const auto hosts, self.hosts_.all());
        for (const inventory::ManagedHost& host : hosts)
            if (host.cluster == call.text("cluster"))
                return fail(Errc::busy, "cluster.used", "the cluster has hosts; remove them first");
        VS_TRY_VOID(self.clusters_.remove(call.text("cluster")));
        return json::Value();
    }

    static Result<json::Value> get_imported(Workload& self) {
        VS_TRY(const auto services, self.imported());
        if (!services)
            return fail(Errc::not_found, "services", "no services information was imported yet");
        return json::object({{"anchor", services->information().anchor},
                             {"group", services->information().group},
                             {"trust_authority_cluster", services->information().cluster},
                             {"version", services->information().version}});
    }
};

void Workload::add_registry_operations(Operations& operations) {
    using R = RegistryOperations;
    operations.add(VS_TI ".principal", "get", [this](const Call&) { return R::principal(*this); });
    operations.add("vouchsafe.services_information", "import", [this](const Call& call) {
        return import_services(call);
    });
    operations.add(
        "vouchsafe.services_information", "get", [this](const Call&) { return R::get_imported(*this); });
    operations.add("vouchsafe.clusters", "list", [this](const Call&) { return R::list_clusters(*this); });
    operations.add(
        "vouchsafe.clusters", "create", [this](const Call& call) { return R::create_cluster(*this, call); });
    operations.add(
        "vouchsafe.clusters", "delete", [this](const Call& call) { return R::delete_cluster(*this, call); });

    for (const std::string kind : {"attestation", "kms"}) {
        const std::string registry = VS_TI "." + kind + ".services";
        operations.add(
            registry, "list", [=, this](const Call& c) { return R::list_services(*this, kind, c); });
        operations.add(
            registry, "create", [=, this](const Call& c) { return R::create_service(*this, kind, c); });
        operations.add(
            registry, "delete", [=, this](const Call& c) { return R::delete_service(*this, kind, c); });
        operations.add(registry, "get", [=, this](const Call& c) -> Result<json::Value> {
            VS_TRY(const ServiceEntry entry, R::service(*this, kind, c));
            return info(entry);
        });
        const std::string wanted = VS_TI ".trusted_clusters." + kind + ".services";
        operations.add(wanted, "list", [=, this](const Call& c) { return R::desired(*this, kind, c); });
        operations.add(wanted, "get", [=, this](const Call& c) { return R::get_desired(*this, kind, c); });
        operations.add(
            wanted, "create", [=, this](const Call& c) { return R::create_desired(*this, kind, c); });
        operations.add(
            wanted, "delete", [=, this](const Call& c) { return R::delete_desired(*this, kind, c); });
    }
}

void Workload::add_operations(Operations& operations) {
    add_registry_operations(operations);
    add_host_operations(operations);
    add_vm_operations(operations);
}

} // namespace vouchsafe::manager

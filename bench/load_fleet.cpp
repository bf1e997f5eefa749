#include "bench/load_fleet.h"

#include "appraisal/base_image.h"
#include "bench/generated_boot.h"
#include "json/parse.h"
#include "tests/support/ek_maker.h"

#include <algorithm>
#include <cstdio>

namespace vouchsafe::bench {

namespace {

constexpr std::string_view endorsement_keys =
    "vcenter.trusted_infrastructure.trust_authority_clusters.attestation.tpm2.endorsement_keys";

test::AttestedMachine machine_of(const test::EkMaker& maker, const test::RecordedBoot& boot) {
    crypto::EcPrivateKey ek = crypto::EcPrivateKey::generate();
    std::vector<Buffer> certificates{maker.certificate(ek)};
    return {std::move(ek), std::move(certificates), boot};
}

} // namespace

Fleet::Fleet(const FleetSize& size, Progress progress) {
    authority_.claim();
    cluster_ = authority_.cluster();
    link_ = test::ClusterLink::to(authority_);
    const test::RecordedBoot boot = generated_boot({.ima_entries = size.ima_entries});
    import_images(size, boot, progress);
    enrol(size, boot, progress);
}

/// The image that the hosts booted, and others of about a hundred values each that they did not.
void Fleet::import_images(const FleetSize& size, const test::RecordedBoot& boot, Progress progress) {
    const auto import = [&](const appraisal::BaseImage& image) {
        authority_.must(test::service::images,
                        "import_from_imgdb",
                        {{"cluster", cluster_}, {"imgdb", to_base64(appraisal::encode(image))}});
        references_ += image.references.size();
    };
    import(image_of(boot, "booted"));
    for (std::size_t i = 1; references_ < size.references; ++i) {
        const std::string name = "other-" + std::to_string(i);
        import(image_of(generated_boot({}, name), name));
        progress("reference values", references_, size.references);
    }
}

void Fleet::enrol(const FleetSize& size, const test::RecordedBoot& boot, Progress progress) {
    const test::EkMaker maker(net::SystemClock().now());
    const json::Value chain = json::object({{"cert_chain", json::array({json::Value(maker.ca_pem())})}});
    authority_.must(
        test::service::cas,
        "create",
        {{"cluster", cluster_}, {"spec", json::object({{"name", "played"}, {"cert_chain", chain}})}});
    const std::size_t first_tenth = size.hosts / 10;
    std::size_t resident = 0;
    for (std::size_t i = 0; i < size.hosts; ++i) {
        if (i == first_tenth)
            resident = authority_.daemon().resident_bytes();
        test::PlayedHost& host = hosts_.emplace_back(machine_of(maker, boot));
        const auto certificate = crypto::Certificate::from_der(host.machine.certificates.front());
        authority_.must(
            endorsement_keys,
            "create",
            {{"cluster", cluster_},
             {"spec",
              json::object({{"name", "ek-" + std::to_string(i)}, {"certificate", certificate->pem()}})}});
        host.use(link_);
        const auto answer = host.attest();
        if (!answer || answer->outcome != protocol::Outcome::trusted)
            std::fputs(authority_.daemon().log().c_str(), stderr);
        VS_CHECK(answer && answer->outcome == protocol::Outcome::trusted);
        progress("hosts", i + 1, size.hosts);
    }
    const std::size_t now = authority_.daemon().resident_bytes();
    bytes_per_host_ = now > resident
                          ? static_cast<double>(now - resident) /
                                static_cast<double>(std::max<std::size_t>(size.hosts - first_tenth, 1))
                          : 0;
}

} // namespace vouchsafe::bench

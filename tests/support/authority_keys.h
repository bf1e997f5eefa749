// What an authority cluster signs, without the cluster: for tests of those who carry and believe it.
#pragma once

#include "base/clock.h"
#include "crypto/ec_key.h"
#include "crypto/x509.h"
#include "token/key_certificate.h"
#include "token/results.h"
#include "token/services.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::test {

class AuthorityKeys {
public:
    explicit AuthorityKeys(SysTime now) : now_(now) {}

    std::string anchor() const { return token::anchor_of(root_.public_key()); }

    std::string group() const { return token::group_of(anchor()); }

    std::string cluster() const { return "trust-authority"; }

    /// A services document of this cluster with one authority host.
    json::Value services(std::int64_t version, const std::string& hostname = "authority-1.localhost") const {
        return token::services_document(
            root_certificate_,
            {certified(services_, token::KeyUse::services), certified(report_, token::KeyUse::report)},
            token::issue_services_information(services_,
                                              {.anchor = anchor(),
                                               .group = group(),
                                               .cluster = cluster(),
                                               .version = version,
                                               .hosts = {{{"authority-1"}, hostname, 8443}},
                                               .id = "s-" + std::to_string(version),
                                               .times = token::times_from(now_, std::chrono::days(365))})
                .value());
    }

    /// What the cluster says of a host.
    token::Reporting report(const std::string& host, token::HostState state) const {
        const bool trusted = state == token::HostState::trusted;
        token::Reporting out;
        out.group = group();
        out.host = HostId{host};
        out.id = "r-1";
        out.times = token::times_from(now_, std::chrono::hours(1));
        out.state = state;
        out.tier = trusted ? token::Tier::affirming : token::Tier::contraindicated;
        if (trusted) {
            out.base_image = ImageVersion{"1.0"};
            out.executables = token::Executables::boot_image;
        }
        out.label = "a machine";
        out.ek_digest = std::string(64, 'e');
        return out;
    }

    std::string signed_report(const token::Reporting& report) const {
        return token::issue_reporting(report_, report).value();
    }

private:
    std::string certified(const crypto::EcPrivateKey& key, token::KeyUse use) const {
        return token::issue_key_certificate(root_,
                                            {.host = {"authority-1"},
                                             .use = use,
                                             .key = key.public_key(),
                                             .id = "k-1",
                                             .times = token::times_from(now_, std::chrono::days(365))})
            .value();
    }

    SysTime now_;
    crypto::EcPrivateKey root_ = crypto::EcPrivateKey::generate();
    crypto::EcPrivateKey services_ = crypto::EcPrivateKey::generate();
    crypto::EcPrivateKey report_ = crypto::EcPrivateKey::generate();
    crypto::Certificate root_certificate_ = crypto::make_ca_certificate(
        root_,
        "root",
        {.not_before = now_ - std::chrono::days(1), .not_after = now_ + std::chrono::days(365)});
};

} // namespace vouchsafe::test

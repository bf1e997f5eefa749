// Prints a key access token and a reporting token of today with the key that signed them, as JSON: for JWT
// libraries of others.
#include "crypto/ec_key.h"
#include "json/write.h"
#include "token/keys.h"
#include "token/results.h"

#include <chrono>
#include <cstdio>
#include <string>

int main() {
    using namespace vouchsafe;
    const auto key = crypto::EcPrivateKey::generate();
    const std::string group(32, 'a');
    const SysTime now = std::chrono::floor<SysTime::duration>(std::chrono::system_clock::now());
    const token::TrustVector vector{
        .instance_identity = 2, .configuration = 2, .executables = 3, .hardware = 2};
    const auto access = token::issue_key_access(key,
                                                {.group = group,
                                                 .host = HostId{"h-1"},
                                                 .id = "t-1",
                                                 .times = token::times_from(now, std::chrono::minutes(30)),
                                                 .release_key = key.public_key().thumbprint(),
                                                 .tier = token::Tier::affirming,
                                                 .vector = vector,
                                                 .base_image = ImageVersion{"debian-12.1"},
                                                 .ek_digest = std::string(64, 'a'),
                                                 .ak_name = "000b" + std::string(64, 'b'),
                                                 .evidence_digest = std::string(64, 'c'),
                                                 .executables = token::Executables::boot_image});
    token::Reporting report;
    report.group = group;
    report.host = HostId{"h-1"};
    report.id = "r-1";
    report.times = token::times_from(now, std::chrono::minutes(30));
    report.state = token::HostState::refused;
    report.tier = token::Tier::contraindicated;
    report.vector.executables = 33;
    report.label = "host-a";
    report.ek_digest = std::string(64, 'a');
    const auto reporting = token::issue_reporting(key, report);
    VS_CHECK(access.has_value() && reporting.has_value());
    const std::string text = json::canonical(json::object({{"group", group},
                                                           {"key", token::jwk(key.public_key())},
                                                           {"key_access", *access},
                                                           {"reporting", *reporting}}));
    std::puts(text.c_str());
    return 0;
}

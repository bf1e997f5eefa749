// A short life of an authority, for tests: keys, valid examples of everything in its state, and change
// records made of them.
#pragma once

#include "base/clock.h"
#include "crypto/ec_key.h"
#include "inventory/fold.h"
#include "json/value.h"
#include "token/jwt.h"

#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::test {

inline std::string example_pem(std::string_view text) {
    return "-----BEGIN CERTIFICATE-----\n" + std::string(text) + "\n-----END CERTIFICATE-----\n";
}

inline json::Value example_image(std::string_view version = "debian-12.1") {
    return json::object({{"format", "vouchsafe-base-image"},
                         {"version", 3},
                         {"image", json::object({{"version", version}, {"display_name", "Debian 12.1"}})}});
}

inline inventory::Provider example_provider(std::string name = "gold") {
    inventory::Provider out;
    out.name = std::move(name);
    out.uid = std::string(32, 'a');
    out.description = "the key server";
    out.generations = {{.number = 1, .primary_key = "key-1"}};
    out.servers = {{.name = "s1", .address = {.hostname = "key-server.localhost", .port = 5696}}};
    out.trusted_peer_certificates = {example_pem("peer")};
    return out;
}

/// A set of the firmware that these digits stand for.
inline inventory::FirmwareSet example_firmware_set(std::string_view digits = "a") {
    inventory::FirmwareSet out{.name = "updates", .note = "maker, model", .bank = "sha256", .firmware = {}};
    for (const char digit : digits)
        out.firmware.push_back(
            {.pcr0 = std::string(64, digit), .pcr2 = std::string(64, '2'), .version = std::string(1, digit)});
    return out;
}

inline std::string example_ek_digest(char digit = 'e') {
    return std::string(64, digit);
}

inline inventory::Enrolment example_enrolment(char digit = 'e') {
    inventory::Enrolment out;
    out.ek_digest = example_ek_digest(digit);
    out.host = *inventory::host_id_from_ek(out.ek_digest);
    out.label = "host-a";
    out.ek_public = {1, 2, 3};
    out.ak_name = "000b22";
    out.ak_public = Buffer{4, 5, 6};
    out.tpm = {.manufacturer = "IBM", .model = "swtpm", .firmware_version = "1"};
    out.created = from_seconds(1'800'000'000);
    out.changed = out.created;
    return out;
}

inline inventory::EnrolmentApprove example_approval(char digit = 'e') {
    const inventory::Enrolment enrolment = example_enrolment(digit);
    return {.host = enrolment.host,
            .label = enrolment.label,
            .ak_name = *enrolment.ak_name,
            .ak_public = *enrolment.ak_public,
            .firmware = inventory::FirmwarePin{.pcr0 = "00", .pcr2 = "02", .version = "1"},
            .counters = inventory::Counters{.reset = 1, .restart = 0, .clock = 1000},
            .groups = {"production"}};
}

inline inventory::Issuer example_issuer(inventory::IssuerRole role) {
    const bool administers = role == inventory::IssuerRole::administrator;
    return {.issuer = administers ? "https://authority-manager" : "https://workload-manager",
            .role = role,
            .alias = administers ? "authority" : "workload",
            .certificates = {example_pem("sts")},
            .principal = inventory::Principal{.name = "sts", .domain = "local"}};
}

/// Makes records one after another, as an authority host does.
class AuthorityHistory {
public:
    AuthorityHistory() {
        must(inventory::AuthorityInit{.anchor = anchor,
                                      .cluster_name = "Lab",
                                      .administrator_issuer = "https://authority-manager",
                                      .host = {.id = AuthorityHostId{"authority-1"},
                                               .address = {.hostname = "authority-1.localhost", .port = 443},
                                               .key_certificates = {}}});
    }

    /// The record of a change, which is appended when it is accepted.
    Result<void> add(inventory::Change change) {
        VS_TRY(const auto record,
               next_record(state,
                           std::move(change),
                           {.author = {.issuer = "https://authority-manager", .subject = "ada@local"},
                            .approvers = {},
                            .authority_host = AuthorityHostId{"authority-1"},
                            .time = from_seconds(1'800'000'000 + state.revision)}));
        const auto stored = sign_record(record, key);
        VS_TRY(const auto verified, verify_record(stored, token::KeySet{key.public_key()}));
        VS_TRY(state, apply(std::move(state), verified));
        records.push_back(stored);
        return {};
    }

    void must(inventory::Change change) { VS_CHECK(add(std::move(change)).has_value()); }

    token::KeySet keys() const { return token::KeySet{key.public_key()}; }

    crypto::EcPrivateKey key = crypto::EcPrivateKey::generate(); ///< of use "change"
    crypto::EcPrivateKey root = crypto::EcPrivateKey::generate();
    std::string anchor = token::anchor_of(root.public_key());
    inventory::AuthorityState state;
    std::vector<inventory::StoredChange> records;
};

} // namespace vouchsafe::test

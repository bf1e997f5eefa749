// What administrators may ask of an authority host: the operations of the table, decided here.
//
// Every call comes with a verified administrator token. An issuer of role administrator may do what the
// groups in the token allow, and changes of trust need TrustedAdmins; an issuer of role consumer reads,
// whatever its tokens claim.
#pragma once

#include "authority/core.h"
#include "authority/key_servers.h"
#include "authority/keyring.h"
#include "base/clock.h"
#include "base/result.h"
#include "inventory/ports.h"
#include "json/value.h"
#include "keyprovider/kmip_key_server.h"
#include "keyprovider/primary_key.h"
#include "store/audit_file.h"
#include "token/identity.h"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vouchsafe::authority {

struct AdministrationParts {
    Core& core;
    const Keyring& keys;
    inventory::AuthorityRecords& records;
    store::AuditFile& audit;
    store::SealedFiles& secrets;
    KeyServers& key_servers;
    keyprovider::KmipKeyServer& kmip;
    keyprovider::PrimaryKeyCache& primary_keys;
    const keyprovider::GenerationUses& uses;
    const keyprovider::Quotas& quotas;
    const Clock& clock;
    Random& random;
    std::uint16_t port = 0; ///< that hosts reach this authority host at
};

/// The keys of an STS that can sign administrator tokens, from its certificates: P-256. Others are left out.
Result<token::KeySet> sts_keys(const std::vector<std::string>& certificates);

/// Safe for several threads.
class Administration {
public:
    explicit Administration(AdministrationParts parts) : parts_(parts) {}

    /// POST /v1/admin/invoke: token and body as they came. The token is used up, whatever the answer.
    Result<json::Value> invoke(std::string_view token, Bytes body);

private:
    Result<void> use_once(const token::VerifiedAdministrator& administrator);
    std::shared_ptr<const token::IssuerKeys> issuer_keys(const inventory::AuthorityState& state);

    AdministrationParts parts_;
    std::mutex mutex_;
    std::shared_ptr<const token::IssuerKeys> issuer_keys_; ///< shared with the requests that use them
    std::int64_t issuer_keys_revision_ = 0;                ///< of the state that they are from
    std::map<std::string, SysTime> used_;                  ///< ids of tokens, until they expire
};

/// One operation as its function sees it.
struct Invocation {
    const AdministrationParts& parts;
    const inventory::AuthorityState& state; ///< at the beginning
    const json::Value& input;               ///< checked against the table
    inventory::Author author;

    const std::string&
    text(std::string_view member) const; ///< a path parameter or text that the table requires

    /// nullptr when the member is absent or null, which says the same.
    const json::Value* find(std::string_view member) const;

    /// `not_found` at "cluster" unless the path names this cluster.
    Result<void> check_cluster() const;

    Result<json::Value> commit(inventory::Change change) const; ///< null on success
};

using Operate = Result<json::Value> (*)(const Invocation&);

/// What an authority host does for a row of the table of operations.
struct ServedOperation {
    std::string_view service;
    std::string_view name;
    Operate operate;
};

std::span<const ServedOperation> attestation_operations();
std::span<const ServedOperation> provider_operations();
std::span<const ServedOperation> connection_operations();
std::span<const ServedOperation> generation_operations();
std::span<const ServedOperation> revocation_operations();
std::span<const ServedOperation> tpm_operations();
std::span<const ServedOperation> own_operations();
std::span<const ServedOperation> audit_operations();
std::span<const ServedOperation> policy_operations();
std::span<const ServedOperation> firmware_operations();

/// nullptr when this authority host has no such operation.
Operate find_served(std::string_view service, std::string_view name);

} // namespace vouchsafe::authority

// This host's standing with its authority: kept fresh, or the reasons why there is none.
#pragma once

#include "agent/attester.h"
#include "agent/key_client.h"
#include "agent/peer.h"
#include "agent/state.h"
#include "base/clock.h"
#include "base/result.h"
#include "protocol/reason.h"
#include "protocol/release.h"
#include "token/services.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace vouchsafe::agent {

enum class Standing : std::uint8_t { unknown, trusted, pending, refused };

std::string_view to_string(Standing standing);

/// What may be shown of it.
struct TrustReport {
    Standing standing = Standing::unknown;
    std::vector<protocol::Reason> reasons;
    std::optional<std::string> reporting_token;
    std::int64_t services_version = 0; ///< 0: none
    std::int64_t applied_version = 0;

    friend bool operator==(const TrustReport&, const TrustReport&) = default;
};

/// Port: what VMs need of it.
class KeySource {
public:
    KeySource() = default;
    KeySource(const KeySource&) = delete;
    KeySource& operator=(const KeySource&) = delete;
    virtual ~KeySource() = default;

    /// A ReleasedKey, or of rewrap a RewrappedKey; a refusal is an error. `denied` at "host.not_trusted"
    /// while this host is not trusted.
    virtual Result<protocol::OperationResult> release(const protocol::Operation& operation) = 0;
};

// The same, typed.
Result<protocol::ReleasedKey> generate_key(KeySource& keys, const protocol::GenerateKey& operation);
Result<protocol::ReleasedKey> decrypt_key(KeySource& keys, const protocol::DecryptKey& operation);
Result<protocol::RewrappedKey> rewrap_key(KeySource& keys, const protocol::RewrapKey& operation);

/// Safe for several threads; a call that talks to the authority makes the others wait.
class Trust final : public KeySource {
public:
    struct Parts {
        const AgentState& state;
        Attester& attester;
        AuthorityDialer& dialer;
        const Clock& clock;
        Random& random;
    };

    Trust(std::string anchor, Parts parts);
    ~Trust() override;

    /// Takes up what was stored; services information that no longer verifies counts as none.
    Result<void> restore();

    /// Uses these services from now on, null for none. They must stand under the anchor and be no older than
    /// any used before; otherwise everything stays as it was. The next attestation is due at once.
    Result<void> configure(const json::Value& services, std::int64_t applied_version);

    /// Attests now with the first authority host that answers. The release key and sessions of before end.
    /// The error is why there was no answer; a refusal is an answer, to be seen in report().
    Result<void> attest();

    /// When to attest next: before the result expires, at a random moment; sooner after a failure.
    SysTime next_due() const;

    TrustReport report() const;

    /// When the authority's answer is that this host's standing moved (epoch, token, session), it attests
    /// once more and asks again.
    Result<protocol::OperationResult> release(const protocol::Operation& operation) override;

private:
    struct Held;

    Result<void> attest_locked();
    Result<void> attest_at(const token::ServiceHost& host);
    Result<protocol::OperationResult> release_locked(const protocol::Operation& operation);
    void accept(const token::ServiceHost& host, std::unique_ptr<Peer> peer, Attested attested);
    void settle(Standing standing, std::vector<protocol::Reason> reasons);
    void show_versions();
    void retry_within(std::chrono::seconds longest);
    bool holds_a_live_result() const;

    const std::string anchor_;
    const Parts parts_;

    std::mutex work_; ///< taken before mutex_, held while the TPM and the authority are used; guards:
    std::optional<token::VerifiedServices> services_;
    StoredServices stored_;
    StrictProviders strict_;
    std::unique_ptr<Held> held_;
    std::string last_host_; ///< that answered
    unsigned failures_ = 0; ///< in a row

    mutable std::mutex mutex_; ///< never held while anything is waited for; guards:
    TrustReport report_;
    SysTime result_expires_{}; ///< of the result that made this host trusted
    SysTime next_due_{};
};

} // namespace vouchsafe::agent

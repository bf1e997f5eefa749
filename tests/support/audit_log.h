// A log of records and checkpoints in memory: what tests of verifying start from.
#pragma once

#include "audit/chain.h"
#include "auditlog/checkpoint.h"
#include "token/key_certificate.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vouchsafe::test {

inline constexpr std::string_view audit_vm = "01234567-89ab-4cde-8f01-23456789abcd";

/// One authority host's key for checkpoints, certified by a root of its own.
struct CheckpointHouse {
    crypto::EcPrivateKey root = crypto::EcPrivateKey::generate();
    auditlog::CheckpointSigner signer = make_signer(token::KeyUse::checkpoint, {"authority-1"});

    std::string anchor() const { return token::anchor_of(root.public_key()); }

    auditlog::CheckpointSigner make_signer(token::KeyUse use, AuthorityHostId host) const {
        crypto::EcPrivateKey key = crypto::EcPrivateKey::generate();
        std::string certificate =
            token::issue_key_certificate(
                root,
                {.host = host,
                 .use = use,
                 .key = key.public_key(),
                 .id = "certificate",
                 .times = token::times_from(from_seconds(1'790'000'000), std::chrono::days(3650))})
                .value();
        return {.host = std::move(host),
                .key = std::move(key),
                .certificate = std::move(certificate),
                .root = root.public_key()};
    }
};

struct AuditLog {
    std::vector<std::string> lines{};
    audit::ChainHead head{};
    SysTime time = from_seconds(1'800'000'000);
    AuthorityHostId host{"authority-1"};

    void add(std::string_view kind, json::Object fields = {}) {
        time += std::chrono::seconds(1);
        auto link =
            audit::append(head, {.time = time, .host = host, .kind = kind, .fields = std::move(fields)});
        VS_CHECK(link.has_value());
        lines.push_back(link->line);
        head = link->head;
    }

    void release(const std::string& to, const std::string& image = "1.0") {
        add(audit::kind::release,
            {{"host", to},
             {"image", image},
             {"vm", audit_vm},
             {"key_id", std::string(32, 'c')},
             {"provider", "gold"},
             {"operation", "decrypt"}});
    }

    void checkpoint(const auditlog::CheckpointSigner& signer) {
        add(audit::kind::checkpoint,
            auditlog::make_checkpoint(signer, head, time + std::chrono::seconds(1)).value());
    }

    std::string text(std::size_t from = 0) const {
        std::string out;
        for (std::size_t i = from; i < lines.size(); ++i)
            out += lines[i];
        return out;
    }
};

} // namespace vouchsafe::test

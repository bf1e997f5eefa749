// The ports of inventory in memory, for tests.
#pragma once

#include "inventory/fold.h"
#include "inventory/ports.h"

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace vouchsafe::test {

class MemoryChangeLog final : public inventory::ChangeLog {
public:
    Result<std::vector<inventory::StoredChange>> load() override { return changes; }

    Result<void> append(const inventory::StoredChange& change, std::int64_t expected) override {
        if (broken)
            return fail(Errc::unavailable, "change_log.disk");
        const auto last = static_cast<std::int64_t>(changes.size());
        if (expected != last || change.revision != last + 1)
            return fail(Errc::conflict, "change_log.revision", "changed meanwhile");
        changes.push_back(change);
        return {};
    }

    Result<std::int64_t> heartbeat(const AuthorityHostId& host, BootTime sent) override {
        if (broken)
            return fail(Errc::unavailable, "change_log.disk");
        heartbeats[host.text] = sent;
        return static_cast<std::int64_t>(changes.size());
    }

    std::vector<inventory::StoredChange> changes;
    std::map<std::string, BootTime> heartbeats;
    bool broken = false; ///< a store that cannot serve
};

class MemoryAuthorityRecords final : public inventory::AuthorityRecords {
public:
    Result<std::optional<inventory::HostObservation>> observation(const HostId& host) override {
        const auto found = by_host.find(host.text);
        return found == by_host.end() ? std::nullopt : std::optional(found->second);
    }

    Result<void> save_observation(const inventory::HostObservation& observation) override {
        by_host[observation.host.text] = observation;
        return {};
    }

    Result<std::vector<inventory::HostObservation>> observations() override {
        std::vector<inventory::HostObservation> out;
        for (const auto& [host, observation] : by_host)
            out.push_back(observation);
        return out;
    }

    Result<std::optional<Buffer>> evidence(const HostId& host) override {
        const auto found = evidence_by_host.find(host.text);
        return found == evidence_by_host.end() ? std::nullopt : std::optional(found->second);
    }

    Result<void> save_evidence(const HostId& host, Bytes bytes) override {
        evidence_by_host[host.text] = to_buffer(bytes);
        return {};
    }

    Result<void> forget(const HostId& host) override {
        by_host.erase(host.text);
        evidence_by_host.erase(host.text);
        return {};
    }

    Result<std::vector<inventory::GenerationUse>> generation_uses() override {
        std::vector<inventory::GenerationUse> out;
        for (const auto& [name, use] : uses)
            out.push_back(use);
        return out;
    }

    Result<void> save_generation_uses(const std::vector<inventory::GenerationUse>& changed,
                                      std::int64_t oldest) override {
        for (const inventory::GenerationUse& use : changed)
            uses[{use.provider, use.generation, use.day}] = use;
        std::erase_if(uses, [oldest](const auto& entry) { return entry.second.day < oldest; });
        return {};
    }

    std::map<std::string, inventory::HostObservation> by_host;
    std::map<std::tuple<std::string, std::uint32_t, std::int64_t>, inventory::GenerationUse> uses;
    std::map<std::string, Buffer> evidence_by_host;
};

/// Safe for several threads, as the real one is; `documents` may be looked at when none is at work.
class MemoryDocuments final : public inventory::Documents {
public:
    Result<std::optional<inventory::Document>> get(std::string_view kind, std::string_view id) override {
        const std::scoped_lock lock(mutex_);
        const auto found = documents.find({std::string(kind), std::string(id)});
        return found == documents.end() ? std::nullopt : std::optional(found->second);
    }

    Result<std::int64_t> put(std::string_view kind,
                             std::string_view id,
                             const json::Value& value,
                             std::int64_t expected) override {
        const std::scoped_lock lock(mutex_);
        inventory::Document& document = documents[{std::string(kind), std::string(id)}];
        if (expected != inventory::any_revision && expected != document.revision) {
            if (document.revision == 0)
                documents.erase({std::string(kind), std::string(id)});
            return fail(Errc::conflict, "documents.revision", "changed meanwhile");
        }
        document =
            inventory::Document{.id = std::string(id), .value = value, .revision = document.revision + 1};
        return document.revision;
    }

    Result<void> remove(std::string_view kind, std::string_view id) override {
        const std::scoped_lock lock(mutex_);
        if (documents.erase({std::string(kind), std::string(id)}) == 0)
            return fail(Errc::not_found, "documents.id", "there is none");
        return {};
    }

    Result<std::vector<inventory::Document>> list(std::string_view kind) override {
        const std::scoped_lock lock(mutex_);
        std::vector<inventory::Document> out;
        for (const auto& [key, document] : documents)
            if (key.first == kind)
                out.push_back(document);
        return out;
    }

    std::map<std::pair<std::string, std::string>, inventory::Document> documents;

private:
    std::mutex mutex_;
};

} // namespace vouchsafe::test

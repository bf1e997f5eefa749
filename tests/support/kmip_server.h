// A scriptable KMIP key server in memory, for tests: a Transport without a wire.
//
// It keeps symmetric keys with their states, answers the operations that the kmip library has, in the
// versions it is told to speak, and misbehaves on demand as real servers do.
#pragma once

#include "kmip/client.h"
#include "tests/support/kmip_store.h"
#include "ttlv/codec.h"

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace vouchsafe::test {

class KmipServer final : public kmip::Transport {
    std::shared_ptr<KmipStore> store_; ///< shared with the replicas

public:
    KmipServer() : KmipServer(std::make_shared<KmipStore>()) {}

    explicit KmipServer(std::shared_ptr<KmipStore> store) : store_(std::move(store)), keys(store_->keys) {}

    /// For another server with the same keys.
    const std::shared_ptr<KmipStore>& store() const { return store_; }

    std::map<std::string, StoredKey>& keys;
    std::vector<kmip::ProtocolVersion> versions{kmip::supported_versions.begin(),
                                                kmip::supported_versions.end()};
    std::vector<kmip::Operation> operations{kmip::Operation::get}; ///< what Query says, besides 0x77
    std::string vendor = "a test";                                 ///< what Query says
    std::optional<std::pair<std::string, std::string>> login;      ///< who must ask, by name and password
    std::atomic<KmipFault> fault = KmipFault::none;                ///< of every exchange until it is changed
    std::optional<kmip::Operation> fault_only;                     ///< the fault is of this operation alone
    std::optional<kmip::ResultReason> refuses; ///< every operation on a key, for that reason
    int polls_needed = 0;             ///< more than 0: operations on keys are pending until polled so often
    std::vector<ttlv::Item> requests; ///< as they came

    Result<Buffer> exchange(Bytes request, kmip::Deadline deadline) override;

    /// How many requests began with this operation.
    std::size_t count(kmip::Operation operation) const;

private:
    struct Answered {
        kmip::Operation operation;
        KmipAnswer answer;
        Buffer batch_id{};
        bool pending = false;
    };

    Answered answer(const ttlv::Item& item, kmip::ProtocolVersion version, KmipFault now);
    Answered polled(const ttlv::Item& payload, kmip::Operation operation);
    KmipAnswer perform_one(kmip::Operation operation,
                           const ttlv::Item& payload,
                           kmip::ProtocolVersion version,
                           KmipFault now);
    KmipAnswer discover(const ttlv::Item& payload) const;
    KmipAnswer query() const;

    std::optional<Answered> waiting_; ///< of an operation that is pending
    int polls_left_ = 0;
};

/// The first operation and payload of a request message.
kmip::Operation operation_of(const ttlv::Item& request);
const ttlv::Item& payload_of(const ttlv::Item& request);
kmip::ProtocolVersion version_of(const ttlv::Item& request);
/// Name and password in the request's header.
std::optional<std::pair<std::string, std::string>> credential_of(const ttlv::Item& request);

} // namespace vouchsafe::test

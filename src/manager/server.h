// A management server: routes, sessions, privileges and tasks around the operations of its role.
#pragma once

#include "api/operation.h"
#include "base/clock.h"
#include "base/result.h"
#include "json/value.h"
#include "manager/directory.h"
#include "manager/tasks.h"
#include "net/https_server.h"
#include "net/workers.h"

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace vouchsafe::manager {

/// A call that was routed, authorised and checked.
struct Call {
    const api::Operation& operation;
    const json::Value& input;
    const Caller& caller;

    /// A path parameter, or a text that the table requires.
    const std::string& text(std::string_view member) const;

    const json::Value* find(std::string_view member) const { return input.find(member); }
};

using Operate = std::function<Result<json::Value>(const Call&)>;

/// Functions by service and operation. A part of a server puts its own in.
class Operations {
public:
    void add(std::string_view service, std::string_view name, Operate operate);
    const Operate* find(const api::Operation& operation) const;

private:
    std::map<std::pair<std::string, std::string>, Operate> operations_;
};

/// The door for hosts: join and poll, known by client certificate. Answers when it will.
using AgentDoor = std::function<void(const api::Operation&, net::Request, net::Reply)>;

struct ServerParts {
    api::Server role; ///< authority or workload
    Directory& directory;
    Tasks& tasks;
    const Operations& operations;
    AgentDoor agents{}; ///< workload role only
};

/// The handler for net::HttpsServer. Password hashing and forwarded calls block, so requests run in the pool.
net::Handler serve(ServerParts parts, net::WorkerPool& pool);

/// Sessions, tasks, users and groups: what both roles have.
void add_common_operations(Operations& operations, Directory& directory);

} // namespace vouchsafe::manager

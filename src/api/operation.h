// The table of operations: one row for each, with all that routers, checks, clients and descriptions need.
//
// Nothing outside the table says a path, a privilege or a shape. A row without a privilege does not exist:
// the few operations that need no session name `Access::open` or `Access::agent`, and a test counts them.
#pragma once

#include "access/privilege.h"
#include "api/shape.h"
#include "net/http.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace vouchsafe::api {

/// Which management server has the operation; the other refuses it by name.
enum class Server : std::uint8_t { authority, workload, both };

enum class Answer : std::uint8_t {
    direct,
    task, ///< 202 with a task id; the result comes from /api/cis/tasks/{task}
};

/// Whether the caller changes what counts as trusted. Such operations are for members of TrustedAdmins alone.
enum class Effect : std::uint8_t { read, change, trust };

struct Operation {
    std::string_view service; ///< canonical name without "com.vmware.": "vcenter.trusted_infrastructure.…"
    std::string_view name;    ///< "list"; JSON-RPC adds "$task" where the answer is a task
    net::Method method;
    std::string_view path;     ///< template: "/api/…/{cluster}"
    std::string_view action{}; ///< the value of ?action=, which belongs to the route
    std::span<const Field> query{};
    std::string_view body_name{}; ///< the parameter's name in JSON-RPC and for handlers; empty: no body
    Type body{};
    Need body_need = Need::required;
    Type result{};
    Server server;
    Answer answer = Answer::direct;
    int status = 200; ///< of a direct answer
    access::Privilege privilege;
    Effect effect = Effect::read;
};

std::span<const Operation> operations();

/// By canonical service and operation name; nullptr when there is none.
const Operation* find_operation(std::string_view service, std::string_view name);

/// The largest body that a path takes, before it is read: 6 MiB for image imports and services documents,
/// 1 MiB for an agent's polls, 256 KiB otherwise.
std::size_t body_limit(net::Method method, std::string_view target);

} // namespace vouchsafe::api
